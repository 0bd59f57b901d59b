/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libipq's error code, one per thread, and the error texts. The texts are those of the
 * old library, as programs and scripts compare them. Knows nothing of sockets or
 * messages. */
#include <stdio.h>
#include <string.h>
#include <libipq.h>

#include "elsewhere.h"
#include "error.h"
#include "export.h"

struct ipq_errmap {
	int errcode;
	char *message;
};

/* Exported because the old library exported it. */
extern struct ipq_errmap ipq_errmap[];

EXPORT struct ipq_errmap ipq_errmap[] = {
	{ IPQ_ERR_NONE, "Unknown error" },
	{ IPQ_ERR_IMPL, "Implementation error" },
	{ IPQ_ERR_HANDLE, "Unable to create netlink handle" },
	{ IPQ_ERR_SOCKET, "Unable to create netlink socket" },
	{ IPQ_ERR_BIND, "Unable to bind netlink socket" },
	{ IPQ_ERR_BUFFER, "Unable to allocate buffer" },
	{ IPQ_ERR_RECV, "Failed to receive netlink message" },
	{ IPQ_ERR_NLEOF, "Received EOF on netlink socket" },
	{ IPQ_ERR_ADDRLEN, "Invalid peer address length" },
	{ IPQ_ERR_STRUNC, "Sent message truncated" },
	{ IPQ_ERR_RTRUNC, "Received message truncated" },
	{ IPQ_ERR_NLRECV, "Received error from netlink" },
	{ IPQ_ERR_SEND, "Failed to send netlink message" },
	{ IPQ_ERR_SUPP, "Operation not supported" },
	{ IPQ_ERR_RECVBUF, "Receive buffer size invalid" },
	{ IPQ_ERR_TIMEOUT, "Timeout" },
	{ IPQ_ERR_PROTOCOL, "Invalid protocol specified" },
};

static _Thread_local enum ipq_error ipq_errno;

void ipq_error_set(enum ipq_error error)
{
	ipq_errno = error;
}

/*
 * Returns the text for the last failure, or timeout, of a libipq function in this thread,
 * or "Unknown error" if there was none. A success does not reset it. The string is
 * constant and never NULL.
 */
EXPORT char *ipq_errstr(void)
{
	static char ended[] = "Reading ended";

	if (elsewhere())
		return elsewhere()->errstr();
	return ipq_errno == IPQ_ERR_ENDED ? ended : ipq_errmap[ipq_errno].message;
}

/*
 * Prints a line on stderr: s ("ERROR" if s is NULL), then the text of ipq_errstr if a
 * libipq function has failed in this thread, then strerror(errno) if errno is not 0.
 */
EXPORT void ipq_perror(const char *s)
{
	int error = errno;

	if (elsewhere()) {
		elsewhere()->perror(s);
		return;
	}
	fputs(s ? s : "ERROR", stderr);
	if (ipq_errno)
		fprintf(stderr, ": %s", ipq_errstr());
	if (error)
		fprintf(stderr, ": %s", strerror(error));
	fputc('\n', stderr);
}
