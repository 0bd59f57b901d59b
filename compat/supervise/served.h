/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread of a supervised program for which a system call is carried out. The parts of
 * libipq see its process id, capability, network namespace and settings, not those of
 * this process. This header is included before all others when they are compiled for
 * ipq-run. */
#ifndef SUPERVISE_SERVED_H
#define SUPERVISE_SERVED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

/* The thread that is served, and its process id as the program itself sees it. */
pid_t served_thread(void);
pid_t served_process(void);
#define getpid served_process

/* Begins to serve a thread, whose sockets have descriptors from first to end - 1. Returns
 * false and errno if the thread has ended. is_32bit: its system call is one of a 32-bit
 * program. */
bool served_begin(pid_t thread, bool is_32bit, int first, int end);

/* Whether the program has another form of ip_queue's messages than this process, since
 * its long has 32 bits; and the greatest value of its unsigned long. */
bool served_is_narrow(void);
unsigned long served_ulong_max(void);
#define PROGRAM_ULONG_MAX served_ulong_max()

/* Returns a duplicate of the thread's socket with this port ID in this network namespace,
 * which is valid until served_end, or -1 if there is none. */
int served_socket(uint32_t port_id, uint64_t network);

/* Whether the thread does not have CAP_NET_ADMIN. If so, this process must give it up
 * for what it does in the thread's place, until served_end. served_take_capability does
 * both. */
bool served_lacks_capability(void);
void served_give_up_capability(void);
void served_take_capability(void);

/* Whether the thread has CAP_NET_ADMIN, or is root, and may write the module's sysctls
 * (net_ctl_permissions). */
bool served_is_administrator(void);

/* Enter the network namespace of the thread, of a socket, or one that was opened with
 * served_open_network. */
void served_enter_network(void);
int served_open_network(void);
void served_enter_opened_network(int fd);
void served_enter_network_of(int fd, uint64_t network);

/* Makes the thread's LIBIPQ_* variables our environment until served_end. */
void served_take_environment(void);

void served_end(void);

#endif
