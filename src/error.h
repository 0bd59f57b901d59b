/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libipq's own error code: what ipq_errstr and ipq_perror speak of. Knows
 * nothing of sockets or messages. */
#ifndef IPQ_ERROR_H
#define IPQ_ERROR_H

enum ipq_error {
	IPQ_ERR_NONE,
	IPQ_ERR_IMPL,
	IPQ_ERR_HANDLE,
	IPQ_ERR_SOCKET,
	IPQ_ERR_BIND,
	IPQ_ERR_BUFFER,
	IPQ_ERR_RECV,
	IPQ_ERR_NLEOF,
	IPQ_ERR_ADDRLEN,
	IPQ_ERR_STRUNC,
	IPQ_ERR_RTRUNC,
	IPQ_ERR_NLRECV,
	IPQ_ERR_SEND,
	IPQ_ERR_SUPP,
	IPQ_ERR_RECVBUF,
	IPQ_ERR_TIMEOUT,
	IPQ_ERR_PROTOCOL,
	IPQ_ERR_ENDED,		/* not in the exported table, which programs may know */
};

/* Of the calling thread. Set by a failure, never cleared by a success. */
void ipq_error_set(enum ipq_error error);

#endif
