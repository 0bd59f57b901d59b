/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which datagrams the module accepted, refused or ignored (FACTS 2, the raw protocol
 * checks; FACTS 5, sizes that disagree). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "child.h"
#include "datagram.h"
#include "network.h"
#include "queue.h"

TestSuite(requests, .timeout = 60);

#define ACK NLM_F_ACK
#define REQUEST NLM_F_REQUEST
#define MULTI NLM_F_MULTI
#define WHOLE sizeof(struct wire_request)

struct wire_request {
	struct nlmsghdr nlh;
	ipq_peer_msg_t body;
};

/* Sends len bytes. send(2) must return len. */
static void send_bytes(struct child *c, const void *data, size_t len)
{
	static char line[2 * 70000 + 16];
	const unsigned char *byte = data;
	char sent[16], *end = line + sprintf(line, "send ");

	for (size_t i = 0; i < len; i++)
		end += sprintf(end, "%02x", byte[i]);
	child_tell(c, line);
	snprintf(sent, sizeof(sent), "%zu", len);
	child_says(c, sent);
}

/* Receives the next message. Returns its length; 0 if there is none. */
static size_t receive(struct child *c, void *data, size_t size)
{
	const char *hex;
	size_t n = 0;
	unsigned int byte;

	child_tell(c, "receive");
	hex = child_line(c);
	if (!strcmp(hex, "nothing"))
		return 0;
	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		cr_assert(n < size);
		((unsigned char *)data)[n++] = byte;
	}
	cr_assert(n > 0);
	return n;
}

/* The next message must be the answer to this request of len bytes. */
static void expect_answer(struct child *c, int error, const void *request, size_t len)
{
	struct {
		struct nlmsghdr nlh;
		int error;
		unsigned char echo[4096];
	} answer;
	size_t echoed = error ? len : sizeof(struct nlmsghdr);
	size_t n = receive(c, &answer, sizeof(answer));

	cr_assert(n == NLMSG_ALIGN(20 + echoed), "the answer has %zu bytes", n);
	cr_assert(answer.nlh.nlmsg_len == 20 + echoed);
	cr_assert(answer.nlh.nlmsg_type == NLMSG_ERROR && answer.nlh.nlmsg_flags == 0);
	cr_assert(answer.nlh.nlmsg_seq == ((const struct nlmsghdr *)request)->nlmsg_seq);
	/* a supervised program is a child of the process started here */
	cr_assert(getenv("SUPERVISED") || answer.nlh.nlmsg_pid == (uint32_t)c->pid, "to %u",
		  answer.nlh.nlmsg_pid);
	cr_assert(answer.error == -error, "error %d", -answer.error);
	cr_assert(!memcmp(answer.echo, request, echoed));
}

static void expect_nothing(struct child *c)
{
	unsigned char bytes[4096];
	size_t n = receive(c, bytes, sizeof(bytes));

	cr_assert(n == 0, "an answer of %zu bytes", n);
}

/* Returns the mode of the queue, -1 if nobody owns it. */
static int mode_of_queue(void)
{
	struct queue_figures f;

	return queue_figures(0, &f) ? (int)f.mode : -1;
}

static struct wire_request mode_request(const struct child *c, uint8_t mode)
{
	return (struct wire_request) {
		.nlh = { WHOLE, IPQM_MODE, REQUEST, 4711, c->pid },
		.body.msg.mode = { .value = mode },
	};
}

static struct wire_request verdict_request(const struct child *c, unsigned long id)
{
	return (struct wire_request) {
		.nlh = { WHOLE, IPQM_VERDICT, REQUEST, 4712, c->pid },
		.body.msg.verdict = { .id = id, .value = NF_ACCEPT },
	};
}

static void start(struct child *c)
{
	network_enter();
	child_ready(c, "relay", "3");
}

/* Waits for a packet. Returns its id. */
static unsigned long packet_of(struct child *c, union message *m)
{
	size_t n;

	for (int i = 0; !(n = receive(c, m, sizeof(*m))); i++)
		cr_assert(i < DEADLINE && !usleep(1000), "no packet comes");
	cr_assert(m->nlh.nlmsg_type == IPQM_PACKET && n == m->nlh.nlmsg_len);
	return ((ipq_packet_msg_t *)NLMSG_DATA(m))->packet_id;
}

Test(requests, modes_of_the_right_length_and_longer_are_taken)
{
	static const size_t lens[] = { WHOLE, WHOLE + 16, WHOLE + 1, 4096 };
	unsigned char bytes[4096];
	struct wire_request r;
	struct child c;

	start(&c);
	for (int i = 0; i < 4; i++) {
		r = mode_request(&c, IPQ_COPY_META + i % 2);
		r.nlh.nlmsg_len = lens[i];
		memset(bytes, 0xa5, sizeof(bytes));
		memcpy(bytes, &r, sizeof(r));
		send_bytes(&c, bytes, lens[i]);
		expect_nothing(&c);
		cr_assert(mode_of_queue() == IPQ_COPY_META + i % 2, "length %zu",
			  lens[i]);
	}
	child_ends_well(&c);
}

