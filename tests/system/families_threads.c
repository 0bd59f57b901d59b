/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 and IPv6 handles on one queue number, which several threads create, use and
 * destroy at the same time. */
#include <pthread.h>

#include <criterion/criterion.h>

#include "network.h"
#include "pair.h"

TestSuite(families_threads, .timeout = 60);

#define ROUNDS 100
#define THREADS 4

static pthread_barrier_t together;

static void *ask(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&together);
	ipq_set_mode(pair[1], IPQ_COPY_PACKET, 0);
	return NULL;
}

static unsigned int private_numbers(void)
{
	struct queue_figures f;
	unsigned int count = 0;

	for (unsigned int n = 64512; n <= 65535; n++)
		count += queue_figures(n, &f);
	return count;
}

Test(families_threads, a_handle_that_several_threads_have_ask_first_claims_once)
{
	pthread_t threads[THREADS];

	cr_assert(!pthread_barrier_init(&together, NULL, THREADS));
	pair_network("QUEUE");
	pair_make(0);
	pair_start(0);
	for (int round = 0; round < ROUNDS / 4; round++) {
		pair_make(1);
		for (int i = 0; i < THREADS; i++)
			cr_assert(!pthread_create(&threads[i], NULL, ask, NULL));
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		cr_assert(private_numbers() == 2, "round %d: %u", round, private_numbers());
		pair_pass(1, "six");
		pair_close(1);
	}
	pair_close(0);
	pthread_barrier_destroy(&together);
}

/* Repeats it until it succeeds: a program has only one handle of a family on a number. */
static void *make_another(void *unused)
{
	struct ipq_handle *h;

	(void)unused;
	pthread_barrier_wait(&together);
	do
		h = ipq_create_handle(0, PF_INET);
	while (!h);
	return h;
}

Test(families_threads, a_handle_made_while_the_one_before_is_destroyed_shares_the_number)
{
	struct ipq_handle *before;
	pthread_t thread;
	void *made;

	cr_assert(!pthread_barrier_init(&together, NULL, 2));
	pair_network("QUEUE");
	for (int round = 0; round < ROUNDS; round++) {
		pair_open(0);
		before = pair[0];
		cr_assert(!pthread_create(&thread, NULL, make_another, NULL));
		pthread_barrier_wait(&together);
		ipq_destroy_handle(before);
		pthread_join(thread, &made);
		pair[0] = made;
		pair_start(0);
		pair_pass(0, "four");
		pair_pass(1, "six");
		pair_close_both();
	}
	pthread_barrier_destroy(&together);
}
