#!/usr/bin/env python3
"""Measurements of the release build, each with what it is compared to in the same run. `start`: how long one gateway
takes from exec to ready, and what it holds in memory when idle. The others are the small programs of this folder."""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
from network import Network  # noqa: E402


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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("name", nargs="?", default="")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    if arguments.name in ("", "start"):
        start(build)
    for program in sorted(build.glob("*_bench")):
        if arguments.name in program.name and arguments.name != "start":
            print(f"== {program.name}", flush=True)
            subprocess.run([str(program)], check=True)


if __name__ == "__main__":
    main()
