/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq-run: the environment it gives to the program, and programs it refuses to run, as
 * the library cannot be loaded into them. */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "place.h"
#include "process.h"

#define IPQ_RUN given("IPQ_RUN")
#define NOBODY 65534

TestSuite(runner, .init = make_place, .fini = remove_place, .timeout = 60);

/* Runs a shell command. Its output is in said. */
#define RUN(...) run_output(said, sizeof(said), __VA_ARGS__)

static void expect(const char *text)
{
	cr_assert_str_eq(said, text, "\"%s\" and not \"%s\"", said, text);
}

Test(runner, help_and_version_are_told)
{
	static const char *const options[] = {
		"--queue ", "--queue6 ", "--instances ", "--maxlen ", "--rcvbuf ",
		"--batch ", "--fail-open", "--gso", "--debug", "--trace", "--no-iptables",
		"--no-follow", "--library ", "--help", "--version", "125",
	};

	cr_assert(RUN("%s --help 2>/dev/null", IPQ_RUN) == 0);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		assert_says(said, options[i]);
	cr_assert(RUN("%s -h 2>/dev/null", IPQ_RUN) == 0);
	assert_says(said, "usage: ipq-run");
	cr_assert(RUN("%s --version", IPQ_RUN) == 0);
	expect("ipq-run " VERSION "\n");
	cr_assert(RUN("%s -V", IPQ_RUN) == 0);
	expect("ipq-run " VERSION "\n");
}

Test(runner, a_trace_is_written_where_it_says_from_wherever_the_program_is)
{
	cr_assert(RUN("cd /tmp && %s --trace sh -c 'echo $LIBIPQ_TRACE'", IPQ_RUN) == 0);
	expect("1\n");
	cr_assert(RUN("cd /usr && %s --trace=a.log sh -c 'echo $LIBIPQ_TRACE'", IPQ_RUN) == 0);
	expect("/usr/a.log\n");
	cr_assert(RUN("%s -T/a/b sh -c 'echo $LIBIPQ_TRACE'", IPQ_RUN) == 0);
	expect("/a/b\n");
}

Test(runner, what_cannot_be_printed_ends_with_125)
{
	if (access("/dev/full", W_OK))
		SKIP("/dev/full does not exist");
	cr_assert(RUN("%s --help > /dev/full", IPQ_RUN) == 125);
	assert_says(said, "standard output: No space left on device");
	cr_assert(RUN("%s --version > /dev/full", IPQ_RUN) == 125);
	assert_says(said, "standard output: No space left on device");
	cr_assert(RUN("%s --version >&-", IPQ_RUN) == 125);
}

#define SHOW "sh -c 'echo $LIBIPQ_QUEUE,$LIBIPQ_QUEUE6,$LIBIPQ_MAXLEN," \
	     "$LIBIPQ_RCVBUF,$LIBIPQ_BATCH,$LIBIPQ_FAIL_OPEN,$LIBIPQ_GSO," \
	     "$LIBIPQ_TRUNCATED,$LIBIPQ_DEBUG'"

Test(runner, every_option_reaches_the_environment)
{
	static const char *const without[] = {
		"QUEUE", "QUEUE6", "MAXLEN", "RCVBUF", "BATCH", "FAIL_OPEN", "GSO",
		"TRUNCATED", "DEBUG",
	};
	char name[64];

	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "LIBIPQ_%s", without[i]);
		unsetenv(name);
	}
	cr_assert(RUN("%s " SHOW, IPQ_RUN) == 0);
	expect(",,,,,,,,\n");
	cr_assert(RUN("%s --queue 1 --queue6=2 --maxlen 3 --rcvbuf 4 --batch 5 "
		      "--fail-open --gso --truncated drop --debug " SHOW, IPQ_RUN) == 0);
	expect("1,2,3,4,5,1,1,drop,1\n");
	cr_assert(RUN("%s -q 65535 -6 0 -m -1 -r5000 -b 1024 -fg -t accept -d " SHOW,
		      IPQ_RUN) == 0);
	expect("65535,0,-1,5000,1024,1,1,accept,1\n");
	cr_assert(RUN("%s -q 4-7 -6 65280-65535 " SHOW, IPQ_RUN) == 0);
	expect("4-7,65280-65535,,,,,,,\n");
	setenv("LIBIPQ_QUEUE", "77", 1);
	cr_assert(RUN("%s -m 5 " SHOW, IPQ_RUN) == 0);
	expect("77,,5,,,,,,\n");
	/* options after the program's name are passed to the program */
	cr_assert(RUN("%s echo -q 1 --help", IPQ_RUN) == 0);
	expect("-q 1 --help\n");
}

