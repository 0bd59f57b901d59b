/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the input of the iptables wrappers: a setting of at most 16 bytes, then rules,
 * which are passed both as lines for iptables-restore and as arguments. Both must give
 * the same words. */
#include <stdbool.h>

#include "fuzz.h"
#include "rules.h"

#define SETTING_MAX 16
#define WORDS_MAX 4096

/* Splits a line into arguments as iptables-restore does; written independently of it and
 * of the code under test. */
static size_t words_of(const char *line, size_t len, char *room, char **words)
{
	enum { BETWEEN, WORD, QUOTED, ESCAPED } state = BETWEEN;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = line[i];

		if (state == ESCAPED) {
			*room++ = c;
			state = QUOTED;
		} else if (state == QUOTED && c == '\\') {
			state = ESCAPED;
		} else if (state == QUOTED && c != '"') {
			*room++ = c;
		} else if (state == QUOTED || (state == WORD && strchr(" \t\n", c))) {
			*room++ = '\0';
			state = BETWEEN;
		} else if (state == BETWEEN && strchr(" \t\n", c)) {
			continue;
		} else {
			if (state == BETWEEN)
				words[n++] = room;
			state = c == '"' ? QUOTED : WORD;
			if (c != '"')
				*room++ = c;
		}
	}
	*room = '\0';
	words[n] = NULL;
	return n;
}

static bool is_beginning(const char *text, const char *whole)
{
	return strlen(text) > 2 && !strncmp(text, whole, strlen(text));
}

static bool tells_to_jump(const char *word)
{
	size_t n = strlen(word);

	return is_beginning(word, "--jump") ||
	       (n > 1 && *word == '-' && strspn(word + 1, "46fv") == n - 2 &&
		word[n - 1] == 'j');
}

/* Whether the option's argument may be any text. */
static bool announces_text(const char *word)
{
	static const char *const names[] = {
		"--comment", "--log-prefix", "--nflog-prefix", "--ulog-prefix",
		"--string", "--hex-string", "--u32",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(word) > 3 && is_beginning(word, names[i]))
			return true;
	return false;
}

/* Words that do not belong to a jump to QUEUE must be passed on unchanged, by
 * the same pointers. */
static void check_words(char *const *words, size_t count, const char *const *to, size_t n,
			const struct nfqueue *queue)
{
	bool is_text = false;
	size_t i = 0, j = 0;

	while (j < n) {
		if (i < count && to[j] == words[i]) {
			is_text = !is_text && announces_text(words[i]);
			i++, j++;
			continue;
		}
		CHECK(!is_text && i < count);
		if (!strcmp(words[i], "QUEUE")) {
			CHECK(i && tells_to_jump(words[i - 1]));
		} else {
			char *target = strstr(words[i], "QUEUE");

			CHECK(target && !target[strlen("QUEUE")]);
			CHECK(!strcmp(words[i], "-jQUEUE") || target[-1] == '=');
			CHECK(!strcmp(to[j++], "-j"));
		}
		CHECK(n - j >= 3 && !strcmp(to[j], "NFQUEUE") &&
		      to[j + 1] == queue->option && to[j + 2] == queue->numbers);
		i++;
		j += 3;
	}
	CHECK(i == count);
}

static char *line_of(const char *line, size_t len, const struct nfqueue *queue, size_t *n)
{
	char *to = malloc(RULES_LINE_MAX(len) + 1);

	CHECK(to);
	*n = rules_line(line, len, queue, to);
	CHECK(*n <= RULES_LINE_MAX(len));
	to = realloc(to, *n + !*n);
	CHECK(to);
	return to;
}

static void try_line(const char *bytes, size_t len, const struct nfqueue *queue)
{
	static char *words[WORDS_MAX], room[2 * WORDS_MAX], *again[4 * WORDS_MAX],
		    room_again[8 * WORDS_MAX];
	static const char *to[RULES_WORDS_MAX(WORDS_MAX)];
	char *line = copy_of(bytes, len), *once, *twice;
	size_t n, n_twice, count;

	once = line_of(line, len, queue, &n);
	twice = line_of(once, n, queue, &n_twice);
	CHECK(n_twice == n && !memcmp(once, twice, n));
	if (*line == '#') {
		CHECK(n == len && !memcmp(once, line, n));
	} else if (!memchr(line, '\0', len) && len < WORDS_MAX) {
		count = words_of(line, len, room, words);
		n_twice = rules_words(words, queue, to);
		CHECK(n_twice <= RULES_WORDS_MAX(count));
		check_words(words, count, to, n_twice, queue);
		CHECK(words_of(once, n, room_again, again) == n_twice);
		for (size_t i = 0; i < n_twice; i++)
			CHECK(!strcmp(again[i], to[i]));
	}
	free(line);
	free(once);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first = size < SETTING_MAX ? size : SETTING_MAX;
	const char *at = (const char *)data, *end = at + size;
	const char *newline = memchr(data, '\n', first);
	struct nfqueue queue;
	char *setting;

	first = newline ? (size_t)(newline - at) : first;
	setting = strndup(at, first);
	CHECK(setting);
	if (!nfqueue_read(setting, &queue))
		CHECK(nfqueue_read("65279-65534", &queue));
	free(setting);
	CHECK(!rules_line(at, 0, &queue, NULL));
	for (at += first + !!newline; at < end; at = newline) {
		newline = memchr(at, '\n', end - at);
		newline = newline ? newline + 1 : end;
		try_line(at, newline - at, &queue);
	}
	return 0;
}
