/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of interface names, which several threads use at once. Knows
 * nothing of packets. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "clock.h"
#include "links.h"
#include "network.h"

TestSuite(links, .timeout = 60);

#define LO 1

static struct links links;
static int fd;

static void begin(void)
{
	network_enter();
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	cr_assert(fd >= 0);
}

static void expect_name(uint32_t ifindex, const char *expected)
{
	char name[IF_NAMESIZE] = "";

	links_find(&links, fd, ifindex, name, NULL);
	cr_assert_str_eq(name, expected);
}

/* The handler of a signal may have interrupted the thread that writes. If it asks for the
 * name, that thread does not continue before the handler returns, so it must not wait. */
Test(links, a_name_is_found_while_another_writes_it_down)
{
	struct links_slot *slot = &links.slot[LO % LINKS_SLOTS];

	begin();
	slot->sequence = 1;
	slot->ifindex = LO;
	slot->read_at = clock_now();
	memcpy((void *)slot->name, "half", 5);
	expect_name(LO, "lo");
	cr_assert(slot->sequence == 1 && !memcmp((void *)slot->name, "half", 5),
		  "it wrote, too");
}

#define ROUNDS 20000

static atomic_bool ended;

/* Asks for another interface, which has the same slot and does not exist. */
static void *ask_for_another(void *unused)
{
	char name[IF_NAMESIZE];

	while (!ended) {
		name[0] = '\0';
		links_find(&links, fd, LO + LINKS_SLOTS, name, NULL);
		if (name[0])
			return "";
	}
	return unused;
}

Test(links, a_name_is_never_that_of_another)
{
	pthread_t other;
	void *wrong;

	begin();
	cr_assert(!pthread_create(&other, NULL, ask_for_another, NULL));
	for (int round = 0; round < ROUNDS; round++)
		expect_name(LO, "lo");
	ended = true;
	cr_assert(!pthread_join(other, &wrong) && !wrong);
}
