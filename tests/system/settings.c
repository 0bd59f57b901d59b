/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The effect of the LIBIPQ_* environment variables, and that nothing else has one (FACTS
 * 6 for the queue's length). */
#include <endian.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "network.h"
#include "peer.h"
#include "process.h"
#include "queue.h"

TestSuite(settings, .timeout = 60);

static bool claimed(unsigned int number)
{
	struct queue_figures f;

	return queue_figures(number, &f);
}

static int receive_buffer(void)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	cr_assert(!getsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len));
	return bytes;
}

Test(settings, queue_is_where_packets_come_from)
{
	int heard;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j NFQUEUE --queue-num 7");
	heard = udp_open(AF_INET, 5000);
	setenv("LIBIPQ_QUEUE", "7", 1);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(claimed(7) && !claimed(0));
	udp_say(AF_INET, 5000, "hello");
	peer_accept(peer_packet(0));
	udp_expect(heard, "hello");
	peer_close(0);
}

Test(settings, queue_is_where_packets_queued_again_go)
{
	union message m;
	long id;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j NFQUEUE --queue-num 7");
	setenv("LIBIPQ_QUEUE", "7", 1);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 5000, "hello");
	id = peer_packet(0);
	ipq_set_verdict(peer, id, NF_QUEUE, 0, NULL);
	cr_assert((long)queue_packet(peer, &m)->packet_id != id);
	peer_close(0);
}

Test(settings, queue_is_for_both_families_and_queue6_for_ipv6_alone)
{
	network_enter();
	setenv("LIBIPQ_QUEUE", "7", 1);
	ipq_destroy_handle(queue_open(PF_INET, IPQ_COPY_META, 0));
	peer = queue_open(PF_INET6, IPQ_COPY_META, 0);
	cr_assert(claimed(7));
	peer_close(0);

	setenv("LIBIPQ_QUEUE6", "8", 1);
	peer = queue_open(PF_INET6, IPQ_COPY_META, 0);
	cr_assert(claimed(8) && !claimed(7));
	peer_close(0);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(claimed(7) && !claimed(8));
	peer_close(0);

	unsetenv("LIBIPQ_QUEUE");
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(claimed(0) && !claimed(8));
	peer_close(0);
}

Test(settings, queue6_is_where_ipv6_packets_come_from)
{
	union message m;

	network_enter();
	run("ip6tables-legacy -A OUTPUT -p udp --dport 5000 "
	    "-j NFQUEUE --queue-num 65535");
	setenv("LIBIPQ_QUEUE6", "65535", 1);
	peer = queue_open(PF_INET6, IPQ_COPY_META, 0);
	udp_say(AF_INET6, 5000, "hello");
	cr_assert(queue_packet(peer, &m)->hook == NF_INET_LOCAL_OUT);
	peer_close(0);
}

Test(settings, queues_of_different_numbers_have_different_owners)
{
	struct process other;

	network_enter();
	setenv("LIBIPQ_QUEUE", "7", 1);
	other = process_start();
	cr_assert(process_do(&other, peer_open, PF_INET));
	process_do(&other, peer_mode, IPQ_COPY_META);
	setenv("LIBIPQ_QUEUE", "8", 1);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(queue_silent(peer));
	cr_assert(claimed(7) && claimed(8));
	process_end(&other);
	peer_close(0);
}

Test(settings, maxlen_is_how_many_packets_may_wait)
{
	struct queue_figures f;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j QUEUE");
	setenv("LIBIPQ_MAXLEN", "2", 1);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	for (int i = 0; i < 3; i++)
		udp_say(AF_INET, 5000, "hello");
	cr_assert(queue_figures(0, &f));
	cr_assert(f.waiting == 2 && f.dropped_full == 1);
	peer_accept(peer_packet(0));
	cr_assert(peer_packet(0) > 0);
	udp_say(AF_INET, 5000, "hello");
	cr_assert(peer_packet(0) > 0);
	cr_assert(queue_silent(peer));
	peer_close(0);
}

Test(settings, maxlen_0_drops_everything)
{
	struct queue_figures f;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j QUEUE");
	setenv("LIBIPQ_MAXLEN", "0", 1);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 5000, "hello");
	cr_assert(queue_silent(peer));
	cr_assert(queue_figures(0, &f));
	cr_assert(f.waiting == 0 && f.dropped_full == 1);
	peer_close(0);
}

