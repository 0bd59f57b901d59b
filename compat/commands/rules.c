/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes jumps to QUEUE into jumps to NFQUEUE, in arguments of iptables and in lines for
 * iptables-restore. Pure: no I/O, nothing allocated. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "jump-option.h"
#include "old-form.h"
#include "rules.h"
#include "settings.h"

/* Returns a pointer to the first character after the number; NULL if there is
 * no valid number. */
static const char *read_number(const char *text, uint16_t *number)
{
	const char *start = text;
	unsigned int n = 0;

	for (; *text >= '0' && *text <= '9' && n <= UINT16_MAX; text++)
		n = 10 * n + (*text - '0');
	*number = n;
	return text > start && n <= UINT16_MAX ? text : NULL;
}

bool nfqueue_read(const char *setting, struct nfqueue *queue)
{
	uint16_t first, last;
	const char *end = read_number(setting, &first);

	last = first;
	if (end && (*end == '-' || *end == ':'))
		end = read_number(end + 1, &last);
	if (!end || *end || first > last || last - first >= SETTINGS_RANGE_MAX)
		return false;
	/* written anew: iptables reads 010 as octal, and --queue-balance needs two
	 * different numbers */
	if (first == last) {
		queue->option = "--queue-num";
		snprintf(queue->numbers, sizeof(queue->numbers), "%u", first);
	} else {
		queue->option = "--queue-balance";
		snprintf(queue->numbers, sizeof(queue->numbers), "%u:%u", first, last);
	}
	return true;
}

/* Longer than any word that matters here. */
#define WORD_MAX 16

enum word {
	OTHER,
	/* The next word is any text, even if it looks like an option. */
	TEXT_FOLLOWS,
	JUMP,			/* the next word is the target */
	QUEUE,			/* the target, after JUMP */
	JUMP_TO_QUEUE,		/* option and target in one word */
};

static bool is(const char *word, size_t len, const char *name)
{
	return len == strlen(name) && !memcmp(word, name, len);
}

/* Classifies a word that begins with an option to jump and is longer. Other options in
 * the same word are rare, and would have to be kept. */
static enum word classify_target(const char *word, size_t option, size_t len)
{
	if (word[1] == '-')
		return is(word + option, len - option, "=QUEUE") ? JUMP_TO_QUEUE : OTHER;
	return is(word, len, "-jQUEUE") ? JUMP_TO_QUEUE : OTHER;
}

/* Whether any text may follow the option, which may be abbreviated as for getopt_long(3).
 * Abbreviations shorter than --st could also be of other options. */
static bool announces_text(const char *word, size_t len)
{
	static const char *const options[] = {
		"--comment", "--log-prefix", "--nflog-prefix", "--ulog-prefix",
		"--string", "--hex-string", "--u32",
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (len >= strlen("--st") && len <= strlen(options[i]) &&
		    !memcmp(word, options[i], len))
			return true;
	return false;
}

static enum word classify(enum word before, const char *word, size_t len)
{
	size_t option = jump_option(word, len);

	if (before == TEXT_FOLLOWS || len >= WORD_MAX)
		return OTHER;
	if (before == JUMP && is(word, len, "QUEUE"))
		return QUEUE;
	if (option)
		return option == len ? JUMP : classify_target(word, option, len);
	return announces_text(word, len) ? TEXT_FOLLOWS : OTHER;
}

static struct text text_at(char *const *words, size_t n)
{
	return words[n] ? text_of(words[n]) : text_of("");
}

static bool has_algorithm(char *const *words)
{
	while (*words && !old_form_is_algorithm(text_of(*words)))
		words++;
	return *words;
}

size_t rules_modern(char **words, const char **to)
{
	bool algorithm = has_algorithm(words);
	struct text before = text_of("");
	size_t n = 0;

	for (size_t i = 0; words[i]; i++) {
		struct text next = text_at(words, i + 1);
		struct old_form form = old_form_of(before, text_of(words[i]), next,
						   next.len ? text_at(words, i + 2) : next,
						   algorithm);

		before = text_of(words[i]);
		if (form.algorithm) {
			to[n++] = "--algo";
			to[n++] = "bm";
		}
		if (form.negated)
			to[n++] = "!";
		/* else it points to a string constant, which is whole */
		if (form.word.at == words[i])
			words[i][form.word.len] = '\0';
		to[n++] = form.word.at;
		i += form.skips;
	}
	return n;
}

size_t rules_words(char *const *words, const struct nfqueue *queue, const char **to)
{
	enum word word = OTHER;
	size_t n = 0;

	for (; *words; words++) {
		word = classify(word, *words, strlen(*words));
		if (word != QUEUE && word != JUMP_TO_QUEUE) {
			to[n++] = *words;
			continue;
		}
		/* -jQUEUE becomes -j NFQUEUE: iptables 1.8.9 does not accept -jNFQUEUE */
		if (word == JUMP_TO_QUEUE)
			to[n++] = "-j";
		to[n++] = "NFQUEUE";
		to[n++] = queue->option;
		to[n++] = queue->numbers;
	}
	return n;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* A word of a line that iptables-restore reads. */
struct token {
	const char *end;
	char plain[WORD_MAX];	/* without quotes; longer words are cut off */
	size_t len;		/* of plain */
};

/* Reads a word as add_param_to_argv of iptables-restore does: a quoted string may begin
 * within a word, and the word ends with it; a backslash escapes the next character, but
 * only within quotes. */
static void take(struct token *token, const char *at, const char *end)
{
	bool quoted = false;

	token->len = 0;
	for (; at < end && (quoted || !is_blank(*at)); at++) {
		if (*at == '"') {
			quoted = !quoted;
			if (quoted)
				continue;
			at++;
			break;
		}
		if (quoted && *at == '\\' && ++at == end)
			break;
		if (token->len < sizeof(token->plain))
			token->plain[token->len++] = *at;
	}
	token->end = at;
}

size_t rules_line(const char *line, size_t len, const struct nfqueue *queue, char *to)
{
	const char *at = line, *end = line + len;
	char *out = to;
	enum word word = OTHER;
	struct token token;

	if (len && *line == '#') {
		memcpy(to, line, len);
		return len;
	}
	while (at < end) {
		if (is_blank(*at)) {
			*out++ = *at++;
			continue;
		}
		take(&token, at, end);
		word = classify(word, token.plain, token.len);
		if (word == QUEUE || word == JUMP_TO_QUEUE) {
			out += sprintf(out, "%sNFQUEUE %s %s",
				       word == JUMP_TO_QUEUE ? "-j " : "",
				       queue->option, queue->numbers);
			/* where a closing quote ended the word, a blank is needed */
			if (token.end < end && !is_blank(*token.end))
				*out++ = ' ';
		} else {
			out = mempcpy(out, at, token.end - at);
		}
		at = token.end;
	}
	return out - to;
}
