/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The netlink port IDs of our sockets. A port ID tells that a socket is ours, and its
 * family. Knows nothing of sockets. */
#ifndef IPQ_PORT_ID_H
#define IPQ_PORT_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Returns the nth port ID that a process should try for a socket of the family. The first
 * ones contain its process id, which people can recognize in the lists of /proc. They do
 * not identify the process with certainty: a process in another PID namespace may have
 * the same id (pid_namespaces(7)) and be in the same network namespace. These port IDs
 * are usually free: other sockets have a process id as port ID, or a number from the
 * upper half if netlink_autobind has chosen it.
 */
#define PORT_IDS_MAX (1 << 20)
uint32_t port_id_of(uint8_t family, pid_t process, unsigned int nth);

/* Returns the nth port ID for a mover (mover.h) that the process starts.
 * port_id_is_movers returns whether a port ID is one of these, and sets process. */
#define PORT_IDS_MOVERS 60
uint32_t port_id_of_mover(pid_t process, unsigned int nth);
bool port_id_is_movers(uint32_t port_id, pid_t *process);

/* Returns whether a port ID is that of a handle. If so, sets the family and the process
 * that most likely opened the socket. */
bool port_id_read(uint32_t port_id, uint8_t *family, pid_t *process);

#endif
