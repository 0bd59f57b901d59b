/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network of the test's own: namespaces, devices, rules, packets. Knows
 * nothing of libipq. Whatever fails here ends the test with the reason. */
#ifndef SUPPORT_NETWORK_H
#define SUPPORT_NETWORK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Longest wait for something that is bound to happen, in ms. */
#define DEADLINE 10000

/* Puts the calling process, which must be root or in a user namespace where it
 * is, into a new network namespace and brings up lo. First line of a test. */
void network_enter(void);

/* A second namespace joined to ours by a veth pair: veth0 here with 10.9.0.1
 * and fd09::1, veth1 there with 10.9.0.2 and fd09::2. network_far runs a shell
 * command there; network_far_fork forks into it and returns like fork(2). */
void network_add_far(void);
void network_far(const char *format, ...) __attribute__((format(printf, 1, 2)));
pid_t network_far_fork(void);

/* A network on another side of ours, after network_add_far: veth2 here with
 * 10.10.0.1 and fd10::1. What the far side sends to 10.10.0.2 or fd10::2 comes
 * in by veth0 and goes out by veth2, where nobody answers. */
void network_add_beyond(void);

/* Runs a shell command, which must succeed. */
void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Its exit status, and what it printed (both streams). */
int run_output(char *output, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A UDP socket of the family bound to the port on all addresses, not blocking
 * for longer than DEADLINE. Port 0 for any. */
int udp_open(int family, uint16_t port);

/* Sends len bytes to the address, written in digits. Returns sendto's result. */
ssize_t udp_send(int fd, const char *address, uint16_t port, const void *data,
		 size_t len);

/* Sends text to port on 127.0.0.1 or ::1 from a socket made for it. */
void udp_say(int family, uint16_t port, const char *text);

/* Sends text from the far side to port of the address, and waits until it is
 * sent, not until it has come. */
void udp_say_far(const char *address, uint16_t port, const char *text);

/* The next datagram, NUL-terminated; its length, or -1 if none came within
 * wait ms. */
ssize_t udp_hear(int fd, char *text, size_t size, int wait);

/* The next datagram, which must come and be text. */
void udp_expect(int fd, const char *text);

/* Checksum of the Internet protocols over len bytes, to be continued from sum. */
uint32_t checksum_add(uint32_t sum, const void *data, size_t len);
uint16_t checksum_end(uint32_t sum);

#endif
