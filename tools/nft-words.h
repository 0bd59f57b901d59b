/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a command that makes a rule, as arguments for iptables-translate; what it
 * would not take, and nft or a shell will, is put aside. Knows nothing of nft. */
#ifndef IPQCTL_NFT_WORDS_H
#define IPQCTL_NFT_WORDS_H

#include "jump.h"

#define NFT_WORDS_MAX 256
#define NFT_VARIABLES_MAX 16

struct nft_words {
	char *argv[NFT_WORDS_MAX + 1];
	int count;
	const char *obstacle;	/* why there can be no nft form; NULL if there can */
	char operation;		/* 'A', 'I', 'D', 'R' or 'C'; argv has A or I */
	char *position;		/* in the chain from 1; with R, or a variable; NULL if none */
	char *redirections;	/* as they are written, a blank before each */
	/* What stands in argv for what a shell fills in. */
	struct variable {
		char *stand_in, *written;
	} variables[NFT_VARIABLES_MAX];
	int variable_count;
};

/* tool is the first word, queue the number for NFQUEUE, which takes the target's place. */
void nft_words_read(struct nft_words *w, const struct jump *jump, struct text command,
		    const char *tool, unsigned int queue);
void nft_words_free(struct nft_words *w);

#endif
