/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options as they were written for the iptables of ip_queue's years and are refused by
 * today's. Pure: no I/O, nothing allocated. */
#include <string.h>

#include "old-form.h"

/* How deeply quoted strings within quoted strings are read. */
#define DEPTH_MAX 2

static bool is_one_of(struct text word, const char *const *names)
{
	for (; *names; names++)
		if (text_is(word, *names))
			return true;
	return false;
}

bool old_form_is_rule(struct text word)
{
	static const char *const options[] = {
		"-A", "-C", "-D", "-I", "-R", "--append", "--check", "--delete",
		"--insert", "--replace", NULL,
	};

	return is_one_of(word, options);
}

bool old_form_is_algorithm(struct text word)
{
	return text_starts(word, "--algo");
}

/* Whether the option's value may be any text, which is not to be changed. */
static bool takes_text(struct text option)
{
	static const char *const options[] = {
		"--comment", "--log-prefix", "--nflog-prefix", "--ulog-prefix",
		"--string", "--hex-string", NULL,
	};

	return is_one_of(option, options);
}

/* Whether the option's value is a name, which cannot be negated. */
static bool takes_name(struct text option)
{
	static const char *const options[] = {
		"-j", "-g", "-m", "-t", "--jump", "--goto", "--match", "--table",
		"--comment", "--log-prefix", "--nflog-prefix", "--ulog-prefix", NULL,
	};

	return old_form_is_rule(option) || is_one_of(option, options);
}

static bool is_option(struct text word)
{
	return word.len >= 2 && word.at[0] == '-';
}

/* As check_inverse in the old iptables: if an option's value was "!", the next word was
 * the value, and the match was negated. After an option without a value, "!" negates the
 * next option ("! -option"). */
static bool is_negated(struct text option, struct text mark, struct text value)
{
	return is_option(option) && !takes_name(option) &&
	       !memchr(option.at, '=', option.len) &&
	       (text_is(mark, "!") || text_is(mark, "\"!\"") || text_is(mark, "'!'")) &&
	       value.len && value.at[0] != '-' && !text_is(value, "!");
}

/* The same in one word, -s! or --source=!: returns the length of the option, or 0. */
static size_t attached(struct text word, struct text value)
{
	size_t len = word.len;

	if (!is_option(word) || word.at[len - 1] != '!' || !value.len ||
	    value.at[0] == '-')
		return 0;
	if (word.at[1] != '-')
		return len == 3 ? 2 : 0;
	return len > 4 && word.at[len - 2] == '=' ? len - 2 : 0;
}

/* Today's name of a match, or of its option, that came with iptables as a patch for the
 * kernel and had another name. */
static const char *renamed(struct text before, struct text word)
{
	bool match = text_is(before, "-m") || text_is(before, "--match");

	if (match && text_is(word, "mport"))
		return "multiport";
	if (match && text_is(word, "iplimit"))
		return "connlimit";
	if (text_is(word, "--iplimit-above"))
		return "--connlimit-above";
	if (text_is(word, "--iplimit-mask"))
		return "--connlimit-mask";
	return NULL;
}

struct old_form old_form_of(struct text before, struct text word, struct text next,
			    struct text after, bool has_algorithm)
{
	struct old_form form = { .word = word };
	const char *name = renamed(before, word);
	size_t len = attached(word, next);

	if (takes_text(before))
		return form;
	if (name)
		form.word = text_of(name);
	if (len)
		form.word.len = len;
	form.algorithm = !has_algorithm &&
			 (text_is(word, "--string") || text_is(word, "--hex-string"));
	form.skips = is_negated(word, next, after);
	form.negated = form.skips || len;
	return form;
}

const char *old_form_gone(struct text before, struct text word)
{
	static const struct {
		const char *option, *word, *why;
	} rows[] = {
		{ "-m", "unclean", "the match unclean is gone: leave it out, or use conntrack "
		  "with --ctstate INVALID" },
		{ "-m", "random", "the match random is gone: -m statistic --mode random "
		  "--probability 0.33 for --average 33" },
		{ "-m", "nth", "the match nth is gone: -m statistic --mode nth, which counts "
		  "for each rule apart" },
		{ "-m", "dstlimit", "the match dstlimit is gone: -m hashlimit" },
		{ "-m", "fuzzy", "the match fuzzy is gone: -m limit, -m hashlimit" },
		{ "-j", "MIRROR", "the target MIRROR is gone, and nothing is like it" },
		{ "-j", "ULOG", "the target ULOG is gone: NFLOG, and the program that reads "
		  "must know it" },
		{ "-j", "SAME", "the target SAME is gone: SNAT or DNAT with --persistent" },
		{ NULL, "--cmd-owner", "--cmd-owner is gone: --uid-owner, or a cgroup" },
		{ NULL, "--pid-owner", "--pid-owner is gone: --uid-owner, or a cgroup" },
		{ NULL, "--sid-owner", "--sid-owner is gone: --uid-owner, or a cgroup" },
		{ NULL, "--days", "--days is --weekdays, and times are UTC unless "
		  "--kerneltz is given" },
		{ "--reject-with", "echo-reply", "--reject-with echo-reply is gone" },
	};
	bool match = text_is(before, "-m") || text_is(before, "--match");
	bool jump = text_is(before, "-j") || text_is(before, "--jump");

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *option = rows[i].option;
		bool behind = !option || text_is(before, option) ||
			      (!strcmp(option, "-m") && match) ||
			      (!strcmp(option, "-j") && jump);

		if (behind && text_is(word, rows[i].word))
			return rows[i].why;
	}
	return NULL;
}

