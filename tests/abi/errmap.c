/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks the table of error texts as a program sees it that declares the table itself,
 * and the text of one failed call. Exits with status 0 if all are right. */
#include <stdio.h>
#include <string.h>
#include <libipq.h>

extern struct {
	int code;
	char *message;
} ipq_errmap[];

static const char *const texts[] = {
	"Unknown error",
	"Implementation error",
	"Unable to create netlink handle",
	"Unable to create netlink socket",
	"Unable to bind netlink socket",
	"Unable to allocate buffer",
	"Failed to receive netlink message",
	"Received EOF on netlink socket",
	"Invalid peer address length",
	"Sent message truncated",
	"Received message truncated",
	"Received error from netlink",
	"Failed to send netlink message",
	"Operation not supported",
	"Receive buffer size invalid",
	"Timeout",
	"Invalid protocol specified",
};

int main(void)
{
	int wrong = 0;

	for (int i = 0; i < 17; i++)
		if (ipq_errmap[i].code != i || strcmp(ipq_errmap[i].message, texts[i])) {
			printf("%d: %d \"%s\" is not \"%s\"\n", i, ipq_errmap[i].code,
			       ipq_errmap[i].message, texts[i]);
			wrong++;
		}
	if (ipq_create_handle(0, 99) || strcmp(ipq_errstr(), texts[16])) {
		printf("a handle of protocol 99: %s\n", ipq_errstr());
		wrong++;
	}
	return wrong;
}
