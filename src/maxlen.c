/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sysctls net.ipv4.ip_queue_maxlen and net.ipv6.ip6_queue_maxlen: how many packets
 * may wait for a verdict, as the administrator has set it. Knows nothing of queues. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>
#include <sys/socket.h>

#include "maxlen.h"

const char *maxlen_file(int family)
{
	return family == AF_INET6 ? MAXLEN_FILE6 : MAXLEN_FILE;
}

/* Parses an int in the form in which the kernel prints it (proc_dointvec). ip_queue used
 * it as an unsigned number, so that -1 means no limit. */
static uint32_t parse(const char *text)
{
	bool negative = *text == '-';
	uint32_t n = 0;

	for (text += negative; *text >= '0' && *text <= '9'; text++)
		n = 10 * n + (*text - '0');
	return !n ? MAXLEN_DEFAULT : negative ? -n : n;
}

uint32_t maxlen_written(int family)
{
	char text[16] = "";
	int saved = errno, fd;

	fd = open(maxlen_file(family), O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, text, sizeof(text) - 1) < 0)
			*text = '\0';
		close(fd);
	}
	errno = saved;
	return parse(text);
}