Test(requests, requests_too_short_are_refused_and_claim_the_queue_nevertheless)
{
	static const uint16_t types[] = { IPQM_MODE, IPQM_VERDICT };
	struct wire_request r;
	struct child c;

	for (int i = 0; i < 2; i++) {
		start(&c);
		for (size_t len = sizeof(r.nlh); len < sizeof(r); len++) {
			r = mode_request(&c, IPQ_COPY_META);
			r.nlh.nlmsg_type = types[i];
			r.nlh.nlmsg_len = len;
			send_bytes(&c, &r, len);
			expect_answer(&c, EINVAL, &r, len);
			expect_nothing(&c);
			cr_assert(mode_of_queue() == IPQ_COPY_NONE);
		}
		child_ends_well(&c);
	}
}

Test(requests, malformed_headers_are_refused_and_claim_nothing)
{
	static const struct {
		uint16_t type, flags;
		bool nobody;		/* port ID 0 */
		int error;		/* 0 means EINVAL */
	} rows[] = {
		{ 0, REQUEST, false },
		{ IPQM_MODE, REQUEST | MSG_TRUNC, false, ECOMM },
		{ IPQM_VERDICT, REQUEST | MSG_TRUNC, false, ECOMM },
		{ 0, REQUEST | MSG_TRUNC, false, ECOMM },
		{ IPQM_MODE, REQUEST | MULTI | MSG_TRUNC, false },
		{ 20, REQUEST, false },
		{ 21, REQUEST, false },
		{ 0xffff, REQUEST, false },
		{ IPQM_MODE, 0, false },
		{ IPQM_MODE, ACK, false },
		{ IPQM_MODE, REQUEST | MULTI, false },
		{ IPQM_VERDICT, 0, false },
		{ IPQM_MODE, REQUEST, true },
		{ IPQM_VERDICT, REQUEST, true },
	};
	struct wire_request r;
	struct child c;

	start(&c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t len = 16; len <= WHOLE; len += WHOLE - 16) {
			r = mode_request(&c, IPQ_COPY_META);
			r.nlh.nlmsg_len = len;
			r.nlh.nlmsg_type = rows[i].type;
			r.nlh.nlmsg_flags = rows[i].flags;
			if (rows[i].nobody)
				r.nlh.nlmsg_pid = 0;
			send_bytes(&c, &r, len);
			expect_answer(&c, rows[i].error ? rows[i].error : EINVAL, &r, len);
			expect_nothing(&c);
			cr_assert(mode_of_queue() == -1, "row %zu", i);
		}
	child_ends_well(&c);
}

Test(requests, a_packet_is_no_request_but_claims_the_queue)
{
	struct wire_request r;
	struct child c;

	start(&c);
	r = mode_request(&c, IPQ_COPY_META);
	r.nlh.nlmsg_type = IPQM_PACKET;
	send_bytes(&c, &r, sizeof(r));
	expect_answer(&c, EINVAL, &r, sizeof(r));
	cr_assert(mode_of_queue() == IPQ_COPY_NONE);
	child_ends_well(&c);
}

Test(requests, what_is_no_message_or_for_netlink_itself_is_ignored)
{
	static const uint16_t types[] = { 1, NLMSG_ERROR, NLMSG_DONE, 15, 16 };
	static const uint32_t lens[] = { 0, 1, 15, WHOLE + 1, 0x7fffffff, 0xffffffff };
	struct wire_request r;
	struct child c;

	start(&c);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		r = mode_request(&c, IPQ_COPY_META);
		r.nlh.nlmsg_type = types[i];
		send_bytes(&c, &r, sizeof(r));
		expect_nothing(&c);
	}
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		r = mode_request(&c, IPQ_COPY_META);
		r.nlh.nlmsg_len = lens[i];
		send_bytes(&c, &r, sizeof(r));
		expect_nothing(&c);
	}
	r = mode_request(&c, IPQ_COPY_META);
	for (size_t len = 0; len < sizeof(r.nlh); len++) {
		send_bytes(&c, &r, len);
		expect_nothing(&c);
	}
	cr_assert(mode_of_queue() == -1);
	child_ends_well(&c);
}

Test(requests, an_acknowledgement_has_36_bytes_error_0_and_the_sequence_number)
{
	struct wire_request r;
	struct child c;

	NOT_SUPERVISED("it knows the process id of the child alone");
	start(&c);
	for (uint8_t mode = 0; mode <= IPQ_COPY_PACKET; mode++) {
		r = mode_request(&c, mode);
		r.nlh.nlmsg_flags |= ACK;
		r.nlh.nlmsg_seq = 0x12345678 + mode;
		send_bytes(&c, &r, sizeof(r));
		expect_answer(&c, 0, &r, sizeof(r));
		expect_nothing(&c);
	}
	r = mode_request(&c, 3);
	r.nlh.nlmsg_flags |= ACK;
	send_bytes(&c, &r, sizeof(r));
	expect_answer(&c, EINVAL, &r, sizeof(r));
	expect_nothing(&c);
	child_ends_well(&c);
}

