/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl check on a kernel that lacks what the library offers: it says of each what has no
 * effect there. OLD_KERNEL answers as such a kernel did. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/syscall.h>

#include "failing.h"
#include "network.h"
#include "tool.h"

TestSuite(check_kernel, .timeout = 60);

static const char *const words[] = {
	"LIBIPQ_FAIL_OPEN has no effect",
	"LIBIPQ_GSO has no effect",
	"cannot serve statically linked programs",
};

static void assert_said(const char *settings, bool fail_open, bool gso, bool supervision)
{
	const bool expected[] = { fail_open, gso, supervision };
	const struct printed *printed = shell("env %s " IPQCTL " check", settings);

	cr_assert(printed->status == 0 && has(printed, "\nready\n"), "%s", printed->text);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		cr_assert(has(printed, words[i]) == expected[i], "%s: %s\n%s", settings,
			  words[i], printed->text);
}

Test(check_kernel, a_kernel_that_has_all_of_it_gets_no_remark)
{
	network_enter();
	assert_said("", false, false, false);
}

Test(check_kernel, before_linux_3_10_gso_has_no_effect)
{
	network_enter();
	assert_said("LD_PRELOAD=" OLD_KERNEL " OLD_KERNEL=3.9", false, true, true);
}

Test(check_kernel, before_linux_3_6_neither_gso_nor_fail_open_has_an_effect)
{
	network_enter();
	assert_said("LD_PRELOAD=" OLD_KERNEL " OLD_KERNEL=3.5", true, true, true);
}

Test(check_kernel, without_pidfd_getfd_ipq_run_cannot_serve_static_programs)
{
	const unsigned int number = SYS_pidfd_getfd;

	network_enter();
	cr_assert(!calls_fail(&number, 1, ENOSYS));
	assert_said("", false, false, true);
}
