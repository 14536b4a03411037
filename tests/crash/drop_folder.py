#!/usr/bin/env python3
"""kill -9 while a dropped CSV is taken, at every named failpoint of its way: after the claim, in the middle of its rows,
and between the last row and the move to done/. After each restart every row must have been accepted exactly once and
the file must stand in done/, by nobody's doing but the gateway's."""

import argparse
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
from network import ROOT, Network, wait_until  # noqa: E402

ROWS = 12
FAILPOINTS = ["folder.claimed", "intake.read:kill:5", "intake.translated:kill:8", "intake.before-commit:kill:7", "store.before-commit",
              "store.committed", "intake.committed:kill:3", "folder.taken"]


def cases(batch):
    """A CSV with a batch's rows, made from the sample: case numbers of their own."""
    header, row = (ROOT / "tests/cases/samples/hopenoah_case.csv").read_bytes().split(b"\r\n", 1)
    return header + b"\r\n" + b"".join(row.rstrip(b"\r\n").replace(b"HN-2026-0091", b"HN-%d-%03d" % (batch, n)) + b"\r\n"
                                      for n in range(ROWS))


def accepted(network, number):
    trace = network.ask("hainan", "trace", number)
    return 0 if trace is None else sum(m["state"] == "accepted" for case in trace["cases"] for m in case["messages"])


def run(network, batch, failpoint):
    network.stop("hainan")
    network.start("hainan", failpoint=failpoint if ":" in failpoint else f"{failpoint}:kill")
    folder = network.folder / "hainan-drop" / "cases"
    name = f"batch-{batch}.csv"
    (folder / (name + ".tmp")).write_bytes(cases(batch))
    (folder / (name + ".tmp")).rename(folder / name)
    wait_until(f"hainan to die at {failpoint}", lambda: network.dead("hainan"), 20)
    left = "claimed" if (folder / "work" / name).exists() else "unclaimed"
    network.stop("hainan")
    network.start("hainan")
    wait_until(f"{name} in done/", (folder / "done" / name).exists, 20)
    counts = [accepted(network, f"HN-{batch}-{n:03d}") for n in range(ROWS)]
    good = counts == [1] * ROWS and not (folder / "work" / name).exists()
    print(f"{failpoint:<28} died with the file {left:<10} rows {ROWS}  accepted once {counts.count(1):>3}  "
          f"lost {counts.count(0)}  doubled {sum(n > 1 for n in counts)}", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="causeway-drop-") as folder:
        network = Network(arguments.binary, folder)
        try:
            network.start("hainan")
            return 0 if all([run(network, 100 + n, failpoint) for n, failpoint in enumerate(FAILPOINTS)]) else 1
        finally:
            network.close()


if __name__ == "__main__":
    sys.exit(main())
