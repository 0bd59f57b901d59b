#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""filter.py COUNT: drops packets of 100 bytes and more, accepts others.

It calls libipq and unpacks the message with struct, as old Python programs did.
Ends after COUNT packets and one verdict too many.
"""
import ctypes
import errno
import socket
import struct
import sys

IPQ_COPY_PACKET = 2
NLMSG_ERROR, IPQM_PACKET = 0x02, 0x13
NF_DROP, NF_ACCEPT = 0, 1
NLMSGHDR = struct.Struct("@IHHII")
# packet_id mark timestamp_sec timestamp_usec hook indev_name outdev_name
# hw_protocol hw_type hw_addrlen hw_addr data_len
PACKET = struct.Struct("@LLllI16s16sHHB8sN")
WAIT = 10 * 1000000

libipq = ctypes.CDLL("libipq.so.0", use_errno=True)
libipq.ipq_create_handle.restype = ctypes.c_void_p
libipq.ipq_destroy_handle.argtypes = [ctypes.c_void_p]
libipq.ipq_errstr.restype = ctypes.c_char_p
libipq.ipq_set_mode.argtypes = [ctypes.c_void_p, ctypes.c_uint8, ctypes.c_size_t]
libipq.ipq_read.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t,
                            ctypes.c_int]
libipq.ipq_read.restype = ctypes.c_ssize_t
libipq.ipq_set_verdict.argtypes = [ctypes.c_void_p, ctypes.c_ulong,
                                   ctypes.c_uint, ctypes.c_size_t,
                                   ctypes.c_char_p]


def die(what):
    sys.exit(f"{what}: {libipq.ipq_errstr().decode()}, errno {ctypes.get_errno()}")


def text(name):
    return name.split(b"\0")[0].decode()


def read(handle, buf):
    """Reads a message, and returns its type."""
    if libipq.ipq_read(handle, buf, len(buf), WAIT) <= 0:
        die("read")
    return NLMSGHDR.unpack_from(buf)[1]


def set_verdict(handle, packet_id, verdict):
    if not libipq.ipq_set_verdict(handle, packet_id, verdict, 0, None) > 0:
        die("set_verdict")


def decide(handle, message):
    (packet_id, _, _, _, hook, indev, outdev, _, _, _, _,
     length) = PACKET.unpack_from(message, NLMSGHDR.size)
    start = NLMSGHDR.size + PACKET.size
    packet = message[start:start + length]
    verdict = NF_DROP if length >= 100 else NF_ACCEPT
    set_verdict(handle, packet_id, verdict)
    print(f"hook {hook}, in '{text(indev)}', out '{text(outdev)}',",
          f"protocol {packet[9]} to {socket.inet_ntoa(packet[16:20])},",
          f"{length} bytes:", "passed" if verdict == NF_ACCEPT else "dropped",
          flush=True)
    return packet_id


def main():
    handle = libipq.ipq_create_handle(0, socket.AF_INET)
    if not handle:
        die("create_handle")
    if libipq.ipq_set_mode(handle, IPQ_COPY_PACKET, 2000) <= 0:
        die("set_mode")
    print("ready", flush=True)

    buf = ctypes.create_string_buffer(4096)
    for _ in range(int(sys.argv[1])):
        if read(handle, buf) != IPQM_PACKET:
            die("not a packet")
        packet_id = decide(handle, buf.raw)

    set_verdict(handle, packet_id, NF_ACCEPT)
    if read(handle, buf) != NLMSG_ERROR:
        die("not an error")
    print("refused:", errno.errorcode[libipq.ipq_get_msgerr(buf)], flush=True)
    libipq.ipq_destroy_handle(handle)


main()
