/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_DEBUG=1: one line on stderr for each thing that a user should know, and
 * nothing without it. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "network.h"
#include "peer.h"
#include "process.h"
#include "queue.h"
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

TestSuite(debug, .timeout = 60);

/* Port IDs of IPv4 and IPv6 handles, minus the process id. */
#define PORT_ID_IPV4 1040000000u
#define PORT_ID_IPV6 1060000000u

static void assert_says_number(const char *said, const char *before,
			       unsigned int number)
{
	char what[64];

	snprintf(what, sizeof(what), "%s%u", before, number);
	assert_says(said, what);
}

static struct process start_owner(int family)
{
	struct process owner = process_start();

	cr_assert(process_do(&owner, peer_open, family));
	cr_assert(process_do(&owner, peer_mode, IPQ_COPY_META) == MODE_SENT);
	return owner;
}

/* Returns what is printed while a new handle of the family sets a mode and reads
 * the error message. The mode asks for no packets, as the receive buffer could
 * cause another line. */
static const char *said_of_refusal(int family, int error)
{
	const char *said;
	int refusal;

	stderr_keep();
	peer_open(family);
	peer_mode(IPQ_COPY_NONE);
	refusal = peer_error(0);
	said = stderr_kept();
	cr_assert(refusal == error);
	peer_close(0);
	return said;
}

Test(debug, names_the_queue_its_owner_and_the_remedy_when_it_is_taken)
{
	struct process owner;
	const char *said;

	network_enter();
	setenv("LIBIPQ_QUEUE", "7", 1);
	owner = start_owner(PF_INET);
	setenv("LIBIPQ_DEBUG", "1", 1);
	said = said_of_refusal(PF_INET, EBUSY);
	assert_one_line(said);
	assert_says(said, "queue 7 ");
	assert_says_number(said, "port id ", PORT_ID_IPV4 + owner.pid);
	assert_says_number(said, "process ", owner.pid);
	assert_says(said, "EBUSY");
	assert_says(said, "LIBIPQ_QUEUE=");
	process_end(&owner);
}

Test(debug, names_the_same_of_a_taken_ipv6_queue)
{
	struct process owner;
	const char *said;

	network_enter();
	owner = start_owner(PF_INET6);
	setenv("LIBIPQ_DEBUG", "1", 1);
	said = said_of_refusal(PF_INET6, EBUSY);
	assert_one_line(said);
	assert_says(said, "queue 0 ");
	assert_says_number(said, "port id ", PORT_ID_IPV6 + owner.pid);
	assert_says_number(said, "process ", owner.pid);
	assert_says(said, "LIBIPQ_QUEUE6=");
	process_end(&owner);
}

/* A program that does not use libipq owns queue 0. */
static int own_with_nfnetlink(void)
{
	struct {
		struct nlmsghdr nlh;
		struct nfgenmsg nfgen;
		struct nlattr attr;
		struct nfqnl_msg_config_cmd cmd;
	} bind = {
		.nlh = {
			.nlmsg_len = sizeof(bind),
			.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.attr = {
			.nla_len = sizeof(bind.attr) + sizeof(bind.cmd),
			.nla_type = NFQA_CFG_CMD,
		},
		.cmd.command = NFQNL_CFG_CMD_BIND,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);

	cr_assert(fd >= 0 && send(fd, &bind, sizeof(bind), 0) == sizeof(bind));
	return fd;
}

Test(debug, names_an_owner_that_does_not_use_libipq)
{
	const char *said;
	int owner;

	network_enter();
	owner = own_with_nfnetlink();
	setenv("LIBIPQ_DEBUG", "1", 1);
	said = said_of_refusal(PF_INET, EBUSY);
	assert_one_line(said);
	assert_says_number(said, "port id ", getpid());
	assert_says_number(said, "process ", getpid());
	close(owner);
}

/* Like daemon(3): the child continues with the socket. */
static long leave_to_a_child(long unused)
{
	(void)unused;
	if (fork() == 0)
		return getpid();
	_exit(0);
}

Test(debug, names_who_has_it_where_the_one_that_asked_is_gone)
{
	struct process owner;
	const char *said;
	long child;

	network_enter();
	owner = start_owner(PF_INET);
	child = process_do(&owner, leave_to_a_child, 0);
	cr_assert(waitpid(owner.pid, NULL, 0) == owner.pid);
	setenv("LIBIPQ_DEBUG", "1", 1);
	said = said_of_refusal(PF_INET, EBUSY);
	assert_one_line(said);
	assert_says_number(said, "port id ", PORT_ID_IPV4 + owner.pid);
	assert_says_number(said, "process ", child);
	assert_says(said, ": the request is refused");
	close(owner.orders);
}

Test(debug, names_the_queue_and_the_remedy_when_the_capability_is_missing)
{
	const char *said;

	network_enter();
	have_net_admin(false);
	setenv("LIBIPQ_QUEUE", "7", 1);
	setenv("LIBIPQ_DEBUG", "1", 1);
	said = said_of_refusal(PF_INET, EPERM);
	assert_one_line(said);
	assert_says(said, "queue 7:");
	assert_says(said, "CAP_NET_ADMIN");
	assert_says(said, "EPERM");
	assert_says(said, "root has given it up here; start it as root");
}

Test(debug, names_the_capability_when_it_is_dropped_later)
{
	const char *said;

	network_enter();
	setenv("LIBIPQ_DEBUG", "1", 1);
	setenv("LIBIPQ_RCVBUF", "10000", 1);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	have_net_admin(false);
	stderr_keep();
	peer_accept(1);
	peer_error(0);
	said = stderr_kept();
	assert_one_line(said);
	assert_says(said, "queue 0:");
	assert_says(said, "CAP_NET_ADMIN");
	peer_close(0);
}

/* Has CAP_NET_ADMIN in its network namespace, but not in the initial user namespace:
 * there the receive buffer is limited by net.core.rmem_max. */
static long enter_user_namespace(long unused)
{
	(void)unused;
	return unshare(CLONE_NEWUSER | CLONE_NEWNET);
}

static long receive_buffer(long unused)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	(void)unused;
	getsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len);
	return bytes;
}

