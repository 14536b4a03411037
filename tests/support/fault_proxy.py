#!/usr/bin/env python3
"""A network between gateways that can be bad: one process, a listening port for each link, and on command a fault for a
link, for a while. Below TLS it cuts, delays, throttles, resets or truncates at byte k, half-closes, or swallows; as the peer
itself, with that peer's own key, it lies: another status, a page of HTML, somebody else's acknowledgement, an answer that
breaks off or never ends, each before or after the real peer has had the request, and requests that arrive twice.

Standard input: first {"pki": FOLDER, "links": [{"name", "listen", "to", "from", "at"}]}, then {"link", "fault": {"kind", ...},
"seconds"} for each fault; end of input ends it. Standard output: one line when it listens, one at the end with what it did."""

import asyncio
import collections
import contextlib
import json
import pathlib
import random
import socket
import ssl
import struct
import sys

PIECE = 65536
HTML = b"<html><head><title>Gateway Timeout</title></head><body>proxy01</body></html>"
REFUSAL = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid",
           "details": {"coding": [{"system": "https://causeway.example/soak", "code": "soak-lie"}]}}]}


def reset(writer):
    """Ends a connection with RST instead of FIN."""
    if writer.transport is None:  # asyncio leaves none behind when a handshake is cut short
        return
    line = writer.get_extra_info("socket")
    if line is not None:
        with contextlib.suppress(OSError):
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def answer(status, body, kind="application/fhir+json", more=()):
    lines = [f"HTTP/1.1 {status} Whatever", f"content-type: {kind}", f"content-length: {len(body)}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def http_message(reader):
    """One request or response with its content-length, as bytes; b"" at the end of the line."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return b""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return head + await reader.readexactly(int(value))
    return head


class Link:
    def __init__(self, told, pki, counts):
        self.name, self.target, self.counts = told["name"], told["to"], counts
        self.source_name, self.target_name = told["from"], told["at"]
        self.listen, self.pki = told["listen"], pki
        self.fault, self.number, self.open = {"kind": "none"}, 0, set()
        self.chance = random.Random(self.name)

    async def start(self):
        self.as_peer = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.as_peer.load_cert_chain(self.pki / f"{self.target_name}.pem", self.pki / f"{self.target_name}.key")
        self.as_caller = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.as_caller.check_hostname = False
        self.as_caller.load_verify_locations(self.pki / "ca.pem")
        self.as_caller.load_cert_chain(self.pki / f"{self.source_name}.pem", self.pki / f"{self.source_name}.key")
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.listen)

    def set(self, fault, seconds):
        """From now on; whatever is open is cut, so that it is met at once, and once more when it is over."""
        self.number += 1
        mine = self.number
        self.fault = fault
        self.cut_all()
        asyncio.get_running_loop().call_later(seconds, self.heal, mine)

    def heal(self, number):
        if number == self.number:
            self.fault = {"kind": "none"}
            self.cut_all()

    def cut_all(self):
        for writer in list(self.open):
            reset(writer)

    async def serve(self, reader, writer):
        fault = self.fault
        self.open.add(writer)
        try:
            await getattr(self, "do_" + fault["kind"])(reader, writer, fault)
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError, EOFError):
            pass
        finally:
            self.open.discard(writer)
            if writer.transport is not None and not writer.is_closing():
                writer.close()

    async def connect(self, **how):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target, **how)
        self.open.add(writer)
        return reader, writer

    async def pipe(self, reader, writer, delay=0.0, rate=0, stop_at=None, at_end="close", both=()):
        """One direction. `stop_at`: after so many bytes: at_end is "reset", "close" or "half"."""
        done = 0
        with contextlib.suppress(OSError, EOFError):
            while piece := await reader.read(min(PIECE, rate or PIECE)):
                if stop_at is not None and done + len(piece) >= stop_at:
                    writer.write(piece[: stop_at - done])
                    await writer.drain()
                    self.counts[f"bytes {at_end}"] += 1
                    break
                done += len(piece)
                if delay or rate:
                    await asyncio.sleep(delay or 0.05)
                writer.write(piece)
                await writer.drain()
        with contextlib.suppress(OSError):
            if at_end == "half" and writer.can_write_eof():
                writer.write_eof()
                return
        for one in both:
            reset(one) if at_end == "reset" else one.close()

    async def do_none(self, reader, writer, fault):
        await self.forward(reader, writer, {}, {})

    async def forward(self, reader, writer, up, down):
        back, out = await self.connect()
        both = (writer, out)
        try:
            await asyncio.gather(self.pipe(reader, out, both=both, **up), self.pipe(back, writer, both=both, **down))
        finally:
            self.open.discard(out)
            out.close()

    async def do_cut(self, reader, writer, fault):
        reset(writer)

    async def do_swallow(self, reader, writer, fault):
        while await reader.read(PIECE):
            pass

    async def do_delay(self, reader, writer, fault):
        self.counts["delayed"] += 1
        await self.forward(reader, writer, {"delay": fault["by"]}, {"delay": fault["by"]})

    async def do_throttle(self, reader, writer, fault):
        self.counts["throttled"] += 1
        await self.forward(reader, writer, {"rate": fault["rate"]}, {"rate": fault["rate"]})

    async def do_stop(self, reader, writer, fault):
        """RST, FIN or half-close after k bytes of one direction, another k each time."""
        stop = {"stop_at": self.chance.randrange(1, fault["within"]), "at_end": fault["how"]}
        await self.forward(reader, writer, *((stop, {}) if fault["way"] == "up" else ({}, stop)))

    async def do_garbage(self, reader, writer, fault):
        self.counts["garbage"] += 1
        writer.write(self.chance.randbytes(400))
        await writer.drain()

    async def do_lie(self, reader, writer, fault):
        """Speaks as the peer, with its key."""
        line = writer.transport
        try:
            await writer.start_tls(self.as_peer)
        except AttributeError:  # the caller was gone before the handshake ended, and asyncio has forgotten the line
            writer._transport = line  # noqa: SLF001: or the writer stumbles over it when it is collected
            return
        while request := await http_message(reader):
            told = b""
            if fault["reach"]:
                for _ in range(fault.get("times", 1)):
                    told = await self.ask(request)
            await self.lie(writer, fault["answer"], told)
            self.counts[f"lied {fault['answer']}"] += 1
            if fault["answer"] in ("reset", "breaks-off"):
                return reset(writer)

    async def ask(self, request):
        reader, writer = await self.connect(ssl=self.as_caller)
        try:
            writer.write(request)
            await writer.drain()
            return await http_message(reader)
        finally:
            self.open.discard(writer)
            writer.close()

    async def lie(self, writer, what, told):
        if what == "honest":
            writer.write(told)
        elif what == "html":
            writer.write(answer(200, HTML, "text/html"))
        elif what == "bad-gateway":
            writer.write(answer(502, HTML, "text/html"))
        elif what == "other-ack":
            writer.write(answer(200, json.dumps({"resourceType": "Bundle", "type": "message", "entry": [{"resource": {
                "resourceType": "MessageHeader", "response": {"identifier": "somebody-elses", "code": "ok"}}}]}).encode()))
        elif what == "busy":
            writer.write(answer(429, b"{}", more=["retry-after: 1"]))
        elif what == "unavailable":
            writer.write(answer(503, json.dumps(REFUSAL).encode(), more=["retry-after: 1"]))
        elif what == "broken":
            writer.write(answer(500, b"{}"))
        elif what == "refusal":
            writer.write(answer(422, json.dumps(REFUSAL).encode()))
        elif what == "breaks-off":
            writer.write((told or answer(200, b"{}"))[:-1])
        elif what == "never-ends":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{")
            for _ in range(200):
                await asyncio.sleep(0.05)
                writer.write(b" ")
                await writer.drain()
        await writer.drain()


async def main():
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    plan = json.loads(await lines.readline())
    counts = collections.Counter()
    links = {one["name"]: Link(one, pathlib.Path(plan["pki"]), counts) for one in plan["links"]}
    for link in links.values():
        await link.start()
    print("listening", flush=True)
    while line := await lines.readline():
        told = json.loads(line)
        links[told["link"]].set(told["fault"], told["seconds"])
        counts["faults"] += 1
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
