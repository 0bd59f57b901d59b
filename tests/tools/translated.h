/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ipqctl rules makes of a text. Knows nothing of rules. */
#ifndef TRANSLATED_H
#define TRANSLATED_H

#include <stddef.h>

/* Exit status of what is left to a person. */
#define LEFT 3

/* A file with that content, and its name. */
const char *write_file(const char *text, size_t len);

/* What comes of text with the options, on standard output alone. */
const char *translated(const char *options, const char *text);

/* What is told of text on standard error. */
const char *remarks(const char *options, const char *text);

#endif
