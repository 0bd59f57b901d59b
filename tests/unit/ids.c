/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One verdict may stand for all packets up to an id only if the program has received each
 * of them and decided on it. */
#include <criterion/criterion.h>

#include "ids.h"

TestSuite(ids, .timeout = 60);

#define QUEUE 7

static struct ids ids;

static void give(uint32_t first, uint32_t last)
{
	for (uint32_t id = first; id != last + 1; id++)
		ids_give(&ids, QUEUE, id);
}

static void decide(uint32_t first, uint32_t last)
{
	for (uint32_t id = first; id != last + 1; id++)
		cr_assert(ids_decide(&ids, QUEUE, id), "%u", id);
}

static bool all_decided(uint32_t id)
{
	return ids_all_decided(&ids, QUEUE, id);
}

Test(ids, all_are_decided_up_to_the_first_that_is_not)
{
	ids_begin(&ids, true);
	give(1, 5);
	decide(2, 3);
	cr_assert(!all_decided(1) && !all_decided(3));
	decide(1, 1);
	cr_assert(all_decided(1) && all_decided(3) && !all_decided(4));
	decide(4, 5);
	cr_assert(all_decided(5) && !all_decided(6));
}

Test(ids, an_id_the_program_has_not_had_is_never_decided_nor_are_those_after_it)
{
	ids_begin(&ids, true);
	cr_assert(!ids_decide(&ids, QUEUE, 1));
	give(1, 2);
	cr_assert(!ids_decide(&ids, QUEUE, 1 + IDS_MAX), "its place in the ring is that of 1");
	give(4, 9);
	cr_assert(!ids_decide(&ids, QUEUE, 3) && !ids_decide(&ids, QUEUE, 10));
	decide(1, 2);
	decide(4, 9);
	cr_assert(all_decided(2) && !all_decided(3) && !all_decided(9));
}

Test(ids, an_id_that_comes_late_from_another_thread_fills_the_gap)
{
	ids_begin(&ids, true);
	give(1, 2);
	give(5, 6);
	give(3, 3);
	give(4, 4);
	decide(5, 6);
	decide(1, 3);
	cr_assert(all_decided(3) && !all_decided(4));
	decide(4, 4);
	cr_assert(all_decided(6));
}

Test(ids, a_second_decision_on_a_packet_is_none)
{
	ids_begin(&ids, true);
	give(1, 3);
	decide(2, 2);
	cr_assert(!ids_decide(&ids, QUEUE, 2));
	decide(1, 1);
	cr_assert(!ids_decide(&ids, QUEUE, 1));
	cr_assert(all_decided(2));
}

Test(ids, ids_wrap_around)
{
	ids_begin(&ids, true);
	/* the state of a handle that has decided on 4,294,967,293 packets */
	ids.queue = QUEUE;
	ids.decided = 0xfffffffd;
	give(0xfffffffe, 3);
	decide(0, 3);
	cr_assert(!all_decided(0xfffffffe) && !all_decided(3));
	decide(0xffffffff, 0xffffffff);
	decide(0xfffffffe, 0xfffffffe);
	cr_assert(all_decided(0xffffffff) && all_decided(3) && !all_decided(4));
}

Test(ids, ids_of_another_queue_are_others)
{
	ids_begin(&ids, true);
	give(1, 3);
	decide(1, 2);
	cr_assert(!ids_all_decided(&ids, QUEUE + 1, 1));
	cr_assert(!ids_decide(&ids, QUEUE + 1, 3));
	ids_give(&ids, QUEUE + 1, 1);
	cr_assert(!all_decided(1) && !ids_all_decided(&ids, QUEUE + 1, 1));
	cr_assert(ids_decide(&ids, QUEUE + 1, 1));
	cr_assert(ids_all_decided(&ids, QUEUE + 1, 1));
}

Test(ids, more_than_can_be_remembered_are_none_known)
{
	ids_begin(&ids, true);
	give(1, IDS_MAX);
	decide(1, 1);
	give(IDS_MAX + 1, IDS_MAX + 1);
	cr_assert(all_decided(1) && ids.is_known);
	give(IDS_MAX + 2, IDS_MAX + 2);
	cr_assert(!ids.is_known && !all_decided(1));
	/* verdicts are sent to the kernel then, whatever their ids */
	cr_assert(ids_decide(&ids, QUEUE, 4711) && ids_decide(&ids, QUEUE, 4711));
	cr_assert(!all_decided(2));
}

Test(ids, nothing_is_known_where_others_read_who_do_not_tell)
{
	ids_begin(&ids, false);
	give(1, 3);
	cr_assert(ids_decide(&ids, QUEUE, 1) && ids_decide(&ids, QUEUE, 99));
	cr_assert(!all_decided(1));
}

/* A fast program has few undecided packets at a time, so the ring never becomes full,
 * however many packets there are. */
Test(ids, the_ring_has_no_end)
{
	ids_begin(&ids, true);
	for (uint32_t id = 1; id <= 3 * IDS_MAX; id++) {
		ids_give(&ids, QUEUE, id);
		if (id > 100)
			decide(id - 100, id - 100);
	}
	cr_assert(all_decided(3 * IDS_MAX - 100) && !all_decided(3 * IDS_MAX - 99));
}
