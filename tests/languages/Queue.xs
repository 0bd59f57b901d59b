/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libipq for filter.pl, in the manner of the old Perl modules for it. */
#define PERL_NO_GET_CONTEXT
#include "EXTERN.h"
#include "perl.h"
#include "XSUB.h"
#include <libipq.h>

MODULE = Queue		PACKAGE = Queue

PROTOTYPES: DISABLE

void *
create(unsigned int protocol)
    CODE:
	RETVAL = ipq_create_handle(0, protocol);
    OUTPUT:
	RETVAL

int
destroy(void *queue)
    CODE:
	RETVAL = ipq_destroy_handle(queue);
    OUTPUT:
	RETVAL

int
set_mode(void *queue, unsigned int mode, size_t range)
    CODE:
	RETVAL = ipq_set_mode(queue, mode, range);
    OUTPUT:
	RETVAL

SV *
get(void *queue, int timeout)
    PREINIT:
	unsigned char buf[4096];
	ssize_t len;
    CODE:
	len = ipq_read(queue, buf, sizeof(buf), timeout);
	RETVAL = len > 0 ? newSVpvn((char *)buf, len) : newSV(0);
    OUTPUT:
	RETVAL

int
type(unsigned char *message)
    CODE:
	RETVAL = ipq_message_type(message);
    OUTPUT:
	RETVAL

int
error(unsigned char *message)
    CODE:
	RETVAL = ipq_get_msgerr(message);
    OUTPUT:
	RETVAL

int
set_verdict(void *queue, unsigned long id, unsigned int verdict)
    CODE:
	RETVAL = ipq_set_verdict(queue, id, verdict, 0, NULL);
    OUTPUT:
	RETVAL

char *
errstr()
    CODE:
	RETVAL = ipq_errstr();
    OUTPUT:
	RETVAL
