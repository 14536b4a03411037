"""What two gateways carry, on one machine with the load: reports come in by MLLP in GB18030, are mapped, validated and stored,
cross over mutual TLS, are stored at the peer, and its acknowledgement settles them. `exchange`: how many a second from the first byte
to the last acknowledgement, and how long a sender waits for its own, beside the disk's fsyncs of the same run. `backlog`:
what has piled up while the peer was away, how evenly it drains, and what live traffic feels of it."""

import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
from network import ROOT, Network, wait_until  # noqa: E402

MARK = b"@" * 12


def syncs(folder, seconds=2.0):
    """The floor under everything: appends of 4 KiB with fdatasync, a second."""
    file = os.open(folder / "sync", os.O_RDWR | os.O_CREAT)
    block, count, began = b"x" * 4096, 0, time.monotonic()
    while time.monotonic() - began < seconds:
        os.write(file, block)
        os.fdatasync(file)
        count += 1
    rate = count / (time.monotonic() - began)
    os.close(file)
    return rate


def cpu_seconds(process):
    """User and system time of a process so far."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Pair:
    """Tianjin's gateway with its laboratory, and Hainan's, which keeps what comes."""

    def __init__(self, build, folder):
        self.build, self.folder, self.next = build, folder, 1
        for part in ("conf", "mappings"):
            shutil.copytree(ROOT / part, folder / "tree" / part)
        conf = folder / "tree" / "conf"
        self.edit(conf / "tianjin/routes.yaml", "to: [peer:hainan, peer:beijing]", "to: peer:hainan")
        self.edit(conf / "hainan/routes.yaml", "to: local:his", "to: keep")
        self.network = Network(build / "causeway", folder / "run", conf=conf)
        sample = (ROOT / "tests/cases/samples/tj_oru_gb18030.hl7").read_bytes().strip(b"\x0b\x1c\r\n") + b"\r"
        self.template, self.critical = folder / "report.hl7", folder / "critical.hl7"
        sample = (sample.replace(b"TJ2026031000017", b"T" + MARK).replace(b"JY202603100552", b"J" + MARK)
                  .replace(b"0003388127", b"P" + MARK).replace(b"SQ202603100087", b"S" + MARK))
        self.critical.write_bytes(sample)  # one of its results is HH
        self.template.write_bytes(sample.replace(b"|HH|", b"|H|"))

    @staticmethod
    def edit(file, old, new):
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file} has {text.count(old)} times {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def start(self, *sites):
        for site in sites:
            self.network.start(site)

    def load(self, connections, seconds, rate=0, most=None, critical=False):
        command = [self.build / "exchange_load", self.network.ports["CAUSEWAY_TIANJIN_LIS"],
                   self.critical if critical else self.template, self.next, connections, seconds, rate]
        self.next += 1_000_000
        done = subprocess.run([str(part) for part in command + ([most] if most else [])], check=True, capture_output=True, text=True)
        told = json.loads(done.stdout)
        assert told["refused"] == 0, f"{told['refused']} were refused"
        return told

    def waiting(self, site="tianjin"):
        """Deliveries still to be made, from the metrics."""
        status, text = self.network.admin(site, "/metrics")
        assert status == 200, f"{site} does not answer"
        return sum(int(value) for value in re.findall(rb"^causeway_deliveries_(?:waiting|in_flight) (\d+)", text, re.M))

    def drained(self, seconds=600):
        wait_until("the queue to be empty", lambda: self.waiting() == 0, seconds)
        return time.monotonic()

    def close(self):
        self.network.close()


def exchange(build, seconds=10.0):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="causeway-bench-"))
    pair = Pair(build, folder)
    try:
        pair.start("hainan", "tianjin")
        pair.load(8, 2)  # warm: connections, caches, the stores' first pages
        pair.drained()
        disk = syncs(folder)
        print(f"disk: {disk:.0f} appends of 4 KiB with fdatasync a second")
        print(f"{'lines':<12} {'acknowledged /s':>15} {'p50 ms':>8} {'p99 ms':>8} {'end to end /s':>14} {'x fsync':>8} {'CPU ms/message':>15}")
        best = 0.0
        for connections in (1, 8, 64):
            best = max(best, measure(pair, connections, seconds, 0, disk))
        measure(pair, 64, seconds, best / 2, disk)
        print(f"disk again: {syncs(folder):.0f} a second; aim end to end 1770 /s, p99 at half load under 10 ms", flush=True)
        journal(build)
    finally:
        pair.close()
        shutil.rmtree(folder, ignore_errors=True)


def measure(pair, connections, seconds, rate, disk):
    processes = list(pair.network.processes.values())
    before, began = sum(map(cpu_seconds, processes)), time.monotonic()
    told = pair.load(connections, seconds, rate)
    whole = told["acknowledged"] / (pair.drained() - began)
    cpu = (sum(map(cpu_seconds, processes)) - before) * 1000 / told["acknowledged"]
    name = f"{connections}" + (f" at {rate:.0f}/s" if rate else "")
    print(f"{name:<12} {told['rate']:>15.0f} {told['p50']:>8.2f} {told['p99']:>8.2f} {whole:>14.0f} {whole / disk:>8.2f} {cpu:>15.2f}", flush=True)
    return whole


def journal(build):
    """The store alone."""
    print("the journal alone (aim: at 64 callers 4 times the fsyncs of the same run):", flush=True)
    subprocess.run([str(build / "store_bench"), tempfile.gettempdir(), "2", "64"], check=True)


def backlog(build, count=100_000, urgent=100, live=50):
    """`count` messages and then a few urgent ones while Hainan is away; it comes back, and meanwhile Tianjin's laboratory goes on."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="causeway-bench-"))
    pair = Pair(build, folder)
    try:
        pair.start("hainan", "tianjin")
        calm = pair.load(8, 10, live)
        pair.drained()
        pair.network.stop("hainan")
        began = time.monotonic()
        pair.load(64, 7200, 0, count)
        print(f"{count:,} messages taken in {time.monotonic() - began:.0f} s while the peer is away; {pair.waiting():,} wait", flush=True)
        piled = pair.load(8, 10, live)
        first_urgent = pair.next
        pair.load(8, 600, 0, urgent, critical=True)
        back = time.time()
        pair.network.start("hainan")
        felt = go_on_until_drained(pair, live)
        pair.network.stop("tianjin")
        tell_drain(pair, back, first_urgent, urgent)
        print(f"live traffic at {live}/s, acknowledgement p50 and p99 in ms: before {calm['p50']:.2f} {calm['p99']:.2f}; with the queue "
              f"full {piled['p50']:.2f} {piled['p99']:.2f}; while it drains {max(one['p50'] for one in felt):.2f} "
              f"{max(one['p99'] for one in felt):.2f} (the worst 5 s of {len(felt)})")
    finally:
        pair.close()
        shutil.rmtree(folder, ignore_errors=True)


