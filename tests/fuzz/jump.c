/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes how ipqctl reads rule files and shell scripts. */
#include "fuzz.h"
#include "jump.h"

static void check_within(struct text t, struct text whole)
{
	CHECK(!t.len || (t.at >= whole.at && t.at + t.len <= whole.at + whole.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = copy_of(data, size);
	struct text whole = { copy, size };
	const char *before = copy;
	struct jump_reader reader;
	struct text command;
	unsigned long line = 1;
	struct jump jump;

	jump_start(&reader, whole, size & 1);
	while (jump_next(&reader, &jump)) {
		check_within(jump.target, whole);
		check_within(jump.table, whole);
		command = jump_command(&reader);
		check_within(command, whole);
		/* one after the other: whoever replaces them goes by that */
		CHECK(jump.target.len && jump.target.at >= before);
		for (; before < jump.target.at + jump.target.len; before++)
			line += *before == '\n';
		CHECK(jump.line == line);
		CHECK(jump.kind != JUMP || text_find(jump.target, "queue") < jump.target.len);
		CHECK(jump.target.at >= command.at);
	}
	free(copy);
	return 0;
}
