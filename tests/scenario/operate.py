#!/usr/bin/env python3
"""The operator's test: back-pressure at the queue's high-water mark, a disk that is really full, a day compared with a peer,
and a replay that is interrupted and gone on with. Tianjin sends, Hainan receives; everything that was acknowledged arrives
once, and nothing that was refused does. The full disk is a small tmpfs, which needs root: without it that part is left out,
and says so."""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from network import ROOT, HttpSystem, MllpSystem, Network, wait_until  # noqa: E402
from restore import Fault, arrived, command, deliveries, demand, report, start  # noqa: E402

MARKS = """pressure:
  queue_high: 40
  queue_low: 10
  disk_stop: 1MiB
  disk_resume: 2MiB
  ballast: 8MiB
  patience: 300ms
  retry_after: 7s

"""


class Rig:
    def __init__(self, binary, folder):
        self.folder = pathlib.Path(folder)
        self.network = Network(binary, self.folder / "data")
        self.network.conf = self.folder / "tree" / "conf"
        shutil.copytree(ROOT / "conf", self.network.conf)
        os.symlink(ROOT / "mappings", self.folder / "tree" / "mappings")
        file = self.network.conf / "tianjin" / "causeway.yaml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("zone:", MARKS + "zone:", 1), encoding="utf-8")
        ports = self.network.ports
        self.his = MllpSystem(ports["CAUSEWAY_HAINAN_HIS"])
        self.others = [HttpSystem(ports[name]) for name in ("CAUSEWAY_HAINAN_CALLBACK", "CAUSEWAY_BEIJING_ARCHIVE")]
        self.data = self.network.folder / "tianjin"
        self.number, self.acked = 0, []

    def close(self):
        self.network.close()
        self.his.close()
        for one in self.others:
            one.close()

    def send(self, i=None):
        """The acknowledgement's code."""
        if i is None:
            self.number += 1
            i = self.number
        answer = self.network.mllp(self.network.ports["CAUSEWAY_TIANJIN_LIS"], report(i)[1])
        code = answer.split(b"MSA|")[1][:2].decode() if b"MSA|" in answer else ""
        if code == "CA" and i not in self.acked:
            self.acked.append(i)
        return code

    def send_until_refused(self, most):
        for _ in range(most):
            code = self.send()
            if code != "CA":
                return self.number, code
        raise Fault(f"{most} messages were taken without end")

    def ready(self):
        return self.network.ready("tianjin")

    def ledger(self, what):
        """Everything acknowledged is at Hainan's HIS once, and nothing else."""
        wait_until(f"{what}: the queue to drain", lambda: deliveries(self.network, "tianjin") == 0, 120)
        wait_until(f"{what}: Hainan to deliver", lambda: deliveries(self.network, "hainan") == 0, 60)
        numbers = {i: report(i)[0] for i in range(1, self.number + 1)}
        found = arrived(self.his, numbers.values())
        wrong = {i: found[number] for i, number in numbers.items() if found[number] != (1 if i in self.acked else 0)}
        demand(not wrong, f"{what}: arrived another number of times than acknowledged: {wrong}")


def ask_as(rig, who, path, body=None):
    return rig.network.https("tianjin", who, "POST" if body is not None else "GET", path, body)


# ---- the queue's high-water mark -------------------------------------------------------------------------------------