Test(settings, maxlen_minus_1_is_no_limit)
{
	struct queue_figures f;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j QUEUE");
	setenv("LIBIPQ_MAXLEN", "-1", 1);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	/* more than the default; each is read, so that the receive buffer is not full */
	for (int i = 0; i < 1100; i++) {
		udp_say(AF_INET, 5000, "hello");
		cr_assert(peer_packet(0) > 0);
	}
	cr_assert(queue_figures(0, &f));
	cr_assert(f.waiting == 1100 && f.dropped_full == 0 && f.dropped_socket == 0);
	peer_close(0);
}

Test(settings, rcvbuf_is_the_receive_buffer_whatever_the_mode)
{
	network_enter();
	cr_assert(peer_open(PF_INET));
	cr_assert(receive_buffer() > 2 * 10000);
	peer_close(0);

	setenv("LIBIPQ_RCVBUF", "10000", 1);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(receive_buffer() == 2 * 10000);
	peer_mode(IPQ_COPY_PACKET);
	cr_assert(receive_buffer() == 2 * 10000);
	peer_close(0);
}

Test(settings, values_at_the_limits_are_accepted)
{
	static const char *const settings[][2] = {
		{ "LIBIPQ_QUEUE", "0" }, { "LIBIPQ_QUEUE", "65535" },
		{ "LIBIPQ_QUEUE6", "0" }, { "LIBIPQ_QUEUE6", "65535" },
		{ "LIBIPQ_MAXLEN", "4294967295" },
		{ "LIBIPQ_RCVBUF", "1" }, { "LIBIPQ_RCVBUF", "1073741823" },
		{ "LIBIPQ_DEBUG", "0" }, { "LIBIPQ_DEBUG", "1" },
	};

	network_enter();
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		setenv(settings[i][0], settings[i][1], 1);
		peer = queue_open(PF_INET, IPQ_COPY_META, 0);
		cr_assert(queue_silent(peer), "%s=%s", settings[i][0], settings[i][1]);
		peer_close(0);
		unsetenv(settings[i][0]);
	}
}

Test(settings, variables_of_others_are_ignored)
{
	network_enter();
	setenv("LIBIPQ", "x", 1);
	setenv("LIBIPQUEUE", "x", 1);
	setenv("MY_LIBIPQ_QUEUE", "x", 1);
	stderr_keep();
	cr_assert(peer_open(PF_INET));
	cr_assert_str_empty(stderr_kept());
	peer_close(0);
}

/* Creating a handle must fail with one line of explanation, which is returned. */
static const char *refusal(void)
{
	const char *said;
	int error;

	stderr_keep();
	errno = 0;
	peer_open(PF_INET);
	error = errno;
	said = stderr_kept();
	cr_assert(!peer);
	cr_assert(error == EINVAL);
	cr_assert_str_eq(ipq_errstr(), "Unable to create netlink handle");
	assert_one_line(said);
	return said;
}

Test(settings, an_unknown_name_is_refused_with_a_line_that_tells_the_known)
{
	const char *said;

	NOT_CARRIED("to it a setting refused is a socket refused");
	network_enter();
	setenv("LIBIPQ_QUEU", "7", 1);
	said = refusal();
	assert_says(said, "LIBIPQ_QUEU:");
	assert_says(said, "LIBIPQ_QUEUE ");
	assert_says(said, "LIBIPQ_QUEUE6");
	assert_says(said, "LIBIPQ_MAXLEN");
	assert_says(said, "LIBIPQ_RCVBUF");
	assert_says(said, "LIBIPQ_DEBUG");
}

static void assert_value_is_refused(const char *name, const char *value,
				    const char *accepted)
{
	char setting[64];
	const char *said;

	setenv(name, value, 1);
	said = refusal();
	snprintf(setting, sizeof(setting), "%s=%s", name, value);
	assert_says(said, setting);
	assert_says(said, accepted);
	unsetenv(name);
}

