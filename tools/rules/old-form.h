/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options as they were written for the iptables of ip_queue's years and are refused by
 * today's. Pure: no I/O, nothing allocated. */
#ifndef RULES_OLD_FORM_H
#define RULES_OLD_FORM_H

#include "text.h"

/* What to write instead of a word of a rule. */
struct old_form {
	/* Write "--algo bm " first: iptables before 1.3.5 had no other algorithm,
	 * nor the option. */
	bool algorithm;
	/* Write "! " first. Before iptables 1.4.3 the "!" followed the option. */
	bool negated;
	bool skips;		/* the "!" is the next word: do not write that one */
	/* The word without a "!" at its end, or today's name for it. */
	struct text word;
};

/* Whether the word shows that there is a rule: -A, --insert. */
bool old_form_is_rule(struct text word);

/* Whether the word is the option --algo of the match "string". */
bool old_form_is_algorithm(struct text word);

/* before is the word that comes before "word"; next and after follow it. Words that do
 * not exist have length 0. has_algorithm: the rule has an option --algo. */
struct old_form old_form_of(struct text before, struct text word, struct text next,
			    struct text after, bool has_algorithm);

/* If nothing in today's iptables means the same as the word, which follows "before", says
 * so, and what to use; else returns NULL. */
const char *old_form_gone(struct text before, struct text word);

/* Rewrites the rules in a rule file or shell script. There must be room for
 * OLD_FORM_MAX(text.len) bytes at "to". The number of lines does not change. Returns the
 * number of bytes written. */
#define OLD_FORM_MAX(len) (3 * (len))
size_t old_form_rewrite(struct text text, char *to);

/* Finds the rules with options that nothing in today's iptables replaces. */
struct old_form_reader {
	struct text rest;
	/* Number of the line found, and of the first line in rest. */
	unsigned long line, next;
};

/* Returns what old_form_gone says of the next such rule; NULL if there is none.
 * Initialize the reader with rest, all else 0. */
const char *old_form_next_gone(struct old_form_reader *r);

#endif
