/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The place some distributions kept the header at. */
#include <libipq.h>