/* Returns what such a process prints when it asks for a receive buffer of 1 GB and
 * gets "got" bytes. */
static const char *said_of_cut_buffer(int *got)
{
	struct process limited;
	const char *said;

	setenv("LIBIPQ_RCVBUF", "1073741823", 1);
	stderr_keep();
	limited = process_start();
	cr_assert(process_do(&limited, enter_user_namespace, 0) == 0);
	cr_assert(process_do(&limited, peer_open, PF_INET));
	process_do(&limited, peer_mode, IPQ_COPY_META);
	*got = process_do(&limited, receive_buffer, 0) / 2;
	cr_assert(process_do(&limited, peer_silent, 0));
	process_end(&limited);
	said = stderr_kept();
	cr_assert(*got < 1073741823);
	return said;
}

Test(debug, names_the_sizes_and_the_remedy_when_the_receive_buffer_is_cut_short)
{
	const char *said;
	int got;

	NOT_SUPERVISED("the buffer is what the supervisor, outside, may have");
	network_enter();
	setenv("LIBIPQ_DEBUG", "1", 1);
	said = said_of_cut_buffer(&got);
	assert_one_line(said);
	assert_says(said, "queue 0:");
	assert_says_number(said, "is ", got);
	assert_says(said, "1073741823");
	assert_says(said, "net.core.rmem_max");
	assert_says(said, "LIBIPQ_RCVBUF");
}

Test(debug, says_nothing_when_not_asked_to)
{
	static const char *const values[] = { NULL, "0" };
	struct process owner;
	int got;

	NOT_SUPERVISED("the buffer is what the supervisor, outside, may have");
	network_enter();
	owner = start_owner(PF_INET);
	for (int i = 0; i < 2; i++) {
		if (values[i])
			setenv("LIBIPQ_DEBUG", values[i], 1);
		cr_assert_str_empty(said_of_refusal(PF_INET, EBUSY));
		cr_assert_str_empty(said_of_cut_buffer(&got));
		have_net_admin(false);
		cr_assert_str_empty(said_of_refusal(PF_INET, EPERM));
		have_net_admin(true);
	}
	process_end(&owner);
}

Test(debug, says_nothing_while_all_is_well)
{
	const char *said;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j QUEUE");
	setenv("LIBIPQ_DEBUG", "1", 1);
	setenv("LIBIPQ_RCVBUF", "10000", 1);
	stderr_keep();
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 5000, "hello");
	peer_accept(peer_packet(0));
	queue_silent(peer);
	peer_close(0);
	said = stderr_kept();
	cr_assert_str_empty(said);
}

/* The parent has not made a request, but its handle owns the queue. */
Test(debug, says_nothing_of_a_queue_claimed_by_a_child_with_the_same_handle)
{
	struct process child;
	const char *said;

	network_enter();
	setenv("LIBIPQ_DEBUG", "1", 1);
	setenv("LIBIPQ_RCVBUF", "10000", 1);
	peer_open(PF_INET);
	child = process_start();
	process_do(&child, peer_mode, IPQ_COPY_META);
	stderr_keep();
	peer_mode(IPQ_COPY_META);
	said = stderr_kept();
	cr_assert(queue_silent(peer));
	cr_assert_str_empty(said, "%s", said);
	process_end(&child);
	peer_close(0);
}
