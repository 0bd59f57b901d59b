/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network for a test: namespaces, devices, rules, packets. Knows nothing of libipq. On
 * failure, ends the test and says why. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"

static int far_namespace = -1;

void network_enter(void)
{
	char path[64];
	int lock;

	/* a test cannot make itself root in a new user namespace: the test runner has a
	 * second thread, and then unshare(CLONE_NEWUSER) fails (unshare(2)) */
	cr_assert(!unshare(CLONE_NEWNET), "network namespace: %s; run as root or "
		  "under unshare -Ur", strerror(errno));
	/* we may not be allowed to write iptables' lock file; and if tests that run at
	 * the same time shared one, they would fail to get the lock */
	lock = memfd_create("xtables-lock", MFD_CLOEXEC);
	cr_assert(lock >= 0);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), lock);
	setenv("XTABLES_LOCKFILE", path, 1);
	run("ip link set lo up");
}

static int run_with(char *output, size_t size, const char *format, va_list args)
{
	char command[4096], rest[4096];
	size_t len = 0;
	ssize_t n = vsnprintf(command, sizeof(command), format, args);
	int out[2], status;
	pid_t pid;

	cr_assert(n >= 0 && n < (ssize_t)sizeof(command));
	cr_assert(!pipe2(out, O_CLOEXEC));
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0) {
		dup2(out[1], 1);
		dup2(out[1], 2);
		execlp("timeout", "timeout", "60", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	while ((n = read(out[0], len < size - 1 ? output + len : rest,
			 len < size - 1 ? size - 1 - len : sizeof(rest))) > 0)
		if (len < size - 1)
			len += n;
	output[len] = '\0';
	close(out[0]);
	cr_assert(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run_output(char *output, size_t size, const char *format, ...)
{
	va_list args;
	int status;

	va_start(args, format);
	status = run_with(output, size, format, args);
	va_end(args);
	return status;
}

void run(const char *format, ...)
{
	char output[4096];
	va_list args;
	int status;

	va_start(args, format);
	status = run_with(output, sizeof(output), format, args);
	va_end(args);
	cr_assert(status == 0, "%s: exit status %d: %s", format, status, output);
}

void network_add_far(void)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	cr_assert(here >= 0);
	cr_assert(!unshare(CLONE_NEWNET), "network namespace: %s", strerror(errno));
	far_namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	cr_assert(far_namespace >= 0);
	run("ip link set lo up");
	cr_assert(!setns(here, CLONE_NEWNET));
	close(here);
	run("ip link add veth0 type veth peer name veth1 netns /proc/%d/fd/%d && "
	    "ip address add 10.9.0.1/24 dev veth0 && "
	    "ip address add fd09::1/64 dev veth0 nodad && "
	    "ip link set veth0 up", getpid(), far_namespace);
	network_far("ip address add 10.9.0.2/24 dev veth1 && "
		    "ip address add fd09::2/64 dev veth1 nodad && "
		    "ip link set veth1 up && "
		    "ip route add default via 10.9.0.1 && "
		    "ip -6 route add default via fd09::1");
}

pid_t network_far_fork(void)
{
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (pid == 0 && setns(far_namespace, CLONE_NEWNET))
		_exit(126);
	return pid;
}

void network_far(const char *format, ...)
{
	char output[4096];
	va_list args;
	int status;
	pid_t pid = network_far_fork();

	if (pid == 0) {
		va_start(args, format);
		status = run_with(output, sizeof(output), format, args);
		va_end(args);
		if (status)
			fprintf(stderr, "%s", output);
		_exit(status);
	}
	cr_assert(waitpid(pid, &status, 0) == pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		  "on the far side: %s: status %#x", format, status);
}

void network_add_beyond(void)
{
	network_far("ip link add veth3 type veth peer name veth2 netns %d && "
		    "ip link set veth3 up", getpid());
	run("ip address add 10.10.0.1/24 dev veth2 && "
	    "ip address add fd10::1/64 dev veth2 nodad && "
	    "ip link set veth2 up && "
	    "ip neighbour add 10.10.0.2 lladdr 02:00:00:00:0a:02 dev veth2 && "
	    "ip neighbour add fd10::2 lladdr 02:00:00:00:0a:02 dev veth2 && "
	    "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
}

static socklen_t make_address(int family, const char *text, uint16_t port,
			      struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	address->ss_family = family;
	if (family == AF_INET) {
		v4->sin_port = htons(port);
		cr_assert(inet_pton(family, text, &v4->sin_addr) == 1);
		return sizeof(*v4);
	}
	v6->sin6_port = htons(port);
	cr_assert(inet_pton(family, text, &v6->sin6_addr) == 1);
	return sizeof(*v6);
}

int udp_open(int family, uint16_t port)
{
	struct timeval limit = { .tv_sec = DEADLINE / 1000 };
	struct sockaddr_storage address;
	socklen_t len = make_address(family, family == AF_INET ? "0.0.0.0" : "::",
				     port, &address);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int on = 1;

	cr_assert(fd >= 0);
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	cr_assert(!bind(fd, (struct sockaddr *)&address, len), "UDP port %u: %s",
		  port, strerror(errno));
	return fd;
}

ssize_t udp_send(int fd, const char *text, uint16_t port, const void *data,
		 size_t size)
{
	struct sockaddr_storage address;
	socklen_t len = make_address(strchr(text, ':') ? AF_INET6 : AF_INET, text,
				     port, &address);

	return sendto(fd, data, size, 0, (struct sockaddr *)&address, len);
}

void udp_say(int family, uint16_t port, const char *text)
{
	int fd = udp_open(family, 0);

	cr_assert(udp_send(fd, family == AF_INET ? "127.0.0.1" : "::1", port, text,
			   strlen(text)) == (ssize_t)strlen(text),
		  "UDP to port %u: %s", port, strerror(errno));
	close(fd);
}

void udp_say_far(const char *address, uint16_t port, const char *text)
{
	pid_t pid = network_far_fork();
	int status;

	if (pid == 0)
		_exit(udp_send(udp_open(strchr(address, ':') ? AF_INET6 : AF_INET, 0),
			       address, port, text, strlen(text)) !=
		      (ssize_t)strlen(text));
	cr_assert(waitpid(pid, &status, 0) == pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		  "UDP from the far side to %s: status %#x", address, status);
}

ssize_t udp_hear(int fd, char *text, size_t size, int wait)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&readable, 1, wait) != 1)
		return -1;
	n = recv(fd, text, size - 1, MSG_DONTWAIT);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

void udp_expect(int fd, const char *text)
{
	char heard[256];

	cr_assert(udp_hear(fd, heard, sizeof(heard), DEADLINE) >= 0,
		  "\"%s\" does not arrive", text);
	cr_assert_str_eq(heard, text);
}

uint32_t checksum_add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? byte[i] : byte[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

uint16_t checksum_end(uint32_t sum)
{
	return htons(~((sum & 0xffff) + (sum >> 16)));
}
