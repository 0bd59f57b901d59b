/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties of standard output: whether it is a terminal, its size, and whether to use
 * colours. Knows nothing of what is printed. */
#ifndef IPQCTL_TERMINAL_H
#define IPQCTL_TERMINAL_H

#include <stdbool.h>

/* Columns of the terminal; 0 if standard output is not a terminal. */
unsigned int terminal_width(void);

/* Lines of the terminal; 0 if standard output is not a terminal. */
unsigned int terminal_height(void);

/* Whether to use colours: on a terminal that has them, unless NO_COLOR is set. */
bool terminal_colours(void);

#define COLOUR_GOOD "\033[32m"
#define COLOUR_WARNING "\033[33m"
#define COLOUR_BAD "\033[1;31m"
#define COLOUR_END "\033[0m"

/* Returns the sequence, or an empty string if colours are not used. */
static inline const char *colour(bool colours, const char *sequence)
{
	return colours ? sequence : "";
}

#endif
