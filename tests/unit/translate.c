/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages from and to the kernel, whole, cut short and hostile. */
#include <criterion/criterion.h>

TestSuite(translate, .timeout = 60);
