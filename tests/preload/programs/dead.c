/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A libipq.so.0 such as some distributions still have: it opens ip_queue's
 * socket, and there is none. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <libipq.h>

#undef ipq_create_handle

struct ipq_handle *ipq_create_handle(uint32_t flags, uint32_t protocol)
{
	(void)flags;
	(void)protocol;
	errno = EPROTONOSUPPORT;
	return NULL;
}

int ipq_destroy_handle(struct ipq_handle *h)
{
	return h ? 0 : -1;
}

ssize_t ipq_read(const struct ipq_handle *h, unsigned char *buf, size_t len, int timeout)
{
	(void)h;
	(void)buf;
	(void)len;
	(void)timeout;
	return -1;
}

int ipq_set_mode(const struct ipq_handle *h, uint8_t mode, size_t len)
{
	(void)h;
	(void)mode;
	(void)len;
	return -1;
}

ipq_packet_msg_t *ipq_get_packet(const unsigned char *buf)
{
	(void)buf;
	return NULL;
}

int ipq_message_type(const unsigned char *buf)
{
	(void)buf;
	return -1;
}

int ipq_get_msgerr(const unsigned char *buf)
{
	(void)buf;
	return -1;
}

int ipq_set_verdict(const struct ipq_handle *h, ipq_id_t id, unsigned int verdict,
		    size_t data_len, unsigned char *buf)
{
	(void)h;
	(void)id;
	(void)verdict;
	(void)data_len;
	(void)buf;
	return -1;
}

char *ipq_errstr(void)
{
	return (char *)"dead";
}

void ipq_perror(const char *s)
{
	fprintf(stderr, "%s: the dead original: %s\n", s, strerror(errno));
}
