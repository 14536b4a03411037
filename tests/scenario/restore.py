#!/usr/bin/env python3
"""The restore drill: a backup made while messages come in, the site killed and its disk gone, the backup restored into an
empty folder, the source sends once more what it has no trace of having arrived, and the ledger still holds: everything
that was acknowledged is at the other hospital, once. Prints what it measured; anything else ends it with exit code 1.

While the backup is made one peer is away, so deliveries that were waiting in the backup leave after it: they go out again
after the restore, under their old ids, and must be suppressed there."""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from network import ROOT, HttpSystem, MllpSystem, Network, wait_until  # noqa: E402

SAMPLE = (ROOT / "tests" / "cases" / "samples" / "tj_oru_gb18030.hl7").read_bytes()


class Fault(Exception):
    """Something promised did not happen."""


def demand(condition, what):
    if not condition:
        raise Fault(what)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def report(i):
    number = b"RD%013d" % i
    return number, SAMPLE.replace(b"TJ2026031000017", b"TJ%013d" % i).replace(b"JY202603100552", number)


class Source:
    """The laboratory system: sends without a pause, keeps what was acknowledged and how long that took."""

    def __init__(self, network, speakers=2):
        self.network, self.port = network, network.ports["CAUSEWAY_TIANJIN_LIS"]
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.number, self.acked, self.times, self.refused = 0, {}, [], 0
        self.threads = [threading.Thread(target=self.speak) for _ in range(speakers)]
        for thread in self.threads:
            thread.start()

    def speak(self):
        while not self.stop.is_set():
            with self.lock:
                self.number += 1
                i = self.number
            began = time.monotonic()
            good = self.send(i)
            took = (time.monotonic() - began) * 1000
            with self.lock:
                self.times.append((began, took))
                if good:
                    self.acked[i] = time.time()
                else:
                    self.refused += 1

    def send(self, i):
        try:
            return b"MSA|CA|" in self.network.mllp(self.port, report(i)[1])
        except OSError:
            return False

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def latencies(self, begin, end):
        with self.lock:
            return [took for at, took in self.times if begin <= at < end]


def start(network, sites):
    for site in sites:
        network.start(site, wait=False)
    for site in sites:
        wait_until(f"{site} to start", lambda s=site: network.ready(s) or network.dead(s), 60)
        demand(not network.dead(site), f"{site} did not start:\n{network.log(site)[-3000:]}")


