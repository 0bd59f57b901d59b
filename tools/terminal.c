/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties of standard output: whether it is a terminal, its size, and whether to use
 * colours. Knows nothing of what is printed. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "terminal.h"

/* The size of a terminal that does not tell its own. */
#define COLUMNS 80
#define LINES 24

static bool look(struct winsize *size)
{
	*size = (struct winsize) { 0 };
	if (!isatty(STDOUT_FILENO))
		return false;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, size) || !size->ws_col)
		size->ws_col = COLUMNS;
	if (!size->ws_row)
		size->ws_row = LINES;
	return true;
}

unsigned int terminal_width(void)
{
	struct winsize size;

	return look(&size) ? size.ws_col : 0;
}

unsigned int terminal_height(void)
{
	struct winsize size;

	return look(&size) ? size.ws_row : 0;
}

bool terminal_colours(void)
{
	const char *none = getenv("NO_COLOR"), *kind = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(none && *none) && kind && *kind &&
	       strcmp(kind, "dumb");
}
