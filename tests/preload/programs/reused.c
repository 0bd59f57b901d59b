/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Closes ip_queue's socket in every way there is, and uses its number for
 * something else: what goes through must be as it was. */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "old.h"

static void by_close(int fd)
{
	check(!close(fd));
}

/* The library sees nothing of these. */
static void by_syscall(int fd)
{
	check(!syscall(SYS_close, fd));
}

static void by_close_range(int fd)
{
	check(!syscall(SYS_close_range, fd, fd, 0));
}

static void by_dup2(int fd)
{
	int other = open("/dev/null", O_RDWR);

	check(dup2(other, fd) == fd && !close(other) && !close(fd));
}

static void by_fclose(int fd)
{
	FILE *file = fdopen(fd, "r+");

	check(file && !fclose(file));
}

/* One to read from, one to write to; the first made has the number to be reused. */
static void make_pipe(int ends[2])
{
	check(!pipe(ends));
}

/* The number to be reused is that written to; the library does not see it. */
static void make_pipe_to_write(int ends[2])
{
	int spare;

	make_pipe(ends);
	spare = dup(ends[0]);
	check(spare >= 0 && syscall(SYS_dup3, ends[1], ends[0], 0) == ends[0]);
	check(!close(ends[1]));
	ends[1] = ends[0];
	ends[0] = spare;
}

static void make_pair(int ends[2])
{
	check(!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
}

static struct sockaddr_in any = { .sin_family = AF_INET };
static socklen_t len = sizeof(any);

static void make_tcp(int ends[2])
{
	int listener;

	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	any.sin_port = 0;
	check(!bind(listener, (struct sockaddr *)&any, sizeof(any)));
	check(!listen(listener, 1));
	check(!getsockname(listener, (struct sockaddr *)&any, &len));
	check(!connect(ends[0], (struct sockaddr *)&any, sizeof(any)));
	ends[1] = accept(listener, NULL, NULL);
	check(ends[1] >= 0 && !close(listener));
}

static void make_udp(int ends[2])
{
	for (int i = 0; i < 2; i++) {
		ends[i] = socket(AF_INET, SOCK_DGRAM, 0);
		any.sin_port = 0;
		check(!bind(ends[i], (struct sockaddr *)&any, sizeof(any)));
	}
	for (int i = 0; i < 2; i++) {
		check(!getsockname(ends[!i], (struct sockaddr *)&any, &len));
		check(len == sizeof(any) && any.sin_port);
		check(!connect(ends[i], (struct sockaddr *)&any, sizeof(any)));
	}
}

static void make_file(int ends[2])
{
	char name[] = "/tmp/libipq-reused-XXXXXX";

	ends[0] = mkstemp(name);
	check(ends[0] >= 0);
	ends[1] = open(name, O_RDWR | O_APPEND);
	check(ends[1] >= 0 && !unlink(name));
}

static void make_file_to_write(int ends[2])
{
	char name[] = "/tmp/libipq-reused-XXXXXX";

	ends[1] = mkstemp(name);
	check(ends[1] >= 0);
	ends[0] = open(name, O_RDONLY);
	check(ends[0] >= 0 && !unlink(name));
}

static const struct {
	void (*make)(int ends[2]);
	int is_socket, both_ways;
} kinds[] = {
	{ make_pipe, 0, 0 },
	{ make_pipe_to_write, 0, 0 },
	{ make_pair, 1, 1 },
	{ make_tcp, 1, 1 },
	{ make_udp, 1, 1 },
	{ make_file, 0, 0 },
	{ make_file_to_write, 0, 0 },
};

/* Of shapes that ip_queue took, refused and ignored. */
static const struct {
	struct nlmsghdr nlh;
	size_t len;
} shapes[] = {
	{ { .nlmsg_len = 200, .nlmsg_type = IPQM_PACKET }, 200 },
	{ { 200, IPQM_MODE, NLM_F_REQUEST, 0, 1 }, 200 },
	{ { 200, IPQM_VERDICT, NLM_F_REQUEST, 0, 1 }, 200 },
	{ { 999, IPQM_MODE, NLM_F_REQUEST, 0, 1 }, 200 },
	{ { 40, NLMSG_NOOP, NLM_F_REQUEST, 0, 1 }, 40 },
	{ { 200, IPQM_MODE, NLM_F_REQUEST, 0, 1 }, 16 },
	{ { 200, IPQM_MODE, NLM_F_REQUEST, 0, 1 }, 1 },
};
static unsigned char sent[200], got[400];
static ssize_t sent_len;

static void compare(ssize_t n)
{
	check(n == sent_len && !memcmp(sent, got, sent_len));
	memset(got, 0, sizeof(got));
}

static void use(const int ends[2], int is_socket, int both_ways)
{
	struct iovec out = { sent, sent_len };
	struct iovec in[2] = { { got, 16 }, { got + 16, sizeof(got) - 16 } };
	struct msghdr msg = { .msg_iov = in, .msg_iovlen = 2 };

	check(write(ends[1], sent, sent_len) == sent_len);
	compare(read(ends[0], got, sizeof(got)));
	check(writev(ends[1], &out, 1) == sent_len);
	compare(readv(ends[0], in, 2));
	if (is_socket) {
		check(send(ends[1], sent, sent_len, 0) == sent_len);
		check(recv(ends[0], got, 1, MSG_PEEK) == 1);
		compare(recvmsg(ends[0], &msg, 0));
	}
	if (both_ways) {
		check(write(ends[0], sent, sent_len) == sent_len);
		compare(recv(ends[1], got, sizeof(got), 0));
		check(send(ends[0], sent, sent_len, 0) == sent_len);
		compare(recvfrom(ends[1], got, sizeof(got), 0, NULL, NULL));
	}
}

/* With every shape first, as the library may look only then. */
static void reuse(void (*closer)(int), int kind, size_t shape)
{
	int fd, ends[2];

	fd = old_ready(NETLINK_FIREWALL);
	closer(fd);
	kinds[kind].make(ends);
	check(ends[0] == fd || ends[1] == fd);
	memset(sent, 0x5a, sizeof(sent));
	memcpy(sent, &shapes[shape].nlh, sizeof(struct nlmsghdr));
	sent_len = shapes[shape].len;
	use(ends, kinds[kind].is_socket, kinds[kind].both_ways);
	check(!close(ends[0]) && !close(ends[1]));
}

int main(void)
{
	static void (*const closers[])(int) = {
		by_close, by_syscall, by_close_range, by_dup2, by_fclose,
	};
	int fd;

	old_limit();
	for (int i = 0; i < 5; i++)
		for (int kind = 0; kind < 7; kind++)
			for (size_t shape = 0; shape < sizeof(shapes) / sizeof(shapes[0]);
			     shape++)
				reuse(closers[i], kind, shape);
	fd = old_ready(NETLINK_FIREWALL);
	say("ready");
	old_pass(fd);
	return 0;
}
