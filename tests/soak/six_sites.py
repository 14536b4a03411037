#!/usr/bin/env python3
"""The six sites at work for minutes while everything goes wrong: gateways killed with -9, links between them cut, delayed, broken
off at byte k, peers that lie with the right key, local systems that refuse, fall silent and forget, senders whose lines
break. An external ledger says at the end whether the promises were kept (tests/soak/judge.py). Faults, kills and flows
come from the seed, which is printed; processes and threads race as they do. Exit code 1 with ids and traces otherwise."""

import argparse
import collections
import json
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "scenario"), str(HERE)]
import judge  # noqa: E402
import soak_flows as flows  # noqa: E402
from ledger import Ledger, read  # noqa: E402
from network import ROOT, SITES, Network, free_ports, fresh_folder, wait_until  # noqa: E402
from stand_ins import Board, HttpSystem, MllpSystem  # noqa: E402

LINKS = [("tianjin", "hainan"), ("tianjin", "beijing"), ("beijing", "hainan"), ("hainan", "beijing"), ("hainan", "hongkong"),
         ("hongkong", "hainan"), ("huili", "chengdu"), ("chengdu", "huili")]
# How numbers begin that have no business at a site.
FOREIGN = {"tianjin": ["YC", "CF", "ZZ", "HK"], "beijing": ["YC", "ZZ", "HK"], "hainan": ["ZZ", "HK"],
           "hongkong": ["JY", "CF", "ZZ", "TJ"], "huili": ["JY", "CF", "YC", "HK"], "chengdu": ["JY", "CF", "YC", "HK"]}
MORE_FILES = 8  # that a site may have open in the end, more than at its start
LIES = ["html", "bad-gateway", "other-ack", "busy", "unavailable", "broken", "refusal", "reset", "breaks-off", "never-ends", "honest"]


class SixSites(Network):
    """The shipped configuration, with short waits, and a proxy on every link."""

    def __init__(self, binary, folder, plant):
        for part in ("conf", "mappings"):
            shutil.copytree(ROOT / part, folder / "tree" / part)
        self.hurry(folder / "tree" / "conf")
        super().__init__(binary, folder / "run", conf=folder / "tree" / "conf")
        self.plant = plant
        self.listens = dict(zip(LINKS, free_ports(len(LINKS))))
        self.lock = threading.Lock()

    @staticmethod
    def hurry(conf):
        """A soak of minutes: what production waits for minutes, it waits for seconds."""
        for site in SITES:
            file = conf / site / "causeway.yaml"
            text = file.read_text(encoding="utf-8").replace("    timeout: 30s\n", "")
            text = text.replace("    address: mllp://", "    timeout: 3s\n    address: mllp://")
            text = text.replace("    address: http://", "    timeout: 3s\n    address: http://")
            file.write_text(text + "\nretry: {first: 200ms, longest: 3s}\n", encoding="utf-8")
            file = conf / site / "peers.yaml"
            file.write_text(file.read_text(encoding="utf-8").replace("    san: ", "    timeout: 4s\n    san: "), encoding="utf-8")

    def environment_of(self, site):
        through = {f"CAUSEWAY_{to.upper()}_FHIR": str(port) for (source, to), port in self.listens.items() if source == site}
        planted = {"CAUSEWAY_PLANT": self.plant} if self.plant else {}
        return dict(super().environment_of(site), **through, **planted)

    def links(self):
        return [{"name": f"{source}>{to}", "listen": port, "to": self.ports[f"CAUSEWAY_{to.upper()}_FHIR"], "from": source, "at": to}
                for (source, to), port in self.listens.items()]


