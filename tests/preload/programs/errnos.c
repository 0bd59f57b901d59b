/* SPDX-License-Identifier: GPL-2.0-or-later */
/* errnos NAME...: calls each of the functions that the preload library exports,
 * on ip_queue sockets and other files, so that it succeeds. Prints which of them
 * have changed errno, where the C library's do not. Also prints names that it
 * has no case for. */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <libipq.h>

#include "old.h"

#define KEPT 77

static bool good;		/* whether the case has succeeded so far */

/* The call must succeed and not change errno. */
#define KEEPS(call)							\
	do {								\
		errno = KEPT;						\
		if (!(call)) {						\
			printf("line %d: %s: %s\n", __LINE__, #call, strerror(errno)); \
			good = false;					\
		} else if (errno != KEPT) {				\
			printf("line %d: %s: errno is %d\n", __LINE__, #call, errno); \
			good = false;					\
		}							\
	} while (0)

static int ours(int protocol)
{
	return old_open(protocol, SOCK_RAW);
}

/* A socket with one error message, and n more. */
static int answered(int n)
{
	int fd = ours(NETLINK_FIREWALL);
	struct old_request mode = old_mode_request(IPQ_COPY_META, 0);
	struct old_request verdict = old_verdict_request(99, NF_DROP, 0);

	check(send(fd, &mode, mode.nlh.nlmsg_len, 0) == (ssize_t)mode.nlh.nlmsg_len);
	for (; n >= 0; n--)
		check(send(fd, &verdict, verdict.nlh.nlmsg_len, 0) > 0);
	return fd;
}

static void pair(int fds[2])
{
	check(!socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
	check(send(fds[1], "word", 4, 0) == 4);
	check(send(fds[1], "word", 4, 0) == 4);
}

static char buf[4096];
static struct iovec iov = { buf, sizeof(buf) };
static struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
static struct old_request request;

static void case_socket(void)
{
	int fd, another;

	KEEPS((fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_FIREWALL)) >= 0);
	KEEPS((another = socket(AF_NETLINK, SOCK_RAW, NETLINK_FIREWALL)) >= 0);
	close(another);
	close(fd);
	KEEPS((fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_IP6_FW)) >= 0);
	close(fd);
	KEEPS((fd = socket(AF_INET, SOCK_DGRAM, 0)) >= 0);
	close(fd);
}

static void case_socketpair(void)
{
	int fds[2];

	KEEPS(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	close(fds[0]);
	close(fds[1]);
}

/* A socket with a connection to be accepted. */
static int called(int *caller)
{
	struct sockaddr_un nowhere = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(nowhere);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	*caller = socket(AF_UNIX, SOCK_STREAM, 0);
	check(!bind(fd, (struct sockaddr *)&nowhere, sizeof(sa_family_t)));
	check(!listen(fd, 1));
	check(!getsockname(fd, (struct sockaddr *)&nowhere, &len));
	check(!connect(*caller, (struct sockaddr *)&nowhere, len));
	return fd;
}

static void case_accept(void)
{
	int caller, fd = called(&caller);

	KEEPS(accept(fd, NULL, NULL) >= 0);
}

static void case_accept4(void)
{
	int caller, fd = called(&caller);

	KEEPS(accept4(fd, NULL, NULL, SOCK_CLOEXEC) >= 0);
}

static void case_bind(void)
{
	struct sockaddr_nl own = { .nl_family = AF_NETLINK, .nl_pid = getpid() };
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = ours(NETLINK_FIREWALL);

	KEEPS(!bind(fd, (struct sockaddr *)&own, sizeof(own)));
	KEEPS(!bind(fd, (struct sockaddr *)&own, sizeof(own)));
	close(fd);
	fd = ours(NETLINK_FIREWALL);
	own.nl_pid = 4242;
	KEEPS(!bind(fd, (struct sockaddr *)&own, sizeof(own)));
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	KEEPS(!bind(fd, (struct sockaddr *)&any, sizeof(any)));
}

static void case_connect(void)
{
	struct sockaddr_in lo = { .sin_family = AF_INET, .sin_port = htons(9),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	KEEPS(!connect(ours(NETLINK_FIREWALL), (const struct sockaddr *)&old_kernel,
		       sizeof(old_kernel)));
	KEEPS(!connect(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&lo, sizeof(lo)));
}

static void case_getsockname(void)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int fd = ours(NETLINK_FIREWALL);

	KEEPS(!getsockname(fd, (struct sockaddr *)&address, &len));
	len = sizeof(address);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	KEEPS(!getsockname(fd, (struct sockaddr *)&address, &len));
}

static void case_close(void)
{
	int fds[2], fd = answered(0);

	KEEPS(!close(fd));
	pair(fds);
	KEEPS(!close(fds[0]));
	KEEPS(!close(fds[1]));
	/* a number that was an ip_queue socket */
	fd = ours(NETLINK_FIREWALL);
	close(fd);
	check(open("/dev/null", O_RDONLY) == fd);
	KEEPS(!close(fd));
}

static void case_dup(void)
{
	KEEPS(dup(ours(NETLINK_FIREWALL)) >= 0);
	KEEPS(dup(STDOUT_FILENO) >= 0);
}

static void case_dup2(void)
{
	int fd = answered(0), other = ours(NETLINK_FIREWALL);

	KEEPS(dup2(STDOUT_FILENO, fd) == fd);
	KEEPS(dup2(other, fd) == fd);
	KEEPS(dup2(other, other) == other);
	KEEPS(dup2(STDOUT_FILENO, 40) == 40);
}

static void case_dup3(void)
{
	int fd = answered(0), other = ours(NETLINK_FIREWALL);

	KEEPS(dup3(STDOUT_FILENO, fd, 0) == fd);
	KEEPS(dup3(other, fd, O_CLOEXEC) == fd);
	KEEPS(dup3(STDOUT_FILENO, 40, 0) == 40);
}

#ifdef CLOSE_RANGE_UNSHARE
static void case_close_range(void)
{
	answered(0);
	KEEPS(!close_range(3, ~0U, 0));
	KEEPS(!close_range(3, ~0U, 0));
}

static void case_closefrom(void)
{
	answered(0);
	KEEPS((closefrom(3), true));
}
#endif

static void use_fcntl(int (*function)(int fd, int command, ...))
{
	int fd = ours(NETLINK_FIREWALL);

	KEEPS(function(fd, F_GETFL) >= 0);
	KEEPS(function(fd, F_DUPFD, 30) >= 30);
	KEEPS(function(fd, F_DUPFD_CLOEXEC, 30) >= 30);
	KEEPS(!function(fd, F_SETFL, O_NONBLOCK));
	KEEPS(function(STDOUT_FILENO, F_DUPFD, 30) >= 30);
}

static void case_fcntl(void)
{
	use_fcntl(fcntl);
}

static void case_send(void)
{
	int fds[2];

	pair(fds);
	KEEPS(send(ours(NETLINK_FIREWALL), &request, sizeof(request), 0) > 0);
	KEEPS(send(fds[0], buf, 4, 0) == 4);
}

static void case_sendto(void)
{
	int fds[2];

	pair(fds);
	KEEPS(sendto(ours(NETLINK_FIREWALL), &request, sizeof(request), 0,
		     (const struct sockaddr *)&old_kernel, sizeof(old_kernel)) > 0);
	KEEPS(sendto(fds[0], buf, 4, 0, NULL, 0) == 4);
}

static struct iovec halves[2] = {
	{ &request, 20 }, { (char *)&request + 20, sizeof(request) - 20 },
};
static struct msghdr scattered = { .msg_iov = halves, .msg_iovlen = 2 };

static void use_sendmsg(ssize_t (*function)(int fd, const struct msghdr *msg, int flags))
{
	int fds[2];

	pair(fds);
	KEEPS(function(ours(NETLINK_FIREWALL), &scattered, 0) == sizeof(request));
	KEEPS(function(fds[0], &scattered, 0) == sizeof(request));
}

static void case_sendmsg(void)
{
	use_sendmsg(sendmsg);
}

#define USE_SENDMMSG(function)						\
	struct mmsghdr msgs[2] = { { .msg_hdr = scattered }, { .msg_hdr = scattered } }; \
	int fds[2];							\
									\
	pair(fds);							\
	KEEPS(function(ours(NETLINK_FIREWALL), msgs, 2, 0) == 2);	\
	KEEPS(function(fds[0], msgs, 2, 0) == 2)

static void case_sendmmsg(void)
{
	USE_SENDMMSG(sendmmsg);
}

static void case_write(void)
{
	int fds[2];

	pair(fds);
	KEEPS(write(ours(NETLINK_FIREWALL), &request, sizeof(request)) > 0);
	KEEPS(write(fds[0], buf, 4) == 4);
}

static void case_writev(void)
{
	int fds[2];

	pair(fds);
	KEEPS(writev(ours(NETLINK_FIREWALL), halves, 2) == sizeof(request));
	KEEPS(writev(fds[0], halves, 2) == sizeof(request));
}

static void case_recv(void)
{
	int fds[2], fd = answered(1);

	pair(fds);
	KEEPS(recv(fd, buf, sizeof(buf), MSG_PEEK) > 0);
	KEEPS(recv(fd, buf, sizeof(buf), 0) > 0);
	KEEPS(recv(fd, buf, 20, MSG_TRUNC) > 20);
	KEEPS(recv(fds[0], buf, sizeof(buf), 0) == 4);
}

static void case_recvfrom(void)
{
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);
	int fds[2], fd = answered(1);

	pair(fds);
	KEEPS(recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len) > 0);
	KEEPS(recvfrom(fd, buf, sizeof(buf), 0, NULL, NULL) > 0);
	KEEPS(recvfrom(fds[0], buf, sizeof(buf), 0, NULL, NULL) == 4);
}

