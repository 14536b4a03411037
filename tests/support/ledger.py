"""The external ledger: what the local systems sent, were told, and received, kept outside the gateways, one JSON line each, on
the disk before the writer goes on. tests/soak/judge.py reads it back and says whether the promises were kept."""

import json
import os
import threading
import time


class Ledger:
    """Thread-safe. `write` returns when the line is on the disk."""

    def __init__(self, file):
        self.lock = threading.Lock()
        self.out = open(file, "ab", buffering=0)
        self.written = time.monotonic()  # when the last line came

    def write(self, what, **more):
        line = json.dumps({"what": what, "at": round(time.time(), 4), **more}, ensure_ascii=False).encode() + b"\n"
        with self.lock:
            self.out.write(line)
            os.fdatasync(self.out.fileno())
            self.written = time.monotonic()

    def close(self):
        self.out.close()


def read(file):
    with open(file, "rb") as lines:
        return [json.loads(line) for line in lines]
