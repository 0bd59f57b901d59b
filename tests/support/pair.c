/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IPv4 and an IPv6 handle with the same queue number, in one program. Index 0 is IPv4,
 * 1 is IPv6. On failure, ends the test and says why. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "movers.h"
#include "network.h"
#include "pair.h"
#include "reader.h"

/* Private queue numbers begin here. */
#define PRIVATE_FIRST 64512

/* Port IDs of the processes that move packets to private numbers. */
#define MOVERS_FIRST 1080000000
#define MOVERS_END 1332000000

struct ipq_handle *pair[2];
int pair_heard[2];

static union message message;

int pair_family(int i)
{
	return i ? AF_INET6 : AF_INET;
}

void pair_network(const char *target)
{
	network_enter();
	for (int i = 0; i < 2; i++) {
		pair_heard[i] = udp_open(pair_family(i), 9);
		run("ip%stables-legacy -A OUTPUT -p udp --dport 9 -j %s", i ? "6" : "", target);
	}
}

void pair_make(int i)
{
	pair[i] = ipq_create_handle(0, pair_family(i));
	cr_assert(pair[i], "IPv%d: %s: %s", i ? 6 : 4, ipq_errstr(), strerror(errno));
}

void pair_start(int i)
{
	cr_assert(ipq_set_mode(pair[i], IPQ_COPY_PACKET, 0) == MODE_SENT, "IPv%d: %s: %s",
		  i ? 6 : 4, ipq_errstr(), strerror(errno));
}

void pair_open(int first)
{
	for (int n = 0; n < 2; n++) {
		pair_make(n ? !first : first);
		pair_start(n ? !first : first);
	}
}

void pair_close(int i)
{
	cr_assert(ipq_destroy_handle(pair[i]) == 0);
	pair[i] = NULL;
}

void pair_close_both(void)
{
	pair_close(0);
	pair_close(1);
}

bool pair_is_moved(void)
{
	struct queue_figures f;

	return queue_figures(0, &f) && f.port_id >= MOVERS_FIRST && f.port_id < MOVERS_END;
}

void pair_settle(void)
{
	struct queue_figures f;

	for (long long end = clock_us() + DEADLINE * 1000LL; clock_us() < end; sched_yield())
		if (!pair_is_moved() || !queue_figures(0, &f) ||
		    (!f.waiting && movers_sleep()))
			return;
	cr_assert_fail("packets are not moved");
}

void pair_say(int i, const char *text)
{
	udp_say(pair_family(i), 9, text);
	pair_settle();
}

static int next_within(union message *m, int ms)
{
	struct pollfd fds[2];
	int i;

	for (i = 0; i < 2; i++)
		fds[i] = (struct pollfd) { pair[i] ? pair[i]->fd : -1, POLLIN, 0 };
	if (poll(fds, 2, ms) < 1)
		return -1;
	i = !(fds[0].revents & POLLIN);
	/* end the test if the read hangs */
	alarm(DEADLINE / 1000);
	cr_assert(ipq_read(pair[i], m->buf, sizeof(m->buf), 0) > 0, "%s", ipq_errstr());
	alarm(0);
	cr_assert(m->nlh.nlmsg_type == IPQM_PACKET || m->nlh.nlmsg_type == NLMSG_ERROR,
		  "message type %d", m->nlh.nlmsg_type);
	return i;
}

int pair_next(union message *m)
{
	int i = next_within(m, DEADLINE);

	cr_assert(i >= 0, "nothing comes");
	return i;
}

ipq_packet_msg_t *pair_any(int *i)
{
	ipq_packet_msg_t *p = ipq_get_packet(message.buf);

	*i = pair_next(&message);
	cr_assert(message.nlh.nlmsg_type == IPQM_PACKET, "message type %d: %s",
		  message.nlh.nlmsg_type, strerror(ipq_get_msgerr(message.buf)));
	cr_assert(p->payload[0] >> 4 == (*i ? 6 : 4), "IPv%d's handle got IPv%d's packet",
		  *i ? 6 : 4, p->payload[0] >> 4);
	return p;
}

bool pair_says(const ipq_packet_msg_t *p, const char *text)
{
	size_t len = strlen(text);

	return p->data_len >= len && !memcmp(p->payload + p->data_len - len, text, len);
}

ipq_packet_msg_t *pair_packet(int i, const char *text)
{
	int which;
	ipq_packet_msg_t *p = pair_any(&which);

	cr_assert(which == i && pair_says(p, text), "IPv%d, and not \"%s\"", which ? 6 : 4,
		  text);
	return p;
}

void pair_expect(int i, const char *text)
{
	ipq_id_t id = pair_packet(i, text)->packet_id;

	cr_assert(ipq_set_verdict(pair[i], id, NF_ACCEPT, 0, NULL) == VERDICT_SENT);
	udp_expect(pair_heard[i], text);
}

void pair_pass(int i, const char *text)
{
	pair_say(i, text);
	pair_expect(i, text);
}

/* Must not wait, even in a library whose ipq_read waits in select(2) first. */
static ssize_t read_at_once(int i)
{
	int flags = fcntl(pair[i]->fd, F_GETFL);
	ssize_t n;

	cr_assert(!fcntl(pair[i]->fd, F_SETFL, flags | O_NONBLOCK));
	n = ipq_read(pair[i], message.buf, sizeof(message.buf), 0);
	cr_assert(!fcntl(pair[i]->fd, F_SETFL, flags));
	return n;
}

bool pair_silent(void)
{
	struct pollfd fds[2];

	pair_settle();
	for (int i = 0; i < 2; i++)
		fds[i] = (struct pollfd) { pair[i] ? pair[i]->fd : -1, POLLIN, 0 };
	poll(fds, 2, 1);
	for (int i = 0; i < 2; i++)
		if (pair[i] && read_at_once(i) > 0)
			return false;
	return true;
}

unsigned int pair_private(int i)
{
	unsigned int port_id = (i ? 1060000000 : 1040000000) + getpid();
	FILE *list = queue_list();
	unsigned int number = 0, owner = 0;
	char line[256];

	while (fgets(line, sizeof(line), list) &&
	       (sscanf(line, "%u %u", &number, &owner) != 2 || owner != port_id ||
		number < PRIVATE_FIRST))
		number = 0;
	fclose(list);
	return number;
}

long pair_accept(long i)
{
	static union message m;

	return ipq_read(pair[i], m.buf, sizeof(m.buf), SOON) > 0 &&
	       m.nlh.nlmsg_type == IPQM_PACKET &&
	       ipq_set_verdict(pair[i], ipq_get_packet(m.buf)->packet_id, NF_ACCEPT, 0,
			       NULL) > 0;
}
