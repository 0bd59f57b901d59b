/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes how ipqctl splits iptables commands that it translates for nft. */
#include <string.h>

#include "fuzz.h"
#include "nft-words.h"

static void check_words(const struct nft_words *w, struct text command)
{
	unsigned int targets = 0;

	CHECK(w->count > 0 && w->count <= NFT_WORDS_MAX && !w->argv[w->count]);
	CHECK(strchr("AIDRC", w->operation) && w->operation);
	CHECK(w->variable_count <= NFT_VARIABLES_MAX);
	for (int i = 0; i < w->variable_count; i++)
		CHECK(*w->variables[i].stand_in && *w->variables[i].written == '$');
	if (w->obstacle)
		return;
	for (int i = 0; i < w->count; i++) {
		targets += !strcmp(w->argv[i], "NFQUEUE");
		/* characters that would end a string of nft's, or a command of a shell */
		CHECK(!strpbrk(w->argv[i], "\"\n"));
	}
	CHECK(targets || text_contains(command, "NFQUEUE"));
	for (int i = 0; i < w->variable_count; i++)
		CHECK(!strpbrk(w->variables[i].written, "\"'\\`\n;&|()<> "));
	CHECK(!w->position || w->operation == 'I' || w->operation == 'R');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = copy_of(data, size);
	struct jump_reader reader;
	unsigned int commands = 0;
	struct nft_words words;
	struct text command;
	struct jump jump;

	jump_start(&reader, (struct text) { copy, size }, size & 1);
	while (jump_next(&reader, &jump) && commands < 64) {
		if (jump.kind != JUMP)
			continue;
		commands++;
		command = jump_command(&reader);
		nft_words_read(&words, &jump, command, "iptables-translate", 3);
		check_words(&words, command);
		nft_words_free(&words);
	}
	free(copy);
	return 0;
}
