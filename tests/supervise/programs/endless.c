/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program for 32 bits, of which the file alone is looked at. */
void _start(void);

void _start(void)
{
	for (;;)
		;
}
