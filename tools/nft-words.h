/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a command that changes rules into arguments for iptables-translate. What
 * iptables-translate would not accept, but nft or a shell does, is recorded apart:
 * position, redirections and variables. Knows nothing of nft's language. */
#ifndef IPQCTL_NFT_WORDS_H
#define IPQCTL_NFT_WORDS_H

#include "jump.h"

#define NFT_WORDS_MAX 256
#define NFT_VARIABLES_MAX 16

struct nft_words {
	char *argv[NFT_WORDS_MAX + 1];
	int count;
	const char *obstacle;	/* why it cannot be translated; NULL if it can */
	char operation;		/* 'A', 'I', 'D', 'R' or 'C'; in argv it is A or I */
	/* The rule's number in the chain, from 1, or with 'R' perhaps a
	 * variable; NULL if none. */
	char *position;
	char *redirections;	/* as written, with a blank before each */
	/* Shell variables, and the placeholders that argv has in their place. */
	struct variable {
		char *stand_in, *written;
	} variables[NFT_VARIABLES_MAX];
	int variable_count;
};

/* Reads the command. argv[0] will be tool, and the target NFQUEUE with
 * the queue number. */
void nft_words_read(struct nft_words *w, const struct jump *jump, struct text command,
		    const char *tool, unsigned int queue);
void nft_words_free(struct nft_words *w);

#endif
