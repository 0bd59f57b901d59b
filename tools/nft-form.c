/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translates a rule with the target QUEUE into a command for nft, by means of
 * iptables-translate. Knows nothing of the file that has the rule. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "nft-form.h"
#include "nft-words.h"
#include "report.h"

/* The parts of a line such as "add rule ip filter INPUT udp dport 7 ...". Both point into
 * text, which is to be freed. */
struct line {
	char *text;
	char *place;		/* "ip filter INPUT" */
	char *rule;		/* what follows: matches and verdict */
};

/* Splits a line printed by iptables-translate, without the word nft. Since iptables 1.8.8
 * it is printed as 'add rule ...', in single quotes, without further escapes; before,
 * there were no such quotes, but a backslash before each double quote for nft. Returns
 * false if it is no such line. */
static bool read_line(struct text said, struct line *line)
{
	bool quoted = said.at[0] == '\'' && said.at[said.len - 1] == '\'';
	char *text = format("%.*s", TEXT(said)), *to = text, *rest;
	bool string = false;

	for (size_t i = quoted; i < said.len - quoted; i++) {
		string ^= text[i] == '"';
		/* where two blanks are printed, nft lists the rule with one */
		if ((quoted || text[i] != '\\' || text[i + 1] != '"') &&
		    (string || text[i] != ' ' || text[i + 1] != ' '))
			*to++ = text[i];
	}
	*to = '\0';
	line->text = rest = text;
	for (int words = 0; rest && words < 5; words++) {
		rest = strchr(rest, ' ');
		rest = rest ? rest + 1 : NULL;
		if (words == 1)
			line->place = rest;
	}
	line->rule = rest;
	if (rest)
		rest[-1] = '\0';
	return rest;
}

static const struct variable *variable_at(const struct nft_words *w, const char *at)
{
	for (int i = 0; i < w->variable_count; i++)
		if (!strncmp(at, w->variables[i].stand_in, strlen(w->variables[i].stand_in)))
			return &w->variables[i];
	return NULL;
}

/* Quotes text for a shell: in single quotes, or in double quotes if it contains
 * variables. Sets seen for each variable that was found. The caller frees the result. */
static char *for_shell(const char *text, const struct nft_words *w, bool seen[])
{
	const struct variable *v;
	char *shell = NULL;
	size_t size;
	FILE *out;

	if (!w->variable_count) {
		shell = format("%*s", (int)(4 * strlen(text) + 4), "");
		text_quote(text, shell);
		return shell;
	}
	out = open_memstream(&shell, &size);
	if (!out)
		return format("%s", "");
	fputc('"', out);
	while (*text) {
		v = variable_at(w, text);
		if (v) {
			seen[v - w->variables] = true;
			fputs(v->written, out);
			text += strlen(v->stand_in);
		} else {
			if (strchr("\"\\$`", *text))
				fputc('\\', out);
			fputc(*text++, out);
		}
	}
	fputc('"', out);
	fclose(out);
	return shell;
}

/* Lists the rules of a chain with their handles. Each rule begins with a ^ instead of
 * blanks, and has "queue num" whether nft lists that or "queue to". */
#define LIST "nft -sa list chain %s | sed 's/^[[:blank:]]*/^/; s/ queue to / queue num /'"

/* Lists the handles of a chain's rules in order. A rule is indented by two tabs. */
#define HANDLES "nft -a list chain %s | sed -n 's/^[[:blank:]][[:blank:]].* # handle //p'"

/* iptables counts a chain's rules from 1, nft from 0. Without an index nft inserts at the
 * beginning, as iptables does. */
static char *add_command(const struct nft_words *w, const struct line *line, bool seen[])
{
	int place = w->position ? (int)strtol(w->position, NULL, 10) - 1 : 0;
	char *index = place > 0 ? format(" index %d", place) : format("%s", "");
	char *nft = format("%s rule %s%s %s", w->operation == 'I' ? "insert" : "add",
			   line->place, index, line->rule);
	char *shell = for_shell(nft, w, seen), *command = format("nft %s", shell);

	free(shell);
	free(nft);
	free(index);
	return command;
}

/* nft deletes and replaces a rule by its handle, so the command looks the handle up. */
static char *change_command(const struct nft_words *w, const struct line *line, bool seen[])
{
	char *listed = format("^%s # handle", line->rule), *command;
	char *place = for_shell(line->place, w, seen);
	char *rule = for_shell(w->operation == 'R' ? line->rule : listed, w, seen);

	if (w->operation == 'C')
		command = format(LIST " | grep -qF -e %s", place, rule);
	else if (w->operation == 'D')
		command = format("nft delete rule %s handle \"$(" LIST " | grep -F -e %s | "
				 "sed 's/.* # handle //; q')\"", place, place, rule);
	else
		command = format("nft replace rule %s handle \"$(" HANDLES " | "
				 "sed -n \"%s\"p)\" %s", place, place, w->position, rule);
	free(listed);
	free(place);
	free(rule);
	return command;
}

static const char *print_line(struct nft_form *form, FILE *out, const struct nft_words *w,
			      struct text said)
{
	bool seen[NFT_VARIABLES_MAX] = { false }, all = true;
	bool changes = strchr("DRC", w->operation);
	struct line line;
	char *command;

	if (!read_line(said, &line)) {
		free(line.text);
		return "iptables-translate cannot do this";
	}
	command = changes ? change_command(w, &line, seen) : add_command(w, &line, seen);
	for (int i = 0; i < w->variable_count; i++)
		all &= seen[i];
	if (all)
		fprintf(out, "%s%s\n", command, w->redirections ? w->redirections : "");
	form->variables |= all && w->variable_count;
	form->handles |= all && changes;
	free(command);
	free(line.text);
	return all ? NULL : "a shell would fill this in";
}

static const char *why_not(const struct command *c)
{
	switch (c->end) {
	case COMMAND_MISSING:
		return NFT_FORM_MISSING;
	case COMMAND_TOO_LONG:
		return "iptables-translate took too long and was stopped";
	case COMMAND_TOO_MUCH:
		return "iptables-translate printed too much and was stopped";
	default:
		return "iptables-translate cannot do this";
	}
}

static const char *translate(struct nft_form *form, FILE *out, const struct nft_words *w)
{
	const char *why = NULL;
	struct text rest, line;
	struct command c;

	command_run(&c, (const char *const *)w->argv);
	rest = (struct text) { c.output, c.len };
	/* "nft # -A ..." means that iptables-translate cannot translate it */
	if (c.end != COMMAND_DONE || !text_starts(rest, "nft ") || text_starts(rest, "nft #"))
		why = why_not(&c);
	while (!why && text_line(&rest, &line))
		if (text_starts(line, "nft ") && line.len > 5)
			why = print_line(form, out, w, (struct text) { line.at + 4,
								       line.len - 4 });
	command_free(&c);
	return why;
}

const char *nft_form(struct nft_form *form, FILE *out, const struct jump *jump,
		     struct text command, unsigned int queue)
{
	struct nft_words words;
	const char *why;

	nft_words_read(&words, jump, command,
		       jump->ipv6 ? "ip6tables-translate" : "iptables-translate", queue);
	why = words.obstacle ? words.obstacle : translate(form, out, &words);
	nft_words_free(&words);
	return why;
}
