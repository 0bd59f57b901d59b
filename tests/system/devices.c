/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces: what messages say of each kind, and what happens to packets when an
 * interface is renamed, set down or removed (FACTS 3, 7). */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

#include "network.h"
#include "queue.h"
#include "reader.h"

TestSuite(devices, .timeout = 60);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void queue_port_7(const char *chain)
{
	run("iptables-legacy -t mangle -A %s -p udp --dport 7 -j QUEUE", chain);
}

static void assert_hardware(const ipq_packet_msg_t *msg, unsigned short type,
			    unsigned char addrlen, const char *addr)
{
	cr_assert(msg->hw_type == type, "%s: type %u", msg->indev_name, msg->hw_type);
	cr_assert(msg->hw_addrlen == addrlen, "%s: an address of %u bytes",
		  msg->indev_name, msg->hw_addrlen);
	cr_assert(!memcmp(msg->hw_addr, addr, sizeof(msg->hw_addr)),
		  "%s: the address", msg->indev_name);
}

static unsigned int waiting(void)
{
	struct queue_figures f;

	cr_assert(queue_figures(0, &f));
	return f.waiting;
}

/* Waits for packets that another process has sent. */
static void await_waiting(unsigned int count)
{
	long long limit = clock_us() + DEADLINE * 1000LL;

	while (waiting() < count) {
		cr_assert(clock_us() < limit, "%u packets do not come", count);
		usleep(200);
	}
}

Test(devices, lo_has_type_772_and_an_address_of_six_zeros)
{
	struct ipq_handle *h;
	union message m;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("INPUT");
	udp_say(AF_INET, 7, "hello");
	assert_hardware(queue_packet(h, &m), 772, 6, "\0\0\0\0\0\0\0");
	ipq_destroy_handle(h);
}

Test(devices, veth_has_type_1_and_the_mac_of_the_sender)
{
	struct ipq_handle *h;
	union message m;

	network_enter();
	network_add_far();
	network_far("ip link set veth1 address 02:03:04:05:06:07");
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("INPUT");
	udp_say_far("10.9.0.1", 7, "hello");
	assert_hardware(queue_packet(h, &m), 1, 6, "\2\3\4\5\6\7\0");
	ipq_destroy_handle(h);
}

Test(devices, a_packet_forwarded_between_two_veths_has_the_mac_of_its_sender)
{
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	union message m;

	network_enter();
	network_add_far();
	network_add_beyond();
	network_far("ip link set veth1 address 02:03:04:05:06:07");
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("FORWARD");
	udp_say_far("10.10.0.2", 7, "hello");
	msg = queue_packet(h, &m);
	cr_assert_str_eq(msg->indev_name, "veth0");
	cr_assert_str_eq(msg->outdev_name, "veth2");
	assert_hardware(msg, 1, 6, "\2\3\4\5\6\7\0");
	ipq_destroy_handle(h);
}

/* What a program sends through a tun or tap device. Only tap has the
 * link-layer header. */
struct frame {
	struct ethhdr ether;
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed));

static int tunnel_open(const char *name, short flags)
{
	struct ifreq device = { .ifr_flags = flags | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		cr_skip_test("/dev/net/tun: %s", strerror(errno));
	strcpy(device.ifr_name, name);
	cr_assert(!ioctl(fd, TUNSETIFF, &device), "%s: %s", name, strerror(errno));
	run("ip link set %s address 02:00:00:00:00:01 2>&-; "
	    "ip address add 10.7.0.1/24 dev %s && ip link set %s up", name, name, name);
	return fd;
}

Test(devices, tun_has_no_hardware_fields_and_tap_those_of_ethernet)
{
	static const struct {
		const char *name;
		short flags;
		size_t skipped;	/* bytes at the beginning */
		unsigned short type;
		unsigned char addrlen;
		const char *addr;
	} rows[] = {
		{ "tun0", IFF_TUN, sizeof(struct ethhdr), 0, 0, "\0\0\0\0\0\0\0" },
		{ "tap0", IFF_TAP, 0, 1, 6, "\2\3\4\5\6\7\0" },
	};
	struct frame f = {
		.ether = {
			.h_dest = { 2, 0, 0, 0, 0, 1 }, .h_source = { 2, 3, 4, 5, 6, 7 },
			.h_proto = htons(ETH_P_IP),
		},
		.ip = {
			.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
			.tot_len = htons(28),
		},
		.udp = { .dest = htons(7), .len = htons(8) },
	};
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	union message m;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("INPUT");
	f.ip.saddr = inet_addr("10.7.0.2");
	f.ip.daddr = inet_addr("10.7.0.1");
	f.ip.check = checksum_end(checksum_add(0, &f.ip, sizeof(f.ip)));
	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd = tunnel_open(rows[i].name, rows[i].flags);
		size_t len = sizeof(f) - rows[i].skipped;

		cr_assert(write(fd, (char *)&f + rows[i].skipped, len) == (ssize_t)len);
		msg = queue_packet(h, &m);
		cr_assert_str_eq(msg->indev_name, rows[i].name);
		assert_hardware(msg, rows[i].type, rows[i].addrlen, rows[i].addr);
		close(fd);
	}
	ipq_destroy_handle(h);
}

