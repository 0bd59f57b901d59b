/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq_read: waiting, signals, buffers, strangers' messages (FACTS 4). */
#include <criterion/criterion.h>

TestSuite(reading, .timeout = 60);
