/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between two texts of as many lines, as diff -u shows it. Knows nothing of
 * what they are. */
#ifndef IPQCTL_LINE_DIFF_H
#define IPQCTL_LINE_DIFF_H

#include "text.h"

/* Prints it to standard output; nothing if they are the same. */
void line_diff(const char *name, struct text before, struct text after);

#endif
