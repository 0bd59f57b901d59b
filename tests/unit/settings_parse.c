/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings' texts, accepted and refused. */
#include <criterion/criterion.h>

TestSuite(settings_parse, .timeout = 60);