static void use_recvmsg(ssize_t (*function)(int fd, struct msghdr *msg, int flags))
{
	struct iovec parts[2] = { { buf, 16 }, { buf + 16, 2000 } };
	struct msghdr two = { .msg_iov = parts, .msg_iovlen = 2 };
	int fds[2], fd = answered(1);

	pair(fds);
	KEEPS(function(fd, &msg, 0) > 0);
	KEEPS(function(fd, &two, 0) > 0);
	KEEPS(function(fds[0], &two, 0) == 4);
}

static void case_recvmsg(void)
{
	use_recvmsg(recvmsg);
}

#define USE_RECVMMSG(function)						\
	struct mmsghdr msgs[2] = { { .msg_hdr = msg }, { .msg_hdr = msg } }; \
	int fds[2], fd = answered(1);					\
									\
	pair(fds);							\
	KEEPS(function(fd, msgs, 2, MSG_DONTWAIT, NULL) == 2);		\
	KEEPS(function(fds[0], msgs, 2, MSG_DONTWAIT, NULL) == 2)

static void case_recvmmsg(void)
{
	USE_RECVMMSG(recvmmsg);
}

static void case_read(void)
{
	int fds[2], fd = answered(0);

	pair(fds);
	KEEPS(read(fd, buf, 0) == 0);
	KEEPS(read(fd, buf, sizeof(buf)) > 0);
	KEEPS(read(fds[0], buf, sizeof(buf)) == 4);
}