Test(settings, a_malformed_value_is_refused_with_a_line_that_tells_what_is_not)
{
	static const char *const malformed[] = {
		"", " ", "abc", "-2", "+1", " 1", "1 ", "1x", "0x1", "1.0", "1,2",
		"99999999999999999999",
	};

	NOT_CARRIED("to it a setting refused is a socket refused");
	network_enter();
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		assert_value_is_refused("LIBIPQ_QUEUE", malformed[i], "0 to 65535");
		assert_value_is_refused("LIBIPQ_QUEUE6", malformed[i], "0 to 65535");
		assert_value_is_refused("LIBIPQ_MAXLEN", malformed[i], "-1");
		assert_value_is_refused("LIBIPQ_RCVBUF", malformed[i], "bytes");
		assert_value_is_refused("LIBIPQ_DEBUG", malformed[i], "0 or 1");
	}
}

Test(settings, a_value_out_of_range_is_refused)
{
	NOT_CARRIED("to it a setting refused is a socket refused");
	network_enter();
	assert_value_is_refused("LIBIPQ_QUEUE", "65536", "0 to 65535");
	assert_value_is_refused("LIBIPQ_QUEUE", "-1", "0 to 65535");
	assert_value_is_refused("LIBIPQ_QUEUE6", "65536", "0 to 65535");
	assert_value_is_refused("LIBIPQ_MAXLEN", "4294967296", "0 to 4294967295");
	assert_value_is_refused("LIBIPQ_RCVBUF", "0", "1 to 1073741823");
	assert_value_is_refused("LIBIPQ_RCVBUF", "1073741824", "1 to 1073741823");
	assert_value_is_refused("LIBIPQ_DEBUG", "2", "0 or 1");
}

Test(settings, a_single_one_of_several_bad_settings_is_told)
{
	NOT_CARRIED("to it a setting refused is a socket refused");
	network_enter();
	setenv("LIBIPQ_QUEUE", "x", 1);
	setenv("LIBIPQ_MAXLEN", "x", 1);
	setenv("LIBIPQ_UNKNOWN", "x", 1);
	refusal();
}

Test(settings, a_refused_handle_can_be_made_once_the_setting_is_good)
{
	NOT_CARRIED("to it a setting refused is a socket refused");
	network_enter();
	setenv("LIBIPQ_QUEUE", "x", 1);
	refusal();
	setenv("LIBIPQ_QUEUE", "7", 1);
	cr_assert(peer_open(PF_INET), "%s", ipq_errstr());
	peer_close(0);
}

/* Makes a copy of the program that gives a capability to any user that runs it. */
static void make_secure_program(char *path, size_t size)
{
	struct vfs_cap_data caps = {
		.magic_etc = htole32(VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE),
		.data[0].permitted = htole32(1 << CAP_NET_RAW),
	};
	char tests[PATH_MAX] = "", directory[] = "/tmp/libipq-XXXXXX";

	cr_assert(readlink("/proc/self/exe", tests, sizeof(tests) - 1) > 0);
	cr_assert(mkdtemp(directory));
	snprintf(path, size, "%s/secure-program", directory);
	run("cp %s/secure-program %s", dirname(tests), path);
	if (setxattr(path, "security.capability", &caps, XATTR_CAPS_SZ_2, 0)) {
		int error = errno;

		run("rm -r %s", directory);
		cr_skip_test("file capabilities in /tmp: %s", strerror(error));
	}
}

Test(settings, a_program_with_more_privilege_than_its_caller_has_none)
{
	char program[64], plain[512], secure[512], is_plain[512];
	int status[3];

	NOT_CARRIED("such a program is not preloaded");
	network_enter();
	make_secure_program(program, sizeof(program));
	setenv("LIBIPQ_DEBUG", "1", 1);
	/* the capability is nothing new to root, but is to another user; without
	 * CAP_NET_ADMIN the mode is refused, and LIBIPQ_DEBUG=1 would print a line */
	status[0] = run_output(is_plain, sizeof(is_plain), "%s", program);
	setenv("LIBIPQ_QUEUE", "x", 1);
	status[1] = run_output(plain, sizeof(plain), "%s", program);
	status[2] = run_output(secure, sizeof(secure), "unshare --map-user=1000 %s",
			       program);
	run("rm -r %s", dirname(program));
	cr_assert(status[0] == 0);
	cr_assert_str_eq(is_plain, "not secure\n");
	cr_assert(status[1] == 1);
	assert_says(plain, "LIBIPQ_QUEUE=x");
	cr_assert(status[2] == 0, "%s", secure);
	cr_assert_str_eq(secure, "secure\n");
}
