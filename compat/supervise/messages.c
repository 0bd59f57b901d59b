/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls that send and receive messages on a socket of ip_queue: their arguments,
 * the buffers that these point to, and the results for each message. Knows nothing of
 * waiting, nor of what is in a message. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>

#include "clock.h"
#include "kept.h"
#include "layout.h"
#include "messages.h"
#include "missed.h"
#include "served.h"
#include "traffic.h"

/* From linux/fs.h. It corresponds to MSG_DONTWAIT. */
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

static struct layout_message message;	/* only one call is carried out at a time */

/* Returns a length, limited to what the kernel accepts at once (import_iovec and
 * others). */
static size_t length(const struct call *c, int n)
{
	uint64_t len = call_word(c, n);

	return len < INT_MAX ? len : INT_MAX & ~4095;
}

static int64_t send_message(struct attempt *a, int flags)
{
	bool is_deprived = served_lacks_capability();
	int64_t result;

	/* Verdicts that are held now were given with the capability. This one must be sent
	 * without it, and so now. */
	if (is_deprived) {
		ip_queue_flush(&a->socket->queue, a->fd);
		served_give_up_capability();
	}
	result = call_result(traffic_send(a->socket, a->fd, &message.msg, flags));
	if (result >= 0)
		missed_made();
	if (is_deprived)
		ip_queue_flush(&a->socket->queue, a->fd);
	return result;
}

static int64_t send_to(struct call *c, struct attempt *a)
{
	int error;

	layout_clear(&message);
	layout_set_buffer(&message, call_word(c, 1), length(c, 2));
	if (c->kind == CALL_WRITE)
		return send_message(a, 0);
	error = layout_get_name(c, call_word(c, 4), call_int(c, 5), &message);
	return error ? error : send_message(a, call_int(c, 3));
}

static int64_t send_parts(struct call *c, struct attempt *a)
{
	int error;

	layout_clear(&message);
	if (call_word(c, 2) > IOV_MAX)
		return -EINVAL;
	error = layout_get_buffers(c, call_word(c, 1), call_word(c, 2), &message);
	return error ? error : send_message(a, 0);
}

static int send_one_of(const struct call *c, struct attempt *a, uint64_t at, int flags,
		       int64_t *sent)
{
	int error = layout_get_message(c, at, &message);

	if (!error && message.msg.msg_name)
		error = layout_get_name(c, message.name_at, message.msg.msg_namelen,
					&message);
	if (error)
		return error;
	*sent = send_message(a, flags);
	return *sent < 0 ? (int)*sent : 0;
}

static int64_t send_msg(struct call *c, struct attempt *a)
{
	int64_t sent;
	int error = send_one_of(c, a, call_word(c, 1), call_int(c, 2), &sent);

	return error ? error : sent;
}

static int64_t send_mmsg(struct call *c, struct attempt *a)
{
	unsigned int count = call_int(c, 2);
	int error = 0;
	int64_t sent;

	if (count > IOV_MAX)
		count = IOV_MAX;	/* UIO_MAXIOV */
	for (c->done = 0; c->done < count; c->done++) {
		error = send_one_of(c, a, layout_mmsg_at(c, call_word(c, 1), c->done),
				    call_int(c, 3), &sent);
		if (!error) {
			layout_put_mmsg_len(c, call_word(c, 1), c->done, sent);
			error = layout_put_all(c);
		}
		if (error)
			break;
	}
	return c->done || !error ? (int64_t)c->done : error;
}

static bool is_blocking(const struct attempt *a, int flags)
{
	return !(flags & MSG_DONTWAIT) && !(fcntl(a->fd, F_GETFL) & O_NONBLOCK);
}

static int64_t receive_message(struct attempt *a, int flags)
{
	int64_t n = call_result(traffic_receive(a->socket, a->fd, &message.msg, flags));

	return n == -EAGAIN && is_blocking(a, flags) ? CALL_WAITS : n;
}

static int64_t receive_from(struct call *c, struct attempt *a)
{
	uint64_t at = c->kind == CALL_READ ? 0 : call_word(c, 4);
	int flags = c->kind == CALL_READ ? 0 : call_int(c, 3);
	int room = 0;
	int64_t n;

	layout_clear(&message);
	/* a read of zero bytes receives no message (sock_read_iter) */
	if (c->kind == CALL_READ && !length(c, 2))
		return 0;
	if (at && layout_get_int(c, call_word(c, 5), &room))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	layout_set_buffer(&message, call_word(c, 1), length(c, 2));
	if (at) {
		message.name_at = at;
		message.msg.msg_name = &message.name;
		message.name_len = (size_t)room < sizeof(message.name) ?
				   (size_t)room : sizeof(message.name);
		message.msg.msg_namelen = message.name_len;
	}
	n = receive_message(a, flags);
	if (n >= 0 && at) {
		layout_put_name(c, &message);
		layout_put_int(c, call_word(c, 5), message.msg.msg_namelen);
	}
	return n;
}

