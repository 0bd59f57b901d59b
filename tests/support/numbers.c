/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP packets with a number in each, sent over lo through queue 0, to find out which of
 * them the program gets and which arrive. On failure, ends the test and says why. */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "numbers.h"

#define PORT 9

/* Packets sent from one socket: those that wait in the queue use up its send buffer. */
#define AT_A_TIME 100

static int heard = -1;
static unsigned char times[NUMBERS_MAX];
static int order[NUMBERS_MAX];
static atomic_int arrived;

void numbers_forget(void)
{
	memset(times, 0, sizeof(times));
	arrived = 0;
}

void numbers_network(void)
{
	int bytes = 1 << 20;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp --dport %d -j QUEUE", PORT);
	if (heard >= 0)
		close(heard);
	heard = udp_open(AF_INET, PORT);
	setsockopt(heard, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	numbers_forget();
}

void numbers_send(int first, int count)
{
	int fd = -1;

	for (int i = 0; i < count; i++) {
		uint32_t number = first + i;

		if (i % AT_A_TIME == 0) {
			close(fd);
			fd = udp_open(AF_INET, 0);
		}
		cr_assert(udp_send(fd, "127.0.0.1", PORT, &number, sizeof(number)) ==
			  sizeof(number), "number %u: %s", number, strerror(errno));
	}
	close(fd);
}

int number_of(const ipq_packet_msg_t *p)
{
	uint32_t number = UINT32_MAX;

	if (p->data_len >= sizeof(number))
		memcpy(&number, p->payload + p->data_len - sizeof(number), sizeof(number));
	return number < NUMBERS_MAX ? (int)number : -1;
}

static bool hear(int wait)
{
	uint32_t number;
	char data[sizeof(number) + 1];

	if (udp_hear(heard, data, sizeof(data), wait) != sizeof(number))
		return false;
	memcpy(&number, data, sizeof(number));
	cr_assert(number < NUMBERS_MAX && arrived < NUMBERS_MAX, "number %u arrived", number);
	times[number]++;
	order[arrived++] = number;
	return true;
}

const unsigned char *numbers_arrived(int count)
{
	while (arrived < count && hear(DEADLINE))
		;
	while (hear(0))
		;
	cr_assert(count < 0 || arrived == count, "%d and not %d have arrived", arrived, count);
	return times;
}

int numbers_so_far(void)
{
	return arrived;
}

const int *numbers_order(void)
{
	return order;
}

int numbers_waiting(void)
{
	FILE *list = queue_list();
	unsigned int waiting;
	char line[256];
	int all = -1;

	while (fgets(line, sizeof(line), list))
		if (sscanf(line, "%*u %*u %u", &waiting) == 1)
			all = (all < 0 ? 0 : all) + waiting;
	fclose(list);
	return all;
}

void numbers_verdict(struct ipq_handle *h, ipq_id_t id, enum plan plan)
{
	cr_assert(ipq_set_verdict(h, id, plan == ACCEPT ? NF_ACCEPT : NF_DROP, 0, NULL) ==
		  VERDICT_SENT, "%s: %s", ipq_errstr(), strerror(errno));
}

static union message m;

const unsigned char *numbers_model(void)
{
	return ipq_get_packet(m.buf)->payload;
}

void numbers_decide(struct ipq_handle *h, int count, const unsigned char *plan,
		    struct got *got)
{
	for (int i = 0; i < count; i++) {
		ssize_t n = ipq_read(h, m.buf, sizeof(m.buf), -1);

		cr_assert(n > 0 && ipq_message_type(m.buf) == IPQM_PACKET,
			  "message %d of %d: %zd, %s", i, count, n, ipq_errstr());
		got[i].id = ipq_get_packet(m.buf)->packet_id;
		got[i].number = number_of(ipq_get_packet(m.buf));
		if (plan[i] != LEAVE)
			numbers_verdict(h, got[i].id, plan[i]);
	}
}

bool numbers_silent(struct ipq_handle *h)
{
	static union message none;

	return ipq_read(h, none.buf, sizeof(none.buf), -1) == 0;
}

void numbers_expect(struct ipq_handle *h, int count, const unsigned char *plan,
		    const struct got *got)
{
	int left = 0, accepted = 0;

	for (int i = 0; i < count; i++) {
		left += plan[i] == LEAVE;
		accepted += plan[i] == ACCEPT;
	}
	numbers_arrived(accepted);
	for (int i = 0; i < count; i++)
		cr_assert(times[got[i].number] == (plan[i] == ACCEPT),
			  "packet %d of %d, number %d, arrived %d times", i, count,
			  got[i].number, times[got[i].number]);
	cr_assert(numbers_waiting() == left, "%d and not %d wait", numbers_waiting(), left);
	cr_assert(numbers_silent(h), "a verdict was refused");
}

void numbers_release(struct ipq_handle *h, int count, unsigned char *plan,
		     const struct got *got)
{
	numbers_expect(h, count, plan, got);
	for (int i = 0; i < count; i++)
		if (plan[i] == LEAVE) {
			plan[i] = ACCEPT;
			numbers_verdict(h, got[i].id, ACCEPT);
		}
	numbers_expect(h, count, plan, got);
	numbers_forget();
}
