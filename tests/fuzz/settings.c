/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the environment: strings that end with NUL, as execve(2) passes them. */
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "settings.h"

#define STRINGS_MAX 32

/* Stores the message about the environment in said; it is empty if the
 * environment is accepted. */
static bool read_settings(int family, struct settings *s, char *said, size_t size)
{
	FILE *was = stderr;
	bool good;

	memset(said, 0, size);
	stderr = fmemopen(said, size - 1, "w");
	CHECK(stderr);
	good = settings_read(family, s);
	fclose(stderr);
	stderr = was;
	return good;
}

static void check_settings(const struct settings *s)
{
	struct settings set = *s;

	CHECK(s->rcvbuf <= SETTINGS_RCVBUF_MAX);
	CHECK(s->batch >= 1 && s->batch <= SETTINGS_BATCH_MAX);
	CHECK(settings_set_queue(&set, s->queue, s->queue_last));
	CHECK(set.queue == s->queue && set.queue_last == s->queue_last);
	/* any two numbers, valid or not */
	if (settings_set_queue(&set, s->maxlen, s->rcvbuf))
		CHECK(set.queue == s->maxlen && set.queue_last == s->rcvbuf);
	else
		CHECK(set.queue == s->queue && set.queue_last == s->queue_last);
}

/* The message must be one line, begin with these words, and contain no
 * control characters. */
static void check_refusal(const char *said)
{
	size_t len = strlen(said);

	CHECK(!strncmp(said, "libipq: LIBIPQ_", 15) && said[len - 1] == '\n');
	CHECK(strstr(said, ": expected ") || strstr(said, ": no such setting; there are "));
	for (size_t i = 0; i < len - 1; i++)
		CHECK((unsigned char)said[i] >= ' ');
}

/* The settings, written as variables, must be read as the same settings. */
static void check_again(const struct settings *s)
{
	static char strings[8][48], said[4096];
	char *variables[9] = { 0 };
	struct settings again;
	int n = 0;

#define PUT(...) (snprintf(strings[n], sizeof(strings[n]), __VA_ARGS__), \
		  variables[n] = strings[n], n++)
	PUT("LIBIPQ_QUEUE=%u-%u", s->queue, s->queue_last);
	PUT("LIBIPQ_MAXLEN=%u", s->maxlen);
	PUT("LIBIPQ_FAIL_OPEN=%d", s->fail_open);
	PUT("LIBIPQ_BATCH=%u", s->batch);
	PUT("LIBIPQ_GSO=%d", s->gso);
	PUT("LIBIPQ_TRUNCATED=%s", (const char *[]) { "error", "accept", "drop" }[s->truncated]);
	PUT("LIBIPQ_DEBUG=%d", s->debug);
	if (s->rcvbuf)
		PUT("LIBIPQ_RCVBUF=%u", s->rcvbuf);
	environ = variables;
	memset(&again, 0xee, sizeof(again));
	CHECK(read_settings(AF_INET6, &again, said, sizeof(said)));
	CHECK(again.queue == s->queue && again.queue_last == s->queue_last &&
	      again.maxlen == s->maxlen && again.rcvbuf == s->rcvbuf &&
	      again.fail_open == s->fail_open && again.batch == s->batch &&
	      again.gso == s->gso && again.debug == s->debug);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char said[2][4096];
	const char *at = (const char *)data, *end = at + size;
	char *strings[STRINGS_MAX + 1] = { 0 }, **was = environ;
	struct settings s[2];
	bool good;
	int n = 0;

	/* longer values are cut off in the message */
	if (size > 2048)
		return 0;
	for (; n < STRINGS_MAX && at < end; at += strnlen(at, end - at) + 1) {
		strings[n] = strndup(at, end - at);
		CHECK(strings[n++]);
	}
	memset(s, 0xee, sizeof(s));
	/* the environment may be NULL, after clearenv(3) */
	environ = n ? strings : NULL;
	good = read_settings(AF_INET, &s[0], said[0], sizeof(said[0]));
	CHECK(read_settings(AF_INET6, &s[1], said[1], sizeof(said[1])) == good);
	CHECK(!strcmp(said[0], said[1]));
	if (good) {
		CHECK(!said[0][0]);
		check_settings(&s[0]);
		check_settings(&s[1]);
		check_again(&s[0]);
		check_again(&s[1]);
	} else {
		check_refusal(said[0]);
	}
	environ = was;
	while (n)
		free(strings[--n]);
	return 0;
}
