/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq_set_mode and the kernel: what it returns, what is refused, and the resulting mode
 * of the queue (FACTS 2). */
#include <stdint.h>

#include <criterion/criterion.h>

#include "network.h"
#include "queue.h"

TestSuite(modes, .timeout = 60);

/* The copy range that the kernel uses for all: the length of an attribute has 16 bits. */
#define ALL 65531

static void assert_mode(unsigned int mode, unsigned int range)
{
	struct queue_figures f;

	cr_assert(queue_figures(0, &f), "nobody has the queue");
	cr_assert(f.mode == mode && f.range == range,
		  "mode %u, range %u instead of %u, %u", f.mode, f.range, mode, range);
}

Test(modes, a_good_request_returns_56_and_has_no_reply)
{
	struct ipq_handle *h;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	cr_assert(ipq_set_mode(h, IPQ_COPY_META, 0) == MODE_SENT);
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(modes, the_queue_gets_the_mode_and_the_clamped_range)
{
	static const struct {
		uint8_t mode;
		size_t range;
		unsigned int range_then;
	} rows[] = {
		{ IPQ_COPY_PACKET, 0, ALL },
		{ IPQ_COPY_NONE, 0, 0 },
		{ IPQ_COPY_PACKET, 1, 1 },
		{ IPQ_COPY_NONE, 100, 0 },
		{ IPQ_COPY_PACKET, 20, 20 },
		{ IPQ_COPY_META, 0, 0 },
		{ IPQ_COPY_PACKET, 2048, 2048 },
		{ IPQ_COPY_META, 2048, 0 },
		{ IPQ_COPY_PACKET, 65530, 65530 },
		{ IPQ_COPY_PACKET, 65531, ALL },
		{ IPQ_COPY_PACKET, 65532, ALL },
		{ IPQ_COPY_PACKET, 1, 1 },
		{ IPQ_COPY_PACKET, 65535, ALL },
		{ IPQ_COPY_PACKET, 1, 1 },
		{ IPQ_COPY_PACKET, 65536, ALL },
		{ IPQ_COPY_PACKET, 1, 1 },
		{ IPQ_COPY_PACKET, 1000000, ALL },
		{ IPQ_COPY_PACKET, 1, 1 },
		{ IPQ_COPY_PACKET, SIZE_MAX, ALL },
		/* only 32 bits count */
		{ IPQ_COPY_PACKET, (size_t)0x100000010ULL, 16 },
		{ IPQ_COPY_PACKET, (size_t)0x100000000ULL, ALL },
	};
	struct ipq_handle *h;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert(ipq_set_mode(h, rows[i].mode, rows[i].range) == MODE_SENT);
		assert_mode(rows[i].mode, rows[i].range_then);
	}
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(modes, only_the_low_byte_of_a_mode_counts)
{
	struct ipq_handle *h;
	int mode = 257;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	cr_assert(ipq_set_mode(h, mode, 0) == MODE_SENT);
	assert_mode(IPQ_COPY_META, 0);
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(modes, an_unknown_mode_is_refused_with_22_and_changes_nothing)
{
	static const struct {
		uint8_t mode;
		size_t range;
	} rows[] = {
		{ 3, 0 }, { 3, 50 }, { 3, SIZE_MAX }, { 4, 50 }, { 128, 50 },
		{ 254, 1 }, { 255, 0 }, { 255, 65536 },
	};
	struct ipq_handle *h;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 100);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert(ipq_set_mode(h, rows[i].mode, rows[i].range) == MODE_SENT);
		cr_assert(queue_error(h) == EINVAL, "mode %u", rows[i].mode);
		assert_mode(IPQ_COPY_PACKET, 100);
	}
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

/* The old library sent bytes of other memory after the request, which came back with the
 * error message; these are zero here. */
Test(modes, the_refusal_is_the_old_one_byte_for_byte)
{
	static const unsigned long body[] = { 3, 0x12345678, 0 };
	struct ipq_handle *h;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	ipq_set_mode(h, 3, 0x12345678);
	queue_refusal(h, EINVAL, IPQM_MODE, body, NULL, 16);
	ipq_destroy_handle(h);
}

Test(modes, every_refused_request_has_an_answer_of_its_own)
{
	struct ipq_handle *h;
	unsigned long i;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	for (i = 0; i < 20; i++)
		ipq_set_mode(h, 100 + i, i);
	for (i = 0; i < 20; i++)
		queue_refusal(h, EINVAL, IPQM_MODE,
			      (unsigned long []) { 100 + i, i, 0 }, NULL, 16);
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(modes, a_refused_first_request_claims_the_queue_all_the_same)
{
	struct ipq_handle *h;
	struct queue_figures f;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	cr_assert(!queue_figures(0, &f), "claimed before any request");
	cr_assert(ipq_set_mode(h, 3, 50) == MODE_SENT);
	cr_assert(queue_error(h) == EINVAL);
	cr_assert(queue_figures(0, &f) && f.mode == IPQ_COPY_NONE);
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(modes, a_closed_descriptor_is_an_error_at_once)
{
	struct ipq_handle *h;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	close(h->fd);
	errno = 0;
	cr_assert(ipq_set_mode(h, IPQ_COPY_META, 0) == -1);
	cr_assert(errno == EBADF);
	cr_assert_str_eq(ipq_errstr(), "Failed to send netlink message");
	ipq_destroy_handle(h);
}

Test(modes, a_closed_descriptor_is_an_error_for_the_first_request_too)
{
	struct ipq_handle *h;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	close(h->fd);
	errno = 0;
	cr_assert(ipq_set_mode(h, IPQ_COPY_META, 0) == -1);
	cr_assert(errno == EBADF);
	cr_assert_str_eq(ipq_errstr(), "Failed to send netlink message");
	ipq_destroy_handle(h);
}

/* ipq_errstr tells the last failure, even if other calls have succeeded since. */
Test(modes, a_good_request_leaves_errno_and_the_error_text_alone)
{
	struct ipq_handle *h;

	network_enter();
	cr_assert_str_eq(ipq_errstr(), "Unknown error");
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	errno = EDOM;
	for (int mode = IPQ_COPY_NONE; mode <= IPQ_COPY_MAX + 1; mode++)
		ipq_set_mode(h, mode, 0);
	cr_assert(errno == EDOM);
	cr_assert_str_eq(ipq_errstr(), "Unknown error");
	cr_assert(!ipq_create_handle(0, PF_UNIX));
	cr_assert(ipq_set_mode(h, IPQ_COPY_META, 0) == MODE_SENT);
	cr_assert(errno == EDOM);
	cr_assert_str_eq(ipq_errstr(), "Invalid protocol specified");
	ipq_destroy_handle(h);
}
