/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl rules: -j QUEUE in rule files and scripts, turned into NFQUEUE. Reads and
 * writes; what a jump is, jump.c knows. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipqctl.h"
#include "jump.h"
#include "nft-form.h"
#include "proc.h"

#define FILE_MAX (64 << 20)

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "queue", required_argument, NULL, 'q' },
	{ "queue6", required_argument, NULL, 'Q' },
	{ "nft", no_argument, NULL, 'n' },
	{ 0 },
};

static const char help[] =
	"rules [-4|-6] [--queue N] [--queue6 N] [--nft] [FILE]...\n"
	"\n"
	"Writes iptables-save files and shell scripts to standard output with -j QUEUE\n"
	"turned into -j NFQUEUE --queue-num N, which every iptables takes, and all else\n"
	"as it was. No FILE, or -, is standard input. What only a person can decide on\n"
	"is told on standard error.\n"
	"\n"
	"  --queue N     the queue for rules of iptables; 0 by default\n"
	"  --queue6 N    the queue for rules of ip6tables; that of --queue by default\n"
	"  -4, -6        what they are for if neither file nor command tells; -4 by\n"
	"                default\n"
	"  --nft         writes instead, for each rule with that target, what it is for\n"
	"                nft (by iptables-translate)\n"
	"\n"
	"Exit status: 0, 1 if a file cannot be read or iptables-translate is missing, 2\n"
	"for wrong arguments.\n";

struct translation {
	unsigned int queue[2];		/* IPv4, IPv6 */
	bool ipv6, family_given;	/* if nothing tells */
	bool nft;
	bool seen[2];			/* jumps of IPv4, IPv6 */
	bool no_translator;
};

static void remark(const struct translation *t, const char *name,
		   const struct jump *jump)
{
	fprintf(stderr, "ipqctl rules: %s:%lu: ", name, jump->line);
	switch (jump->kind) {
	case JUMP:
		fprintf(stderr, "neither iptables nor ip6tables: took it for %s, "
			"queue %u; -4 or -6 tells\n", jump->ipv6 ? "IPv6" : "IPv4",
			t->queue[jump->ipv6]);
		break;
	case JUMP_UNCLEAR:
		fprintf(stderr, "QUEUE, but not as a word after -j, is left as it is; if "
			"it becomes a target, write NFQUEUE --queue-num %u\n",
			t->queue[jump->ipv6]);
		break;
	case JUMP_GONE:
		fprintf(stderr, "the module ip_queue and its files are gone: "
			"nfnetlink_queue is loaded when needed, LIBIPQ_MAXLEN is "
			"ip_queue_maxlen, ipqctl status is /proc/net/ip_queue\n");
	}
}

/* In one line: what comes after a newline would be no comment. */
static void print_plain(struct text text)
{
	for (size_t i = 0; i < text.len; i++)
		putchar((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f ? ' ' :
			text.at[i]);
}

static void print_nft_form(struct translation *t, const char *name,
			   const struct jump *jump, struct text command)
{
	const char *why = nft_form(jump, command, t->queue[jump->ipv6]);

	if (!why)
		return;
	t->no_translator |= !strcmp(why, NFT_FORM_MISSING);
	fprintf(stderr, "ipqctl rules: %s:%lu: no command for nft: %s\n", name,
		jump->line, why);
	printf("# ");
	print_plain(text_of(name));
	printf(":%lu: %s; in nft: the matches, then \"queue num %u\": ", jump->line, why,
	       t->queue[jump->ipv6]);
	print_plain(command);
	putchar('\n');
}

static void translate(struct translation *t, const char *name, struct text text)
{
	const char *done = text.at;
	struct jump_reader reader;
	struct jump jump;

	jump_start(&reader, text, t->ipv6);
	while (jump_next(&reader, &jump)) {
		bool unsure = !jump.told && !t->family_given &&
			      (t->nft || t->queue[0] != t->queue[1]);

		if (jump.kind != JUMP || unsure)
			remark(t, name, &jump);
		if (jump.kind != JUMP)
			continue;
		t->seen[jump.ipv6] = true;
		if (t->nft) {
			print_nft_form(t, name, &jump, jump_command(&reader));
			continue;
		}
		fwrite(done, 1, jump.target.at - done, stdout);
		/* -jQUEUE: in words of their own, iptables 1.8.9 reads no others */
		if (!isspace((unsigned char)jump.target.at[-1]))
			putchar(' ');
		printf("NFQUEUE --queue-num %u", t->queue[jump.ipv6]);
		done = jump.target.at + jump.target.len;
		/* a shell takes N>file for a redirection of descriptor N */
		if (done < text.at + text.len && (*done == '<' || *done == '>'))
			putchar(' ');
	}
	if (!t->nft)
		fwrite(done, 1, text.at + text.len - done, stdout);
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
			errno == EFBIG ? "; no rule file has more than 64 MiB" : "");
	if (fd > 0)
		close(fd);
	good = content;
	text.at = content;
	if (good)
		translate(t, standard ? "standard input" : name, text);
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
		}
	}
	t->queue[1] = queue6 < 0 ? t->queue[0] : (unsigned int)queue6;
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
		fprintf(stderr, "ipqctl rules: rules of iptables and ip6tables now go to "
			"one queue, which one program with a handle for each may have; "
			"two programs need two: --queue6 N, and LIBIPQ_QUEUE6=N\n");
	return good && !t.no_translator ? 0 : 1;
}

const struct subcommand rules = {
	"rules", "turns -j QUEUE in rule files and scripts into NFQUEUE", help,
	":h46q:Q:n", options, run,
};
