/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of modules, with those that are no more. */
#ifndef COMMANDS_LSMOD_H
#define COMMANDS_LSMOD_H

/* Writes it to standard output. Returns the command's exit status. */
int lsmod_show(void);

#endif