Test(requests, only_the_first_of_two_messages_in_one_datagram_is_looked_at)
{
	struct wire_request two[2];
	struct child c;

	start(&c);
	two[0] = mode_request(&c, IPQ_COPY_META);
	two[1] = mode_request(&c, IPQ_COPY_PACKET);
	send_bytes(&c, two, sizeof(two));
	expect_nothing(&c);
	cr_assert(mode_of_queue() == IPQ_COPY_META);
	two[0].nlh.nlmsg_type = 16;
	send_bytes(&c, two, sizeof(two));
	expect_nothing(&c);
	cr_assert(mode_of_queue() == IPQ_COPY_META);
	two[0] = verdict_request(&c, 1);
	send_bytes(&c, two, sizeof(two));
	expect_answer(&c, ENOENT, &two[0], WHOLE);
	expect_nothing(&c);
	cr_assert(mode_of_queue() == IPQ_COPY_META);
	child_ends_well(&c);
}

Test(requests, a_payload_whose_data_len_is_not_what_was_sent_is_ignored)
{
	struct {
		struct wire_request r;
		unsigned char payload[256];
	} v;
	static const int errors[] = { 1, -1, 1000, -29 };
	struct wire_request mode;
	ipq_packet_msg_t *packet;
	struct child c;
	union message m;
	unsigned long id;
	int heard = queued_port(AF_INET);
	size_t len;

	child_ready(&c, "relay", "3");
	mode = mode_request(&c, IPQ_COPY_PACKET);
	send_bytes(&c, &mode, sizeof(mode));
	for (int i = 0; i < 5; i++) {
		udp_say(AF_INET, HEARD, "as sent");
		id = packet_of(&c, &m);
		packet = NLMSG_DATA(&m);
		len = datagram_with(v.payload, packet->payload, "replaced", 8);
		v.r = verdict_request(&c, id);
		v.r.nlh.nlmsg_len += len;
		v.r.body.msg.verdict.data_len = i < 4 ? len + errors[i] : len;
		send_bytes(&c, &v, WHOLE + len);
		udp_expect(heard, i < 4 ? "as sent" : "replaced");
		expect_nothing(&c);
	}
	/* bytes beyond nlmsg_len are not looked at */
	udp_say(AF_INET, HEARD, "as sent");
	v.r = verdict_request(&c, packet_of(&c, &m));
	v.r.body.msg.verdict.data_len = len;
	send_bytes(&c, &v, WHOLE + len);
	udp_expect(heard, "as sent");
	child_ends_well(&c);
}

Test(requests, a_refused_verdict_comes_back_with_its_payload)
{
	struct {
		struct wire_request r;
		unsigned char payload[51];
	} v;
	struct wire_request mode;
	struct child c;

	start(&c);
	mode = mode_request(&c, IPQ_COPY_PACKET);
	send_bytes(&c, &mode, sizeof(mode));
	memset(&v, 0x77, sizeof(v));
	v.r = verdict_request(&c, 99);
	v.r.nlh.nlmsg_len += sizeof(v.payload);
	v.r.body.msg.verdict.data_len = sizeof(v.payload);
	send_bytes(&c, &v, WHOLE + sizeof(v.payload));
	expect_answer(&c, ENOENT, &v, WHOLE + sizeof(v.payload));
	v.r.body.msg.verdict.value = 0x10001;
	send_bytes(&c, &v, WHOLE + sizeof(v.payload));
	expect_answer(&c, EINVAL, &v, WHOLE + sizeof(v.payload));
	expect_nothing(&c);
	child_ends_well(&c);
}

Test(requests, whoever_comes_second_is_refused_with_ebusy)
{
	struct wire_request r;
	struct child first, second;

	start(&first);
	child_ready(&second, "relay", "3");
	r = mode_request(&first, IPQ_COPY_META);
	send_bytes(&first, &r, sizeof(r));
	r = mode_request(&second, IPQ_COPY_PACKET);
	send_bytes(&second, &r, sizeof(r));
	expect_answer(&second, EBUSY, &r, sizeof(r));
	r.nlh.nlmsg_flags = 0;
	send_bytes(&second, &r, sizeof(r));
	expect_answer(&second, EINVAL, &r, sizeof(r));
	expect_nothing(&second);
	expect_nothing(&first);
	cr_assert(mode_of_queue() == IPQ_COPY_META);
	child_ends_well(&first);
	child_ends_well(&second);
}

Test(requests, without_the_capability_requests_get_eperm_and_malformed_ones_einval)
{
	struct wire_request r;
	struct child c;

	network_enter();
	child_start(&c, PRELOAD, given("SETPRIV"), "--bounding-set=-net_admin",
		    "--inh-caps=-net_admin", "--", given("RELAY"), "3", NULL);
	child_says(&c, "ready");
	r = mode_request(&c, IPQ_COPY_META);
	send_bytes(&c, &r, sizeof(r));
	expect_answer(&c, EPERM, &r, sizeof(r));
	r.nlh.nlmsg_flags = 0;
	send_bytes(&c, &r, sizeof(r));
	expect_answer(&c, EINVAL, &r, sizeof(r));
	expect_nothing(&c);
	cr_assert(mode_of_queue() == -1);
	child_ends_well(&c);
}
