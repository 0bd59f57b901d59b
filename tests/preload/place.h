/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory for the test, which all users may read, and an environment
 * without settings. */
#ifndef PRELOAD_PLACE_H
#define PRELOAD_PLACE_H

#include <stdlib.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

#include "network.h"

static char place[] = "/tmp/libipq-preload-XXXXXX";
static char said[8192];		/* output of the last command */

/* PATH has only directories that all users may search: else a missing command would give
 * "Permission denied". */
static inline void make_place(void)
{
	cr_assert(mkdtemp(place) && !chmod(place, 0755));
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	unsetenv("LD_PRELOAD");
	unsetenv("LD_LIBRARY_PATH");
	unsetenv("LIBIPQ_QUEUE");
	unsetenv("LIBIPQ_QUEUE6");
}

static inline void remove_place(void)
{
	cr_assert(!chdir("/"));
	run("rm -rf %s", place);
}

/* If a test is skipped, Criterion does not call .fini. */
#define SKIP(...)							\
	do {								\
		remove_place();						\
		cr_skip_test(__VA_ARGS__);				\
	} while (0)

#endif
