/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes how old forms of rules are rewritten: the result fits into the buffer and has the
 * same number of lines, also if it is rewritten once more. (Text that is negated twice
 * changes each time.) */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "old-form.h"

static size_t count_lines(const char *at, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += at[i] == '\n';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct old_form_reader r = { .rest = { (const char *)data, size } };
	char *to = malloc(OLD_FORM_MAX(size)), *again;
	size_t n, m;

	CHECK(to || !size);
	n = old_form_rewrite((struct text) { (const char *)data, size }, to);
	CHECK(n <= OLD_FORM_MAX(size));
	CHECK(count_lines(to, n) == count_lines((const char *)data, size));
	again = malloc(OLD_FORM_MAX(n));
	m = old_form_rewrite((struct text) { to, n }, again);
	CHECK(m <= OLD_FORM_MAX(n));
	CHECK(count_lines(again, m) == count_lines(to, n));
	while (old_form_next_gone(&r))
		CHECK(r.line >= 1 && r.line <= size + 1);
	free(again);
	free(to);
	return 0;
}
