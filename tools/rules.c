/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl rules: changes -j QUEUE in rule files and scripts to NFQUEUE. Reads and writes
 * the files; rules/jump.c finds the jumps. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipqctl.h"
#include "jump.h"
#include "line-diff.h"
#include "nft-form.h"
#include "old-form.h"
#include "proc.h"
#include "replace.h"

#define FILE_MAX (64 << 20)

/* Exit status if all was written, but a person has to change something. */
#define LEFT 3

enum { DIFF = 256 };

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "queue", required_argument, NULL, 'q' },
	{ "queue6", required_argument, NULL, 'Q' },
	{ "nft", no_argument, NULL, 'n' },
	{ "in-place", no_argument, NULL, 'i' },
	{ "diff", no_argument, NULL, DIFF },
	{ 0 },
};

static const char help[] =
	"rules [-4|-6] [--queue N] [--queue6 N] [--nft | --in-place | --diff] [FILE]...\n"
	"\n"
	"Writes iptables-save files and shell scripts to standard output, with -j QUEUE\n"
	"changed to -j NFQUEUE --queue-num N, which all kinds of iptables accept, and\n"
	"options of before iptables 1.4.3 (-s ! ADDRESS) in today's form. Nothing else is\n"
	"changed. Without FILE, or with -, reads standard input. What a person has to\n"
	"decide is reported on standard error.\n"
	"\n"
	"  --queue N     queue number for rules of iptables; 0 by default\n"
	"  --queue6 N    queue number for rules of ip6tables; that of --queue by default\n"
	"  -4, -6        family of rules where neither file nor command tells it; -4 by\n"
	"                default\n"
	"  --nft         writes instead, for each rule with that target, the command for\n"
	"                nft (by iptables-translate)\n"
	"  -i, --in-place  changes the files themselves; the original is kept as\n"
	"                FILE.orig, or FILE.orig.1 and so on\n"
	"  --diff        writes the changes like diff -u; also with --in-place\n"
	"\n"
	"Exit status: 0, 1 if a file cannot be read or replaced or iptables-translate is\n"
	"missing, 2 for wrong arguments, 3 if all was written but something is left to a\n"
	"person.\n";

/* A remark that is made once for each file: the first rule that it applies to, and the
 * number of those rules. */
struct once {
	struct jump first;
	unsigned long count;
};

struct translation {
	unsigned int queue[2];		/* number for IPv4, for IPv6 */
	/* The family where nothing tells it; whether -4 or -6 was given. */
	bool ipv6, family_given;
	bool nft, in_place, diff;
	bool seen[2];			/* a jump for IPv4, for IPv6 was found */
	bool no_translator;
	bool left;			/* something was left to a person */
	const char *name;		/* of the file, for messages */
	/* Rules whose family is a guess; rules whose family is not that of -4 or -6. */
	struct once unsure, overruled;
	struct nft_form form;
};

static void note(struct once *once, const struct jump *jump)
{
	if (!once->count++)
		once->first = *jump;
}

static void begin_remark(struct translation *t, unsigned long line)
{
	fprintf(stderr, "ipqctl rules: %s:%lu: ", t->name, line);
	t->left = true;
}

static void remark(struct translation *t, const struct jump *jump)
{
	begin_remark(t, jump->line);
	if (jump->kind == JUMP_UNCLEAR)
		fprintf(stderr, "QUEUE that is not a word after -j is left unchanged; if "
			"it is used as a target, write NFQUEUE --queue-num %u\n",
			t->queue[jump->ipv6]);
	else
		fprintf(stderr, "the module ip_queue and its files no longer exist: "
			"nfnetlink_queue is loaded when needed; use LIBIPQ_MAXLEN for "
			"ip_queue_maxlen, ipqctl status for /proc/net/ip_queue\n");
}

static void print_more(const struct once *once)
{
	if (once->count > 1)
		fprintf(stderr, "; the same for %lu more rule%s", once->count - 1,
			once->count > 2 ? "s" : "");
	fputc('\n', stderr);
}

