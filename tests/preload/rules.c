/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jumps to QUEUE in arguments and in lines of rules. The copies are exactly as long as
 * what may be read and written, so that ASan and valgrind detect more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "rules.h"

TestSuite(rules, .timeout = 60);

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

Test(rules, a_setting_is_a_number_or_two_with_one_that_is_no_less_behind)
{
	static const char *const rows[][3] = {
		{ "0", "--queue-num", "0" },
		{ "65535", "--queue-num", "65535" },
		/* not octal */
		{ "010", "--queue-num", "10" },
		{ "3-7", "--queue-balance", "3:7" },
		{ "3:7", "--queue-balance", "3:7" },
		{ "003-007", "--queue-balance", "3:7" },
		{ "0-255", "--queue-balance", "0:255" },
		{ "65280-65535", "--queue-balance", "65280:65535" },
		{ "5-5", "--queue-num", "5" },
	};
	struct nfqueue queue;

	for (size_t i = 0; i < COUNT(rows); i++) {
		memset(&queue, 0xee, sizeof(queue));
		cr_assert(nfqueue_read(rows[i][0], &queue), "%s", rows[i][0]);
		cr_assert_str_eq(queue.option, rows[i][1], "%s", rows[i][0]);
		cr_assert_str_eq(queue.numbers, rows[i][2], "%s", rows[i][0]);
	}
}

Test(rules, no_other_setting_is_taken)
{
	static const char *const settings[] = {
		"", " ", "x", "-", ":", "-1", "+1", " 1", "1 ", "1x", "0x1", "1.0", "65536",
		"4294967296", "99999999999999999999999", "7-3", "3-", "3--7", "3-7-9", "3-x",
		"3-65536", "3,7", "0-256", "0-65535", "1\n",
	};
	struct nfqueue queue;

	for (size_t i = 0; i < COUNT(settings); i++)
		cr_assert(!nfqueue_read(settings[i], &queue), "\"%s\"", settings[i]);
}

/* Returns the line after translation with the setting. Translating it twice must
 * not change more. */
static const char *line_with(const char *setting, const char *line, size_t len)
{
	static char result[4096];
	char *copy = malloc(len), *room, *again;
	struct nfqueue queue;
	size_t n;

	cr_assert(copy && nfqueue_read(setting, &queue));
	memcpy(copy, line, len);
	room = malloc(RULES_LINE_MAX(len));
	n = rules_line(copy, len, &queue, room);
	cr_assert(n <= RULES_LINE_MAX(len) && n < sizeof(result));
	memcpy(result, room, n);
	result[n] = '\0';
	again = malloc(RULES_LINE_MAX(n));
	cr_assert(rules_line(room, n, &queue, again) == n && !memcmp(again, room, n),
		  "%s", result);
	free(copy);
	free(room);
	free(again);
	return result;
}

static void expect(const char *line, const char *expected)
{
	cr_assert_str_eq(line_with("5", line, strlen(line)), expected, "%s", line);
}

#define T "NFQUEUE --queue-num 5"
#define N "-j " T

