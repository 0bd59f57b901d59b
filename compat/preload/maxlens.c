/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program's descriptors of ip_queue_maxlen and ip6_queue_maxlen that are open for
 * writing. Does not know what the numbers mean. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "maxlen.h"
#include "maxlens.h"

/* Closing a descriptor above this limit goes unnoticed: the number then applies only to
 * queues created later. */
#define DESCRIPTORS_MAX 1024

atomic_bool maxlens_opened_any;
static atomic_bool open_for_writing[DESCRIPTORS_MAX];

/* The values that the queues have been set to. Whoever wrote a value, it is compared when
 * a descriptor is closed. */
static _Atomic uint32_t known[2];

static bool has_place(int fd)
{
	return fd >= 0 && fd < DESCRIPTORS_MAX;
}

void maxlens_opened(enum module_file file, int fd, int flags)
{
	if ((file != FILE_MAXLEN && file != FILE_MAXLEN6) || !has_place(fd) ||
	    (flags & O_ACCMODE) == O_RDONLY)
		return;
	if (!maxlens_any()) {
		known[0] = maxlen_written(AF_INET);
		known[1] = maxlen_written(AF_INET6);
	}
	open_for_writing[fd] = true;
	maxlens_opened_any = true;
}

void maxlens_duplicated(int from, int fd)
{
	if (has_place(from) && has_place(fd) && open_for_writing[from])
		open_for_writing[fd] = true;
}

bool maxlens_closing(int fd)
{
	return has_place(fd) && atomic_exchange(&open_for_writing[fd], false);
}

static void look(int family, enum module_file file, _Atomic uint32_t *value)
{
	uint32_t now = maxlen_written(family);

	if (atomic_exchange(value, now) != now)
		files_apply(file);
}

void maxlens_closed(void)
{
	look(AF_INET, FILE_MAXLEN, &known[0]);
	look(AF_INET6, FILE_MAXLEN6, &known[1]);
}

/* For descriptors that are open when the program exits. What it has written to
 * streams may still be in their buffers, which the C library would write only
 * after this function. */
static __attribute__((destructor)) void end(void)
{
	bool written = false;

	for (int fd = 0; maxlens_any() && fd < DESCRIPTORS_MAX; fd++)
		written |= maxlens_closing(fd);
	if (written) {
		fflush(NULL);
		maxlens_closed();
	}
}
