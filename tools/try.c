/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl try: accepts packets and shows them, so that users can see whether their rules
 * and queue work. It uses libipq as any program does. */
#include <inttypes.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>
#include <libipq.h>

#include "ipqctl.h"
#include "packet.h"
#include "report.h"
#include "terminal.h"

/* Bytes copied of each packet: enough for all headers. */
#define RANGE 512
#define BUFFER (RANGE + 256)

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "queue", required_argument, NULL, 'q' },
	{ "verdict", required_argument, NULL, 'v' },
	{ "sample", required_argument, NULL, 's' },
	{ "count", required_argument, NULL, 'c' },
	{ 0 },
};

static const char help[] =
	"try [-6] [--queue N] [--verdict accept|drop] [--sample N] [--count N] [--json]\n"
	"\n"
	"Reads the packets that rules send to a queue, prints a line for each (hook,\n"
	"interfaces, protocol, addresses, ports, length, mark, id, verdict) and accepts\n"
	"them. Ends when it is interrupted.\n"
	"\n"
	"  -6, --ipv6             IPv6 packets; a handle gets one family only\n"
	"  --queue N              queue number; LIBIPQ_QUEUE (with -6 first\n"
	"                         LIBIPQ_QUEUE6), or 0, by default\n"
	"  --verdict accept|drop  the verdict for packets; accept by default\n"
	"  --sample N             gives the verdict to every Nth packet, and the other\n"
	"                         verdict to the rest: --verdict drop --sample 10\n"
	"                         drops a tenth of them\n"
	"  --count N              ends after N packets\n"
	"  --json                 prints an object in each line\n"
	"\n"
	"Exit status: 0, 1 if the queue cannot be bound, 2 for wrong arguments.\n";

struct trial {
	int family;
	unsigned int verdict;
	unsigned long sample, count;	/* numbers of packets; count 0: go on for ever */
	bool json;
	bool colours;
};

static void print_line(const ipq_packet_msg_t *m, size_t len, unsigned int verdict,
		       bool colours)
{
	char text[PACKET_TEXT_MAX];

	packet_describe(m, len, text);
	printf("%s: %s%s%s\n", text,
	       colour(colours, verdict == NF_ACCEPT ? COLOUR_GOOD : COLOUR_BAD),
	       verdict == NF_ACCEPT ? "accept" : "drop", colour(colours, COLOUR_END));
}

static void print_json(const ipq_packet_msg_t *m, const struct packet *p,
		       unsigned int verdict)
{
	char number[8];

	printf("{ \"hook\": \"%s\", \"in\": ", packet_hook(m->hook));
	json_string(text_of(m->indev_name));
	printf(", \"out\": ");
	json_string(text_of(m->outdev_name));
	printf(", \"protocol\": \"%s\", \"from\": \"%s\", \"to\": \"%s\"",
	       packet_protocol(p, number), p->from, p->to);
	if (p->has_ports)
		printf(", \"from_port\": %u, \"to_port\": %u", p->from_port, p->to_port);
	printf(", \"length\": %zu, \"mark\": %lu, \"id\": %lu, \"verdict\": \"%s\" }\n",
	       p->len, m->mark, m->packet_id, verdict == NF_ACCEPT ? "accept" : "drop");
}

static unsigned int verdict_of(const struct trial *t, unsigned long seen)
{
	if (seen % t->sample == 0)
		return t->verdict;
	return t->verdict == NF_ACCEPT ? NF_DROP : NF_ACCEPT;
}

static int fail(struct ipq_handle *h)
{
	ipq_perror("ipqctl try");
	ipq_destroy_handle(h);
	return 1;
}

static int watch(const struct trial *t, struct ipq_handle *h)
{
	_Alignas(struct nlmsghdr) unsigned char buf[BUFFER];
	unsigned long seen = 0;
	struct packet packet;
	ipq_packet_msg_t *m;
	unsigned int verdict;
	int error;

	while (!t->count || seen < t->count) {
		if (ipq_read(h, buf, sizeof(buf), 0) < 0)
			return fail(h);
		if (ipq_message_type(buf) == NLMSG_ERROR) {
			error = ipq_get_msgerr(buf);
			/* the packet is no longer queued, as its interface
			 * was removed, say */
			if (error == ENOENT)
				continue;
			/* with LIBIPQ_DEBUG the library has explained these already */
			if (error == EBUSY)
				fprintf(stderr, "ipqctl try: choose another queue "
					"number with --queue N\n");
			else if (error != EPERM)
				fprintf(stderr, "ipqctl try: the kernel has refused it: %s\n",
					strerror(error));
			ipq_destroy_handle(h);
			return 1;
		}
		m = ipq_get_packet(buf);
		verdict = verdict_of(t, ++seen);
		packet_parse(m->payload, m->data_len, &packet);
		if (ipq_set_verdict(h, m->packet_id, verdict, 0, NULL) < 0)
			return fail(h);
		if (t->json)
			print_json(m, &packet, verdict);
		else
			print_line(m, sizeof(*m) + m->data_len, verdict, t->colours);
		if (fflush(stdout) || ferror(stdout))
			break;
	}
	ipq_destroy_handle(h);
	return 0;
}

static void set_queue(int family, uint16_t number)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", number);
	setenv(family == AF_INET6 ? "LIBIPQ_QUEUE6" : "LIBIPQ_QUEUE", text, 1);
}

static int run(int argc, char *argv[])
{
	struct trial t = { .family = AF_INET, .verdict = NF_ACCEPT, .sample = 1,
			   .colours = terminal_colours() };
	struct ipq_handle *h;
	long number = -1;

	for (int c; (c = next_option(&try_queue, argc, argv)) != -1; ) {
		switch (c) {
		case 'j':
			t.json = true;
			break;
		case '6':
			t.family = AF_INET6;
			break;
		case 'q':
			number = number_argument(&try_queue, "--queue", 0, UINT16_MAX);
			break;
		case 'v':
			if (strcmp(optarg, "accept") && strcmp(optarg, "drop"))
				usage_error(&try_queue,
					    "--verdict %s: expected accept or drop", optarg);
			t.verdict = *optarg == 'd' ? NF_DROP : NF_ACCEPT;
			break;
		case 's':
			t.sample = number_argument(&try_queue, "--sample", 1, UINT32_MAX);
			break;
		case 'c':
			t.count = number_argument(&try_queue, "--count", 1, UINT32_MAX);
			break;
		}
	}
	no_more_arguments(&try_queue, argc, argv);
	if (number >= 0)
		set_queue(t.family, number);
	/* the library will say which process owns the queue, and what helps */
	setenv("LIBIPQ_DEBUG", "1", 1);
	h = ipq_create_handle(0, t.family);
	if (!h || ipq_set_mode(h, IPQ_COPY_PACKET, RANGE) < 0)
		return fail(h);
	return watch(&t, h);
}

const struct subcommand try_queue = {
	"try", "reads packets from a queue, shows them and accepts them", help,
	":h6jq:v:s:c:", options, run,
};
