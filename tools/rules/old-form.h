/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How rules were written for the iptables of ip_queue's years, where today's refuses it.
 * Pure: no I/O, nothing allocated. */
#ifndef RULES_OLD_FORM_H
#define RULES_OLD_FORM_H

#include "text.h"

/* What is to be written for a word of a rule. */
struct old_form {
	bool algorithm;		/* "--algo bm" before it: iptables before 1.3.5 had no other */
	bool negated;		/* "!" before it: before 1.4.3 it came behind, */
	bool skips;		/* as the word that follows, which is not to be written, */
	struct text word;	/* or attached to it; the word itself, or today's name */
};

/* Whether a word says that the words beside it are a rule: -A, --insert. */
bool old_form_is_rule(struct text word);

/* Whether it is the option --algo of the match "string". */
bool old_form_is_algorithm(struct text word);

/* word stands between before and the two that follow; those that are not there have no
 * length. has_algorithm: the rule has an option --algo. */
struct old_form old_form_of(struct text before, struct text word, struct text next,
			    struct text after, bool has_algorithm);

/* Why the word, after before, has no form of today's that means the same, and what can be
 * done; NULL if that is not so. */
const char *old_form_gone(struct text before, struct text word);

/* Rewrites the rules in a text, a rule file or a shell script, to a place for
 * OLD_FORM_MAX(text.len) bytes. No line more or less comes of it. Returns how many it
 * were. */
#define OLD_FORM_MAX(len) (3 * (len))
size_t old_form_rewrite(struct text text, char *to);

/* Reads such a text for what has no form of today's. */
struct old_form_reader {
	struct text rest;
	unsigned long line, next;	/* numbers: of what was found; of rest */
};

/* Why there is none for something in a rule further on, as old_form_gone; NULL if there
 * is no such rule. Zero but rest, the reader is at the beginning. */
const char *old_form_next_gone(struct old_form_reader *r);

#endif
