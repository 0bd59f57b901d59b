/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom a call is carried out for: the thread of a supervised program whose process id,
 * capability, network namespace and settings the parts of libipq are to see in place of
 * our own. Included ahead of everything else when they are compiled for supervising. */
#ifndef SUPERVISE_SERVED_H
#define SUPERVISE_SERVED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

/* Of whom is served: the thread, and the process id as the program sees it itself. */
pid_t served_thread(void);
pid_t served_process(void);
#define getpid served_process

/* What follows is done for that thread, whose sockets have numbers from first to end - 1.
 * Returns false and errno if it is gone. */
bool served_begin(pid_t thread, int first, int end);

/* A duplicate of its socket with that port id, in that network namespace, until
 * served_end; -1: it has none. */
int served_socket(uint32_t port_id, uint64_t network);

/* It may have given up CAP_NET_ADMIN; then we have it not either, until served_end. */
void served_take_capability(void);

/* Whether it has that, or is root: whose the module's sysctls were
 * (net_ctl_permissions). */
bool served_is_administrator(void);

/* The network namespace of the thread, or of a socket, is ours from here on; or one that
 * was ours when it was opened. */
void served_enter_network(void);
int served_open_network(void);
void served_enter_opened_network(int fd);
void served_enter_network_of(int fd, uint64_t network);

/* The thread's LIBIPQ_* are the environment, until served_end. */
void served_take_environment(void);

void served_end(void);

#endif
