/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a line for each message that a program reads and each request that it sends
 * (LIBIPQ_TRACE). Knows messages and requests of ip_queue's protocol, and nothing of
 * where they come from. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "clock.h"
#include "packet.h"
#include "trace.h"

/* More than the longest line. A pipe accepts so many bytes completely or not at all
 * (PIPE_BUF, pipe(7)). */
#define LINE_SIZE 512

/* The number of packets whose time of reading is remembered. If more wait for a verdict,
 * the oldest are forgotten. */
#define READS 4096

/* The trace has this descriptor, or a higher one. Programs that close all low descriptors
 * do not close it, and their own descriptors have the same numbers as without a trace. */
#define DESCRIPTOR 200

/* The time when a packet was read, in memory that forked processes share, as one may read
 * a packet and another give the verdict. */
struct read {
	_Atomic uint64_t id;	/* packet id + 1, or 0 if unused */
	_Atomic uint64_t time;	/* ns of CLOCK_MONOTONIC, 0 after the verdict */
};

struct trace {
	struct read *reads;
	_Atomic int fd;		/* -1 while it is being opened again */
	dev_t device;		/* to check that fd still is the file that was opened, */
	ino_t inode;		/* as programs close descriptors that are not theirs */
	bool is_socket;		/* not a terminal, pipe or regular file */
	_Atomic unsigned long left_out;	/* lines that could not be written */
	char where[];
};

/* Opens standard error again to get an open file description of our own: O_NONBLOCK would
 * change the program's description for the program and for all that share it. For a
 * regular file the program's description is used, as it has the file offset. */
static int open_standard_error(void)
{
	struct stat st;
	int fd = -1;

	if (!fstat(STDERR_FILENO, &st) && !S_ISREG(st.st_mode) && !S_ISSOCK(st.st_mode))
		fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd >= 0 ? fd : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, DESCRIPTOR);
}

static int open_where(const char *where)
{
	int fd, moved;

	fd = !strcmp(where, "1") ? open_standard_error() :
	     open(where, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		  0600);
	if (fd < 0 || fd >= DESCRIPTOR)
		return fd;
	/* the program's own descriptors get the same numbers as without a trace */
	moved = fcntl(fd, F_DUPFD_CLOEXEC, DESCRIPTOR);
	if (moved < 0)
		return fd;
	close(fd);
	return moved;
}

static bool use(struct trace *t, int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return false;
	t->device = st.st_dev;
	t->inode = st.st_ino;
	t->is_socket = S_ISSOCK(st.st_mode);
	t->fd = fd;
	return true;
}

/* Returns the absolute name of the file, as the program may change its working directory.
 * The caller must free it. */
static char *whole_name(const char *where)
{
	char *directory, *whole = NULL;

	if (*where == '/' || !strcmp(where, "1"))
		return strdup(where);
	directory = getcwd(NULL, 0);
	if (directory && asprintf(&whole, "%s/%s", directory, where) < 0)
		whole = NULL;
	free(directory);
	return whole;
}

struct trace *trace_open(const char *where)
{
	char *whole = whole_name(where);
	size_t size = whole ? strlen(whole) + 1 : 0;
	struct trace *t = whole ? calloc(1, sizeof(*t) + size) : NULL;

	if (t) {
		memcpy(t->where, whole, size);
		t->reads = mmap(NULL, READS * sizeof(*t->reads), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (t->reads == MAP_FAILED || !use(t, open_where(whole))) {
			if (t->reads != MAP_FAILED)
				munmap(t->reads, READS * sizeof(*t->reads));
			free(t);
			t = NULL;
		}
	}
	free(whole);
	return t;
}

/* Whether fd still is the file that was opened. */
static bool is_ours(const struct trace *t, int fd)
{
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) && st.st_dev == t->device &&
	       st.st_ino == t->inode;
}

void trace_close(struct trace *t)
{
	if (!t)
		return;
	if (is_ours(t, t->fd))
		close(t->fd);
	munmap(t->reads, READS * sizeof(*t->reads));
	free(t);
}

/* Returns the descriptor, and opens the file again if the program has closed it. Returns
 * -1 if this fails, or if another thread is opening it. */
static int descriptor(struct trace *t)
{
	int fd = t->fd;

	if (is_ours(t, fd))
		return fd;
	if (fd < 0 || !atomic_compare_exchange_strong(&t->fd, &fd, -1))
		return -1;
	if (use(t, open_where(t->where)))
		return t->fd;
	t->fd = fd;
	return -1;
}