Test(runner, options_that_make_no_sense_are_named_and_end_with_125)
{
	static const struct {
		const char *words, *named;
	} rows[] = {
		{ "-q 65536 true", "--queue 65536" },
		{ "-q -1 true", "--queue -1" },
		{ "-q '' true", "--queue" },
		{ "-q 7-4 true", "--queue 7-4" },
		{ "-q 4- true", "--queue 4-" },
		{ "-q -4 true", "--queue -4" },
		{ "-q 4-7x true", "--queue 4-7x" },
		{ "-q 4-65536 true", "--queue 4-65536" },
		{ "-q 0-256 true", "up to 256 of them as 4-7" },
		{ "-q +4 true", "--queue +4" },
		{ "-6 x true", "--queue6 x" },
		{ "-m -2 true", "--maxlen -2" },
		{ "-m 1x true", "--maxlen 1x" },
		{ "-m - true", "--maxlen -" },
		{ "-m -0 true", "--maxlen -0" },
		{ "-m -01 true", "--maxlen -01" },
		{ "-m 99999999999999999999 true", "--maxlen 99999999999999999999" },
		{ "-m -99999999999999999999 true", "--maxlen -99999999999999999999" },
		{ "-r 0 true", "--rcvbuf 0" },
		{ "-b 0 true", "--batch 0" },
		{ "-b 1025 true", "--batch 1025" },
		{ "-x true", "x" },
		{ "--queue", "queue" },
		{ "", "no program" },
		{ "-l /nowhere/lib.so -x true", "x" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert(RUN("%s %s", IPQ_RUN, rows[i].words) == 125, "%s",
			  rows[i].words);
		assert_says(said, rows[i].named);
	}
}

Test(runner, the_library_comes_before_what_was_preloaded)
{
	char expected[4096], other[1024];

	snprintf(other, sizeof(other), "%s/libipq.so.0", given("DEAD"));
	snprintf(expected, sizeof(expected), "%s\n", PRELOAD);
	cr_assert(RUN("%s sh -c 'echo $LD_PRELOAD'", IPQ_RUN) == 0);
	expect(expected);
	cr_assert(RUN("LD_PRELOAD= %s sh -c 'echo $LD_PRELOAD'", IPQ_RUN) == 0);
	expect(expected);
	snprintf(expected, sizeof(expected), "%s:%s\n", PRELOAD, other);
	cr_assert(RUN("LD_PRELOAD=%s %s sh -c 'echo $LD_PRELOAD'", other, IPQ_RUN) == 0);
	expect(expected);
	snprintf(expected, sizeof(expected), "%s\n", other);
	cr_assert(RUN("%s --library %s sh -c 'echo $LD_PRELOAD'", IPQ_RUN, other) == 0);
	expect(expected);
}

/* Even if the program changes its directory. */
Test(runner, a_library_is_preloaded_wherever_the_program_goes)
{
	char expected[4200];

	snprintf(expected, sizeof(expected), "%s/here.so\n", place);
	run("cp %s %s/here.so", PRELOAD, place);
	cr_assert(RUN("cd %s && %s --library here.so sh -c 'cd / && echo $LD_PRELOAD'",
		      place, IPQ_RUN) == 0);
	expect(expected);
}

/* The loader would print that it ignores the library, and run the program. */
Test(runner, no_program_runs_without_the_library_it_was_to_have)
{
	static const char *const names[] = { "a b", "a:b" };

	for (int i = 0; i < 2; i++) {
		run("mkdir '%s/%s' && cp %s %s '%s/%s'", place, names[i], IPQ_RUN, PRELOAD,
		    place, names[i]);
		cr_assert(RUN("'%s/%s/ipq-run' echo run", place, names[i]) == 125);
		assert_one_line(said);
		assert_says(said, names[i]);
		assert_says(said, "/libipq-preload.so: its name has a blank or a colon");
	}
	cr_assert(RUN("%s --library '%s/a b/libipq-preload.so' echo run", IPQ_RUN,
		      place) == 125);
	assert_says(said, "a blank or a colon");
	cr_assert(RUN("%s --library /nowhere/lib.so echo run", IPQ_RUN) == 125);
	cr_assert_str_eq(said, "ipq-run: --library: /nowhere/lib.so: No such file or "
			 "directory\n");
	cr_assert(RUN("%s --library $(printf '%%05000d' 0) echo run", IPQ_RUN) == 125);
	assert_says(said, "File name too long");
}

Test(runner, a_library_that_it_may_not_read_ends_with_125)
{
	char user[512];

	snprintf(user, sizeof(user), "%s --reuid=%d --clear-groups --", given("SETPRIV"),
		 NOBODY);
	if (RUN("%s %s --version", user, IPQ_RUN))
		SKIP("another user cannot run ipq-run here: %s", said);
	run("cp %s %s/secret.so && chmod 0 %s/secret.so", PRELOAD, place, place);
	cr_assert(RUN("%s %s --library %s/secret.so echo run", user, IPQ_RUN, place) == 125);
	assert_says(said, "/secret.so: Permission denied");
}

Test(runner, ipq_run_becomes_the_program)
{
	char pid[16];
	struct child c;

	child_start(&c, NULL, IPQ_RUN, "sh", "-c", "echo $$; cat; exit 42", NULL);
	snprintf(pid, sizeof(pid), "%d", c.pid);
	child_says(&c, pid);
	child_tell(&c, "standard input");
	child_says(&c, "standard input");
	cr_assert(child_end(&c) == 42);
	/* a script without #! */
	run("echo 'echo $0 $*' > %s/script && chmod +x %s/script", place, place);
	cr_assert(RUN("%s %s/script a b", IPQ_RUN, place) == 0);
	assert_says(said, "/script a b\n");
}

Test(runner, what_is_not_there_ends_with_127_what_is_no_program_with_126)
{
	cr_assert(RUN("%s no-such-program-anywhere", IPQ_RUN) == 127);
	assert_says(said, "no-such-program-anywhere: No such file or directory");
	cr_assert(RUN("%s %s/none", IPQ_RUN, place) == 127);
	run("echo true > %s/text", place);
	cr_assert(RUN("%s %s/text", IPQ_RUN, place) == 126);
	assert_says(said, "/text: Permission denied");
	cr_assert(RUN("PATH=%s:$PATH %s text", place, IPQ_RUN) == 126);
}

Test(runner, without_a_path_programs_are_where_execvp_looks)
{
	cr_assert(RUN("env -u PATH %s -n sh -c 'echo found'", IPQ_RUN) == 0);
	expect("found\n");
	cr_assert(RUN("env -u PATH %s no-such-program-anywhere", IPQ_RUN) == 127);
	cr_assert(RUN("PATH= %s -n sh", IPQ_RUN) == 127);
}

/* PATH must have more than the directory of wrappers. */
Test(runner, without_a_path_the_program_has_the_usual_one_behind_the_wrappers)
{
	static const char *const paths[] = { "env -u PATH", "env PATH=" };
	char expected[4200];

	snprintf(expected, sizeof(expected), "%s", IPQ_RUN);
	strcpy(strrchr(expected, '/'), "/wrappers:/usr/sbin:/usr/bin:/sbin:/bin\n");
	for (int i = 0; i < 2; i++) {
		cr_assert(RUN("%s %s /bin/sh -c 'ls / > /dev/null && echo $PATH'",
			      paths[i], IPQ_RUN) == 0, "%s", said);
		expect(expected);
	}
}

Test(runner, in_the_path_directories_are_no_programs_and_nothing_is_here)
{
	run("cd %s && mkdir echo && echo 'echo from here $*' > ours && chmod +x ours",
	    place);
	cr_assert(RUN("PATH=%s:$PATH %s echo yes", place, IPQ_RUN) == 0);
	expect("yes\n");
	for (int i = 0; i < 3; i++) {
		static const char *const paths[] = { ":/bin", "/bin:", "/bin::/usr/bin" };

		cr_assert(RUN("cd %s && PATH=%s %s ours a", place, paths[i],
			      IPQ_RUN) == 0);
		expect("from here a\n");
	}
}

static const char *program_at(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", place, name);
	return path;
}

/* Makes a copy of a program and changes it. */
static void make_program(const char *name, void (*change)(int fd))
{
	int fd;

	run("cp %s/raw %s", given("PROGRAMS"), program_at(name));
	fd = open(program_at(name), O_RDWR | O_CLOEXEC);
	cr_assert(fd >= 0);
	change(fd);
	close(fd);
}

static void make_foreign(int fd)
{
	uint16_t machine = EM_SPARCV9;

	cr_assert(pwrite(fd, &machine, sizeof(machine),
			 offsetof(Elf64_Ehdr, e_machine)) == sizeof(machine));
}

static void make_other_endian(int fd)
{
	unsigned char ident[EI_NIDENT];

	cr_assert(pread(fd, ident, sizeof(ident), 0) == sizeof(ident));
	ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
	cr_assert(pwrite(fd, ident, sizeof(ident), 0) == sizeof(ident));
}

/* As in an x32 program, whose machine is that of 64-bit programs. */
static void make_other_class(int fd)
{
	unsigned char class = sizeof(long) == 8 ? ELFCLASS32 : ELFCLASS64;

	cr_assert(pwrite(fd, &class, 1, EI_CLASS) == 1);
}

static void make_setuid(int fd)
{
	if (fchown(fd, NOBODY, -1))
		SKIP("files cannot be given to other users here");
	cr_assert(!fchmod(fd, 04755));
}

static void make_setgid(int fd)
{
	if (fchown(fd, -1, NOBODY))
		SKIP("files cannot be given to other groups here");
	cr_assert(!fchmod(fd, 02755));
}

/* ipq-run must print a reason and a remedy, and not run the program, by whatever
 * path it is named. */
static void expect_refusal(const char *user, const char *name, const char *reason,
			   const char *remedy)
{
	static const char *const scripts[] = { "#!%s/%s\n", "#! %s/%s -x\n",
					       "#!/usr/bin/env %.0s%s\n" };
	FILE *script;

	cr_assert(RUN("%s %s %s", user, IPQ_RUN, program_at(name)) == 125, "%s", said);
	assert_one_line(said);
	assert_says(said, program_at(name));
	assert_says(said, reason);
	assert_says(said, remedy);
	for (int i = 0; i < 3; i++) {
		script = fopen(program_at("script"), "we");
		cr_assert(script);
		fprintf(script, scripts[i], place, name);
		fclose(script);
		cr_assert(!chmod(program_at("script"), 0755));
		cr_assert(RUN("PATH=%s:$PATH %s %s %s", place, user, IPQ_RUN,
			      program_at("script")) == 125, "script %d: %s", i, said);
		assert_one_line(said);
		assert_says(said, program_at(name));
		assert_says(said, reason);
	}
}

Test(runner, a_program_of_another_architecture_is_refused)
{
	make_program("foreign", make_foreign);
	expect_refusal("", "foreign", "another architecture", "must be built for it");
	make_program("endian", make_other_endian);
	expect_refusal("", "endian", "another architecture", "must be built for it");
	make_program("class", make_other_class);
	expect_refusal("", "class", "another architecture", "must be built for it");
}

static void cut(int fd)
{
	struct stat st;

	cr_assert(!fstat(fd, &st) && !ftruncate(fd, st.st_size - 1));
}

static void cut_most(int fd)
{
	cr_assert(!ftruncate(fd, sizeof(Elf64_Ehdr) + 10));
}

/* Only zeros at its end may be missing, or sections, which are not needed to run it. */
static void cut_segments(int fd)
{
	cr_assert(!ftruncate(fd, 8192));
}

static void make_object(int fd)
{
	uint16_t type = ET_REL;

	cr_assert(pwrite(fd, &type, sizeof(type), offsetof(Elf64_Ehdr, e_type)) ==
		  sizeof(type));
}

Test(runner, a_file_that_is_no_whole_program_is_called_what_it_is)
{
	make_program("cut", cut_segments);
	expect_refusal("", "cut", "is not whole", "copy it again");
	make_program("cut", cut_most);
	expect_refusal("", "cut", "is not whole", "copy it again");
	make_program("stripped", cut);
	cr_assert(RUN("%s %s", IPQ_RUN, program_at("stripped")) != 125, "%s", said);
	make_program("object", make_object);
	expect_refusal("", "object", "an object file", "link it");
	run("cp %s %s", PRELOAD, program_at("library"));
	expect_refusal("", "library", "a shared library, not a program",
		       "the program that uses it");
}

/* A program of glibc that names the loader of musl. */
static void make_musl(int fd)
{
	static const char name[] = "/lib/ld-musl-x86_64.so.1";
	char bytes[4096];
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
	char *at = n > 0 ? memmem(bytes, n, "/lib", 4) : NULL;

	cr_assert(at && pwrite(fd, name, sizeof(name), at - bytes) == sizeof(name));
}

Test(runner, a_program_of_another_c_library_is_refused_before_its_loader_dies)
{
#ifdef __GLIBC__
	make_program("musl", make_musl);
	expect_refusal("", "musl", "is linked with another C library",
		       "build libipq with that one");
	cr_assert(RUN("%s --library %s %s", IPQ_RUN, PRELOAD, program_at("musl")) == 125);
	assert_says(said, "is for another C library than the program");
#else
	(void)make_musl;
	SKIP("this C library is not glibc");
#endif
}

Test(runner, a_library_that_is_named_must_fit_the_program)
{
	run("echo text > %s", program_at("text.so"));
	cr_assert(RUN("%s --library %s true", IPQ_RUN, program_at("text.so")) == 125);
	assert_one_line(said);
	assert_says(said, "/text.so: is not a shared library");
	make_program("program.so", cut_segments);
	cr_assert(RUN("%s --library %s true", IPQ_RUN, program_at("program.so")) == 125);
	assert_says(said, "or not a whole one");
	cr_assert(RUN("%s --library %s/raw true", IPQ_RUN, given("PROGRAMS")) == 125);
	assert_says(said, "/raw: is not a shared library");
	run("cp %s %s", PRELOAD, program_at("class.so"));
	cr_assert(RUN("printf '\\1' | dd of=%s bs=1 seek=4 conv=notrunc status=none",
		      program_at("class.so")) == 0);
	cr_assert(RUN("%s --library %s true", IPQ_RUN, program_at("class.so")) == 125);
	assert_one_line(said);
	assert_says(said, program_at("class.so"));
}

Test(runner, a_script_with_carriage_returns_is_told_so)
{
	static const char *const firsts[] = {
		"#!/bin/sh\\r", "#! /bin/sh -e\\r", "#!/usr/bin/env sh\\r",
	};

	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		run("printf '%s\\necho run\\r\\n' > %s && chmod +x %s", firsts[i],
		    program_at("script"), program_at("script"));
		cr_assert(RUN("%s %s", IPQ_RUN, program_at("script")) == 125, "%s", said);
		assert_one_line(said);
		assert_says(said, "/script: has lines that end in a carriage return");
		assert_says(said, "sed -i");
	}
	/* a file of that name may exist */
	run("cd %s && ln -s /bin/sh \"$(printf 'sh\\r')\" && "
	    "printf '#!%s/sh\\r\\necho run\\n' > script", place, place);
	cr_assert(RUN("%s %s", IPQ_RUN, program_at("script")) == 0, "%s", said);
	expect("run\n");
}

