/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the reader of rule files and shell scripts of ipqctl. */
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
		/* targets come in the order of the file: code that replaces
		 * them relies on it */
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