class Proxy:
    def __init__(self, network):
        self.process = subprocess.Popen([sys.executable, str(HERE.parent / "support" / "fault_proxy.py")], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.tell({"pki": str(network.pki), "links": network.links()})
        assert self.process.stdout.readline() == "listening\n", "the fault proxy did not start"

    def tell(self, what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def close(self):
        """What it did."""
        if self.process.poll() is not None:
            return {}
        told, _ = self.process.communicate(timeout=20)
        return json.loads(told or "{}")


# ---- the plan ------------------------------------------------------------------------------------------------------------

def plan_of(seed, seconds, kills):
    """[(when, what)] from the seed alone: kills spread over the time, and faults of links meanwhile."""
    chance = random.Random(seed)
    plan = []
    for number in range(kills):
        kill = {"site": chance.choice(SITES), "down": chance.choice((0, 0, 0.1, 0.5, 1.0)), "again": chance.random() < 0.1}
        plan.append(((number + chance.random()) * seconds / kills, "kill", kill))
    moment = 1.0
    while moment < seconds - 3:
        fault, length = fault_of(chance), chance.uniform(0.5, 4)
        plan.append((moment, "fault", {"link": "{}>{}".format(*chance.choice(LINKS)), "fault": fault, "seconds": length}))
        if fault["kind"] in ("cut", "swallow") and chance.random() < 0.4:  # a site cut off altogether
            site = chance.choice(SITES)
            for source, to in LINKS:
                if site in (source, to):
                    plan.append((moment, "fault", {"link": f"{source}>{to}", "fault": fault, "seconds": length}))
        moment += chance.expovariate(1.2)
    return sorted(plan, key=lambda one: one[0])


def fault_of(chance):
    kind = chance.choices(["cut", "swallow", "delay", "throttle", "stop", "garbage", "lie"], [3, 2, 3, 1, 6, 1, 8])[0]
    fault = {"kind": kind}
    if kind == "delay":
        fault["by"] = chance.choice((0.02, 0.2, 1.0))
    elif kind == "throttle":
        fault["rate"] = chance.choice((200, 2000))
    elif kind == "stop":
        fault.update(way=chance.choice(("up", "down")), how=chance.choice(("reset", "close", "half")),
                     within=chance.choice((300, 3000, 30000)))
    elif kind == "lie":
        fault.update(answer=chance.choice(LIES), reach=chance.random() < 0.6, times=chance.choice((1, 1, 2)))
    return fault


# ---- the soak ------------------------------------------------------------------------------------------------------------

class Soak:
    def __init__(self, binary, folder, seed, hands, plant=None):
        self.seed, self.hands, self.folder = seed, hands, folder
        self.network = SixSites(binary, folder, plant)
        self.ledger_file = folder / "ledger.jsonl"
        self.ledger = Ledger(self.ledger_file)
        self.board = Board(self.ledger, seed)
        self.staging = threading.Lock()
        self.number, self.numbers = 0, threading.Lock()
        self.stopping, self.last_moment = False, float("inf")
        self.recoveries, self.restarting, self.failures = [], set(), []
        self.fresh = {}
        ports = self.network.ports
        self.systems = [
            MllpSystem("hainan-his", ports["CAUSEWAY_HAINAN_HIS"], self.board, flows.read_his),
            MllpSystem("pharmacy", ports["CAUSEWAY_HAINAN_PHARMACY_SYSTEM"], self.board, flows.read_pharmacy),
            MllpSystem("huili-his", ports["CAUSEWAY_HUILI_HIS"], self.board, flows.read_county),
            MllpSystem("chengdu-his", ports["CAUSEWAY_CHENGDU_HIS"], self.board, flows.read_county),
            HttpSystem("platform", ports["CAUSEWAY_HAINAN_CALLBACK"], self.board, flows.read_platform),
            HttpSystem("beijing-archive", ports["CAUSEWAY_BEIJING_ARCHIVE"], self.board, flows.read_report),
            HttpSystem("desk", ports["CAUSEWAY_HONGKONG_DESK"], self.board, flows.read_desk),
            HttpSystem("hongkong-archive", ports["CAUSEWAY_HONGKONG_ARCHIVE"], self.board, flows.read_visit),
        ]
        self.proxy = Proxy(self.network)

    def start(self):
        for site in SITES:
            self.network.start(site, wait=False)
        for site in SITES:
            wait_until(f"{site} to be ready (see {self.network.folder}/{site}.log)", lambda s=site: self.network.ready(s), 60)

    # -- workers

    def next_number(self):
        with self.numbers:
            self.number += 1
            return self.number

    def worker(self):
        while not self.stopping:
            number = self.next_number()
            chance = random.Random(f"{self.seed}/{number}/kind")
            flow = chance.choices([one for one, _ in flows.FLOWS], [weight for _, weight in flows.FLOWS])[0]
            try:
                flow(flows.Sender(self, number, flow.__name__))
            except Exception as problem:  # noqa: BLE001: told at the end
                self.failures.append(f"flow {flow.__name__} {number}: {problem!r}")
                if len(self.failures) > 20:
                    return

    def void(self, key):
        database = sqlite3.connect(self.network.folder / "staging" / "beijing.db", timeout=20)
        with database:
            database.execute("UPDATE MS_CF01 SET ZFPB = '1' WHERE CFSB = ?", (key,))
        database.close()

    def watch_status(self):
        """Beijing's HIS looks into GW_STATUS."""
        ranks, known = {"claimed": 1, "dispensing": 2, "completed": 3}, {}
        while not self.done_watching:
            database = sqlite3.connect(self.network.folder / "staging" / "beijing.db", timeout=20)
            rows = database.execute("SELECT YWHM, ZT FROM GW_STATUS").fetchall()
            database.close()
            for name, state in rows:
                if known.get(name) != state and state in ranks:
                    known[name] = state
                    if not (state == "claimed" and ("beijing-status", name, 1) in self.board.got):  # given back and claimed again
                        self.board.take(("beijing-status", name, ranks[state]), state, state)
            time.sleep(0.2)

    # -- faults

    def kill(self, site, down, again):
        """SIGKILL, later a start; recovery is from its exec to its answer at /readyz."""
        self.ledger.write("kill", site=site)
        self.network.stop(site, signal.SIGKILL)
        time.sleep(down)
        began = time.monotonic()
        self.network.start(site, wait=False)
        if again:
            time.sleep(0.05)
            self.ledger.write("kill", site=site)
            self.network.stop(site, signal.SIGKILL)
            began = time.monotonic()
            self.network.start(site, wait=False)
        while not self.network.ready(site):
            if self.network.dead(site) or time.monotonic() - began > 60:
                self.failures.append(f"{site} did not come back: {self.network.log(site)[-800:]}")
                break
            time.sleep(0.01)
        self.recoveries.append((time.monotonic() - began) * 1000)
        self.restarting.discard(site)

    def follow(self, plan):
        began, threads = time.monotonic(), []
        for when, what, told in plan:
            time.sleep(max(0.0, began + when - time.monotonic()))
            if what == "fault":
                self.ledger.write("fault", **told)
                self.proxy.tell(told)
                continue
            free = [site for site in SITES if site not in self.restarting]
            site = told["site"] if told["site"] in free else (free or [None])[0]
            if site is None or len(self.restarting) > 2:
                continue
            self.restarting.add(site)
            threads.append(threading.Thread(target=self.kill, args=(site, told["down"], told["again"]), daemon=True))
            threads[-1].start()
        return threads

    # -- the end

    def queue_left(self):
        """Deliveries that are still to be made, by site; None where nobody answers."""
        left = {}
        for site in SITES:  # exit code 1: a light is not green, because something is held
            told = self.network.command("--json", "status", "--conf", str(self.network.conf / site), check=False)
            one = json.loads(told.stdout) if told.returncode != 2 and told.stdout else None
            left[site] = one["waiting"] + one["in_flight"] if one else None
        return left

    def settled(self):
        return all(left == 0 for left in self.queue_left().values())

    def missing(self):
        entries = read(self.ledger_file)
        return judge.effects_of(entries, "acknowledged") - self.board.got.keys()

    def dead(self):
        found = []
        for site in SITES:
            told = self.network.ask(site, "dead", "ls") or {}
            found += [dict(one, site=site) for one in told.get("dead", told.get("deliveries", []))]
        return found

    def quiet(self):
        """Nothing is on its way, and whatever has not arrived is dead in plain sight."""
        if not self.settled():
            return False
        dead = {one["case"] for one in self.dead()}
        return all(any(key in case for case in dead) for _, key, _ in self.missing())

    def measure(self):
        """Resident MiB and open files of each site."""
        now = {}
        for site, process in self.network.processes.items():
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            resident = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))
            now[site] = (resident, len(list(pathlib.Path(f"/proc/{process.pid}/fd").iterdir())))
        return now

    def run(self, seconds, kills, patience, rest):
        self.start()
        self.fresh = self.measure()
        self.done_watching = False
        watcher = threading.Thread(target=self.watch_status, daemon=True)
        watcher.start()
        workers = [threading.Thread(target=self.worker, daemon=True) for _ in range(self.hands)]
        for one in workers:
            one.start()
        for thread in self.follow(plan_of(self.seed, seconds, kills)):
            thread.join()
        faults_end = time.monotonic()
        self.stopping = self.board.calm = True
        self.last_moment = faults_end + patience
        for site in SITES:
            if self.network.dead(site):
                self.network.start(site, wait=False)
        while time.monotonic() < self.last_moment and not (time.monotonic() - self.ledger.written > 3 and self.quiet()):
            time.sleep(0.2)
        self.last_moment = 0.0  # whoever still waits, waits for what is dead
        for one in workers:
            one.join(60)
        self.converged = self.ledger.written - faults_end
        dead = self.dead()
        self.replay(dead)
        self.come_to_rest(rest)
        self.done_watching = True
        watcher.join()
        self.last = self.measure()
        return dead

    def come_to_rest(self, longest):
        """Connections that peers keep open end by themselves, and are no files of the site's own."""
        end = time.monotonic() + longest
        while time.monotonic() < end and any(
                files > self.fresh[site][1] + MORE_FILES for site, (_, files) in self.measure().items()):
            time.sleep(0.5)

    def replay(self, dead):
        """A person sends the dead ones again, now that everybody is well."""
        for site in {one["site"] for one in dead}:
            self.network.command("dead", "replay", "--conf", str(self.network.conf / site), check=False)
        end = time.monotonic() + 30
        while dead and (self.missing() or not self.settled()) and time.monotonic() < end:
            time.sleep(0.3)

    def close(self):
        self.network.close()
        did = self.proxy.close()
        for one in self.systems:
            one.close()
        self.ledger.close()
        return did