static void case_readv(void)
{
	struct iovec parts[2] = { { buf, 16 }, { buf + 16, 2000 } };
	int fds[2], fd = answered(0);

	pair(fds);
	KEEPS(readv(fd, parts, 2) > 0);
	KEEPS(readv(fds[0], parts, 2) == 4);
}

#ifdef __GLIBC__
ssize_t __read_chk(int fd, void *buf, size_t n, size_t size);
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t size, int flags,
		       struct sockaddr *address, socklen_t *len);
int fcntl64(int fd, int command, ...);

static void case_read_chk(void)
{
	int fds[2], fd = answered(0);

	pair(fds);
	KEEPS(__read_chk(fd, buf, sizeof(buf), sizeof(buf)) > 0);
	KEEPS(__read_chk(fds[0], buf, sizeof(buf), sizeof(buf)) == 4);
}

static void case_recv_chk(void)
{
	int fds[2], fd = answered(0);

	pair(fds);
	KEEPS(__recv_chk(fd, buf, sizeof(buf), sizeof(buf), 0) > 0);
	KEEPS(__recv_chk(fds[0], buf, sizeof(buf), sizeof(buf), 0) == 4);
}

static void case_recvfrom_chk(void)
{
	int fds[2], fd = answered(0);

	pair(fds);
	KEEPS(__recvfrom_chk(fd, buf, sizeof(buf), sizeof(buf), 0, NULL, NULL) > 0);
	KEEPS(__recvfrom_chk(fds[0], buf, sizeof(buf), sizeof(buf), 0, NULL, NULL) == 4);
}

