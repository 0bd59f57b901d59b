/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The old library, as programs contain it: it uses ip_queue's protocol, with the system
 * calls that are known of the original (FACTS 1, 2, 4, 5). The tests of libipq are linked
 * with it to test the preload library, which must serve it as well. */
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <libipq.h>

#include "error.h"

static void *fail(struct ipq_handle *h, enum ipq_error error)
{
	int saved = errno;

	ipq_error_set(error);
	if (h && h->fd >= 0)
		close(h->fd);
	free(h);
	errno = saved;
	return NULL;
}

/* A supervisor reads /proc/PID/environ, the environment at the program's start. Tests
 * change their environment later; so one variable, ROOM_FOR_SETTINGS, provides room
 * there, and the current settings are written into it. */
static void show_settings(void)
{
	static char *room;
	static size_t size;
	char *at;

	if (!room) {
		room = getenv("ROOM_FOR_SETTINGS");
		size = room ? strlen(room) : 0;
	}
	if (!size)
		return;
	memset(room, 0, size);
	at = room + 1;
	for (char **e = environ; *e; e++) {
		if (strncmp(*e, "LIBIPQ_", 7) || strlen(*e) >= (size_t)(room + size - at))
			continue;
		strcpy(at, *e);
		at += strlen(at) + 1;
	}
}

struct ipq_handle *(ipq_create_handle)(uint32_t flags, uint32_t protocol)
{
	struct ipq_handle *h;

	(void)flags;
	if (protocol != PF_INET && protocol != PF_INET6)
		return fail(NULL, IPQ_ERR_PROTOCOL);
	h = calloc(1, sizeof(*h));
	if (!h)
		return fail(NULL, IPQ_ERR_HANDLE);
	show_settings();
	h->fd = socket(PF_NETLINK, SOCK_RAW,
		       protocol == PF_INET ? NETLINK_FIREWALL : NETLINK_IP6_FW);
	if (h->fd < 0)
		return fail(h, IPQ_ERR_SOCKET);
	h->local.nl_family = h->peer.nl_family = AF_NETLINK;
	h->local.nl_pid = getpid();
	if (bind(h->fd, (struct sockaddr *)&h->local, sizeof(h->local)))
		return fail(h, IPQ_ERR_BIND);
	return h;
}

int ipq_destroy_handle(struct ipq_handle *h)
{
	if (h) {
		close(h->fd);
		free(h);
	}
	return 0;
}

struct request {
	struct nlmsghdr nlh;
	ipq_peer_msg_t body;
};

static void begin(struct request *r, const struct ipq_handle *h, int type, size_t len)
{
	memset(r, 0, sizeof(*r));
	r->nlh.nlmsg_len = len;
	r->nlh.nlmsg_type = type;
	r->nlh.nlmsg_flags = NLM_F_REQUEST;
	r->nlh.nlmsg_pid = h->local.nl_pid;
}

static int sent(ssize_t n)
{
	if (n < 0)
		ipq_error_set(IPQ_ERR_SEND);
	return n;
}

int ipq_set_mode(const struct ipq_handle *h, uint8_t mode, size_t range)
{
	struct {
		struct request r;
		char beyond[NLMSG_HDRLEN];
	} m = { .beyond = "" };

	begin(&m.r, h, IPQM_MODE, NLMSG_LENGTH(sizeof(m.r)));
	m.r.body.msg.mode.value = mode;
	m.r.body.msg.mode.range = range;
	return sent(sendto(h->fd, &m, m.r.nlh.nlmsg_len, 0,
			   (const struct sockaddr *)&h->peer, sizeof(h->peer)));
}

int ipq_set_verdict(const struct ipq_handle *h, ipq_id_t id, unsigned int verdict,
		    size_t data_len, unsigned char *buf)
{
	size_t len = buf ? data_len : 0;
	struct request r;
	struct iovec iov[2] = { { &r, sizeof(r) }, { buf, len } };
	struct msghdr msg = {
		.msg_name = (void *)&h->peer,
		.msg_namelen = sizeof(h->peer),
		.msg_iov = iov,
		.msg_iovlen = len ? 2 : 1,
	};

	begin(&r, h, IPQM_VERDICT, sizeof(r) + len);
	r.body.msg.verdict.value = verdict;
	r.body.msg.verdict.id = id;
	r.body.msg.verdict.data_len = data_len;
	return sent(sendmsg(h->fd, &msg, 0));
}

/* Returns 1 if there is something to read, 0 after the timeout or a
 * signal, -1 on error. */
static int await(int fd, int timeout)
{
	struct timeval left = { 0 };
	fd_set set;
	int ready;

	if (timeout > 0) {
		left.tv_sec = timeout / 1000000;
		left.tv_usec = timeout % 1000000;
	}
	FD_ZERO(&set);
	FD_SET(fd, &set);
	ready = select(fd + 1, &set, NULL, NULL, &left);
	if (ready < 0 && errno != EINTR)
		ipq_error_set(IPQ_ERR_RECV);
	if (ready == 0)
		ipq_error_set(IPQ_ERR_TIMEOUT);
	return ready < 0 && errno == EINTR ? 0 : ready;
}

ssize_t ipq_read(const struct ipq_handle *h, unsigned char *buf, size_t len, int timeout)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { buf, len };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	int ready;
	ssize_t n;

	if (len < sizeof(struct nlmsgerr)) {
		ipq_error_set(IPQ_ERR_RECVBUF);
		return -1;
	}
	if (timeout) {
		ready = await(h->fd, timeout);
		if (ready <= 0)
			return ready;
	}
	n = recvmsg(h->fd, &msg, 0);
	if (n < 0 || from.nl_pid) {
		ipq_error_set(IPQ_ERR_RECV);
		return -1;
	}
	if (msg.msg_flags & MSG_TRUNC) {
		ipq_error_set(IPQ_ERR_RTRUNC);
		return -1;
	}
	return n;
}

int ipq_message_type(const unsigned char *buf)
{
	return ((const struct nlmsghdr *)buf)->nlmsg_type;
}

ipq_packet_msg_t *ipq_get_packet(const unsigned char *buf)
{
	return NLMSG_DATA(buf);
}

int ipq_get_msgerr(const unsigned char *buf)
{
	return -((struct nlmsgerr *)NLMSG_DATA(buf))->error;
}

int ipq_ctl(const struct ipq_handle *h, int request, ...)
{
	(void)h;
	(void)request;
	return 1;
}

/* Exists only in patched libraries, for patched kernels. */
int ipq_set_vwmark(const struct ipq_handle *h, ipq_id_t id, unsigned int verdict,
		   unsigned long nfmark, size_t data_len, unsigned char *buf)
{
	(void)h;
	(void)id;
	(void)verdict;
	(void)nfmark;
	(void)data_len;
	(void)buf;
	ipq_error_set(IPQ_ERR_SUPP);
	return -1;
}
