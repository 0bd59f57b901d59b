/* SPDX-License-Identifier: GPL-2.0-or-later */
/* say TEXT: sends TEXT to UDP port 7 of this host, and prints the datagram that arrives
 * there. For trying the other examples. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(7) };
	struct timeval wait = { .tv_sec = 2 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char text[2048];
	ssize_t n;

	if (argc != 2)
		return 2;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    sendto(fd, argv[1], strlen(argv[1]), 0, (struct sockaddr *)&address,
		   sizeof(address)) < 0 ||
	    (n = recv(fd, text, sizeof(text), 0)) < 0) {
		perror("say");
		return 1;
	}
	printf("%.*s\n", (int)n, text);
	return 0;
}
