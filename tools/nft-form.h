/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translates a rule with the target QUEUE into a command for nft, by means of
 * iptables-translate. Knows only the name of the file that has the rule. */
#ifndef IPQCTL_NFT_FORM_H
#define IPQCTL_NFT_FORM_H

#include <stdio.h>

#include "jump.h"

#define NFT_FORM_MISSING "iptables-translate is not installed"

/* What the user should be told about the commands that were printed. */
struct nft_form {
	bool variables;		/* a shell substitutes variables in them */
	bool handles;		/* they look a rule up by its text or its position */
};

/* Prints the command for nft to out and returns NULL. If there is none, prints nothing
 * and returns the reason. */
const char *nft_form(struct nft_form *form, FILE *out, const struct jump *jump,
		     struct text command, unsigned int queue);

#endif
