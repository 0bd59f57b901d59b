/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces and network namespaces that change or are removed while packets wait for a
 * verdict. For interfaces that go down or are deleted, see system/devices.c. */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "peer.h"
#include "process.h"
#include "queue.h"
#include "reader.h"

TestSuite(interfaces, .timeout = 60);

static void queue_port_7(const char *chain)
{
	run("iptables-legacy -A %s -p udp --dport 7 -j QUEUE", chain);
}

static void say(const char *address)
{
	int fd = udp_open(AF_INET, 0);

	cr_assert(udp_send(fd, address, 7, "hello", 5) == 5);
	close(fd);
}

/* For events that follow some time after the end of a process. */
static void await_waiting(int count)
{
	long long limit = clock_us() + SOON;

	while (peer_waiting() != count) {
		cr_assert(clock_us() < limit, "%d packets wait", peer_waiting());
		usleep(1000);
	}
}

/* Returns the packet counter of the chain's first rule. */
static int counted(const char *chain)
{
	char command[256];

	snprintf(command, sizeof(command), "iptables-legacy -nvxL %s | "
		 "awk 'NR == 3 { exit $1 }'", chain);
	return run_output((char[64]) { 0 }, 64, "%s", command);
}

Test(interfaces, packets_that_wait_while_theirs_is_renamed_leave_by_the_new_name)
{
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	char output[256];
	union message m;

	network_enter();
	network_add_far();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	run("iptables-legacy -t mangle -A POSTROUTING -o wan0 -p udp --dport 7");
	for (int i = 0; i < 5; i++)
		say("10.9.0.2");
	if (run_output(output, sizeof(output), "ip link set veth0 name wan0"))
		cr_skip_test("before Linux 6.2, only a down interface can be renamed: %s",
			     output);
	for (int i = 0; i < 5; i++) {
		msg = queue_packet(h, &m);
		cr_assert_str_eq(msg->outdev_name, "wan0");
		ipq_set_verdict(h, msg->packet_id, NF_ACCEPT, 0, NULL);
	}
	cr_assert(queue_silent(h));
	cr_assert(counted("POSTROUTING -t mangle") == 5);
	ipq_destroy_handle(h);
}

/* A packet queued for the deleted interface must not leave through the new one. */
Test(interfaces, packets_of_one_deleted_are_not_those_of_the_next_of_its_number)
{
	unsigned int number;
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	ipq_id_t unread;
	long long limit;
	union message m;

	network_enter();
	network_add_far();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	number = if_nametoindex("veth0");
	say("10.9.0.2");
	say("10.9.0.2");
	cr_assert_str_eq(queue_packet(h, &m)->outdev_name, "veth0");
	run("ip link delete veth0 && "
	    "ip link add again0 index %u type veth peer name again1 && "
	    "ip link set again1 up && ip link set again0 up && "
	    "ip address add 10.9.0.1/24 dev again0", number);
	run("iptables-legacy -t mangle -A POSTROUTING -o again0 -p udp --dport 7");
	cr_assert(if_nametoindex("again0") == number);
	unread = queue_packet(h, &m)->packet_id;
	ipq_set_verdict(h, unread, NF_ACCEPT, 0, NULL);
	ipq_set_verdict(h, unread - 1, NF_ACCEPT, 0, NULL);
	cr_assert(queue_error(h) == ENOENT);
	cr_assert(queue_error(h) == ENOENT);

	limit = clock_us() + SOON;
	/* the name in the library's table may be 50 ms old */
	do {
		cr_assert(clock_us() < limit, "the old name stays");
		say("10.9.0.2");
		msg = queue_packet(h, &m);
		ipq_set_verdict(h, msg->packet_id, NF_DROP, 0, NULL);
	} while (strcmp(msg->outdev_name, "again0"));
	say("10.9.0.2");
	ipq_set_verdict(h, queue_packet(h, &m)->packet_id, NF_ACCEPT, 0, NULL);
	cr_assert(queue_silent(h));
	cr_assert(peer_waiting() == 0);
	cr_assert(counted("POSTROUTING -t mangle") == 1);
	ipq_destroy_handle(h);
}

static long enter_new_network(long unused)
{
	(void)unused;
	return unshare(CLONE_NEWNET);
}

Test(interfaces, packets_on_their_way_to_a_namespace_that_ends_are_dropped_with_it)
{
	struct process other;
	union message m;
	ipq_id_t id;
	int fd;

	network_enter();
	other = process_start();
	cr_assert(process_do(&other, enter_new_network, 0) == 0);
	run("ip link add veth0 type veth peer name veth1 netns %d && "
	    "ip address add 10.9.0.1/24 dev veth0 && ip link set veth0 up && "
	    "ip neighbour add 10.9.0.2 lladdr 02:00:00:00:00:02 dev veth0",
	    other.pid);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	fd = udp_open(AF_INET, 7);
	say("10.9.0.2");
	say("10.9.0.2");
	say("127.0.0.1");
	id = queue_packet(peer, &m)->packet_id;
	queue_packet(peer, &m);
	cr_assert(peer_waiting() == 3);
	process_end(&other);
	await_waiting(1);

	peer_accept(queue_packet(peer, &m)->packet_id);
	peer_accept(id);
	cr_assert(queue_error(peer) == ENOENT);
	udp_expect(fd, "hello");
	cr_assert(peer_waiting() == 0);
	peer_close(0);
}

/* The open sockets of the handle keep the namespace; no process is in it. */
Test(interfaces, a_reader_goes_on_in_a_namespace_that_nobody_else_is_in)
{
	unsigned int arrived = 0;
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	union message m;
	int from, to;
	char text[16];

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	from = udp_open(AF_INET, 0);
	to = udp_open(AF_INET, 7);
	for (int i = 0; i < 10; i++)
		cr_assert(udp_send(from, "127.0.0.1", 7, "hello", 5) == 5);
	cr_assert(!unshare(CLONE_NEWNET));
	for (int i = 0; i < 10; i++) {
		msg = queue_packet(h, &m);
		cr_assert_str_eq(msg->outdev_name, "lo");
		ipq_set_verdict(h, msg->packet_id, i < 4 ? NF_ACCEPT : NF_DROP, 0, NULL);
	}
	while (arrived < 4 && udp_hear(to, text, sizeof(text), DEADLINE) == 5)
		arrived++;
	cr_assert(arrived == 4);
	cr_assert(udp_send(from, "127.0.0.1", 7, "hello", 5) == 5);
	close(from);
	close(to);

	/* now only the handle and the waiting packet are left of it */
	msg = queue_packet(h, &m);
	ipq_set_verdict(h, msg->packet_id, NF_ACCEPT, 0, NULL);
	ipq_set_verdict(h, msg->packet_id, NF_ACCEPT, 0, NULL);
	cr_assert(queue_error(h) == ENOENT);
	cr_assert(ipq_set_mode(h, IPQ_COPY_PACKET, 0) == MODE_SENT);
	cr_assert(queue_silent(h));
	cr_assert(ipq_destroy_handle(h) == 0);

	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}
