/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network for a test: namespaces, devices, rules, packets. Knows nothing of libipq. On
 * failure, ends the test and says why. */
#ifndef SUPPORT_NETWORK_H
#define SUPPORT_NETWORK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Limit in ms for waiting for something that is certain to happen. */
#define DEADLINE 10000

/* Moves the calling process to a new network namespace and sets lo up. The caller must be
 * root or in a user namespace where it is. Call this first in a test. */
void network_enter(void);

/* Adds another namespace, connected by a veth pair: veth0 in ours has 10.9.0.1 and
 * fd09::1, veth1 in the other has 10.9.0.2 and fd09::2. network_far runs a shell command
 * there; network_far_fork forks a child that runs there, and returns like fork(2). */
void network_add_far(void);
void network_far(const char *format, ...) __attribute__((format(printf, 1, 2)));
pid_t network_far_fork(void);

/* Adds a network on another side of ours. Call it after network_add_far. veth2 in ours
 * has 10.10.0.1 and fd10::1. Packets from the far side to 10.10.0.2 or fd10::2 arrive by
 * veth0 and leave by veth2, where nobody answers. */
void network_add_beyond(void);

/* Runs a shell command. It must succeed. */
void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs a shell command. Returns its exit status, and its output and error
 * messages in output. */
int run_output(char *output, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Opens a UDP socket that is bound to the port on all addresses, with a timeout of
 * DEADLINE for sending. Port 0: any port. */
int udp_open(int family, uint16_t port);

/* Sends len bytes to a numeric address. Returns the result of sendto(2). */
ssize_t udp_send(int fd, const char *address, uint16_t port, const void *data,
		 size_t len);

/* Sends text to the port on 127.0.0.1 or ::1, from a new socket. */
void udp_say(int family, uint16_t port, const char *text);

/* Sends text from the far side to an address and port. Waits until it is sent, but not
 * until it arrives. */
void udp_say_far(const char *address, uint16_t port, const char *text);

/* Receives a datagram and terminates it with a NUL. Returns its length, or -1 if none
 * arrives within wait ms. */
ssize_t udp_hear(int fd, char *text, size_t size, int wait);

/* The next datagram must arrive and be this text. */
void udp_expect(int fd, const char *text);

/* The Internet checksum over len bytes; sum is that of data before them. */
uint32_t checksum_add(uint32_t sum, const void *data, size_t len);
uint16_t checksum_end(uint32_t sum);

#endif
