#!/usr/bin/env python3
"""Measurements of the release build, each with what it is compared to in the same run. `start`: how long one gateway
takes from exec to ready, and what it holds in memory when idle. `msg`: finding messages among a million. `fhir`: the FHIR engine
beside others (fhir.py). `exchange`, `backlog`: two gateways and a load (exchange.py). `flood`: one peer that floods (flood.py). The others are the small programs of this folder."""

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
from exchange import backlog, exchange  # noqa: E402
from fhir import fhir  # noqa: E402
from flood import run as flood  # noqa: E402
from network import Network  # noqa: E402
from one_site import OneSite  # noqa: E402


def memory(pid):
    """(resident, proportional) in MiB: the second counts pages shared with others in parts."""
    sizes = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        sizes[name] = int(value.split()[0]) / 1024
    return sizes["Rss"], sizes["Pss"]


def start(build, rounds=9):
    with tempfile.TemporaryDirectory(prefix="causeway-bench-") as folder:
        network = Network(build / "causeway", folder)
        times, help_times = [], []
        for _ in range(rounds):
            began = time.monotonic()
            subprocess.run([str(build / "causeway"), "--version"], check=True, capture_output=True)
            help_times.append((time.monotonic() - began) * 1000)
            began = time.monotonic()
            network.start("hainan", wait=False)
            while not network.ready("hainan"):
                time.sleep(0.001)
            times.append((time.monotonic() - began) * 1000)
            time.sleep(1)
            resident, proportional = memory(network.processes["hainan"].pid)
            network.stop("hainan")
        print(f"start: exec to ready {statistics.median(times):.0f} ms median of {rounds} (max {max(times):.0f}; aim 100), "
              f"of which the process itself {statistics.median(help_times):.0f} ms (`causeway --version`)")
        print(f"idle: resident {resident:.1f} MiB, proportional {proportional:.1f} MiB (aim 40)")


def timed(command, rounds):
    times = []
    for _ in range(rounds):
        began = time.monotonic()
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        times.append((time.monotonic() - began) * 1000)
    return times, answer.stdout


def msg(build, count=1_000_000, rounds=21):
    """`causeway msg ls` on a million stored messages. The store is made once and kept below the build folder."""
    folder = build / "bench-msg"
    site = OneSite(build / "causeway", folder, "bench")
    data = site.conf / "data"
    mark = folder / f"{count}.made"
    if not mark.exists():
        shutil.rmtree(data, ignore_errors=True)
        subprocess.run([str(build / "make_message_store"), str(data / "causeway.db"), str(count)], check=True)
        mark.touch()
    site.start()
    try:
        print(f"msg ls on {count:,} messages, {(data / 'causeway.db').stat().st_size / 2**20:,.0f} MiB; whole command, {rounds} times each")
        for what, question in (("by patient identifier (a frequent one)", ["--patient", "P-7"]),
                               ("by patient identifier (a rare one)", ["--patient", f"P-{count // 20}"]),
                               ("by patient and event, 1000 lines", ["--patient", "P-7", "--event", "referral-request", "--limit", "1000"]),
                               ("by report number", ["--report", f"R{count // 2:09}"]),
                               ("by MSH-10", ["--msh10", f"MSG{count // 3:09}"]),
                               ("the newest 50", []),
                               ("the newest 50 of an event", ["--event", "referral-request"])):
            times, answer = timed([site.binary, "--json", "msg", "ls", "--conf", str(site.conf), *question], rounds)
            found = len(json.loads(answer)["messages"])
            print(f"  {what:<40} {found:>5} lines   median {statistics.median(times):6.1f} ms   max {max(times):6.1f} ms   (aim 300)")
            if "--patient" in question and statistics.median(times) > 300:
                raise SystemExit("slower than 300 ms")
    finally:
        site.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--messages", type=int, help="map: how many records it maps one after the other (100,000)")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    if arguments.name in ("", "start"):
        start(build)
    if arguments.name in ("", "msg"):
        msg(build)
    if arguments.name in ("", "fhir"):
        fhir(build)
    if arguments.name in ("", "exchange"):
        exchange(build)
    if arguments.name == "backlog":  # minutes: only when asked for
        backlog(build)
    if arguments.name == "flood":
        flood(build)
    for program in sorted(build.glob("*_bench")):
        if program.name != "fhir_bench" and arguments.name in program.name and arguments.name not in ("start", "msg", "fhir", "exchange", "backlog", "flood"):
            print(f"== {program.name}", flush=True)
            more = ["--messages", str(arguments.messages)] if arguments.messages and program.name == "map_bench" else []
            subprocess.run([str(program), *more], check=True)


if __name__ == "__main__":
    main()
