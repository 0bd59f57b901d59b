/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rewriter [COUNT]: changes the text in UDP datagrams to capitals, accepts other packets
 * unchanged, and ends after COUNT packets.
 *
 *	iptables -A OUTPUT -p udp --dport 7 -j NFQUEUE --queue-num 0
 *	./rewriter */
#include <linux/netfilter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <libipq.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define BUFSIZE 65536
/* Bytes to copy of each packet, so that its message fits into the buffer. */
#define RANGE (BUFSIZE - NLMSG_LENGTH(sizeof(ipq_packet_msg_t)))

static void die(struct ipq_handle *h)
{
	ipq_perror("rewriter");
	ipq_destroy_handle(h);
	exit(1);
}

static unsigned long add(unsigned long sum, const unsigned char *p, size_t len)
{
	for (; len > 1; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	return len ? sum + (p[0] << 8) : sum;
}

/* Computes the checksum of addresses, protocol, length and datagram (RFC 768). */
static unsigned short checksum(const struct iphdr *ip, const struct udphdr *udp)
{
	unsigned long sum = IPPROTO_UDP + ntohs(udp->len);

	sum = add(sum, (const unsigned char *)&ip->saddr, 8);
	sum = add(sum, (const unsigned char *)udp, ntohs(udp->len));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff ? 0xffff : htons(~sum);
}

/* Changes the payload to capitals. Returns its length, or 0 if the packet is not a
 * complete UDP datagram. */
static size_t rewrite(unsigned char *packet, size_t len)
{
	struct iphdr *ip = (struct iphdr *)packet;
	struct udphdr *udp = (struct udphdr *)(packet + ip->ihl * 4);
	unsigned char *said = (unsigned char *)(udp + 1);
	size_t i, n;

	if (ip->protocol != IPPROTO_UDP || ip->frag_off & htons(0x3fff) ||
	    len < ntohs(ip->tot_len) || len < ip->ihl * 4 + sizeof(*udp) ||
	    len < ip->ihl * 4u + ntohs(udp->len) || ntohs(udp->len) < sizeof(*udp))
		return 0;
	n = ntohs(udp->len) - sizeof(*udp);
	for (i = 0; i < n; i++)
		said[i] = toupper(said[i]);
	if (udp->check) {
		udp->check = 0;
		udp->check = checksum(ip, udp);
	}
	return n;
}

int main(int argc, char *argv[])
{
	long count = argc > 1 ? atol(argv[1]) : -1;
	static unsigned char buf[BUFSIZE];
	ipq_packet_msg_t *m;
	struct ipq_handle *h;
	size_t said;

	h = ipq_create_handle(0, PF_INET);
	if (!h)
		die(h);
	if (ipq_set_mode(h, IPQ_COPY_PACKET, RANGE) < 0)
		die(h);

	while (count) {
		if (ipq_read(h, buf, BUFSIZE, 0) < 0)
			die(h);

		switch (ipq_message_type(buf)) {
		case NLMSG_ERROR:
			errno = ipq_get_msgerr(buf);
			die(h);
			break;
		case IPQM_PACKET:
			m = ipq_get_packet(buf);
			said = rewrite(m->payload, m->data_len);
			if (ipq_set_verdict(h, m->packet_id, NF_ACCEPT,
					    said ? m->data_len : 0, m->payload) < 0)
				die(h);
			printf("packet %lu: %lu bytes in capitals\n", m->packet_id,
			       (unsigned long)said);
			fflush(stdout);
			if (count > 0)
				count--;
			break;
		}
	}

	ipq_destroy_handle(h);
	return 0;
}
