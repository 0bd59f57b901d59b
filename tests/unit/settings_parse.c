/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of the settings that are accepted and refused. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include <criterion/criterion.h>

#include "process.h"
#include "settings.h"

TestSuite(settings_parse, .init = (void (*)(void))clearenv, .timeout = 60);

/* The output of the last read_with on stderr. */
static const char *said;

/* Reads the settings from an environment of one variable. */
static bool read_with(const char *name, const char *value, int family,
		      struct settings *s)
{
	bool good;

	clearenv();
	setenv(name, value, 1);
	memset(s, 0xee, sizeof(*s));
	stderr_keep();
	good = settings_read(family, s);
	said = stderr_kept();
	return good;
}

static void refuse(const char *name, const char *value)
{
	struct settings s;
	const char *newline;

	cr_assert(!read_with(name, value, AF_INET, &s), "%s=%s", name, value);
	/* one line, with the name of the variable and the values that are possible */
	cr_assert(!strncmp(said, "libipq: ", 8) && strstr(said, name), "%s", said);
	cr_assert(strstr(said, ": expected ") || strstr(said, "there are "), "%s", said);
	/* even if the value contains a newline */
	newline = strchr(said, '\n');
	cr_assert(newline && !newline[1], "%s", said);
}

/* None of these is a number, whichever the variable. */
static void refuse_what_is_no_number(const char *name)
{
	static const char *const values[] = {
		"", " ", "x", "0x1", "0x", "1x", "1 ", " 1", "\t1", "1\n", "+1", "-0",
		"-2", "--1", "1.0", "1e3", "1,000", "1_0", "4294967296",
		"18446744073709551615", "18446744073709551616", "-18446744073709551615",
		"99999999999999999999999999", "1 2", "1;2", "\xd9\xa1",
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		refuse(name, values[i]);
}

Test(settings_parse, without_variables_there_are_defaults)
{
	struct settings s;

	cr_assert(settings_read(AF_INET, &s));
	cr_assert(s.queue == 0 && s.queue_last == 0 && s.maxlen == 1024);
	cr_assert(s.rcvbuf == 0 && s.batch == 1 && !s.fail_open && !s.gso && !s.debug);
	cr_assert(settings_read(AF_INET6, &s));
	cr_assert(s.queue == 0 && s.queue_last == 0 && s.maxlen == 1024);
	cr_assert(s.rcvbuf == 0 && s.batch == 1 && !s.fail_open && !s.gso && !s.debug);
}

Test(settings_parse, an_empty_environment_is_none)
{
	static char *nothing[] = { NULL };
	struct settings s;

	environ = nothing;
	cr_assert(settings_read(AF_INET, &s));
	environ = NULL;
	cr_assert(settings_read(AF_INET, &s));
}

Test(settings_parse, queue_is_for_both_families)
{
	static const char *const good[] = { "0", "1", "00", "007", "65535" };
	static const uint16_t queue[] = { 0, 1, 0, 7, 65535 };
	struct settings s;

	for (int i = 0; i < 5; i++) {
		cr_assert(read_with("LIBIPQ_QUEUE", good[i], AF_INET, &s));
		cr_assert(s.queue == queue[i] && s.maxlen == 1024);
		cr_assert(read_with("LIBIPQ_QUEUE", good[i], AF_INET6, &s));
		cr_assert(s.queue == queue[i]);
		cr_assert(!said[0], "%s", said);
	}
	refuse("LIBIPQ_QUEUE", "65536");
	refuse("LIBIPQ_QUEUE", "-1");
	refuse_what_is_no_number("LIBIPQ_QUEUE");
}

Test(settings_parse, queue6_is_for_ipv6_alone)
{
	struct settings s;

	cr_assert(read_with("LIBIPQ_QUEUE6", "9", AF_INET, &s) && s.queue == 0);
	cr_assert(read_with("LIBIPQ_QUEUE6", "9", AF_INET6, &s) && s.queue == 9);
	refuse("LIBIPQ_QUEUE6", "65536");
	refuse("LIBIPQ_QUEUE6", "-1");
	refuse_what_is_no_number("LIBIPQ_QUEUE6");

	clearenv();
	setenv("LIBIPQ_QUEUE", "4", 1);
	setenv("LIBIPQ_QUEUE6", "0", 1);
	cr_assert(settings_read(AF_INET, &s) && s.queue == 4);
	cr_assert(settings_read(AF_INET6, &s) && s.queue == 0);
}

#if ULONG_MAX > UINT32_MAX
Test(settings_parse, several_queues_are_a_first_and_a_last)
{
	static const char *const bad[] = {
		"4-", "-4", "4-3", "4--7", "4-+7", "4 - 7", "4-7-9", "4-7x", "4:7", "4,7",
		"0-65536", "65536-65537", "0-256", "1-4294967298",
	};
	struct settings s;

	cr_assert(read_with("LIBIPQ_QUEUE", "4-7", AF_INET6, &s));
	cr_assert(s.queue == 4 && s.queue_last == 7);
	cr_assert(read_with("LIBIPQ_QUEUE", "9-9", AF_INET, &s));
	cr_assert(s.queue == 9 && s.queue_last == 9);
	cr_assert(read_with("LIBIPQ_QUEUE6", "65280-65535", AF_INET6, &s));
	cr_assert(s.queue == 65280 && s.queue_last == 65535);
	cr_assert(read_with("LIBIPQ_QUEUE6", "65280-65535", AF_INET, &s));
	cr_assert(s.queue == 0 && s.queue_last == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		refuse("LIBIPQ_QUEUE", bad[i]);
		refuse("LIBIPQ_QUEUE6", bad[i]);
	}
	/* other settings do not accept a range */
	refuse("LIBIPQ_MAXLEN", "4-7");
	refuse("LIBIPQ_BATCH", "4-7");
}
#endif

Test(settings_parse, batch_is_up_to_1024_messages)
{
	struct settings s;

	cr_assert(read_with("LIBIPQ_BATCH", "1", AF_INET, &s) && s.batch == 1);
	cr_assert(read_with("LIBIPQ_BATCH", "1024", AF_INET, &s) && s.batch == 1024);
	refuse("LIBIPQ_BATCH", "0");
	refuse("LIBIPQ_BATCH", "1025");
	refuse("LIBIPQ_BATCH", "-1");
	refuse_what_is_no_number("LIBIPQ_BATCH");
}

Test(settings_parse, fail_open_and_gso_are_on_or_off)
{
	struct settings s;

	cr_assert(read_with("LIBIPQ_FAIL_OPEN", "1", AF_INET, &s) && s.fail_open && !s.gso);
	cr_assert(read_with("LIBIPQ_FAIL_OPEN", "0", AF_INET, &s) && !s.fail_open);
	cr_assert(read_with("LIBIPQ_GSO", "1", AF_INET, &s) && s.gso && !s.fail_open);
	cr_assert(read_with("LIBIPQ_GSO", "0", AF_INET, &s) && !s.gso);
	refuse("LIBIPQ_FAIL_OPEN", "2");
	refuse_what_is_no_number("LIBIPQ_FAIL_OPEN");
	refuse("LIBIPQ_GSO", "2");
	refuse_what_is_no_number("LIBIPQ_GSO");
}

Test(settings_parse, truncated_is_one_of_three_words)
{
	struct settings s;

	cr_assert(settings_read(AF_INET, &s) && s.truncated == TRUNCATED_ERROR);
	cr_assert(read_with("LIBIPQ_TRUNCATED", "error", AF_INET, &s));
	cr_assert(s.truncated == TRUNCATED_ERROR);
	cr_assert(read_with("LIBIPQ_TRUNCATED", "accept", AF_INET, &s));
	cr_assert(s.truncated == TRUNCATED_ACCEPT);
	cr_assert(read_with("LIBIPQ_TRUNCATED", "drop", AF_INET, &s));
	cr_assert(s.truncated == TRUNCATED_DROP);
	refuse_what_is_no_number("LIBIPQ_TRUNCATED");
	refuse("LIBIPQ_TRUNCATED", "1");
	refuse("LIBIPQ_TRUNCATED", "Drop");
	refuse("LIBIPQ_TRUNCATED", "accept ");
}

Test(settings_parse, maxlen_is_any_32_bits_or_minus_one)
{
	struct settings s;

	cr_assert(read_with("LIBIPQ_MAXLEN", "0", AF_INET, &s) && s.maxlen == 0);
	cr_assert(read_with("LIBIPQ_MAXLEN", "4294967295", AF_INET, &s));
	cr_assert(s.maxlen == UINT32_MAX);
	cr_assert(read_with("LIBIPQ_MAXLEN", "-1", AF_INET, &s));
	cr_assert(s.maxlen == UINT32_MAX);
	refuse_what_is_no_number("LIBIPQ_MAXLEN");
}

Test(settings_parse, rcvbuf_is_what_setsockopt_can_double)
{
	struct settings s;

	cr_assert(read_with("LIBIPQ_RCVBUF", "1", AF_INET, &s) && s.rcvbuf == 1);
	cr_assert(read_with("LIBIPQ_RCVBUF", "1073741823", AF_INET, &s));
	cr_assert(s.rcvbuf == 1073741823);
	refuse("LIBIPQ_RCVBUF", "0");
	refuse("LIBIPQ_RCVBUF", "1073741824");
	refuse("LIBIPQ_RCVBUF", "-1");
	refuse_what_is_no_number("LIBIPQ_RCVBUF");
}

Test(settings_parse, debug_is_on_or_off)
{
	struct settings s;

	cr_assert(read_with("LIBIPQ_DEBUG", "0", AF_INET, &s) && !s.debug);
	cr_assert(read_with("LIBIPQ_DEBUG", "1", AF_INET, &s) && s.debug);
	refuse("LIBIPQ_DEBUG", "2");
	refuse("LIBIPQ_DEBUG", "-1");
	refuse("LIBIPQ_DEBUG", "yes");
	refuse_what_is_no_number("LIBIPQ_DEBUG");
}

Test(settings_parse, unknown_names_are_refused_with_those_there_are)
{
	static const char *const names[] = {
		"LIBIPQ_", "LIBIPQ_QUEU", "LIBIPQ_QUEUE7", "LIBIPQ_QUEUE66",
		"LIBIPQ_queue", "LIBIPQ_DEBUG ", "LIBIPQ_BATCHES",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		refuse(names[i], "1");
		cr_assert(strstr(said, " LIBIPQ_QUEUE LIBIPQ_QUEUE6 LIBIPQ_MAXLEN "
				 "LIBIPQ_RCVBUF LIBIPQ_FAIL_OPEN LIBIPQ_BATCH "
				 "LIBIPQ_GSO LIBIPQ_TRUNCATED LIBIPQ_DEBUG"), "%s", said);
	}
}

Test(settings_parse, a_name_cannot_move_the_cursor)
{
	struct settings s;

	cr_assert(!read_with("LIBIPQ_\a\n\033[2J", "1", AF_INET, &s));
	cr_assert(strstr(said, "LIBIPQ_???[2J: no such setting"), "%s", said);
}

Test(settings_parse, names_that_are_not_ours_are_let_be)
{
	static const char *const names[] = {
		"LIBIPQ", "libipq_QUEUE", "XLIBIPQ_QUEUE", "LIBIP",
	};
	struct settings s;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_assert(read_with(names[i], "x", AF_INET, &s), "%s", names[i]);
		cr_assert(s.queue == 0 && !said[0], "%s", said);
	}
}

Test(settings_parse, a_string_without_equals_is_let_be)
{
	static char word[] = "LIBIPQ_QUEUE", good[] = "LIBIPQ_QUEUE=3";
	static char *strings[] = { word, good, NULL };
	struct settings s;

	environ = strings;
	cr_assert(settings_read(AF_INET, &s) && s.queue == 3);
}

Test(settings_parse, a_bad_variable_among_good_ones_is_refused)
{
	struct settings s;

	setenv("LIBIPQ_QUEUE", "1", 1);
	setenv("LIBIPQ_MAXLEN", "100", 1);
	cr_assert(settings_read(AF_INET, &s) && s.queue == 1 && s.maxlen == 100);
	/* although this variable is not used for IPv4 */
	setenv("LIBIPQ_QUEUE6", "x", 1);
	stderr_keep();
	cr_assert(!settings_read(AF_INET, &s));
	cr_assert(strstr(stderr_kept(), "LIBIPQ_QUEUE6=x"));
}
