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
#include "queues.h"
#include "syscalls.h"

/* How many descriptors of a process are tried: sockets at higher numbers are rare, and
 * each try is a system call. */
#define DESCRIPTORS_MAX 4096

static bool next_held(struct proc_file *list, int family, struct held *h)
{
	uint8_t of_family;

	while (queues_next(list, &h->line))
		if (port_id_read(h->line.port_id, &of_family, &h->process) &&
		    of_family == family)
			return true;
	return false;
}

/* Returns false and errno on failure. If the kernel has no nfnetlink_queue, the list is
 * empty. */
static bool open_list(struct proc_file *list)
{
	return queues_open(list) || errno == ENOENT;
}

static void close_list(struct proc_file *list)
{
	if (list->fd >= 0)
		proc_file_close(list);
}

/* Reads LIBIPQ_MAXLEN from the environment that a process was started with. Returns false
 * if it is not set or cannot be read. */
static bool has_setting(pid_t process, uint32_t *maxlen)
{
	static const char name[] = "LIBIPQ_MAXLEN=";
	char path[sizeof("/proc/2147483647/environ")];
	bool found = false, negative = false;
	struct proc_file file;
	size_t same = 0;
	int64_t n = 0;
	int c;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)process);
	if (!proc_file_open(&file, path))
		return false;
	while (!found && (c = proc_file_byte(&file)) >= 0) {
		/* "same" counts matching characters from the beginning of the variable;
		 * too large if one differs */
		if (c == '\0')
			same = 0;
		else if (same < sizeof(name) - 1)
			same = c == name[same] ? same + 1 : sizeof(name);
		found = same == sizeof(name) - 1;
	}
	while (found && (c = proc_file_byte(&file)) > 0 && n <= UINT32_MAX)
		if (c == '-')
			negative = true;
		else
			n = 10 * n + (c - '0');
	proc_file_close(&file);
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
	pid_t holder = holder_of(h->line.port_id);

	if (holder)
		h->process = holder;
}

bool held_find(int family, struct held *h)
{
	uint16_t wanted = own_setting(family);
	bool found = false;
	struct proc_file list;
	struct held next;

	*h = (struct held) { .process = 0 };
	if (!open_list(&list))
		return false;
	while (list.fd >= 0 && next_held(&list, family, &next)) {
		if (!found || next.line.number == wanted)
			*h = next;
		found = true;
		if (next.line.number == wanted)
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
		if (fd >= 0 && nfqueue_port_id(fd) != h->line.port_id) {
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
		if (nfqueue_port_id(i) == h->line.port_id)
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
	nfqueue_set_maxlen(fd, h->line.number, maxlen, h->line.mode == 2 ? h->line.range : 0);
	close(fd);
}

void held_set_maxlen(int family, uint32_t maxlen)
{
	/* without CAP_NET_ADMIN the kernel would send an error message, which the
	 * program would read */
	bool may = queues_probe(0) != QUEUE_FORBIDDEN;
	struct proc_file list;
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
