/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares two texts with the same number of lines, and prints the differences as diff -u
 * does. Knows nothing of their meaning. */
#include <stdio.h>
#include <string.h>

#include "line-diff.h"

#define CONTEXT 3		/* lines shown before and after a difference */

/* A line of each text, without its newline. */
struct pair {
	struct text before, after;
	bool ended;		/* a newline follows; false if the text ends without */
};

struct pairs {
	struct text before, after;	/* the rest, not read yet */
	unsigned long line;		/* number of the next line, from 1 */
};

static bool next(struct pairs *p, struct pair *pair)
{
	if (!text_line(&p->before, &pair->before) || !text_line(&p->after, &pair->after))
		return false;
	p->line++;
	pair->ended = pair->before.at + pair->before.len < p->before.at;
	return true;
}

static bool differ(const struct pair *pair)
{
	return pair->before.len != pair->after.len ||
	       memcmp(pair->before.at, pair->after.at, pair->before.len);
}

static void print_line(char mark, struct text line, bool ended)
{
	putchar(mark);
	fwrite(line.at, 1, line.len, stdout);
	putchar('\n');
	if (!ended)
		printf("\\ No newline at end of file\n");
}

/* Prints lines that differ, one after another: first all old lines, then all new ones. */
static void print_changed(struct pairs from, unsigned long count)
{
	struct pairs again = from;
	struct pair pair;

	for (unsigned long i = 0; i < count && next(&from, &pair); i++)
		print_line('-', pair.before, pair.ended);
	for (unsigned long i = 0; i < count && next(&again, &pair); i++)
		print_line('+', pair.after, pair.ended);
}

static void print_hunk(struct pairs from, unsigned long count)
{
	struct pairs changed = from;
	unsigned long pending = 0;
	struct pair pair;

	if (count == 1)
		printf("@@ -%lu +%lu @@\n", from.line, from.line);
	else
		printf("@@ -%lu,%lu +%lu,%lu @@\n", from.line, count, from.line, count);
	for (unsigned long i = 0; i < count; i++) {
		struct pairs here = from;

		if (!next(&from, &pair))
			break;
		if (differ(&pair)) {
			changed = pending++ ? changed : here;
			continue;
		}
		print_changed(changed, pending);
		pending = 0;
		print_line(' ', pair.before, pair.ended);
	}
	print_changed(changed, pending);
}

void line_diff(const char *name, struct text before, struct text after)
{
	struct pairs at = { before, after, 1 }, start = at, behind = at, here;
	unsigned long last = 0;		/* last line that differs in the open hunk, or 0 */
	struct pair pair;

	for (;;) {
		here = at;
		bool more = next(&at, &pair);

		if (last && (!more || here.line > last + 2 * CONTEXT + 1)) {
			unsigned long end = last + CONTEXT;

			if (end >= here.line)
				end = here.line - 1;
			print_hunk(start, end - start.line + 1);
			last = 0;
		}
		if (!more)
			break;
		/* keeps "behind" CONTEXT lines before "here" */
		while (here.line - behind.line > CONTEXT) {
			struct pair skipped;

			next(&behind, &skipped);
		}
		if (!differ(&pair))
			continue;
		if (!last && name) {
			printf("--- %s\n+++ %s\n", name, name);
			name = NULL;
		}
		if (!last)
			start = behind;
		last = here.line;
	}
}
