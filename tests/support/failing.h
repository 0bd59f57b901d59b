/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes system calls fail by seccomp(2), in this process and those that it
 * starts, to test for errors that this kernel does not return. Does not know
 * which calls they are. */
#ifndef FAILING_H
#define FAILING_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#define FAILING_MAX 64

/* Makes these count system calls fail with this error from now on. Returns 0,
 * or -1 and errno. */
static inline int calls_fail(const unsigned int calls[], size_t count, int error)
{
	struct sock_filter code[FAILING_MAX + 3] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog filter = { count + 3, code };

	for (size_t i = 0; i < count; i++)
		code[1 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							   calls[i], count - i, 0);
	code[1 + count] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[2 + count] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						       SECCOMP_RET_ERRNO | error);
	/* root needs no such promise, and may go on testing programs with more privilege */
	if (!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

#endif
