"""Carries datagrams between its input and output and Neko's media port, in the same container.

usage: relay.py CONFIG. Each datagram stands behind its length in two bytes, the larger one first.
Ends with its input. What cannot be written at once is lost on the way in, as datagrams are.
"""

import json
import os
import select
import socket
import struct
import sys

with open(sys.argv[1]) as config:
    port = json.load(config)["webrtc"]["udpmux"]

# Neko need not listen on the loopback: its own address is the one it would send from.
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try:
    probe.connect(("192.0.2.1", 9))
    here = probe.getsockname()[0]
except OSError:
    here = "127.0.0.1"

media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
media.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
media.connect((here, port))
media.setblocking(False)

held = b""
while True:
    ready, _, _ = select.select([0, media], [], [])
    if 0 in ready:
        some = os.read(0, 65536)
        if not some:
            break
        held += some
        while len(held) >= 2:
            (length,) = struct.unpack_from(">H", held)
            if len(held) < 2 + length:
                break
            datagram, held = held[2 : 2 + length], held[2 + length :]
            try:
                media.send(datagram)
            except OSError:
                pass
    if media in ready:
        out = b""
        while len(out) < 65536:
            try:
                datagram = media.recv(65535)
            except OSError:
                break
            out += struct.pack(">H", len(datagram)) + datagram
        while out:
            out = out[os.write(1, out) :]