def go_on_until_drained(pair, live):
    """The laboratory's figures, 5 s each; its own messages are always on their way."""
    felt = []
    while pair.waiting() > live:
        felt.append(pair.load(8, 5, live))
    pair.drained()
    return felt


def tell_drain(pair, back, first_urgent, urgent):
    """From the stopped store: when each delivery was settled."""
    file = next((pair.network.folder / "tianjin").glob("*.db"))
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
        rows = store.execute("SELECT d.settled_at / 1000.0, m.control_id FROM delivery d JOIN message m ON m.id = d.message "
                             "WHERE d.state = 2 AND d.settled_at >= ? ORDER BY d.settled_at", (back * 1000,)).fetchall()
    numbers = [int(name[1:]) for _, name in rows]
    moments = [moment - back for (moment, _), number in zip(rows, numbers) if number < first_urgent]
    tenth = max(2, len(moments) // 10)
    middle = len(moments) // 2 - tenth // 2
    parts = {"first": moments[:tenth], "middle": moments[middle:middle + tenth], "last": moments[-tenth:]}
    rates = ", ".join(f"{len(part) / max(0.001, part[-1] - part[0]):.0f} /s in the {name} tenth" for name, part in parts.items())
    print(f"{len(moments):,} of the queue delivered, the first {moments[0]:.1f} s after the peer's start, the last {moments[-1]:.0f} s: {rates}")
    hurried = [place for place, number in enumerate(numbers) if first_urgent <= number < first_urgent + urgent]
    print(f"the {len(hurried)} urgent ones, sent last, were delivered as number {hurried[0] + 1:,} to {hurried[-1] + 1:,}, "
          f"the last after {rows[hurried[-1]][0] - back:.1f} s")
