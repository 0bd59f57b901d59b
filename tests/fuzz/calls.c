/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes how ipq-run reads the arguments and the memory of a supervised program that
 * sends or receives messages, and writes to it. The input is the call, then the program's
 * memory (memory.h). */
#include <errno.h>
#include <sys/socket.h>

#include "memory.h"
#include "../../compat/supervise/outside.h"
#include "../../compat/wire/traffic.c"
#include "clock.h"
#include "layout.h"
#include "messages.h"

static struct {
	size_t message_len;		/* of the next message that is received */
	bool is_empty;			/* there is none */
} given;

static bool is_narrow;			/* a 32-bit program makes the call */

static struct ipq_socket of_program;
unsigned char kept_room[KEPT_ROOM];

int thread_read(pid_t id, void *to, const void *from, size_t n)
{
	return memory_copy(id, to, memory_place(from, n), n);
}

static bool has_failed;

void thread_write_later(pid_t id, void *to, const void *from, size_t n)
{
	has_failed = has_failed || memory_copy(id, memory_place(to, n), from, n);
}

int thread_write_all(pid_t id)
{
	bool failed = has_failed;

	CHECK(id == MEMORY_THREAD);
	has_failed = false;
	return failed ? -1 : 0;
}

pid_t served_thread(void)
{
	return MEMORY_THREAD;
}

bool served_is_narrow(void)
{
	return is_narrow;
}

bool served_lacks_capability(void)
{
	return given.message_len & 1;
}

void served_give_up_capability(void)
{
}

void ip_queue_flush(struct ip_queue *q, int fd)
{
	(void)fd;
	CHECK(q == &of_program.queue);
}

void kept_begin(void)
{
}

void netlink_autobind(struct ipq_socket *s)
{
	CHECK(s == &of_program);
}

void netlink_put_address(uint32_t pid, void *address, socklen_t *len)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = pid };

	memcpy(address, &nl, *len < sizeof(nl) ? *len : sizeof(nl));
	*len = sizeof(nl);
}

/* All of the payload must be there. */
int ip_queue_request(struct ip_queue *q, int fd, const struct request *r,
		     const void *payload, const uint32_t *mark)
{
	size_t len = r->nlh.nlmsg_len > sizeof(*r) ? r->nlh.nlmsg_len - sizeof(*r) : 0;

	(void)fd;
	CHECK(q == &of_program.queue && !mark && (payload || !len));
	free(copy_of(payload, len));
	return 0;
}

int ip_queue_refuse(struct ip_queue *q, int fd, const struct request *r,
		    enum refusal refusal)
{
	(void)fd;
	(void)r;
	CHECK(q == &of_program.queue &&
	      (refusal == REFUSAL_IS_EINVAL || refusal == REFUSAL_IS_ECOMM));
	return 0;
}

ssize_t kept_receive(struct ipq_socket *s, int fd, void *buf, size_t len, size_t room,
		     int flags)
{
	const struct nlmsghdr nlh = { given.message_len, given.message_len % 2 ? IPQM_PACKET :
				      NLMSG_ERROR, 0, 0, 0 };

	(void)fd;
	(void)flags;
	CHECK(s == &of_program && room <= len + NARROW_LESS);
	if (given.is_empty) {
		errno = EAGAIN;
		return -1;
	}
	memset(buf, 0x5a, given.message_len < len ? given.message_len : len);
	if (given.message_len >= sizeof(nlh))
		memcpy(buf, &nlh, sizeof(nlh));
	return given.message_len;
}

static bool is_send(enum call_kind kind)
{
	return kind == CALL_WRITE || kind == CALL_WRITEV || kind == CALL_PWRITEV2 ||
	       kind == CALL_SENDTO || kind == CALL_SENDMSG || kind == CALL_SENDMMSG;
}

static bool is_receive(enum call_kind kind)
{
	return kind == CALL_READ || kind == CALL_READV || kind == CALL_PREADV2 ||
	       kind == CALL_RECVFROM || kind == CALL_RECVMSG || kind == CALL_RECVMMSG ||
	       kind == CALL_RECVMMSG_TIME64;
}

/* As the kernel's: bytes or messages, an error, or one of those that calls.h has. */
static void check_result(const struct call *c, int64_t result)
{
	if (result == CALL_CONTINUES)
		CHECK(c->kind == CALL_PREADV2 || c->kind == CALL_PWRITEV2);
	else if (result == CALL_WAITS)
		CHECK(is_receive(c->kind) && given.is_empty);
	else
		CHECK(result >= -4095 && result <= INT_MAX);
	CHECK(c->done <= IOV_MAX);
	if (c->kind == CALL_SENDMMSG || c->kind == CALL_RECVMMSG)
		CHECK(result < 0 || result == c->done);
}

static int some_socket(void)
{
	static int ends[2];

	if (!ends[1])
		CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	return ends[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct {
		uint16_t number, message_len;
		uint8_t flags, changes;	/* 1: there is no message; 2: for the second table */
		uint64_t args[6];
	} in;
	struct attempt a = { .fd = some_socket(), .socket = &of_program };
	struct call c = { .thread = served_thread(), .began = clock_ns() };
	int64_t result;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	call_read(&c, call_tables[in.flags >> 1 & 1 && call_tables[1]]->arch, in.number % 512,
		  in.args);
	is_narrow = call_is_32bit(&c);
	memory_make(data + sizeof(in), size - sizeof(in), in.changes, 0);
	if (c.kind == CALL_SOCKETCALL && !layout_get_socketcall(&c, in.args))
		call_read_socketcall(&c, in.args);
	if (!is_send(c.kind) && !is_receive(c.kind)) {
		memory_end();
		return 0;
	}
	given.message_len = in.message_len + 1;
	given.is_empty = in.flags & 1;
	has_failed = false;
	result = is_send(c.kind) ? messages_send(&c, &a) : messages_receive(&c, &a);
	check_result(&c, result);
	memory_end();
	return 0;
}
