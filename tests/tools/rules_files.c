/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl rules --in-place and --diff: which files change, and what is kept of them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "network.h"
#include "process.h"
#include "tool.h"
#include "translated.h"

static char place[] = "/tmp/ipqctl-XXXXXX";

static void enter(void)
{
	cr_assert(mkdtemp(place) && !chdir(place));
}

static void leave(void)
{
	run("cd / && rm -r %s", place);
}

TestSuite(rules_files, .init = enter, .fini = leave, .timeout = 60);

#define OLD "iptables -A INPUT -j QUEUE\n"
#define NEW "iptables -A INPUT -j NFQUEUE --queue-num 0\n"

static void make(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	cr_assert(file && fputs(text, file) >= 0 && !fclose(file));
}

static void assert_content(const char *name, const char *text)
{
	cr_assert_str_eq(shell("cat %s", name)->text, text, "%s", name);
}

Test(rules_files, a_file_is_changed_in_place_and_a_backup_kept)
{
	const struct printed *printed;

	make("a", OLD);
	printed = shell(IPQCTL " rules --in-place a");
	cr_assert(printed->status == 0, "%s", printed->text);
	assert_says(printed->text, "a: changed; the original is ");
	assert_content("a", NEW);
	assert_content("a.orig", OLD);
	cr_assert_str_eq(shell("ls")->text, "a\na.orig\n");
}

Test(rules_files, a_file_that_needs_no_change_is_not_touched)
{
	make("a", NEW);
	cr_assert_str_eq(shell("stat -c %%i.%%y a > ../ino.$PPID; " IPQCTL " rules -i a; "
			       "stat -c %%i.%%y a | cmp - ../ino.$PPID; rm ../ino.$PPID; ls")
			 ->text, "a\n");
}

Test(rules_files, an_earlier_copy_is_never_written_over)
{
	make("a", OLD);
	make("a.orig", "first");
	make("a.orig.1", "second");
	run(IPQCTL " rules -i a");
	assert_content("a.orig", "first");
	assert_content("a.orig.1", "second");
	assert_content("a.orig.2", OLD);
}

Test(rules_files, links_modes_owners_and_attributes_stay)
{
	struct stat file, copy;

	make("real", OLD);
	run("ln -s real link && ln -s link further && chmod 2751 real && "
	    "setfattr -n user.a -v b real 2>/dev/null || :");
	run(IPQCTL " rules -i further");
	cr_assert_str_eq(shell("readlink link further")->text, "real\nlink\n");
	assert_content("real", NEW);
	cr_assert(!stat("real", &file) && !stat("real.orig", &copy));
	cr_assert((file.st_mode & 07777) == 02751 && (copy.st_mode & 07777) == 02751);
	if (!shell("getfattr -n user.a real.orig 2>&1")->status)
		cr_assert(!shell("getfattr -n user.a real")->status);
}

Test(rules_files, all_names_of_one_are_changed)
{
	make("a", OLD);
	run("ln a b");
	run(IPQCTL " rules -i a");
	assert_content("b", NEW);
	assert_content("a.orig", OLD);
	cr_assert_str_eq(shell("stat -c %%h a")->text, "2\n");
}

Test(rules_files, a_name_that_is_no_file_or_whose_directory_is_not_ours_is_left)
{
	const struct printed *printed;

	make("a", OLD);
	run("mkfifo fifo; mkdir closed && cp a closed && chmod 555 closed");
	printed = shell(IPQCTL " rules -i - < a");
	cr_assert(printed->status == 2);
	assert_says(printed->text, "--in-place cannot be used with standard input");
	cr_assert(shell(IPQCTL " rules -i < a")->status == 2);
	printed = shell("cat a > fifo & " IPQCTL " rules -i fifo");
	cr_assert(printed->status == 1);
	assert_says(printed->text, "is not a regular file; the file is unchanged");
	printed = shell("chmod 711 . && setpriv --reuid 65534 --clear-groups " IPQCTL
			" rules -i closed/a");
	if (!has(printed, "setpriv")) {
		cr_assert(printed->status == 1, "%s", printed->text);
		assert_says(printed->text, "closed/a: Permission denied; the file is unchanged");
	}
	assert_content("closed/a", OLD);
	run("chmod 755 closed");
}

/* If the disk is full, nothing may be lost. */
Test(rules_files, a_file_whose_disk_is_full_stays_as_it_was)
{
	const struct printed *printed;

	network_enter();
	make("a", OLD);
	printed = shell("mkdir -p d && unshare -m sh -c 'mount -t tmpfs -o size=8k none d && "
			"cp a d && (cat /dev/zero > d/fill) 2>/dev/null; "
			IPQCTL " rules -i d/a; s=$?; cat d/a; ls d; exit $s'");
	cr_assert(printed->status == 1, "%s", printed->text);
	assert_says(printed->text, "No space left on device; the file is unchanged\n" OLD
				   "a\nfill\n");
}

Test(rules_files, the_difference_is_one_that_patch_takes)
{
	static const char *const texts[] = {
		OLD, "-A a -j QUEUE", "1\n2\n3\n4\n" OLD "6\n7\n8\n9\n10\n11\n" OLD OLD "14\n",
		"1\n2\n3\n4\n" OLD "6\n7\n8\n9\n10\n11\n12\n" OLD "14\n15\n16\n17\n18",
		OLD "2\n3\n4\n5\n6\n7\n" OLD, OLD "2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n-j QUEUE # x",
	};

	if (shell("command -v patch")->status)
		cr_skip_test("patch is not installed");
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		make("a", texts[i]);
		run(IPQCTL " rules a > wanted; " IPQCTL " rules --diff a > difference");
		run("patch -s a difference && cmp a wanted");
		/* and is as short as that of diff(1) */
		make("b", texts[i]);
		run("diff -u b wanted | tail -n +3 > theirs; tail -n +3 difference | cmp - "
		    "theirs");
	}
	make("a", NEW);
	cr_assert_str_eq(shell(IPQCTL " rules --diff a")->text, "");
}

Test(rules_files, what_changes_in_place_can_be_shown_too)
{
	const struct printed *printed;

	make("a", OLD);
	printed = shell(IPQCTL " rules --diff --in-place a 2>/dev/null");
	cr_assert_str_eq(printed->text, "--- a\n+++ a\n@@ -1 +1 @@\n-" OLD "+" NEW);
	assert_content("a", NEW);
	cr_assert(shell(IPQCTL " rules --diff --nft a")->status == 2);
}

Test(rules_files, the_exit_status_tells_that_something_is_left_to_a_person)
{
	static const struct {
		const char *options, *text;
		int status;
	} rows[] = {
		{ "", OLD, 0 }, { "", "", 0 }, { "", "X=QUEUE", LEFT },
		{ "", "modprobe ip_queue", LEFT }, { "--queue6 6", "$x -j QUEUE", LEFT },
		{ "-4 --queue6 6", "$x -j QUEUE", 0 },
		{ "--diff", "X=QUEUE", LEFT }, { "-i", "X=QUEUE", LEFT }, { "-i", OLD, 0 },
		{ "", "sed 's/QUEUE/DROP/'", LEFT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		make("a", rows[i].text);
		cr_assert(shell(IPQCTL " rules %s a", rows[i].options)->status ==
			  rows[i].status, "%s: %s", rows[i].options, rows[i].text);
	}
}