Test(rules, a_jump_is_found_however_it_is_written)
{
	static const char *const jumps[][2] = {
		{ "-j QUEUE", "-j " T }, { "-j\tQUEUE", "-j\t" T },
		{ "-j   QUEUE", "-j   " T }, { "-jQUEUE", "-j " T },
		{ "--jump QUEUE", "--jump " T }, { "--jump=QUEUE", "-j " T },
		{ "--j QUEUE", "--j " T }, { "--ju QUEUE", "--ju " T },
		{ "--jum QUEUE", "--jum " T }, { "--j=QUEUE", "-j " T },
		{ "--jum=QUEUE", "-j " T }, { "-j \"QUEUE\"", "-j " T },
		{ "-j\"QUEUE\"", "-j " T }, { "\"-j\" QUEUE", "\"-j\" " T },
		{ "\"-j\"QUEUE", "\"-j\"" T }, { "\"-jQUEUE\"", "-j " T },
		{ "--jump=\"QUEUE\"", "-j " T }, { "-j Q\"UE\\UE\"", "-j " T },
		{ "-vj QUEUE", "-vj " T }, { "-4f6vj QUEUE", "-4f6vj " T },
	};
	static const struct {
		const char *before, *after;
	} places[] = {
		{ "", "" }, { "-A INPUT ", "\n" }, { "[0:0] -A INPUT -p udp ", "\n" },
		{ "\t-I INPUT 1 ", " -m mark --mark 1\n" },
		{ "-A x -m comment --comment \"a \\\" -j\" ", "\t \n" },
		{ "-A x -m comment --comment \"\" ", "\n" },
		{ "-A x -m comment --comment -j ", "\n" },
		{ "-A x -m comment --comment a=b ", "\n" },
	};
	char line[256], expected[256];

	for (size_t i = 0; i < COUNT(jumps); i++)
		for (size_t j = 0; j < COUNT(places); j++) {
			snprintf(line, sizeof(line), "%s%s%s", places[j].before,
				 jumps[i][0], places[j].after);
			snprintf(expected, sizeof(expected), "%s%s%s", places[j].before,
				 jumps[i][1], places[j].after);
			expect(line, expected);
		}
	expect("-A x -j QUEUE -j QUEUE\n", "-A x " N " " N "\n");
	/* options that only look like those with a text */
	expect("-A x --s -jQUEUE", "-A x --s " N);
	expect("-A x --commentary -jQUEUE", "-A x --commentary " N);
	/* a quote that is never closed */
	expect("-A x -j \"QUEUE", "-A x " N);
	expect("-A x -j \"QUEUE\\", "-A x " N);
}

Test(rules, all_else_stays_as_it_is)
{
	static const char *const lines[] = {
		"", "\n", " ", "*filter\n", ":QUEUE - [0:0]\n", "COMMIT\n", "COMMIT",
		"# -j QUEUE\n", "#\n",
		"-A INPUT -j ACCEPT\n", "-A QUEUE -j ACCEPT\n", "-A x -g QUEUE\n",
		"-A x -j QUEUES\n", "-A x -jQUEUES\n", "-A x --jump=QUEUES\n",
		"-A x -j queue\n", "-A x -j XQUEUE\n", "-A x -jump QUEUE\n", "-A x -j=QUEUE\n",
		"-A x --jumps QUEUE\n", "-A x --jumpQUEUE\n", "-A x --=QUEUE\n",
		"-A x -- QUEUE\n", "-A x -vjQUEUE\n", "-A x -pj QUEUE\n", "-A x -jv QUEUE\n",
		"-A x -vvvvvvvvvvvvvvj QUEUE\n", "-A x -vvvvvvvvvvvvvvjx QUEUE\n",
		"-A x =QUEUE\n", "-A x -j\n", "QUEUE\n", "-N QUEUE\n",
		"-A x -j NFQUEUE --queue-num 3\n", "-A x -j NFQUEUE --queue-balance 3:4\n",
		"-A x -m comment --comment \"to -j QUEUE it\" -j DROP\n",
		"-A x -m comment --comment \"a \\\" -j QUEUE \\\" b\" -j DROP\n",
		"-A x -m comment --comment -jQUEUE -j DROP\n",
		"-A x -m comment --comment --jump=QUEUE -j DROP\n",
		"-A x -j LOG --log-prefix -jQUEUE\n", "-A x -m string --string -jQUEUE\n",
		"-A x -m string --hex-string -jQUEUE\n", "-A x -j NFLOG --nflog-prefix -jQUEUE\n",
		"-A x -j ULOG --ulog-prefix -jQUEUE\n", "-A x -m u32 --u32 -jQUEUE\n",
		"-A x -j LOG --log-pre -jQUEUE\n", "-A x -m comment --comm --jump=QUEUE\n",
		"-A x -m string --st -jQUEUE\n", "-A x -m string --\"hex\" -jQUEUE\n",
		/* the word is longer than QUEUE */
		"-A x -j QUEUE\"S\"\n", "-A x -j QUEUE\"\n", "\"", "\"\\",
		"-A x -j QUEUE\r\n", "-A x \"-jQUEUE \" \" -jQUEUE\"\n",
		/* words longer than any that matters */
		"-A x -jQUEUEQUEUEQUEUE -j QUEUEQUEUEQUEUEQUEUE --jump=QUEUEQUEUEQUEUE\n",
	};

	for (size_t i = 0; i < COUNT(lines); i++)
		expect(lines[i], lines[i]);
}

