/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule with the target QUEUE as nft has it, by iptables-translate. Knows nothing
 * of the file it stands in but its name. */
#ifndef IPQCTL_NFT_FORM_H
#define IPQCTL_NFT_FORM_H

#include "jump.h"

#define NFT_FORM_MISSING "iptables-translate is not installed"

/* Prints the command for nft and returns NULL; or prints nothing and returns why. */
const char *nft_form(const struct jump *jump, struct text command, unsigned int queue);

#endif
