/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Closes ip_queue sockets in every possible way, and opens another file with the same
 * number, which must work as usual. */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "old.h"

static void by_close(int fd)
{
	check(!close(fd));
}

/* The library does not see calls in this way. */
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

/* One end to read from, one to write to. The first gets the number that was closed. */
static void make_pipe(int ends[2])
{
	check(!pipe(ends));
}

/* The end to write to gets the number, in a way that the library does not see. */
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

/* Messages of shapes that ip_queue accepted, refused and ignored. */
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

/* Tries each shape as the first message, as the library may examine only the first. */
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

/* Sockets that exist already, and whose descriptors get the number when they arrive. */
static int by_accept(int from)
{
	return accept(from, NULL, NULL);
}

static int by_accept4(int from)
{
	return accept4(from, NULL, NULL, SOCK_CLOEXEC);
}

static union {
	struct cmsghdr first;
	char bytes[CMSG_SPACE(sizeof(int))];
} control;
static char byte;
static struct iovec one_byte = { &byte, 1 };
static struct msghdr rights = {
	.msg_iov = &one_byte, .msg_iovlen = 1,
	.msg_control = control.bytes, .msg_controllen = sizeof(control),
};

static int by_recvmsg(int from)
{
	int fd;

	check(recvmsg(from, &rights, 0) == 1);
	memcpy(&fd, CMSG_DATA(&control.first), sizeof(fd));
	return fd;
}

static int prepare_accept(int ends[2])
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	ends[1] = socket(AF_INET, SOCK_STREAM, 0);
	any.sin_port = 0;
	check(!bind(listener, (struct sockaddr *)&any, sizeof(any)));
	check(!listen(listener, 1));
	check(!getsockname(listener, (struct sockaddr *)&any, &len));
	check(!connect(ends[1], (struct sockaddr *)&any, sizeof(any)));
	return listener;
}

static int prepare_recvmsg(int ends[2])
{
	int channel[2];

	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, channel));
	make_pair(ends);
	control.first.cmsg_level = SOL_SOCKET;
	control.first.cmsg_type = SCM_RIGHTS;
	control.first.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.first), &ends[0], sizeof(int));
	check(sendmsg(channel[0], &rights, 0) == 1);
	check(!close(channel[0]) && !close(ends[0]));
	return channel[1];
}

static void arrive(int (*prepare)(int ends[2]), int (*take)(int from))
{
	int ends[2], from = prepare(ends), fd = old_ready(NETLINK_FIREWALL);

	by_syscall(fd);
	ends[0] = take(from);
	check(ends[0] == fd);
	memset(sent, 0x5a, sizeof(sent));
	sent_len = sizeof(sent);
	use(ends, 1, 1);
	check(!close(ends[0]) && !close(ends[1]) && !close(from));
}

/* A Unix socket whose name has the same bytes as the netlink address of our socket. */
static void be_disguised(void)
{
	struct sockaddr_nl name;
	socklen_t size = sizeof(name);
	int ends[2], fd = old_ready(NETLINK_FIREWALL);

	check(!syscall(SYS_getsockname, fd, &name, &size) && size == sizeof(name));
	by_syscall(fd);
	name.nl_family = AF_UNIX;
	ends[0] = socket(AF_UNIX, SOCK_DGRAM, 0);
	ends[1] = socket(AF_UNIX, SOCK_DGRAM, 0);
	check(ends[0] == fd && !bind(fd, (struct sockaddr *)&name, size));
	check(!connect(ends[1], (struct sockaddr *)&name, size));
	use(ends, 1, 0);
	check(!close(ends[0]) && !close(ends[1]));
}

/* The read finds only a packet of the other family, and the library must
 * not remember it. */
static void close_after_a_look(void)
{
	int fd = old_ready(NETLINK_IP6_FW), other = old_ready(NETLINK_FIREWALL), file;
	static union old_message m;

	old_hello();
	check(recv(fd, &m, sizeof(m), MSG_PEEK | MSG_DONTWAIT) == -1 && errno == EAGAIN);
	check(!close(fd));
	file = open("/dev/null", O_RDONLY);
	check(file == fd && read(file, &m, sizeof(m)) == 0);
	old_read(other, &m);
	check(!close(file) && !close(other));
}

/* More bytes than a socket's buffer would have room for. */
static void write_much(void)
{
	static unsigned char much[1 << 20], back[sizeof(much)];
	struct old_request r = old_mode_request(IPQ_COPY_META, 0);
	int ends[2], fd = old_ready(NETLINK_FIREWALL);

	by_syscall(fd);
	make_file(ends);
	memcpy(much, &r, sizeof(r));
	check(ends[0] == fd && write(fd, much, sizeof(much)) == sizeof(much));
	check(pread(ends[1], back, sizeof(back), 0) == sizeof(back));
	check(!memcmp(much, back, sizeof(much)));
	check(!close(ends[0]) && !close(ends[1]));
}

static int waiting;

static void close_it(int number)
{
	(void)number;
	check(!close(waiting));
}

/* Sends a signal to the process while it sleeps. */
static void signal_sleeper(pid_t pid)
{
	char path[64], state = 0;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (state != 'S') {		/* ended by old_limit */
		stat = fopen(path, "r");
		check(stat && fscanf(stat, "%*d (%*[^)]) %c", &state) == 1);
		fclose(stat);
	}
	check(!kill(pid, SIGUSR1));
}

/* The read must be interrupted, and must not use the descriptor again. */
static void close_in_a_handler(void)
{
	struct sigaction action = { .sa_handler = close_it };
	pid_t child, self = getpid();
	int status;

	check(!sigaction(SIGUSR1, &action, NULL));
	waiting = old_ready(NETLINK_FIREWALL);
	child = old_fork();
	if (child == 0) {
		signal_sleeper(self);
		_exit(0);
	}
	check(recv(waiting, got, sizeof(got), 0) == -1 && errno == EINTR);
	check(waitpid(child, &status, 0) == child && status == 0);
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
	arrive(prepare_accept, by_accept);
	arrive(prepare_accept, by_accept4);
	arrive(prepare_recvmsg, by_recvmsg);
	be_disguised();
	close_after_a_look();
	write_much();
	close_in_a_handler();
	fd = old_ready(NETLINK_FIREWALL);
	say("ready");
	old_pass(fd);
	return 0;
}
