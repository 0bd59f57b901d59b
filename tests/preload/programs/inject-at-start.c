/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linked with inject.c to a library that is preloaded: in the program started
 * with it, the call with the number FAILING fails; in programs that this one
 * executes, none does. */
#include <errno.h>
#include <stdlib.h>

#include "inject.h"

static __attribute__((constructor)) void begin(void)
{
	const char *n = getenv("FAILING");

	if (!n)
		return;
	inject_begin(atoi(n), ENOMEM);
	unsetenv("FAILING");
}
