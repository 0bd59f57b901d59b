/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl status: shows the queues that programs with libipq own, in the form of
 * /proc/net/ip_queue and ip6_queue, or line by line while they change. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "ipqctl.h"
#include "judge.h"
#include "port_id.h"
#include "proc.h"
#include "report.h"
#include "terminal.h"

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "watch", no_argument, NULL, 'w' },
	{ "interval", required_argument, NULL, 'i' },
	{ "count", required_argument, NULL, 'c' },
	{ 0 },
};

static const char help[] =
	"status [-4|-6] [--json] [--watch [--interval MS] [--count N]]\n"
	"\n"
	"Shows the queues that programs with libipq own, with the labels of\n"
	"/proc/net/ip_queue and /proc/net/ip6_queue; zeros if there is none. A copy range\n"
	"of 65531 is the whole packet. Queue max. length is the LIBIPQ_MAXLEN that the\n"
	"program was started with, or 1024: changes by ipq_ctl cannot be seen. Queue\n"
	"dropped counts packets that found the queue full; Netlink (IPv6: Netfilter)\n"
	"dropped counts those that found the socket's receive buffer full.\n"
	"A rule that feeds a queue packets of a family that nobody reads there is\n"
	"reported on standard error, without -4, -6, --json and --watch.\n"
	"\n"
	"  -4, --ipv4       only what /proc/net/ip_queue showed\n"
	"  -6, --ipv6       only what /proc/net/ip6_queue showed\n"
	"  --json           prints an object; with --watch, one in each line\n"
	"  --watch          prints lines until it is interrupted, one for each queue:\n"
	"                   packets waiting, dropped because the queue was full, dropped\n"
	"                   because the reader was slow, queued per second\n"
	"  --interval MS    milliseconds between two lines of a queue, 1000 by default\n"
	"  --count N        ends after N lines of each queue\n"
	"\n"
	"Exit status: 0, 1 if the queues cannot be read, 2 for wrong arguments.\n";

/* Lines between two headings if output is not a terminal. */
#define PAGE 24

struct view {
	int family;		/* AF_INET, AF_INET6, or AF_UNSPEC for both */
	bool json;
};

struct held {
	struct queue queue;
	struct owner owner;
};

/* Reads the queues that are to be shown. On failure, prints a message
 * and returns false. */
static bool read_held(const struct view *view, struct held **held, size_t *count)
{
	struct queues queues;
	struct remedy remedy;

	*count = 0;
	if (!queues_read(&queues)) {
		remedy = queues_remedy(errno);
		fprintf(stderr, "ipqctl status: " QUEUE_LIST ": %s; %s%s%s\n",
			strerror(errno), remedy.mend, remedy.command ? ": " : "",
			remedy.command ? remedy.command : "");
		return false;
	}
	*held = calloc(queues.count + 1, sizeof(**held));
	for (size_t i = 0; *held && i < queues.count; i++) {
		uint8_t family;
		pid_t process;

		if (!port_id_read(queues.list[i].port_id, &family, &process) ||
		    (view->family && family != view->family))
			continue;
		(*held)[*count].queue = queues.list[i];
		owner_find(queues.list[i].port_id, &(*held)[(*count)++].owner);
	}
	free(queues.list);
	return *held;
}

static void print_old(const struct held *h, int family)
{
	printf("Peer PID          : %d%s\n"
	       "Copy mode         : %u\n"
	       "Copy range        : %" PRIu32 "\n"
	       "Queue length      : %" PRIu32 "\n"
	       "Queue max. length : %" PRIu32 "\n"
	       "Queue dropped     : %" PRIu32 "\n"
	       "%s : %" PRIu32 "\n",
	       h->owner.pid, h->queue.port_id && !h->owner.pid ?
			     " (a process that cannot be seen from here)" : "",
	       h->queue.mode, h->queue.range, h->queue.waiting,
	       h->owner.maxlen, h->queue.dropped_full,
	       family == AF_INET6 ? "Netfilter dropped" : "Netlink dropped  ",
	       h->queue.dropped_slow);
}

static void print_json(const struct held *held, size_t count)
{
	printf("{ \"queues\": [");
	for (size_t i = 0; i < count; i++) {
		const struct queue *q = &held[i].queue;
		const struct owner *o = &held[i].owner;

		printf("%s{ \"queue\": %u, \"family\": \"%s\", \"process\": %d, "
		       "\"name\": ", i ? ", " : "", q->number,
		       o->family == AF_INET6 ? "ipv6" : "ipv4", o->pid);
		json_string(text_of(o->name));
		printf(", \"port_id\": %" PRIu32 ", \"mode\": %u, \"range\": %" PRIu32
		       ", \"waiting\": %" PRIu32 ", \"max\": %" PRIu32
		       ", \"dropped_full\": %" PRIu32 ", \"dropped_slow\": %" PRIu32
		       ", \"last_id\": %" PRIu32 " }", q->port_id, q->mode, q->range,
		       q->waiting, o->maxlen, q->dropped_full, q->dropped_slow,
		       q->last_id);
	}
	printf("] }\n");
}

