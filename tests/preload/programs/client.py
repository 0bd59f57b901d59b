#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""client.py PROTOCOL: lets one packet pass, speaking ip_queue's netlink protocol
with Python's own socket module."""
import os
import select
import signal
import socket
import struct
import sys

IPQ_COPY_PACKET = 2
NLM_F_REQUEST = 1
NLMSG_ERROR, IPQM_MODE, IPQM_VERDICT, IPQM_PACKET = 2, 0x11, 0x12, 0x13
NF_ACCEPT = 1
NLMSGHDR = struct.Struct("=IHHII")
MODE = struct.Struct("@BN8x")
VERDICT = struct.Struct("@ILN")
# packet_id mark timestamp_sec timestamp_usec hook indev_name outdev_name
# hw_protocol hw_type hw_addrlen hw_addr data_len
PACKET = struct.Struct("@LLllI16s16sHHB8sN")


def request(kind, body):
    size = NLMSGHDR.size + len(body)
    return NLMSGHDR.pack(size, kind, NLM_F_REQUEST, 0, os.getpid()) + body


def main():
    signal.alarm(20)
    queue = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, int(sys.argv[1]))
    queue.bind((os.getpid(), 0))
    assert queue.getsockname() == (os.getpid(), 0)
    assert queue.getpeername() == (0, 0)
    queue.setblocking(False)
    queue.sendto(request(IPQM_MODE, MODE.pack(IPQ_COPY_PACKET, 0)), (0, 0))
    print("ready", flush=True)

    select.select([queue], [], [], 20)
    message, address = queue.recvfrom(65536)
    assert address == (0, 0)
    size, kind, _, _, _ = NLMSGHDR.unpack_from(message)
    assert (size, kind) == (len(message), IPQM_PACKET)
    fields = PACKET.unpack_from(message, NLMSGHDR.size)
    packet_id, hook, outdev, length = fields[0], fields[4], fields[6], fields[11]
    start = NLMSGHDR.size + PACKET.size
    packet = message[start:start + length]
    text = packet[28 if packet[0] >> 4 == 4 else 48:]
    print(f"hook {hook}, out {outdev.rstrip(bytes(1)).decode()}: {text.decode()}",
          flush=True)

    for _ in range(2):
        queue.sendmsg([request(IPQM_VERDICT, VERDICT.pack(NF_ACCEPT, packet_id, 0))])
    answer = bytearray(1024)
    size = queue.recv_into(answer)
    assert NLMSGHDR.unpack_from(answer)[:2] == (size, NLMSG_ERROR)
    print("refused:", os.strerror(-struct.unpack_from("@i", answer, 16)[0]), flush=True)


main()