/* Like write(2), but the program does not get SIGPIPE when the reader of the trace has
 * gone. */
static bool put(const struct trace *t, int fd, const char *text, size_t len)
{
	static const struct timespec now = { 0 };
	sigset_t pipe, pending, mask;
	bool done;

	if (t->is_socket)
		return send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe, &mask);
	done = write(fd, text, len) == (ssize_t)len;
	if (!done && errno == EPIPE && !sigismember(&pending, SIGPIPE))
		sigtimedwait(&pipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return done;
}

/* Prints a line that begins with the time and the process id. The time is UTC, as
 * localtime(3) takes a lock. */
__attribute__((format(printf, 2, 3)))
static void print(struct trace *t, const char *format, ...)
{
	unsigned long left_out = atomic_exchange(&t->left_out, 0);
	char line[2 * LINE_SIZE];
	int fd = descriptor(t), len = 0, n;
	struct timespec now;
	va_list args;

	clock_gettime(CLOCK_REALTIME, &now);
	if (left_out)
		len = snprintf(line, LINE_SIZE, "(%lu lines left out: the trace was not read)\n",
			       left_out);
	len += snprintf(line + len, LINE_SIZE, "%02u:%02u:%02u.%06u %d ",
			(unsigned int)(now.tv_sec / 3600 % 24),
			(unsigned int)(now.tv_sec / 60 % 60), (unsigned int)(now.tv_sec % 60),
			(unsigned int)(now.tv_nsec / 1000), getpid());
	va_start(args, format);
	n = vsnprintf(line + len, LINE_SIZE, format, args);
	va_end(args);
	len += n < LINE_SIZE ? n : LINE_SIZE - 1;
	line[len++] = '\n';
	if (fd < 0 || !put(t, fd, line, len))
		atomic_fetch_add(&t->left_out, left_out + 1);
}

static struct read *read_of(const struct trace *t, uint64_t id)
{
	return &t->reads[(id ^ id >> 32) % READS];
}

/* Returns "EINVAL", for example. strerror(3) may not be called in signal handlers. */
static const char *name_of(int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		{ EPERM, "EPERM" }, { ENOENT, "ENOENT" }, { EINTR, "EINTR" },
		{ EBADF, "EBADF" }, { EAGAIN, "EAGAIN" }, { ENOMEM, "ENOMEM" },
		{ EFAULT, "EFAULT" }, { EBUSY, "EBUSY" }, { EINVAL, "EINVAL" },
		{ EMSGSIZE, "EMSGSIZE" }, { ENOBUFS, "ENOBUFS" }, { ENOTCONN, "ENOTCONN" },
		{ ECONNREFUSED, "ECONNREFUSED" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].error == error)
			return names[i].name;
	return "errno(3)";
}

static const char *name_of_verdict(unsigned int verdict, char number[24])
{
	static const char *const names[] = {
		[NF_DROP] = "drop", [NF_ACCEPT] = "accept", [NF_STOLEN] = "stolen",
		[NF_QUEUE] = "queue", [NF_REPEAT] = "repeat", [NF_STOP] = "stop",
	};

	if (verdict < sizeof(names) / sizeof(*names))
		return names[verdict];
	snprintf(number, 24, "unknown %#x", verdict);
	return number;
}

/* Writes for example "mode packet, range 0" or "verdict accept id 7". */
static void describe(const struct request *r, char *text, size_t size)
{
	static const char *const modes[] = { "none", "meta", "packet" };
	unsigned int mode = r->body.msg.mode.value;
	char number[24];

	if (r->nlh.nlmsg_type == IPQM_MODE && mode <= IPQ_COPY_PACKET)
		snprintf(text, size, "mode %s, range %zu", modes[mode],
			 r->body.msg.mode.range);
	else if (r->nlh.nlmsg_type == IPQM_MODE)
		snprintf(text, size, "mode unknown %u", mode);
	else if (r->nlh.nlmsg_type == IPQM_VERDICT)
		snprintf(text, size, "verdict %s id %lu",
			 name_of_verdict(r->body.msg.verdict.value, number),
			 r->body.msg.verdict.id);
	else
		snprintf(text, size, "request of type %u", r->nlh.nlmsg_type);
}