/* Takes a line, with its continuation lines. */
static struct text take_line(struct text *rest)
{
	struct text line = { rest->at, 0 }, part;

	do {
		text_line(rest, &part);
		line.len = part.at + part.len - line.at;
	} while (rest->len && part.len && part.at[part.len - 1] == '\\');
	return line;
}

/* Takes a word, but none that is commented out. */
static bool take_word(struct text *rest, struct text *word)
{
	return text_word(rest, word, QUOTES_SHELL) && word->at[0] != '#';
}

/* Whether the line has a rule, and an option --algo anywhere in it. */
static bool is_rule(struct text line, bool *has_algorithm)
{
	bool rule = false;
	struct text word;

	*has_algorithm = false;
	while (take_word(&line, &word)) {
		rule |= old_form_is_rule(word);
		*has_algorithm |= old_form_is_algorithm(word);
	}
	return rule;
}

static struct text look(struct text rest)
{
	struct text word;

	return take_word(&rest, &word) ? word : (struct text) { rest.at, 0 };
}

static char *write_form(const struct old_form *form, char *to)
{
	if (form->algorithm)
		to = stpcpy(to, "--algo bm ");
	if (form->negated)
		to = stpcpy(to, "! ");
	return mempcpy(to, form->word.at, form->word.len);
}

static char *rewrite_line(struct text line, char *to, unsigned int depth);

/* A quoted string may be a command with a rule: sh -c "iptables ...". If so, writes it up
 * to the closing quote, and sets *done to that quote. */
static char *rewrite_quoted(struct text word, const char **done, char *to,
			    unsigned int depth)
{
	struct text inner;
	size_t quote = 0;
	bool has_algorithm;

	while (quote < word.len && word.at[quote] != '"' && word.at[quote] != '\'')
		quote++;
	if (quote + 2 > word.len || word.at[word.len - 1] != word.at[quote])
		return to;
	inner = (struct text) { word.at + quote + 1, word.len - quote - 2 };
	if (!is_rule(inner, &has_algorithm))
		return to;
	to = mempcpy(to, *done, inner.at - *done);
	*done = inner.at + inner.len;
	return rewrite_line(inner, to, depth + 1);
}

static char *rewrite_line(struct text line, char *to, unsigned int depth)
{
	struct text rest = line, word, next, after, before = { line.at, 0 };
	const char *done = line.at;
	bool has_algorithm, rule = is_rule(line, &has_algorithm);

	for (; take_word(&rest, &word); before = word) {
		struct old_form form;
		struct text behind = rest;

		if (depth < DEPTH_MAX && !takes_text(before))
			to = rewrite_quoted(word, &done, to, depth);
		if (!rule || done > word.at)
			continue;
		next = look(rest);
		if (next.len)
			take_word(&behind, &next);
		after = look(behind);
		form = old_form_of(before, word, next, after, has_algorithm);
		to = mempcpy(to, done, word.at - done);
		to = write_form(&form, to);
		done = word.at + word.len;
		if (form.skips) {
			rest = behind;
			/* keep the newline if the line is continued there */
			if (memchr(done, '\n', next.at - done))
				to = mempcpy(to, done, next.at - done);
			done = next.at + next.len;
		}
	}
	return mempcpy(to, done, line.at + line.len - done);
}

size_t old_form_rewrite(struct text text, char *to)
{
	const char *start = to, *end = text.at + text.len;
	struct text line;

	while (text.len) {
		line = take_line(&text);
		to = rewrite_line(line, to, 0);
		/* take_line has removed the newline */
		if (line.at + line.len < end)
			*to++ = '\n';
	}
	return to - start;
}

static const char *find_gone(struct text line)
{
	struct text word, before = { line.at, 0 };
	const char *why = NULL;

	for (; !why && take_word(&line, &word); before = word)
		why = old_form_gone(before, word);
	return why;
}

const char *old_form_next_gone(struct old_form_reader *r)
{
	const char *why = NULL;
	bool has_algorithm;

	while (!why && r->rest.len) {
		struct text line = take_line(&r->rest);

		r->line = r->next + 1;
		r->next = r->line;
		for (size_t i = 0; i < line.len; i++)
			r->next += line.at[i] == '\n';
		if (is_rule(line, &has_algorithm))
			why = find_gone(line);
	}
	return why;
}
