/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of the test's own, where everybody may look in, and the environment of
 * somebody who has set nothing. */
#ifndef PRELOAD_PLACE_H
#define PRELOAD_PLACE_H

#include <stdlib.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

#include "network.h"

static char place[] = "/tmp/libipq-preload-XXXXXX";
static char said[8192];		/* by the last command */

/* PATH has directories that all may search: else what is not found may be forbidden. */
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

/* Criterion calls no .fini then. */
#define SKIP(...)							\
	do {								\
		remove_place();						\
		cr_skip_test(__VA_ARGS__);				\
	} while (0)

#endif
