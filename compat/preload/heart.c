/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heart of libipq, for the libipq.so.0 that programs are linked to. */
#include "export.h"
#include "heart.h"

EXPORT const struct heart libipq_preload_heart = {
	.open = ip_queue_open,
	.adopt = ip_queue_adopt,
	.set = ip_queue_set,
	.close = ip_queue_close,
	.request = ip_queue_request,
	.holds_message = ip_queue_holds_message,
	.receive = ip_queue_receive,
	.pass_over = ip_queue_pass_over,
	.end_reads = ends_ask,
	.drops = nfqueue_drops,
	.network = nfqueue_network,
	.port_id = nfqueue_port_id,
	.read_port_id = port_id_read,
	.set_queue = settings_set_queue,
	.trace = trace_note,
};