#ifdef __GLIBC__
/* An old program with its old C library is run in this way. */
Test(runner, the_loader_may_be_given_the_program)
{
	Dl_info loader;

	cr_assert(dladdr((void *)getauxval(AT_BASE), &loader));
	cr_assert(RUN("%s %s /bin/grep -q libipq-preload.so /proc/self/maps", IPQ_RUN,
		      loader.dli_fname) == 0, "%s", said);
}
#endif

#if defined(__x86_64__) || defined(__aarch64__)
/* ipq-run reads only headers, so these are enough. */
static void make_static_32bit(int fd)
{
	const Elf32_Ehdr header = {
		.e_ident = ELFMAG "\1\1",	/* ELFCLASS32, ELFDATA2LSB */
		.e_type = ET_EXEC,
#ifdef __x86_64__
		.e_machine = EM_386,
#else
		.e_machine = EM_ARM,
#endif
		.e_phoff = sizeof(header),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 2,
	};
	const Elf32_Phdr segments[2] = { { .p_type = PT_LOAD }, { .p_type = PT_NOTE } };

	cr_assert(pwrite(fd, &header, sizeof(header), 0) == sizeof(header));
	cr_assert(pwrite(fd, segments, sizeof(segments), sizeof(header)) ==
		  sizeof(segments));
}

