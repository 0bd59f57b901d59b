/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH for supervised programs: verdicts are held for them as well, some time
 * after they have begun, if they read again soon. */
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "traffic.h"

TestSuite(held, .timeout = 60);

/* Verdicts are held after 64 quick reads, while there are more packets to read. */
#define MANY 250
#define MORE 100

static int heard;

static void send_packets(int count)
{
	for (int i = 0; i < count; i++)
		udp_say(AF_INET, HEARD, "hello");
}

static void hear_packets(int count)
{
	char text[16];

	for (int i = 0; i < count; i++)
		cr_assert(udp_hear(heard, text, sizeof(text), 5000) == 5, "only %d come", i);
}

static void accept_many(struct child *c)
{
	send_packets(MANY);
	child_tell(c, "accept");
	hear_packets(MANY);
}

/* Until verdicts are held: ipq-run keeps descriptors only when a program has closed none
 * for a tenth of a second. */
static void begin(struct child *c)
{
	struct timespec begun, now;

	heard = queued_port(AF_INET);
	setenv("LIBIPQ_BATCH", "64", 1);
	child_ready(c, "decides", "250");
	send_packets(MORE);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	do {
		accept_many(c);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begun.tv_sec < 2 && (now.tv_sec - begun.tv_sec) * 1000 +
		 (now.tv_nsec - begun.tv_nsec) / 1000000 < 500);
}

Test(held, who_decides_and_then_waits_elsewhere_does_not_wait_in_vain)
{
	struct child c;

	begin(&c);
	for (int round = 0; round < 20; round++)
		accept_many(&c);
	close(c.input);
	child_ends_well(&c);
}

Test(held, a_verdict_without_the_capability_is_refused)
{
	struct child c;
	char text[16];

	begin(&c);
	send_packets(MANY);
	child_tell(&c, "give up");
	child_says(&c, "refused");
	hear_packets(MANY);
	cr_assert(udp_hear(heard, text, sizeof(text), 100) == -1);
	close(c.input);
	child_ends_well(&c);
}
