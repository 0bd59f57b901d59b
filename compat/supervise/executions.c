/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Executes the wrappers in place of iptables, modprobe and similar commands, by whatever
 * path a supervised program executes them. A system call that is handed over can be
 * refused, carried out or continued, but not changed, as its arguments are in registers.
 * So the thread is stopped as by a debugger (ptrace(2)), which interrupts the call; new
 * arguments are written below its stack pointer, and the kernel restarts the call with
 * these. Mounts over the commands would need CAP_SYS_ADMIN and a mount namespace, outside
 * of which the program's own mounts could not be seen. Nothing is changed if the thread
 * has another tracer, if its stack has no room, or if it has another root directory. Does
 * not know which commands these are (execution.h). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "execution.h"
#include "executions.h"
#include "path.h"
#include "thread.h"

static struct environment started;
static char instead[PATH_MAX];		/* empty: no command is replaced */
static struct stat wrapper;

void executions_begin(void)
{
	environment_keep(&started, environ);
	if (!started.wrappers)
		return;
	snprintf(instead, sizeof(instead), "%s/" EXECUTION_INSTEAD, started.wrappers);
	if (stat(instead, &wrapper))
		*instead = '\0';
}

static bool is_same_file(const char *path, const struct stat *file)
{
	struct stat st;

	return !stat(path, &st) && st.st_dev == file->st_dev && st.st_ino == file->st_ino;
}

bool executions_is_wrapper(pid_t thread)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)thread);
	return *instead && is_same_file(path, &wrapper);
}

#if defined(__x86_64__) && !defined(__ILP32__)

#define WORDS_MAX 4096
#define TEXT_MAX (1 << 18)

/* Functions may have data in this many bytes below the stack pointer. */
#define RED_ZONE 128

static bool has_our_root(pid_t thread)
{
	char path[48];
	struct stat own;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)thread);
	return !stat("/", &own) && is_same_file(path, &own);
}

/* The arguments of execve(2), or the equivalent of those of execveat(2). */
struct arguments {
	char file[PATH_MAX];
	uint64_t words_at, variables_at;
};

/* Reads a link in the thread's directory in /proc, and appends name if it is not
 * empty. */
static bool follow(pid_t thread, const char *link, const char *name, char file[PATH_MAX])
{
	char path[PATH_MAX], end[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)thread, link);
	n = readlink(path, end, sizeof(end) - 1);
	if (n <= 0 || *end != '/')
		return false;
	end[n] = '\0';
	return snprintf(file, PATH_MAX, "%s%s%s", end, *name ? "/" : "", name) < PATH_MAX;
}

/* Gets the name of the file that is executed, by which this process finds it too. */
static bool get_file(const struct call *c, char file[PATH_MAX])
{
	static const char self[] = "/proc/self/";
	bool at = c->kind == CALL_EXECVEAT;
	int directory = at ? (int)c->args[0] : AT_FDCWD;
	char name[PATH_MAX], link[32] = "cwd";
	const void *from = (const void *)(uintptr_t)c->args[at];

	if (thread_read_text(c->thread, name, from, sizeof(name)) < 0)
		return false;
	if (!strncmp(name, self, strlen(self)))
		return follow(c->thread, name + strlen(self), "", file);
	if (*name == '/')
		return snprintf(file, PATH_MAX, "%s", name) > 0;
	if (directory != AT_FDCWD)
		snprintf(link, sizeof(link), "fd/%d", directory);
	return (*name || (at && c->args[4] & AT_EMPTY_PATH)) &&
	       follow(c->thread, link, name, file);
}

static bool get_arguments(const struct call *c, struct arguments *a)
{
	unsigned int first = c->kind == CALL_EXECVEAT;

	a->words_at = c->args[first + 1];
	a->variables_at = c->args[first + 2];
	return get_file(c, a->file);
}

static size_t pointer_size(const struct call *c)
{
	return call_is_32bit(c) ? sizeof(uint32_t) : sizeof(uint64_t);
}

/* Copies an array of pointers with the NULL at its end. Returns the number of pointers
 * before it, or -1 if there are too many or they cannot be read. */
static int get_pointers(const struct call *c, uint64_t at, uint64_t to[WORDS_MAX])
{
	size_t size = pointer_size(c);

	for (int n = 0; n < WORDS_MAX; n++) {
		to[n] = 0;	/* x86 has the lower half of a pointer first */
		if (at && thread_read(c->thread, &to[n],
				      (const void *)(uintptr_t)(at + n * size), size))
			return -1;
		if (!to[n])
			return n;
	}
	return -1;
}