#ifndef __x86_64__
Test(runner, a_static_32_bit_program_is_refused)
{
	make_program("static", make_static_32bit);
	expect_refusal("", "static", "is a 32-bit program", "link it again");
}
#endif

/* A dynamic loader: its name (DT_SONAME) is in its second segment, beyond
 * what is read first. */
static void make_loader_32bit(int fd)
{
	const Elf32_Phdr segment = { .p_type = PT_DYNAMIC, .p_offset = 4096 };
	const Elf32_Dyn entries[2] = { { .d_tag = DT_HASH }, { .d_tag = DT_SONAME } };
	const Elf32_Half type = ET_DYN;

	make_static_32bit(fd);
	cr_assert(pwrite(fd, &type, sizeof(type), offsetof(Elf32_Ehdr, e_type)) ==
		  sizeof(type));
	cr_assert(pwrite(fd, &segment, sizeof(segment), sizeof(Elf32_Ehdr) +
			 sizeof(segment)) == sizeof(segment));
	cr_assert(pwrite(fd, entries, sizeof(entries), 4096) == sizeof(entries));
}

Test(runner, a_32_bit_loader_is_a_32_bit_program)
{
	make_program("loader", make_loader_32bit);
	run("cp %s %s && cp %s %s", IPQ_RUN, place, PRELOAD, place);
	cr_assert(RUN("%s/ipq-run %s", place, program_at("loader")) == 125);
	assert_says(said, "/loader: is a 32-bit program, and there is no 32-bit");
}
#endif

