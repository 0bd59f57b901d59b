/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resources that the system may lack when the library needs them: memory shared between
 * processes, the kernel's module, features of later kernels, /proc. For calls that fail
 * one after the other, see exhaustion.c. */
#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>

#include <criterion/criterion.h>

/* queue.h defines this name, too */
#define message message_of_kernel
#include "ip_queue.h"
#undef message
#include "network.h"
#include "nfqueue.h"
#include "pair.h"
#include "peer.h"
#include "port_id.h"
#include "process.h"

TestSuite(shortages, .timeout = 60);

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* calls until one fails; 0: no call fails */
static unsigned int maps_left;
/* called once, within mmap */
static void (*while_mapping)(void);
static bool no_module, no_cookie, no_privilege, no_marks;

/* The program uses these functions instead of the C library's, and so
 * do its libraries. */
void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	static void *(*real)(void *, size_t, int, int, int, off_t);
	void (*act)(void) = while_mapping;

	if (!real)
		real = (typeof(real))dlsym(RTLD_NEXT, "mmap");
	if (maps_left && --maps_left == 0) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	while_mapping = NULL;
	if (act)
		act();
	return real(at, len, protection, flags, fd, offset);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	if (no_cookie && level == SOL_SOCKET && name == SO_NETNS_COOKIE) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return syscall(SYS_getsockopt, fd, level, name, value, len);
}

/* net.core.rmem_max is the limit for a process without CAP_NET_ADMIN in the initial
 * user namespace. */
int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (no_privilege && level == SOL_SOCKET && name == SO_RCVBUFFORCE) {
		errno = EPERM;
		return -1;
	}
	return syscall(SYS_setsockopt, fd, level, name, value, len);
}

/* The length of a mark (translate_mark), shorter than any other request. */
#define MARK_LEN (NLMSG_LENGTH(sizeof(struct nfgenmsg)) + 2 * sizeof(struct nlattr) + \
		  sizeof(struct nfqnl_msg_verdict_hdr))

/* Without the module, the kernel answers a request as one for a subsystem that does not
 * exist; so this changes the subsystem of each message. */
static void ask_for_none(void *buf, size_t len)
{
	struct nlmsghdr *nlh = buf;

	for (; NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len))
		nlh->nlmsg_type |= 0xff00;
}

ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	_Alignas(struct nlmsghdr) char other[1024];

	if (no_marks && len == MARK_LEN) {
		errno = ENOBUFS;
		return -1;
	}
	if (no_module && len <= sizeof(other)) {
		memcpy(other, buf, len);
		ask_for_none(other, len);
		buf = other;
	}
	return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return sendto(fd, buf, len, flags, NULL, 0);
}

static uint32_t port_id_of_ours(void)
{
	return port_id_of(AF_INET, getpid(), 0);
}

static void fail_to_make(int error)
{
	int before = open_descriptors();

	errno = 0;
	cr_assert(!ipq_create_handle(0, PF_INET) && errno == error, "errno %d", errno);
	cr_assert_str_eq(ipq_errstr(), "Unable to create netlink socket");
	cr_assert(open_descriptors() == before);
}

static void make_and_pass(void)
{
	pair_open(0);
	pair_pass(0, "four");
	pair_pass(1, "six");
	pair_close_both();
}

Test(shortages, without_shared_memory_no_handle_is_made_until_there_is_some)
{
	unsetenv("LIBIPQ_BATCH");
	pair_network("QUEUE");
	maps_left = 1;
	fail_to_make(ENOMEM);
	make_and_pass();
	/* the memory has been mapped, so mmap is not called again */
	maps_left = 1;
	make_and_pass();
	cr_assert(maps_left == 1);
}

Test(shortages, without_shared_memory_no_handle_with_batches_is_made)
{
	setenv("LIBIPQ_BATCH", "64", 1);
	pair_network("QUEUE");
	for (unsigned int n = 1; n <= 2; n++) {
		maps_left = n;
		fail_to_make(ENOMEM);
		cr_assert(!maps_left);
	}
	make_and_pass();
}

Test(shortages, a_batch_that_cannot_be_had_is_refused_and_changes_nothing)
{
	unsigned int value = 0;

	unsetenv("LIBIPQ_BATCH");
	pair_network("QUEUE");
	pair_make(0);
	maps_left = 1;
	cr_assert(ipq_ctl(pair[0], IPQ_CTL_SET_BATCH, 64) == -1 && errno == ENOMEM);
	cr_assert(!ipq_ctl(pair[0], IPQ_CTL_GET_BATCH, &value) && value == 1);
	pair_start(0);
	pair_pass(0, "hello");
	pair_close(0);
}

