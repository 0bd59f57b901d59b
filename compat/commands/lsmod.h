/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists the modules, including ip_queue and ip6_queue. */
#ifndef COMMANDS_LSMOD_H
#define COMMANDS_LSMOD_H

/* Prints the list to standard output. Returns the exit status of the command. */
int lsmod_show(void);

#endif
