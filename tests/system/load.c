/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Full queues, slow readers, floods: every packet accounted for (FACTS 6). */
#include <criterion/criterion.h>

TestSuite(load, .timeout = 60);
