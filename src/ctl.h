/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq_ctl with its arguments as a va_list. */
#ifndef IPQ_CTL_H
#define IPQ_CTL_H

#include <stdarg.h>
#include <libipq.h>

int ctl_answer(const struct ipq_handle *h, int request, va_list args);

#endif
