/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies the structs that the arguments of system calls point to from a program's memory
 * and to it, in the layout of its architecture. Does not know what they are used for. */
#include <errno.h>
#include <string.h>

#include "clock.h"
#include "layout.h"
#include "thread.h"

/* The members of the kernel's struct msghdr, in this order. Each of them takes one word,
 * as large as the program's long, even if it is an int. In struct mmsghdr msg_len
 * follows. */
enum {
	NAME, NAMELEN, IOV, IOVLEN, CONTROL, CONTROLLEN, FLAGS,
	MSGHDR_WORDS,
	LEN = MSGHDR_WORDS,
	MMSGHDR_WORDS
};

static void *pointer(uint64_t at)
{
	return (void *)(uintptr_t)at;
}

static int get(const struct call *c, void *to, uint64_t at, size_t n)
{
	return thread_read(c->thread, to, pointer(at), n) ? -EFAULT : 0;
}

static void put(const struct call *c, uint64_t at, const void *from, size_t n)
{
	thread_write_later(c->thread, pointer(at), from, n);
}

int layout_put_all(const struct call *c)
{
	return thread_write_all(c->thread) ? -EFAULT : 0;
}

static size_t word_size(const struct call *c)
{
	return call_is_32bit(c) ? sizeof(uint32_t) : sizeof(uint64_t);
}

/* Copies an array of n words, MSGHDR_WORDS at most. */
static int get_words(const struct call *c, uint64_t *to, uint64_t at, size_t n)
{
	uint32_t narrow[MSGHDR_WORDS];

	if (!call_is_32bit(c))
		return get(c, to, at, n * sizeof(*to));
	if (get(c, narrow, at, n * sizeof(*narrow)))
		return -EFAULT;
	for (size_t i = 0; i < n; i++)
		to[i] = narrow[i];
	return 0;
}

int layout_get_socketcall(const struct call *c, uint64_t args[6])
{
	return get_words(c, args, c->args[1], call_socketcall_arguments(c));
}

void layout_clear(struct layout_message *m)
{
	memset(&m->msg, 0, sizeof(m->msg));
	m->name_at = 0;
	m->name_len = 0;
}

static int get_iov(const struct call *c, uint64_t at, size_t count, struct iovec *iov)
{
	uint32_t narrow[IOV_MAX][2];
	uint64_t total = 0;

	if (!call_is_32bit(c))
		return get(c, iov, at, count * sizeof(*iov));
	if (get(c, narrow, at, count * sizeof(*narrow)))
		return -EFAULT;
	for (size_t i = 0; i < count; i++) {
		iov[i] = (struct iovec) { pointer(narrow[i][0]), narrow[i][1] };
		total += narrow[i][1];
		if (total > INT32_MAX)
			return -EINVAL;		/* more than its ssize_t holds */
	}
	return 0;
}

int layout_get_buffers(const struct call *c, uint64_t at, uint64_t count,
		       struct layout_message *m)
{
	m->msg.msg_iov = m->iov;
	m->msg.msg_iovlen = count;
	if (count > IOV_MAX) {
		m->msg.msg_iovlen = IOV_MAX + 1;
		return 0;
	}
	return count ? get_iov(c, at, count, m->iov) : 0;
}

void layout_set_buffer(struct layout_message *m, uint64_t at, size_t len)
{
	m->iov[0] = (struct iovec) { pointer(at), len };
	m->msg.msg_iov = m->iov;
	m->msg.msg_iovlen = 1;
}

int layout_get_name(const struct call *c, uint64_t at, int len, struct layout_message *m)
{
	if (len < 0 || (size_t)len > sizeof(m->name))
		return -EINVAL;
	if (!at || !len)
		return 0;
	m->msg.msg_name = &m->name;
	m->msg.msg_namelen = len;
	return get(c, &m->name, at, len);
}

/* Returns the int in a word, which it begins. */
static int int_in(const struct call *c, uint64_t word)
{
	bool is_above = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ && !call_is_32bit(c);

	return is_above ? word >> 32 : word;
}

int layout_get_message(const struct call *c, uint64_t at, struct layout_message *m)
{
	uint64_t words[MSGHDR_WORDS];
	int namelen;

	memset(&m->msg, 0, sizeof(m->msg));
	m->at = at;
	if (get_words(c, words, at, MSGHDR_WORDS))
		return -EFAULT;
	namelen = int_in(c, words[NAMELEN]);
	if (namelen < 0)
		return -EINVAL;		/* __copy_msghdr */
	m->name_at = words[NAME];
	m->name_len = (size_t)namelen < sizeof(m->name) ? (size_t)namelen :
							  sizeof(m->name);
	m->msg.msg_name = words[NAME] ? &m->name : NULL;
	m->msg.msg_namelen = words[NAME] ? m->name_len : 0;
	return layout_get_buffers(c, words[IOV], words[IOVLEN], m);
}

void layout_put_name(const struct call *c, const struct layout_message *m)
{
	socklen_t len = m->msg.msg_namelen < m->name_len ? m->msg.msg_namelen :
							   m->name_len;

	if (m->msg.msg_name)
		put(c, m->name_at, &m->name, len);
}