def percentile(values, share):
    values = sorted(values)
    return values[int(share * (len(values) - 1))] if values else 0.0


def told_of_logs(folder):
    """How often the gateways answered a repeat with the first answer, or met an error of their own."""
    found = collections.Counter()
    for site in SITES:
        for line in (folder / f"{site}.log").read_text(encoding="utf-8", errors="replace").splitlines():
            for what in ("message.repeated", "destination.paused", "courier.lease-lost", "Sanitizer", "runtime error"):
                found[what] += what in line
    return found


def disk_of(folder):
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


def report(soak, options, dead, did, began):
    entries = read(soak.ledger_file)
    replayed = {tuple(one["effect"]) for one in entries if one["what"] == "refused-by-system"}
    cases = {one["case"] for one in dead}
    replayed |= {tuple(one["effect"]) for one in entries
                 if one["what"] == "arrived" and any(one["effect"][1] in case for case in cases)}
    verdict = judge.judge_ledger(entries, replayed)
    data = 0
    for site in SITES:
        folder = soak.network.folder / site
        judge.judge_store(verdict, site, next(folder.glob("*.db")), FOREIGN[site])
        data += disk_of(folder)
    logs = told_of_logs(soak.network.folder)
    counts = verdict.counts
    lied = [one for one in dead if any(why in one["reason"] for why in ("soak-lie", "acknowledged AE", "HTTP 422"))]
    # what comes after a dead letter of its case may be refused by the peer, which has not seen the step before
    followed = {(one["site"], one["case"]) for one in lied}
    unexplained = [one for one in dead if one not in lied and (one["site"], one["case"]) not in followed]
    if unexplained:
        verdict.fault("I1", "dead without a lie behind it", {f"{one['site']} {one['number']} {one['to']} {one['reason']}" for one in unexplained})
    for word in ("Sanitizer", "runtime error"):
        if logs[word]:
            verdict.fault("I9", f"{word} in a log", [str(soak.network.folder)])
    recovery = soak.recoveries
    if percentile(recovery, 1) > options.recovery * 1000:
        verdict.fault("I8", f"a recovery took longer than {options.recovery} s", [f"{percentile(recovery, 1):.0f} ms"])
    for site in SITES:
        (resident, files), (first_resident, first_files) = soak.last.get(site, (0, 0)), soak.fresh[site]
        if resident > first_resident * 2 + options.memory or files > first_files + MORE_FILES:
            verdict.fault("I9", f"{site} holds more than at its start",
                          [f"{resident:.0f} MiB and {files} files; at its start {first_resident:.0f} MiB and {first_files}"])
    for failure in soak.failures:
        verdict.fault("I8", "the soak itself stumbled", [failure])

    print(f"{counts['sent']} sent, {counts['acknowledged']} acknowledged, {counts['expected']} deliveries due, "
          f"{counts['delivered once']} delivered once, duplicates suppressed {logs['message.repeated']} "
          f"(and {counts['duplicates under one id']} repeated to local systems under their id), dead {len(dead)} (sent again by a person), "
          f"lost {counts['lost']}, doubled {counts['doubled']}, order broken {counts['order broken']}")
    print(f"{counts['kills']} kills; recovery p50 {percentile(recovery, 0.5):.0f} ms, p99 {percentile(recovery, 0.99):.0f} ms, "
          f"longest {percentile(recovery, 1):.0f} ms; converged {soak.converged:.1f} s after the last fault; "
          f"{counts['repeats answered']} repeats answered as at first, {counts['illegal tried']} illegal steps refused, "
          f"{counts['refused']} refused, {logs['destination.paused']} pauses of a peer")
    print("faults of links: " + ", ".join(f"{value} {name}" for name, value in sorted(did.items())))
    resident = {site: f"{soak.fresh[site][0]:.0f}->{soak.last[site][0]:.0f} MiB, {soak.fresh[site][1]}->{soak.last[site][1]} files"
                for site in SITES if site in soak.last}
    print("at the start -> at the end: " + "; ".join(f"{site} {one}" for site, one in resident.items()))
    print(f"{counts['messages stored']} messages in the stores ({counts['held or refused']} held or refused), "
          f"{data / 2**20:.1f} MiB on disk, {data / max(1, counts['messages stored']) / 1024:.1f} KiB each; "
          f"{time.monotonic() - began:.0f} s in all")
    return verdict


