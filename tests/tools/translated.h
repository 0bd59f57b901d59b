/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs ipqctl rules on a text. Knows nothing of rules. */
#ifndef TRANSLATED_H
#define TRANSLATED_H

#include <stddef.h>

/* Exit status if something is left to a person. */
#define LEFT 3

/* Writes the text to a file. Returns its name. */
const char *write_file(const char *text, size_t len);

/* Returns the translation of text with these options: standard output only. */
const char *translated(const char *options, const char *text);

/* Returns the remarks on text: standard error only. */
const char *remarks(const char *options, const char *text);

#endif
