/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What standard output is: a terminal, how large, and whether it wants colours. Knows
 * nothing of what is printed. */
#ifndef IPQCTL_TERMINAL_H
#define IPQCTL_TERMINAL_H

#include <stdbool.h>

/* Columns, 0 if it is no terminal. */
unsigned int terminal_width(void);

/* Lines, 0 if it is no terminal. */
unsigned int terminal_height(void);

/* Whether colours are to be used: on a terminal that has them, unless NO_COLOR says no. */
bool terminal_colours(void);

#define COLOUR_GOOD "\033[32m"
#define COLOUR_WARNING "\033[33m"
#define COLOUR_BAD "\033[1;31m"
#define COLOUR_END "\033[0m"

/* What begins and ends a colour; nothing where there are none. */
static inline const char *colour(bool colours, const char *sequence)
{
	return colours ? sequence : "";
}

#endif
