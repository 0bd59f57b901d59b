/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handles: created, refused, destroyed; error texts (FACTS 1). */
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "network.h"
#include "peer.h"
#include "process.h"
#include "queue.h"

TestSuite(handles, .timeout = 60);

static void assert_kernels(const struct sockaddr_nl *address)
{
	cr_assert(address->nl_family == AF_NETLINK && address->nl_pad == 0);
	cr_assert(address->nl_pid == 0 && address->nl_groups == 0);
}

static void assert_ours(const struct sockaddr_nl *address)
{
	cr_assert(address->nl_family == AF_NETLINK && address->nl_pad == 0);
	cr_assert(address->nl_pid == (uint32_t)getpid() && address->nl_groups == 0);
}

static int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	cr_assert(!getsockopt(fd, SOL_SOCKET, name, &value, &len));
	return value;
}

static int lowest_free_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY);

	cr_assert(fd >= 0);
	close(fd);
	return fd;
}

static void *create_ipv4(void *unused)
{
	(void)unused;
	return ipq_create_handle(0, PF_INET);
}

static void *error_text(void *unused)
{
	(void)unused;
	return ipq_errstr();
}

static void *in_thread(void *(*act)(void *))
{
	pthread_t thread;
	void *result;

	cr_assert(!pthread_create(&thread, NULL, act, NULL));
	cr_assert(!pthread_join(thread, &result));
	return result;
}

static long port_id_of_new_handle(long family)
{
	struct ipq_handle *h = ipq_create_handle(0, family);

	return h ? h->local.nl_pid : 0;
}

Test(handles, show_the_process_id_and_the_kernel_as_their_addresses)
{
	struct ipq_handle *h;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	cr_assert(h->blocking == 0);
	assert_ours(&h->local);
	assert_kernels(&h->peer);
	ipq_destroy_handle(h);
}

Test(handles, handles_of_both_families_live_in_one_process)
{
	struct ipq_handle *v4, *v6;

	network_enter();
	v4 = ipq_create_handle(0, PF_INET);
	v6 = ipq_create_handle(0, PF_INET6);
	cr_assert(v4 && v6 && v4->fd != v6->fd);
	assert_ours(&v4->local);
	assert_ours(&v6->local);
	assert_kernels(&v6->peer);
	ipq_destroy_handle(v4);
	ipq_destroy_handle(v6);
}

Test(handles, have_the_lowest_free_descriptor_and_it_is_a_raw_netlink_socket)
{
	struct ipq_handle *h;
	int lowest;

	NOT_SUPERVISED(SUPERVISED_HAS_HIGH_NUMBERS);
	network_enter();
	lowest = lowest_free_descriptor();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h && h->fd == lowest);
	cr_assert(option(h->fd, SO_DOMAIN) == AF_NETLINK);
	cr_assert(option(h->fd, SO_TYPE) == SOCK_RAW);
	ipq_destroy_handle(h);
}

Test(handles, block_and_are_inherited_across_exec)
{
	struct ipq_handle *h;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	cr_assert(fcntl(h->fd, F_GETFL) == O_RDWR);
	cr_assert(fcntl(h->fd, F_GETFD) == 0);
	ipq_destroy_handle(h);
}

Test(handles, have_the_send_buffer_of_any_netlink_socket)
{
	int any = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct ipq_handle *h;

	network_enter();
	cr_assert(any >= 0);
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	cr_assert(option(h->fd, SO_SNDBUF) == option(any, SO_SNDBUF));
	ipq_destroy_handle(h);
	close(any);
}

Test(handles, let_the_program_set_their_receive_buffer)
{
	struct ipq_handle *h;
	int bytes = 50000;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	cr_assert(!setsockopt(h->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)));
	cr_assert(option(h->fd, SO_RCVBUF) == 2 * bytes);
	ipq_destroy_handle(h);
}

