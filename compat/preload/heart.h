/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heart of libipq where libipq-preload.so has it, for the libipq.so.0 beside it.
 * What programs may have functions of their own for stands there, out of the way of
 * those; here is one name that nobody has. */
#ifndef PRELOAD_HEART_H
#define PRELOAD_HEART_H

#include "ends.h"
#include "ip_queue.h"
#include "nfqueue.h"
#include "port_id.h"
#include "settings.h"
#include "trace.h"

struct heart {
	typeof(&ip_queue_open) open;
	typeof(&ip_queue_adopt) adopt;
	typeof(&ip_queue_set) set;
	typeof(&ip_queue_close) close;
	typeof(&ip_queue_request) request;
	typeof(&ip_queue_holds_message) holds_message;
	typeof(&ip_queue_receive) receive;
	typeof(&ip_queue_pass_over) pass_over;
	typeof(&ends_ask) end_reads;
	typeof(&nfqueue_drops) drops;
	typeof(&nfqueue_network) network;
	typeof(&nfqueue_port_id) port_id;
	typeof(&port_id_read) read_port_id;
	typeof(&settings_set_queue) set_queue;
	typeof(&trace_note) trace;
};

extern const struct heart libipq_preload_heart;

#endif
