/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream of UDP packets through queue 0 over lo. Counts each packet where it
 * is sent and where it arrives. Knows nothing of libipq. On failure, ends the
 * test and says why. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "traffic.h"

#define PORT 7

#define SENDERS 2
#define SOCKETS 16

/* In memory that is shared with the senders. */
struct flood {
	atomic_bool over;
	atomic_ulong sent[SENDERS];
	pid_t pid[SENDERS];
};

void traffic_watch(void)
{
	run("iptables-legacy -A OUTPUT -p udp --dport %d -j QUEUE && "
	    "iptables-legacy -A INPUT -p udp --dport %d -j DROP", PORT, PORT);
}

static unsigned long arrived(void)
{
	unsigned long packets;
	char list[1024], *line;

	cr_assert(run_output(list, sizeof(list), "iptables-legacy -nvxL INPUT") == 0,
		  "%s", list);
	line = strstr(list, "destination");	/* last word of the heading */
	cr_assert(line && sscanf(line, "%*s %lu", &packets) == 1, "%s", list);
	return packets;
}

unsigned long traffic_arrived(unsigned long expected)
{
	unsigned long packets = arrived();

	for (int ms = 0; packets < expected && ms < DEADLINE; ms += 10) {
		usleep(10000);
		packets = arrived();
	}
	return packets;
}

void traffic_send(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		udp_say(AF_INET, PORT, "hello");
}

static void send_until_over(struct flood *flood, atomic_ulong *sent)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd[SOCKETS];

	for (int i = 0; i < SOCKETS; i++)
		fd[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	while (!atomic_load(&flood->over)) {
		bool any = false;

		/* a socket cannot send while too many of its packets wait */
		for (int i = 0; i < SOCKETS; i++)
			if (sendto(fd[i], "hello", 5, 0, (struct sockaddr *)&to,
				   sizeof(to)) == 5) {
				atomic_fetch_add(sent, 1);
				any = true;
			}
		if (!any)
			usleep(100);
	}
}

struct flood *flood_begin(void)
{
	struct flood *flood = mmap(NULL, sizeof(*flood), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert(flood != MAP_FAILED);
	for (int i = 0; i < SENDERS; i++) {
		pid_t pid = fork();

		cr_assert(pid >= 0);
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			send_until_over(flood, &flood->sent[i]);
			_exit(0);
		}
		flood->pid[i] = pid;
	}
	return flood;
}

unsigned long flood_sent(const struct flood *flood)
{
	unsigned long sent = 0;

	for (int i = 0; i < SENDERS; i++)
		sent += flood->sent[i];
	return sent;
}

unsigned long flood_end(struct flood *flood)
{
	unsigned long sent;

	atomic_store(&flood->over, true);
	for (int i = 0; i < SENDERS; i++)
		cr_assert(waitpid(flood->pid[i], NULL, 0) == flood->pid[i]);
	sent = flood_sent(flood);
	munmap(flood, sizeof(*flood));
	return sent;
}
