/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the process that has a netlink socket open, as far as /proc shows it. Knows
 * nothing of queues. */
#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/netlink.h>

#include "holder.h"
#include "port_id.h"
#include "proc_net.h"

/* Finds the inode of a socket in /proc/net/netlink. The links in /proc/PID/fd contain it.
 * The columns are sk, Eth (the protocol), Pid (the port ID), Groups, Rmem, Wmem, Dump,
 * Locks, Drops, Inode (netlink_native_seq_show in the kernel). */
static bool find_inode(uint32_t port_id, unsigned long *inode)
{
	unsigned int protocol, pid;
	struct proc_file list;
	bool found = false;
	char text[256];

	if (!proc_net_open(&list, "netlink"))
		return false;
	while (!found && proc_file_line(&list, text, sizeof(text)))
		found = sscanf(text, "%*s %u %u %*s %*s %*s %*s %*s %*s %lu", &protocol, &pid,
			       inode) == 3 &&
			protocol == NETLINK_NETFILTER && pid == port_id;
	proc_file_close(&list);
	return found;
}

static bool has_socket(pid_t process, unsigned long inode)
{
	char path[64], link[64], wanted[64];
	struct dirent *entry;
	bool found = false;
	ssize_t n;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)process);
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	fds = opendir(path);
	if (!fds)
		return false;
	while (!found && (entry = readdir(fds))) {
		n = readlinkat(dirfd(fds), entry->d_name, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = '\0';
		found = !strcmp(link, wanted);
	}
	closedir(fds);
	return found;
}

/* Searches all processes, as the one that opened the socket may have passed it on. */
static pid_t find_holder(unsigned long inode)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t holder = 0;

	while (proc && !holder && (entry = readdir(proc)))
		if (entry->d_name[0] > '0' && entry->d_name[0] <= '9' &&
		    has_socket(atoi(entry->d_name), inode))
			holder = atoi(entry->d_name);
	if (proc)
		closedir(proc);
	return holder;
}

pid_t holder_of(uint32_t port_id)
{
	unsigned long inode;
	uint8_t family;
	pid_t process;

	if (!find_inode(port_id, &inode))
		return 0;
	/* sockets of other programs mostly have a process id as port ID (netlink(7)) */
	if (!port_id_read(port_id, &family, &process))
		process = port_id;
	return process > 0 && has_socket(process, inode) ? process : find_holder(inode);
}

void holder_name(pid_t process, char *name, size_t size)
{
	struct proc_file comm;
	char path[32];

	*name = '\0';
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)process);
	if (!proc_file_open(&comm, path))
		return;
	proc_file_line(&comm, name, size);
	proc_file_close(&comm);
	/* a process can give itself any name, with control characters in it */
	for (; *name; name++)
		*name = *name < ' ' || *name > '~' ? '?' : *name;
}

void holder_describe(pid_t process, char *text, size_t size)
{
	char name[32];

	holder_name(process, name, sizeof(name));
	if (!process)
		snprintf(text, size, "a process that cannot be seen from here");
	else if (name[0])
		snprintf(text, size, "process %d (%s)", (int)process, name);
	else
		snprintf(text, size, "process %d", (int)process);
}
