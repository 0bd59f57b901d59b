/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notices when supervised programs have written the sysctl ip_queue_maxlen or
 * ip6_queue_maxlen. The programs write to descriptors of their own, and may pass them on,
 * so the kernel reports when one is closed (inotify(7)). Knows nothing of how the value
 * is applied (files.h). */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/inotify.h>
#include <sys/socket.h>

#include "maxlen.h"
#include "served.h"
#include "written.h"

/* The most files that are watched, one for each network namespace and family. If there
 * are more, the oldest is no longer watched. */
#define WATCHES 16

static struct watch {
	int id;				/* of inotify, 0 if unused */
	enum module_file file;
	int network;			/* descriptor of the network namespace */
	uint32_t known;			/* the value that was applied last, in packets */
} watches[WATCHES];

static unsigned int newest;
static bool any;
static int notifier = -1;

int written_begin(void)
{
	notifier = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return notifier;
}

static struct watch *find(int id)
{
	for (unsigned int i = 0; i < WATCHES; i++)
		if (watches[i].id == id)
			return &watches[i];
	return NULL;
}

static uint32_t written(enum module_file file)
{
	return maxlen_written(file == FILE_MAXLEN6 ? AF_INET6 : AF_INET);
}

void written_watch(int fd, enum module_file file)
{
	char path[sizeof("/proc/self/fd/2147483647")];
	struct watch *w;
	int id;

	if (file != FILE_MAXLEN && file != FILE_MAXLEN6)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	id = inotify_add_watch(notifier, path, IN_CLOSE_WRITE);
	if (id < 0 || find(id))
		return;
	newest = (newest + 1) % WATCHES;
	w = &watches[newest];
	if (w->id) {
		inotify_rm_watch(notifier, w->id);
		close(w->network);
	}
	*w = (struct watch) { id, file, served_open_network(), written(file) };
	any = true;
}

static void apply(struct watch *w)
{
	uint32_t now;

	served_enter_opened_network(w->network);
	now = written(w->file);
	if (now != w->known)
		files_apply(w->file);
	w->known = now;
}

void written_look(void)
{
	for (unsigned int i = 0; any && i < WATCHES; i++)
		if (watches[i].id)
			apply(&watches[i]);
}

void written_take(void)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *event;
	struct watch *w;
	ssize_t n;

	while (any && (n = read(notifier, buf, sizeof(buf))) > 0)
		for (char *at = buf; at < buf + n; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)at;
			w = event->mask & IN_CLOSE_WRITE ? find(event->wd) : NULL;
			if (w)
				apply(w);
		}
}
