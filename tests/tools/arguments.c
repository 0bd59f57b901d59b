/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of ipqctl: help for each subcommand, and clear messages for
 * wrong arguments. */
#include <criterion/criterion.h>
#include <string.h>

#include "network.h"
#include "process.h"
#include "tool.h"

TestSuite(arguments, .timeout = 60);

static const char *const subcommands[] = { "check", "status", "rules", "try" };

Test(arguments, help_is_everywhere)
{
	const struct printed *printed = shell(IPQCTL " --help");

	cr_assert(printed->status == 0);
	for (int i = 0; i < 4; i++)
		assert_says(printed->text, subcommands[i]);
	for (int i = 0; i < 4; i++) {
		/* on standard output, without asking the kernel anything */
		printed = shell(IPQCTL " %s --help 2>/dev/null", subcommands[i]);
		cr_assert(printed->status == 0, "%s", subcommands[i]);
		assert_says(printed->text, "usage: ipqctl ");
		assert_says(printed->text, subcommands[i]);
		assert_says(printed->text, "Exit status");
	}
}

Test(arguments, the_version_is_told)
{
	const struct printed *printed = shell(IPQCTL " --version");

	cr_assert(printed->status == 0);
	cr_assert_str_eq(printed->text, "ipqctl " VERSION "\n");
}

Test(arguments, none_is_an_error_that_shows_the_help)
{
	const struct printed *printed = shell(IPQCTL " 2>&1 >/dev/null");

	cr_assert(printed->status == 2);
	assert_says(printed->text, "check");
}

Test(arguments, what_makes_no_sense_is_named_in_a_line_and_ends_with_2)
{
	static const struct {
		const char *arguments, *named;
	} rows[] = {
		{ "frobnicate", "frobnicate" },
		{ "check --frobnicate", "--frobnicate" },
		{ "check -x", "-x" },
		{ "check extra", "extra" },
		{ "status -46x", "-x" },
		{ "status extra", "extra" },
		{ "status --interval", "--interval" },
		{ "status --watch --interval 0", "--interval 0" },
		{ "status --watch --count -1", "--count -1" },
		{ "status --count 1", "--watch" },
		{ "rules --queue", "--queue" },
		{ "rules --queue 65536", "--queue 65536" },
		{ "rules --queue6 1x", "--queue6 1x" },
		{ "rules --queue ''", "--queue" },
		{ "try --queue 65536", "--queue 65536" },
		{ "try --queue -1", "--queue -1" },
		{ "try --queue 0x10", "--queue 0x10" },
		{ "try --queue 99999999999999999999999", "--queue 9999" },
		{ "try --verdict perhaps", "--verdict perhaps" },
		{ "try --sample 0", "--sample 0" },
		{ "try --count 4294967296", "--count 4294967296" },
		{ "try extra", "extra" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct printed *printed = shell(IPQCTL " %s 2>&1 >/dev/null",
						      rows[i].arguments);

		cr_assert(printed->status == 2, "%s: status %d", rows[i].arguments,
			  printed->status);
		assert_one_line(printed->text);
		assert_says(printed->text, rows[i].named);
		assert_says(printed->text, "--help");
	}
}

Test(arguments, output_that_cannot_be_written_is_an_error)
{
	static const char *const arguments[] = {
		"rules", "--help", "--version", "status --help",
	};

	for (int i = 0; i < 4; i++) {
		cr_assert(shell("echo | " IPQCTL " %s > /dev/full",
				arguments[i])->status == 1, "%s", arguments[i]);
		cr_assert(shell("echo | " IPQCTL " %s >&-", arguments[i])->status == 1);
	}
}