#ifdef __x86_64__
/* With --libdir=lib, that directory has the 64-bit library, which a 32-bit
 * loader ignores. */
Test(runner, a_32_bit_program_is_given_a_32_bit_library_or_refused)
{
	make_program("loader", make_loader_32bit);
	run("cd %s && mkdir -p bin lib/libipq && cp %s bin && cp %s lib/libipq", place,
	    IPQ_RUN, PRELOAD);
	cr_assert(RUN("%s/bin/ipq-run %s", place, program_at("loader")) == 125);
	assert_says(said, "/loader: is a 32-bit program, and there is no 32-bit");
	cr_assert(RUN("%s/bin/ipq-run --library %s %s", place, PRELOAD,
		      program_at("loader")) == 125);
	assert_says(said, "is a 64-bit library, and the program a 32-bit one");
	/* a file that has the header of a 32-bit library */
	run("cd %s && mkdir -p lib32/libipq && cp loader lib32/libipq/libipq-preload.so",
	    place);
	cr_assert(RUN("%s/bin/ipq-run %s", place, program_at("loader")) != 125, "%s",
		  said);
	cr_assert(RUN("%s/bin/ipq-run --library %s/lib32/libipq/libipq-preload.so true",
		      place, place) == 125);
	assert_says(said, "is a 32-bit library, and the program a 64-bit one");
}
#endif

