/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the rules of this network namespace that send packets to queues, whichever tool
 * made them. Knows nothing of who owns the queues. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rulesets.h"

enum { LEGACY4, LEGACY6, NFT4, NFT6, NFT };

static const struct source {
	const char *tool;	/* makes these rules */
	const char *argv[5];	/* lists them */
	/* Lists them on a system that has only one kind of iptables; NULL if there is
	 * no such command. */
	const char *plain;
} sources[RULESETS] = {
	[LEGACY4] = { "iptables-legacy", { "iptables-legacy-save" }, "iptables-save" },
	[LEGACY6] = { "ip6tables-legacy", { "ip6tables-legacy-save" }, "ip6tables-save" },
	[NFT4] = { "iptables-nft", { "iptables-nft-save" }, NULL },
	[NFT6] = { "ip6tables-nft", { "ip6tables-nft-save" }, NULL },
	/* -a: with handles; -s: without counters; -t: without the elements of sets */
	[NFT] = { "nft", { "nft", "-ast", "list", "ruleset" }, NULL },
};

static bool starts_line(struct text listing, const char *start, struct text name)
{
	struct text line;

	while (text_line(&listing, &line)) {
		if (!text_starts(line, start))
			continue;
		line.at += strlen(start);
		line.len -= strlen(start);
		if (line.len == name.len && !memcmp(line.at, name.at, name.len))
			return true;
	}
	return false;
}

static struct text listing_of(const struct command *c)
{
	return (struct text) { c->output, c->len };
}

/* nft lists the tables of iptables-nft, too. If iptables-nft-save lists the table, its
 * rules were read there. It does not list tables that other tools have changed. */
static bool read_before(const struct rulesets *rules, const struct saved_rule *saved)
{
	struct text family = saved->family;
	int by = text_is(family, "ip") ? NFT4 : text_is(family, "ip6") ? NFT6 : NFT;

	return by != NFT && rules->listing[by].end == COMMAND_DONE &&
	       starts_line(listing_of(&rules->listing[by]), "*", saved->table);
}

/* Finds out which packets an nft rule sees: by its family or, in family inet, by matches
 * such as ip saddr, meta nfproto ipv6 or icmp type. */
static void find_families(struct found_rule *rule)
{
	struct text family = rule->saved.family, rest = rule->saved.rule, word;

	rule->ipv4 = text_is(family, "ip");
	rule->ipv6 = text_is(family, "ip6");
	while (!text_is(family, "ip") && !text_is(family, "ip6") &&
	       text_word(&rest, &word, QUOTES_NFT)) {
		/* an element of a set: { ipv4, ipv6 } */
		word.len -= word.at[word.len - 1] == ',';
		rule->ipv4 |= text_is(word, "ip") || text_is(word, "ipv4") ||
			      text_is(word, "icmp");
		rule->ipv6 |= text_is(word, "ip6") || text_is(word, "ipv6") ||
			      text_is(word, "icmpv6");
	}
	if (!rule->ipv4 && !rule->ipv6)
		rule->ipv4 = rule->ipv6 = true;
}

static void add(struct rulesets *rules, int source, const struct saved_rule *saved)
{
	struct found_rule *longer = reallocarray(rules->list, rules->count + 1,
						 sizeof(*rules->list));
	struct found_rule *rule;

	if (!longer) {
		rules->complete = false;
		return;
	}
	rules->list = longer;
	rule = &rules->list[rules->count++];
	*rule = (struct found_rule) {
		.saved = *saved,
		.tool = rules->tool[source],
		.is_nft = source == NFT,
		.ipv4 = source == LEGACY4 || source == NFT4,
		.ipv6 = source == LEGACY6 || source == NFT6,
	};
	if (source == NFT)
		find_families(rule);
}

