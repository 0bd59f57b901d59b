/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a command that changes rules into arguments for iptables-translate. What
 * iptables-translate would not accept, but nft or a shell does, is recorded apart:
 * position, redirections and variables. Knows nothing of nft's language. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "nft-words.h"
#include "report.h"

static const char filled_in[] = "a shell would fill this in";

static void put(struct nft_words *w, char *word)
{
	if (w->count < NFT_WORDS_MAX) {
		w->argv[w->count++] = word;
		return;
	}
	w->obstacle = "it has too many words";
	free(word);
}

static void append(char **to, struct text t)
{
	char *longer = format("%s %.*s", *to ? *to : "", TEXT(t));

	free(*to);
	*to = longer;
}

/* Whether the word can be quoted in nft's language, which has no
 * escapes within quotes. */
static bool is_quotable(const char *word)
{
	for (; *word; word++)
		if ((unsigned char)*word < 0x20 || *word == 0x7f || *word == '"')
			return false;
	return true;
}

static bool is_among(struct text word, const char *const options[])
{
	for (; *options; options++)
		if (text_is(word, *options))
			return true;
	return false;
}

/* The kinds of values, told by the option before them. A placeholder that
 * iptables-translate accepts there is passed instead of a shell variable. */
enum kind { TEXT_KIND, ADDRESS, PORT, MARK, PROTOCOL, UNKNOWN };

static enum kind kind_of(struct text option)
{
	static const char *const texts[] = {
		"-i", "-o", "--in-interface", "--out-interface", "-t", "--table",
		"-A", "-I", "-D", "-R", "-C", "--append", "--insert", "--delete",
		"--replace", "--check", "--comment", NULL,
	};
	static const char *const addresses[] = {
		"-s", "-d", "--source", "--destination", "--src", "--dst", NULL,
	};
	static const char *const ports[] = {
		"--dport", "--sport", "--destination-port", "--source-port", "--dports",
		"--sports", "--ports", "--destination-ports", "--source-ports", NULL,
	};
	static const char *const marks[] = { "--mark", NULL };
	static const char *const protocols[] = { "-p", "--protocol", "--proto", NULL };

	return is_among(option, texts) ? TEXT_KIND : is_among(option, addresses) ? ADDRESS :
	       is_among(option, ports) ? PORT : is_among(option, marks) ? MARK :
	       is_among(option, protocols) ? PROTOCOL : UNKNOWN;
}

/* Returns the length of $NAME, ${...} or $1 at the beginning of t; 0 if there is none. */
static size_t variable_len(struct text t)
{
	size_t len = 1;

	if (t.len < 2 || *t.at != '$')
		return 0;
	if (t.at[1] == '{') {
		const char *end = memchr(t.at, '}', t.len);

		return end ? (size_t)(end + 1 - t.at) : 0;
	}
	if (isdigit((unsigned char)t.at[1]))
		return 2;
	while (len < t.len && (isalnum((unsigned char)t.at[len]) || t.at[len] == '_'))
		len++;
	return len > 1 ? len : 0;
}

static char *stand_in(enum kind kind, int n, bool ipv6)
{
	switch (kind) {
	case TEXT_KIND:
		return format("ipqv%dx", n);
	case ADDRESS:
		return ipv6 ? format("2001:db8:5157::1%02x", n) :
			format("198.51.100.%d", 100 + n);
	case PORT:
		return format("%d", 64900 + n);
	case MARK:
		return format("0x7e51%02x", n);
	default:
		return format("%d", 253);
	}
}

/* Records a variable, or text that begins with one, and returns its placeholder. */
static const char *put_aside(struct nft_words *w, enum kind kind, struct text written,
			     struct text command, bool ipv6)
{
	struct variable *v = &w->variables[w->variable_count];

	if (w->variable_count == NFT_VARIABLES_MAX) {
		w->obstacle = "it has too many variables";
		return "";
	}
	v->stand_in = stand_in(kind, w->variable_count++, ipv6);
	v->written = format("%.*s", TEXT(written));
	if (text_contains(command, v->stand_in) || strpbrk(v->written, "\"'\\`"))
		w->obstacle = filled_in;
	return v->stand_in;
}

/* Returns the length of a variable and of a prefix length after it (/24): one placeholder
 * stands for both. */
static size_t address_len(struct text word, size_t variable)
{
	size_t n = variable;

	if (n < word.len && word.at[n] == '/')
		while (++n < word.len && isdigit((unsigned char)word.at[n]))
			;
	return n;
}

/* Returns a copy of the word, which contains a $, with placeholders instead of variables.
 * The caller frees it. */
