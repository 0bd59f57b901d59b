/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink port ids of our sockets, which tell that they are ours, and the family.
 * Knows nothing of sockets. */
#ifndef IPQ_PORT_ID_H
#define IPQ_PORT_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The nth number to try for a socket of the family that the process opens. The first
 * ones have its process id in them, for a person to see in the lists of /proc. That
 * tells nobody for sure: a process of another PID namespace may have the same id
 * (pid_namespaces(7)) and be in the same network namespace. They are free as a rule:
 * other sockets have a process id or, chosen by netlink_autobind, a number from the
 * upper half.
 */
#define PORT_IDS_MAX (1 << 20)
uint32_t port_id_of(uint8_t family, pid_t process, unsigned int nth);

/* The nth of a mover (mover.h) that the process starts; whether a port id is one. */
#define PORT_IDS_MOVERS 60
uint32_t port_id_of_mover(pid_t process, unsigned int nth);
bool port_id_is_movers(uint32_t port_id, pid_t *process);

/* Whether a port id is a handle's; then also the family, and the process that it
 * was most likely made for. */
bool port_id_read(uint32_t port_id, uint8_t *family, pid_t *process);

#endif
