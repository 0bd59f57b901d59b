/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out a system call that was handed over, as the kernel would on a socket of
 * ip_queue. Knows nothing of where calls come from, nor of waiting. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <linux/netlink.h>

#include "calls.h"
#include "clock.h"
#include "duplicate.h"
#include "executions.h"
#include "kept.h"
#include "layout.h"
#include "messages.h"
#include "missed.h"
#include "names.h"
#include "nfqueue.h"
#include "port_id.h"
#include "served.h"
#include "sharing.h"
#include "thread.h"
#include "written.h"

/* No longer in the kernel's headers. */
#define NETLINK_IP6_FW 13

static struct layout_message message;	/* only one call is carried out at a time */

/* Finds our socket behind the program's descriptor "at". Returns false if the descriptor
 * is something else, so that the kernel must carry out the call. */
static bool look(struct call *c, struct attempt *a, int at)
{
	uint32_t port_id;
	uint8_t family;
	pid_t process;

	if (a->fd < 0)
		a->fd = duplicate_take(c->thread, at, &a->socket);
	if (a->socket) {
		served_enter_network_of(a->fd, a->socket->network);
		return true;
	}
	if (a->fd < 0)
		a->fd = thread_descriptor(c->thread, at);
	if (a->fd < 0)
		return false;
	port_id = nfqueue_port_id(a->fd);
	if (!port_id_read(port_id, &family, &process))
		return false;
	a->socket = netlink_of(a->fd, port_id);
	if (a->socket)
		served_enter_network_of(a->fd, a->socket->network);
	return a->socket;
}

static int64_t bind_or_connect(struct call *c, struct attempt *a)
{
	int error = layout_get_name(c, call_word(c, 1), call_int(c, 2), &message);
	struct sockaddr *address = (struct sockaddr *)&message.name;
	socklen_t len = call_int(c, 2);

	if (error)
		return error;
	if (len && !call_word(c, 1))
		return -EFAULT;
	return call_result(c->kind == CALL_BIND ? netlink_bind(a->socket, address, len) :
						netlink_connect(a->socket, address, len));
}

static int64_t get_name(struct call *c, struct attempt *a)
{
	socklen_t len;
	int room;

	layout_clear(&message);
	if (layout_get_int(c, call_word(c, 2), &room))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	len = message.name_len = room;
	if (len > sizeof(message.name))
		len = message.name_len = sizeof(message.name);
	if (netlink_name(a->socket, (struct sockaddr *)&message.name, &len))
		return -errno;
	message.name_at = call_word(c, 1);
	message.msg.msg_name = &message.name;
	message.msg.msg_namelen = len;
	layout_put_name(c, &message);
	layout_put_int(c, call_word(c, 2), len);
	return layout_put_all(c);
}

bool calls_holds_verdicts(const struct ipq_socket *s)
{
	struct batch *b = s->queue.batch;
	bool holds;

	if (!b || !batch_lock(b))
		return false;
	holds = verdicts_wait(&b->verdicts);
	batch_unlock(b);
	return holds;
}

/* Makes a->fd the program's first free descriptor within the window that is not lower
 * than "at". */
static int64_t give(const struct call *c, const struct window *w, struct attempt *a,
		    unsigned int at, int flags)
{
	if (at < w->first)
		at = w->first;
	a->to = at < w->end ? thread_free_number(c->thread, at, w->end) : -1;
	a->flags = flags;
	return a->to < 0 ? -EMFILE : CALL_GIVES;
}

static int64_t duplicate(struct call *c, const struct window *w, struct attempt *a)
{
	unsigned int to = call_int(c, 1);
	int flags = c->kind == CALL_DUP3 ? call_int(c, 2) : 0;

	switch (c->kind) {
	case CALL_DUP:
		return give(c, w, a, 0, 0);
	case CALL_FCNTL:
		if (call_int(c, 2) < 0)
			return -EINVAL;
		return give(c, w, a, call_int(c, 2),
			    call_int(c, 1) == F_DUPFD_CLOEXEC ? O_CLOEXEC : 0);
	default:
		if (to == (unsigned int)call_int(c, 0) || flags & ~O_CLOEXEC)
			return CALL_CONTINUES;
		a->to = to;
		a->flags = flags;
		return CALL_GIVES;
	}
}

static int64_t open_socket(struct call *c, const struct window *w, struct attempt *a)
{
	int type = call_int(c, 1), protocol = call_int(c, 2);
	int kind = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
	int error;

	if (call_int(c, 0) != AF_NETLINK || (kind != SOCK_RAW && kind != SOCK_DGRAM) ||
	    (protocol != NETLINK_FIREWALL && protocol != NETLINK_IP6_FW))
		return CALL_CONTINUES;
	served_enter_network();
	served_take_environment();
	served_take_capability();
	a->fd = netlink_open(protocol == NETLINK_FIREWALL ? AF_INET : AF_INET6,
			     type | SOCK_CLOEXEC);
	error = errno;
	served_end();
	if (a->fd < 0)
		return -error;
	a->socket = netlink_of(a->fd, nfqueue_port_id(a->fd));
	kept_reset(a->socket);
	return give(c, w, a, 0, type & SOCK_CLOEXEC ? O_CLOEXEC : 0);
}