/* A list of strings: their addresses in the program, and copies of them. */
struct list {
	uint64_t at[WORDS_MAX];
	char *copy[WORDS_MAX];
	int count;
	size_t len;
	char text[TEXT_MAX];
};

static bool get_list(const struct call *c, uint64_t at, int count_max, struct list *l)
{
	ssize_t len;

	l->count = get_pointers(c, at, l->at);
	l->len = 0;
	for (int i = 0; i < l->count && i < count_max; i++) {
		l->copy[i] = l->text + l->len;
		len = thread_read_text(c->thread, l->copy[i],
				       (const void *)(uintptr_t)l->at[i],
				       sizeof(l->text) - l->len);
		if (len < 0)
			return false;
		l->len += len + 1;
	}
	if (l->count >= 0)
		l->copy[l->count] = NULL;
	return l->count >= 0;
}

/* The bytes that are written to the program: strings, then arrays of pointers to them. */
struct image {
	uint64_t at;
	size_t len, size;
	unsigned char bytes[2 * TEXT_MAX];
};

static uint64_t put(struct image *image, const void *data, size_t len)
{
	uint64_t at = image->at + image->len;

	if (image->len + len > image->size)
		return 0;
	memcpy(image->bytes + image->len, data, len);
	image->len += len;
	return at;
}

static uint64_t put_text(struct image *image, const char *text)
{
	return put(image, text, strlen(text) + 1);
}

/* Puts an array of pointers into the image, with "size" bytes each. They point to the
 * program's own strings, or to new ones that are put into the image too. */
static uint64_t put_list(struct image *image, char *const *pointers,
			 const struct list *theirs, size_t size)
{
	uint64_t at[WORDS_MAX + ENVIRONMENT_KEPT_MAX + 4];
	size_t n = 0;

	for (; pointers[n]; n++) {
		at[n] = 0;
		for (int i = 0; i < theirs->count && !at[n]; i++)
			if (pointers[n] == theirs->copy[i])
				at[n] = theirs->at[i];
		if (!at[n])
			at[n] = put_text(image, pointers[n]);
	}
	at[n++] = 0;
	image->len = (image->len + 7) & ~(size_t)7;
	/* the lower half of each first, in place */
	for (size_t i = 0; i < n; i++)
		memmove((char *)at + i * size, &at[i], size);
	return put(image, at, n * size);
}

/* Waits until the thread, which is to stop, has stopped. Returns false if it ends instead.
 * If another thread of its process executes a program at this moment, that one ends all
 * others and may take over the id of this one (de_thread in the kernel). It is not traced
 * and does not stop, so this must not wait for that id without end. No signal and no
 * descriptor reports that, so this looks again after a pause. */
static bool has_stopped(pid_t thread, siginfo_t *info)
{
	static const struct timespec pause = { .tv_nsec = 20000 };

	do {
		/* fails if the thread with this id is not traced, or not any more */
		if (ptrace(PTRACE_INTERRUPT, thread, NULL, NULL))
			return false;
		nanosleep(&pause, NULL);
		info->si_pid = 0;
		/* without WEXITED this fails if it has ended, and leaves it to its parent */
		if (waitid(P_PID, thread, info, WSTOPPED | WNOHANG | __WALL))
			return false;
	} while (!info->si_pid);
	return true;
}

/* Stops the thread, which interrupts the call. The thread is then about to restart the
 * call, or about to receive a signal, which the caller must pass on to it. Returns false
 * if it cannot be stopped or has ended; its parent can still wait for it. */
static bool stop(pid_t thread, long *signal)
{
	siginfo_t info;

	if (ptrace(PTRACE_SEIZE, thread, NULL, NULL))
		return false;
	/* the id may belong to another thread by now */
	if (!thread_is_calling()) {
		ptrace(PTRACE_DETACH, thread, NULL, NULL);
		return false;
	}
	if (!has_stopped(thread, &info))
		return false;
	thread_begin_call(-1, 0);
	*signal = info.si_status >> 8 ? 0 : info.si_status;
	return true;
}

/* An error within the kernel, which programs never see. */
#define ERESTARTSYS 512

/* The first three arguments are in other registers in a 32-bit program (syscall(2)). */
static bool is_to_call_again(const struct call *c, const struct user_regs_struct *regs)
{
	uint64_t first = call_is_32bit(c) ? regs->rbx : regs->rdi;
	uint64_t second = call_is_32bit(c) ? regs->rcx : regs->rsi;

	return (int)regs->orig_rax == c->number && (int)regs->rax == -ERESTARTSYS &&
	       first == c->args[0] && second == c->args[1];
}

