/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leaves the library; libipq.map names the same symbols. The preload library keeps
 * them to itself (elsewhere.h). */
#ifndef IPQ_EXPORT_H
#define IPQ_EXPORT_H

#ifdef PRELOAD
#define EXPORT
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* For what every packet passes: a call costs as much as most of these do. Where
 * nothing is optimized each stands once, for debuggers and what counts lines. */
#ifdef __OPTIMIZE__
#define EVERY_PACKET inline __attribute__((always_inline))
#else
#define EVERY_PACKET
#endif

/* For what some do, so that it does not burden the others. */
#define APART __attribute__((noinline))

#endif