/* In iptables-restore, a closing quote ends the word. */
Test(rules, what_follows_a_quote_stays_a_word_of_its_own)
{
	expect("\"-jQUEUE\"-p udp", N " -p udp");
	expect("-j \"QUEUE\"\"\"", N " \"\"");
	expect("\"a\"-jQUEUE", "\"a\"" N);
}

Test(rules, several_numbers_are_balanced_between)
{
	cr_assert_str_eq(line_with("4-7", "-jQUEUE -p udp\n", 15),
			 "-j NFQUEUE --queue-balance 4:7 -p udp\n");
}

Test(rules, a_line_of_nothing_but_jumps_has_room)
{
	static const char line[] = "-jQUEUE -jQUEUE -jQUEUE\t-jQUEUE\n\"-jQUEUE\"\"-jQUEUE\"";
	size_t n = strlen(line_with("65500-65535", line, strlen(line)));

	cr_assert(n > 4 * strlen(line), "%zu", n);
}

Test(rules, bytes_that_are_no_text_pass_through)
{
	static const char line[] = "-A x\0 -jQUEUE\0 \377 \001 -j QUEUE";
	char expected[] = "-A x\0 -jQUEUE\0 \377 \001 " N;

	cr_assert(!memcmp(line_with("5", line, sizeof(line) - 1), expected,
			  sizeof(expected)));
}

/* At each end, the rest of a word or of a quoted string is missing. */
Test(rules, every_beginning_of_a_line_is_read_to_its_end)
{
	static const char line[] = "[1:2] -A x -m comment --comment \"a \\\" b\" --jump=\"Q\\UEUE"
		"\"-j QUEUE -j \"QUEUE\" -jQUEUE\n";

	for (size_t len = 0; len < sizeof(line); len++)
		line_with("3-4", line, len);
	for (size_t from = 0; from < sizeof(line); from++)
		line_with("3-4", line + from, sizeof(line) - from);
}

Test(rules, words_are_translated_as_they_stand)
{
	char *words[] = { "iptables", "-A", "x", "-j", "-jQUEUE", "--comment", "-jQUEUE",
			  "\"-jQUEUE\"", "-j QUEUE", "--ju", "QUEUE", "QUEUE", "-vj",
			  "QUEUE", "--j=QUEUE", "", "-j", NULL };
	static const char *const expected[] = {
		"iptables", "-A", "x", "-j", "-j", "NFQUEUE", "--queue-balance", "1:2",
		"--comment", "-jQUEUE", "\"-jQUEUE\"", "-j QUEUE", "--ju", "NFQUEUE",
		"--queue-balance", "1:2", "QUEUE", "-vj", "NFQUEUE", "--queue-balance",
		"1:2", "-j", "NFQUEUE", "--queue-balance", "1:2", "", "-j",
	};
	const char *to[RULES_WORDS_MAX(COUNT(words))];
	struct nfqueue queue;
	size_t n;

	cr_assert(nfqueue_read("1-2", &queue));
	n = rules_words(words, &queue, to);
	cr_assert(n == COUNT(expected), "%zu", n);
	for (size_t i = 0; i < n; i++)
		cr_assert_str_eq(to[i], expected[i], "word %zu", i);
	words[0] = NULL;
	cr_assert(rules_words(words, &queue, to) == 0);
}