void layout_put_message(const struct call *c, const struct layout_message *m)
{
	static const uint64_t no_control;
	size_t word = word_size(c);

	layout_put_name(c, m);
	if (m->msg.msg_name)
		layout_put_int(c, m->at + NAMELEN * word, m->msg.msg_namelen);
	put(c, m->at + CONTROLLEN * word, &no_control, word);
	layout_put_int(c, m->at + FLAGS * word, m->msg.msg_flags);
}

uint64_t layout_mmsg_at(const struct call *c, uint64_t at, unsigned int n)
{
	return at + (uint64_t)n * MMSGHDR_WORDS * word_size(c);
}

void layout_put_mmsg_len(const struct call *c, uint64_t at, unsigned int n, uint32_t len)
{
	layout_put_int(c, layout_mmsg_at(c, at, n) + LEN * word_size(c), len);
}

int layout_get_time(const struct call *c, uint64_t at, bool is_64bit, int64_t *ns)
{
	bool is_narrow = !is_64bit && call_is_32bit(c);
	int64_t sec, nsec;
	int32_t narrow[2];
	int64_t wide[2];

	if (is_narrow ? get(c, narrow, at, sizeof(narrow)) :
			get(c, wide, at, sizeof(wide)))
		return -EFAULT;
	sec = is_narrow ? narrow[0] : wide[0];
	nsec = is_narrow ? narrow[1] : wide[1];
	/* in a 32-bit program the upper half of tv_nsec is padding (get_timespec64) */
	if (!is_narrow && call_is_32bit(c))
		nsec = (int32_t)nsec;
	*ns = clock_in_ns(sec, nsec);
	return *ns < 0 ? -EINVAL : 0;
}

struct time_i386 {
	uint32_t sec, nsec;
};

static struct time_i386 time_of(const struct timespec *ts)
{
	return (struct time_i386) { ts->tv_sec, ts->tv_nsec };
}

/* The kernel's struct stat64 of i386 (asm/stat.h). */
struct stat64_i386 {
	uint64_t dev;
	uint32_t pad, ino_low, mode, nlink, uid, gid;
	uint64_t rdev;
	uint32_t pad_too, size[2], blksize, blocks[2];
	struct time_i386 atime, mtime, ctime;
	uint32_t ino[2];
};

_Static_assert(sizeof(struct stat64_i386) == 96, "the kernel's size");

static void put_stat64_i386(const struct call *c, uint64_t at, const struct stat *st)
{
	static struct stat64_i386 s;	/* until layout_put_all */

	s = (struct stat64_i386) {
		.dev = st->st_dev,
		.ino_low = st->st_ino,
		.mode = st->st_mode,
		.nlink = st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.rdev = st->st_rdev,
		.size = { st->st_size, (uint64_t)st->st_size >> 32 },
		.blksize = st->st_blksize,
		.blocks = { st->st_blocks, (uint64_t)st->st_blocks >> 32 },
		.atime = time_of(&st->st_atim),
		.mtime = time_of(&st->st_mtim),
		.ctime = time_of(&st->st_ctim),
		.ino = { st->st_ino, (uint64_t)st->st_ino >> 32 },
	};

	put(c, at, &s, sizeof(s));
}

/* The kernel's struct stat of i386. */
struct stat_i386 {
	uint32_t dev, ino;
	uint16_t mode, nlink, uid, gid;
	uint32_t rdev, size, blksize, blocks;
	struct time_i386 atime, mtime, ctime;
	uint32_t unused[2];
};

_Static_assert(sizeof(struct stat_i386) == 64, "the kernel's size");

/* The files are those of the module, for which all members are large enough. */
static void put_stat_i386(const struct call *c, uint64_t at, const struct stat *st)
{
	static struct stat_i386 s;	/* until layout_put_all */

	s = (struct stat_i386) {
		.dev = st->st_dev,
		.ino = st->st_ino,
		.mode = st->st_mode,
		.nlink = st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.rdev = st->st_rdev,
		.size = st->st_size,
		.blksize = st->st_blksize,
		.blocks = st->st_blocks,
		.atime = time_of(&st->st_atim),
		.mtime = time_of(&st->st_mtim),
		.ctime = time_of(&st->st_ctim),
	};

	put(c, at, &s, sizeof(s));
}

void layout_put_stat(const struct call *c, uint64_t at, const struct stat *st)
{
	if (c->kind == CALL_STAT_NARROW || c->kind == CALL_FSTAT_NARROW)
		put_stat_i386(c, at, st);
	else if (call_is_32bit(c))
		put_stat64_i386(c, at, st);
	else
		put(c, at, st, sizeof(*st));
}

int layout_get_int(const struct call *c, uint64_t at, int *value)
{
	return get(c, value, at, sizeof(*value));
}

void layout_put_int(const struct call *c, uint64_t at, int value)
{
	put(c, at, &value, sizeof(value));
}