static void print_packet(struct trace *t, const unsigned char *buf, size_t len,
			 const char *lost)
{
	_Alignas(ipq_packet_msg_t) unsigned char copy[sizeof(ipq_packet_msg_t) + 128];
	const ipq_packet_msg_t *m = (const void *)copy;
	char text[PACKET_TEXT_MAX];
	struct read *read;

	len = len < sizeof(copy) ? len : sizeof(copy);
	if (len < sizeof(*m)) {
		print(t, "read a packet%s", lost);
		return;
	}
	/* The copy is long enough for all headers. The program's buffer may not be
	 * aligned. */
	memcpy(copy, buf, len);
	packet_describe(m, len, text);
	read = read_of(t, m->packet_id);
	atomic_store(&read->time, clock_ns());
	atomic_store(&read->id, (uint64_t)m->packet_id + 1);
	print(t, "read %s%s", text, lost);
}

static void print_error(struct trace *t, const unsigned char *buf, size_t len,
			const char *lost)
{
	struct request request = { .nlh.nlmsg_len = 0 };
	char text[80];
	int error;

	if (len < sizeof(error)) {
		print(t, "read an error%s", lost);
		return;
	}
	memcpy(&error, buf, sizeof(error));
	if (error == 0) {
		print(t, "read an acknowledgement%s", lost);
		return;
	}
	len -= sizeof(error);
	memcpy(&request, buf + sizeof(error), len < sizeof(request) ? len : sizeof(request));
	describe(&request, text, sizeof(text));
	print(t, "read error %d (%s) for %s%s", -error, name_of(-error), text, lost);
}

void trace_read(struct trace *t, const void *buf, size_t len, ssize_t n)
{
	struct nlmsghdr nlh = { .nlmsg_len = 0 };
	const unsigned char *body = (const unsigned char *)buf + sizeof(nlh);
	int saved = errno;
	char lost[80] = "";

	if (n >= 0 && (size_t)n > len)
		snprintf(lost, sizeof(lost), ", truncated: %zd bytes, and room for %zu", n,
			 len);
	else if (n >= 0)
		len = n;
	if (n < 0)
		print(t, "read failed, %s", name_of(errno));
	else if (len < sizeof(nlh))
		print(t, "read%s", lost);
	else
		memcpy(&nlh, buf, sizeof(nlh));
	if (nlh.nlmsg_type == IPQM_PACKET)
		print_packet(t, body, len - sizeof(nlh), lost);
	else if (nlh.nlmsg_type == NLMSG_ERROR)
		print_error(t, body, len - sizeof(nlh), lost);
	else if (nlh.nlmsg_type)
		print(t, "read a message of type %u%s", nlh.nlmsg_type, lost);
	errno = saved;
}

void trace_note(struct trace *t, const char *what)
{
	int saved = errno;

	print(t, "%s", what);
	errno = saved;
}

/* Writes ", after 24 us" or ", answered before", or nothing if the packet is not
 * known. */
static void describe_delay(const struct trace *t, uint64_t id, char *text, size_t size)
{
	struct read *read = read_of(t, id);
	uint64_t then;

	*text = '\0';
	if (atomic_load(&read->id) != id + 1)
		return;
	then = atomic_exchange(&read->time, 0);
	if (then)
		snprintf(text, size, ", after %" PRIu64 " us",
			 (clock_ns() - then) / 1000);
	else
		snprintf(text, size, ", answered before");
}

void trace_request(struct trace *t, const struct request *r, const void *payload,
		   const uint32_t *mark, int failed)
{
	char text[80], delay[40] = "", replaced[64] = "", marked[32] = "", error[40] = "";
	int saved = errno;

	describe(r, text, sizeof(text));
	if (r->nlh.nlmsg_type == IPQM_VERDICT)
		describe_delay(t, r->body.msg.verdict.id, delay, sizeof(delay));
	if (payload && r->nlh.nlmsg_type == IPQM_VERDICT)
		snprintf(replaced, sizeof(replaced), ", payload replaced: %zu bytes",
			 r->nlh.nlmsg_len - sizeof(*r));
	if (mark)
		snprintf(marked, sizeof(marked), ", mark %#" PRIx32, *mark);
	if (failed)
		snprintf(error, sizeof(error), ", failed: %s", name_of(saved));
	print(t, "%s%s%s%s%s", text, marked, replaced, delay, error);
	errno = saved;
}
