/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings as they are shown, a line each, for people or as JSON. Knows nothing
 * of what is looked for. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "report.h"

static const char *const names[] = { "ok", "note", "problem" };

/* How long the UTF-8 character at t is, 0 if it is none (RFC 3629). */
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
	/* no longer than need be, no surrogates, none above U+10FFFF */
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

/* Rules and names come from others: nothing in them may steer the terminal. */
static void print_plain(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static void print_text(const char *before, const char *text)
{
	if (!text)
		return;
	fputs(before, stdout);
	print_plain(text);
}

static void print_json(const char *before, const char *text)
{
	fputs(before, stdout);
	if (text)
		json_string(text_of(text));
	else
		fputs("null", stdout);
}

void report(struct report *r, enum level level, const char *kind, const char *what,
	    const char *why, const char *mend)
{
	r->problems += level == PROBLEM;
	if (r->json) {
		print_json(r->findings++ ? ",\n  { \"level\": " : "{ \"findings\": [\n  "
			   "{ \"level\": ", names[level]);
		print_json(", \"kind\": ", kind);
		print_json(", \"what\": ", what);
		print_json(", \"why\": ", why);
		print_json(", \"mend\": ", mend);
		fputs(" }", stdout);
		return;
	}
	r->findings++;
	printf("%-8s ", names[level]);
	print_plain(what);
	print_text(": ", why);
	print_text(" => ", mend);
	putchar('\n');
	/* what comes next may take a while */
	fflush(stdout);
}

int report_end(const struct report *r)
{
	if (r->json)
		printf("\n], \"ready\": %s }\n", r->problems ? "false" : "true");
	else if (r->problems)
		printf("not ready: %u problem%s\n", r->problems,
		       r->problems > 1 ? "s" : "");
	else
		printf("ready\n");
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
