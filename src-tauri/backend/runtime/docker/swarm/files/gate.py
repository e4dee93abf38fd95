"""The only door into the container of a Swarm's task: TLS, for whoever has the one certificate that
was made for this session.

usage: gate.py PORT PAPERS. PAPERS has our key, our certificate and the one that is let in, in this
order. Each connection says in its first line what it is for: `port NUMBER`, one of this container's
loopback; `run [...]`, a command in JSON whose input and output it is from then on; or `keep`, which is
answered as often as it asks, and keeps the lease.
"""

import asyncio
import contextlib
import json
import os
import signal
import ssl
import sys

PORT, PAPERS = int(sys.argv[1]), sys.argv[2]
LEASE, ASLEEP, OURSELVES = "/tmp/duotab-lease", "/tmp/duotab-asleep", "/tmp/duotab-gate.pid"
# Seconds: for a handshake and a first line; until somebody listens; between two notes of the lease.
HELLO, COMING, NOTED = 10, 3, 4
PIECE = 1 << 16


def write(path, text):
    beside = path + ".new"
    with open(beside, "w", encoding="ascii") as file:
        file.write(text)
    os.replace(beside, path)


async def pump(reader, writer):
    while some := await reader.read(PIECE):
        writer.write(some)
        await writer.drain()


async def until_either(*ways):
    """Ends with the first of them."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def dial(port):
    for _ in range(COMING * 50):
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
    return await asyncio.open_connection("127.0.0.1", port)


async def carry(port, reader, writer):
    there, here = await dial(port)
    try:
        await until_either(pump(reader, here), pump(there, writer))
    finally:
        here.close()


async def run(command, reader, writer):
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, start_new_session=True
    )
    try:
        await until_either(pump(reader, process.stdin), pump(process.stdout, writer))
    finally:
        # With all that it has begun.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def keep(reader, writer):
    """Says whether all else sleeps."""
    last, loop = None, asyncio.get_running_loop()
    while await reader.read(1):
        if last is None or loop.time() - last > NOTED:
            last = loop.time()
            write(LEASE, str(last))
        writer.write(b"s" if os.path.exists(ASLEEP) else b"a")
        await writer.drain()


async def serve(reader, writer):
    line = await asyncio.wait_for(reader.readline(), HELLO)
    word, _, rest = line.strip().partition(b" ")
    if word == b"port":
        await carry(int(rest), reader, writer)
    elif word == b"run":
        await run([str(it) for it in json.loads(rest)], reader, writer)
    elif word == b"keep":
        await keep(reader, writer)


async def connected(reader, writer):
    try:
        await serve(reader, writer)
        await writer.drain()
    except (OSError, ValueError, asyncio.TimeoutError, asyncio.LimitOverrunError):
        # Whoever is at the other end sees it end.
        pass
    finally:
        writer.close()


async def main():
    # What sleeps is woken from here, so this does not.
    write(OURSELVES, str(os.getpid()))
    papers = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    papers.minimum_version = ssl.TLSVersion.TLSv1_3
    papers.load_cert_chain(PAPERS)
    with open(PAPERS, encoding="ascii") as file:
        _, begin, guest = file.read().rpartition("-----BEGIN CERTIFICATE-----")
    papers.load_verify_locations(cadata=begin + guest)
    papers.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(
        connected, None, PORT, ssl=papers, ssl_handshake_timeout=HELLO, limit=PIECE
    )
    async with server:
        await server.serve_forever()


asyncio.run(main())
