/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How iptables may be told to jump: -j, behind options that take no argument (-vj),
 * or any beginning of --jump, which getopt_long(3) takes. Pure. */
#ifndef RULES_JUMP_OPTION_H
#define RULES_JUMP_OPTION_H

#include <stddef.h>
#include <string.h>

/* The length of that option where a word begins with it, else 0. Behind it may be the
 * target, after '=' if the option is a long one. */
static inline size_t jump_option(const char *word, size_t len)
{
	const char *equals;
	size_t n = 1;

	if (len > 2 && !memcmp(word, "--", 2)) {
		equals = memchr(word, '=', len);
		n = equals ? (size_t)(equals - word) : len;
		return n > 2 && n <= strlen("--jump") && !memcmp(word, "--jump", n) ? n : 0;
	}
	while (n < len && memchr("46fv", word[n], 4))
		n++;
	return n < len && *word == '-' && word[n] == 'j' ? n + 1 : 0;
}

#endif