static void parse(struct rulesets *rules, int source)
{
	struct text line, rest = listing_of(&rules->listing[source]);
	struct saved_reader reader = { 0 };
	struct saved_rule saved;

	while (text_line(&rest, &line))
		if (source != NFT ? saved_rule_iptables(&reader, line, &saved) :
		    saved_rule_nft(&reader, line, &saved) && !read_before(rules, &saved))
			add(rules, source, &saved);
}

/* Whether the command failed since the kernel was built without these tables. Then there
 * are no such rules. */
static bool unsupported(const struct command *c)
{
	struct text complaint = text_of(c->complaint);

	return text_find(complaint, "not supported") < complaint.len;
}

/* Whether the kernel says that iptables-legacy has no tables. */
static bool has_no_tables(const char *list)
{
	int fd = open(list, O_RDONLY | O_CLOEXEC);
	bool none = fd < 0 && errno == ENOENT;
	char c;

	if (fd >= 0) {
		none = read(fd, &c, sizeof(c)) == 0;
		close(fd);
	}
	return none;
}

/* Whether a missing command does not matter, since there can be no rules of its kind or
 * nft lists them. */
static bool is_needless(const struct rulesets *rules, int source)
{
	if (rules->listing[source].end != COMMAND_MISSING)
		return false;
	if (source == NFT4 || source == NFT6)
		return rules->listing[NFT].end == COMMAND_DONE;
	return source != NFT && has_no_tables(source == LEGACY4 ?
					      "/proc/net/ip_tables_names" :
					      "/proc/net/ip6_tables_names");
}

static void report_unread(struct rulesets *rules, int source, struct report *r)
{
	const struct command *c = &rules->listing[source];
	const char *tool = sources[source].tool, *lister = sources[source].argv[0];
	char *what, *mend;

	if (c->end == COMMAND_DONE || is_needless(rules, source))
		return;
	if (c->end == COMMAND_MISSING) {
		what = format("rules made with %s, if there are any, are not seen", tool);
		mend = format("install the package that has %s", lister);
		REPORT(r, NOTE, "rules-unseen", what,
		       "there is no command that lists them", mend);
		free(mend);
	} else {
		what = format("%s %s", lister, c->end == COMMAND_FAILED ? "fails" :
			      c->end == COMMAND_TOO_LONG ?
			      "was stopped: it took too long" :
			      "was stopped: it printed too much");
		REPORT(r, unsupported(c) ? NOTE : PROBLEM, "rules-unseen", what,
		       c->end == COMMAND_FAILED || c->complaint[0] ? command_failure(c) :
		       "its rules are not known", "run it to see why", lister);
	}
	rules->complete &= c->end == COMMAND_FAILED && unsupported(c);
	free(what);
}

static bool is_there(const char *program)
{
	const char *const argv[] = { program, "--version", NULL };
	struct command c;
	bool there;

	command_run(&c, argv);
	there = c.end != COMMAND_MISSING;
	command_free(&c);
	return there;
}

void rulesets_read(struct rulesets *rules, struct report *r)
{
	*rules = (struct rulesets) { .complete = true };
	for (int i = 0; i < RULESETS; i++) {
		const char *plain[] = { sources[i].plain, NULL };
		struct command *c = &rules->listing[i];

		command_run(c, sources[i].argv);
		/* before iptables had two kinds, its only kind had neither suffix */
		rules->tool[i] = sources[i].tool;
		if (c->end == COMMAND_MISSING && sources[i].plain &&
		    !is_there(sources[i + NFT4 - LEGACY4].argv[0])) {
			command_run(c, plain);
			rules->tool[i] = i == LEGACY4 ? "iptables" : "ip6tables";
		}
	}
	for (int i = 0; i < RULESETS; i++) {
		if (r)
			report_unread(rules, i, r);
		parse(rules, i);
	}
}

void rulesets_free(struct rulesets *rules)
{
	for (int i = 0; i < RULESETS; i++)
		command_free(&rules->listing[i]);
	free(rules->list);
}

