/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes how ipqctl splits text into words and numbers. */
#include <limits.h>
#include <stdio.h>

#include "fuzz.h"
#include "text.h"

static void check_word(struct text word, const char *from, const char *end)
{
	char *plain = malloc(word.len + 1), number[32];
	unsigned long n;
	size_t len;

	CHECK(plain && word.len && word.at >= from && word.at + word.len <= end);
	text_unquote(word, plain, word.len + 1);
	len = strlen(plain);
	CHECK(len <= word.len);
	/* a smaller buffer gets the beginning */
	for (size_t size = 1; size <= 3; size++) {
		char *part = malloc(size);

		CHECK(part);
		text_unquote(word, part, size);
		CHECK(strlen(part) == (len < size ? len : size - 1) &&
		      !strncmp(part, plain, strlen(part)));
		free(part);
	}
	if (text_number(word, ULONG_MAX, &n)) {
		CHECK(text_number(word, n, &n) && (!n || !text_number(word, n - 1, &n)));
		snprintf(number, sizeof(number), "%lu", n);
		CHECK(text_number(text_of(number), n, &n));
	}
	/* the time of text_find is the product of both lengths */
	if (word.len < 100)
		CHECK(text_find(word, plain) <= word.len);
	free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = copy_of(data, size);

	for (enum quoting quoting = QUOTES_SHELL; quoting <= QUOTES_NFT; quoting++) {
		struct text rest = { copy, size }, word;
		const char *from = copy;

		while (text_word(&rest, &word, quoting)) {
			check_word(word, from, copy + size);
			from = word.at + word.len;
			CHECK(rest.at == from);
		}
		CHECK(!rest.len);
	}
	free(copy);
	return 0;
}
