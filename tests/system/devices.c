/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces: kinds, renames, loss (FACTS 3, 7). */
#include <criterion/criterion.h>

TestSuite(devices, .timeout = 60);
