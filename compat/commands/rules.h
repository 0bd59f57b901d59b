/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jumps to QUEUE made jumps to NFQUEUE, in what the iptables commands are given:
 * words, or lines to restore. Pure: no I/O, nothing allocated. */
#ifndef COMMANDS_RULES_H
#define COMMANDS_RULES_H

#include <stdbool.h>
#include <stddef.h>

/* What follows "-j NFQUEUE". */
struct nfqueue {
	const char *option;	/* --queue-num, --queue-balance */
	char numbers[sizeof("65535:65535")];
};

/* Reads a setting: "N", or "A-B" as LIBIPQ_QUEUE has it, or "A:B" as iptables does.
 * False if it is none of them. */
bool nfqueue_read(const char *setting, struct nfqueue *queue);

/* "-jQUEUE" becomes four words, "--string!" too. */
#define RULES_WORDS_MAX(count) (4 * (count))

/* Writes the arguments words, which end with NULL, as today's iptables takes what was
 * written for that of ip_queue's years. Returns how many it made: those given, some of
 * which it may have cut short, and words of its own. */
size_t rules_modern(char **words, const char **to);

/* Translates the arguments words, which end with NULL. Returns how many it made:
 * those given, and words of queue and of its own. */
size_t rules_words(char *const *words, const struct nfqueue *queue, const char **to);

/* "-jQUEUE " becomes "-j NFQUEUE --queue-balance 65535:65535 ". */
#define RULES_LINE_MAX(len) (6 * (len))

/* Translates a line, with or without its end, of what the restoring commands read.
 * Returns the length of the new one, at to. */
size_t rules_line(const char *line, size_t len, const struct nfqueue *queue, char *to);

#endif
