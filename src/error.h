/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libipq's error code, whose text ipq_errstr returns and ipq_perror prints. Knows nothing
 * of sockets or messages. */
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
	IPQ_ERR_ENDED,		/* not in ipq_errmap, which is as in the old library */
};

/* Sets the error code of the calling thread. Only failures set it: a success does not
 * clear it. */
void ipq_error_set(enum ipq_error error);

#endif
