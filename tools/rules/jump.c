/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where rule files and shell scripts jump to QUEUE. Reads both alike: what it does
 * not know it passes over. Pure: no I/O, nothing allocated. */
#include <string.h>

#include "jump.h"
#include "jump-family.h"
#include "jump-option.h"

static void skip(struct jump_reader *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		r->line += r->rest.at[i] == '\n';
	r->rest.at += n;
	r->rest.len -= n;
}

static void start_command(struct jump_reader *r)
{
	r->command = r->rest.at;
	r->jumped = r->explained = false;
	r->ipv6 = r->in_ipv6;
	r->told = r->file_told ? TOLD_BY_FILE : TOLD_BY_NOTHING;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Quotes too part words: what stands in them is read like all else, for it may be
 * a command (sh -c "iptables ...") or a variable's value. */
static bool parts_words(char c)
{
	return is_blank(c) || (c && strchr("\n\"';&|()<>`", c));
}

/* Whether a command ends at at, which lies in text. Not by >&, <&, >| and &>, which
 * redirect. */
static bool ends_command(struct text text, const char *at)
{
	char before = at > text.at ? at[-1] : ' ';
	char after = at + 1 < text.at + text.len ? at[1] : ' ';

	if ((*at == '&' || *at == '|') &&
	    (before == '>' || (*at == '&' && (before == '<' || after == '>'))))
		return false;
	return *at && strchr("\n;&|()`", *at);
}

/* The length of what is quoted, with its quotes; 0 if the text does not begin with
 * one that is closed in the same line. */
static size_t quoted_len(struct text t)
{
	/* within double quotes: \" */
	size_t quote = t.len > 1 && *t.at == '\\' ? 1 : 0;
	char mark;

	if (!t.len || (t.at[quote] != '"' && t.at[quote] != '\''))
		return 0;
	mark = t.at[quote];
	for (size_t i = quote + 1; i < t.len && t.at[i] != '\n'; i++) {
		if (t.at[i] == mark && (!quote || t.at[i - 1] == '\\'))
			return i + 1;
		if (!quote && mark == '"' && t.at[i] == '\\')
			i++;
	}
	return 0;
}

/* Options after which a text, quoted or one word, may speak of rules. */
static bool is_explained(struct text word)
{
	static const char *const options[] = {
		"--comment", "--log-prefix", "--nflog-prefix", "--ulog-prefix",
		"--string", "--hex-string",
	};

	if (word.len && word.at[word.len - 1] == '=')
		word.len--;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (text_is(word, options[i]))
			return true;
	return false;
}

static bool is_jump(struct text word)
{
	return word.len && jump_option(word.at, word.len) == word.len;
}

/* QUEUE and what parts it from the option in "-jQUEUE", "--jump=QUEUE". */
static bool take_attached(struct text word, struct text *target)
{
	size_t option = jump_option(word.at, word.len);

	*target = (struct text) { word.at + option, word.len - option };
	return option && text_is(*target, word.at[1] == '-' ? "=QUEUE" : "QUEUE");
}

static void skip_comment(struct jump_reader *r)
{
	struct text line, rest = r->rest;

	text_line(&rest, &line);
	family_read_comment(r, line);
	skip(r, line.len);
}

/* Quoted text in which a semicolon, say, ends no command, and no jump can be. */
static bool is_data(struct text quoted)
{
	bool ends = false;

	for (size_t i = 0; i < quoted.len; i++)
		ends |= ends_command(quoted, quoted.at + i);
	return ends && !text_contains(quoted, "queue");
}

/* How much is left of the quoted text that is being read; 0 if none is. */
static size_t quoted_rest(const struct jump_reader *r)
{
	const char *end = r->quoted.at + r->quoted.len;

	return r->rest.at < end ? end - r->rest.at : 0;
}

/* At $( or `: the command goes on behind what it is given. */
static void enter_substitution(struct jump_reader *r)
{
	r->around.command = r->command;
	r->around.ipv6 = r->ipv6;
	r->around.told = r->told;
}

/* Whether c ends one; then the command around it is the one that is read. */
static bool leave_substitution(struct jump_reader *r, char c)
{
	if (!r->around.command || (c != ')' && c != '`'))
		return false;
	r->command = r->around.command;
	r->ipv6 = r->around.ipv6;
	r->told = r->around.told;
	r->jumped = r->explained = false;
	r->around.command = NULL;
	return true;
}

static void skip_separator(struct jump_reader *r)
{
	char c = *r->rest.at;
	bool begins = r->command == r->rest.at;
	bool ends = ends_command((struct text) { r->command, r->rest.at + r->rest.len -
						 r->command }, r->rest.at);

	if (c == '<' && text_starts(r->rest, "<<") && !text_starts(r->rest, "<<<") &&
	    !(r->rest.at > r->command && r->rest.at[-1] == '<'))
		family_read_here_document(r);
	if (leave_substitution(r, c)) {
		skip(r, 1);
		return;
	}
	if (c == '`' || (c == '(' && r->rest.at > r->command && r->rest.at[-1] == '$'))
		enter_substitution(r);
	skip(r, 1);
	r->starts = is_blank(c) || ends;
	if (c == '\n') {
		family_end_line(r);
		r->around.command = NULL;
	}
	if (ends)
		start_command(r);
	else if (begins && is_blank(c))
		r->command = r->rest.at;
}

/* What lies before the next word. Nothing is read beyond the text. */
static void skip_separators(struct jump_reader *r)
{
	while (r->rest.len) {
		char c = *r->rest.at;
		size_t inside = quoted_rest(r);
		size_t n = quoted_len((struct text) { r->rest.at,
						      inside ? inside : r->rest.len });

		if (n && !inside)
			r->quoted = (struct text) { r->rest.at, n };
		if (n && (r->explained || is_data((struct text) { r->rest.at, n }))) {
			skip(r, n);
			r->explained = r->jumped = false;
		} else if (c == '#' && r->starts && !inside) {
			skip_comment(r);
		} else if (c == '\\' && r->rest.len > 1 &&
			   (r->rest.at[1] == '\n' || r->rest.at[1] == '"')) {
			skip(r, 2);
		} else if (parts_words(c)) {
			skip_separator(r);
		} else {
			return;
		}
	}
}

static struct text take_word(struct jump_reader *r)
{
	struct text word = { r->rest.at, 0 };

	while (word.len < r->rest.len && !parts_words(word.at[word.len]) &&
	       !(word.at[word.len] == '\\' && word.len + 1 < r->rest.len &&
		 (word.at[word.len + 1] == '\n' || word.at[word.len + 1] == '"')))
		word.len++;
	skip(r, word.len);
	r->starts = false;
	return word;
}

/* A rule file, or a part of a script that is one, has a line "*nat" before the rules of
 * a table and COMMIT after them. */
static void look_for_table(struct jump_reader *r, struct text word)
{
	bool alone = !r->rest.len || *r->rest.at == '\n' || *r->rest.at == '\r';

	if (*word.at == '*' && alone)
		r->table = (struct text) { word.at + 1, word.len - 1 };
	else if (text_is(word, "COMMIT"))
		r->table = (struct text) { 0 };
}

void jump_start(struct jump_reader *r, struct text text, bool ipv6)
{
	*r = (struct jump_reader) {
		.rest = text, .quoted = { text.at, 0 }, .line = 1, .in_ipv6 = ipv6,
		.starts = true,
	};
	start_command(r);
}

static bool ends(struct text t, const char *string)
{
	size_t len = strlen(string);

	return t.len >= len && !memcmp(t.at + t.len - len, string, len);
}

/* What a variable may become: X=QUEUE, ${X:-QUEUE}, X=-jQUEUE. A chain may be called
 * LOG-QUEUE. */
static bool may_be_target(struct text word)
{
	bool value = ends(word, "}");

	while (ends(word, "}"))
		word.len--;
	return text_is(word, "QUEUE") || ends(word, "=QUEUE") || ends(word, "-jQUEUE") ||
	       (value && (ends(word, "-QUEUE") || ends(word, "+QUEUE")));
}

/* "-jQUEUE" is one word for the program that gets it; X="-jQUEUE" is not. */
static bool is_quoted_whole(const struct jump_reader *r, struct text word)
{
	char before = word.at > r->command ? word.at[-1] : ' ';

	return (before == '"' || before == '\'') && r->rest.len &&
	       (*r->rest.at == before || *r->rest.at == '\\') &&
	       !(word.at - 1 > r->command && word.at[-2] == '=');
}

static bool is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* A word of its own within what has other words in it: s/QUEUE/DROP/, QUEUE:info,
 * /-jQUEUE$/. $QUEUE and ${QUEUE} are variables, QUEUE= makes one. */
static bool has_in_it(struct text word)
{
	static const char queue[] = "QUEUE";
	size_t len = strlen(queue);

	for (size_t i = 0; i + len <= word.len; i++) {
		char before = i ? word.at[i - 1] : ' ', ahead = i > 1 ? word.at[i - 2] : ' ';
		char after = i + len < word.len ? word.at[i + len] : ' ';

		if (memcmp(word.at + i, queue, len) || is_of_name(after) || after == '=')
			continue;
		if ((!is_of_name(before) && before != '$' &&
		     !(before == '{' && ahead == '$')) ||
		    (before == 'j' && ahead == '-'))
			return true;
	}
	return false;
}

/* Whether the word is worth telling, and what of it. */
static bool judge(const struct jump_reader *r, struct text word, bool jumped,
		  struct jump *jump)
{
	if (take_attached(word, &jump->target) && !is_quoted_whole(r, word)) {
		jump->kind = JUMP;
		return true;
	}
	jump->target = word;
	if (jumped && text_is(word, "QUEUE"))
		jump->kind = JUMP;
	else if (may_be_target(word) || has_in_it(word))
		jump->kind = JUMP_UNCLEAR;
	else if (text_contains(word, "ip_queue") || text_contains(word, "ip6_queue"))
		jump->kind = JUMP_GONE;
	else
		return false;
	return true;
}

/* "QUEUE" is to be replaced with its quotes: two words will be there. */
static void take_quotes(const struct jump_reader *r, struct text *target)
{
	const char *start = target->at, *end = start + target->len;
	const char *limit = r->rest.at + r->rest.len;

	if (start == r->command || (start[-1] != '"' && start[-1] != '\''))
		return;
	start--;
	/* \"QUEUE\", within other quotes */
	if (start > r->command && start[-1] == '\\' && end < limit && *end == '\\') {
		start--;
		end++;
	}
	if (end < limit && *end == target->at[-1])
		*target = (struct text) { start, end + 1 - start };
}

static void take_next_word(struct jump_reader *r, struct text *word, bool *explained)
{
	*word = take_word(r);
	if (word->at == r->command)
		look_for_table(r, *word);
	*explained = r->explained;
	r->jumped = !*explained && is_jump(*word);
	r->explained = !*explained && is_explained(*word);
	if (!*explained)
		family_read_word(r, *word);
}

/* What comes after it in the command, or in the line, tells too. Until the next jump: a
 * line of many shall not take the square of the time. */
static void look_ahead(const struct jump_reader *r, struct jump *jump)
{
	struct jump_reader ahead = *r;
	struct text word;
	bool explained;

	for (;;) {
		jump->ipv6 = ahead.ipv6;
		jump->told = ahead.told != TOLD_BY_NOTHING;
		jump->by_file = ahead.told == TOLD_BY_FILE;
		skip_separators(&ahead);
		if (!ahead.rest.len || ahead.command != r->command || ahead.jumped)
			break;
		take_next_word(&ahead, &word, &explained);
	}
	if (!jump->told)
		family_find_reader(r, jump);
}

bool jump_next(struct jump_reader *r, struct jump *jump)
{
	struct text word;
	bool jumped, explained;

	for (;;) {
		skip_separators(r);
		if (!r->rest.len)
			return false;
		*jump = (struct jump) { .line = r->line };
		jumped = r->jumped;
		take_next_word(r, &word, &explained);
		if (explained || !judge(r, word, jumped, jump))
			continue;
		jump->ipv6 = r->ipv6;
		jump->told = r->told != TOLD_BY_NOTHING;
		jump->by_file = r->told == TOLD_BY_FILE;
		jump->table = r->table;
		if (jump->kind == JUMP) {
			take_quotes(r, &jump->target);
			look_ahead(r, jump);
		}
		return true;
	}
}

/* The length of $(...) or `...` at the beginning of t and in its line, 0 if none is. */
static size_t substitution_len(struct text t)
{
	char end = *t.at == '`' ? '`' : ')';

	if (*t.at != '`' && !text_starts(t, "$("))
		return 0;
	for (size_t i = 1; i < t.len && t.at[i] != '\n'; i++)
		if (t.at[i] == end)
			return i + 1;
	return 0;
}

struct text jump_command(const struct jump_reader *r)
{
	struct text rest = r->rest;
	size_t inside = quoted_rest(r);

	/* the whole of "iptables ..." or, in -j "QUEUE" ..., what comes after that too */
	if (inside && r->command > r->quoted.at) {
		rest.len = inside - 1;
	} else {
		rest.at += inside;
		rest.len -= inside;
	}
	while (rest.len) {
		size_t n = r->around.command ? 0 : substitution_len(rest);

		if (!n && (ends_command((struct text) { r->command, rest.at + rest.len -
							r->command }, rest.at) ||
			   (*rest.at == '#' && is_blank(rest.at[-1]))))
			break;
		if (!n)
			n = *rest.at == '\\' && rest.len > 1 ? 2 : quoted_len(rest);
		n = n ? n : 1;
		rest.at += n;
		rest.len -= n;
	}
	return (struct text) { r->command, rest.at - r->command };
}
