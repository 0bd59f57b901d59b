/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages of LIBIPQ_DEBUG=1 about packets of any family for which
 * there is no handle. */
#include <sys/socket.h>

#include <criterion/criterion.h>

#include "debug.h"
#include "process.h"

TestSuite(debug_families, .timeout = 60);

Test(debug_families, the_family_is_named_and_whose_rule_it_is)
{
	static const struct {
		uint8_t family;
		const char *name, *rule;
	} rows[] = {
		{ AF_INET, "(IPv4)", " iptables rule" },
		{ AF_INET6, "(IPv6)", " ip6tables rule" },
		{ AF_BRIDGE, "family 7 (neither IPv4 nor IPv6)", " netfilter rule" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *said;

		stderr_keep();
		debug_foreign(65535, rows[i].family);
		said = stderr_kept();
		assert_one_line(said);
		assert_says(said, "queue 65535:");
		assert_says(said, rows[i].name);
		assert_says(said, rows[i].rule);
	}
}