static void remark_file(struct translation *t)
{
	const struct jump *jump = &t->unsure.first;

	if (t->unsure.count) {
		begin_remark(t, jump->line);
		fprintf(stderr, "neither iptables nor ip6tables: taken for %s, "
			"queue %u; use -4 or -6", jump->ipv6 ? "IPv6" : "IPv4",
			t->queue[jump->ipv6]);
		print_more(&t->unsure);
	}
	jump = &t->overruled.first;
	if (t->overruled.count) {
		begin_remark(t, jump->line);
		fprintf(stderr, "the file says %s, which overrides -%d: queue %u",
			jump->ipv6 ? "ip6tables" : "iptables", jump->ipv6 ? 4 : 6,
			t->queue[jump->ipv6]);
		print_more(&t->overruled);
	}
	if (t->form.variables)
		fprintf(stderr, "ipqctl rules: %s: variables are kept: their values must be "
			"in nft's form, such as a-b instead of a:b\n", t->name);
	if (t->form.handles)
		fprintf(stderr, "ipqctl rules: %s: nft changes and deletes rules by their "
			"handles: the commands look them up, and find rules that were "
			"added with the same words\n", t->name);
	t->unsure.count = t->overruled.count = 0;
	t->form = (struct nft_form) { 0 };
}

/* Prints the text in one line. It is in a comment, which a newline would end. */
static void print_plain(struct text text)
{
	for (size_t i = 0; i < text.len; i++)
		putchar((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f ? ' ' :
			text.at[i]);
}

static void print_nft_form(struct translation *t, const struct jump *jump,
			   struct text command)
{
	const char *why = nft_form(&t->form, stdout, jump, command,
				   t->queue[jump->ipv6]);

	if (!why)
		return;
	t->no_translator |= !strcmp(why, NFT_FORM_MISSING);
	begin_remark(t, jump->line);
	fprintf(stderr, "no command for nft: %s\n", why);
	printf("# ");
	print_plain(text_of(t->name));
	printf(":%lu: %s; in nft: the matches, then \"queue num %u\": ", jump->line, why,
	       t->queue[jump->ipv6]);
	print_plain(command);
	putchar('\n');
}

static void print_jump(const struct translation *t, const struct jump *jump, FILE *out,
		       struct text after)
{
	/* -jQUEUE becomes -j NFQUEUE: iptables 1.8.9 does not accept -jNFQUEUE */
	if (!isspace((unsigned char)jump->target.at[-1]))
		fputc(' ', out);
	fprintf(out, "NFQUEUE --queue-num %u", t->queue[jump->ipv6]);
	/* a shell takes N>file for a redirection of descriptor N */
	if (after.len && (*after.at == '<' || *after.at == '>'))
		fputc(' ', out);
}

static void remark_gone(struct translation *t, struct text text)
{
	struct old_form_reader r = { .rest = text };
	const char *why;

	while ((why = old_form_next_gone(&r))) {
		begin_remark(t, r.line);
		fprintf(stderr, "%s\n", why);
	}
}

/* Changes the jumps in a text whose other old forms have been replaced (old-form.h).
 * Writes the text to out; or with --nft, the commands for nft to standard output. */
static void translate_jumps(struct translation *t, struct text text, FILE *out)
{
	struct text rest = text;
	struct jump_reader reader;
	struct jump jump;

	jump_start(&reader, text, t->ipv6);
	while (jump_next(&reader, &jump)) {
		if (jump.kind != JUMP) {
			remark(t, &jump);
			continue;
		}
		t->seen[jump.ipv6] = true;
		if (!jump.told && !t->family_given &&
		    (t->nft || t->queue[0] != t->queue[1]))
			note(&t->unsure, &jump);
		if (jump.by_file && t->family_given && jump.ipv6 != t->ipv6)
			note(&t->overruled, &jump);
		if (t->nft) {
			print_nft_form(t, &jump, jump_command(&reader));
			continue;
		}
		fwrite(rest.at, 1, jump.target.at - rest.at, out);
		rest.at = jump.target.at + jump.target.len;
		rest.len = text.at + text.len - rest.at;
		print_jump(t, &jump, out, rest);
	}
	if (!t->nft)
		fwrite(rest.at, 1, rest.len, out);
	remark_file(t);
}

static bool translate(struct translation *t, struct text text, FILE *out)
{
	char *modern = malloc(OLD_FORM_MAX(text.len) + 1);

	if (!modern) {
		fprintf(stderr, "ipqctl rules: %s: %s\n", t->name, strerror(errno));
		return false;
	}
	remark_gone(t, text);
	text.len = old_form_rewrite(text, modern);
	text.at = modern;
	translate_jumps(t, text, out);
	free(modern);
	return true;
}

static bool replace_file(const struct translation *t, struct text before, struct text after)
{
	const char *why;
	char *backup;

	if (before.len == after.len && !memcmp(before.at, after.at, before.len))
		return true;
	why = replace_content(t->name, before, after, &backup);
	if (why)
		fprintf(stderr, "ipqctl rules: %s: %s; the file is unchanged\n", t->name, why);
	else
		fprintf(stderr, "ipqctl rules: %s: changed; the original is %s\n", t->name,
			backup);
	free(backup);
	return !why;
}

/* Changes a file in memory, for --in-place and --diff. */
static bool rework(struct translation *t, struct text before)
{
	struct text after = { NULL, 0 };
	char *text = NULL;
	FILE *out = open_memstream(&text, &after.len);
	bool good = out;

	if (out) {
		good = translate(t, before, out);
		good = !ferror(out) && !fclose(out) && good;
	}
	after.at = text;
	if (!good)
		fprintf(stderr, "ipqctl rules: %s: %s\n", t->name, strerror(ENOMEM));
	if (good && t->diff)
		line_diff(t->name, before, after);
	if (good && t->in_place)
		good = replace_file(t, before, after);
	free(text);
	return good;
}

static bool translate_file(struct translation *t, const char *name)
{
	bool standard = !strcmp(name, "-");
	int fd = standard ? 0 : open(name, O_RDONLY | O_CLOEXEC);
	struct text text = { 0 };
	char *content = NULL;
	bool good;

	if (fd >= 0)
		content = read_all(fd, FILE_MAX, &text.len);
	if (!content)
		fprintf(stderr, "ipqctl rules: %s: %s%s\n", name, strerror(errno),
			errno == EFBIG ? "; at most 64 MiB are read" : "");
	if (fd > 0)
		close(fd);
	good = content;
	text.at = content;
	t->name = standard ? "standard input" : name;
	if (good && (t->in_place || t->diff))
		good = rework(t, text);
	else if (good)
		good = translate(t, text, stdout);
	free(content);
	return good;
}

static void read_options(struct translation *t, int argc, char *argv[])
{
	long queue6 = -1;

	for (int c; (c = next_option(&rules, argc, argv)) != -1; ) {
		switch (c) {
		case '4':
		case '6':
			t->ipv6 = c == '6';
			t->family_given = true;
			break;
		case 'q':
			t->queue[0] = number_argument(&rules, "--queue", 0, UINT16_MAX);
			break;
		case 'Q':
			queue6 = number_argument(&rules, "--queue6", 0, UINT16_MAX);
			break;
		case 'n':
			t->nft = true;
			break;
		case 'i':
			t->in_place = true;
			break;
		case DIFF:
			t->diff = true;
			break;
		}
	}
	t->queue[1] = queue6 < 0 ? t->queue[0] : (unsigned int)queue6;
	if (t->nft && (t->in_place || t->diff))
		usage_error(&rules, "--nft cannot be used with --in-place or --diff");
	for (int i = optind; t->in_place && (i < argc || optind == argc); i++)
		if (optind == argc || !strcmp(argv[i], "-"))
			usage_error(&rules, "--in-place cannot be used with standard input");
}

static int run(int argc, char *argv[])
{
	struct translation t = { 0 };
	bool good = true;

	read_options(&t, argc, argv);
	if (optind == argc)
		good = translate_file(&t, "-");
	for (int i = optind; i < argc; i++)
		good &= translate_file(&t, argv[i]);
	if (t.seen[0] && t.seen[1] && t.queue[0] == t.queue[1])
		fprintf(stderr, "ipqctl rules: rules of iptables and ip6tables now use "
			"one queue, which one program with a handle for each can own; "
			"two programs need two: --queue6 N, and LIBIPQ_QUEUE6=N\n");
	return !good || t.no_translator ? 1 : t.left ? LEFT : 0;
}

const struct subcommand rules = {
	"rules", "changes -j QUEUE in rule files and scripts to NFQUEUE", help,
	":h46q:Q:ni", options, run,
};
