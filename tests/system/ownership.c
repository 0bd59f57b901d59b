/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has the queue, and what becomes of its packets (FACTS 6). */
#include <criterion/criterion.h>

TestSuite(ownership, .timeout = 60);
