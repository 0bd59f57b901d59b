/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a packet message says, hook by hook (FACTS 3). */
#include <criterion/criterion.h>

TestSuite(metadata, .timeout = 60);