Test(devices, a_bridged_packet_shows_the_bridge_and_not_its_ports)
{
	static const struct {
		unsigned int hook;
		const char *in, *out;
	} rows[] = {
		{ NF_INET_PRE_ROUTING, "br0", "" },
		{ NF_INET_FORWARD, "br0", "br0" },
		{ NF_INET_POST_ROUTING, "", "br0" },
	};
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	char output[256];
	union message m;

	network_enter();
	network_add_far();
	network_add_beyond();
	network_far("ip neighbour add 10.9.0.77 lladdr 02:00:00:00:09:77 dev veth1");
	run("ip link add br0 type bridge && ip link set veth0 master br0 && "
	    "ip link set veth2 master br0 && ip link set br0 up");
	if (run_output(output, sizeof(output),
		       "sysctl -qw net.bridge.bridge-nf-call-iptables=1"))
		cr_skip_test("br_netfilter is not available: %s", output);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("PREROUTING");
	queue_port_7("FORWARD");
	queue_port_7("POSTROUTING");
	udp_say_far("10.9.0.77", 7, "hello");
	for (size_t i = 0; i < COUNT(rows); i++) {
		msg = queue_packet(h, &m);
		cr_assert(msg->hook == rows[i].hook, "hook %u for %u", msg->hook,
			  rows[i].hook);
		cr_assert_str_eq(msg->indev_name, rows[i].in);
		cr_assert_str_eq(msg->outdev_name, rows[i].out);
		ipq_set_verdict(h, msg->packet_id, NF_ACCEPT, 0, NULL);
	}
	ipq_destroy_handle(h);
}

/* A process that sends as fast as it can. */
static pid_t flood(const char *address)
{
	pid_t pid = fork();
	int fd;

	cr_assert(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd = udp_open(AF_INET, 0);
		while (udp_send(fd, address, 7, "", 0) == 0)
			;
		_exit(1);
	}
	return pid;
}

Test(devices, a_new_name_shows_within_100_ms_while_packets_flow)
{
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	char output[256];
	union message m;
	long long renamed, begun = 0, seen = 0;
	pid_t pid;

	network_enter();
	network_add_far();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	pid = flood("10.9.0.2");
	for (int i = 0; i < 1000; i++) {
		msg = queue_packet(h, &m);
		cr_assert_str_eq(msg->outdev_name, "veth0");
		ipq_set_verdict(h, msg->packet_id, NF_DROP, 0, NULL);
	}
	if (run_output(output, sizeof(output), "ip link set veth0 name wan0"))
		cr_skip_test("before Linux 6.2, only a down interface can be renamed: %s",
			     output);
	renamed = clock_us();
	while (!seen || begun < seen + 100000) {
		begun = clock_us();
		msg = queue_packet(h, &m);
		if (!seen && !strcmp(msg->outdev_name, "wan0"))
			seen = begun;
		cr_assert_str_eq(msg->outdev_name, seen ? "wan0" : "veth0");
		cr_assert(seen || begun < renamed + 100000);
		ipq_set_verdict(h, msg->packet_id, NF_DROP, 0, NULL);
	}
	kill(pid, SIGKILL);
	cr_assert(waitpid(pid, NULL, 0) == pid);
	ipq_destroy_handle(h);
}

Test(devices, going_down_drops_what_waits_to_leave_there_and_nothing_else)
{
	static const char *const names[] = { "veth0", "veth0", "lo" };
	struct queue_figures f;
	struct ipq_handle *h;
	ipq_id_t ids[3];
	int from, to;
	char text[16];

	network_enter();
	network_add_far();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	to = udp_open(AF_INET, 7);
	from = udp_open(AF_INET, 0);
	cr_assert(udp_send(from, "10.9.0.2", 7, "lost", 4) == 4);
	cr_assert(udp_send(from, "10.9.0.2", 7, "lost", 4) == 4);
	cr_assert(udp_send(from, "127.0.0.1", 7, "kept", 4) == 4);
	cr_assert(waiting() == 3);

	run("ip link set veth0 down");
	cr_assert(queue_figures(0, &f) && f.waiting == 1);
	cr_assert(f.dropped_full == 0 && f.dropped_socket == 0, "they are counted");
	for (size_t i = 0; i < COUNT(ids); i++) {
		union message m;
		ipq_packet_msg_t *msg = queue_packet(h, &m);

		cr_assert_str_eq(msg->outdev_name, names[i]);
		ids[i] = msg->packet_id;
	}
	cr_assert(queue_silent(h));
	for (size_t i = 0; i < COUNT(ids); i++)
		cr_assert(ipq_set_verdict(h, ids[i], NF_ACCEPT, 0, NULL) > 0);
	cr_assert(queue_error(h) == ENOENT);
	cr_assert(queue_error(h) == ENOENT);
	cr_assert(queue_silent(h));
	cr_assert(udp_hear(to, text, sizeof(text), DEADLINE) == 4);
	cr_assert_str_eq(text, "kept");
	ipq_destroy_handle(h);
}