static int64_t carry_out(struct call *c, const struct window *w, struct attempt *a)
{
	if (call_receives(c))
		return messages_receive(c, a);
	if (call_sends(c))
		return messages_send(c, a);
	switch (c->kind) {
	case CALL_BIND:
	case CALL_CONNECT:
		return bind_or_connect(c, a);
	case CALL_GETSOCKNAME:
		return get_name(c, a);
	case CALL_DUP:
	case CALL_DUP2:
	case CALL_DUP3:
	case CALL_FCNTL:
		return duplicate(c, w, a);
	case CALL_CLOSE:
		ip_queue_flush(&a->socket->queue, a->fd);
		return a->socket->queue.peer->is_private ? CALL_CLOSES : CALL_CONTINUES;
	default:
		return CALL_CONTINUES;
	}
}

/* A mover that moves packets to the socket must be told, as the queue number may be free
 * now. */
bool calls_closed(struct ipq_socket *s, pid_t thread, const struct window *w)
{
	bool was_last;

	if (!served_begin(thread, false, w->first, w->end))
		return true;
	served_enter_network();
	was_last = peers_is_gone(s->queue.peer);
	if (was_last) {
		peers_lock();
		sharing_end(s->queue.peer);
		peers_unlock();
	}
	served_end();
	return was_last;
}

static void flush_range(struct call *c, const struct window *w, struct attempt *a,
			unsigned int first, unsigned int last)
{
	for (unsigned int at = w->first; at < w->end; at++) {
		if (at < first || at > last)
			continue;
		if (look(c, a, at))
			ip_queue_flush(&a->socket->queue, a->fd);
		if (a->fd >= 0)
			close(a->fd);
		*a = (struct attempt) { .fd = -1 };
	}
}

/* Whether this process lacks the resources to look at the program's descriptor. The call
 * then fails, as without translation it would do something else than the program
 * expects. */
static bool is_unknown(const struct call *c, const struct attempt *a)
{
	return a->fd < 0 && c->kind != CALL_CLOSE &&
	       (errno == EMFILE || errno == ENFILE || errno == ENOMEM);
}

/* Reads the arguments of socketcall(2), which are in memory. */
static bool is_read(struct call *c)
{
	uint64_t args[6];

	if (layout_get_socketcall(c, args))
		return false;
	call_read_socketcall(c, args);
	return true;
}

int64_t calls_carry_out(struct call *c, const struct window *w, struct attempt *a)
{
	int64_t result;

	if (c->kind == CALL_SOCKETCALL && !is_read(c))
		return CALL_CONTINUES;
	/* forget a thread that has ended and had the same id: the socket gets its port ID
	 * from the process id; its end is not reported any more, see duplicate_keep */
	if (c->kind == CALL_SOCKET) {
		duplicate_drop();
		thread_forget(c->thread);
	}
	if (!served_begin(c->thread, call_is_32bit(c), w->first, w->end))
		return CALL_CONTINUES;
	kept_begin();
	missed_begin(c);
	if (c->kind == CALL_EXEC || c->kind == CALL_EXECVEAT)
		return executions_redirect(c) ? CALL_COMES_AGAIN : CALL_CONTINUES;
	if (c->kind > CALL_EXECVEAT && c->kind <= CALL_OF_NAME_LAST)
		return names_carry_out(c, w, a);
	if (c->kind == CALL_SOCKET)
		return open_socket(c, w, a);
	if (c->kind == CALL_CLOSE_RANGE) {
		flush_range(c, w, a, call_int(c, 0), call_int(c, 1));
		return CALL_CONTINUES;
	}
	/* the second descriptor is closed */
	if ((c->kind == CALL_DUP2 || c->kind == CALL_DUP3) && call_int(c, 0) != call_int(c, 1))
		flush_range(c, w, a, call_int(c, 1), call_int(c, 1));
	if (c->kind == CALL_CLOSE)
		written_look();
	if (c->kind == CALL_NONE ||
	    (unsigned int)call_int(c, 0) < w->first || (unsigned int)call_int(c, 0) >= w->end)
		return CALL_CONTINUES;
	if (!look(c, a, call_int(c, 0)))
		return is_unknown(c, a) ? -ENOBUFS : CALL_CONTINUES;
	result = carry_out(c, w, a);
	served_end();
	return result;
}

/* The deadline follows from SO_RCVTIMEO, which recvmmsg(2) applies to each message. */
int64_t calls_deadline(const struct call *c, const struct attempt *a)
{
	struct timeval tv = { .tv_sec = 0 };
	socklen_t len = sizeof(tv);

	(void)c;
	if (getsockopt(a->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, &len) ||
	    (!tv.tv_sec && !tv.tv_usec))
		return INT64_MAX;
	return clock_ns() + tv.tv_sec * CLOCK_NS_PER_S + tv.tv_usec * INT64_C(1000);
}

int64_t calls_time_out(const struct call *c)
{
	return c->done ? (int64_t)c->done : -EAGAIN;
}
