/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the explanations of LIBIPQ_DEBUG=1 on stderr. Each is one line, which says what
 * happened, to which queue, and what to do. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "debug.h"
#include "holder.h"
#include "privilege.h"
#include "queues.h"

static void describe_owner(uint16_t queue, char *text, size_t size)
{
	uint32_t port_id = queues_owner(queue);
	char process[64];

	if (!port_id) {
		snprintf(text, size, "another socket");
		return;
	}
	holder_describe(holder_of(port_id), process, sizeof(process));
	snprintf(text, size, "port id %" PRIu32 ", %s", port_id, process);
}

void debug_absent(void)
{
	fprintf(stderr, "libipq: this kernel has no nfnetlink_queue; load it "
		"(modprobe nfnetlink_queue) or use a kernel with "
		"CONFIG_NETFILTER_NETLINK_QUEUE\n");
}

void debug_taken(uint16_t queue, uint8_t family)
{
	char owner[96];

	describe_owner(queue, owner, sizeof(owner));
	fprintf(stderr, "libipq: queue %u is owned by %s: the request is refused "
		"with error 16 (EBUSY); stop the owner, or give this program "
		"another number N with %s=N and -j NFQUEUE --queue-num N\n",
		queue, owner, family == AF_INET ? "LIBIPQ_QUEUE" : "LIBIPQ_QUEUE6");
}

void debug_mixed(uint16_t first, uint16_t last, uint16_t other)
{
	fprintf(stderr, "libipq: queues %u to %u: %u is not as free as %u: the request "
		"is refused with error 16 (EBUSY); give this program numbers "
		"that are all free, or all those of its other family\n",
		first, last, other, first);
}

void debug_foreign(uint16_t queue, uint8_t family)
{
	bool v4 = family == AF_INET;

	/* not to the stream: this also runs in a mover, which must not take its lock */
	dprintf(STDERR_FILENO, "libipq: queue %u: packets of family %u (%s) come here too, and "
		"this program has no handle for them: they are dropped; change "
		"that %s rule to -j NFQUEUE --queue-num N with another number N\n",
		queue, family, v4 ? "IPv4" : family == AF_INET6 ? "IPv6" : "neither IPv4 nor IPv6",
		v4 ? "iptables" : family == AF_INET6 ? "ip6tables" : "netfilter");
}

void debug_forbidden(uint16_t queue)
{
	struct privilege_advice advice;

	privilege_advise(&advice);
	fprintf(stderr, "libipq: queue %u: the request is refused with error 1 (EPERM), "
		"CAP_NET_ADMIN is missing: %s; %s%s%s\n", queue, advice.why, advice.mend,
		advice.command ? ": " : "", advice.command ? advice.command : "");
}

void debug_own_request(uint16_t queue)
{
	static atomic_flag is_told = ATOMIC_FLAG_INIT;

	if (!atomic_flag_test_and_set(&is_told))
		fprintf(stderr, "libipq: queue %u: the program writes to the descriptor of its "
			"handle itself, which the kernel does not understand; run it with "
			"ipq-run, or link it with the flags of pkg-config --libs libipq-raw\n",
			queue);
}

void debug_rcvbuf(uint16_t queue, int wanted, int got)
{
	fprintf(stderr, "libipq: queue %u: receive buffer is %d bytes, wanted %d: "
		"under load packets may be dropped (and counted) before the "
		"queue is full; raise net.core.rmem_max, or set LIBIPQ_RCVBUF\n",
		queue, got, wanted);
}

void debug_untraced(int error)
{
	fprintf(stderr, "libipq: LIBIPQ_TRACE: %s: expected a file that can be written to, or 1 "
		"for standard error\n", strerror(error));
}
