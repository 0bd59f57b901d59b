/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Made into a library with inject.c and preloaded: in the program that it is started
 * with, the call of the number in FAILING fails, and none in those that it runs. */
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