def queue_pressure(rig):
    for site in ("hainan", "beijing"):
        rig.network.stop(site)
    # the marks are looked at once a second: until then messages are still taken
    refused, code = rig.send_until_refused(5000)
    demand(code == "CR", f"refused with {code}, not CR: many senders skip a message then")
    began = time.monotonic()
    demand(rig.send(refused) == "CR", "taken while the gate was shut")
    waited = time.monotonic() - began
    demand(waited >= 0.3, f"the sender was not left waiting: {waited * 1000:.0f} ms")
    demand(rig.network.admin("tianjin", "/readyz")[0] == 503, "ready while nothing is taken")
    status = command(rig.network, "status", "--conf", rig.network.conf / "tianjin", code=1)
    demand(not status["taking"] and any(a["alert"] == "pressure:queue" for a in status["alerts"]), f"{status['alerts']}")
    start(rig.network, ["hainan", "beijing"])
    wait_until("messages to be taken again without a restart", rig.ready, 120)
    demand(rig.send(refused) == "CA", "still refused below the low-water mark")
    rig.ledger("queue")
    print(f"queue: stopped at {len(rig.acked) - 1} messages, senders were told CR after waiting {waited * 1000:.0f} ms; taken again "
          f"after it had drained, without a restart; each arrived once", flush=True)


# ---- the disk --------------------------------------------------------------------------------------------------------

