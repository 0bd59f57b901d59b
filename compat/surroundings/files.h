/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files in /proc that the module ip_queue had: which path names one of them,
 * and their contents. Does not know how programs open files, nor whether the
 * program is this process. */
#ifndef SURROUNDINGS_FILES_H
#define SURROUNDINGS_FILES_H

#include <stdbool.h>
#include <stddef.h>

enum module_file {
	FILE_NONE,
	FILE_QUEUE,		/* /proc/net/ip_queue */
	FILE_QUEUE6,		/* /proc/net/ip6_queue */
	FILE_MAXLEN,		/* /proc/sys/net/ipv4/ip_queue_maxlen */
	FILE_MAXLEN6,		/* /proc/sys/net/ipv6/ip6_queue_maxlen */
	FILE_MODULES,		/* /proc/modules, with the kernel's own modules */
};

/* Whether the errno of a failed open(2) may mean that the file does not exist, or cannot
 * be created. Only then need the path be examined. */
bool files_may_be_missing(int error);

/* Whether the path may mean one of the files, by its last component. */
bool files_may_mean(const char *path);

/* Returns which of the files the path means, relative to the directory (openat(2)).
 * Follows symbolic links and "..", as the kernel does: /proc/PID/net is found, too.
 * Leaves errno alone. */
enum module_file files_find(int directory, const char *path);

/* Whether an existing file of this name may have to be replaced by one of these. This
 * is a quick check. */
bool files_may_say_more(const char *path);

/* Returns a file of the kernel's that has the same type, size and permissions, for system
 * calls that do not ask for the contents. For the maxlen files it is where their value is
 * kept, which can be read and written. */
const char *files_stand_in(enum module_file file);

/* Like open(2), of any of the files for reading, and of the maxlen files also for
 * writing. Returns the lowest free descriptor, with the contents of this moment;
 * or -1 and errno. */
int files_open(enum module_file file, int flags);

/* Returns which of the files fd was opened as by files_open, for those that exist in
 * memory only. Leaves errno alone. */
enum module_file files_opened(int fd);

/* Sets the maximum length of queues that programs own already to the value written to the
 * maxlen file. Leaves errno alone. */
void files_apply(enum module_file file);

#endif
