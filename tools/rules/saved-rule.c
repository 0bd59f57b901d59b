/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses rules that send packets to a queue, as iptables-save and nft list them. Pure: no
 * I/O, nothing allocated. */
#include <string.h>

#include "saved-rule.h"

/* Parses "N", or "N" separator "N". */
static bool parse_range(struct text t, char separator, struct saved_rule *rule)
{
	const char *between = memchr(t.at, separator, t.len);
	struct text first = { t.at, between ? (size_t)(between - t.at) : t.len };
	struct text last = first;
	unsigned long numbers[2];

	if (between)
		last = (struct text) { between + 1, t.len - first.len - 1 };
	if (!text_number(first, UINT16_MAX, &numbers[0]) ||
	    !text_number(last, UINT16_MAX, &numbers[1]) || numbers[0] > numbers[1])
		return false;
	rule->first = numbers[0];
	rule->last = numbers[1];
	return true;
}

static struct text between(const char *start, const char *end)
{
	return (struct text) { start, end - start };
}

/* Parses the options of the target NFQUEUE. QUEUE has none. */
static void parse_options(struct text rest, struct saved_rule *rule)
{
	struct text word;

	while (text_word(&rest, &word, QUOTES_SHELL)) {
		if (text_is(word, "--queue-bypass"))
			rule->bypass = true;
		else if ((text_is(word, "--queue-num") ||
			  text_is(word, "--queue-balance")) &&
			 text_word(&rest, &word, QUOTES_SHELL))
			rule->computed = !parse_range(word, ':', rule);
	}
}

bool saved_rule_iptables(struct saved_reader *r, struct text line,
			 struct saved_rule *rule)
{
	struct text rest = line, after, word, target;

	if (!text_word(&rest, &word, QUOTES_SHELL))
		return false;
	if (*word.at == '*') {
		r->table = between(word.at + 1, word.at + word.len);
		r->chain = (struct text) { 0 };
		return false;
	}
	/* counters, listed with -c */
	if (*word.at == '[' && !text_word(&rest, &word, QUOTES_SHELL))
		return false;
	if (!text_is(word, "-A") || !text_word(&rest, &word, QUOTES_SHELL))
		return false;
	/* chains are listed one after another, so that another chain begins here */
	if (word.len != r->chain.len || !r->chain.at ||
	    memcmp(word.at, r->chain.at, word.len))
		r->number = 0;
	r->chain = word;
	r->number++;

	while (rest.len && *rest.at == ' ')
		rest = between(rest.at + 1, rest.at + rest.len);
	*rule = (struct saved_rule) {
		.table = r->table, .chain = r->chain, .number = r->number, .rule = rest,
	};
	while (text_word(&rest, &word, QUOTES_SHELL)) {
		after = rest;
		/* go on if it is another target: "-j" may be part of a comment */
		if (!text_is(word, "-j") || !text_word(&after, &target, QUOTES_SHELL) ||
		    (!text_is(target, "QUEUE") && !text_is(target, "NFQUEUE")))
			continue;
		rule->verdict = between(word.at, line.at + line.len);
		parse_options(after, rule);
		return true;
	}
	return false;
}

/* Parses "table ip filter {" or "chain INPUT {". */
static void open_block(struct saved_reader *r, struct text line)
{
	struct text kind, names[2] = { 0 };

	r->depth++;
	if (!text_word(&line, &kind, QUOTES_NFT) ||
	    !text_word(&line, &names[0], QUOTES_NFT))
		return;
	if (text_is(kind, "table") && text_word(&line, &names[1], QUOTES_NFT)) {
		r->family = names[0];
		r->table = names[1];
	} else {
		/* a set or map, in which there are no rules */
		r->chain = text_is(kind, "chain") ? names[0] : (struct text) { 0 };
	}
}

/* Parses what follows the word queue, in each of the forms that nft has had: "num
 * 3", "num 3-5 bypass,fanout", "flags bypass to 3-5", "to numgen inc mod 2".
 * Returns the rest. */
static struct text parse_queue(struct text rest, struct saved_rule *rule)
{
	struct text after = rest, word;

	while (text_word(&rest, &word, QUOTES_NFT)) {
		if (text_is(word, "comment") || text_is(word, "#"))
			break;
		if (text_find(word, "bypass") < word.len)
			rule->bypass = true;
		else if ((text_is(word, "num") || text_is(word, "to")) &&
			 text_word(&rest, &word, QUOTES_NFT))
			rule->computed = !parse_range(word, '-', rule);
		after = rest;
	}
	return after;
}

/* Returns N of "# handle N" at the end, which nft -a prints, and cuts
 * that off the line. */
static unsigned long take_handle(struct text *line)
{
	struct text rest = *line, word;
	unsigned long handle;

	while (text_word(&rest, &word, QUOTES_NFT)) {
		const char *end = word.at;

		if (text_is(word, "#") && text_word(&rest, &word, QUOTES_NFT) &&
		    text_is(word, "handle") && text_word(&rest, &word, QUOTES_NFT) &&
		    text_number(word, UINT32_MAX, &handle)) {
			while (end > line->at && end[-1] == ' ')
				end--;
			*line = between(line->at, end);
			return handle;
		}
	}
	return 0;
}

bool saved_rule_nft(struct saved_reader *r, struct text line,
		    struct saved_rule *rule)
{
	unsigned long handle = take_handle(&line);
	struct text word, before = { 0 }, rest;

	while (line.len && (*line.at == '\t' || *line.at == ' '))
		line = between(line.at + 1, line.at + line.len);
	if (line.len && line.at[line.len - 1] == '{') {
		open_block(r, line);
		return false;
	}
	if (text_is(line, "}")) {
		r->depth -= r->depth > 0;
		if (r->depth < 2)
			r->chain = (struct text) { 0 };
		return false;
	}
	if (r->depth != 2 || !r->chain.at)
		return false;

	rest = line;
	*rule = (struct saved_rule) {
		.family = r->family, .table = r->table, .chain = r->chain,
		.number = handle, .rule = line,
	};
	for (; text_word(&rest, &word, QUOTES_NFT); before = word) {
		/* iptables-nft allows a chain with that name */
		if (!text_is(word, "queue") || text_is(before, "jump") ||
		    text_is(before, "goto"))
			continue;
		rest = parse_queue(rest, rule);
		rule->verdict = between(word.at, rest.at);
		return true;
	}
	return false;
}
