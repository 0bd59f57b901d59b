/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exhausted: opens an ip_queue socket, sends a message from several buffers and receives
 * one into several, again and again, each time with another call to the C library
 * failing. Each must either succeed or have no effect. Prints how often each failed. */
#include <dirent.h>
#include <sys/uio.h>

#include "inject.h"
#include "old.h"

/* Far more calls than the library makes. */
#define CALLS_MAX 100

static int fd;
static union old_message m;

static int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	check(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static int open_it(void)
{
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_FIREWALL);
	return fd >= 0;
}

/* Larger than the buffer that the library has without allocating one. */
static unsigned char payload[20000];

/* Sends a verdict that is refused, as there is no such packet. */
static int send_pieces(void)
{
	struct old_request r = old_verdict_request(99, NF_ACCEPT, sizeof(payload));
	struct iovec iov[3] = {
		{ &r, sizeof(r) }, { payload, 10000 }, { payload + 10000, 10000 },
	};

	return writev(fd, iov, 3) == (ssize_t)(sizeof(r) + sizeof(payload));
}

static int receive_pieces(void)
{
	struct iovec iov[2] = { { &m, 16 }, { m.bytes + 16, sizeof(m) - 16 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	return recvmsg(fd, &msg, MSG_DONTWAIT) > 0;
}

/* Whether there is an answer to the verdict. */
static int is_answered(void)
{
	ssize_t n = recv(fd, &m, sizeof(m), MSG_DONTWAIT | MSG_PEEK);

	check(n > 0 || errno == EAGAIN);
	if (n < 0)
		return 0;
	check(m.nlh.nlmsg_type == NLMSG_ERROR);
	check(((struct nlmsgerr *)NLMSG_DATA(&m))->error == -ENOENT);
	return 1;
}

static const char *failed;

/* Calls operation with its nth call failing. */
static int attempt(int (*operation)(void), unsigned int n)
{
	int done, error;

	check(n < CALLS_MAX);
	errno = 0;
	inject_begin(n, ENOBUFS);
	done = operation();
	error = errno;
	failed = inject_end();
	errno = error;
	check(done || error == ENOBUFS || error == ENOMEM);
	return done;
}

static int try_open(void)
{
	int failures = 0, before = descriptors();
	unsigned int n = 0;

	do {
		int done = attempt(open_it, ++n);

		check(descriptors() == before + done);
		failures += !done;
		if (done)
			check(!close(fd));
	} while (failed);
	return failures;
}

static int try_send(void)
{
	unsigned int n = 0;
	int failures = 0;

	do {
		int done = attempt(send_pieces, ++n);

		check(is_answered() == done);
		if (done)
			check(receive_pieces());
		failures += !done;
	} while (failed);
	return failures;
}

static int try_receive(void)
{
	unsigned int n = 0;
	int failures = 0;

	do {
		int done;

		check(send_pieces());
		done = attempt(receive_pieces, ++n);
		check(is_answered() == !done);
		if (!done)
			check(receive_pieces());
		failures += !done;
	} while (failed);
	return failures;
}

int main(void)
{
	int opened = try_open();

	old_limit();
	fd = old_ready(NETLINK_FIREWALL);
	printf("%d %d ", opened, try_send());
	printf("%d\n", try_receive());
	return 0;
}
