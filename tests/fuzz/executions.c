/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes how ipq-run reads the words and the environment with which a supervised program
 * executes a command, and what it writes to the program's stack so that the wrapper is
 * executed instead. The input is the call, then the program's memory (memory.h). No
 * process is traced, and no file is looked at. */
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "memory.h"

static struct user_regs_struct registers;
static bool is_changed;

/* There are two files: the wrapper, and one that all other names mean. */
static int fake_stat(const char *path, struct stat *st)
{
	*st = (struct stat) { .st_ino = strncmp(path, "/wrappers/", 10) ? 1 : 2 };
	return 0;
}

static ssize_t fake_readlink(char *to, size_t size)
{
	return snprintf(to, size, "/directory");
}

static long fake_ptrace(int request, pid_t thread, void *data)
{
	CHECK(thread == MEMORY_THREAD);
	if (request == PTRACE_GETREGS)
		memcpy(data, &registers, sizeof(registers));
	if (request == PTRACE_SETREGS) {
		memcpy(&registers, data, sizeof(registers));
		is_changed = true;
	}
	return 0;
}

static int fake_waitid(siginfo_t *info)
{
	info->si_pid = MEMORY_THREAD;
	info->si_status = SIGTRAP | PTRACE_EVENT_STOP << 8;
	return 0;
}

#define access(path, mode) 0
#define getxattr(path, name, value, size) 0
#define ptrace(request, thread, address, data) fake_ptrace(request, thread, (void *)(data))
#define readlink(path, to, size) fake_readlink(to, size)
#define waitid(type, thread, info, options) fake_waitid(info)
#define nanosleep(pause, left) (void)(pause)
#define stat(path, st) fake_stat(path, st)
#include "../../compat/surroundings/execution.c"
#include "../../compat/supervise/executions.c"
#undef stat

bool command_find(const char *file, char *const *words_of_it, struct command *c)
{
	(void)file;
	(void)c;
	return words_of_it && words_of_it[0] && words_of_it[0][0] == 'i';
}

int thread_read(pid_t id, void *to, const void *from, size_t n)
{
	return memory_copy(id, to, memory_place(from, n), n);
}

int thread_write(pid_t id, void *to, const void *from, size_t n)
{
	return memory_copy(id, memory_place(to, n), from, n);
}

ssize_t thread_read_text(pid_t id, char *to, const void *from, size_t size)
{
	for (size_t len = 0; len < size; len++)
		if (thread_read(id, to + len, (void *)((uintptr_t)from + len), 1))
			return -1;
		else if (!to[len])
			return len;
	return -1;
}

void thread_begin_call(int listener, uint64_t call)
{
	(void)listener;
	(void)call;
}

bool thread_is_calling(void)
{
	return true;
}

/* Returns the nth of the pointers at this address. */
static uint64_t pointer_at(const struct call *c, uint64_t at, unsigned int n)
{
	size_t size = call_is_32bit(c) ? sizeof(uint32_t) : sizeof(uint64_t);
	const uint8_t *place = memory_place((void *)(uintptr_t)(at + n * size), size);
	uint64_t pointer = 0;

	CHECK(place);
	memcpy(&pointer, place, size);
	return pointer;
}

static const char *text_at(uint64_t at)
{
	const char *place = (const char *)memory_place((void *)(uintptr_t)at, 1);

	CHECK(place && memchr(place, '\0', memory.bytes + memory.size - (uint8_t *)place));
	return place;
}

/* The thread would execute the wrapper, with words and variables that it has. */
static void check_call(const struct call *c, uint64_t stack)
{
	uint64_t file = call_is_32bit(c) ? registers.rbx : registers.rdi;
	uint64_t list = call_is_32bit(c) ? registers.rcx : registers.rsi;
	unsigned int n;

	CHECK(registers.orig_rax == (call_is_32bit(c) ? 11 : SYS_execve));
	CHECK(registers.rsp == stack && !strcmp(text_at(file), instead));
	CHECK(!strcmp(text_at(pointer_at(c, list, 0)), EXECUTION_INSTEAD));
	for (n = 0; pointer_at(c, list, n); n++)
		CHECK(n < WORDS_MAX + 3);
	CHECK(n >= 3);
	for (n = 0; pointer_at(c, registers.rdx, n); n++)
		CHECK(n < WORDS_MAX + ENVIRONMENT_KEPT_MAX + 4);
}

/* As ipq-run starts a program, with two settings. */
static void begin(void)
{
	static char *variables_here[] = {
		(char *)"IPQ_RUN_WRAPPERS=/wrappers", (char *)"LIBIPQ_QUEUE=7",
		(char *)"LIBIPQ_MAXLEN=100", NULL,
	};
	char **before = environ;

	environ = variables_here;
	executions_begin();
	environ = before;
	CHECK(*instead);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct {
		uint8_t kind, changes;	/* 1: execveat; 2: of a 32-bit program */
		uint64_t args[5];
	} in;
	static const int numbers[] = { SYS_execve, SYS_execveat, 11, 358 };
	struct call c = { .thread = MEMORY_THREAD };
	uint64_t args[6] = { 0 }, stack;

	if (size < sizeof(in))
		return 0;
	if (!*instead)
		begin();
	memcpy(&in, data, sizeof(in));
	memcpy(args, in.args, sizeof(in.args));
	call_read(&c, call_tables[in.kind >> 1 & 1]->arch, numbers[in.kind & 3], args);
	memory_make(data + sizeof(in), size - sizeof(in), in.changes, 1 << 16);
	stack = MEMORY_BASE + memory.size;
	registers = (struct user_regs_struct) {
		.orig_rax = c.number, .rax = -ERESTARTSYS, .rdi = c.args[0],
		.rsi = c.args[1], .rbx = c.args[0], .rcx = c.args[1], .rsp = stack,
	};
	is_changed = false;
	executions_redirect(&c);
	if (is_changed)
		check_call(&c, stack);
	memory_end();
	return 0;
}
