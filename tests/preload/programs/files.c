/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files: opens the files of the module with each function of the C library, and
 * asks what they are. They must behave like files in /proc; all else must fail with
 * the right errno. */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "old.h"

#define QUEUE "/proc/net/ip_queue"
#define MAXLEN "/proc/sys/net/ipv4/ip_queue_maxlen"

#ifdef __GLIBC__
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int directory, const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);
char *__realpath_chk(const char *path, char *to, size_t size);
#endif

static int net;		/* descriptor of /proc/net */

static void reads(int fd)
{
	char text[256] = "", again[256] = "";
	ssize_t n;

	check(fd >= 0);
	/* short reads and offsets work as in any file */
	check(read(fd, text, 5) == 5 && !memcmp(text, "Peer ", 5));
	n = read(fd, text + 5, sizeof(text) - 6);
	check(n > 100 && text[n + 4] == '\n' && read(fd, again, 1) == 0);
	check(lseek(fd, 0, SEEK_SET) == 0 && read(fd, again, sizeof(again)) == n + 5);
	check(!strcmp(text, again));
	check(pread(fd, again, 3, 2) == 3 && !memcmp(again, "er ", 3));
	errno = 0;
	check(write(fd, "x", 1) == -1 && errno == EBADF);
	check((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	check(!close(fd));
}

static void streams(FILE *f)
{
	char line[64];

	check(f && fgets(line, sizeof(line), f) && !strncmp(line, "Peer PID", 8));
	check(!fclose(f));
}

/* Writes a number, and reads it back. */
static void writes(int fd, const char *text)
{
	char now[16] = "";
	int reader;

	check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	check(!close(fd));
	reader = open(MAXLEN, O_RDONLY);
	check(reader >= 0 && read(reader, now, sizeof(now)) > 0 && !close(reader));
	check(atoi(now) == atoi(text));
}

static void is_asked(void)
{
	char path[PATH_MAX], *own;
	struct stat st, open_st;
	struct stat64 st64;

	check(!stat(QUEUE, &st) && S_ISREG(st.st_mode) && !st.st_size);
	check((st.st_mode & 0777) == 0444);
	check(!fstat(open(QUEUE, O_RDONLY), &open_st));
	check(open_st.st_ino == st.st_ino && open_st.st_dev == st.st_dev);
	check(!open_st.st_size);
	check(!lstat(QUEUE, &st) && S_ISREG(st.st_mode));
	check(!fstatat(net, "ip_queue", &st, 0) && S_ISREG(st.st_mode));
	check(!stat(MAXLEN, &st) && (st.st_mode & 0777) == 0644);
	check(!stat64(QUEUE, &st64) && S_ISREG(st64.st_mode));
	check(!lstat64(QUEUE, &st64) && S_ISREG(st64.st_mode));
	check(!fstatat64(net, "ip_queue", &st64, 0) && S_ISREG(st64.st_mode));
	check(!access(QUEUE, R_OK) && !faccessat(net, "ip6_queue", R_OK, 0));
	check(!access(MAXLEN, R_OK | W_OK) && access(QUEUE, X_OK) == -1 && errno == EACCES);
#ifdef STATX_TYPE
	struct statx x;

	check(!statx(net, "ip_queue", 0, STATX_TYPE, &x) && S_ISREG(x.stx_mode));
#endif
	check(getxattr(QUEUE, "user.none", path, 1) == -1 && errno != ENOENT);
	check(lgetxattr(QUEUE, "user.none", path, 1) == -1 && errno != ENOENT);
	check(listxattr(QUEUE, path, 0) != -1 || errno != ENOENT);
	check(llistxattr(QUEUE, path, 0) != -1 || errno != ENOENT);
	check(readlink(QUEUE, path, sizeof(path)) == -1 && errno == EINVAL);
	check(readlinkat(net, "ip_queue", path, sizeof(path)) == -1 && errno == EINVAL);
	check(realpath(MAXLEN, path) == path && !strcmp(path, MAXLEN));
	check((own = realpath("/proc/self/../sys//net/./ipv4/ip_queue_maxlen", NULL)));
	check(!strcmp(own, MAXLEN));
#ifdef __GLIBC__
	check((own = canonicalize_file_name(MAXLEN)) && !strcmp(own, MAXLEN));
	check(__realpath_chk(MAXLEN, path, sizeof(path)) && !strcmp(path, MAXLEN));
	check(!euidaccess(QUEUE, R_OK) && !eaccess(QUEUE, R_OK));
#endif
}

#ifdef STATIC_I386
/* By system calls that today's C library makes no more, and structs of 64 and 96 bytes:
 * the inode is in the second word or in the last two, the mode in the third (with the
 * number of links) or in the fifth; the times are in six words from the ninth on, or from
 * the seventeenth. */
static void is_asked_as_earlier(void)
{
	unsigned int st[17], st64[25];

	memset(st, 0xcc, sizeof(st));
	memset(st64, 0xcc, sizeof(st64));
	check(!syscall(SYS_stat, QUEUE, st) && !syscall(SYS_stat64, QUEUE, st64));
	check(st[2] == (1 << 16 | S_IFREG | 0444) && st[3] == 0 && st[5] == 0);
	check(st64[4] == (S_IFREG | 0444) && st64[5] == 1 && st64[6] == 0 && st64[11] == 0);
	check(st[1] == st64[3] && st[1] == st64[22] && st64[23] == 0);
	check(st[16] == 0xcccccccc && st64[24] == 0xcccccccc);
	check(!syscall(SYS_lstat, MAXLEN, st) && st[2] == (1 << 16 | S_IFREG | 0644));
	check(!syscall(SYS_lstat64, MAXLEN, st64) && st64[4] == (S_IFREG | 0644));
	check(st[1] == st64[22] && !memcmp(&st[8], &st64[16], 6 * sizeof(*st)));
	check(st[8] > 1000000000 && st[9] < 1000000000);
	check(!syscall(SYS_fstat, open(MAXLEN, O_RDONLY), st));
	check(st[1] == st64[22] && st[2] == (1 << 16 | S_IFREG | 0644));
	check(!syscall(SYS_fstatat64, net, "ip_queue", st64, 0) && S_ISREG(st64[4]));
	check(syscall(SYS_stat, QUEUE, 4) == -1 && errno == EFAULT);
	check(syscall(SYS_stat64, QUEUE, 4) == -1 && errno == EFAULT);
}
#endif

/* Also if the library has made calls that fail. */
static void leaves_errno_alone(const char *path)
{
	FILE *f;
	int fd;

	errno = 4711;
	fd = open(path, O_RDONLY);
	check(fd >= 0 && errno == 4711 && !close(fd));
	f = fopen(path, "r");
	check(f && errno == 4711 && !fclose(f));
	check(!access(path, R_OK) && errno == 4711);
}

int main(void)
{
	struct stat st;

	old_limit();
	net = open("/proc/net", O_RDONLY | O_DIRECTORY);
	check(net >= 0);
	reads(open(QUEUE, O_RDONLY));
	reads(open(QUEUE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
	reads(openat(net, "ip_queue", O_RDONLY));
	reads(openat(AT_FDCWD, QUEUE, O_RDONLY));
	reads(open64(QUEUE, O_RDONLY));
	reads(openat64(net, "ip6_queue", O_RDONLY));
	streams(fopen(QUEUE, "r"));
	streams(fopen(QUEUE, "re"));
	streams(fopen64(QUEUE, "rb"));
	streams(freopen(QUEUE, "r", fopen("/dev/null", "r")));
	streams(freopen64(QUEUE, "r", fopen("/dev/null", "r")));
#ifdef __GLIBC__
	reads(__open_2(QUEUE, O_RDONLY));
	reads(__open64_2(QUEUE, O_RDONLY));
	reads(__openat_2(net, "ip_queue", O_RDONLY));
	reads(__openat64_2(net, "ip_queue", O_RDONLY));
#endif
	writes(open(MAXLEN, O_WRONLY), "11");
	writes(open(MAXLEN, O_WRONLY | O_CREAT | O_TRUNC, 0666), "12\n");
	writes(open(MAXLEN, O_RDWR), "13\n");
	writes(open64(MAXLEN, O_WRONLY | O_APPEND), "14\n");
	writes(creat(MAXLEN, 0644), "15\n");
	writes(creat64(MAXLEN, 0644), "16\n");
	check(open(MAXLEN, O_WRONLY | O_CREAT | O_EXCL, 0666) == -1 && errno == EEXIST);
	check(open(MAXLEN, O_RDONLY | O_DIRECTORY) == -1 && errno == ENOTDIR);
	check(open(QUEUE, O_RDONLY | O_DIRECTORY) == -1 && errno == ENOTDIR);
	is_asked();
#ifdef STATIC_I386
	is_asked_as_earlier();
#endif
	leaves_errno_alone(QUEUE);
	leaves_errno_alone(MAXLEN);
	leaves_errno_alone("/proc/modules");
	/* invalid arguments fail with the same errno as before */
	check(open(NULL, O_RDONLY) == -1 && errno == EFAULT);
	check(open((char *)1, O_RDONLY) == -1 && errno == EFAULT);
	check(stat((char *)1, &st) == -1 && errno == EFAULT);
	check(open("/nowhere/ip_queue", O_RDONLY) == -1 && errno == ENOENT);
	check(open("/proc/net/ip_queue/x", O_RDONLY) == -1 && errno == ENOENT);
	check(open("", O_RDONLY) == -1 && errno == ENOENT);
	check(openat(-1, "ip_queue", O_RDONLY) == -1 && errno == EBADF);
	check(!fopen("/proc/net/ip_queues", "r") && errno == ENOENT);
	say("done");
	return 0;
}
