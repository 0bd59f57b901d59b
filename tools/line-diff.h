/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares two texts with the same number of lines, and prints the differences as diff -u
 * does. Knows nothing of their meaning. */
#ifndef IPQCTL_LINE_DIFF_H
#define IPQCTL_LINE_DIFF_H

#include "text.h"

/* Prints the differences to standard output; nothing if there are none. */
void line_diff(const char *name, struct text before, struct text after);

#endif