/* The socket is not readable then while messages are held, but no call has failed. */
Test(shortages, without_memory_for_marks_calls_that_succeed_leave_errno_alone)
{
	union message m;
	int i;

	setenv("LIBIPQ_BATCH", "64", 1);
	pair_network("QUEUE");
	pair_make(0);
	pair_start(0);
	for (i = 0; i < 5; i++)
		pair_say(0, "waits");
	no_marks = true;
	errno = 0;
	for (i = 0; i < 5; i++) {
		cr_assert(ipq_read(pair[0], m.buf, sizeof(m.buf), 0) > 0 && errno == 0);
		cr_assert(ipq_set_verdict(pair[0], ipq_get_packet(m.buf)->packet_id,
					  NF_ACCEPT, 0, NULL) == VERDICT_SENT);
		cr_assert(errno == 0, "%s", strerror(errno));
	}
	for (i = 0; i < 5; i++)
		udp_expect(pair_heard[0], "waits");
	pair_close(0);
}

Test(shortages, without_shared_memory_a_socket_cannot_be_adopted)
{
	struct ip_queue q;
	int fd;

	setenv("LIBIPQ_BATCH", "64", 1);
	network_enter();
	fd = nfqueue_open(SOCK_RAW, port_id_of_ours());
	cr_assert(fd >= 0);
	for (unsigned int n = 1; n <= 2; n++) {
		maps_left = n;
		errno = 0;
		cr_assert(ip_queue_adopt(&q, fd, port_id_of_ours()) == -1);
		cr_assert(errno == ENOMEM && !maps_left);
	}
	cr_assert(!ip_queue_adopt(&q, fd, port_id_of_ours()));
	close(fd);
}

static void make_the_other(void)
{
	pair_make(1);
}

/* Another thread, or a signal handler, may make a handle meanwhile. Both handles must
 * find each other. */
Test(shortages, two_threads_that_make_the_first_handle_at_once_both_have_one)
{
	unsetenv("LIBIPQ_BATCH");
	pair_network("QUEUE");
	while_mapping = make_the_other;
	pair_make(0);
	pair_start(0);
	pair_start(1);
	pair_pass(0, "four");
	pair_pass(1, "six");
	pair_close_both();
}

static struct ip_queue of_other;
static int shared_fd;

static void adopt_meanwhile(void)
{
	cr_assert(!ip_queue_adopt(&of_other, shared_fd, port_id_of_ours()));
}

Test(shortages, two_that_adopt_a_socket_at_once_share_one_batch)
{
	struct ip_queue q;

	setenv("LIBIPQ_BATCH", "64", 1);
	network_enter();
	shared_fd = nfqueue_open(SOCK_RAW, port_id_of_ours());
	while_mapping = adopt_meanwhile;
	cr_assert(!ip_queue_adopt(&q, shared_fd, port_id_of_ours()));
	cr_assert(q.batch && q.batch == of_other.batch && q.peer == of_other.peer);
	close(shared_fd);
}

Test(shortages, without_the_module_a_handle_fails_and_debug_tells_why)
{
	const char *said;

	network_enter();
	no_module = true;
	for (int debug = 0; debug < 2; debug++) {
		setenv("LIBIPQ_DEBUG", debug ? "1" : "0", 1);
		stderr_keep();
		fail_to_make(EPROTONOSUPPORT);
		said = stderr_kept();
		if (debug) {
			assert_one_line(said);
			assert_says(said, "modprobe nfnetlink_queue");
		} else {
			cr_assert_str_empty(said);
		}
	}
}

/* The module is missing after the handle was made, as if it had been removed. */
Test(shortages, without_the_module_a_request_is_answered_with_errors)
{
	union message m;

	network_enter();
	pair_make(0);
	no_module = true;
	pair_start(0);
	cr_assert(queue_error(pair[0]) == EINVAL);
	/* the kernel answers each message of the request with an error */
	while (ipq_read(pair[0], m.buf, sizeof(m.buf), -1) > 0)
		cr_assert(m.nlh.nlmsg_type == NLMSG_ERROR && ipq_get_msgerr(m.buf) == EINVAL);
	no_module = false;
	pair_start(0);
	cr_assert(queue_silent(pair[0]));
	pair_close(0);
}

