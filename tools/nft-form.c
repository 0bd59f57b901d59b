/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule with the target QUEUE as nft has it, by iptables-translate. Knows nothing
 * of the file it stands in but its name. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "nft-form.h"

#define WORDS_MAX 256

struct arguments {
	const char *argv[WORDS_MAX + 1];
	int count;
	bool complete;
};

static void put(struct arguments *a, const char *word)
{
	if (a->count < WORDS_MAX)
		a->argv[a->count++] = word;
	else
		a->complete = false;
}

/* Returns where there is room left. */
static char *put_unquoted(struct arguments *a, struct text word, char *room)
{
	text_unquote(word, room, word.len + 1);
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

/* The rule as arguments of iptables, with NFQUEUE; words is room for them. */
static void read_arguments(struct arguments *a, const struct jump *jump,
			   const char *queue, char *words)
{
	struct text rest = jump->command, word;
	const char *target = jump->target.at;
	bool begun = false;

	while (text_word(&rest, &word, QUOTES_SHELL)) {
		/* before come counters, sudo, the command itself */
		begun |= *word.at == '-';
		if (!begun)
			continue;
		a->complete &= is_plain(word);
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

static void print_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		putchar((unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i]);
	putchar('\n');
}

static bool translate(const struct arguments *a)
{
	struct command c;
	struct text rest, line;
	bool translated;

	command_run(&c, a->argv);
	rest = (struct text) { c.output, c.len };
	/* "nft # -A ..." says that there is no such thing */
	translated = c.end == COMMAND_DONE && text_starts(rest, "nft ") &&
		     !text_starts(rest, "nft #");
	while (translated && text_line(&rest, &line))
		if (line.len)
			print_plain(line.at, line.len);
	command_free(&c);
	return translated;
}

void nft_form(const struct jump *jump, const char *name, unsigned int queue)
{
	const char *tool = jump->ipv6 ? "ip6tables-translate" : "iptables-translate";
	struct arguments a = { .complete = true };
	char *words = malloc(2 * jump->command.len + 2), *table = NULL;
	char number[8];
	bool done = false;

	snprintf(number, sizeof(number), "%u", queue);
	put(&a, tool);
	if (jump->table.len) {
		table = strndup(jump->table.at, jump->table.len);
		put(&a, "-t");
		put(&a, table);
	}
	if (words) {
		read_arguments(&a, jump, number, words);
		done = a.complete && translate(&a);
	}
	if (!done) {
		printf("# %s:%lu: %s; in nft: the matches, then \"queue num %u\": ", name,
		       jump->line, a.complete ? "iptables-translate cannot do this" :
		       "a shell would fill this in", queue);
		print_plain(jump->command.at, jump->command.len);
	}
	free(words);
	free(table);
}
