/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads from /proc about the calling thread's network namespace. Knows nothing of
 * sockets. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>

#include "proc_net.h"

/* Before Linux 3.8 these files are not symbolic links, and their inode numbers do not
 * identify a namespace. */
static uint64_t number_at(const char *path)
{
	static const char before[] = "net:[";
	char text[64] = "";

	if (readlink(path, text, sizeof(text) - 1) < 0 ||
	    strncmp(text, before, sizeof(before) - 1) != 0)
		return 0;
	return strtoull(text + sizeof(before) - 1, NULL, 10);
}

uint64_t proc_net_number(void)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/self/task/%ld/ns/net", syscall(SYS_gettid));
	return number_at(path);
}

bool proc_file_open(struct proc_file *f, const char *path)
{
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	f->at = f->have = 0;
	return f->fd >= 0;
}

/* Before Linux 3.17 there is only the directory of the process, which is another one if
 * the thread has left the namespace of the process. */
bool proc_net_open(struct proc_file *f, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/thread-self/net/%s", name);
	if (proc_file_open(f, path))
		return true;
	if (errno != ENOENT || number_at("/proc/self/ns/net") != proc_net_number())
		return false;
	snprintf(path, sizeof(path), "/proc/self/net/%s", name);
	return proc_file_open(f, path);
}

void proc_file_close(struct proc_file *f)
{
	close(f->fd);
}

int proc_file_byte(struct proc_file *f)
{
	ssize_t n;

	if (f->at == f->have) {
		n = read(f->fd, f->buf, sizeof(f->buf));
		f->have = n > 0 ? n : 0;
		f->at = 0;
	}
	return f->at < f->have ? (unsigned char)f->buf[f->at++] : -1;
}

bool proc_file_line(struct proc_file *f, char *text, size_t size)
{
	size_t n = 0;
	int c;

	while ((c = proc_file_byte(f)) >= 0 && c != '\n')
		if (n < size - 1)
			text[n++] = c;
	text[n] = '\0';
	return c >= 0;
}
