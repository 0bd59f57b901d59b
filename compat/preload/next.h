/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The next definition of a function that this library interposes: the C library's, or
 * that of another preloaded library. */
#ifndef PRELOAD_NEXT_H
#define PRELOAD_NEXT_H

#include <dlfcn.h>
#include <stdatomic.h>

/* Looked up at the first call and kept. A constructor would cost time in programs that
 * never call the function. It exists, since the caller is linked to it. */
#define NEXT(name) ({							\
	static _Atomic(typeof(&name)) kept;				\
	typeof(&name) next = atomic_load_explicit(&kept, memory_order_relaxed); \
	if (!next) {							\
		next = (typeof(&name))dlsym(RTLD_NEXT, #name);		\
		atomic_store_explicit(&kept, next, memory_order_relaxed); \
	}								\
	next;								\
})

/* Before glibc 2.33, stat(2) and similar functions had other names, and a version
 * as an argument. */
#ifdef _STAT_VER
#define NEXT_STAT(name, old, what, st) NEXT(old)(_STAT_VER, what, st)
#else
#define NEXT_STAT(name, old, what, st) NEXT(name)(what, st)
#endif

#endif
