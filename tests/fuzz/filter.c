/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the seccomp filter of supervised programs: for any system call with any
 * arguments it must decide what is written down here. The input is the window, and the
 * call's architecture, number and arguments. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>

#include "fuzz.h"

static struct sock_filter copy[BPF_MAXINSNS];

static unsigned int copy_len;

static int install(const struct sock_fprog *program)
{
	CHECK(program->len > 0 && program->len <= BPF_MAXINSNS);
	memcpy(copy, program->filter, program->len * sizeof(*copy));
	copy_len = program->len;
	return 3;
}

#define syscall(number, operation, flags, program) install(program)
#include "../../compat/supervise/filter.c"
#undef syscall

static bool is_true(uint16_t comparison, uint32_t a, uint32_t k)
{
	switch (comparison) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGE:
		return a >= k;
	case BPF_JGT:
		return a > k;
	default:
		CHECK(comparison == BPF_JSET);
		return a & k;
	}
}

/* Executes the filter as the kernel does, which accepts jumps forward only. */
static uint32_t decision(const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (unsigned int at = 0;; at++) {
		const struct sock_filter *i = &copy[at];

		CHECK(at < copy_len);
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			CHECK(i->code == (BPF_LD | BPF_W | BPF_ABS) && i->k % 4 == 0 &&
			      i->k <= sizeof(*data) - sizeof(a));
			memcpy(&a, (const char *)data + i->k, sizeof(a));
			break;
		case BPF_ALU:
			CHECK(i->code == (BPF_ALU | BPF_AND | BPF_K));
			a &= i->k;
			break;
		case BPF_JMP:
			at += is_true(BPF_OP(i->code), a, i->k) ? i->jt : i->jf;
			break;
		default:
			CHECK(i->code == (BPF_RET | BPF_K));
			return i->k;
		}
	}
}

static bool is_in(const struct window *w, uint64_t descriptor)
{
	return (uint32_t)descriptor >= w->first && (uint32_t)descriptor < w->end;
}

static bool is_for_us(enum call_kind kind, const uint64_t args[6], const struct window *w,
		      bool names)
{
	uint32_t protocol = args[2], command = args[1];

	switch (kind) {
	case CALL_NONE:
		return false;
	case CALL_DUP2:
	case CALL_DUP3:
		return is_in(w, args[0]) || is_in(w, args[1]);
	case CALL_FCNTL:
		return (command == F_DUPFD || command == F_DUPFD_CLOEXEC) &&
		       is_in(w, args[0]);
	case CALL_CLOSE_RANGE:
		return (uint32_t)args[1] >= w->first;
	case CALL_SOCKET:
		return (uint32_t)args[0] == AF_NETLINK &&
		       (protocol == NETLINK_FIREWALL || protocol == NETLINK_IP6_FW);
	case CALL_SOCKETCALL:
		return memchr("\4\5\10\15\16\17\22", (uint32_t)args[0] < 256 ? args[0] : 0,
			      7) == NULL;
	case CALL_EXEC:
	case CALL_EXECVEAT:
		return true;
	case CALL_STATAT:
		return names && (!(args[3] & AT_EMPTY_PATH) || is_in(w, args[0]));
	case CALL_STATX:
		return names && (!(args[2] & AT_EMPTY_PATH) || is_in(w, args[0]));
	case CALL_FSTAT:
	case CALL_FSTAT_NARROW:
		return names && is_in(w, args[0]);
	default:
		return kind <= CALL_OF_DESCRIPTOR_LAST ? is_in(w, args[0]) : names;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct {
		uint8_t names, which;	/* of the architectures, or a foreign one */
		uint16_t first, count, number;
		uint64_t args[6];
	} in;
	struct seccomp_data call = { .nr = 0 };
	struct window w;
	struct call c;
	uint32_t wanted = SECCOMP_RET_ALLOW;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	w = (struct window) { in.first, (unsigned int)in.first + in.count };
	CHECK(filter_install(&w, in.names & 1) == 3);
	call.arch = call_tables[in.which >> 1 & 1 && call_tables[1]]->arch ^ (in.which & 1);
	call.nr = in.number % 512;
	memcpy(call.args, in.args, sizeof(call.args));
	call_read(&c, call.arch, call.nr, in.args);
	if (c.kind == CALL_IO_URING_SETUP)
		wanted = SECCOMP_RET_ERRNO | ENOSYS;
	else if (is_for_us(c.kind, in.args, &w, in.names & 1))
		wanted = SECCOMP_RET_USER_NOTIF;
	CHECK(decision(&call) == wanted);
	return 0;
}