static char *without_variables(struct nft_words *w, struct text word, enum kind kind,
			       struct text command, bool ipv6)
{
	char *made = format("%s", ""), *longer;
	struct text rest = word;
	size_t n;

	/* whether a $ within such quotes is a variable is not examined */
	if (kind == UNKNOWN || memchr(word.at, '\'', word.len) ||
	    memchr(word.at, '\\', word.len) || memchr(word.at, '`', word.len))
		w->obstacle = filled_in;
	for (; rest.len; rest.at += n, rest.len -= n) {
		bool variable = *rest.at == '$';

		n = variable ? variable_len(rest) : 1;
		if (!n || w->obstacle) {
			w->obstacle = filled_in;
			break;
		}
		if (variable && kind == ADDRESS)
			n = address_len(rest, n);
		if ((kind == ADDRESS || kind == MARK || kind == PROTOCOL) &&
		    n + (word.at[0] == '"') * 2 != word.len && variable)
			w->obstacle = filled_in;
		longer = variable ?
			format("%s%s", made, put_aside(w, kind, (struct text) { rest.at, n },
						       command, ipv6)) :
			format("%s%.*s", made, *rest.at == '"' ? 0 : 1, rest.at);
		free(made);
		made = longer;
	}
	return made;
}

static char *unquoted(struct nft_words *w, struct text word)
{
	char *room = malloc(word.len + 1);

	if (!room)
		return format("%s", "");
	text_unquote(word, room, word.len + 1);
	if (!is_quotable(room))
		w->obstacle = "nft cannot quote a character in it";
	return room;
}

/* Returns the index of a redirection operator in the word, including the descriptor
 * before it; the length of the word if there is none. */
static size_t find_redirection(struct text word)
{
	char quote = '\0';

	for (size_t i = 0; i < word.len; i++) {
		char c = word.at[i];

		if (quote) {
			quote = c == quote ? '\0' : quote;
		} else if (c == '\\') {
			i++;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '<' || c == '>') {
			size_t digits = 0;

			while (digits < i && isdigit((unsigned char)word.at[digits]))
				digits++;
			if (digits == i)
				return 0;
			return word.at[i - 1] == '&' ? i - 1 : i;
		}
	}
	return word.len;
}

/* Whether the name of the file is the next word. */
static bool awaits_file(struct text redirection)
{
	return strchr("<>&|", redirection.at[redirection.len - 1]);
}

/* Returns 'A', 'I', 'D', 'R' or 'C' if the word is such an option, else 0. The chain may
 * be in the same word (-AINPUT). */
static char operation_of(struct text word, struct text *chain)
{
	static const char *const names[] = {
		"--append", "--insert", "--delete", "--replace", "--check",
	};

	*chain = (struct text) { 0 };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (word.len > 3 && word.len <= strlen(names[i]) &&
		    !memcmp(names[i], word.at, word.len))
			return toupper((unsigned char)names[i][2]);
	if (word.len < 2 || *word.at != '-' || !strchr("AIDRC", word.at[1]))
		return 0;
	*chain = (struct text) { word.at + 2, word.len - 2 };
	return word.at[1];
}

static bool is_number(struct text word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!isdigit((unsigned char)word.at[i]))
			return false;
	return word.len > 0;
}

/* Removes options for the family, since the name of the tool says it. Other options in
 * the same word stay (-4v). */
static struct text without_family(struct text word, char room[16])
{
	size_t n = 0;

	if (text_is(word, "--ipv4") || text_is(word, "--ipv6"))
		return (struct text) { 0 };
	for (size_t i = 0; i < word.len; i++)
		if (n == 15 || !strchr(i ? "46fvj" : "-", word.at[i]))
			return word;
		else if (word.at[i] != '4' && word.at[i] != '6')
			room[n++] = word.at[i];
	return (struct text) { room, n > 1 ? n : 0 };
}

struct place {
	const struct jump *jump;
	struct text command;
	struct text option;	/* the previous word, if it was an option */
	unsigned int queue;
	bool begun;		/* sudo, counters and the tool's name are behind us */
	bool done;		/* the target has been replaced */
	char operation;		/* as in struct nft_words; 0 before it was read */
	int chain;		/* 1: the next word is the chain, 2: the last one was */
};

/* Replaces the target in a word that is the target, or -j and the target in one. */
static void take_target(struct nft_words *w, struct place *p, struct text word)
{
	word.len = p->jump->target.at - word.at;
	if (word.len)
		put(w, unquoted(w, word));
	p->done = true;
	put(w, format("NFQUEUE"));
	put(w, format("--queue-num"));
	put(w, format("%u", p->queue));
}