Test(handles, ignore_the_flags)
{
	struct ipq_handle *h;

	network_enter();
	h = ipq_create_handle(0xffffffff, PF_INET);
	cr_assert(h);
	cr_assert(ipq_set_mode(h, IPQ_COPY_META, 0) == MODE_SENT);
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(handles, made_or_destroyed_leave_errno_alone)
{
	struct ipq_handle *h;

	network_enter();
	errno = 0;
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h && errno == 0);
	errno = ENOTTY;
	cr_assert(ipq_destroy_handle(h) == 0 && errno == ENOTTY);
	h = ipq_create_handle(0, PF_INET6);
	cr_assert(h && errno == ENOTTY);
	ipq_destroy_handle(h);
}

Test(handles, handles_of_another_protocol_are_refused_with_errno_untouched)
{
	static const uint32_t protocols[] = { 99, 0, 1, 7, -1 };

	network_enter();
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		errno = 0;
		cr_assert(!ipq_create_handle(0, protocols[i]), "%u", protocols[i]);
		cr_assert(errno == 0);
		cr_assert_str_eq(ipq_errstr(), "Invalid protocol specified");
	}
}

Test(handles, a_second_one_of_the_family_fails_with_eaddrinuse)
{
	static const int families[] = { PF_INET, PF_INET6 };
	struct ipq_handle *h;

	network_enter();
	for (int i = 0; i < 2; i++) {
		h = ipq_create_handle(0, families[i]);
		cr_assert(h);
		errno = 0;
		cr_assert(!ipq_create_handle(0, families[i]));
		cr_assert(errno == EADDRINUSE);
		cr_assert_str_eq(ipq_errstr(), "Unable to bind netlink socket");
		ipq_destroy_handle(h);
	}
}

Test(handles, a_second_one_of_the_family_fails_in_another_thread_too)
{
	struct ipq_handle *h;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	cr_assert(!in_thread(create_ipv4));
	ipq_destroy_handle(h);
}

Test(handles, a_refused_second_one_does_not_disturb_the_first)
{
	struct ipq_handle *h;
	union message m;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j QUEUE");
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(!ipq_create_handle(0, PF_INET));
	udp_say(AF_INET, 5000, "hello");
	cr_assert(queue_packet(h, &m)->hook == NF_INET_LOCAL_OUT);
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(handles, the_next_one_works_once_the_first_is_destroyed)
{
	struct ipq_handle *h;
	union message m;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j QUEUE");
	ipq_destroy_handle(queue_open(PF_INET, IPQ_COPY_META, 0));
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 5000, "hello");
	queue_packet(h, &m);
	ipq_destroy_handle(h);
}

Test(handles, another_process_may_have_one_with_its_own_port_id)
{
	struct ipq_handle *h;
	struct process other;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	other = process_start();
	cr_assert(process_do(&other, port_id_of_new_handle, PF_INET) == other.pid);
	process_end(&other);
	ipq_destroy_handle(h);
}

/* ip_queue had netlink protocols of its own, so there was no such conflict. */
Test(handles, do_not_clash_with_a_netlink_socket_of_the_program)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_pid = getpid() };
	struct ipq_handle *h;
	int fd;

	network_enter();
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	cr_assert(fd >= 0);
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	cr_assert(!bind(fd, (struct sockaddr *)&address, sizeof(address)));
	ipq_destroy_handle(h);
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	ipq_destroy_handle(h);
	close(fd);
}

/* Runs act(PF_INET) with a limit that leaves n descriptors to be opened. */
static long with_descriptors_left(int n, long (*act)(long))
{
	struct rlimit limit, before;
	int error;
	long result;

	getrlimit(RLIMIT_NOFILE, &before);
	limit = before;
	limit.rlim_cur = lowest_free_descriptor() + n;
	cr_assert(!setrlimit(RLIMIT_NOFILE, &limit));
	errno = 0;
	result = act(PF_INET);
	error = errno;
	setrlimit(RLIMIT_NOFILE, &before);
	errno = error;
	return result;
}

static long open_and_claim(long family)
{
	return peer_open(family) && peer_mode(IPQ_COPY_META) == MODE_SENT;
}

Test(handles, fail_as_socket_does_when_there_is_no_descriptor_left)
{
	network_enter();
	cr_assert(!with_descriptors_left(0, peer_open));
	cr_assert(errno == EMFILE);
	cr_assert_str_eq(ipq_errstr(), "Unable to create netlink socket");
}

