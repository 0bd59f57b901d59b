/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the settings from the LIBIPQ_* environment variables, which is the only way to
 * configure an unchanged program. Knows nothing of queues but their numbers. */
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <unistd.h>

#include "maxlen.h"
#include "settings.h"

static const char prefix[] = "LIBIPQ_";

/* The greatest value of the program's unsigned long. It differs from ours if the program
 * is a supervised one. */
#ifndef PROGRAM_ULONG_MAX
#define PROGRAM_ULONG_MAX ULONG_MAX
#endif

/* With several queue numbers, the upper half of a packet id is the queue number, for
 * which a 32-bit program's unsigned long has no room. */
#define RANGE_MAX (PROGRAM_ULONG_MAX > UINT32_MAX ? SETTINGS_RANGE_MAX : 1)

static const struct variable {
	const char *name;	/* after the prefix */
	unsigned long min, max;
	const char *accepted;	/* for the message about an invalid value */
	size_t at;		/* of a number in struct settings */
	bool minus_one;		/* -1 is accepted, and means max */
	bool range;		/* a range is accepted, such as 4-7 */
	bool text;		/* any text but the empty one is accepted */
} variables[SETTINGS] = {
	[SETTING_QUEUE] = { "QUEUE", 0, UINT16_MAX, "a queue number, 0 to 65535",
			    .range = true },
	[SETTING_QUEUE6] = { "QUEUE6", 0, UINT16_MAX, "a queue number, 0 to 65535",
			     .range = true },
	/* -1 for no limit, as in net.ipv4.ip_queue_maxlen */
	[SETTING_MAXLEN] = { "MAXLEN", 0, UINT32_MAX,
			     "a number of packets, 0 to 4294967295, or -1 for no limit",
			     offsetof(struct settings, maxlen), .minus_one = true },
	[SETTING_RCVBUF] = { "RCVBUF", 1, SETTINGS_RCVBUF_MAX,
			     "a number of bytes, 1 to 1073741823",
			     offsetof(struct settings, rcvbuf) },
	[SETTING_FAIL_OPEN] = { "FAIL_OPEN", 0, 1, "0 or 1",
				offsetof(struct settings, fail_open) },
	[SETTING_BATCH] = { "BATCH", 1, SETTINGS_BATCH_MAX, "a number of messages, 1 to 1024",
			    offsetof(struct settings, batch) },
	[SETTING_GSO] = { "GSO", 0, 1, "0 or 1", offsetof(struct settings, gso) },
	[SETTING_TRUNCATED] = { "TRUNCATED", 0, TRUNCATED_DROP, "error, accept or drop",
				offsetof(struct settings, truncated) },
	[SETTING_DEBUG] = { "DEBUG", 0, 1, "0 or 1", offsetof(struct settings, debug) },
	[SETTING_TRACE] = { "TRACE", 0, 0, "a file, or 1 for standard error", .text = true },
};

struct value {
	uint32_t number, last;	/* the same, unless it is a range */
	const char *text;
	bool set;
};

static const struct variable *find(const char *name, size_t len)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (strlen(variables[i].name) == len &&
		    !memcmp(variables[i].name, name, len))
			return &variables[i];
	return NULL;
}

/* Accepts decimal digits only: no sign, blank or hexadecimal number. Sets end to the
 * character after them. */
static bool parse_number(const struct variable *v, const char *text,
			 const char **end, uint32_t *number)
{
	unsigned long n = 0, digit;

	if (text[0] < '0' || text[0] > '9')
		return false;
	/* strtoul(3) would change the program's errno */
	for (; *text >= '0' && *text <= '9'; text++) {
		digit = *text - '0';
		if (digit > v->max || n > (v->max - digit) / 10)
			return false;
		n = 10 * n + digit;
	}
	*end = text;
	*number = n;
	return n >= v->min;
}

