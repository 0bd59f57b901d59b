/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts that replace the packet (FACTS 5). */
#include <criterion/criterion.h>

TestSuite(payload, .timeout = 60);