Test(handles, need_one_descriptor_and_no_more)
{
	NOT_SUPERVISED(SUPERVISED_HAS_HIGH_NUMBERS);
	network_enter();
	cr_assert(with_descriptors_left(1, open_and_claim));
	cr_assert(queue_silent(peer));
	cr_assert(peer_owner() == getpid());
	peer_close(0);
}

Test(handles, made_and_destroyed_or_refused_leave_no_descriptor_behind)
{
	struct ipq_handle *h;
	int before;

	network_enter();
	before = open_descriptors();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(open_descriptors() == before + 1);
	cr_assert(!ipq_create_handle(0, PF_INET));
	cr_assert(!ipq_create_handle(0, 99));
	cr_assert(open_descriptors() == before + 1);
	ipq_destroy_handle(h);
	cr_assert(open_descriptors() == before);
}

Test(handles, destroying_none_does_nothing_and_returns_0)
{
	network_enter();
	cr_assert(ipq_destroy_handle(NULL) == 0);
	cr_assert_str_eq(ipq_errstr(), "Unknown error");
}

Test(handles, do_not_claim_the_queue_by_being_made)
{
	struct ipq_handle *v4, *v6;
	struct queue_figures f;

	network_enter();
	v4 = ipq_create_handle(0, PF_INET);
	v6 = ipq_create_handle(0, PF_INET6);
	cr_assert(v4 && v6);
	cr_assert(!queue_figures(0, &f));
	cr_assert(ipq_set_mode(v4, IPQ_COPY_META, 0) == MODE_SENT);
	cr_assert(queue_figures(0, &f));
	ipq_destroy_handle(v4);
	ipq_destroy_handle(v6);
}

Test(handles, ctl_returns_1_whatever_the_request_and_changes_nothing)
{
	struct ipq_handle *h;
	struct queue_figures f;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 100);
	cr_assert(ipq_ctl(h, 0) == 1);
	cr_assert(ipq_ctl(h, -1, "argument") == 1);
	cr_assert(queue_silent(h));
	cr_assert(queue_figures(0, &f) && f.mode == IPQ_COPY_PACKET && f.range == 100);
	ipq_destroy_handle(h);
}

Test(handles, error_text_before_any_failure_is_unknown_error)
{
	struct ipq_handle *h;

	network_enter();
	cr_assert_str_eq(ipq_errstr(), "Unknown error");
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert_str_eq(ipq_errstr(), "Unknown error");
	ipq_destroy_handle(h);
}

Test(handles, error_text_is_that_of_the_last_failure_and_outlasts_success)
{
	struct ipq_handle *h;

	network_enter();
	ipq_create_handle(0, 99);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	ipq_set_mode(h, 3, 0);
	queue_error(h);
	cr_assert_str_eq(ipq_errstr(), "Invalid protocol specified");
	cr_assert(queue_silent(h));
	cr_assert_str_eq(ipq_errstr(), "Timeout");
	ipq_destroy_handle(h);
	cr_assert_str_eq(ipq_errstr(), "Timeout");
}

/* In the old library, all threads shared one error code. */
Test(handles, error_text_is_each_threads_own)
{
	network_enter();
	ipq_create_handle(0, 99);
	cr_assert_str_eq(in_thread(error_text), "Unknown error");
	cr_assert_str_eq(ipq_errstr(), "Invalid protocol specified");
}

Test(handles, perror_names_the_program_the_error_and_errno)
{
	network_enter();
	ipq_create_handle(0, 99);
	stderr_keep();
	errno = ENOENT;
	ipq_perror("passer");
	errno = ENOENT;
	ipq_perror(NULL);
	errno = 0;
	ipq_perror("passer");
	cr_assert_str_eq(stderr_kept(),
		"passer: Invalid protocol specified: No such file or directory\n"
		"ERROR: Invalid protocol specified: No such file or directory\n"
		"passer: Invalid protocol specified\n");
}

Test(handles, perror_says_nothing_of_errors_that_did_not_happen)
{
	network_enter();
	stderr_keep();
	errno = 0;
	ipq_perror("passer");
	errno = ENOENT;
	ipq_perror("passer");
	cr_assert_str_eq(stderr_kept(), "passer\npasser: No such file or directory\n");
}