static void case_fcntl64(void)
{
	use_fcntl(fcntl64);
}

#if __TIMESIZE == 32 && __GLIBC_PREREQ(2, 34)
int __fcntl_time64(int fd, int command, ...);
ssize_t __sendmsg64(int fd, const struct msghdr *msg, int flags);
ssize_t __recvmsg64(int fd, struct msghdr *msg, int flags);
int __sendmmsg64(int fd, struct mmsghdr *msgs, unsigned int count, int flags);
int __recvmmsg64(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
		 void *timeout);

static void case_fcntl_time64(void)
{
	use_fcntl(__fcntl_time64);
}

static void case_sendmsg64(void)
{
	use_sendmsg(__sendmsg64);
}

static void case_recvmsg64(void)
{
	use_recvmsg(__recvmsg64);
}

static void case_sendmmsg64(void)
{
	USE_SENDMMSG(__sendmmsg64);
}

static void case_recvmmsg64(void)
{
	USE_RECVMMSG(__recvmmsg64);
}
#endif
#endif

/* A file of the module, its sysctl, and one of the system's. */
#define QUEUE "/proc/net/ip_queue"
#define MAXLEN "/proc/sys/net/ipv4/ip_queue_maxlen"
#define FILES(call)							\
	for (int i = 0; i < 3; i++) {					\
		const char *path = (const char *[]){ QUEUE, MAXLEN, "/dev/null" }[i]; \
									\
		KEEPS(call);						\
	}

static int directory(void)
{
	int fd = open("/proc/net", O_RDONLY | O_DIRECTORY);

	check(fd >= 0);
	return fd;
}

static struct stat asked;
static char found[PATH_MAX];

static void case_open(void)
{
	FILES(open(path, O_RDONLY) >= 0);
	KEEPS(open(MAXLEN, O_RDWR | O_CREAT, 0600) >= 0);
}

static void case_openat(void)
{
	FILES(openat(AT_FDCWD, path, O_RDONLY) >= 0);
	KEEPS(openat(directory(), "ip_queue", O_RDONLY) >= 0);
}

static void case_creat(void)
{
	KEEPS(creat(MAXLEN, 0600) >= 0);
	KEEPS(creat("/dev/null", 0600) >= 0);
}

static void case_fopen(void)
{
	FILES(fopen(path, "r"));
	KEEPS(fopen(MAXLEN, "r+"));
	KEEPS(fopen(MAXLEN, "w"));
}

static void case_freopen(void)
{
	FILE *f = fopen("/dev/null", "r");

	check(f);
	FILES(freopen(path, "r", f));
	KEEPS(freopen(MAXLEN, "w", f));
	KEEPS(freopen("/dev/null", "r", f));
}

