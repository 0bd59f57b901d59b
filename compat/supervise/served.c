/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread of a supervised program for which a system call is carried out. The parts of
 * libipq see its process id, capability, network namespace and settings, not those of
 * this process. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <linux/sockios.h>

#include "nfqueue.h"
#include "served.h"
#include "thread.h"

#define SOCKETS_MAX 64

static struct {
	pid_t id, process;
	bool is_32bit;
	int first, end;			/* its sockets have descriptors in this range */
	bool is_known;			/* the sockets have been duplicated: */
	unsigned int count;
	int sockets[SOCKETS_MAX];
} served;

static bool is_deprived;		/* CAP_NET_ADMIN is given up for a while */
static char **own_environment;		/* our environment, NULL if it is in use */
static uint64_t network_here;		/* our nfqueue_network; 0: not known */

pid_t served_thread(void)
{
	return served.id;
}

pid_t served_process(void)
{
	return served.process;
}

bool served_is_narrow(void)
{
	return served.is_32bit && sizeof(long) > sizeof(uint32_t);
}

unsigned long served_ulong_max(void)
{
	return served_is_narrow() ? UINT32_MAX : ULONG_MAX;
}

bool served_begin(pid_t thread, bool is_32bit, int first, int end)
{
	const struct thread *t = thread_find(thread);

	if (t) {
		served.id = t->id;
		served.process = t->process;
		served.is_32bit = is_32bit;
		served.first = first;
		served.end = end;
	}
	return t;
}

static void get_sockets(void)
{
	int fd;

	for (int at = served.first; at < served.end && served.count < SOCKETS_MAX; at++) {
		fd = thread_descriptor(served.id, at);
		if (fd >= 0 && nfqueue_port_id(fd))
			served.sockets[served.count++] = fd;
		else if (fd >= 0)
			close(fd);
	}
	served.is_known = true;
}

int served_socket(uint32_t port_id, uint64_t network)
{
	if (!served.is_known)
		get_sockets();
	for (unsigned int i = 0; i < served.count; i++)
		if (nfqueue_port_id(served.sockets[i]) == port_id &&
		    nfqueue_network(served.sockets[i]) == network)
			return served.sockets[i];
	return -1;
}

/* Closes our duplicates, which would keep sockets open when the program closes them. */
static void give_back_sockets(void)
{
	while (served.count)
		close(served.sockets[--served.count]);
	served.is_known = false;
}

typedef struct __user_cap_data_struct capabilities[_LINUX_CAPABILITY_U32S_3];

static bool get_capabilities(pid_t thread, capabilities data)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3, .pid = thread,
	};

	return !syscall(SYS_capget, &header, data);
}

/* Changes this thread only, as the system call does. C libraries' functions may change
 * all threads. */
static bool set_net_admin(bool has)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	capabilities data;

	if (!get_capabilities(0, data))
		return false;
	if (has)
		data[0].effective |= data[0].permitted & 1u << CAP_NET_ADMIN;
	else
		data[0].effective &= ~(1u << CAP_NET_ADMIN);
	return !syscall(SYS_capset, &header, data);
}

static uint64_t namespace_of(pid_t thread, const char *kind)
{
	char path[48];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)thread, kind);
	return stat(path, &st) ? 0 : st.st_ino;
}

bool served_lacks_capability(void)
{
	int saved = errno;
	capabilities data;
	bool lacks = get_capabilities(served.id, data) &&
		     !(data[0].effective & 1u << CAP_NET_ADMIN);

	errno = saved;
	return lacks;
}

/* The kernel checks the capability of the sender (netlink_net_capable), which is this
 * process. */
void served_give_up_capability(void)
{
	int saved = errno;

	is_deprived = set_net_admin(false);
	errno = saved;
}

void served_take_capability(void)
{
	if (served_lacks_capability())
		served_give_up_capability();
}

bool served_is_administrator(void)
{
	capabilities data;

	return (get_capabilities(served.id, data) &&
		data[0].effective & 1u << CAP_NET_ADMIN) || thread_user(served.id) == 0;
}

static void enter(int fd)
{
	if (!setns(fd, CLONE_NEWNET))
		network_here = 0;
}

void served_enter_network(void)
{
	int saved = errno, fd;
	char path[48];

	if (namespace_of(served.id, "net") != namespace_of(gettid(), "net")) {
		snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)served.id);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			enter(fd);
			close(fd);
		}
	}
	errno = saved;
}

int served_open_network(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

void served_enter_opened_network(int fd)
{
	enter(fd);
}

void served_enter_network_of(int fd, uint64_t network)
{
	int saved = errno, theirs;

	if (!network_here)
		network_here = nfqueue_here();
	if (network_here != network) {
		theirs = ioctl(fd, SIOCGSKNS);
		if (theirs >= 0) {
			enter(theirs);
			close(theirs);
		}
	}
	errno = saved;
}

#define ENVIRONMENT_MAX (1 << 21)	/* bytes, more than the kernel allows */
#define SETTINGS_MAX 32
static const char prefix[] = "LIBIPQ_";

/* Whether the variable would make this process write to a file as another user than the
 * thread's, who may not have the permission. */
static bool is_beyond_it(const char *variable)
{
	static const char trace[] = "LIBIPQ_TRACE=";

	return !strncmp(variable, trace, strlen(trace)) &&
	       thread_user(served.id) != geteuid();
}

/* Uses the environment with which the program was executed. If the program has changed it
 * since, only the program itself knows. */
void served_take_environment(void)
{
	static char text[ENVIRONMENT_MAX], *settings[SETTINGS_MAX + 1];
	size_t len = 0, n = 0;
	char path[48];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)served.id);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while (len < sizeof(text) - 1 &&
	       (got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += got;
	close(fd);
	text[len] = '\0';
	for (char *at = text; at < text + len; at += strlen(at) + 1)
		if (!strncmp(at, prefix, strlen(prefix)) && n < SETTINGS_MAX &&
		    !is_beyond_it(at))
			settings[n++] = at;
	settings[n] = NULL;
	/* without any setting, for example after env -i, those of ipq-run apply */
	if (n) {
		own_environment = environ;
		environ = settings;
	}
}

/* Whether the text can be written without waiting: a pipe that is writable has room for
 * PIPE_BUF bytes (pipe(7)). */
static bool takes_text(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return __fpending(stderr) <= PIPE_BUF && poll(&p, 1, 0) == 1 && p.revents & POLLOUT;
}

/* Writes the messages that were collected to the program's stderr. If they cannot be
 * written without waiting, they are lost. */
static void say_there(void)
{
	int theirs = thread_descriptor(served.id, STDERR_FILENO);
	int ours = theirs < 0 ? -1 : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

	if (ours >= 0)
		dup2(theirs, STDERR_FILENO);
	if (takes_text(STDERR_FILENO))
		fflush(stderr);
	else
		__fpurge(stderr);
	if (ours >= 0) {
		dup2(ours, STDERR_FILENO);
		close(ours);
	}
	if (theirs >= 0)
		close(theirs);
}

void served_end(void)
{
	int saved = errno;

	if (__fpending(stderr))
		say_there();
	give_back_sockets();
	if (is_deprived)
		set_net_admin(true);
	is_deprived = false;
	if (own_environment)
		environ = own_environment;
	own_environment = NULL;
	errno = saved;
}
