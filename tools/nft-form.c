/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule with the target QUEUE as nft has it, by iptables-translate. Knows nothing
 * of the file it stands in. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "nft-form.h"
#include "report.h"

#define WORDS_MAX 256

struct arguments {
	const char *argv[WORDS_MAX + 1];
	int count;
	const char *obstacle;	/* why there can be no nft form */
};

static void put(struct arguments *a, const char *word)
{
	if (a->count < WORDS_MAX)
		a->argv[a->count++] = word;
	else
		a->obstacle = "it has too many words";
}

/* What is quoted in nft's language has no way to hold such a character. */
static bool is_quotable(const char *word)
{
	for (; *word; word++)
		if ((unsigned char)*word < 0x20 || *word == 0x7f || *word == '"')
			return false;
	return true;
}

/* Returns where there is room left. */
static char *put_unquoted(struct arguments *a, struct text word, char *room)
{
	text_unquote(word, room, word.len + 1);
	if (!is_quotable(room))
		a->obstacle = "nft cannot quote what stands in it";
	put(a, room);
	return room + strlen(room) + 1;
}

/* What a shell would put in the place of a word is not known here. */
static bool is_plain(struct text word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!word.at[i] || strchr("$`<>", word.at[i]))
			return false;
	return true;
}

/* The command as arguments of iptables, with NFQUEUE in the place of its target; words
 * is room for them. */
static void read_arguments(struct arguments *a, struct text rest, const char *target,
			   const char *queue, char *words)
{
	struct text word;
	bool begun = false;

	while (text_word(&rest, &word, QUOTES_SHELL)) {
		/* before come counters, sudo, the command itself */
		begun |= *word.at == '-';
		if (!begun)
			continue;
		if (!is_plain(word))
			a->obstacle = "a shell would fill this in";
		if (word.at <= target && target < word.at + word.len) {
			/* -jQUEUE is two in one */
			word.len = target - word.at;
			if (word.len)
				words = put_unquoted(a, word, words);
			put(a, "NFQUEUE");
			put(a, "--queue-num");
			put(a, queue);
			continue;
		}
		words = put_unquoted(a, word, words);
	}
}

/* Since iptables 1.8.8 a line is "nft 'add rule ...'", whatever stands within; before
 * there were no quotes, but a backslash ahead of those that nft is to see. Printed so
 * that a shell reads it as it is. */
static void print_line(struct text line)
{
	bool quoted = line.at[0] == '\'' && line.at[line.len - 1] == '\'';
	char *rule = format("%.*s", TEXT(line)), *shell, *to = rule;

	for (size_t i = quoted; i < line.len - quoted; i++)
		if (quoted || line.at[i] != '\\' || rule[i + 1] != '"')
			*to++ = line.at[i];
	*to = '\0';
	shell = malloc(4 * strlen(rule) + 4);
	if (shell)
		text_quote(rule, shell);
	printf("nft %s\n", shell ? shell : "");
	free(rule);
	free(shell);
}

static const char *translate(const struct arguments *a)
{
	const char *why = NULL;
	struct text rest, line;
	struct command c;

	command_run(&c, a->argv);
	rest = (struct text) { c.output, c.len };
	if (c.end == COMMAND_MISSING)
		why = NFT_FORM_MISSING;
	/* "nft # -A ..." says that there is no such thing */
	else if (c.end != COMMAND_DONE || !text_starts(rest, "nft ") ||
		 text_starts(rest, "nft #"))
		why = "iptables-translate cannot do this";
	while (!why && text_line(&rest, &line))
		if (text_starts(line, "nft ") && line.len > 5)
			print_line((struct text) { line.at + 4, line.len - 4 });
	command_free(&c);
	return why;
}

const char *nft_form(const struct jump *jump, struct text command, unsigned int queue)
{
	const char *tool = jump->ipv6 ? "ip6tables-translate" : "iptables-translate";
	struct arguments a = { 0 };
	char *words = malloc(2 * command.len + 2), *table = NULL;
	char number[8];

	if (!words)
		return "out of memory";
	snprintf(number, sizeof(number), "%u", queue);
	put(&a, tool);
	if (jump->table.len) {
		table = strndup(jump->table.at, jump->table.len);
		put(&a, "-t");
		put(&a, table);
	}
	read_arguments(&a, command, jump->target.at, number, words);
	if (!a.obstacle)
		a.obstacle = translate(&a);
	free(words);
	free(table);
	return a.obstacle;
}