static void case_listxattr(void)
{
	FILES(listxattr(path, NULL, 0) >= 0);
	FILES(llistxattr(path, NULL, 0) >= 0);
}

static void case_fdopen(void)
{
	KEEPS(fdopen(old_open(NETLINK_FIREWALL, SOCK_RAW), "r+"));
	KEEPS(fdopen(open("/dev/null", O_RDONLY), "r"));
}

static void case_fclose(void)
{
	FILE *written = fopen(MAXLEN, "w"), *other = fopen("/dev/null", "r");

	check(written && other && fputs("7", written) >= 0);
	KEEPS(!fclose(written));
	KEEPS(!fclose(other));
	written = fopen(MAXLEN, "w");
	check(written && fputs("8", written) >= 0);
	KEEPS(!fclose(written));
}

static void case_access(void)
{
	FILES(!access(path, R_OK));
}

static void case_faccessat(void)
{
	FILES(!faccessat(AT_FDCWD, path, R_OK, 0));
	KEEPS(!faccessat(directory(), "ip_queue", R_OK, 0));
}

static void case_fstat(void)
{
	FILES(!fstat(open(path, O_RDONLY), &asked));
}

static void case_stat(void)
{
	FILES(!stat(path, &asked));
}

static void case_lstat(void)
{
	FILES(!lstat(path, &asked));
}

static void case_fstatat(void)
{
	FILES(!fstatat(AT_FDCWD, path, &asked, 0));
	KEEPS(!fstatat(directory(), "ip_queue", &asked, 0));
}

#ifdef STATX_TYPE
static void case_statx(void)
{
	struct statx x;

	FILES(!statx(AT_FDCWD, path, 0, STATX_TYPE, &x));
}
#endif

static void case_readlink(void)
{
	KEEPS(readlink("/proc/self", found, sizeof(found)) > 0);
}

static void case_readlinkat(void)
{
	KEEPS(readlinkat(AT_FDCWD, "/proc/self", found, sizeof(found)) > 0);
}

static void case_realpath(void)
{
	/* glibc's changes it, too */
	check(realpath(MAXLEN, found) && realpath("/dev/null", NULL));
}

#ifdef __GLIBC__
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int directory, const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);
char *__realpath_chk(const char *path, char *to, size_t size);

static void case_open64(void)
{
	FILES(open64(path, O_RDONLY) >= 0);
}

static void case_openat64(void)
{
	FILES(openat64(AT_FDCWD, path, O_RDONLY) >= 0);
}

static void case_open_2(void)
{
	FILES(__open_2(path, O_RDONLY) >= 0);
	FILES(__open64_2(path, O_RDONLY) >= 0);
	FILES(__openat_2(AT_FDCWD, path, O_RDONLY) >= 0);
	FILES(__openat64_2(AT_FDCWD, path, O_RDONLY) >= 0);
}

static void case_creat64(void)
{
	KEEPS(creat64(MAXLEN, 0600) >= 0);
}

static void case_freopen64(void)
{
	FILE *f = fopen("/dev/null", "r");

	check(f);
	FILES(freopen64(path, "r", f));
}

static void case_fopen64(void)
{
	FILES(fopen64(path, "r"));
}

static void case_euidaccess(void)
{
	FILES(!euidaccess(path, R_OK));
	FILES(!eaccess(path, R_OK));
}

static struct stat64 asked64;

static void case_fstat64(void)
{
	FILES(!fstat64(open(path, O_RDONLY), &asked64));
}

static int old_fstat(const char *name, int fd, void *to)
{
	int (*function)(int version, int fd, void *to) =
		(typeof(function))dlsym(RTLD_DEFAULT, name);

	return function(sizeof(long) == 8 ? 1 : 3, fd, to);
}

