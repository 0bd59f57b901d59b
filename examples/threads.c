/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads [COUNT]: one thread reads packets, another accepts them. Ends after COUNT
 * packets.
 *
 *	iptables -A OUTPUT -p icmp -j NFQUEUE --queue-num 0
 *	./threads */
#include <linux/netfilter.h>
#include <libipq.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define BUFSIZE 2048
#define WAITING 1024

static struct ipq_handle *h;

/* A ring buffer with the ids of packets that have been read. */
static ipq_id_t ids[WAITING];
static unsigned long filled;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;

static void die(void)
{
	ipq_perror("threads");
	exit(1);
}

static void *reader(void *arg)
{
	unsigned char buf[BUFSIZE];

	for (;;) {
		if (ipq_read(h, buf, BUFSIZE, 0) < 0)
			die();

		switch (ipq_message_type(buf)) {
		case NLMSG_ERROR:
			errno = ipq_get_msgerr(buf);
			die();
			break;
		case IPQM_PACKET:
			/* no overflow: at most WAITING packets are in the queue */
			pthread_mutex_lock(&lock);
			ids[filled++ % WAITING] = ipq_get_packet(buf)->packet_id;
			pthread_cond_signal(&more);
			pthread_mutex_unlock(&lock);
			break;
		}
	}
	return arg;
}

int main(int argc, char *argv[])
{
	unsigned long count = argc > 1 ? atol(argv[1]) : -1, given;
	pthread_t thread;
	ipq_id_t id;

	h = ipq_create_handle(0, PF_INET);
	if (!h)
		die();
	if (ipq_set_mode(h, IPQ_COPY_META, 0) < 0)
		die();
	if ((errno = pthread_create(&thread, NULL, reader, NULL)))
		die();

	for (given = 0; given < count; given++) {
		pthread_mutex_lock(&lock);
		while (filled == given)
			pthread_cond_wait(&more, &lock);
		id = ids[given % WAITING];
		pthread_mutex_unlock(&lock);

		if (ipq_set_verdict(h, id, NF_ACCEPT, 0, NULL) < 0)
			die();
		printf("packet %lu: read by one thread, passed by another\n", id);
		fflush(stdout);
	}
	return 0;
}
