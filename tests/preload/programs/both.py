#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""both.py FIRST TIMEOUT: as both, with Python's own sockets; TIMEOUT, in seconds, is
that of each (settimeout). It waits in select, and takes every message for a packet."""
import os
import select
import signal
import socket
import struct
import sys

IPQ_COPY_PACKET = 2
NLM_F_REQUEST = 1
IPQM_MODE, IPQM_VERDICT, IPQM_PACKET = 0x11, 0x12, 0x13
NF_ACCEPT = 1
NLMSGHDR = struct.Struct("=IHHII")
MODE = struct.Struct("@BN8x")
VERDICT = struct.Struct("@ILN")
PACKET = struct.Struct("@LLllI16s16sHHB8sN")


def request(kind, body):
    size = NLMSGHDR.size + len(body)
    return NLMSGHDR.pack(size, kind, NLM_F_REQUEST, 0, os.getpid()) + body


def ready(protocol, timeout):
    queue = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
    queue.bind((os.getpid(), 0))
    queue.settimeout(timeout)
    queue.sendto(request(IPQM_MODE, MODE.pack(IPQ_COPY_PACKET, 0)), (0, 0))
    return queue


def let_pass(queue):
    message = queue.recv(65536)
    assert NLMSGHDR.unpack_from(message)[:2] == (len(message), IPQM_PACKET)
    fields = PACKET.unpack_from(message, NLMSGHDR.size)
    start = NLMSGHDR.size + PACKET.size
    packet = message[start:start + fields[11]]
    version = packet[0] >> 4
    queue.send(request(IPQM_VERDICT, VERDICT.pack(NF_ACCEPT, fields[0], 0)))
    return version, packet[28 if version == 4 else 48:].decode()


def main():
    signal.alarm(20)
    first, timeout = int(sys.argv[1]), float(sys.argv[2])
    queues = {protocol: ready(protocol, timeout) for protocol in (first, 16 - first)}
    print("ready", flush=True)
    while True:
        readable = select.select([sys.stdin, *queues.values()], [], [])[0]
        if sys.stdin in readable:
            return
        for protocol, queue in queues.items():
            if queue in readable:
                version, text = let_pass(queue)
                assert (version, protocol) in ((4, 3), (6, 13))
                print(f"{version}: {text}", flush=True)


main()