static void take_word(struct nft_words *w, struct place *p, struct text word)
{
	struct text chain, left;
	char room[16], operation;

	if (word.at <= p->jump->target.at && p->jump->target.at < word.at + word.len) {
		take_target(w, p, word);
		return;
	}
	if (p->chain == 2 && strchr("IR", w->operation) &&
	    (is_number(word) || (w->operation == 'R' && variable_len(word) == word.len))) {
		p->chain = 0;
		free(w->position);
		w->position = format("%.*s", TEXT(word));
		return;
	}
	p->chain = p->chain == 1 ? 2 : 0;
	operation = p->chain ? 0 : operation_of(word, &chain);
	if (operation) {
		if (p->operation)
			w->obstacle = "it adds or changes more than one rule";
		p->operation = w->operation = operation;
		p->chain = chain.len ? 2 : 1;
		put(w, format("%s", operation == 'I' ? "-I" : "-A"));
		p->option = text_of("-A");
		if (!chain.len)
			return;
		word = chain;
	}
	left = memchr(word.at, '$', word.len) || *word.at != '-' ? word :
	       without_family(word, room);
	if (!left.len)
		return;
	if (memchr(left.at, '$', left.len) || memchr(left.at, '`', left.len))
		put(w, without_variables(w, left, kind_of(p->option), p->command,
					 p->jump->ipv6));
	else
		put(w, unquoted(w, left));
	/* in "-s ! $NET" the option is still -s */
	if (!text_is(word, "!"))
		p->option = word;
}

/* Whether the word is the command: iptables, ip6tables, or a variable such as $IPT. Words
 * before it do not belong to the rule. */
static bool is_tool(struct text word)
{
	for (size_t i = word.len; i-- > 0; )
		if (word.at[i] == '/') {
			word = (struct text) { word.at + i + 1, word.len - i - 1 };
			break;
		}
	return text_starts(word, "iptables") || text_starts(word, "ip6tables") ||
	       (*word.at != '-' && memchr(word.at, '$', word.len) &&
		(text_contains(word, "ipt") || text_contains(word, "ip6t") ||
		 text_contains(word, "ip4t")));
}

static struct text behind_tool(struct text command, const char *target)
{
	struct text rest = command, word, behind = command;

	while (text_word(&rest, &word, QUOTES_SHELL) && word.at < target &&
	       !(*word.at == '-' && word.len > 1 && strchr("AIDRC", word.at[1])))
		if (is_tool(word))
			behind = rest;
	return behind;
}

/* If a quoted string in the command contains the target, as in echo '-A INPUT -j QUEUE'
 * for iptables-restore, returns the text within the quotes; else the command. */
static struct text innermost(struct text command, const char *target)
{
	struct text rest = command, word;

	while (text_word(&rest, &word, QUOTES_SHELL))
		if ((*word.at == '"' || *word.at == '\'') && word.len > 2 &&
		    word.at < target && target < word.at + word.len - 1 &&
		    memchr(word.at, ' ', target - word.at))
			return (struct text) { word.at + 1, word.len - 2 };
	return command;
}

void nft_words_read(struct nft_words *w, const struct jump *jump, struct text command,
		    const char *tool, unsigned int queue)
{
	struct text rest, word, inner = innermost(command, jump->target.at);
	struct place p = { .jump = jump, .command = command, .queue = queue };
	bool file = false;

	*w = (struct nft_words) { .operation = 'A' };
	put(w, format("%s", tool));
	if (jump->table.len) {
		put(w, format("-t"));
		put(w, format("%.*s", TEXT(jump->table)));
	}
	rest = behind_tool(inner, jump->target.at);
	p.begun = rest.at != inner.at;
	while (text_word(&rest, &word, QUOTES_SHELL)) {
		size_t n = file ? 0 : find_redirection(word);

		p.begun |= *word.at == '-';
		if (!p.begun)
			continue;
		if (n)
			take_word(w, &p, (struct text) { word.at, n });
		word = (struct text) { word.at + n, word.len - n };
		if (!word.len)
			continue;
		append(&w->redirections, word);
		file = !file && awaits_file(word);
	}
	if (!p.done)
		w->obstacle = "the beginning of the rule was not found";
	if (w->operation == 'R' && !w->position)
		w->obstacle = "it does not say which rule it replaces";
}

void nft_words_free(struct nft_words *w)
{
	for (int i = 0; i < w->count; i++)
		free(w->argv[i]);
	for (int i = 0; i < w->variable_count; i++) {
		free(w->variables[i].stand_in);
		free(w->variables[i].written);
	}
	free(w->position);
	free(w->redirections);
}