def fill(folder):
    junk = folder / "junk"
    with open(junk, "ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                pass
    return junk


def disk_full(rig):
    rig.network.stop("hainan")
    for _ in range(10):
        demand(rig.send() == "CA", "not taken with an empty queue")
    junk = fill(rig.data)
    refused, code = rig.send_until_refused(3000)
    demand(code == "CR", f"refused with {code}, not CR")
    kept = len(rig.acked)
    status, headers, outcome = ask_as(rig, "hainan", "/fhir/$process-message", json.dumps({"resourceType": "Bundle"}))
    wait_until("the water mark to be seen", lambda: not rig.ready(), 10)
    status, headers, outcome = ask_as(rig, "hainan", "/fhir/$process-message", json.dumps({"resourceType": "Bundle"}))
    demand(status == 503 and headers.get("retry-after") == "7", f"FHIR was answered {status} {headers}")
    demand(outcome["issue"][0]["code"] == "transient", f"{outcome}")
    waiting = deliveries(rig.network, "tianjin")
    start(rig.network, ["hainan"])
    wait_until("the queue to drain on a full disk", lambda: deliveries(rig.network, "tianjin") == 0, 150)
    demand(not rig.network.dead("tianjin"), "the gateway ended")
    demand("store.broken" not in rig.network.log("tianjin"), "the store was given up")
    os.unlink(junk)
    wait_until("messages to be taken again without a restart", rig.ready, 30)
    demand(rig.send(refused) == "CA", "still refused with an empty disk")
    rig.ledger("disk")
    check = rig.folder / "after-full-disk"
    command(rig.network, "backup", "make", "--conf", rig.network.conf / "tianjin", "--to", check)
    command(rig.network, "backup", "verify", check)
    print(f"disk full: {kept} acknowledged before it, then CR and 503 with Retry-After; {waiting} waiting deliveries went out "
          f"meanwhile; taken again after room was made, without a restart; no half rows, each arrived once", flush=True)


# ---- a day compared --------------------------------------------------------------------------------------------------

def reconciled(rig):
    conf = rig.network.conf / "tianjin"
    source = rig.folder / "sent.txt"
    source.write_bytes(b"".join(report(i)[0] + b"\n" for i in rig.acked) + b"NEVER-CAME\n")
    told = command(rig.network, "reconcile", "--conf", conf, "--peer", "hainan", "--source", source, code=1)
    line = told["peers"][0]
    demand(line["to_send"] == line["delivered"] == line["at_peer"] == len(rig.acked), f"{line}")
    demand(line["missing_there_count"] == 0 and line["missing_here_count"] == 0, f"{line}")
    demand(told["source"]["missing"] == ["NEVER-CAME"] and told["source"]["accepted"] == len(rig.acked), f"{told['source']}")
    demand(told["came"]["mllp:lis"]["accepted"] == len(rig.acked), f"{told['came']}")
    for who, wanted in (("oncobase", (403, 404)), ("beijing", (200,))):
        status, _, body = ask_as(rig, who, "/fhir/$reconcile?period=0/1/0")
        demand(status in wanted, f"{who} was answered {status} {body}")
    status, _, _ = ask_as(rig, "hainan", "/fhir/$reconcile?period=0/99999999999999/0")
    demand(status == 400, f"a period of centuries -> {status}")
    rig.network.stop("hainan", signal.SIGKILL)
    shutil.rmtree(rig.network.folder / "hainan")  # the peer loses everything
    start(rig.network, ["hainan"])
    told = command(rig.network, "reconcile", "--conf", conf, "--peer", "hainan", code=1)
    line = told["peers"][0]
    demand(line["missing_there_count"] == len(rig.acked) and line["missing_there"][0]["keys"], f"{line}")
    numbers = {report(i)[0].decode() for i in rig.acked}
    demand(all(numbers & set(one["keys"]) for one in line["missing_there"]), "what is missing is not named by its number")
    alerts = command(rig.network, "status", "--conf", conf, code=1)["alerts"]
    demand(any(a["alert"] == "reconcile:hainan" for a in alerts), f"no alert: {alerts}")
    print(f"reconcile: {len(rig.acked)} sent, taken and at the peer agree; one the source sent and nobody got is named; after "
          f"the peer lost its store all {line['missing_there_count']} are named as missing there", flush=True)


# ---- an interrupted replay -------------------------------------------------------------------------------------------

def replayed(rig):
    conf = rig.network.conf / "hainan"
    rig.his.answer = "AE"
    for _ in range(8):
        demand(rig.send() == "CA", "not taken")

    def dead():
        return json.loads(rig.network.command("--json", "dead", "ls", "--conf", str(conf)).stdout)["dead"]

    wait_until("eight dead deliveries", lambda: len(dead()) == 8, 60)
    demand(command(rig.network, "dead", "replay", "--conf", conf, "--dry-run")["would_replay"] == 8, "dry run")
    rig.his.answer = "AA"
    process = subprocess.Popen([str(rig.network.binary), "--json", "dead", "replay", "--conf", str(conf), "--rate", "2"],
                               env=rig.network.environment, stdout=subprocess.PIPE, text=True)
    wait_until("a few to be sent again", lambda: len(dead()) <= 6, 30)
    process.send_signal(signal.SIGINT)
    first = json.loads(process.communicate(timeout=20)[0])
    demand(process.returncode == 1 and first["left"] > 0, f"{process.returncode} {first}")
    rest = command(rig.network, "dead", "replay", "--conf", conf, "--resume", "--rate", "100")
    demand(first["replayed"] + rest["replayed"] == 8, f"{first} and then {rest}")
    wait_until("all to be delivered", lambda: not dead(), 30)
    command(rig.network, "dead", "replay", "--conf", conf, "--resume", code=1)  # nothing is left to go on with
    print(f"replay: stopped after {first['replayed']}, gone on with the other {rest['replayed']}", flush=True)


def may_mount(folder, size):
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)], capture_output=True,
                          text=True)
    return None if done.returncode == 0 else done.stderr.strip() or "mount failed"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "build/release/causeway"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="causeway-operate-") as folder:
        rig = Rig(arguments.binary, folder)
        refused = may_mount(rig.data, "64m")
        try:
            start(rig.network, ["hainan", "beijing", "tianjin"])
            queue_pressure(rig)
            if refused is None:
                disk_full(rig)
            else:
                print(f"SKIPPED: the full disk, because no file system can be mounted here: {refused}", flush=True)
            reconciled(rig)
            replayed(rig)
            return 0
        except (Fault, TimeoutError, RuntimeError) as fault:
            print(f"FAULT: {fault}", file=sys.stderr)
            for site in ("tianjin", "hainan"):
                if (rig.network.folder / f"{site}.log").exists():
                    print(f"--- {site}\n{rig.network.log(site)[-2500:]}", file=sys.stderr)
            return 1
        finally:
            rig.close()
            if refused is None:
                subprocess.run(["umount", str(rig.data)], check=False)


if __name__ == "__main__":
    sys.exit(main())
