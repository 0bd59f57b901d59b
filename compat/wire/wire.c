/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Classifies the datagrams that programs send to ip_queue, as the module did. Pure: no
 * I/O, keeps nothing. */
#include <string.h>

#include "wire.h"

enum wire wire_read(const void *head, size_t have, size_t len, struct request *r)
{
	struct nlmsghdr *nlh = &r->nlh;

	if (have == sizeof(*r)) {
		memcpy(r, head, sizeof(*r));
	} else {
		memset(r, 0, sizeof(*r));
		if (have)	/* else head may be NULL */
			memcpy(r, head, have);
	}
	if (have < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) || nlh->nlmsg_len > len)
		return WIRE_IGNORED;
	/* the module did not look at what follows the first message */
	if (nlh->nlmsg_len < sizeof(*r))
		memset((char *)r + nlh->nlmsg_len, 0, sizeof(*r) - nlh->nlmsg_len);
	if ((int32_t)nlh->nlmsg_pid <= 0 || !(nlh->nlmsg_flags & NLM_F_REQUEST) ||
	    nlh->nlmsg_flags & NLM_F_MULTI)
		return WIRE_MALFORMED;
	if (nlh->nlmsg_flags & MSG_TRUNC)
		return WIRE_CUT_OFF;
	if (nlh->nlmsg_type < NLMSG_NOOP || nlh->nlmsg_type >= IPQM_MAX)
		return WIRE_MALFORMED;
	return nlh->nlmsg_type <= IPQM_BASE ? WIRE_IGNORED : WIRE_REQUEST;
}
