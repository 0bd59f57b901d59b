/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libipq's functions in libipq-preload.so. If that library is preloaded, the functions of
 * libipq.so.0 or libipq.a, which the program is linked to, call these instead. The
 * preload library then knows the sockets of all handles, and also serves what the program
 * does with their descriptors itself (recv, sendto, ...). */
#ifndef IPQ_ELSEWHERE_H
#define IPQ_ELSEWHERE_H

#include <stdarg.h>
#include <libipq.h>

/* New members are only appended: a program with an older libipq.a linked into it may be
 * run with a newer libipq-preload.so. */
struct ipq_functions {
	struct ipq_handle *(*create_handle)(uint32_t flags, uint32_t protocol);
	int (*destroy_handle)(struct ipq_handle *h);
	ssize_t (*read)(const struct ipq_handle *h, unsigned char *buf, size_t len,
			int timeout);
	int (*set_mode)(const struct ipq_handle *h, uint8_t mode, size_t range);
	int (*set_verdict)(const struct ipq_handle *h, ipq_id_t id, unsigned int verdict,
			   size_t data_len, unsigned char *buf);
	int (*set_vwmark)(const struct ipq_handle *h, ipq_id_t id, unsigned int verdict,
			  unsigned long nfmark, size_t data_len, unsigned char *buf);
	int (*vctl)(const struct ipq_handle *h, int request, va_list args);
	char *(*errstr)(void);
	void (*perror)(const char *s);
};

/* The functions are reached through this one symbol, whose name no program uses. Symbols
 * with the names of the functions could be interposed by functions of the program. */
extern const struct ipq_functions libipq_preload_functions
	__attribute__((weak, visibility("default")));

/* Returns NULL if libipq-preload.so is not preloaded, and within libipq-preload.so
 * itself. */
static inline const struct ipq_functions *elsewhere(void)
{
#ifdef PRELOAD
	return NULL;
#else
	return &libipq_preload_functions;
#endif
}

#endif