static void case_fxstat(void)
{
	FILES(!old_fstat("__fxstat", open(path, O_RDONLY), &asked));
	FILES(!old_fstat("__fxstat64", open(path, O_RDONLY), &asked64));
}

static void case_stat64(void)
{
	FILES(!stat64(path, &asked64));
	FILES(!lstat64(path, &asked64));
	FILES(!fstatat64(AT_FDCWD, path, &asked64, 0));
}

/* Programs can no longer be linked to these, but older ones are. The version is 1 in
 * 64-bit programs, 3 in others. */
#define VERSION_OF_STAT (sizeof(long) == 8 ? 1 : 3)

static int old_stat(const char *name, const char *path, void *to)
{
	int (*function)(int version, const char *path, void *to) =
		(typeof(function))dlsym(RTLD_DEFAULT, name);

	return function(VERSION_OF_STAT, path, to);
}

static int old_fstatat(const char *name, const char *path, void *to)
{
	int (*function)(int version, int directory, const char *path, void *to, int flags) =
		(typeof(function))dlsym(RTLD_DEFAULT, name);

	return function(VERSION_OF_STAT, AT_FDCWD, path, to, 0);
}

static void case_xstat(void)
{
	FILES(!old_stat("__xstat", path, &asked));
	FILES(!old_stat("__xstat64", path, &asked64));
	FILES(!old_stat("__lxstat", path, &asked));
	FILES(!old_stat("__lxstat64", path, &asked64));
	FILES(!old_fstatat("__fxstatat", path, &asked));
	FILES(!old_fstatat("__fxstatat64", path, &asked64));
}

static void case_realpath_chk(void)
{
	check(__realpath_chk(MAXLEN, found, sizeof(found)));
	check(canonicalize_file_name(MAXLEN));
}
#endif

/* libipq's functions. They are looked up, as not every library under test has them. */
#define LIBIPQ(name) ((typeof(&name))dlsym(RTLD_DEFAULT, #name))

static struct ipq_handle *handle(void)
{
	struct ipq_handle *h = LIBIPQ(ipq_create_handle)(0, PF_INET);

	check(h);
	return h;
}

static void case_ipq_create_handle(void)
{
	KEEPS(LIBIPQ(ipq_create_handle)(0, PF_INET));
	KEEPS(LIBIPQ(ipq_create_handle)(0, PF_INET6));
}

static void case_ipq_destroy_handle(void)
{
	struct ipq_handle *h = handle();

	KEEPS(!LIBIPQ(ipq_destroy_handle)(h));
	KEEPS(!LIBIPQ(ipq_destroy_handle)(NULL));
}

static void case_ipq_set_mode(void)
{
	struct ipq_handle *h = handle();

	KEEPS(LIBIPQ(ipq_set_mode)(h, IPQ_COPY_PACKET, 2048) > 0);
	KEEPS(LIBIPQ(ipq_set_mode)(h, 99, 0) > 0);
}

static void case_ipq_set_verdict(void)
{
	struct ipq_handle *h = handle();

	KEEPS(LIBIPQ(ipq_set_verdict)(h, 99, NF_ACCEPT, 0, NULL) > 0);
	KEEPS(LIBIPQ(ipq_set_verdict)(h, 99, NF_ACCEPT, 40, (unsigned char *)buf) > 0);
}

static void case_ipq_set_vwmark(void)
{
	struct ipq_handle *h = handle();

	KEEPS(LIBIPQ(ipq_set_vwmark)(h, 99, NF_ACCEPT, 7, 0, NULL) > 0);
}

static void case_ipq_read(void)
{
	struct ipq_handle *h = handle();
	unsigned char *to = (unsigned char *)buf;

	KEEPS(LIBIPQ(ipq_read)(h, to, sizeof(buf), -1) == 0);
	KEEPS(LIBIPQ(ipq_read)(h, to, sizeof(buf), 1) == 0);
	check(LIBIPQ(ipq_set_verdict)(h, 99, NF_ACCEPT, 0, NULL) > 0);
	check(LIBIPQ(ipq_set_verdict)(h, 99, NF_ACCEPT, 0, NULL) > 0);
	KEEPS(LIBIPQ(ipq_read)(h, to, sizeof(buf), 1000000) > 0);
	KEEPS(LIBIPQ(ipq_read)(h, to, sizeof(buf), 0) > 0);
}

