/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queues that programs own by ip_queue's protocol, as the kernel lists them, and the
 * packets that may wait in each. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "held.h"
#include "holder.h"
#include "maxlen.h"
#include "nfqueue.h"
#include "port_id.h"
#include "syscalls.h"

/* How many descriptors of a process are tried: sockets at higher numbers are rare, and
 * each try is a system call. */
#define DESCRIPTORS_MAX 4096

/* Reads a file byte by byte, with a buffer. */
struct reader {
	int fd;
	size_t at, have;
	char buf[1024];
};

static int next_byte(struct reader *r)
{
	ssize_t n;

	if (r->at == r->have) {
		n = read(r->fd, r->buf, sizeof(r->buf));
		r->have = n > 0 ? n : 0;
		r->at = 0;
	}
	return r->at < r->have ? (unsigned char)r->buf[r->at++] : -1;
}

/* The columns of the kernel's list (seq_show in nfnetlink_queue): queue number, port ID,
 * packets that wait, copy mode, copy range, packets dropped since the queue was full, and
 * since the socket's receive buffer was. next_line returns false at the end. */
enum { QUEUE, PORT_ID, WAITING, MODE, RANGE, DROPPED_FULL, DROPPED_SLOW, COLUMNS };

static bool next_line(struct reader *r, uint32_t column[COLUMNS])
{
	unsigned int n = 0;
	bool in_number = false;
	int c;

	memset(column, 0, COLUMNS * sizeof(*column));
	while ((c = next_byte(r)) >= 0 && c != '\n') {
		bool digit = c >= '0' && c <= '9';

		n += in_number && !digit;
		in_number = digit;
		if (digit && n < COLUMNS)
			column[n] = 10 * column[n] + (c - '0');
	}
	return c >= 0;
}

static bool next_held(struct reader *r, int family, struct held *h)
{
	uint32_t column[COLUMNS];
	uint8_t of_family;
	pid_t process;

	while (next_line(r, column)) {
		if (!port_id_read(column[PORT_ID], &of_family, &process) ||
		    of_family != family)
			continue;
		*h = (struct held) {
			.queue = column[QUEUE], .port_id = column[PORT_ID],
			.process = process, .mode = column[MODE],
			.range = column[RANGE], .waiting = column[WAITING],
			.dropped_full = column[DROPPED_FULL],
			.dropped_slow = column[DROPPED_SLOW],
		};
		return true;
	}
	return false;
}

/* Returns false and errno on failure. If the kernel has no nfnetlink_queue,
 * the list is empty. */
static bool open_list(struct reader *r)
{
	*r = (struct reader) {
		/* exists since Linux 3.17 */
		.fd = open("/proc/thread-self/net/netfilter/nfnetlink_queue",
			   O_RDONLY | O_CLOEXEC),
	};
	if (r->fd < 0 && errno == ENOENT)
		r->fd = open("/proc/self/net/netfilter/nfnetlink_queue",
			     O_RDONLY | O_CLOEXEC);
	return r->fd >= 0 || errno == ENOENT;
}

static void close_list(struct reader *r)
{
	if (r->fd >= 0)
		close(r->fd);
}

/* Opens /proc/PID/environ. Returns -1 on failure. */
static int open_environment(pid_t process)
{
	char path[sizeof("/proc/2147483647/environ")];

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)process);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Reads LIBIPQ_MAXLEN from the environment that a process was started with. Returns false
 * if it is not set or cannot be read. */
static bool has_setting(pid_t process, uint32_t *maxlen)
{
	static const char name[] = "LIBIPQ_MAXLEN=";
	struct reader r = { .fd = open_environment(process) };
	size_t same = 0;
	int64_t n = 0;
	bool found = false, negative = false;
	int c;

	while (r.fd >= 0 && !found && (c = next_byte(&r)) >= 0) {
		/* "same" counts matching characters from the beginning of the variable;
		 * too large if one differs */
		if (c == '\0')
			same = 0;
		else if (same < sizeof(name) - 1)
			same = c == name[same] ? same + 1 : sizeof(name);
		found = same == sizeof(name) - 1;
	}
	while (found && (c = next_byte(&r)) > 0 && n <= UINT32_MAX)
		if (c == '-')
			negative = true;
		else
			n = 10 * n + (c - '0');
	close_list(&r);
	*maxlen = negative ? UINT32_MAX : n;
	return found;
}

static uint16_t own_setting(int family)
{
	const char *queue = family == AF_INET6 ? secure_getenv("LIBIPQ_QUEUE6") : NULL;

	if (!queue)
		queue = secure_getenv("LIBIPQ_QUEUE");
	return queue ? strtoul(queue, NULL, 10) : 0;
}

/* Sets the process that has the socket. The port ID tells the one that opened it, which
 * may have passed it to another. */
static void find_process(struct held *h)
{
	pid_t holder = holder_of(h->port_id);

	if (holder)
		h->process = holder;
}

bool held_find(int family, struct held *h)
{
	uint16_t wanted = own_setting(family);
	bool found = false;
	struct reader list;
	struct held next;

	*h = (struct held) { .process = 0 };
	if (!open_list(&list))
		return false;
	while (list.fd >= 0 && next_held(&list, family, &next)) {
		if (!found || next.queue == wanted)
			*h = next;
		found = true;
		if (next.queue == wanted)
			break;
	}
	close_list(&list);
	if (found)
		find_process(h);
	if (!found || !has_setting(h->process, &h->maxlen))
		h->maxlen = maxlen_written(family);
	return true;
}

/* Returns a duplicate of the queue's socket, fetched from the process; -1 if it is not
 * found or not allowed. */
static int get_socket(const struct held *h)
{
	int pidfd = syscall(SYS_pidfd_open, h->process, 0U), fd = -1;

	for (int i = 0; pidfd >= 0 && fd < 0 && i < DESCRIPTORS_MAX; i++) {
		fd = syscall(SYS_pidfd_getfd, pidfd, i, 0U);
		if (fd < 0 && errno != EBADF)
			/* not allowed, or not implemented by this kernel */
			break;
		if (fd >= 0 && nfqueue_port_id(fd) != h->port_id) {
			close(fd);
			fd = -1;
		}
	}
	if (pidfd >= 0)
		close(pidfd);
	return fd;
}

/* The same if the process is this one. Works on kernels without pidfd_getfd(2), too. */
static int get_own_socket(const struct held *h)
{
	for (int i = 0; h->process == getpid() && i < DESCRIPTORS_MAX; i++)
		if (nfqueue_port_id(i) == h->port_id)
			return fcntl(i, F_DUPFD_CLOEXEC, 0);
	return -1;
}

static void set_maxlen(const struct held *h, uint32_t maxlen)
{
	int fd = get_own_socket(h);

	if (fd < 0)
		fd = get_socket(h);
	if (fd < 0)
		return;
	nfqueue_set_maxlen(fd, h->queue, maxlen, h->mode == 2 ? h->range : 0);
	close(fd);
}

void held_set_maxlen(int family, uint32_t maxlen)
{
	/* without CAP_NET_ADMIN the kernel would send an error message, which the
	 * program would read */
	bool may = nfqueue_probe(0) != NFQUEUE_FORBIDDEN;
	struct reader list;
	uint32_t own;
	struct held h;

	if (!may || !open_list(&list))
		return;
	while (list.fd >= 0 && next_held(&list, family, &h)) {
		find_process(&h);
		if (!has_setting(h.process, &own))
			set_maxlen(&h, maxlen);
	}
	close_list(&list);
}
