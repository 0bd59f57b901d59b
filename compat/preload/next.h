/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The definition of a function that comes after ours: the C library's, or that
 * of another preloaded library. */
#ifndef PRELOAD_NEXT_H
#define PRELOAD_NEXT_H

#include <dlfcn.h>
#include <stdatomic.h>

/* Looked up at the first call and kept: not in a constructor, which programs
 * that never come here would pay for. Who calls a function has linked to it,
 * so there is one. */
#define NEXT(name) ({							\
	static _Atomic(typeof(&name)) kept;				\
	typeof(&name) next = atomic_load_explicit(&kept, memory_order_relaxed); \
	if (!next) {							\
		next = (typeof(&name))dlsym(RTLD_NEXT, #name);		\
		atomic_store_explicit(&kept, next, memory_order_relaxed); \
	}								\
	next;								\
})

/* glibc before 2.33 has others for stat(2) and its like, which take a version. */
#ifdef _STAT_VER
#define NEXT_STAT(name, old, what, st) NEXT(old)(_STAT_VER, what, st)
#else
#define NEXT_STAT(name, old, what, st) NEXT(name)(what, st)
#endif

#endif
