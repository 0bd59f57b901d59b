/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queues and the processes that hold them, from /proc. Knows nothing of rules. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port_id.h"
#include "proc.h"

/* Far above what the kernel's lists come to. */
#define PROC_MAX (16 << 20)

char *read_all(int fd, size_t max, size_t *len)
{
	char *text = NULL, *larger;
	size_t size = 0;
	ssize_t n = 1;

	*len = 0;
	while (n > 0) {
		if (*len == size) {
			size = size ? 2 * size : 65536;
			larger = realloc(text, size);
			if (!larger)
				goto fail;
			text = larger;
		}
		n = read(fd, text + *len, size - *len);
		if (n < 0 && errno != EINTR)
			goto fail;
		*len += n > 0 ? n : 0;
		if (*len > max) {
			errno = EFBIG;
			goto fail;
		}
		n = n < 0 ? 1 : n;
	}
	return text;
fail:
	free(text);
	return NULL;
}

static char *read_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;

	if (fd < 0)
		return NULL;
	text = read_all(fd, PROC_MAX, len);
	close(fd);
	return text;
}

bool queues_read(struct queues *queues)
{
	struct text rest, line;
	char *text = read_file(QUEUE_LIST, &rest.len);
	struct queue queue, *longer;

	*queues = (struct queues) { 0 };
	if (!text)
		return false;
	rest.at = text;
	while (text_line(&rest, &line)) {
		if (!queue_line(line, &queue))
			continue;
		longer = reallocarray(queues->list, queues->count + 1, sizeof(queue));
		if (!longer)
			break;
		queues->list = longer;
		queues->list[queues->count++] = queue;
	}
	free(text);
	return true;
}

const char *queues_remedy(int error)
{
	if (error == ENOENT)
		return "the kernel has no nfnetlink_queue: modprobe nfnetlink_queue";
	/* the network namespace was made before root of the user namespace was mapped,
	 * and the file belongs to none of its users (proc_net_ns_init) */
	if (error == EACCES && geteuid() == 0)
		return "make the namespace with unshare -Ur unshare -n, not unshare -Urn";
	return "run as root";
}

static bool find_inode(uint32_t port_id, unsigned long *inode)
{
	struct text rest, line;
	char *text = read_file("/proc/net/netlink", &rest.len);
	bool found = false;

	if (!text)
		return false;
	rest.at = text;
	while (!found && text_line(&rest, &line))
		found = netlink_line(line, port_id, inode);
	free(text);
	return found;
}

static bool has_socket(pid_t pid, unsigned long inode)
{
	char path[64], link[64], wanted[64];
	struct dirent *entry;
	bool found = false;
	ssize_t n;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	fds = opendir(path);
	if (!fds)
		return false;
	while (!found && (entry = readdir(fds))) {
		n = readlinkat(dirfd(fds), entry->d_name, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = '\0';
		found = !strcmp(link, wanted);
	}
	closedir(fds);
	return found;
}

/* Any process may hold the socket: the port id need not be a process id, and
 * who made the socket may have handed it on. */
static pid_t find_holder(unsigned long inode)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned long pid;
	pid_t holder = 0;

	while (proc && !holder && (entry = readdir(proc)))
		if (text_number(text_of(entry->d_name), INT32_MAX, &pid) &&
		    has_socket(pid, inode))
			holder = pid;
	if (proc)
		closedir(proc);
	return holder;
}

static void read_name(pid_t pid, char *name, size_t size)
{
	char path[32], *text;
	size_t len, n = 0;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	text = read_file(path, &len);
	for (; text && n < len && n + 1 < size && text[n] != '\n'; n++)
		/* a process gives itself any name it likes */
		name[n] = text[n] < ' ' || text[n] > '~' ? '?' : text[n];
	name[n] = '\0';
	free(text);
}

static uint32_t read_maxlen(pid_t pid)
{
	struct text variables = { 0 };
	char path[32], *text;
	uint32_t maxlen;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	text = read_file(path, &variables.len);
	variables.at = text;
	if (!text)
		variables.len = 0;
	maxlen = environ_maxlen(variables);
	free(text);
	return maxlen;
}

void owner_find(uint32_t port_id, struct owner *owner)
{
	unsigned long inode;
	pid_t pid = port_id;

	*owner = (struct owner) { .family = AF_UNSPEC };
	owner->ours = port_id_read(port_id, &owner->family, &pid);
	if (find_inode(port_id, &inode))
		owner->pid = has_socket(pid, inode) ? pid : find_holder(inode);
	/* perhaps its descriptors are not ours to look at */
	if (!owner->pid && owner->ours)
		owner->pid = pid;
	if (owner->pid)
		read_name(owner->pid, owner->name, sizeof(owner->name));
	owner->maxlen = read_maxlen(owner->pid);
}

void owner_describe(const struct owner *owner, uint32_t port_id, char *text,
		    size_t size)
{
	if (owner->name[0])
		snprintf(text, size, "process %d (%s)", owner->pid, owner->name);
	else if (owner->pid)
		snprintf(text, size, "process %d", owner->pid);
	else
		snprintf(text, size, "the socket with port id %" PRIu32 ", whose process "
			 "cannot be seen from here", port_id);
}
