/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes and offsets that old binaries expect, with 64-bit longs and with 32-bit longs. */
#include <stddef.h>
#include <libipq.h>

#define LAYOUT_IS(what, with_64, with_32) \
	_Static_assert((what) == (sizeof(long) == 8 ? (with_64) : (with_32)), #what)
#define SIZE_IS(type, with_64, with_32) \
	LAYOUT_IS(sizeof(type), with_64, with_32)
#define OFFSET_IS(type, field, with_64, with_32) \
	LAYOUT_IS(offsetof(type, field), with_64, with_32)

SIZE_IS(struct ipq_handle, 32, 32);
OFFSET_IS(struct ipq_handle, fd, 0, 0);
OFFSET_IS(struct ipq_handle, blocking, 4, 4);
OFFSET_IS(struct ipq_handle, local, 8, 8);
OFFSET_IS(struct ipq_handle, peer, 20, 20);

SIZE_IS(ipq_packet_msg_t, 96, 72);
OFFSET_IS(ipq_packet_msg_t, packet_id, 0, 0);
OFFSET_IS(ipq_packet_msg_t, mark, 8, 4);
OFFSET_IS(ipq_packet_msg_t, timestamp_sec, 16, 8);
OFFSET_IS(ipq_packet_msg_t, timestamp_usec, 24, 12);
OFFSET_IS(ipq_packet_msg_t, hook, 32, 16);
OFFSET_IS(ipq_packet_msg_t, indev_name, 36, 20);
OFFSET_IS(ipq_packet_msg_t, outdev_name, 52, 36);
OFFSET_IS(ipq_packet_msg_t, hw_protocol, 68, 52);
OFFSET_IS(ipq_packet_msg_t, hw_type, 70, 54);
OFFSET_IS(ipq_packet_msg_t, hw_addrlen, 72, 56);
OFFSET_IS(ipq_packet_msg_t, hw_addr, 73, 57);
OFFSET_IS(ipq_packet_msg_t, data_len, 88, 68);
OFFSET_IS(ipq_packet_msg_t, payload, 96, 72);
SIZE_IS(((ipq_packet_msg_t *)0)->hw_addr, 8, 8);

SIZE_IS(ipq_verdict_msg_t, 24, 12);
OFFSET_IS(ipq_verdict_msg_t, value, 0, 0);
OFFSET_IS(ipq_verdict_msg_t, id, 8, 4);
OFFSET_IS(ipq_verdict_msg_t, data_len, 16, 8);
OFFSET_IS(ipq_verdict_msg_t, payload, 24, 12);

SIZE_IS(ipq_mode_msg_t, 16, 8);
OFFSET_IS(ipq_mode_msg_t, value, 0, 0);
OFFSET_IS(ipq_mode_msg_t, range, 8, 4);

SIZE_IS(ipq_peer_msg_t, 24, 12);
OFFSET_IS(ipq_peer_msg_t, msg.verdict, 0, 0);
OFFSET_IS(ipq_peer_msg_t, msg.mode, 0, 0);

SIZE_IS(ipq_id_t, 8, 4);

_Static_assert(IPQ_COPY_NONE == 0 && IPQ_COPY_META == 1 &&
	       IPQ_COPY_PACKET == 2 && IPQ_COPY_MAX == 2, "copy modes");
_Static_assert(IPQM_BASE == 0x10 && IPQM_MODE == 0x11 && IPQM_VERDICT == 0x12 &&
	       IPQM_PACKET == 0x13 && IPQM_MAX == 0x14, "message types");
_Static_assert(NETLINK_FIREWALL == 3 && NETLINK_IP6_FW == 13, "protocols");

/* These repeat the declarations in libipq.h; a different type would not compile. */
struct ipq_handle *(ipq_create_handle)(uint32_t, uint32_t);
int ipq_destroy_handle(struct ipq_handle *);
ssize_t ipq_read(const struct ipq_handle *, unsigned char *, size_t, int);
int ipq_set_mode(const struct ipq_handle *, uint8_t, size_t);
ipq_packet_msg_t *ipq_get_packet(const unsigned char *);
int ipq_message_type(const unsigned char *);
int ipq_get_msgerr(const unsigned char *);
int ipq_set_verdict(const struct ipq_handle *, unsigned long, unsigned int, size_t,
		    unsigned char *);
int ipq_set_vwmark(const struct ipq_handle *, unsigned long, unsigned int,
		   unsigned long, size_t, unsigned char *);
int ipq_ctl(const struct ipq_handle *, int, ...);
char *ipq_errstr(void);
void ipq_perror(const char *);
