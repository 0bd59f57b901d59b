/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes jumps to QUEUE into jumps to NFQUEUE, in arguments of iptables and in lines for
 * iptables-restore. Pure: no I/O, nothing allocated. */
#ifndef COMMANDS_RULES_H
#define COMMANDS_RULES_H

#include <stdbool.h>
#include <stddef.h>

/* What to write after "-j NFQUEUE". */
struct nfqueue {
	const char *option;	/* --queue-num or --queue-balance */
	char numbers[sizeof("65535:65535")];
};

/* Reads a queue number "N", or a range: "A-B" as in LIBIPQ_QUEUE, or "A:B" as iptables
 * writes it. Returns false if the setting is none of these. */
bool nfqueue_read(const char *setting, struct nfqueue *queue);

/* -jQUEUE becomes four words, and so does --string!. */
#define RULES_WORDS_MAX(count) (4 * (count))

/* Changes arguments that were written for the iptables of ip_queue's years into the form
 * that today's accepts. words ends with NULL. Returns the number of words written to
 * "to"; they point to given words, which may have been shortened, or to constants. */
size_t rules_modern(char **words, const char **to);

/* Changes the jumps in arguments. words ends with NULL. Returns the number of words
 * written to "to"; they point to given words, into queue, or to constants. */
size_t rules_words(char *const *words, const struct nfqueue *queue, const char **to);

/* "-jQUEUE " becomes "-j NFQUEUE --queue-balance 65535:65535 ". */
#define RULES_LINE_MAX(len) (6 * (len))

/* Changes the jump in a line for iptables-restore, with or without its newline. Returns
 * the length of the new line. */
size_t rules_line(const char *line, size_t len, const struct nfqueue *queue, char *to);

#endif
