"""Local systems as hospitals have them: most of the time they take a record and say so; now and then they refuse, say "not now",
acknowledge another message, answer nonsense, break off, or take a record and fall silent. Whatever one takes is in the
ledger before it answers. What one does is decided by seed, record and try, so it is the same in every run of a seed."""

import collections
import http.server
import json
import random
import socket
import struct
import sys
import threading
import time

MLLP_MOODS = [("not-now", 0.03), ("other-ack", 0.02), ("garbage", 0.02), ("taken-then-gone", 0.02), ("gone", 0.015),
              ("half-ack", 0.015), ("silent", 0.01), ("refuse", 0.006)]
HTTP_MOODS = [("500", 0.03), ("429", 0.03), ("503", 0.02), ("html", 0.02), ("breaks-off", 0.03), ("gone", 0.015),
              ("silent", 0.01), ("refuse", 0.006)]
UNTAKEN = {"not-now", "gone", "refuse", "500", "429", "503", "html"}  # the others have the record, whatever they answer


class Board:
    """What arrived where: (sink, key, step) -> the bytes that came first. Flows wait on it."""

    def __init__(self, ledger, seed):
        self.ledger, self.seed = ledger, seed
        self.changed = threading.Condition()
        self.got, self.refused, self.tries = {}, set(), collections.Counter()
        self.calm = False

    def mood(self, what, moods):
        """How the sink behaves for this record, this time; after three bad tries, and when all is calm, well."""
        with self.changed:
            self.tries[what] += 1
            number = self.tries[what]
        if self.calm or number > 3:
            return "well"
        point = random.Random(f"{self.seed}/{what}/{number}").random()
        for mood, share in moods:
            point -= share
            if point < 0:
                return mood
        return "well"

    def take(self, what, wire, message):
        self.ledger.write("arrived", effect=list(what), wire=wire)
        with self.changed:
            self.got.setdefault(what, message)
            self.changed.notify_all()

    def refuse(self, what, wire):
        self.ledger.write("refused-by-system", effect=list(what), wire=wire)
        with self.changed:
            self.refused.add(what)
            self.changed.notify_all()

    def wait(self, what, until):
        """The record's bytes; None when it was refused (a person will replay it), or `until` says it is too late."""
        with self.changed:
            while what not in self.got and what not in self.refused and not until():
                self.changed.wait(0.5)
            return self.got.get(what)


def reset(line):
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


class MllpSystem:
    """`read(message)` gives (key, step) of what the message is about."""

    def __init__(self, name, port, board, read, silence=6.0):
        self.name, self.board, self.read, self.silence = name, board, read, silence
        self.listener = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(line,), daemon=True).start()

    def serve(self, line):
        buffer = b""
        with line:
            try:
                while piece := line.recv(65536):
                    buffer += piece
                    while b"\x1c\r" in buffer:
                        frame, buffer = buffer.split(b"\x1c\r", 1)
                        if not self.answer(line, frame.lstrip(b"\x0b")):
                            return
            except OSError:
                return

    def answer(self, line, message):
        """False: the connection is over."""
        msh = message.split(b"\r")[0].split(b"|")
        wire = msh[9].decode()
        what = (self.name, *self.read(message))
        mood = self.board.mood(what, MLLP_MOODS)
        if mood == "refuse":
            self.board.refuse(what, wire)
        elif mood not in UNTAKEN:
            self.board.take(what, wire, message)
        code = {"not-now": b"AR", "refuse": b"AE"}.get(mood, b"AA")
        named = b"ANOTHER" if mood == "other-ack" else msh[9]
        ack = b"\x0bMSH|^~\\&|SYS|SYS|GW|GW|20260310||ACK|A%s|P|%s\rMSA|%s|%s\r\x1c\r" % (msh[9][:15], msh[11], code, named)
        if mood == "silent":
            time.sleep(self.silence)
        if mood in ("taken-then-gone", "gone", "silent"):
            reset(line)
            return False
        if mood == "garbage":
            ack = b"\x0bERR 17\r\x1c\r"
        if mood == "half-ack":
            line.sendall(ack[: len(ack) // 2])
            return False
        line.sendall(ack)
        return True

    def close(self):
        self.listener.close()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # the gateway was killed in mid-request
            super().handle_error(request, client_address)


class HttpSystem:
    def __init__(self, name, port, board, read, silence=6.0):
        system = self
        self.name, self.board, self.read, self.silence = name, board, read, silence

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

            def do_POST(self):
                size = int(self.headers["content-length"])
                body = self.rfile.read(size)
                if len(body) == size:
                    system.answer(self, body)

            def log_message(self, *arguments):
                pass

        self.server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler, body):
        wire = handler.headers["x-request-id"]
        what = (self.name, *self.read(body))
        mood = self.board.mood(what, HTTP_MOODS)
        if mood == "refuse":
            self.board.refuse(what, wire)
        elif mood not in UNTAKEN:
            self.board.take(what, wire, body)
        if mood == "silent":
            time.sleep(self.silence)
        if mood in ("silent", "gone"):
            handler.close_connection = True
            return reset(handler.connection)
        status = {"500": 500, "429": 429, "503": 503, "html": 502, "refuse": 422}.get(mood, 200)
        reply = b"<html>proxy error</html>" if mood == "html" else json.dumps({"said": mood}).encode()
        handler.send_response(status)
        handler.send_header("content-type", "text/html" if mood == "html" else "application/json")
        handler.send_header("content-length", str(len(reply)))
        if status in (429, 503):
            handler.send_header("retry-after", "1")
        handler.end_headers()
        handler.wfile.write(reply[:3] if mood == "breaks-off" else reply)
        if mood == "breaks-off":
            handler.close_connection = True
            reset(handler.connection)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
