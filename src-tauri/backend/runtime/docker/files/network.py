"""Closes the home network to everything in this container, and leaves the internet open.

Run once, in a container that shares the browser's network and has the right to change that and no
other. It speaks to the kernel's nf_tables by netlink, for Neko's image has no program that does. Answers to
whoever connects from outside go out (that is how the picture is seen); nothing in here begins a
connection to a private address, but for names asked of the resolvers in /etc/resolv.conf.
"""

import ipaddress
import os
import socket
import struct
import sys

# RFC 1918, 6598 (carrier), 3927 and 4291 (link), 4193, 1112 and 919 (many at once), 1122.
CLOSED = """0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
192.168.0.0/16 198.18.0.0/15 224.0.0.0/4 240.0.0.0/4 fc00::/7 fe80::/10 fec0::/10 ff00::/8
2002::/16 64:ff9b:1::/48""".split()
# An IPv4 address in the last 32 bits: NAT64 (RFC 6052), which leads to the internet as well, and
# SIIT (RFC 7915). The prefix for a network's own NAT64 (RFC 8215) is closed above: what it leads to
# need not be written in it.
CARRIERS = ["64:ff9b::", "::ffff:0:0:0"]

INET, IPV4, IPV6 = 1, 2, 10
TABLE = b"duotab\0"
CHAIN = b"output\0"
NEW_TABLE, DELETE_TABLE, NEW_CHAIN, NEW_RULE = 0xA00, 0xA02, 0xA03, 0xA06
BEGIN, END = 0x10, 0x11
REQUEST, ACK, CREATE_APPEND = 1, 4, 0x400 | 0x800
EQUAL, UNEQUAL = 0, 1


def number(value):
    return struct.pack(">I", value)


def attribute(kind, content, nested=False):
    head = struct.pack("=HH", 4 + len(content), kind | (0x8000 if nested else 0))
    return head + content + b"\0" * (-len(content) % 4)


def nest(kind, *attributes):
    return attribute(kind, b"".join(attributes), True)


def expression(name, *attributes):
    return nest(1, attribute(1, name + b"\0"), nest(2, *attributes))


def load(name, key):
    return expression(name, attribute(1, number(1)), attribute(2, number(key)))


def payload(base, offset, length):
    values = enumerate((1, base, offset, length), 1)
    return expression(b"payload", *(attribute(kind, number(it)) for kind, it in values))


def masked(mask):
    same = (attribute(1, number(1)), attribute(2, number(1)), attribute(3, number(len(mask))))
    none = nest(5, attribute(1, bytes(len(mask))))
    return expression(b"bitwise", *same, nest(4, attribute(1, mask)), none)


def compare(how, value):
    return expression(b"cmp", attribute(1, number(1)), attribute(2, number(how)), nest(3, attribute(1, value)))


ACCEPT = expression(b"immediate", attribute(1, number(0)), nest(2, nest(2, attribute(1, number(1)))))
# "Administratively prohibited", so that a page is told at once.
REJECT = expression(b"reject", attribute(1, number(2)), attribute(2, b"\x03"))


def to(network):
    """Expressions that a packet to this network meets."""
    v4 = network.version == 4
    yield load(b"meta", 15) + compare(EQUAL, bytes([IPV4 if v4 else IPV6]))
    yield payload(1, 16, 4) if v4 else payload(1, 24, 16)
    yield masked(network.netmask.packed)
    yield compare(EQUAL, network.network_address.packed)


def resolvers():
    with open("/etc/resolv.conf", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver":
                try:
                    yield ipaddress.ip_network(words[1].split("%")[0])
                except ValueError:
                    pass


def closed():
    for network in map(ipaddress.ip_network, CLOSED):
        yield network
        if network.version == 4:
            for carrier in map(ipaddress.IPv6Address, CARRIERS):
                first = int(carrier) | int(network.network_address)
                yield ipaddress.ip_network((first, 96 + network.prefixlen))


def rules():
    yield load(b"meta", 7) + compare(EQUAL, b"lo".ljust(16, b"\0")) + ACCEPT
    # Established, related.
    state = masked(struct.pack("=I", 2 | 4)) + compare(UNEQUAL, bytes(4))
    yield load(b"ct", 0) + state + ACCEPT
    # What IPv6 needs to find its neighbours.
    yield load(b"meta", 16) + compare(EQUAL, bytes([socket.IPPROTO_ICMPV6])) + ACCEPT
    for resolver in resolvers():
        for protocol in (socket.IPPROTO_UDP, socket.IPPROTO_TCP):
            asks = load(b"meta", 16) + compare(EQUAL, bytes([protocol]))
            asks += payload(2, 2, 2) + compare(EQUAL, struct.pack(">H", 53))
            yield b"".join(to(resolver)) + asks + ACCEPT
    for network in closed():
        yield b"".join(to(network)) + REJECT


def messages():
    table = attribute(1, TABLE)
    # It may be there from an earlier time. All of this is one step for the kernel.
    yield NEW_TABLE, CREATE_APPEND, table
    yield DELETE_TABLE, 0, table
    yield NEW_TABLE, CREATE_APPEND, table
    hook = nest(4, attribute(1, number(3)), attribute(2, number(0)))
    kind = attribute(5, number(1)) + attribute(7, b"filter\0")
    yield NEW_CHAIN, CREATE_APPEND, table + attribute(3, CHAIN) + hook + kind
    for rule in rules():
        yield NEW_RULE, CREATE_APPEND, table + attribute(2, CHAIN) + nest(4, rule)


def pack(kind, flags, sequence, family, resource, content):
    body = struct.pack(">BBH", family, 0, resource) + content
    return struct.pack("=IHHII", 16 + len(body), kind, flags, sequence, 0) + body


def main():
    batch = pack(BEGIN, REQUEST, 0, 0, 10, b"")
    count = 0
    for kind, flags, content in messages():
        count += 1
        batch += pack(kind, REQUEST | ACK | flags, count, INET, 0, content)
    batch += pack(END, REQUEST, count + 1, 0, 10, b"")
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    link.settimeout(5)
    link.bind((0, 0))
    link.send(batch)
    answered = 0
    while answered < count:
        answer = link.recv(65536)
        while len(answer) >= 20:
            length, kind = struct.unpack_from("=IH", answer)
            if kind == 2:
                (error,) = struct.unpack_from("=i", answer, 16)
                if error:
                    sys.exit(os.strerror(-error))
                answered += 1
            answer = answer[max(length + 3 & ~3, 16):]


main()
