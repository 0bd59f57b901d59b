/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libipq and its queue for tests: creates a handle, reads one packet, shows what the
 * kernel has on the queue. On failure, ends the test and says why. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "queue.h"

struct ipq_handle *queue_open(int family, uint8_t mode, size_t range)
{
	struct ipq_handle *h = ipq_create_handle(0, family);

	cr_assert(h, "%s: %s", ipq_errstr(), strerror(errno));
	cr_assert(ipq_set_mode(h, mode, range) > 0, "%s: %s", ipq_errstr(),
		  strerror(errno));
	return h;
}

ipq_packet_msg_t *queue_packet(struct ipq_handle *h, union message *m)
{
	ssize_t n = ipq_read(h, m->buf, sizeof(m->buf), SOON);

	cr_assert(n > 0, "a packet: %s: %s", n ? ipq_errstr() : "none came",
		  strerror(errno));
	cr_assert(ipq_message_type(m->buf) == IPQM_PACKET, "a packet: error %d",
		  ipq_get_msgerr(m->buf));
	return ipq_get_packet(m->buf);
}

int queue_error(struct ipq_handle *h)
{
	union message m;
	ssize_t n = ipq_read(h, m.buf, sizeof(m.buf), SOON);

	cr_assert(n > 0, "an error message: %s: %s", n ? ipq_errstr() : "none came",
		  strerror(errno));
	cr_assert(ipq_message_type(m.buf) == NLMSG_ERROR, "an error message: type %d",
		  ipq_message_type(m.buf));
	return ipq_get_msgerr(m.buf);
}

bool queue_silent(struct ipq_handle *h)
{
	union message m;

	return ipq_read(h, m.buf, sizeof(m.buf), -1) == 0 &&
	       ipq_read(h, m.buf, sizeof(m.buf), NOTHING) == 0;
}

FILE *queue_list(void)
{
	FILE *list = fopen("/proc/thread-self/net/netfilter/nfnetlink_queue", "re");

	if (!list)	/* before Linux 3.17 */
		list = fopen("/proc/self/net/netfilter/nfnetlink_queue", "re");
	cr_assert(list, "the list of queues: %s", strerror(errno));
	return list;
}

bool queue_figures(unsigned int number, struct queue_figures *f)
{
	FILE *list = queue_list();
	bool found = false;
	char line[256];

	while (!found && fgets(line, sizeof(line), list))
		found = sscanf(line, "%u %u %u %u %u %u %u %u", &f->number,
			       &f->port_id, &f->waiting, &f->mode, &f->range,
			       &f->dropped_full, &f->dropped_socket,
			       &f->last_id) == 8 && f->number == number;
	fclose(list);
	return found;
}

void queue_refusal(struct ipq_handle *h, int error, uint16_t type,
		   const unsigned long body[3], const void *rest, size_t len)
{
	/* written out here: the headers are under test */
	struct {
		uint32_t len;
		uint16_t type, flags;
		uint32_t seq, pid;
		int32_t error;
		uint32_t request_len;
		uint16_t request_type, request_flags;
		uint32_t request_seq, request_pid;
	} head = {
		.len = 36 + 3 * sizeof(long) + len, .type = 2, .pid = getpid(),
		.error = -error,
		.request_len = 16 + 3 * sizeof(long) + len, .request_type = type,
		.request_flags = 1, .request_pid = getpid(),
	};
	static union message m, expected;
	size_t before = sizeof(head) + 3 * sizeof(long);
	ssize_t n;

	memset(&expected, 0, sizeof(expected));
	memcpy(expected.buf, &head, sizeof(head));
	memcpy(expected.buf + sizeof(head), body, 3 * sizeof(long));
	if (rest)
		memcpy(expected.buf + before, rest, len);
	memset(&m, 0xff, sizeof(m));
	n = ipq_read(h, m.buf, sizeof(m.buf), SOON);
	cr_assert(n == (ssize_t)(before + len + 3) / 4 * 4,
		  "an error message: %zd bytes: %s", n, ipq_errstr());
	for (ssize_t i = 0; i < n; i++)
		cr_assert(m.buf[i] == expected.buf[i], "byte %zd is %02x, not %02x", i,
			  m.buf[i], expected.buf[i]);
}
