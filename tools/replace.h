/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces the content of a file, either completely or not at all, and keeps a copy of
 * the old content beside it. Knows nothing of the content. */
#ifndef IPQCTL_REPLACE_H
#define IPQCTL_REPLACE_H

#include "text.h"

/* Replaces before by after. Symbolic and hard links, mode, owner and extended attributes
 * are kept. Returns NULL, or the reason of a failure, in which case the file is
 * unchanged. The copy is named like the file, with .orig or, if that exists, .orig.1 and
 * so on; its name is returned in backup, to be freed, and is NULL if there is no copy. */
const char *replace_content(const char *name, struct text before, struct text after,
			    char **backup);

#endif
