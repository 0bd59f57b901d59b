/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs ipqctl rules on a text. Knows nothing of rules. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"
#include "translated.h"

const char *write_file(const char *text, size_t len)
{
	static char path[32];
	int fd;

	strcpy(path, "/tmp/ipqctl-XXXXXX");
	fd = mkstemp(path);
	cr_assert(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	close(fd);
	return path;
}

const char *translated(const char *options, const char *text)
{
	const struct printed *printed;
	const char *path = write_file(text, strlen(text));

	printed = shell(IPQCTL " rules %s < %s 2>/dev/null; s=$?; rm %s; exit $s",
			options, path, path);
	cr_assert(printed->status == 0 || printed->status == LEFT, "%s: %d", text,
		  printed->status);
	return printed->text;
}

const char *remarks(const char *options, const char *text)
{
	const char *path = write_file(text, strlen(text));

	return shell(IPQCTL " rules %s %s 2>&1 >/dev/null; rm %s", options, path,
		     path)->text;
}