def command(network, *arguments, code=0):
    done = network.command("--json", *map(str, arguments), check=False)
    demand(done.returncode == code, f"causeway {' '.join(map(str, arguments))} -> {done.returncode}, not {code}:\n"
           f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return json.loads(done.stdout) if done.stdout else json.loads(done.stderr) if done.stderr.startswith("{") else None


def deliveries(network, site):
    told = network.command("--json", "status", "--conf", str(network.conf / site), check=False).stdout  # red or green
    counts = json.loads(told) if told else {}
    return counts["waiting"] + counts["in_flight"] if "waiting" in counts else None


def arrived(his, numbers):
    """How many messages with each number the system got."""
    with his.lock:
        messages = list(his.messages)
    return {number: sum(number in message for message in messages) for number in numbers}


def drill(network, his, folder, seconds):
    conf, data = network.conf / "tianjin", network.folder / "tianjin"
    start(network, ["hainan", "beijing", "tianjin"])
    source = Source(network)
    time.sleep(seconds)
    network.stop("hainan")  # what is routed there waits, also in the backup
    time.sleep(1)
    quiet = source.latencies(time.monotonic() - seconds, time.monotonic())
    began = time.monotonic()
    made = command(network, "backup", "make", "--conf", conf, "--to", folder)
    took = time.monotonic() - began
    busy = source.latencies(began, began + took)
    backup = pathlib.Path(made["folder"])
    demand(made["census"]["open"] > 0, "nothing was waiting when the backup was made: the drill shows nothing")
    print(f"backup under load: {made['bytes'] / 1e6:.1f} MB, {made['census']['messages']} messages in {took * 1000:.0f} ms "
          f"({made['bytes'] / 1e6 / took:.0f} MB/s with its process); acknowledgements before it p50 "
          f"{percentile(quiet, .5):.1f} p99 {percentile(quiet, .99):.1f} ms, during it ({len(busy)}) p50 "
          f"{percentile(busy, .5):.1f} p99 {percentile(busy, .99):.1f} ms", flush=True)
    demand(command(network, "backup", "verify", backup)["manifest_sha256"] == made["manifest_sha256"], "another manifest")
    sums = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=backup, capture_output=True, text=True)
    demand(sums.returncode == 0, f"sha256sum does not agree: {sums.stdout}{sums.stderr}")
    for file in backup.rglob("*"):
        demand(file.stat().st_mode & 0o077 == 0, f"{file} can be read by others")

    start(network, ["hainan"])
    time.sleep(1)
    source.end()
    wait_until("everything at Hainan before the disaster", lambda: deliveries(network, "tianjin") == 0, 120)
    wait_until("Hainan to hand all on", lambda: deliveries(network, "hainan") == 0, 60)
    demand(source.refused == 0, f"{source.refused} messages were not acknowledged")
    numbers = {i: report(i)[0] for i in source.acked}
    before = arrived(his, numbers.values())
    demand(set(before.values()) == {1}, "not everything arrived once even before the disaster")
    lost = [i for i in source.acked if i > made["census"]["messages"]]  # at least these came after it
    demand(lost, "nothing came after the backup: the drill shows nothing")

    network.stop("tianjin", signal.SIGKILL)
    shutil.rmtree(data)  # the disk is gone
    refused = command(network, "restore", backup, "--into", network.folder / "hainan", code=1)
    demand(refused is None or "restore.not-empty" in json.dumps(refused), f"restored over another site: {refused}")
    began = time.monotonic()
    restored = command(network, "restore", backup, "--into", data)
    recovery = time.monotonic() - began
    demand(restored["census"] == made["census"], "other counts than the manifest's")
    start(network, ["tianjin"])
    print(f"restored and verified in {recovery * 1000:.0f} ms, ready {(time.monotonic() - began) * 1000:.0f} ms after the "
          f"restore was begun", flush=True)

    wait_until("the deliveries of the backup to go out again", lambda: deliveries(network, "tianjin") == deliveries(network, "hainan") == 0, 120)
    after = arrived(his, numbers.values())
    demand(after == before, f"{sum(after.values()) - sum(before.values())} messages were delivered twice")
    print(f"{made['census']['open']} deliveries went out again under their old ids; doubled at the other hospital: 0",
          flush=True)

    gone = len(source.acked) - made["census"]["messages"]
    compared = command(network, "reconcile", "--conf", conf, "--peer", "hainan", code=1)["peers"][0]
    named = {key for one in compared["missing_here"] for key in one["keys"]}
    demand(compared["missing_here_count"] == gone and compared["missing_there_count"] == 0, f"{gone} were lost: {compared}")
    demand(len(named & {number.decode() for number in numbers.values()}) == min(gone, 200), f"not named by their numbers: {named}")
    print(f"reconcile names the {gone} that came after the backup as missing here", flush=True)

    for i in source.acked:  # the source cannot know which of them were lost with the disk: it sends all again
        demand(source.send(i), f"message {i} was not acknowledged when it was sent again")
    wait_until("what was sent again to be settled", lambda: deliveries(network, "tianjin") == deliveries(network, "hainan") == 0, 120)
    last = arrived(his, numbers.values())
    demand(set(last.values()) == {1}, "after the source sent again something is missing or doubled")
    listed = network.ask("tianjin", "msg", "ls", "--limit", "1000")["messages"]
    newest = max(int(m["number"]) for m in listed)
    demand(newest > 1_000_000_000, f"numbers were used again: the newest is {newest}")
    print(f"ledger: {len(source.acked)} acknowledged, {len(last)} at the other hospital, lost 0, doubled 0; "
          f"numbers go on at {newest}", flush=True)
    audit_is_whole(network)


def audit_is_whole(network):
    """Verified by the next backup: its copy's chain includes the restore."""
    folder = network.folder / "second"
    made = command(network, "backup", "make", "--conf", network.conf / "tianjin", "--to", folder)
    demand(command(network, "backup", "verify", folder)["census"] == made["census"], "the second backup is not whole")
    again = network.command("--json", "backup", "make", "--conf", str(network.conf / "tianjin"), "--to", str(folder / "x" / "y"),
                            check=False)
    demand(again.returncode == 1, f"a backup into nowhere -> {again.returncode}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "build/release/causeway"))
    parser.add_argument("--seconds", type=float, default=3.0, help="of load before the backup")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="causeway-restore-") as folder:
        network = Network(arguments.binary, pathlib.Path(folder) / "data")
        ports = network.ports
        his = MllpSystem(ports["CAUSEWAY_HAINAN_HIS"])
        others = [HttpSystem(ports[name]) for name in ("CAUSEWAY_HAINAN_CALLBACK", "CAUSEWAY_BEIJING_ARCHIVE")]
        backups = pathlib.Path(folder) / "backups"
        os.mkdir(backups, 0o700)
        try:
            drill(network, his, backups, arguments.seconds)
            return 0
        except (Fault, TimeoutError, RuntimeError) as fault:
            print(f"FAULT: {fault}", file=sys.stderr)
            for site in ("tianjin", "hainan"):
                if (network.folder / f"{site}.log").exists():
                    print(f"--- {site}\n{network.log(site)[-1500:]}", file=sys.stderr)
            return 1
        finally:
            network.close()
            his.close()
            for one in others:
                one.close()


if __name__ == "__main__":
    sys.exit(main())
