/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Some distributions installed the header here. */
#include <libipq.h>