static void case_ipq_ctl(void)
{
	KEEPS(LIBIPQ(ipq_ctl)(handle(), 1) == 1);
}

static void case_ipq_errstr(void)
{
	KEEPS(LIBIPQ(ipq_errstr)());
}

static void case_ipq_perror(void)
{
	if (!freopen("/dev/null", "w", stderr))
		exit(1);
	KEEPS((LIBIPQ(ipq_perror)("name"), true));
}

static void case_ipq_message(void)
{
	unsigned char *of = (unsigned char *)buf;

	KEEPS(LIBIPQ(ipq_message_type)(of) >= 0);
	KEEPS(LIBIPQ(ipq_get_packet)(of));
	KEEPS(LIBIPQ(ipq_get_msgerr)(of) >= 0);
}

static void case_popen(void)
{
	FILE *output;

	ours(NETLINK_FIREWALL);		/* the shell is told of it in the environment */
	KEEPS((output = popen("true", "r")));
	pclose(output);
}

static void case_posix_spawn(void)
{
	char *words[] = { (char *)"true", NULL };
	pid_t pid;

	ours(NETLINK_FIREWALL);
	KEEPS(!posix_spawn(&pid, "/bin/true", NULL, NULL, words, environ));
	check(waitpid(pid, NULL, 0) == pid);
	/* looking in PATH changes errno in the C library */
	KEEPS(!posix_spawnp(&pid, "/bin/true", NULL, NULL, words, NULL));
	check(waitpid(pid, NULL, 0) == pid);
}

static void case_system(void)
{
	ours(NETLINK_FIREWALL);
	KEEPS(!system("true"));
}

static void nothing(void)
{
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "socket", case_socket },
	{ "socketpair", case_socketpair },
	{ "accept", case_accept },
	{ "accept4", case_accept4 },
	{ "bind", case_bind },
	{ "connect", case_connect },
	{ "getsockname", case_getsockname },
	{ "close", case_close },
	{ "dup", case_dup },
	{ "dup2", case_dup2 },
	{ "dup3", case_dup3 },
#ifdef CLOSE_RANGE_UNSHARE
	{ "close_range", case_close_range },
	{ "closefrom", case_closefrom },
#endif
	{ "fcntl", case_fcntl },
	{ "send", case_send },
	{ "sendto", case_sendto },
	{ "sendmsg", case_sendmsg },
	{ "sendmmsg", case_sendmmsg },
	{ "write", case_write },
	{ "writev", case_writev },
	{ "recv", case_recv },
	{ "recvfrom", case_recvfrom },
	{ "recvmsg", case_recvmsg },
	{ "recvmmsg", case_recvmmsg },
	{ "read", case_read },
	{ "readv", case_readv },
	{ "open", case_open },
	{ "openat", case_openat },
	{ "creat", case_creat },
	{ "fopen", case_fopen },
	{ "freopen", case_freopen },
	{ "fdopen", case_fdopen },
	{ "fclose", case_fclose },
	{ "listxattr", case_listxattr },
	{ "llistxattr", case_listxattr },
	{ "access", case_access },
	{ "faccessat", case_faccessat },
	{ "fstat", case_fstat },
	{ "stat", case_stat },
	{ "lstat", case_lstat },
	{ "fstatat", case_fstatat },
#ifdef STATX_TYPE
	{ "statx", case_statx },
#endif
	{ "readlink", case_readlink },
	{ "readlinkat", case_readlinkat },
	{ "realpath", case_realpath },