def show_faults(soak, verdict):
    print(f"\nBROKEN, seed {soak.seed}:")
    for invariant, what, ids, count in verdict.faults:
        print(f"  {invariant} {what} ({count}):")
        for one in ids:
            print(f"    {one}")
    print(f"  ledger {soak.ledger_file}, logs and stores {soak.network.folder}")


def show_traces(soak, verdict):
    """Each broken record as the sites tell it; they are started again for that."""
    keys = {word for _, _, ids, _ in verdict.faults for one in ids for word in one.split()
            if word[:2] in ("JY", "CF", "YC", "ZZ", "P9") and word[2:].isdigit()}
    if not keys:
        return
    for site in SITES:
        soak.network.start(site, wait=False)
    for site in SITES:
        wait_until(site, lambda s=site: soak.network.ready(s), 60)
    for key in sorted(keys)[:10]:
        for site in SITES:
            told = soak.network.command("trace", key, "--conf", str(soak.network.conf / site), check=False)
            if told.returncode == 0:
                print(f"--- {key} at {site}\n{told.stdout}")
    soak.network.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=str(ROOT / "build" / "release" / "causeway"))
    parser.add_argument("--minutes", type=float, default=10.0, help="how long faults and flows go on")
    parser.add_argument("--kills", type=int, help="default: 33 a minute")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--hands", type=int, default=16, help="flows at the same time")
    parser.add_argument("--patience", type=float, default=90.0, help="seconds for everything to come right after the last fault")
    parser.add_argument("--memory", type=float, default=64.0, help="MiB that a site may hold more than twice what it held at its "
                        "start; a sanitizer keeps what was freed: 512")
    parser.add_argument("--rest", type=float, default=35.0, help="seconds in which a site's files must be about as many as at its "
                        "start: by then kept connections have ended")
    parser.add_argument("--plant", help="a deliberate mistake (builds with failpoints): the ledger must notice it")
    parser.add_argument("--recovery", type=float, default=10.0, help="seconds a start after kill -9 may take")
    parser.add_argument("--folder", help="where to work; kept")
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.minutes:g} minutes, {options.hands} flows at a time", flush=True)
    folder = fresh_folder(options.folder or tempfile.mkdtemp(prefix="causeway-soak-"))
    began, good = time.monotonic(), False
    soak = Soak(options.binary, folder, options.seed, options.hands, options.plant)
    try:
        dead = soak.run(options.minutes * 60, options.kills or round(options.minutes * 33), options.patience, options.rest)
        did = soak.close()
        verdict = report(soak, options, dead, did, began)
        good = not verdict.faults
        if not good:
            show_faults(soak, verdict)
            show_traces(soak, verdict)
    finally:
        soak.close()
        if good and not options.folder:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
