/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule with the target QUEUE as nft has it, by iptables-translate. Knows nothing
 * of the file it stands in but its name. */
#ifndef IPQCTL_NFT_FORM_H
#define IPQCTL_NFT_FORM_H

#include "jump.h"

/* Prints the command for nft, or a comment when there is none. */
void nft_form(const struct jump *jump, const char *name, unsigned int queue);

#endif