static int64_t receive_parts(struct call *c, struct attempt *a, int flags)
{
	size_t total = 0;
	int error;

	layout_clear(&message);
	if (call_word(c, 2) > IOV_MAX)
		return -EINVAL;
	error = layout_get_buffers(c, call_word(c, 1), call_word(c, 2), &message);
	for (size_t i = 0; !error && i < (size_t)message.msg.msg_iovlen; i++)
		total += message.iov[i].iov_len;
	if (error || !total)
		return error;
	return receive_message(a, flags);
}

static int64_t receive_one_of(const struct call *c, struct attempt *a, uint64_t at,
			      int flags)
{
	int error = layout_get_message(c, at, &message);
	int64_t n;

	if (error)
		return error;
	n = receive_message(a, flags);
	if (n >= 0)
		layout_put_message(c, &message);
	return n;
}

static int64_t receive_msg(struct call *c, struct attempt *a)
{
	return receive_one_of(c, a, call_word(c, 1), call_int(c, 2));
}

static int get_limit(const struct call *c, int64_t *limit)
{
	*limit = INT64_MAX;
	return call_word(c, 4) ? layout_get_time(c, call_word(c, 4), c->kind == CALL_RECVMMSG_TIME64,
					    limit) : 0;
}

static int64_t receive_mmsg(struct call *c, struct attempt *a)
{
	unsigned int count = call_int(c, 2);
	int flags = call_int(c, 3);
	int64_t n = 0, limit;
	int error = get_limit(c, &limit);

	if (error)
		return error;
	if (count > IOV_MAX)
		count = IOV_MAX;	/* UIO_MAXIOV */
	while (c->done < count) {
		if (c->done && flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		n = receive_one_of(c, a, layout_mmsg_at(c, call_word(c, 1), c->done),
				   flags & ~MSG_WAITFORONE);
		if (n == CALL_WAITS)
			return n;
		if (n >= 0) {
			layout_put_mmsg_len(c, call_word(c, 1), c->done, n);
			n = layout_put_all(c);
		}
		if (n < 0)
			break;
		c->done++;
		/* the program has this message, even if a signal ends the call */
		kept_begin();
		/* recvmmsg(2) checks the time only after each message */
		if (limit < INT64_MAX && clock_ns() - c->began >= limit)
			break;
	}
	return c->done || n >= 0 ? (int64_t)c->done : n;
}

/* Whether the offset is -1, with which the calls are the same as readv and writev. A
 * socket has no other offset. */
static bool is_at_current(const struct call *c)
{
	return call_is_32bit(c) ? c->args[3] == UINT32_MAX && c->args[4] == UINT32_MAX :
				  c->args[3] == UINT64_MAX;
}

int64_t messages_send(struct call *c, struct attempt *a)
{
	switch (c->kind) {
	case CALL_WRITEV:
		return send_parts(c, a);
	case CALL_PWRITEV2:
		return is_at_current(c) ? send_parts(c, a) : CALL_CONTINUES;
	case CALL_SENDMSG:
		return send_msg(c, a);
	case CALL_SENDMMSG:
		return send_mmsg(c, a);
	default:
		return send_to(c, a);
	}
}

static int64_t receive(struct call *c, struct attempt *a)
{
	switch (c->kind) {
	case CALL_READV:
		return receive_parts(c, a, 0);
	case CALL_PREADV2:
		return !is_at_current(c) ? CALL_CONTINUES :
		       receive_parts(c, a, call_int(c, 5) & RWF_NOWAIT ? MSG_DONTWAIT : 0);
	case CALL_RECVMSG:
		return receive_msg(c, a);
	case CALL_RECVMMSG:
	case CALL_RECVMMSG_TIME64:
		return receive_mmsg(c, a);
	default:
		return receive_from(c, a);
	}
}

int64_t messages_receive(struct call *c, struct attempt *a)
{
	int64_t result = receive(c, a);

	return result >= 0 && layout_put_all(c) ? -EFAULT : result;
}
