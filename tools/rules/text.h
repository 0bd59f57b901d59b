/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of a larger text, which do not end with a NUL: lines, words, numbers. Pure: no
 * I/O, nothing allocated. */
#ifndef RULES_TEXT_H
#define RULES_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	const char *at;
	size_t len;		/* bytes */
};

/* Arguments for the conversion "%.*s" of printf(3). */
#define TEXT(t) (int)(t).len, (t).at

struct text text_of(const char *string);
bool text_is(struct text t, const char *string);
bool text_starts(struct text t, const char *string);
/* Returns the index of string in t, without regard to case; t.len if it is not found. */
size_t text_find(struct text t, const char *string);
bool text_contains(struct text t, const char *string);

/* Whether t is a decimal number of at most max, without sign or blanks. */
bool text_number(struct text t, unsigned long max, unsigned long *number);

/* Takes the next line off rest, without its newline. Returns false at the end. */
bool text_line(struct text *rest, struct text *line);

/* How words are quoted. */
enum quoting {
	QUOTES_SHELL,	/* single and double quotes, backslash; also iptables-save */
	QUOTES_NFT,	/* double quotes, which cannot contain one */
};

/* Takes the next word off rest, with its quotes. It ends at a blank that is not quoted. A
 * quote that is never closed is an ordinary character. Returns false at the end. */
bool text_word(struct text *rest, struct text *word, enum quoting quoting);

/* Writes the word without quotes and backslashes, as iptables-restore reads it (a shell
 * keeps some backslashes): at most size bytes, including the NUL. */
void text_unquote(struct text word, char *to, size_t size);

/* Writes the word quoted for a shell. Needs room for four times its length, and three
 * bytes more. Returns a pointer to the NUL. */
char *text_quote(const char *word, char *to);

#endif
