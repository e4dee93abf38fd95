"""Answers what it is sent, on a port of the container's own loopback and on one for datagrams, for a
minute at most: whoever tries the ways into a container hears whether they lead there.

usage: echo.py STREAM_PORT DATAGRAM_PORT
"""

import select
import socket
import sys
import time

door = socket.create_server(("127.0.0.1", int(sys.argv[1])))
family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
datagrams = socket.socket(family, socket.SOCK_DGRAM)
if family == socket.AF_INET6:
    datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
datagrams.bind(("", int(sys.argv[2])))

end = time.monotonic() + 60
callers = []
while time.monotonic() < end:
    ready, _, _ = select.select([door, datagrams, *callers], [], [], 1)
    for one in ready:
        # Whoever has gone says nothing about the other way.
        try:
            if one is door:
                callers.append(door.accept()[0])
            elif one is datagrams:
                said, whom = datagrams.recvfrom(2048)
                datagrams.sendto(said, whom)
            else:
                said = one.recv(2048)
                one.sendall(said)
                if not said:
                    callers.remove(one)
        except OSError:
            if one in callers:
                callers.remove(one)
