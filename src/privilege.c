/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out why the kernel refuses packets to this process, and what helps in its
 * environment. Knows nothing of queues. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "privilege.h"

static bool has_capability(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return !syscall(SYS_capget, &header, data) &&
	       data[0].effective & 1U << CAP_NET_ADMIN;
}

static bool file_has(const char *path, const char *word)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, word);
}

/* Container engines create one of these files, or set the variable (systemd-nspawn and
 * podman). */
static bool is_container(void)
{
	return !access("/.dockerenv", F_OK) || !access("/run/.containerenv", F_OK) ||
	       getenv("container");
}

/* For a process whose capability bounding set lacks CAP_NET_ADMIN: execve(2) removes it
 * from every program that is started here. */
static struct privilege_advice bounded(void)
{
	struct privilege_advice advice = {
		.why = "the capability bounding set here is without it, and no program can "
		       "get it, not even as root",
	};

	if (is_container())
		advice.mend = "start the container with --cap-add=NET_ADMIN";
	else if (file_has("/proc/self/cgroup", ".service"))
		advice.mend = "CapabilityBoundingSet= of the service must have CAP_NET_ADMIN";
	else
		advice.mend = "start the container with --cap-add=NET_ADMIN; of a service "
			      "CapabilityBoundingSet= must have CAP_NET_ADMIN";
	return advice;
}

static struct privilege_advice advise(void)
{
	if (has_capability())
		return (struct privilege_advice) {
			"this network namespace belongs to another user namespace, in which "
			"this user is not root",
			"run it as root outside of this user namespace; or, for packets of a "
			"network of its own",
			"unshare --net PROGRAM",
		};
	if (!prctl(PR_CAPBSET_READ, CAP_NET_ADMIN))
		return bounded();
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return (struct privilege_advice) {
			"no program that is started here can gain privileges (no_new_privs)",
			"start it as root; of a service AmbientCapabilities= must have "
			"CAP_NET_ADMIN", NULL,
		};
	if (geteuid() == 0)
		return (struct privilege_advice) {
			"root has given it up here", "start it as root that has all capabilities",
			NULL,
		};
	return (struct privilege_advice) {
		"it takes root, or a program that has the capability itself",
		"run as root, or, as root once", "setcap cap_net_admin+ep PROGRAM",
	};
}

void privilege_advise(struct privilege_advice *advice)
{
	int saved = errno;

	*advice = advise();
	errno = saved;
}
