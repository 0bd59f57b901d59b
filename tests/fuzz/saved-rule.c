/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes how ipqctl reads the output of iptables-save and of nft list, and the command
 * that it makes from a rule: it may be pasted into a shell. */
#include <ctype.h>
#include <stdio.h>

#include "fuzz.h"
#include "rulesets.h"

static void check_within(struct text t, struct text whole)
{
	CHECK(!t.len || (t.at >= whole.at && t.at + t.len <= whole.at + whole.len));
}

/* To a shell, the command must consist of plain words: all characters outside quotes have
 * no special meaning. */
static void check_plain(const char *command)
{
	int quoted = 0;

	for (; *command; command++)
		if (*command == '\'')
			quoted = !quoted;
		else if (!quoted && *command == '\\')
			CHECK(*++command == '\'');
		else if (!quoted)
			CHECK(isalnum((unsigned char)*command) ||
			      strchr(" -_.,:/+@%=", *command));
	CHECK(!quoted);
}

static void check_rule(const struct saved_rule *saved, struct text line, struct text whole,
		       int nft)
{
	struct found_rule found = {
		.saved = *saved, .tool = nft ? "nft" : "iptables-legacy", .is_nft = nft,
	};
	char *text;

	check_within(saved->rule, line);
	check_within(saved->verdict, saved->rule);
	check_within(saved->chain, whole);
	check_within(saved->table, whole);
	check_within(saved->family, whole);
	CHECK(saved->first <= saved->last && saved->verdict.len);
	text = rule_describe(&found);
	free(text);
	text = rule_bypass_command(&found);
	if (text)
		check_plain(text);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = copy_of(data, size);
	struct text whole = { copy, size }, line;

	for (int nft = 0; nft < 2; nft++) {
		struct saved_reader reader = { 0 };
		struct saved_rule rule;

		for (struct text rest = whole; text_line(&rest, &line); )
			if ((nft ? saved_rule_nft : saved_rule_iptables)(&reader, line, &rule))
				check_rule(&rule, line, whole, nft);
	}
	free(copy);
	return 0;
}
