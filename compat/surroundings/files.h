/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module's files: which name means one, and what it says. Knows nothing of how
 * programs ask for files, nor whether this process is the one that does. */
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
	FILE_MODULES,		/* /proc/modules, with what the kernel has there */
};

/* Whether the kernel says with this errno that there is no such file, or that none can
 * be made: then, and not before, a name has to be looked at. */
bool files_may_be_missing(int error);

/* Whether the path may mean one of them, by its last word. */
bool files_may_mean(const char *path);

/* Which of them the path means, seen from the directory (openat(2)). Follows it as the
 * kernel would: /proc/PID/net, links and ".." lead there too. Leaves errno alone. */
enum module_file files_find(int directory, const char *path);

/* Whether a file of this name that the kernel does have may be one of them, too. Costs
 * next to nothing. */
bool files_may_say_more(const char *path);

/* A file that the kernel has, which is asked in the place of one of these for anything
 * but its contents: who may open it for what, and its kind and size. That of the maxlens
 * has their contents, too, and takes what is written. */
const char *files_stand_in(enum module_file file);

/* open(2) of a maxlen, or of another to be read: a descriptor with what the file says at
 * this moment, the lowest there is. Returns -1 and errno. */
int files_open(enum module_file file, int flags);

/* Which of them it was that fd was opened as, if its name is on no directory. Leaves errno
 * alone. */
enum module_file files_opened(int fd);

/* Tells the queues that programs hold already how many packets may wait in each, as has
 * been written to the file. Leaves errno alone. */
void files_apply(enum module_file file);

#endif