/* The kernel returns ENOENT, which is about the loader. */
Test(runner, a_program_whose_loader_is_not_there_ends_with_127)
{
	run("sed 's|/ld-|/no-|' %s/raw > %s", given("PROGRAMS"), program_at("stray"));
	cr_assert(!chmod(program_at("stray"), 0755));
	cr_assert(RUN("%s %s", IPQ_RUN, program_at("stray")) == 127, "%s", said);
	assert_one_line(said);
	assert_says(said, "/stray: No such file or directory");
}

/* The first line of a script. In it, % stands for the test's directory. */
Test(runner, what_a_script_asks_for_is_looked_at_as_the_kernel_and_env_do)
{
	static const struct {
		const char *first, *says;
		int status;
	} rows[] = {
		{ "#!/nowhere/sh", "/script: its interpreter /nowhere/sh is not there", 127 },
		{ "#!sh", "/script: its interpreter sh is not there", 127 },
		{ "#!%/lost", "/script: its interpreter /nowhere is not there", 127 },
		{ "#!%/loop", "/loop: cannot be read", 125 },
		{ "#!%", ": is not a program", 125 },
		{ "#!%/pipe", "/pipe: is not a program", 125 },
		{ "#!/proc/self/mem", "/script: Permission denied", 126 },
		{ "#!/usr/bin/env no-such-program", "no-such-program", 127 },
		/* these words name no program, even if a file of that name exists */
		{ "#!%/env -x", "", 0 },
		{ "#!%/env a=b", "", 0 },
		{ "#!%/env", "", 0 },
		{ "# a comment", "as ever", 0 },
	};

	run("cd %s && ln -s loop loop && mkfifo pipe && cp /bin/true env && "
	    "echo '#!/nowhere' > lost && chmod +x lost", place);
	make_program("-x", make_foreign);
	make_program("a=b", make_foreign);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run("printf '%%s\necho as ever\n' '%s' | sed '1s|%%|%s|' > %s/script && "
		    "chmod +x %s/script", rows[i].first, place, place, place);
		cr_assert(RUN("cd %s; PATH=%s:$PATH %s -n %s/script", place, place,
			      IPQ_RUN, place) == rows[i].status, "%s: %s", rows[i].first,
			  said);
		assert_says(said, rows[i].says);
	}
}

Test(runner, without_its_library_it_serves_nobody_and_says_what_to_do)
{
	run("cp %s %s/ipq-run", IPQ_RUN, place);
	cr_assert(RUN("%s/ipq-run sh -c 'echo served'", place) == 125);
	assert_one_line(said);
	assert_says(said, "cannot be served without libipq-preload.so");
	assert_says(said, "--library");
}

Test(runner, without_its_wrappers_it_leaves_path_alone)
{
	run("cp %s %s/ipq-run && cp %s %s/libipq-preload.so", IPQ_RUN, place, PRELOAD,
	    place);
	cr_assert(RUN("PATH=/bin %s/ipq-run sh -c 'echo $PATH'", place) == 0);
	expect("/bin\n");
}

