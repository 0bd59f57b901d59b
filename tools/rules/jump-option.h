/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways to write iptables' option -j: after options without an argument (-vj), or any
 * abbreviation of --jump, as getopt_long(3) accepts them. Pure. */
#ifndef RULES_JUMP_OPTION_H
#define RULES_JUMP_OPTION_H

#include <stddef.h>
#include <string.h>

/* Returns the length of the option at the beginning of a word; 0 if there is none. The
 * target may follow in the same word, after a '=' if the option is a long one. */
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
