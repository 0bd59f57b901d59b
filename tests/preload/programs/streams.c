/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams: accepts two packets, and reads and writes by streams on the socket. */
#include <fcntl.h>

#include "old.h"

static FILE *in, *out;

static void request(struct old_request r)
{
	check(fwrite(&r, r.nlh.nlmsg_len, 1, out) == 1 && !fflush(out));
}

static void pass_one(void)
{
	static union old_message m;

	/* first the header, then as many bytes as it tells */
	check(fread(&m, sizeof(m.nlh), 1, in) == 1);
	check(m.nlh.nlmsg_type == IPQM_PACKET && m.nlh.nlmsg_len <= sizeof(m));
	check(fread(m.bytes + sizeof(m.nlh), m.nlh.nlmsg_len - sizeof(m.nlh), 1, in) == 1);
	request(old_verdict_request(m.packet.msg.packet_id, NF_ACCEPT, 0));
}

int main(void)
{
	int fd = old_open(NETLINK_FIREWALL, SOCK_RAW);

	old_limit();
	errno = 4711;
	in = fdopen(fd, "r");
	check(in && errno == 4711);
	out = fdopen(dup(fd), "w");
	check(out);
#ifdef __GLIBC__
	check(fileno(in) == fd);
#endif
	request(old_mode_request(IPQ_COPY_PACKET, 60000));
	say("ready");
	pass_one();
	pass_one();
	/* error messages can be read, too */
	request(old_verdict_request(4711, NF_ACCEPT, 0));
	check(getc(in) != EOF);
	check(!fclose(out) && !fclose(in));
	check(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
	say("done");
	return 0;
}