/* Makes directories until the path has this many bytes, and enters the last. */
static void enter_long_name(size_t len)
{
	char name[201];
	size_t at = strlen(place), n;

	cr_assert(!chdir(place));
	for (; at < len; at += n + 1) {
		/* a name cannot be empty */
		n = len - at - 1 > 200 ? 198 : len - at - 1;
		memset(name, 'x', n);
		name[n] = '\0';
		cr_assert(!mkdir(name, 0755) && !chdir(name), "%zu bytes", n);
	}
	cr_assert(at == len);
}

/* The longest path that leaves room for the library's, and one byte more. */
Test(runner, directories_may_have_names_as_long_as_the_system_lets_them)
{
	const size_t room = 4096 - sizeof("/libipq-preload.so");
	const char *show = "./ipq-run -n sh -c 'echo $LD_PRELOAD' | wc -c";
	char expected[16];

	enter_long_name(room);
	run("cp %s . && cp %s libipq-preload.so", IPQ_RUN, PRELOAD);
	cr_assert(RUN("%s", show) == 0);
	snprintf(expected, sizeof(expected), "%d\n", 4096);
	expect(expected);
	run("rm -r %s/x*", place);
	enter_long_name(room + 1);
	/* if the path were cut off, it would name another file */
	run("cp %s . && cp %s libipq-preload.so && ln libipq-preload.so libipq-preload.s",
	    IPQ_RUN, PRELOAD);
	cr_assert(RUN("./ipq-run true") == 125);
	assert_says(said, "cannot be served without libipq-preload.so");
}

Test(runner, a_setuid_program_is_refused)
{
	make_program("setuid", make_setuid);
	expect_refusal("", "setuid", "setuid", "run it as its owner");
	cr_assert(!chown(program_at("setuid"), getuid(), -1));
	cr_assert(!chmod(program_at("setuid"), 04755));
	cr_assert(RUN("%s %s", IPQ_RUN, program_at("setuid")) != 125,
		  "one's own is nothing to refuse: %s", said);
}

Test(runner, a_setgid_program_is_refused)
{
	make_program("setgid", make_setgid);
	expect_refusal("", "setgid", "setgid", "run it with its group");
	/* without execute permission for the group, it is not setgid (bprm_fill_uid) */
	cr_assert(!chmod(program_at("setgid"), 02745));
	cr_assert(RUN("%s %s", IPQ_RUN, program_at("setgid")) != 125, "%s", said);
	cr_assert(!chown(program_at("setgid"), -1, getgid()));
	cr_assert(!chmod(program_at("setgid"), 02755));
	cr_assert(RUN("%s %s", IPQ_RUN, program_at("setgid")) != 125, "%s", said);
}

static void do_nothing(int fd)
{
	(void)fd;
}

/* Root gains no privilege by them, another user does. */
Test(runner, a_program_with_file_capabilities_is_refused)
{
	char user[512];

	snprintf(user, sizeof(user), "%s --reuid=%d --clear-groups --", given("SETPRIV"),
		 NOBODY);
	make_program("capable", do_nothing);
	if (RUN("PATH=$PATH:/sbin:/usr/sbin setcap cap_net_admin+ep %s",
		program_at("capable")))
		SKIP("setcap: %s", said);
	if (RUN("%s %s --version", user, IPQ_RUN))
		SKIP("another user cannot run ipq-run here: %s", said);
	expect_refusal(user, "capable", "file capabilities", "without them");
}

Test(runner, scripts_that_run_scripts_have_an_end)
{
	run("cd %s && for i in 1 2 3 4 5 6 7; do echo \"#!%s/s$((i + 1))\" > s$i; done; "
	    "echo '#!/bin/sh' > s8; chmod +x s*", place, place);
	cr_assert(RUN("%s %s/s1", IPQ_RUN, place) == 125);
	assert_says(said, "script");
	cr_assert(RUN("%s %s/s7", IPQ_RUN, place) == 0, "%s", said);
}

/* With a program that uses netlink itself. */
static void expect_served(const char *ipq_run)
{
	int heard = queued_port(AF_INET);
	char raw[512];
	struct child c;

	run("iptables-legacy -F OUTPUT && iptables-legacy -A OUTPUT -p udp --dport %d "
	    "-j NFQUEUE --queue-num 5", HEARD);
	snprintf(raw, sizeof(raw), "%s/raw", given("PROGRAMS"));
	child_start(&c, NULL, ipq_run, "-q", "5", raw, "3", "3", "bind", "recv", "send",
		    NULL);
	child_says(&c, "ready");
	udp_say(AF_INET, HEARD, "hello");
	udp_expect(heard, "hello");
	child_says(&c, "hook 3, in '', out 'lo', 33 bytes: hello");
	child_ends_well(&c);
}

