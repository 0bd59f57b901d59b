/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the kernel's queues, and the processes that own them, from /proc. Knows
 * nothing of rules. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "holder.h"
#include "port_id.h"
#include "privilege.h"
#include "proc.h"
#include "queues.h"

/* Bytes. The kernel's lists are much shorter. */
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

struct remedy queues_remedy(int error)
{
	struct privilege_advice advice;

	if (error == ENOENT)
		return (struct remedy) { "the kernel has no nfnetlink_queue",
					 "modprobe nfnetlink_queue" };
	if (queues_probe(0) == QUEUE_FORBIDDEN) {
		privilege_advise(&advice);
		errno = error;
		return (struct remedy) { advice.mend, advice.command };
	}
	errno = error;
	/* the network namespace was created before the user namespace had a mapping for
	 * user 0, so that the file's owner is not mapped (the kernel's
	 * proc_net_ns_init) */
	if (error == EACCES && geteuid() == 0)
		return (struct remedy) { "this network namespace was created before its user "
					 "namespace had a root, as with unshare -Urn; create one "
					 "afterwards", "unshare --net PROGRAM" };
	return (struct remedy) { "run as root", NULL };
}

/* Returns the environment that the process was started with, to be freed; an empty text
 * if it cannot be read. */
static struct text read_environ(pid_t pid)
{
	struct text variables = { 0 };
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	variables.at = read_file(path, &variables.len);
	if (!variables.at)
		variables.len = 0;
	return variables;
}

static void read_settings(struct owner *owner)
{
	struct text variables = read_environ(owner->pid);

	owner->maxlen = environ_maxlen(variables);
	owner->untold = variables.at && !environ_has_queue(variables);
	free((char *)variables.at);
}

static bool has_variable(struct text variables, const char *wanted)
{
	while (variables.len) {
		struct text one = { variables.at, strnlen(variables.at, variables.len) };

		if (text_is(one, wanted))
			return true;
		one.len += one.len < variables.len;
		variables.at += one.len;
		variables.len -= one.len;
	}
	return false;
}

const char *owner_lacks(const struct owner *owner)
{
	struct text variables = read_environ(owner->pid);
	const char *lacking = NULL;

	for (char **e = environ; variables.len && *e && !lacking; e++)
		if (!strncmp(*e, "LIBIPQ_", strlen("LIBIPQ_")) &&
		    strncmp(*e, "LIBIPQ_DEBUG=", strlen("LIBIPQ_DEBUG=")) &&
		    !has_variable(variables, *e))
			lacking = *e;
	free((char *)variables.at);
	return lacking;
}

void owner_find(uint32_t port_id, struct owner *owner)
{
	pid_t likely;

	*owner = (struct owner) { .family = AF_UNSPEC };
	port_id_read(port_id, &owner->family, &likely);
	owner->pid = holder_of(port_id);
	holder_name(owner->pid, owner->name, sizeof(owner->name));
	read_settings(owner);
}
