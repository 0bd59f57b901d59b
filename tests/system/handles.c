/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handles: made, refused, destroyed; error texts (FACTS 1). */
#include <criterion/criterion.h>

TestSuite(handles, .timeout = 60);
