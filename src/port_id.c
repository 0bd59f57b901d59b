/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink port ids of our sockets, which tell process and family. Knows
 * nothing of sockets. */
#include <sys/socket.h>

#include "port_id.h"

#define PROCESSES (1 << 22)	/* the kernel's PID_MAX_LIMIT */

/* Round numbers, so that a person sees the process id in the lists of /proc. */
#define IPV4 1040000000u
#define IPV6 1060000000u
#define MORE 1600000000u

uint32_t port_id_of(uint8_t family, pid_t process)
{
	return (family == AF_INET ? IPV4 : IPV6) + process;
}

uint32_t port_id_more(uint8_t family, pid_t process, unsigned int nth)
{
	return MORE + (2 * nth + (family == AF_INET6)) * PROCESSES + process;
}

bool port_id_read(uint32_t port_id, uint8_t *family, pid_t *process)
{
	if (port_id >= MORE && port_id < port_id_more(AF_INET, 0, PORT_IDS_MORE)) {
		*family = (port_id - MORE) / PROCESSES % 2 ? AF_INET6 : AF_INET;
		*process = (port_id - MORE) % PROCESSES;
		return true;
	}
	*family = port_id < IPV6 ? AF_INET : AF_INET6;
	*process = port_id - (*family == AF_INET ? IPV4 : IPV6);
	return port_id >= IPV4 && *process >= 0 && *process < PROCESSES;
}
