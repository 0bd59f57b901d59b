/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch-ending HOW COUNT: reads and accepts COUNT packets without a pause, then ends in
 * the way HOW. Begins when a line is sent to it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <netinet/in.h>
#include <libipq.h>
#include <linux/netfilter.h>

static struct ipq_handle *h;

static void fail(const char *what)
{
	ipq_perror(what);
	abort();
}

static void accept_packets(int count)
{
	static _Alignas(ipq_packet_msg_t) unsigned char buf[4096];

	for (int i = 0; i < count; i++)
		if (ipq_read(h, buf, sizeof(buf), -1) <= 0 ||
		    ipq_message_type(buf) != IPQM_PACKET ||
		    ipq_set_verdict(h, ipq_get_packet(buf)->packet_id, NF_ACCEPT, 0,
				    NULL) < 0)
			fail("packet");
}

/* Forks a child that exits after the descriptor's number has become that of
 * another socket. */
static void exit_in_a_child(void)
{
	char text[16];
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends))
		fail("socketpair");
	if (fork() == 0) {
		dup2(ends[0], h->fd);
		exit(0);
	}
	wait(NULL);
	if (recv(ends[1], text, sizeof(text), MSG_DONTWAIT) >= 0)
		fail("it was sent to a stranger");
}

static void say(const char *text)
{
	puts(text);
	fflush(stdout);
}

/* Returns if the way is "return". */
static void end(const char *how)
{
	if (!strcmp(how, "destroy"))
		ipq_destroy_handle(h);
	else if (!strcmp(how, "meta"))
		ipq_set_mode(h, IPQ_COPY_META, 0);
	else if (!strcmp(how, "none"))
		ipq_set_mode(h, IPQ_COPY_NONE, 0);
	else if (!strcmp(how, "exit"))
		exit(0);
	else if (!strcmp(how, "_exit"))
		_exit(0);
	else if (!strcmp(how, "kill"))
		kill(getpid(), SIGKILL);
	else if (!strcmp(how, "child"))
		exit_in_a_child();
}

int main(int argc, char **argv)
{
	char line[8];

	if (argc != 3)
		return 2;
	h = ipq_create_handle(0, PF_INET);
	if (!h || ipq_set_mode(h, IPQ_COPY_PACKET, 0) < 0)
		fail("handle");
	say("ready");
	if (!fgets(line, sizeof(line), stdin))
		return 2;
	accept_packets(atoi(argv[2]));
	end(argv[1]);
	if (!strcmp(argv[1], "return"))
		return 0;
	/* the test must see that the verdicts do not wait for the program's end */
	say("done");
	if (!strcmp(argv[1], "child"))
		ipq_destroy_handle(h);
	while (fgets(line, sizeof(line), stdin))
		;
	_exit(0);
}