/* On stderr, as the old files had no place for it. */
static void warn_of_dropping(void)
{
	struct rulesets sets;
	struct queues queues;

	if (!queues_read(&queues))
		return;
	rulesets_read(&sets, NULL);
	for (size_t i = 0; i < sets.count; i++) {
		const struct queue *queue = judge_dropping(&sets.list[i], &queues);
		char *described;

		if (!queue)
			continue;
		described = rule_describe(&sets.list[i]);
		fprintf(stderr, "ipqctl status: %s feeds queue %u packets of a family that "
			"nobody reads there: they are dropped; ipqctl check says what to "
			"do\n", described, queue->number);
		free(described);
	}
	rulesets_free(&sets);
	free(queues.list);
}

static int show(const struct view *view)
{
	static const struct held nobody = { .owner.maxlen = 1024 };
	struct held *held;
	size_t count;

	if (!read_held(view, &held, &count))
		return 1;
	if (view->json)
		print_json(held, count);
	else if (!count)
		print_old(&nobody, view->family);
	for (size_t i = 0; i < count && !view->json; i++) {
		/* several files in one output, with headings like those of head(1) */
		if (count > 1)
			printf("%s==> %s_queue, queue %u <==\n", i ? "\n" : "",
			       held[i].owner.family == AF_INET6 ? "ip6" : "ip",
			       held[i].queue.number);
		print_old(&held[i], held[i].owner.family);
	}
	fflush(stdout);
	if (count && !view->json && !view->family)
		warn_of_dropping();
	free(held);
	return 0;
}

/* Returns packets per second since the last look; 0 if there was none. */
static double rate_of(const struct queue *now, const struct held *before,
		      size_t count, double seconds)
{
	for (size_t i = 0; i < count; i++)
		if (before[i].queue.number == now->number &&
		    before[i].queue.port_id == now->port_id)
			/* unsigned, as the id of the last packet wraps around to 0 */
			return (uint32_t)(now->last_id - before[i].queue.last_id) /
			       seconds;
	return 0;
}

static double clock_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void print_line(const struct view *view, const struct held *h, double rate)
{
	const struct queue *q = &h->queue;

	printf(view->json ? "{ \"queue\": %u, \"process\": %d, \"waiting\": %" PRIu32
	       ", \"dropped_full\": %" PRIu32 ", \"dropped_slow\": %" PRIu32
	       ", \"rate\": %.0f }\n" :
	       "%5u %7d %10" PRIu32 " %12" PRIu32 " %12" PRIu32 " %10.0f\n",
	       q->number, h->owner.pid, q->waiting, q->dropped_full, q->dropped_slow,
	       rate);
}

/* Prints the heading before the first line and on each page of a terminal. lines is the
 * number of lines since and including the last heading. */
static void print_heading(unsigned long *lines, unsigned long more)
{
	unsigned int height = terminal_height();

	if (!height)
		height = PAGE;
	if (*lines && *lines + more < height)
		return;
	printf("queue process    waiting dropped:full dropped:slow  packets/s\n");
	*lines = 1;
}

static int watch(const struct view *view, unsigned long interval, unsigned long looks)
{
	const struct timespec pause = { interval / 1000, interval % 1000 * 1000000 };
	struct held *held, *before = NULL;
	size_t count, count_before = 0;
	unsigned long lines = 0;
	double now, then = 0;

	for (unsigned long look = 0; !looks || look < looks; look++) {
		if (look)
			nanosleep(&pause, NULL);
		if (!read_held(view, &held, &count)) {
			free(before);
			return 1;
		}
		now = clock_seconds();
		if (!view->json)
			print_heading(&lines, count ? count : 1);
		lines += count ? count : 1;
		for (size_t i = 0; i < count; i++)
			print_line(view, &held[i], rate_of(&held[i].queue, before,
							   count_before, now - then));
		if (!count && !view->json)
			printf("%5s\n", "-");
		free(before);
		before = held;
		count_before = count;
		then = now;
		if (fflush(stdout))
			break;
	}
	free(before);
	return 0;
}

static int run(int argc, char *argv[])
{
	unsigned long interval = 1000, looks = 0;
	struct view view = { .family = AF_UNSPEC };
	bool watching = false, bounded = false;

	for (int c; (c = next_option(&status, argc, argv)) != -1; ) {
		switch (c) {
		case 'j':
			view.json = true;
			break;
		case '4':
		case '6':
			view.family = c == '4' ? AF_INET : AF_INET6;
			break;
		case 'w':
			watching = true;
			break;
		case 'i':
			interval = number_argument(&status, "--interval", 1, 86400000);
			bounded = true;
			break;
		case 'c':
			looks = number_argument(&status, "--count", 1, UINT32_MAX);
			bounded = true;
			break;
		}
	}
	no_more_arguments(&status, argc, argv);
	if (bounded && !watching)
		usage_error(&status, "--interval and --count need --watch");
	return watching ? watch(&view, interval, looks) : show(&view);
}

const struct subcommand status = {
	"status", "shows the queues of libipq programs as /proc/net/ip_queue did", help,
	":hj46wi:c:", options, run,
};
