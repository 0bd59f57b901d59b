/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lacks ERROR CALLS COMMAND...: runs the command with these system calls failing with the
 * error. CALLS are numbers separated by commas. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "failing.h"

int main(int argc, char **argv)
{
	unsigned int calls[FAILING_MAX];
	size_t count = 0;
	char *end;

	if (argc < 4)
		return 2;
	for (const char *at = argv[2]; count < FAILING_MAX; at = end + 1) {
		calls[count++] = strtoul(at, &end, 10);
		if (*end != ',')
			break;
	}
	if (calls_fail(calls, count, atoi(argv[1]))) {
		perror("lacks");
		return 2;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 2;
}
