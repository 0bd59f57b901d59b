/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq_set_mode against the kernel: what is returned, what is refused, what the
 * queue is set to (FACTS 2). */
#include <criterion/criterion.h>

#include "network.h"
#include "queue.h"

TestSuite(modes, .timeout = 60);

Test(modes, a_good_request_returns_56_and_has_no_reply)
{
	struct ipq_handle *h;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	cr_assert(ipq_set_mode(h, IPQ_COPY_META, 0) == 16 + sizeof(ipq_peer_msg_t) + 16);
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(modes, an_unknown_mode_is_refused_with_22_and_changes_nothing)
{
	struct ipq_handle *h;
	struct queue_figures f;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 100);
	cr_assert(ipq_set_mode(h, 3, 50) > 0);
	cr_assert(queue_error(h) == EINVAL);
	cr_assert(queue_silent(h));
	cr_assert(queue_figures(0, &f));
	cr_assert(f.mode == IPQ_COPY_PACKET && f.range == 100);
	ipq_destroy_handle(h);
}