#ifdef __GLIBC__
	{ "open64", case_open64 },
	{ "openat64", case_openat64 },
	{ "__open_2", case_open_2 },
	{ "__open64_2", case_open_2 },
	{ "__openat_2", case_open_2 },
	{ "__openat64_2", case_open_2 },
	{ "creat64", case_creat64 },
	{ "fopen64", case_fopen64 },
	{ "freopen64", case_freopen64 },
	{ "euidaccess", case_euidaccess },
	{ "eaccess", case_euidaccess },
	{ "fstat64", case_fstat64 },
	{ "__fxstat", case_fxstat },
	{ "__fxstat64", case_fxstat },
	{ "stat64", case_stat64 },
	{ "lstat64", case_stat64 },
	{ "fstatat64", case_stat64 },
	{ "__xstat", case_xstat },
	{ "__xstat64", case_xstat },
	{ "__lxstat", case_xstat },
	{ "__lxstat64", case_xstat },
	{ "__fxstatat", case_xstat },
	{ "__fxstatat64", case_xstat },
	{ "__realpath_chk", case_realpath_chk },
	{ "canonicalize_file_name", case_realpath_chk },
	{ "__read_chk", case_read_chk },
	{ "__recv_chk", case_recv_chk },
	{ "__recvfrom_chk", case_recvfrom_chk },
	{ "fcntl64", case_fcntl64 },
#if __TIMESIZE == 32 && __GLIBC_PREREQ(2, 34)
	{ "__fcntl_time64", case_fcntl_time64 },
	{ "__sendmsg64", case_sendmsg64 },
	{ "__recvmsg64", case_recvmsg64 },
	{ "__sendmmsg64", case_sendmmsg64 },
	{ "__recvmmsg64", case_recvmmsg64 },
#endif
#endif
	/* files in /proc have no such attributes */
	{ "getxattr", nothing },
	{ "lgetxattr", nothing },
	/* these do not return on success */
	{ "execl", nothing },
	{ "execle", nothing },
	{ "execlp", nothing },
	{ "execv", nothing },
	{ "execve", nothing },
	{ "execveat", nothing },
	{ "execvp", nothing },
	{ "execvpe", nothing },
	{ "fexecve", nothing },
	{ "popen", case_popen },
	{ "posix_spawn", case_posix_spawn },
	{ "posix_spawnp", case_posix_spawn },
	{ "system", case_system },
	{ "ipq_create_handle", case_ipq_create_handle },
	{ "ipq_destroy_handle", case_ipq_destroy_handle },
	{ "ipq_set_mode", case_ipq_set_mode },
	{ "ipq_set_verdict", case_ipq_set_verdict },
	{ "ipq_set_vwmark", case_ipq_set_vwmark },
	{ "ipq_read", case_ipq_read },
	{ "ipq_ctl", case_ipq_ctl },
	{ "ipq_errstr", case_ipq_errstr },
	{ "ipq_perror", case_ipq_perror },
	{ "ipq_message_type", case_ipq_message },
	{ "ipq_get_packet", case_ipq_message },
	{ "ipq_get_msgerr", case_ipq_message },
	{ "ipq_errmap", nothing },	/* tables */
	{ "libipq_preload_functions", nothing },
};

/* Runs the case in a child, without descriptors of other cases. */
static bool run_case(const char *name)
{
	int status = 1;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(cases[i].name, name))
			continue;
		if (old_fork() == 0) {
			good = true;
			cases[i].run();
			fflush(stdout);
			_exit(!good);
		}
		wait(&status);
		if (status)
			printf("%s: failed\n", name);
		return !status;
	}
	printf("%s: has no case in errnos.c\n", name);
	return false;
}

int main(int argc, char **argv)
{
	bool all = true;

	old_limit();
	request = old_mode_request(IPQ_COPY_META, 0);
	for (int i = 1; i < argc; i++)
		all &= run_case(argv[i]);
	fflush(stdout);
	return !all;
}
