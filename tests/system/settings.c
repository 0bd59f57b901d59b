/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The LIBIPQ_* environment, as a program meets it. */
#include <criterion/criterion.h>

TestSuite(settings, .timeout = 60);
