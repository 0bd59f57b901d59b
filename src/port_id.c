/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The netlink port IDs of our sockets. A port ID tells that a socket is ours, and its
 * family. Knows nothing of sockets. */
#include <sys/socket.h>

#include "port_id.h"

#define PROCESSES (1 << 22)	/* the kernel's PID_MAX_LIMIT */

/* Round decimal numbers, so that the process id can be recognized in the lists of
 * /proc. */
#define IPV4 1040000000u
#define IPV6 1060000000u
#define MOVER 1080000000u
#define MORE 1600000000u

/* So many port IDs for each process and family fit between MORE and the upper half of all
 * port IDs. */
#define ROUNDS 60

static uint32_t more(uint8_t family, pid_t process, unsigned int round)
{
	return MORE + (2 * round + (family == AF_INET6)) * PROCESSES + process;
}

uint32_t port_id_of(uint8_t family, pid_t process, unsigned int nth)
{
	if (nth == 0)
		return (family == AF_INET ? IPV4 : IPV6) + process;
	nth--;
	/* then the port IDs of the process ids that follow */
	return more(family, (process + nth / ROUNDS) % PROCESSES, nth % ROUNDS);
}

uint32_t port_id_of_mover(pid_t process, unsigned int nth)
{
	return MOVER + nth * PROCESSES + process;
}

bool port_id_is_movers(uint32_t port_id, pid_t *process)
{
	*process = (port_id - MOVER) % PROCESSES;
	return port_id >= MOVER && port_id < port_id_of_mover(0, PORT_IDS_MOVERS);
}

bool port_id_read(uint32_t port_id, uint8_t *family, pid_t *process)
{
	if (port_id >= MORE && port_id < more(AF_INET, 0, ROUNDS)) {
		*family = (port_id - MORE) / PROCESSES % 2 ? AF_INET6 : AF_INET;
		*process = (port_id - MORE) % PROCESSES;
		return true;
	}
	*family = port_id < IPV6 ? AF_INET : AF_INET6;
	*process = port_id - (*family == AF_INET ? IPV4 : IPV6);
	return port_id >= IPV4 && *process >= 0 && *process < PROCESSES;
}
