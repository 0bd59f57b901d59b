/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flows PROTOCOL: accepts packets until SIGTERM. Prints each new destination address, and
 * at the end the number of packets. LIBIPQ_QUEUE precedes each line. */
#include <arpa/inet.h>
#include <poll.h>

#include "old.h"

#define ADDRESSES_MAX 256

static char seen[ADDRESSES_MAX][INET6_ADDRSTRLEN];
static volatile sig_atomic_t over;

static void end(int number)
{
	(void)number;
	over = 1;
}

static void note(const ipq_packet_msg_t *packet)
{
	char address[INET6_ADDRSTRLEN];
	int i, v4 = packet->payload[0] >> 4 == 4;

	check(inet_ntop(v4 ? AF_INET : AF_INET6, packet->payload + (v4 ? 16 : 24),
			address, sizeof(address)));
	for (i = 0; i < ADDRESSES_MAX && seen[i][0]; i++)
		if (!strcmp(seen[i], address))
			return;
	check(i < ADDRESSES_MAX);
	strcpy(seen[i], address);
	printf("%s to %s\n", getenv("LIBIPQ_QUEUE"), address);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = end };
	static union old_message m;
	sigset_t term, none;
	struct pollfd queue = { .events = POLLIN };
	ipq_packet_msg_t *packet;
	int packets = 0;

	old_limit();
	check(argc == 2);
	sigemptyset(&none);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	check(!sigprocmask(SIG_BLOCK, &term, NULL));
	check(!sigaction(SIGTERM, &action, NULL));
	queue.fd = old_ready(atoi(argv[1]));
	printf("%s ready %d\n", getenv("LIBIPQ_QUEUE"), getpid());
	fflush(stdout);
	while (!over) {
		if (ppoll(&queue, 1, NULL, &none) != 1)
			continue;
		packet = old_read(queue.fd, &m);
		packets++;
		note(packet);
		old_accept(queue.fd, packet->packet_id);
	}
	printf("%s packets %d\n", getenv("LIBIPQ_QUEUE"), packets);
	return 0;
}
