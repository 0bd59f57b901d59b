/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of a larger text, which do not end with a NUL: lines, words, numbers. Pure: no
 * I/O, nothing allocated. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "text.h"

struct text text_of(const char *string)
{
	return (struct text) { string, strlen(string) };
}

bool text_is(struct text t, const char *string)
{
	return t.len == strlen(string) && !memcmp(t.at, string, t.len);
}

bool text_starts(struct text t, const char *string)
{
	size_t len = strlen(string);

	return t.len >= len && !memcmp(t.at, string, len);
}

size_t text_find(struct text t, const char *string)
{
	size_t len = strlen(string);

	for (size_t i = 0; i + len <= t.len; i++)
		if (!strncasecmp(t.at + i, string, len))
			return i;
	return t.len;
}

bool text_contains(struct text t, const char *string)
{
	return text_find(t, string) < t.len;
}

bool text_number(struct text t, unsigned long max, unsigned long *number)
{
	unsigned long n = 0;

	for (size_t i = 0; i < t.len; i++) {
		unsigned long digit = (unsigned char)t.at[i] - '0';

		if (digit > 9 || digit > max || n > (max - digit) / 10)
			return false;
		n = 10 * n + digit;
	}
	*number = n;
	return t.len > 0;
}

static void skip(struct text *t, size_t n)
{
	t->at += n;
	t->len -= n;
}

bool text_line(struct text *rest, struct text *line)
{
	const char *end;

	if (!rest->len)
		return false;
	end = memchr(rest->at, '\n', rest->len);
	*line = (struct text) { rest->at, end ? (size_t)(end - rest->at) : rest->len };
	skip(rest, line->len + !!end);
	return true;
}

/* Returns the length of the quoted string that begins at i; 1 if there is none. */
static size_t unit(struct text t, size_t i, enum quoting quoting)
{
	char quote = t.at[i];
	size_t end = i + 1;

	if (quoting == QUOTES_SHELL && quote == '\\')
		return i + 1 < t.len ? 2 : 1;
	if (quote != '"' && (quoting == QUOTES_NFT || quote != '\''))
		return 1;
	while (end < t.len && t.at[end] != quote)
		end += quoting == QUOTES_SHELL && quote == '"' && t.at[end] == '\\' ?
			2 : 1;
	return end < t.len ? end + 1 - i : 1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

bool text_word(struct text *rest, struct text *word, enum quoting quoting)
{
	size_t len = 0;

	for (;;) {
		if (!rest->len)
			return false;
		/* a line is continued by a backslash */
		if (quoting == QUOTES_SHELL && text_starts(*rest, "\\\n"))
			skip(rest, 2);
		else if (is_blank(*rest->at))
			skip(rest, 1);
		else
			break;
	}
	while (len < rest->len && !is_blank(rest->at[len]) &&
	       !(quoting == QUOTES_SHELL && rest->len - len > 1 &&
		 rest->at[len] == '\\' && rest->at[len + 1] == '\n'))
		len += unit(*rest, len, quoting);
	*word = (struct text) { rest->at, len };
	skip(rest, len);
	return true;
}

void text_unquote(struct text word, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < word.len; ) {
		size_t len = unit(word, i, QUOTES_SHELL);
		char quote = len > 1 ? word.at[i] : '\0';
		size_t from = i + (len > 1), end = i + len - (len > 1 && quote != '\\');

		for (size_t j = from; j < end && n + 1 < size; j++) {
			if (quote == '"' && word.at[j] == '\\' && j + 1 < end)
				j++;
			to[n++] = word.at[j];
		}
		i += len;
	}
	to[n] = '\0';
}

char *text_quote(const char *word, char *to)
{
	size_t plain = 0;

	while (isalnum((unsigned char)word[plain]) ||
	       (word[plain] && strchr("-_.,:/+@%=", word[plain])))
		plain++;
	if (plain && !word[plain])
		return stpcpy(to, word);
	to = stpcpy(to, "'");
	for (; *word; word++)
		if (*word == '\'')
			to = stpcpy(to, "'\\''");
		else
			*to++ = *word;
	return stpcpy(to, "'");
}