Test(runner, programs_are_served_from_the_build_tree)
{
	expect_served(IPQ_RUN);
}

#ifdef __GLIBC__
/* The loader replaces $LIB (ld.so(8)), so that 32-bit children get their library, too. */
Test(runner, from_where_distributions_have_it_the_loader_takes_the_library)
{
	char ipq_run[64], expected[256];

	snprintf(ipq_run, sizeof(ipq_run), "%s/bin/ipq-run", place);
	run("cd %s && mkdir -p bin lib/libipq %s/libipq && cp %s bin && "
	    "cp %s lib/libipq && cp $(dirname %s)/iptables %s/libipq && "
	    "ln -s lib lib64 && ln -s . lib/$(uname -m)-linux-gnu", place,
	    given("LIBEXECDIR"), IPQ_RUN, PRELOAD, IPQ_RUN, given("LIBEXECDIR"));
	cr_assert(RUN("PATH=/bin %s sh -c 'echo $LD_PRELOAD; echo $PATH'", ipq_run) == 0);
	snprintf(expected, sizeof(expected), "%s/bin/../$LIB/libipq/libipq-preload.so\n"
		 "%s/bin/../%s/libipq:/bin\n", place, place, given("LIBEXECDIR"));
	expect(expected);
	expect_served(ipq_run);
}
#endif

/* If a script starts programs of the other class, their loader takes the library of that
 * class, by whichever name the system has for its directories. The builds for both
 * classes install these names. */
Test(runner, the_loader_chooses_among_names_made_for_it_in_directories_of_ones_own)
{
	static const char *const names[] = { "a/lib64", "b/lib" };
	char ipq_run[64], expected[256], library[sizeof(said)];

	snprintf(ipq_run, sizeof(ipq_run), "%s/bin/ipq-run", place);
	run("cd %s && mkdir -p bin lib/libipq && cp %s bin && cp %s lib/libipq", place,
	    IPQ_RUN, PRELOAD);
	for (int i = 0; i < 2; i++) {
		run("cd %s && rm -rf %s && mkdir -p %s/libipq/classes/%.1s && "
		    "cd %s/libipq/classes/%.1s && "
		    "for name in lib lib64 lib/$(uname -m)-linux-gnu; do "
		    "mkdir -p $name && ln -s %s/lib/libipq/libipq-preload.so $name; done",
		    place, given("LIBEXECDIR"), given("LIBEXECDIR"), names[i],
		    given("LIBEXECDIR"), names[i], place);
		cr_assert(RUN("%s -n sh -c 'echo $LD_PRELOAD'", ipq_run) == 0);
		snprintf(expected, sizeof(expected),
			 "%s/bin/../%s/libipq/classes/%.1s/$LIB/libipq-preload.so\n", place,
			 given("LIBEXECDIR"), names[i]);
		expect(expected);
	}
	expect_served(ipq_run);
	if (access(given("STAGED_IPQ_RUN"), X_OK))
		SKIP("the staged installation is missing: run staged-install first");
	cr_assert(RUN("find %s -path '*/libipq/libipq-preload.so' -type f | xargs realpath",
		      given("STAGED_PREFIX")) == 0);
	snprintf(library, sizeof(library), "%s", said);
	for (int i = 0; i < 2; i++) {
		cr_assert(RUN("realpath %s/%s/libipq/classes/%s/*.so",
			      given("STAGED_PREFIX"), given("LIBEXECDIR"), names[i]) == 0);
		expect(library);
	}
}

Test(runner, programs_are_served_from_an_installation_wherever_that_is)
{
	char ipq_run[4096];

	if (access(given("STAGED_IPQ_RUN"), X_OK))
		SKIP("the staged installation is missing: run staged-install first");
	expect_served(given("STAGED_IPQ_RUN"));
	/* and in another directory */
	run("cp -a %s %s/moved", given("STAGED_PREFIX"), place);
	snprintf(ipq_run, sizeof(ipq_run), "%s/moved/bin/ipq-run", place);
	if (access(ipq_run, X_OK))
		return;		/* the layout is different */
	cr_assert(RUN("%s sh -c 'echo $LD_PRELOAD:$PATH'", ipq_run) == 0);
	cr_assert(strstr(said, place));
	expect_served(ipq_run);
}
