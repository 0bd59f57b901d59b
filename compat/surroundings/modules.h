/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of /proc/modules for the modules that are no more, as of Linux 2.6 (m_show in
 * kernel/module.c): the last one loaded first. Who may not see addresses sees these. */
#ifndef SURROUNDINGS_MODULES_H
#define SURROUNDINGS_MODULES_H

#define MODULES_LINES						\
	"ip6_queue 16384 0 - Live 0x0000000000000000\n"		\
	"ip_queue 16384 0 - Live 0x0000000000000000\n"

#endif