static void set_arguments(const struct call *c, struct user_regs_struct *regs,
			  uint64_t file, uint64_t words_at, uint64_t variables_at)
{
	if (call_is_32bit(c)) {
		regs->rbx = file;
		regs->rcx = words_at;
	} else {
		regs->rdi = file;
		regs->rsi = words_at;
	}
	regs->rdx = variables_at;
}

struct replacement {
	const struct execution *x;
	char *words[WORDS_MAX + 3];
	char *variables[WORDS_MAX + ENVIRONMENT_KEPT_MAX + 4];
	char bytes[TEXT_MAX];
};

static struct list words, variables;	/* only one call is handled at a time */
static struct replacement replacement;
static struct image image;

static bool change(const struct call *c, struct user_regs_struct *regs)
{
	size_t size = sizeof(instead) + PATH_MAX + variables.len + 3 * PATH_MAX +
		      (replacement.x->words + variables.count + ENVIRONMENT_KEPT_MAX + 8) *
		      sizeof(uint64_t);
	uint64_t file, words_at, variables_at;

	image.size = (size + 15) & ~(size_t)15;
	image.len = 0;
	image.at = (regs->rsp - RED_ZONE - image.size) & ~UINT64_C(15);
	if (image.size > sizeof(image.bytes) || (call_is_32bit(c) && image.at >> 32))
		return false;
	file = put_text(&image, instead);
	words_at = put_list(&image, replacement.words, &words, pointer_size(c));
	variables_at = put_list(&image, replacement.variables, &variables, pointer_size(c));
	regs->orig_rax = c->table->execve;
	set_arguments(c, regs, file, words_at, variables_at);
	return file && words_at && variables_at &&
	       !thread_write(c->thread, (void *)(uintptr_t)image.at, image.bytes,
			     image.len);
}

/* A call that was interrupted but could not be changed. The thread makes it again. */
static struct call unchanged;

static bool is_unchanged(const struct call *c)
{
	bool is = unchanged.thread == c->thread && unchanged.number == c->number &&
		  !memcmp(unchanged.args, c->args, sizeof(c->args));

	if (unchanged.thread == c->thread)
		unchanged.thread = 0;
	return is;
}

static bool replace_call(const struct call *c)
{
	struct user_regs_struct regs;
	long signal = 0;

	if (!stop(c->thread, &signal))
		return false;
	if (!signal && (ptrace(PTRACE_GETREGS, c->thread, NULL, &regs) ||
			!is_to_call_again(c, &regs) || !change(c, &regs) ||
			ptrace(PTRACE_SETREGS, c->thread, NULL, &regs)))
		unchanged = *c;
	ptrace(PTRACE_DETACH, c->thread, NULL, (void *)signal);
	return true;
}

static bool is_command(struct execution *x, const struct call *c, struct arguments *a)
{
	if (!get_arguments(c, a) || executions_is_wrapper(c->thread) ||
	    !get_list(c, a->words_at, 2, &words))
		return false;
	/* the first two words are enough to recognize a command */
	if (words.count > 2)
		words.copy[2] = NULL;
	execution_plan(x, &started, instead, a->file, words.copy, words.copy, -1);
	return x->file && has_our_root(c->thread);
}

bool executions_redirect(const struct call *c)
{
	struct arguments a;
	struct execution x;

	if (!*instead || is_unchanged(c) || !is_command(&x, c, &a) ||
	    !get_list(c, a.words_at, WORDS_MAX, &words) ||
	    !get_list(c, a.variables_at, WORDS_MAX, &variables))
		return false;
	execution_plan(&x, &started, instead, a.file, words.copy, variables.copy, -1);
	/* another thread may have changed the words meanwhile */
	if (!x.file || x.room.bytes > sizeof(replacement.bytes))
		return false;
	replacement.x = &x;
	execution_words(&x, a.file, words.copy, replacement.words);
	if (x.environment)
		environment_make(&started, variables.copy, &x.room, replacement.variables,
				 replacement.bytes);
	else
		memcpy(replacement.variables, variables.copy,
		       (variables.count + 1) * sizeof(*variables.copy));
	return replace_call(c);
}

#else

/* The registers of this architecture are not known here. The program only finds the
 * wrappers through PATH, in which they come first. */
bool executions_redirect(const struct call *c)
{
	(void)c;
	return false;
}

#endif