char *rule_describe(const struct found_rule *rule)
{
	const struct saved_rule *s = &rule->saved;

	if (rule->is_nft)
		return format("nft %.*s %.*s %.*s handle %lu [%.*s]", TEXT(s->family),
			      TEXT(s->table), TEXT(s->chain), s->number, TEXT(s->rule));
	return format("%s %.*s %.*s %lu [%.*s]", rule->tool, TEXT(s->table),
		      TEXT(s->chain), s->number, TEXT(s->rule));
}

/* Quotes words written by iptables-save for a shell. The caller frees the result. */
static char *for_shell(struct text rest)
{
	/* a character may become four, and each word gets a blank and two quotes */
	char *text = malloc(7 * rest.len + 1), *word = malloc(rest.len + 1), *to = text;
	struct text saved;

	while (text && word && text_word(&rest, &saved, QUOTES_SHELL)) {
		if (to != text)
			*to++ = ' ';
		text_unquote(saved, word, saved.len + 1);
		to = text_quote(word, to);
	}
	if (text)
		*to = '\0';
	free(word);
	return text;
}

/* Unquotes the listed words and quotes them again: the command may be pasted into a
 * shell, and a rule's comment may contain anything. */
static char *iptables_replace(const struct found_rule *rule, const char *verdict)
{
	const struct saved_rule *s = &rule->saved;
	struct text matches = { s->rule.at, s->verdict.at - s->rule.at };
	char *saved, *shell, *command;

	saved = format("-t %.*s -R %.*s %lu %.*s%s", TEXT(s->table), TEXT(s->chain),
		       s->number, TEXT(matches), verdict);
	shell = for_shell(text_of(saved));
	command = format("%s %s", rule->tool, shell ? shell : "");
	free(saved);
	free(shell);
	return command;
}

static char *nft_replace(const struct found_rule *rule, const char *verdict)
{
	const struct saved_rule *s = &rule->saved;
	struct text before = { s->rule.at, s->verdict.at - s->rule.at }, after;
	char *nft, *shell, *command;

	after.at = s->verdict.at + s->verdict.len;
	after.len = s->rule.at + s->rule.len - after.at;
	nft = format("replace rule %.*s %.*s %.*s handle %lu %.*s%s%.*s", TEXT(s->family),
		     TEXT(s->table), TEXT(s->chain), s->number, TEXT(before), verdict,
		     TEXT(after));
	shell = malloc(4 * strlen(nft) + 3);
	if (shell)
		text_quote(nft, shell);
	command = format("nft %s", shell ? shell : "");
	free(nft);
	free(shell);
	return command;
}

static char *replace(const struct found_rule *rule, char *verdict)
{
	char *command = rule->is_nft ? nft_replace(rule, verdict) :
			iptables_replace(rule, verdict);

	free(verdict);
	return command;
}

char *rule_bypass_command(const struct found_rule *rule)
{
	const struct saved_rule *s = &rule->saved;
	bool fanout = text_contains(s->verdict, "fanout");
	char last[16] = "";

	if (s->computed)
		return NULL;
	if (s->last != s->first)
		snprintf(last, sizeof(last), "-%u", s->last);
	if (rule->is_nft)
		return replace(rule, format("queue num %u%s bypass%s", s->first, last,
					    fanout ? ",fanout" : ""));
	if (!text_contains(s->verdict, "NFQUEUE"))
		return replace(rule, format("-j NFQUEUE --queue-num 0 --queue-bypass"));
	return replace(rule, format("%.*s --queue-bypass", TEXT(s->verdict)));
}

char *rule_number_command(const struct found_rule *rule, uint16_t number)
{
	bool bypass = rule->saved.bypass;

	return replace(rule, rule->is_nft ?
		       format("queue num %u%s", number, bypass ? " bypass" : "") :
		       format("-j NFQUEUE --queue-num %u%s", number,
			      bypass ? " --queue-bypass" : ""));
}