Test(shortages, debug_tells_of_a_receive_buffer_cut_short_and_packets_pass)
{
	const char *said;
	char got[32];
	socklen_t len = sizeof(int);
	int bytes = 0;

	pair_network("QUEUE");
	no_privilege = true;
	setenv("LIBIPQ_DEBUG", "1", 1);
	setenv("LIBIPQ_RCVBUF", "1073741823", 1);
	pair_make(0);
	stderr_keep();
	pair_start(0);
	said = stderr_kept();
	cr_assert(!getsockopt(pair[0]->fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len));
	snprintf(got, sizeof(got), "is %d bytes", bytes / 2);
	assert_one_line(said);
	assert_says(said, got);
	assert_says(said, "wanted 1073741823");
	assert_says(said, "net.core.rmem_max");
	pair_pass(0, "hello");
	pair_close(0);
}

/* SO_NETNS_COOKIE exists since Linux 5.14. */
Test(shortages, kernels_that_number_no_network_namespaces_tell_them_apart_all_the_same)
{
	struct ipq_handle *first;

	no_cookie = true;
	pair_network("QUEUE");
	make_and_pass();
	pair_make(0);
	pair_start(0);
	first = pair[0];
	pair_network("QUEUE");
	pair_make(0);
	/* the first handle has already set its mode, the other has not */
	cr_assert(ipq_ctl(first, IPQ_CTL_SET_MAXLEN, 7) == -1 && errno == EBUSY);
	cr_assert(ipq_ctl(pair[0], IPQ_CTL_SET_MAXLEN, 7) == 0);
	pair_start(0);
	pair_pass(0, "there");
	pair_close(0);
	ipq_destroy_handle(first);
}

/* Hides /proc, in a mount namespace of its own. */
static void hide_proc(void)
{
	cr_assert(!unshare(CLONE_NEWNS), "%s", strerror(errno));
	cr_assert(!mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	cr_assert(!mount("none", "/proc", "tmpfs", 0, NULL), "%s", strerror(errno));
}

/* Puts a file that the kernel did not write in the place of the list of queues. */
static void put_other_list(void)
{
	FILE *list;

	run("mkdir -p /proc/thread-self/net/netfilter");
	list = fopen("/proc/thread-self/net/netfilter/nfnetlink_queue", "we");
	cr_assert(list && fputs("no list of queues\n0 1\n", list) >= 0 && !fclose(list));
}

static void drops_are_unknown(int i)
{
	uint64_t drops;

	errno = 0;
	cr_assert(ipq_ctl(pair[i], IPQ_CTL_GET_DROPPED, &drops) == -1 && errno == ENOENT);
	cr_assert_str_eq(ipq_errstr(), "Operation not supported");
}

static void pass_with_drops_unknown(void)
{
	pair_open(0);
	/* pair_pass cannot be used: it reads /proc to see whether packets
	 * have been moved */
	for (int i = 0; i < 2; i++) {
		udp_say(pair_family(i), 9, "hello");
		pair_expect(i, "hello");
	}
	drops_are_unknown(0);
	drops_are_unknown(1);
	pair_close_both();
}

Test(shortages, without_proc_packets_pass_and_drops_are_unknown)
{
	pair_network("QUEUE");
	hide_proc();
	/* the library must find the network namespace without the cookie, too */
	no_cookie = true;
	pass_with_drops_unknown();
}

Test(shortages, with_a_proc_file_that_is_no_list_packets_pass_and_drops_are_unknown)
{
	pair_network("QUEUE");
	hide_proc();
	put_other_list();
	pass_with_drops_unknown();
}

Test(shortages, without_proc_debug_cannot_name_an_owner)
{
	struct process owner;
	const char *said;

	network_enter();
	owner = process_start();
	cr_assert(process_do(&owner, peer_open, PF_INET));
	cr_assert(process_do(&owner, peer_mode, IPQ_COPY_META) == MODE_SENT);
	hide_proc();
	setenv("LIBIPQ_DEBUG", "1", 1);
	peer_open(PF_INET);
	stderr_keep();
	peer_mode(IPQ_COPY_NONE);
	said = stderr_kept();
	cr_assert(peer_error(0) == EBUSY);
	assert_one_line(said);
	assert_says(said, "queue 0 is owned by another socket:");
	process_end(&owner);
	peer_close(0);
}
