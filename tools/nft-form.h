/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule with the target QUEUE as nft has it, by iptables-translate. Knows nothing
 * of the file it stands in but its name. */
#ifndef IPQCTL_NFT_FORM_H
#define IPQCTL_NFT_FORM_H

#include <stdio.h>

#include "jump.h"

#define NFT_FORM_MISSING "iptables-translate is not installed"

/* What a person must know of the commands that were printed. */
struct nft_form {
	bool variables;		/* a shell fills them in */
	bool handles;		/* a rule is looked up by its text or its place */
};

/* Prints the command for nft to out and returns NULL; or prints nothing and returns
 * why. */
const char *nft_form(struct nft_form *form, FILE *out, const struct jump *jump,
		     struct text command, unsigned int queue);

#endif
