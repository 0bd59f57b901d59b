/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out whether a program executes iptables, modprobe or another command of that
 * kind. Decides by what the file is, not only by its name. Allocates no memory, so that
 * it may be called where exec may (after vfork(2), in signal handlers). Does not know
 * what is executed instead. */
#ifndef SURROUNDINGS_COMMANDS_H
#define SURROUNDINGS_COMMANDS_H

#include <stdbool.h>

struct command {
	char name[32];		/* such as "ip6tables-restore" or "modprobe" */
	/* Index of the word that names the command: 1 for "busybox modprobe", else 0. */
	unsigned int word;
};

/* Whether the command makes rules: iptables, ip6tables, their variants and
 * -restore commands. */
bool command_is_iptables(const char *name);

/* Whether the command loads, removes or lists modules: modprobe, insmod, rmmod, lsmod. */
bool command_is_modules(const char *name);

/* Whether executing file with these words (ending with NULL) runs such a command; if so,
 * fills in c. A command for modules is also found if the file does not exist but is in a
 * usual directory. */
bool command_find(const char *file, char *const *words, struct command *c);

#endif
