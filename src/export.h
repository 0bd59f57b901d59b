/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leaves the library; libipq.map names the same symbols. */
#ifndef IPQ_EXPORT_H
#define IPQ_EXPORT_H

#define EXPORT __attribute__((visibility("default")))

#endif
