/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Included before a program: its socket functions make the system calls of these names,
 * where the C library makes socketcall(2) of them. */
#ifndef PROGRAMS_DIRECT_H
#define PROGRAMS_DIRECT_H

#include <unistd.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define socket(...) (int)syscall(SYS_socket, __VA_ARGS__)
#define bind(...) (int)syscall(SYS_bind, __VA_ARGS__)
#define connect(...) (int)syscall(SYS_connect, __VA_ARGS__)
#define getsockname(...) (int)syscall(SYS_getsockname, __VA_ARGS__)
#define send(...) (ssize_t)syscall(SYS_sendto, __VA_ARGS__, NULL, 0)
#define sendto(...) (ssize_t)syscall(SYS_sendto, __VA_ARGS__)
#define sendmsg(...) (ssize_t)syscall(SYS_sendmsg, __VA_ARGS__)
#define sendmmsg(...) (int)syscall(SYS_sendmmsg, __VA_ARGS__)
#define recv(...) (ssize_t)syscall(SYS_recvfrom, __VA_ARGS__, NULL, NULL)
#define recvfrom(...) (ssize_t)syscall(SYS_recvfrom, __VA_ARGS__)
#define recvmsg(...) (ssize_t)syscall(SYS_recvmsg, __VA_ARGS__)
#if _TIME_BITS == 64
#define recvmmsg(...) (int)syscall(SYS_recvmmsg_time64, __VA_ARGS__)
#else
#define recvmmsg(...) (int)syscall(SYS_recvmmsg, __VA_ARGS__)
#endif

#endif
