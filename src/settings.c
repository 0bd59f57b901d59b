/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the LIBIPQ_* environment asks for: the only door an unchanged program
 * has. Knows nothing of queues but their numbers. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <unistd.h>

#include "settings.h"

static const char prefix[] = "LIBIPQ_";

enum { QUEUE, QUEUE6, MAXLEN, RCVBUF, DEBUG, VARIABLES };

static const struct variable {
	const char *name;	/* after the prefix */
	unsigned long min, max;
	bool minus_one;		/* -1 stands for max */
	const char *accepted;
} variables[VARIABLES] = {
	[QUEUE] = { "QUEUE", 0, UINT16_MAX, false, "a queue number, 0 to 65535" },
	[QUEUE6] = { "QUEUE6", 0, UINT16_MAX, false, "a queue number, 0 to 65535" },
	/* net.ipv4.ip_queue_maxlen took -1 for no limit */
	[MAXLEN] = { "MAXLEN", 0, UINT32_MAX, true,
		     "a number of packets, 0 to 4294967295, or -1 for no limit" },
	/* setsockopt(SO_RCVBUF) takes an int and the kernel doubles it */
	[RCVBUF] = { "RCVBUF", 1, INT_MAX / 2, false,
		     "a number of bytes, 1 to 1073741823" },
	[DEBUG] = { "DEBUG", 0, 1, false, "0 or 1" },
};

static const struct variable *find(const char *name, size_t len)
{
	for (size_t i = 0; i < VARIABLES; i++)
		if (strlen(variables[i].name) == len &&
		    !memcmp(variables[i].name, name, len))
			return &variables[i];
	return NULL;
}

/* Decimal digits and nothing else: no sign, blank, hexadecimal. */
static bool parse(const struct variable *v, const char *text, uint32_t *value)
{
	unsigned long n;
	char *end;

	if (v->minus_one && !strcmp(text, "-1")) {
		*value = v->max;
		return true;
	}
	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || n < v->min || n > v->max)
		return false;
	*value = n;
	return true;
}

static void print_in_line(const char *text)
{
	for (; *text; text++)
		fputc(*text >= ' ' ? *text : '?', stderr);
}

bool settings_read(int family, struct settings *s)
{
	uint32_t value[VARIABLES] = { [MAXLEN] = 1024 };
	bool set[VARIABLES] = { false };

	for (char **e = environ; !getauxval(AT_SECURE) && e && *e; e++) {
		const char *name = *e + strlen(prefix);
		const char *equals = strchr(*e, '=');
		const struct variable *v;

		if (strncmp(*e, prefix, strlen(prefix)) || !equals)
			continue;
		v = find(name, equals - name);
		if (!v) {
			fprintf(stderr, "libipq: %.*s: no such setting; there are",
				(int)(equals - *e), *e);
			for (size_t i = 0; i < VARIABLES; i++)
				fprintf(stderr, " %s%s", prefix, variables[i].name);
			fputc('\n', stderr);
			return false;
		}
		if (!parse(v, equals + 1, &value[v - variables])) {
			fputs("libipq: ", stderr);
			print_in_line(*e);
			fprintf(stderr, ": want %s\n", v->accepted);
			return false;
		}
		set[v - variables] = true;
	}

	*s = (struct settings) {
		.queue = value[family == AF_INET6 && set[QUEUE6] ? QUEUE6 : QUEUE],
		.maxlen = value[MAXLEN],
		.rcvbuf = value[RCVBUF],
		.debug = value[DEBUG],
	};
	return true;
}
