/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads-and-files COUNT: one thread reads packets, one accepts them, and two more open,
 * duplicate, use and close other descriptors at the same time. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "old.h"

static atomic_bool over;
static int fd, ids[2];

static void *use_others(void *unused)
{
	unsigned char sent[256], got[sizeof(sent)];
	struct nlmsghdr nlh = { .nlmsg_len = sizeof(sent), .nlmsg_type = IPQM_PACKET };
	int ends[2], copy;

	memset(sent, 0x5a, sizeof(sent));
	memcpy(sent, &nlh, sizeof(nlh));
	while (!over) {
		check(!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
		copy = dup(ends[1]);
		check(copy >= 0 && !close(ends[1]));
		check(send(ends[0], sent, sizeof(sent), 0) == sizeof(sent));
		check(recv(copy, got, sizeof(got), 0) == sizeof(got));
		check(!memcmp(sent, got, sizeof(got)));
		check(write(copy, sent, sizeof(sent)) == sizeof(sent));
		check(read(ends[0], got, sizeof(got)) == sizeof(got));
		check(!close(copy) && !close(ends[0]));
		/* the number is an ip_queue socket for a moment */
		copy = dup(fd);
		check(copy >= 0 && !close(copy));
	}
	return unused;
}

static void *pass(void *count)
{
	unsigned long id;

	for (int i = *(int *)count; i > 0; i--) {
		check(read(ids[0], &id, sizeof(id)) == sizeof(id));
		old_accept(fd, id);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;
	static union old_message m;
	pthread_t users[2], passer;

	old_limit();
	fd = old_ready(NETLINK_FIREWALL);
	check(!pipe(ids));
	for (int i = 0; i < 2; i++)
		check(!pthread_create(&users[i], NULL, use_others, NULL));
	check(!pthread_create(&passer, NULL, pass, &count));
	say("ready");
	for (int i = 0; i < count; i++) {
		old_read(fd, &m);
		check(write(ids[1], &m.packet.msg.packet_id, sizeof(long)) ==
		      sizeof(long));
	}
	check(!pthread_join(passer, NULL));
	over = true;
	for (int i = 0; i < 2; i++)
		check(!pthread_join(users[i], NULL));
	return 0;
}
