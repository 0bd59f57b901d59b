/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies the structs that the arguments of system calls point to from a program's memory
 * and to it, in the layout of its architecture. Does not know what they are used for. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "layout.h"
#include "thread.h"

/* The kernel's struct msghdr. In that of some C libraries msg_iovlen is an int. */
struct msghdr_kernel {
	void *name;
	int namelen;
	struct iovec *iov;
	size_t iovlen;
	void *control;
	size_t controllen;
	unsigned int flags;
};

struct mmsghdr_kernel {
	struct msghdr_kernel hdr;
	unsigned int len;
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

#ifdef SYS_socketcall
int layout_get_socketcall(const struct call *c, uint64_t args[6])
{
	unsigned int n = call_socketcall_arguments(c);
	unsigned long native[6];

	if (get(c, native, c->args[1], n * sizeof(*native)))
		return -EFAULT;
	for (unsigned int i = 0; i < n; i++)
		args[i] = native[i];
	return 0;
}
#endif

void layout_clear(struct layout_message *m)
{
	memset(&m->msg, 0, sizeof(m->msg));
	m->name_at = 0;
	m->name_len = 0;
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
	return count ? get(c, m->iov, at, count * sizeof(*m->iov)) : 0;
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

int layout_get_message(const struct call *c, uint64_t at, struct layout_message *m)
{
	struct msghdr_kernel h;

	memset(&m->msg, 0, sizeof(m->msg));
	m->at = at;
	if (get(c, &h, at, sizeof(h)))
		return -EFAULT;
	if (h.namelen < 0)
		return -EINVAL;		/* __copy_msghdr */
	m->name_at = (uintptr_t)h.name;
	m->name_len = (size_t)h.namelen < sizeof(m->name) ? (size_t)h.namelen :
							    sizeof(m->name);
	m->msg.msg_name = h.name ? &m->name : NULL;
	m->msg.msg_namelen = h.name ? m->name_len : 0;
	return layout_get_buffers(c, (uintptr_t)h.iov, h.iovlen, m);
}

void layout_put_name(const struct call *c, const struct layout_message *m)
{
	socklen_t len = m->msg.msg_namelen < m->name_len ? m->msg.msg_namelen :
							   m->name_len;

	if (m->msg.msg_name)
		put(c, m->name_at, &m->name, len);
}

#define PUT(c, m, field, value)						\
	put((c), (m)->at + offsetof(struct msghdr_kernel, field),		\
	    &(typeof(((struct msghdr_kernel *)0)->field)) { value },		\
	    sizeof(((struct msghdr_kernel *)0)->field))

void layout_put_message(const struct call *c, const struct layout_message *m)
{
	int len = m->msg.msg_namelen;

	layout_put_name(c, m);
	if (m->msg.msg_name)
		PUT(c, m, namelen, len);
	PUT(c, m, controllen, 0);
	PUT(c, m, flags, m->msg.msg_flags);
}

uint64_t layout_mmsg_at(uint64_t at, unsigned int n)
{
	return at + (uint64_t)n * sizeof(struct mmsghdr_kernel);
}

void layout_put_mmsg_len(const struct call *c, uint64_t at, unsigned int n, uint32_t len)
{
	put(c, layout_mmsg_at(at, n) + offsetof(struct mmsghdr_kernel, len), &len,
	    sizeof(len));
}

#define NS_PER_S 1000000000

int layout_get_time(const struct call *c, uint64_t at, bool is_64bit, int64_t *ns)
{
	bool is_narrow = !is_64bit && sizeof(long) == 4;
	int64_t sec, nsec;
	int32_t narrow[2];
	int64_t wide[2];

	if (is_narrow ? get(c, narrow, at, sizeof(narrow)) :
			get(c, wide, at, sizeof(wide)))
		return -EFAULT;
	sec = is_narrow ? narrow[0] : wide[0];
	nsec = is_narrow ? narrow[1] : wide[1];
	/* in a 32-bit program the upper half of tv_nsec is padding (get_timespec64) */
	if (!is_narrow && sizeof(long) == 4)
		nsec = (int32_t)nsec;
	if (sec < 0 || nsec < 0 || nsec >= NS_PER_S)
		return -EINVAL;		/* timespec64_valid */
	*ns = sec < INT64_MAX / NS_PER_S ? sec * NS_PER_S + nsec : INT64_MAX;
	return 0;
}

int layout_get_int(const struct call *c, uint64_t at, int *value)
{
	return get(c, value, at, sizeof(*value));
}

void layout_put_int(const struct call *c, uint64_t at, int value)
{
	put(c, at, &value, sizeof(value));
}
