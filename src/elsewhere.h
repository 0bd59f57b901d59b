/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libipq's functions as libipq-preload.so has them. Where that is preloaded, they do the
 * work of those that the program is linked with, libipq.so.0's or libipq.a's: handles
 * are then sockets that the program's own calls on a descriptor know as well. */
#ifndef IPQ_ELSEWHERE_H
#define IPQ_ELSEWHERE_H

#include <stdarg.h>
#include <libipq.h>

/* Only ever appended to: libipq.a stays in programs that meet a newer one. */
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

/* One name, which no program has: those of the functions may be a program's own. */
extern const struct ipq_functions libipq_preload_functions
	__attribute__((weak, visibility("default")));

/* NULL if there are none. */
static inline const struct ipq_functions *elsewhere(void)
{
#ifdef PRELOAD
	return NULL;
#else
	return &libipq_preload_functions;
#endif
}

#endif
