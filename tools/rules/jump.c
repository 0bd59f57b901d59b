/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds jumps to QUEUE in rule files and shell scripts. Reads both in the same way, and
 * passes over what it does not know. Pure: no I/O, nothing allocated. */
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

/* Quotes separate words, too: text within quotes is read like any other, since it may be
 * a command (sh -c "iptables ...") or the value of a variable. */
static bool parts_words(char c)
{
	return is_blank(c) || (c && strchr("\n\"';&|()<>`", c));
}

/* Whether the character at "at", in text, ends a command. In >&, <&, >| and &> it does
 * not, as these are redirections. */
static bool ends_command(struct text text, const char *at)
{
	char before = at > text.at ? at[-1] : ' ';
	char after = at + 1 < text.at + text.len ? at[1] : ' ';

	if ((*at == '&' || *at == '|') &&
	    (before == '>' || (*at == '&' && (before == '<' || after == '>'))))
		return false;
	return *at && strchr("\n;&|()`", *at);
}

/* Returns the length of a quoted string with its quotes. Returns 0 if the text does not
 * begin with a quote, or the string is not closed in the same line. */
static size_t quoted_len(struct text t)
{
	/* within double quotes a quote is written \" */
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

/* Whether any text may follow the option, a quoted string or one word, which is no rule
 * even if it reads like one. */
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

/* Finds the target where it is in one word with the option: -jQUEUE, --jump=QUEUE. The
 * target then includes the '='. */
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

/* Whether quoted text has a character that would end a command (a semicolon, say), and no
 * word QUEUE. Such text can be passed over. */
static bool is_data(struct text quoted)
{
	bool ends = false;

	for (size_t i = 0; i < quoted.len; i++)
		ends |= ends_command(quoted, quoted.at + i);
	return ends && !text_contains(quoted, "queue");
}

/* Returns how many bytes are left of the quoted text that is being read; 0
 * if there is none. */
static size_t quoted_rest(const struct jump_reader *r)
{
	const char *end = r->quoted.at + r->quoted.len;

	return r->rest.at < end ? end - r->rest.at : 0;
}

/* At $( or `: remembers the command around it, which continues after the substitution. */
static void enter_substitution(struct jump_reader *r)
{
	r->around.command = r->command;
	r->around.ipv6 = r->ipv6;
	r->around.told = r->told;
}

/* If c ends the substitution, returns to the command around it. */
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

/* Skips what separates words. Must not read beyond the end of the text. */
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

/* A rule file, which may be part of a script, has a line such as "*nat" before the rules
 * of a table and COMMIT after them. */
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

/* Whether a variable may get QUEUE as its value here: X=QUEUE, ${X:-QUEUE}, X=-jQUEUE.
 * LOG-QUEUE is no such word, since a chain may have that name. */
static bool may_be_target(struct text word)
{
	bool value = ends(word, "}");

	while (ends(word, "}"))
		word.len--;
	return text_is(word, "QUEUE") || ends(word, "=QUEUE") || ends(word, "-jQUEUE") ||
	       (value && (ends(word, "-QUEUE") || ends(word, "+QUEUE")));
}

/* Whether the word is the whole of a quoted string: "-jQUEUE" is one argument and cannot
 * become two. X="-jQUEUE" is not such a word. */
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

/* Whether QUEUE is part of a larger word, but is no part of a name: s/QUEUE/DROP/,
 * QUEUE:info, /-jQUEUE$/. Variables are no such words: $QUEUE, ${QUEUE}, QUEUE=. */
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

/* Whether the word is to be reported, and as which kind. */
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

/* If the target is in quotes, includes them, as two words will be there. */
static void take_quotes(const struct jump_reader *r, struct text *target)
{
	const char *start = target->at, *end = start + target->len;
	const char *limit = r->rest.at + r->rest.len;

	if (start == r->command || (start[-1] != '"' && start[-1] != '\''))
		return;
	start--;
	/* \"QUEUE\", in other quotes */
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

/* Reads on, as words after the jump tell the family, too, in the command or the rest of
 * the line. Stops at the next jump, so that the time for a line with many jumps does not
 * grow as the square of its length. */
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

/* Returns the length of $(...) or `...` at the beginning of t; 0 if there is none that
 * ends in the same line. */
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

	/* of sh -c "iptables ..." the quoted text; with -j "QUEUE" also what
	 * follows the quotes */
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
