/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks the symbols that the library exports; libipq.map lists the same symbols. The
 * preload library contains these functions but does not export them (elsewhere.h). */
#ifndef IPQ_EXPORT_H
#define IPQ_EXPORT_H

#ifdef PRELOAD
#define EXPORT
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* For functions that run for every packet. They are inlined, as the call would cost about
 * as much as the function itself; but not without optimization, so that debuggers and the
 * coverage check see one copy of each line. */
#ifdef __OPTIMIZE__
#define EVERY_PACKET inline __attribute__((always_inline))
#else
#define EVERY_PACKET
#endif

/* For functions that few packets need. They are not inlined, so that they do not slow
 * down the code for the other packets. */
#define APART __attribute__((noinline))

#endif
