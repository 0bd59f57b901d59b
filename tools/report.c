/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints findings: one line each, a paragraph each on a terminal, or JSON. Knows nothing
 * of what they are about. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "terminal.h"

static const char *const names[] = { "ok", "note", "problem" };

/* Returns the length of the UTF-8 character at the beginning of t, 0 if it is
 * invalid (RFC 3629). */
static size_t utf8_len(struct text t)
{
	const unsigned char *at = (const unsigned char *)t.at;
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xc2 || at[0] > 0xf4)
		return 0;
	len = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
	if (len > t.len)
		return 0;
	/* refuse longer encodings than needed, surrogates, and
	 * characters above U+10FFFF */
	if (at[0] == 0xe0)
		low = 0xa0;
	else if (at[0] == 0xed)
		high = 0x9f;
	else if (at[0] == 0xf0)
		low = 0x90;
	else if (at[0] == 0xf4)
		high = 0x8f;
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (at[i] < 0x80 || at[i] > 0xbf)
			return 0;
	return len;
}

void json_string(struct text t)
{
	size_t len;

	putchar('"');
	for (; t.len; t.at += len, t.len -= len) {
		unsigned char c = *t.at;

		len = utf8_len(t);
		if (!len) {
			printf("\\ufffd");
			len = 1;
		} else if (c < 0x20 || c == 0x7f) {
			printf("\\u%04x", c);
		} else {
			printf("%s%.*s", c == '"' || c == '\\' ? "\\" : "", (int)len,
			       t.at);
		}
	}
	putchar('"');
}

/* Replaces control characters: rules and process names come from others, and must not
 * send escape sequences to the terminal. */
static void print_plain(const char *text, size_t len)
{
	for (; len--; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

/* Returns the columns of a UTF-8 word on a terminal. Counts each character as
 * one column wide. */
static unsigned int columns_of(const char *word, size_t len)
{
	unsigned int columns = 0;

	while (len--)
		columns += (*word++ & 0xc0) != 0x80;
	return columns;
}

#define INDENT 9		/* columns; the text begins behind the level */

/* Prints words, in lines of at most r->width columns that are all indented by INDENT. A
 * longer word gets a line of its own. column is the one that the text begins in; returns
 * that it ends in. */
static unsigned int print_wrapped(const struct report *r, const char *text,
				  unsigned int column)
{
	while (*text) {
		size_t len = strcspn(text, " ");
		unsigned int columns = columns_of(text, len);

		if (column > INDENT && column + 1 + columns > r->width) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
		} else if (column > INDENT) {
			putchar(' ');
			column++;
		}
		print_plain(text, len);
		column += columns;
		text += len + strspn(text + len, " ");
	}
	return column;
}

/* What, why and mend each begin on a new line. A command has a line of its own that is
 * not wrapped, so that it can be copied. */
static void print_paragraph(const struct report *r, const struct finding *f)
{
	static const char *const sequences[] = { COLOUR_GOOD, COLOUR_WARNING, COLOUR_BAD };

	printf("%s%-8s%s ", colour(r->colours, sequences[f->level]), names[f->level],
	       colour(r->colours, COLOUR_END));
	print_wrapped(r, f->what, INDENT);
	if (f->why) {
		printf("\n%*s", INDENT, "");
		print_wrapped(r, f->why, INDENT);
	}
	if (f->mend) {
		printf("\n%*s", INDENT, "");
		print_wrapped(r, "=>", INDENT);
		print_wrapped(r, f->mend, INDENT + 2);
	}
	if (f->command) {
		printf("%s\n%*s", f->mend ? ":" : "", INDENT, "");
		printf(f->mend ? "   " : "=> ");
		print_plain(f->command, strlen(f->command));
	}
	putchar('\n');
}

static void print_line(const struct finding *f)
{
	printf("%-8s ", names[f->level]);
	print_plain(f->what, strlen(f->what));
	if (f->why) {
		printf(": ");
		print_plain(f->why, strlen(f->why));
	}
	if (f->mend || f->command)
		printf(" => ");
	if (f->mend)
		print_plain(f->mend, strlen(f->mend));
	if (f->mend && f->command)
		printf(": ");
	if (f->command)
		print_plain(f->command, strlen(f->command));
	putchar('\n');
}

static void print_json(const char *before, const char *text)
{
	fputs(before, stdout);
	if (text)
		json_string(text_of(text));
	else
		fputs("null", stdout);
}

static void print_object(struct report *r, const struct finding *f)
{
	char *both = f->mend && f->command ? format("%s: %s", f->mend, f->command) : NULL;

	print_json(r->findings ? ",\n  { \"level\": " : "{ \"findings\": [\n  "
		   "{ \"level\": ", names[f->level]);
	print_json(", \"kind\": ", f->kind);
	print_json(", \"what\": ", f->what);
	print_json(", \"why\": ", f->why);
	print_json(", \"mend\": ", both ? both : f->mend ? f->mend : f->command);
	print_json(", \"command\": ", f->command);
	fputs(" }", stdout);
	free(both);
}

void report(struct report *r, const struct finding *f)
{
	r->problems += f->level == PROBLEM;
	if (r->json)
		print_object(r, f);
	else if (r->width)
		print_paragraph(r, f);
	else
		print_line(f);
	r->findings++;
	/* show it now: the next check may take a while */
	if (!r->json)
		fflush(stdout);
}

int report_end(const struct report *r)
{
	if (r->json)
		printf("\n], \"ready\": %s }\n", r->problems ? "false" : "true");
	else if (r->problems)
		printf("%snot ready%s: %u problem%s\n", colour(r->colours, COLOUR_BAD),
		       colour(r->colours, COLOUR_END), r->problems,
		       r->problems > 1 ? "s" : "");
	else
		printf("%sready%s\n", colour(r->colours, COLOUR_GOOD),
		       colour(r->colours, COLOUR_END));
	return r->problems ? 1 : 0;
}

char *format(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0) {
		fprintf(stderr, "ipqctl: out of memory\n");
		exit(1);
	}
	va_end(args);
	return text;
}
