/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Actions with libipq for processes that a test starts (process_do), or for the test
 * itself. They have no assertions. */
#include "peer.h"
#include "queue.h"

/* Port ID of an IPv4 handle, minus the process id. */
#define PORT_ID_BASE 1040000000

struct ipq_handle *peer;

long peer_open(long family)
{
	peer = ipq_create_handle(0, family);
	return peer != NULL;
}

long peer_close(long unused)
{
	(void)unused;
	return ipq_destroy_handle(peer) == 0;
}

long peer_mode(long mode)
{
	return ipq_set_mode(peer, mode, 0);
}

long peer_accept(long id)
{
	return ipq_set_verdict(peer, id, NF_ACCEPT, 0, NULL);
}

static bool next_is(union message *m, int type)
{
	return ipq_read(peer, m->buf, sizeof(m->buf), SOON) > 0 &&
	       ipq_message_type(m->buf) == type;
}

long peer_packet(long unused)
{
	union message m;

	(void)unused;
	return next_is(&m, IPQM_PACKET) ? (long)ipq_get_packet(m.buf)->packet_id : -1;
}

long peer_error(long unused)
{
	union message m;

	(void)unused;
	return next_is(&m, NLMSG_ERROR) ? ipq_get_msgerr(m.buf) : -1;
}

long peer_silent(long unused)
{
	(void)unused;
	return queue_silent(peer);
}

pid_t peer_owner(void)
{
	struct queue_figures f;

	return queue_figures(0, &f) ? (pid_t)(f.port_id - PORT_ID_BASE) : 0;
}

int peer_waiting(void)
{
	struct queue_figures f;

	return queue_figures(0, &f) ? (int)f.waiting : -1;
}
