/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of /proc/modules for ip_queue and ip6_queue, in the form of Linux 2.6 (m_show
 * in kernel/module.c), which lists the module loaded last first. The address 0 is what a
 * user without privileges sees. */
#ifndef SURROUNDINGS_MODULES_H
#define SURROUNDINGS_MODULES_H

#define MODULES_LINES						\
	"ip6_queue 16384 0 - Live 0x0000000000000000\n"		\
	"ip_queue 16384 0 - Live 0x0000000000000000\n"

#endif