Test(devices, going_down_drops_what_has_come_in_there)
{
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	union message m;

	network_enter();
	network_add_far();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("INPUT");
	udp_say_far("10.9.0.1", 7, "lost");
	msg = queue_packet(h, &m);
	cr_assert(waiting() == 1);
	run("ip link set veth0 down");
	cr_assert(waiting() == 0);
	ipq_set_verdict(h, msg->packet_id, NF_ACCEPT, 0, NULL);
	cr_assert(queue_error(h) == ENOENT);
	ipq_destroy_handle(h);
}

Test(devices, an_interface_that_is_gone_keeps_its_last_known_name_and_type)
{
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	union message m;

	network_enter();
	network_add_far();
	network_far("ip link set veth1 address 02:03:04:05:06:07");
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("INPUT");
	for (int i = 0; i < 3; i++)
		udp_say_far("10.9.0.1", 7, "hello");
	msg = queue_packet(h, &m);
	cr_assert_str_eq(msg->indev_name, "veth0");
	await_waiting(3);

	run("ip link delete veth0");
	for (int i = 0; i < 2; i++) {
		msg = queue_packet(h, &m);
		cr_assert_str_eq(msg->indev_name, "veth0");
		assert_hardware(msg, 1, 6, "\2\3\4\5\6\7\0");
		poll(NULL, 0, 100);	/* until cached names are too old to be used */
	}
	cr_assert(waiting() == 0);
	ipq_set_verdict(h, msg->packet_id, NF_ACCEPT, 0, NULL);
	cr_assert(queue_error(h) == ENOENT);
	ipq_destroy_handle(h);
}

Test(devices, forty_interfaces_are_told_apart)
{
	char address[32], name[IFNAMSIZ];
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	union message m;
	int fd;

	network_enter();
	run("for i in $(seq 40); do echo link add a$i type veth peer name b$i; "
	    "echo link set a$i up; echo link set b$i up; "
	    "echo address add 10.8.$i.1/24 dev a$i; done | ip -batch -");
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	fd = udp_open(AF_INET, 0);
	for (int i = 0; i < 80; i++) {
		snprintf(address, sizeof(address), "10.8.%d.2", i % 40 + 1);
		snprintf(name, sizeof(name), "a%d", i % 40 + 1);
		cr_assert(udp_send(fd, address, 7, "hello", 5) == 5);
		msg = queue_packet(h, &m);
		cr_assert_str_eq(msg->outdev_name, name);
		ipq_set_verdict(h, msg->packet_id, NF_DROP, 0, NULL);
	}
	ipq_destroy_handle(h);
}

Test(devices, packets_outlive_the_rule_that_queued_them)
{
	struct ipq_handle *h;
	ipq_id_t before;
	union message m;
	char text[16];
	int to;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	to = udp_open(AF_INET, 7);
	udp_say(AF_INET, 7, "read before");
	udp_say(AF_INET, 7, "read after");
	before = queue_packet(h, &m)->packet_id;
	run("iptables-legacy -t mangle -F");
	cr_assert(waiting() == 2);
	ipq_set_verdict(h, before, NF_ACCEPT, 0, NULL);
	ipq_set_verdict(h, queue_packet(h, &m)->packet_id, NF_ACCEPT, 0, NULL);
	cr_assert(udp_hear(to, text, sizeof(text), DEADLINE) > 0);
	cr_assert_str_eq(text, "read before");
	cr_assert(udp_hear(to, text, sizeof(text), DEADLINE) > 0);
	cr_assert_str_eq(text, "read after");
	ipq_destroy_handle(h);
}

/* ip_queue had one owner for all network namespaces (FACTS 3). */
Test(devices, packets_of_another_namespace_do_not_come_here)
{
	struct queue_figures f;
	struct ipq_handle *h;

	network_enter();
	network_add_far();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	network_far("iptables-legacy -A OUTPUT -p udp --dport 7 -j QUEUE");
	udp_say_far("10.9.0.1", 7, "hello");
	network_far("iptables-legacy -nvxL OUTPUT | grep -q '^ *1 .* QUEUE '");
	cr_assert(queue_silent(h));
	cr_assert(queue_figures(0, &f));
	cr_assert(f.waiting == 0 && f.last_id == 0);
	ipq_destroy_handle(h);
}

Test(devices, names_are_those_of_the_namespace_the_handle_was_made_in)
{
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	union message m;
	int fd;

	network_enter();
	network_add_far();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	fd = udp_open(AF_INET, 0);
	cr_assert(!unshare(CLONE_NEWNET));
	cr_assert(udp_send(fd, "10.9.0.2", 7, "hello", 5) == 5);
	msg = queue_packet(h, &m);
	cr_assert_str_eq(msg->outdev_name, "veth0");
	ipq_destroy_handle(h);
}
