#!/usr/bin/env python3
"""kill -9 at every named failpoint of the path, at the sender and at the receiver, with real processes. Each run sends a
report of its own through Tianjin to Hainan's HIS; the victim dies at its failpoint, is started again, and the laboratory
sends again whatever was not acknowledged. The ledger must say: everything acknowledged was delivered, nothing doubled,
nothing lost. Then three planted faults must each be caught by the same ledger. (trust.md R1: invariants I1 to I3)"""

import argparse
import pathlib
import random
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
from network import ROOT, HttpSystem, MllpSystem, Network, wait_until  # noqa: E402

SAMPLE = (ROOT / "tests/cases/samples/tj_oru_gb18030.hl7").read_bytes()
INTAKE = ["intake.read", "intake.parsed", "intake.translated", "intake.before-commit", "store.before-commit",
          "store.committed", "intake.committed", "door.judged"]
COURIER = ["store.claimed", "courier.claimed", "courier.before-send", "courier.answered", "courier.settling", "store.settling"]


class SlowHis(MllpSystem):
    """A HIS that takes its time: a delivery is in flight long enough to be claimed twice by a faulty courier."""

    delay = 0.0

    def _answer(self, connection, message):
        time.sleep(self.delay)
        return super()._answer(connection, message)


class Ledger:
    """What the laboratory saw, and what arrived; kept outside the gateways."""

    def __init__(self):
        self.sent = self.acknowledged = self.delivered = self.doubled = self.lost = self.repeats = 0
        self.recovery = []

    def line(self, name):
        return (f"{name:<44} sent {self.sent:>4}  acknowledged {self.acknowledged:>4}  delivered once {self.delivered:>4}  "
                f"doubled {self.doubled}  lost {self.lost}")


class Rig:
    def __init__(self, binary, folder):
        self.network = Network(binary, folder)
        ports = self.network.ports
        self.his = SlowHis(ports["CAUSEWAY_HAINAN_HIS"])
        self.others = [HttpSystem(ports[name]) for name in ("CAUSEWAY_HAINAN_CALLBACK", "CAUSEWAY_BEIJING_ARCHIVE")]
        self.number = random.randrange(10_000, 90_000) * 1000
        for site in ("beijing", "hainan", "tianjin"):
            self.network.start(site, wait=False)
        for site in ("beijing", "hainan", "tianjin"):
            wait_until(f"{site} to start", lambda s=site: self.network.ready(s), 60)

    def close(self):
        self.network.close()
        self.his.close()
        for one in self.others:
            one.close()

    def restart(self, site, failpoint=None, plant=None):
        self.network.stop(site)
        self.network.start(site, failpoint=failpoint, plant=plant)

    def message(self):
        self.number += 1
        report = b"JY%013d" % self.number
        return report, SAMPLE.replace(b"TJ2026031000017", b"TJ%013d" % self.number).replace(b"JY202603100552", report)

    def acknowledged(self, message):
        try:
            return b"MSA|CA|" in self.network.mllp(self.network.ports["CAUSEWAY_TIANJIN_LIS"], message, timeout=20)
        except OSError:
            return False

    def received(self, report):
        with self.his.lock:
            return [m for m in self.his.messages if report in m]

    def accepted(self, site, report):
        """How many messages of this report the site has accepted."""
        trace = self.network.ask(site, "trace", report.decode())
        if trace is None:
            return 0
        return sum(m["event"] == "report" and m["state"] == "accepted" for case in trace["cases"] for m in case["messages"])

    def revive(self, victim, ledger):
        """Starts the victim again if it has died."""
        if not self.network.dead(victim):
            return
        began = time.monotonic()
        self.restart(victim)
        ledger.recovery.append((time.monotonic() - began) * 1000)

    def run(self, victim, failpoint, ledger, plant=None, patience=30):
        """One report through, with the victim dying once on the way. True when everything held."""
        self.restart(victim, failpoint=f"{failpoint}:kill" if failpoint else None, plant=plant)
        report, message = self.message()
        ledger.sent += 1
        end = time.monotonic() + patience
        acked = self.acknowledged(message)
        while not acked and time.monotonic() < end:
            if self.network.dead(victim):
                self.revive(victim, ledger)
            acked = self.acknowledged(message)
        ledger.acknowledged += acked
        while not self.received(report) and time.monotonic() < end:
            self.revive(victim, ledger)
            time.sleep(0.05)
        if failpoint and not plant:  # those after the delivery: let it die and come back before counting
            end_kill = time.monotonic() + 3
            while not self.network.dead(victim) and not ledger_killed(ledger) and time.monotonic() < end_kill:
                time.sleep(0.05)
        self.revive(victim, ledger)
        time.sleep(0.6)
        return self.judge(report, acked, ledger, killed=bool(failpoint))

    def judge(self, report, acked, ledger, killed):
        got = self.received(report)
        ids = {m.split(b"\r")[0].split(b"|")[9] for m in got}
        stored = max(self.accepted("tianjin", report), self.accepted("hainan", report))
        doubled = len(ids) > 1 or stored > 1 or (len(got) > 1 and not killed)
        ledger.repeats += max(0, len(got) - 1)
        ledger.doubled += doubled
        ledger.lost += bool(acked and not got)
        ledger.delivered += bool(len(ids) == 1 and not doubled)
        return acked and got and not doubled


def ledger_killed(ledger):
    return len(ledger.recovery) >= ledger.sent


def all_failpoints(rig, rounds):
    total, good = Ledger(), True
    for victim in ("tianjin", "hainan"):
        for failpoint in INTAKE + COURIER:
            name = "fhir.judged" if failpoint == "door.judged" and victim == "hainan" else failpoint
            ledger = Ledger()
            for _ in range(rounds):
                good &= bool(rig.run(victim, name, ledger))
            died = len(ledger.recovery)
            print(ledger.line(f"{victim} {name} (died {died}x)"), flush=True)
            good &= died >= rounds
            for field in ("sent", "acknowledged", "delivered", "doubled", "lost", "repeats"):
                setattr(total, field, getattr(total, field) + getattr(ledger, field))
            total.recovery += ledger.recovery
    recovery = sorted(total.recovery)
    print(total.line("all failpoints"))
    print(f"repeats on the wire to the HIS under the same MSH-10: {total.repeats}; recovery p50 {recovery[len(recovery) // 2]:.0f} ms, "
          f"max {recovery[-1]:.0f} ms")
    return good and total.doubled == 0 and total.lost == 0


def planted(rig):
    """Each deliberate mistake must show up in the ledger; a plan that misses one proves nothing."""
    caught = True
    for plant, victim, failpoint, slow in (("ack-before-commit", "tianjin", "store.before-commit", 0.0),
                                           ("forgotten-duplicate-row", "tianjin", "door.judged", 0.0),
                                           ("lost-lease", "hainan", None, 1.5)):
        ledger = Ledger()
        rig.his.delay = slow
        held = rig.run(victim, failpoint, ledger, plant=plant, patience=12)
        rig.his.delay = 0.0
        rig.restart(victim)
        print(ledger.line(f"planted {plant}") + ("   NOT CAUGHT" if held else "   caught"), flush=True)
        caught &= not held
    return caught


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rounds", type=int, default=1, help="kills at each failpoint and side")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="causeway-crash-") as folder:
        rig = Rig(arguments.binary, folder)
        try:
            good = all_failpoints(rig, arguments.rounds)
            good &= planted(rig)
        finally:
            rig.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
