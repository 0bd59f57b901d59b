/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of text that lie somewhere in a larger one and have no end mark: lines,
 * words, numbers. Pure: no I/O, nothing allocated. */
#ifndef RULES_TEXT_H
#define RULES_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	const char *at;
	size_t len;		/* bytes */
};

/* For printf's "%.*s". */
#define TEXT(t) (int)(t).len, (t).at

struct text text_of(const char *string);
bool text_is(struct text t, const char *string);
bool text_starts(struct text t, const char *string);
/* Where string begins in t, whatever the case; t.len if it does not. */
size_t text_find(struct text t, const char *string);
bool text_contains(struct text t, const char *string);

/* Decimal digits and nothing else, max at most. */
bool text_number(struct text t, unsigned long max, unsigned long *number);

/* Takes the next line off rest, without its newline. False at the end. */
bool text_line(struct text *rest, struct text *line);

/* How quoted words are written. */
enum quoting {
	QUOTES_SHELL,	/* single and double quotes, backslash; so does iptables-save */
	QUOTES_NFT,	/* double quotes, and no way to have one within */
};

/* Takes the next word off rest, quotes and all, which ends where a blank does
 * that is not quoted. A quote that nothing closes is a character like another.
 * False at the end. */
bool text_word(struct text *rest, struct text *word, enum quoting quoting);

/* Writes the word with quotes and backslashes resolved as iptables-restore does (a
 * shell keeps some backslashes), at most size bytes with the NUL. */
void text_unquote(struct text word, char *to, size_t size);

/* Writes the word so that a shell reads it as it is. Takes up to four bytes for each of
 * its own, and three. Returns where its NUL is. */
char *text_quote(const char *word, char *to);

#endif
