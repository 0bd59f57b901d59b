/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file's content replaced, at once or not at all, with a copy of the old one beside it.
 * Knows nothing of what it is. */
#ifndef IPQCTL_REPLACE_H
#define IPQCTL_REPLACE_H

#include "text.h"

/* Symbolic and hard links, mode, owner and extended attributes stay. Returns NULL, or why
 * it could not be done, and then the file is as it was. The copy is called as the file,
 * with .orig, or .orig.1 and so on, whichever is free; backup is that name, to be freed,
 * NULL if there is none. */
const char *replace_content(const char *name, struct text before, struct text after,
			    char **backup);

#endif
