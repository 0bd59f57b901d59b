/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libipq's functions of this library, for a libipq.so.0 that the program is linked
 * to (elsewhere.h). */
#include "ctl.h"
#include "elsewhere.h"
#include "export.h"

EXPORT const struct ipq_functions libipq_preload_functions = {
	.create_handle = ipq_create_handle,
	.destroy_handle = ipq_destroy_handle,
	.read = ipq_read,
	.set_mode = ipq_set_mode,
	.set_verdict = ipq_set_verdict,
	.set_vwmark = ipq_set_vwmark,
	.vctl = ctl_answer,
	.errstr = ipq_errstr,
	.perror = ipq_perror,
};
