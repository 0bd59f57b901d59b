/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes how ipqctl prints text from elsewhere: as a line without control characters, and
 * as JSON in UTF-8. */
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>

#include "fuzz.h"
#include "report.h"

static char shown[1 << 17];

static FILE *show(void)
{
	FILE *was = stdout;

	memset(shown, 0, sizeof(shown));
	stdout = fmemopen(shown, sizeof(shown) - 1, "w");
	CHECK(stdout);
	return was;
}

static void end_show(FILE *was)
{
	fclose(stdout);
	stdout = was;
}

/* The string must contain all bytes; U+FFFD stands for each byte that is not part
 * of valid UTF-8. */
static void check_json(const unsigned char *bytes, size_t len)
{
	const unsigned char *end = bytes + len;
	const char *c = shown;
	unsigned int code;

	CHECK(mbstowcs(NULL, shown, 0) != (size_t)-1);
	CHECK(*c++ == '"');
	while (*c != '"') {
		CHECK(bytes < end && (unsigned char)*c >= ' ' && *c != 0x7f);
		if (c[0] == '\\' && c[1] == 'u') {
			CHECK(sscanf(c + 2, "%4x", &code) == 1);
			CHECK(code == 0xfffd ? *bytes >= 0x80 : code == *bytes);
			c += 6;
		} else {
			c += *c == '\\';
			CHECK((unsigned char)*c == *bytes);
			c++;
		}
		bytes++;
	}
	CHECK(!c[1] && bytes == end);
}

/* Checks all kinds of findings and the summary: as lines, as paragraphs, and as JSON,
 * which has newlines of its own. */
static void check_findings(const char *text, bool json, unsigned int width)
{
	unsigned int problems = (unsigned char)*text % 3;
	struct report r = { .json = json, .width = width };
	FILE *was = show();
	int status;

	REPORT(&r, OK, "kind", text, text, NULL, NULL);
	for (unsigned int i = 0; i < problems; i++)
		REPORT(&r, PROBLEM, "kind", text, NULL, text, text);
	status = report_end(&r);
	end_show(was);
	CHECK(r.problems == problems && r.findings == 1 + problems && status == !!problems);
	for (const char *c = shown; *c; c++)
		CHECK(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f));
	CHECK(!json || mbstowcs(NULL, shown, 0) != (size_t)-1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy, *string;
	FILE *was;

	/* a byte may be printed as six, and the text is printed ten times */
	if (size > sizeof(shown) / 80)
		return 0;
	CHECK(setlocale(LC_CTYPE, "C.UTF-8"));
	copy = copy_of(data, size);
	was = show();
	json_string((struct text) { copy, size });
	end_show(was);
	check_json(data, size);
	free(copy);
	string = strndup((const char *)data, size);
	CHECK(string);
	check_findings(string, false, 0);
	check_findings(string, false, 40);
	check_findings(string, true, 0);
	free(string);
	return 0;
}
