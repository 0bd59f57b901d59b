/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which commands of ip_queue's time a program runs, by what the file is and not by
 * its name alone. Allocates nothing and may be used where exec may; knows nothing of
 * what is run in their place. */
#ifndef SURROUNDINGS_COMMANDS_H
#define SURROUNDINGS_COMMANDS_H

#include <stdbool.h>

struct command {
	char name[32];		/* "ip6tables-restore", "modprobe" */
	unsigned int word;	/* of the words: 1 for "busybox modprobe", mostly 0 */
};

/* Whether it makes rules: iptables, ip6tables, their variants, those that restore. */
bool command_is_iptables(const char *name);

/* Whether it loads, removes or lists modules: modprobe, insmod, rmmod, lsmod. */
bool command_is_modules(const char *name);

/* Whether file, executed with these words (which end with NULL), is one of them; then
 * also which. One for modules is so as well where a system has none at its usual
 * place. */
bool command_find(const char *file, char *const *words, struct command *c);

#endif
