/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heart of libipq is libipq-preload.so's. Included ahead of everything else when
 * libipq's functions are compiled for the libipq.so.0 beside that, so that what they
 * call is there: its sockets are then those that the program's other calls meet. */
#ifndef PRELOAD_LINKED_H
#define PRELOAD_LINKED_H

#include "heart.h"

#define ip_queue_open libipq_preload_heart.open
#define ip_queue_adopt libipq_preload_heart.adopt
#define ip_queue_set libipq_preload_heart.set
#define ip_queue_close libipq_preload_heart.close
#define ip_queue_request libipq_preload_heart.request
#define ip_queue_holds_message libipq_preload_heart.holds_message
#define ip_queue_receive libipq_preload_heart.receive
#define ip_queue_pass_over libipq_preload_heart.pass_over
#define ends_ask libipq_preload_heart.end_reads
#define nfqueue_drops libipq_preload_heart.drops
#define nfqueue_network libipq_preload_heart.network
#define nfqueue_port_id libipq_preload_heart.port_id
#define port_id_read libipq_preload_heart.read_port_id
#define settings_set_queue libipq_preload_heart.set_queue
#define trace_note libipq_preload_heart.trace

#endif
