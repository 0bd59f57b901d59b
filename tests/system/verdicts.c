/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq_set_verdict without payload: effects, refusals, order (FACTS 5). */
#include <criterion/criterion.h>

TestSuite(verdicts, .timeout = 60);
