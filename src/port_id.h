/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink port ids of our sockets, which tell process and family. Knows
 * nothing of sockets. */
#ifndef IPQ_PORT_ID_H
#define IPQ_PORT_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * ip_queue's socket was bound to getpid(), so one process could have one of
 * each family; a number made of both lets the kernel see to that still. It can
 * be nobody else's: other sockets have a process id or, chosen by
 * netlink_autobind, the upper half of the numbers.
 */
uint32_t port_id_of(uint8_t family, pid_t process);

/* The nth further one, from 0 to PORT_IDS_MORE - 1, for programs that open
 * several sockets without binding them. */
#define PORT_IDS_MORE 60
uint32_t port_id_more(uint8_t family, pid_t process, unsigned int nth);

/* Whether a port id is one of these; then also what it tells. */
bool port_id_read(uint32_t port_id, uint8_t *family, pid_t *process);

#endif
