/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Skips tests of features that older kernels lack (docs/kernels.md). */
#ifndef SUPPORT_KERNEL_H
#define SUPPORT_KERNEL_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/utsname.h>

#include <criterion/criterion.h>

static inline bool kernel_has(unsigned int major, unsigned int minor)
{
	unsigned int is_major = 0, is_minor = 0;
	struct utsname name;

	cr_assert(!uname(&name) &&
		  sscanf(name.release, "%u.%u", &is_major, &is_minor) == 2);
	return is_major > major || (is_major == major && is_minor >= minor);
}

#define NEEDS_KERNEL(major, minor, what)						\
	do {										\
		if (!kernel_has(major, minor))						\
			cr_skip_test("%s needs Linux %d.%d", what, major, minor);	\
	} while (0)

#endif
