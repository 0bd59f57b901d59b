/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay PROTOCOL: sends and receives on an ip_queue socket. Reads commands from standard
 * input, one in a line:
 *	send HEX	sends these bytes, and prints the result of send(2)
 *	receive		prints the next message in hexadecimal, or "nothing" */
#include "old.h"

static unsigned char bytes[70000];

static size_t read_hex(const char *hex)
{
	size_t n = 0;
	unsigned int byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[n++] = byte;
	return n;
}

int main(int argc, char **argv)
{
	static char line[200000];
	ssize_t n;
	int fd;

	old_limit();
	check(argc == 2);
	fd = old_open(atoi(argv[1]), SOCK_RAW);
	old_bind(fd);
	say("ready");
	while (fgets(line, sizeof(line), stdin)) {
		if (!strncmp(line, "send ", 5)) {
			printf("%zd\n", send(fd, bytes, read_hex(line + 5), 0));
		} else {
			n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
			check(n >= 0 || errno == EAGAIN);
			for (ssize_t i = 0; i < n; i++)
				printf("%02x", bytes[i]);
			puts(n < 0 ? "nothing" : "");
		}
		fflush(stdout);
	}
	return 0;
}