static bool parse_word(const char *text, uint32_t *number)
{
	static const char *const words[] = { "error", "accept", "drop" };

	for (*number = 0; *number <= TRUNCATED_DROP; ++*number)
		if (!strcmp(text, words[*number]))
			return true;
	return false;
}

static bool parse(const struct variable *v, const char *text, struct value *value)
{
	value->set = true;
	if (v == &variables[SETTING_TRUNCATED])
		return parse_word(text, &value->number);
	value->text = text;
	if (v->text)
		return *text;
	if (v->minus_one && !strcmp(text, "-1")) {
		value->number = v->max;
		return true;
	}
	if (!parse_number(v, text, &text, &value->number))
		return false;
	value->last = value->number;
	if (v->range && *text == '-' &&
	    (!parse_number(v, text + 1, &text, &value->last) ||
	     value->last < value->number || value->last - value->number >= RANGE_MAX))
		return false;
	return !*text;
}

bool settings_set_queue(struct settings *s, unsigned int first, unsigned int last)
{
	if (last > UINT16_MAX || last < first || last - first >= RANGE_MAX)
		return false;
	s->queue = first;
	s->queue_last = last;
	return true;
}

uint32_t *settings_number(struct settings *s, enum setting which)
{
	return (uint32_t *)((char *)s + variables[which].at);
}

bool settings_set(struct settings *s, enum setting which, uint32_t value)
{
	if (value < variables[which].min || value > variables[which].max)
		return false;
	*settings_number(s, which) = value;
	return true;
}

static void print_in_line(const char *text, size_t len)
{
	for (; len--; text++)
		fputc(*text >= ' ' ? *text : '?', stderr);
}

/* Returns what the message about an invalid value says of several numbers. */
static const char *several(const struct variable *v)
{
	if (!v->range)
		return "";
	return RANGE_MAX > 1 ? ", or up to 256 of them as 4-7" :
			       " (only 64-bit programs can have several)";
}

/* Whether this is the code that serves unmodified programs, whose administrators set the
 * length of the queue with ip_queue's sysctl. */
static bool is_beneath(void)
{
#if defined(PRELOAD) || defined(SUPERVISE)
	return true;
#else
	return false;
#endif
}

bool settings_read(int family, struct settings *s)
{
	struct value value[SETTINGS] = { [SETTING_MAXLEN].number = MAXLEN_DEFAULT,
					 [SETTING_BATCH].number = 1 };
	enum setting queue;

	for (char **e = environ; !getauxval(AT_SECURE) && e && *e; e++) {
		const char *name = *e + strlen(prefix);
		const char *equals = strchr(*e, '=');
		const struct variable *v;

		if (strncmp(*e, prefix, strlen(prefix)) || !equals)
			continue;
		v = find(name, equals - name);
		if (!v) {
			fputs("libipq: ", stderr);
			print_in_line(*e, equals - *e);
			fputs(": no such setting; there are", stderr);
			for (size_t i = 0; i < SETTINGS; i++)
				fprintf(stderr, " %s%s", prefix, variables[i].name);
			fputc('\n', stderr);
			return false;
		}
		if (!parse(v, equals + 1, &value[v - variables])) {
			fputs("libipq: ", stderr);
			print_in_line(*e, strlen(*e));
			fprintf(stderr, ": expected %s%s\n", v->accepted, several(v));
			return false;
		}
	}

	queue = family == AF_INET6 && value[SETTING_QUEUE6].set ? SETTING_QUEUE6 :
								   SETTING_QUEUE;
	s->queue = value[queue].number;
	s->queue_last = value[queue].last;
	s->trace = value[SETTING_TRACE].text;
	for (enum setting i = SETTING_MAXLEN; i <= SETTING_DEBUG; i++)
		*settings_number(s, i) = value[i].number;
	if (!value[SETTING_MAXLEN].set && is_beneath())
		s->maxlen = maxlen_written(family);
	return true;
}
