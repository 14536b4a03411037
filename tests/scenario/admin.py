#!/usr/bin/env python3
"""The administrator's test: a running network, under load, whose configuration is compared, reloaded, spoilt, rolled back;
whose peers are tested with each stage broken, paused over a restart, and whose alerts reach a webhook. Every figure
printed was measured; anything that is not as promised ends it with exit code 1."""

import argparse
import json
import os
import pathlib
import shutil
import socket
import ssl
import http.client
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from network import ROOT, HttpSystem, MllpSystem, Network, free_ports, wait_until  # noqa: E402

SAMPLE = (ROOT / "tests" / "cases" / "samples" / "tj_oru_gb18030.hl7").read_bytes()


class Fault(Exception):
    """Something promised did not happen."""


def demand(condition, what):
    if not condition:
        raise Fault(what)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class Rig:
    """Tianjin, whose configuration is edited in a copy of the tree; Hainan and Beijing receive."""

    def __init__(self, binary, folder):
        self.folder = pathlib.Path(folder)
        self.network = Network(binary, self.folder / "data")
        self.network.conf = self.folder / "tree" / "conf"
        shutil.copytree(ROOT / "conf", self.network.conf)
        os.symlink(ROOT / "mappings", self.folder / "tree" / "mappings")
        self.conf = self.network.conf / "tianjin"
        self.webhook = HttpSystem(free_ports(1)[0])
        hook = self.webhook.server.server_address[1]
        self.edit("causeway.yaml", "zone:", f"watch: false\nalerts:\n  webhook: http://127.0.0.1:{hook}/hook\n"
                  "  peer_down: 1s\n  queue_age: 2s\n  certificate: 1d\n  disk_free: 1MiB\n\nzone:")
        ports = self.network.ports
        self.lis = ports["CAUSEWAY_TIANJIN_LIS"]
        self.his = MllpSystem(ports["CAUSEWAY_HAINAN_HIS"])
        self.others = [HttpSystem(ports[name]) for name in ("CAUSEWAY_HAINAN_CALLBACK", "CAUSEWAY_BEIJING_ARCHIVE")]
        self.number = 1_000_000
        for site in ("beijing", "hainan", "tianjin"):
            self.network.start(site, wait=False)
        for site in ("beijing", "hainan", "tianjin"):
            wait_until(f"{site} to start", lambda s=site: self.network.ready(s) or self.network.dead(s), 60)
            demand(not self.network.dead(site), f"{site} did not start:\n{self.network.log(site)[-3000:]}")

    def close(self):
        self.network.close()
        self.his.close()
        self.webhook.close()
        for one in self.others:
            one.close()

    def edit(self, file, old, new, folder=None):
        path = (folder or self.conf) / file
        text = path.read_text(encoding="utf-8")
        demand(text.count(old) >= 1, f"{file} has no {old!r}")
        fresh = path.with_suffix(".new")
        fresh.write_text(text.replace(old, new, 1), encoding="utf-8")
        os.replace(fresh, path)

    def report(self, mark=b"JY"):
        self.number += 1
        number = mark + b"%012d" % self.number
        return number, SAMPLE.replace(b"TJ2026031000017", b"TJ%013d" % self.number).replace(b"JY202603100552", number)

    def send(self, message):
        return b"MSA|CA|" in self.network.mllp(self.lis, message)

    def command(self, *arguments, code=0):
        done = self.network.command("--json", *arguments, check=False)
        demand(done.returncode == code, f"causeway {' '.join(map(str, arguments))} -> {done.returncode}, not {code}:\n"
               f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return json.loads(done.stdout) if done.stdout else None

    def reload(self, code=0):
        return self.command("reload", str(self.conf), code=code)

    def received(self, number):
        with self.his.lock:
            return sum(number in message for message in self.his.messages)

    def alerts(self, key, state):
        return [a for a in self.hooked() if a["alert"] == key and a["state"] == state]

    def hooked(self):
        return [json.loads(body) for _, body in self.webhook.bodies]


# ---- diff ------------------------------------------------------------------------------------------------------------

def diff(rig, stored=210, planted=40):
    moving = set()
    for i in range(stored):
        number, message = rig.report(b"QX" if i < planted else b"JY")
        demand(rig.send(message), f"report {i} was not acknowledged")
        if i < planted:
            moving.add(number.decode())
    candidate = rig.network.conf / "tianjin.next"
    shutil.copytree(rig.conf, candidate)
    nothing = rig.command("diff", str(candidate), "--last", "1000")
    demand(not nothing["changes"] and nothing["replay"]["elsewhere"] == 0, "an untouched copy is said to change something")
    rig.edit("routes.yaml", "routes:\n", "routes:\n  - id: qx-to-hainan-only\n    event: report\n    from: local\n"
             "    when: Bundle.entry.resource.ofType(DiagnosticReport).identifier.value.exists($this.startsWith('QX'))\n"
             "    to: peer:hainan\n", candidate)
    began = time.monotonic()
    told = rig.command("diff", str(candidate), "--last", "1000", code=1)
    took = time.monotonic() - began
    replay = told["replay"]
    demand(replay["looked_at"] >= 200, f"only {replay['looked_at']} messages were looked at")
    demand(replay["elsewhere"] == planted, f"{replay['elsewhere']} messages move, not {planted}")
    for moved in replay["messages"]:
        demand(moved["before"]["to"] == ["peer:hainan", "peer:beijing"] and moved["after"]["to"] == ["peer:hainan"]
               and "qx-to-hainan-only" in moved["because"], f"wrong: {moved}")
    demand([c["change"] + " " + c["name"] for c in told["changes"]] == ["added qx-to-hainan-only"], told["changes"])
    shown = rig.network.command("diff", str(candidate), "--last", "1000", check=False).stdout
    demand("赵" not in shown and "赵" not in json.dumps(told, ensure_ascii=False), "a patient's name is in the diff")
    print("\n".join(shown.splitlines()[:14]))
    print(f"diff: {replay['looked_at']} stored messages replayed in {took * 1000:.0f} ms, {replay['elsewhere']} would move, "
          f"all {planted} planted ones and no other", flush=True)
    offline = rig.command("diff", str(candidate), "--against", str(rig.conf), code=1)
    demand(len(offline["changes"]) == 1, "offline diff")
    rig.edit("routes.yaml", "to: peer:hainan\n", "to: peer:nowhere\n", candidate)
    faulty = rig.command("diff", str(candidate), code=2)
    demand(faulty["check"]["errors"] == 1 and "tianjin.next" in faulty["check"]["faults"][0]["file"], "faulty candidate")
    shutil.rmtree(candidate)


# ---- reload under load -----------------------------------------------------------------------------------------------

class Load:
    """Reports over MLLP and questions over mutual TLS, without a pause, until stopped; every answer is judged."""

    def __init__(self, rig):
        self.rig, self.stop = rig, threading.Event()
        self.lock = threading.Lock()
        self.times, self.failed, self.reports = [], [], []
        self.threads = [threading.Thread(target=self.speak) for _ in range(2)]
        self.threads += [threading.Thread(target=self.ask) for _ in range(2)]
        for thread in self.threads:
            thread.start()

    def judged(self, began, good, what):
        with self.lock:
            self.times.append((time.monotonic() - began) * 1000)
            if not good:
                self.failed.append(what)

    def speak(self):
        while not self.stop.is_set():
            with self.lock:
                number, message = self.rig.report()
            began = time.monotonic()
            try:
                good, what = self.rig.send(message), "no CA"
            except OSError as error:
                good, what = False, repr(error)
            self.judged(began, good, what)
            with self.lock:
                self.reports.append(number)

    def ask(self):
        network = self.rig.network
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(network.pki / "ca.pem")
        context.load_cert_chain(network.pki / "hainan.pem", network.pki / "hainan.key")
        context.check_hostname = False
        line = http.client.HTTPSConnection("127.0.0.1", network.ports["CAUSEWAY_TIANJIN_FHIR"], context=context, timeout=30)
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                line.request("GET", "/fhir/metadata", headers={"accept": "application/fhir+json"})
                answer = line.getresponse()
                answer.read()
                good, what = answer.status == 200, answer.status
            except (OSError, http.client.HTTPException) as error:
                good, what = False, repr(error)
                line.close()
            self.judged(began, good, what)

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def reload_under_load(rig, faulty, good):
    began_with = rig.command("generations", str(rig.conf))["in_force"]
    load = Load(rig)
    took = []
    try:
        for i in range(faulty):
            rig.edit("routes.yaml", "to: [peer:hainan, peer:beijing]", "to: [peer:hainann, peer:beijing, local:no]")
            told = rig.reload(code=1)
            demand(told["faulty"] and told["check"]["errors"] == 2 and not told["taken"], f"a faulty one was taken: {told}")
            rig.edit("routes.yaml", "to: [peer:hainann, peer:beijing, local:no]", "to: [peer:hainan, peer:beijing]")
        now = rig.command("generations", str(rig.conf))["in_force"]
        demand(now == began_with, f"generation {now} instead of {began_with} after faulty reloads")
        with load.lock:
            print(f"reload of a faulty configuration, {faulty} times under load: {len(load.times)} requests, "
                  f"{len(load.failed)} failed, generation {now} stayed", flush=True)
        for i in range(good):
            old, new = ("[peer:hainan, peer:beijing]", "[peer:beijing, peer:hainan]")[:: 1 if i % 2 == 0 else -1]
            rig.edit("routes.yaml", f"to: {old}", f"to: {new}")
            began = time.monotonic()
            told = rig.reload()
            took.append((time.monotonic() - began) * 1000)
            demand(told["taken"] and told["generation"] == began_with + i + 1, f"reload {i}: {told}")
    finally:
        load.end()
    demand(not load.failed, f"{len(load.failed)} requests failed: {load.failed[:5]}")
    print(f"{good} good reloads under load: {len(load.times)} requests, 0 failed; a request p50 {percentile(load.times, .5):.1f} ms, "
          f"p99 {percentile(load.times, .99):.1f} ms; a reload with its process p50 {percentile(took, .5):.0f} ms, "
          f"p99 {percentile(took, .99):.0f} ms", flush=True)
    wait_until("everything sent under load at Hainan's HIS", lambda: all(rig.received(n) for n in load.reports[-50:]), 60)
    demand(all(rig.received(n) == 1 for n in load.reports), "a report under load did not arrive exactly once")
    print(f"  all {len(load.reports)} reports of it arrived once", flush=True)


# ---- signal, rollback, audit -----------------------------------------------------------------------------------------

def going_back(rig):
    before = rig.command("generations", str(rig.conf))
    dry = rig.command("reload", str(rig.conf), "--dry-run")
    demand(not dry["changed"], "a dry run without an edit changes something")
    rig.edit("routes.yaml", "- id: reports-to-hainan-and-beijing", "- id: reports-to-both")
    dry = rig.command("reload", str(rig.conf), "--dry-run")
    demand(dry["changed"] and not dry["taken"] and dry["generation"] == before["in_force"], "the dry run took it")
    rig.network.processes["tianjin"].send_signal(signal.SIGHUP)
    wait_until("the signal to be obeyed", lambda: rig.command("generations", str(rig.conf))["in_force"] == before["in_force"] + 1)
    last = rig.command("generations", str(rig.conf))["generations"][-1]
    demand(last["how"] == "signal", f"{last}")
    back = rig.command("rollback", str(rig.conf))
    demand(back["taken"] and back["generation"] == before["in_force"] + 2, f"{back}")
    listed = rig.command("generations", str(rig.conf))
    last = listed["generations"][-1]
    demand(last["how"] == "rollback" and last["restores"] == before["in_force"] and listed["files_differ"]
           and last["hash"] == before["generations"][-1]["hash"] and last["who"] not in ("", "gateway"), f"{last}")
    number, message = rig.report()
    demand(rig.send(message), "no CA after the rollback")
    trace = rig.network.ask("tianjin", "trace", number.decode())
    demand("reports-to-hainan-and-beijing" in json.dumps(trace) or trace, "no trace")
    rig.command("rollback", str(rig.conf), "999999", code=1)
    taken = rig.reload()
    demand(taken["taken"] and not rig.command("generations", str(rig.conf))["files_differ"], "the files were not taken again")
    print(f"SIGHUP, rollback and reload: generations {before['in_force'] + 1}, {back['generation']} (the files of "
          f"{last['restores']}, by {last['who']}), {taken['generation']}", flush=True)


# ---- peers -----------------------------------------------------------------------------------------------------------

def failing_stage(told):
    return next(s["stage"] for s in told["there"]["stages"] if s["verdict"] == "failed")


def with_edit(rig, file, old, new, stage, stage_of=failing_stage):
    rig.edit(file, old, new)
    rig.reload()
    told = rig.command("peer", "test", "hainan", "--conf", str(rig.conf), code=1)
    rig.edit(file, new, old)
    rig.reload()
    demand(stage_of(told) == stage, f"{new!r}: failing stage {stage_of(told)}, not {stage}: {told}")
    advice = next(s["advice"] for s in told["there"]["stages"] if s["verdict"] == "failed")
    print(f"  {stage:<9} {advice}")


def peer_test(rig):
    told = rig.command("peer", "test", "hainan", "--conf", str(rig.conf))
    demand(told["there"]["passed"] and told["back"]["passed"] and len(told["back"]["stages"]) == 5, f"{told}")
    again = rig.command("peer", "test", "hainan", "--conf", str(rig.conf), code=1)
    demand("asked a moment ago" in again["back"]["say"], f"{again}")
    print("peer test: five stages passed from both ends; asked again at once they refuse; broken on purpose:", flush=True)
    place = "https://127.0.0.1:${CAUSEWAY_HAINAN_FHIR:-7410}/fhir"
    silent = free_ports(1)[0]
    with_edit(rig, "peers.yaml", place, "https://no-such-host.invalid:443/fhir", "dns")
    with_edit(rig, "peers.yaml", place, f"https://127.0.0.1:{silent}/fhir", "tcp")
    with_edit(rig, "peers.yaml", place, "https://127.0.0.1:${CAUSEWAY_HAINAN_ADMIN:-1}/fhir", "tls")
    with_edit(rig, "peers.yaml", place, "https://127.0.0.1:${CAUSEWAY_BEIJING_FHIR:-1}/fhir", "identity")
    with_edit(rig, "peers.yaml", place, place[:-5] + "/elsewhere", "fhir")
    theirs = rig.network.conf / "hainan"
    rig.edit("peers.yaml", "san: tianjin.causeway.example", "san: tianjin.causeway.example\n    enabled: false", theirs)
    rig.command("reload", str(theirs))
    refused = rig.command("peer", "test", "hainan", "--conf", str(rig.conf), code=1)
    demand(failing_stage(refused) == "identity", f"{refused}")
    rig.edit("peers.yaml", "\n    enabled: false", "", theirs)
    rig.command("reload", str(theirs))
    print("  identity  (ours refused by them) " + next(s["say"] for s in refused["there"]["stages"] if s["verdict"] == "failed"))
    elsewhere = rig.network.https("hainan", "desk", "POST", "/fhir/$test-back", "{}")
    demand(elsewhere[0] in (403, 404), f"a partner may ask for a test: {elsewhere}")


def pause(rig):
    rig.command("peer", "pause", "hainan", "--reason", "they move house", "--conf", str(rig.conf))
    number, message = rig.report()
    demand(rig.send(message), "a paused peer stops the laboratory")
    rig.network.stop("tianjin")
    rig.network.start("tianjin")
    time.sleep(1.5)
    demand(rig.received(number) == 0, "a paused peer got a message")
    listed = rig.command("peer", "ls", "--conf", str(rig.conf))["destinations"]
    hainan = next(d for d in listed if d["destination"] == "peer:hainan")
    demand(hainan["state"] == "paused" and hainan["reason"] == "they move house" and hainan["who"], f"{hainan}")
    status = rig.command("status", "--conf", str(rig.conf), code=1)
    demand(any(p["destination"] == "peer:hainan" for p in status["paused"]), f"{status}")
    rig.command("peer", "resume", "hainan", "--conf", str(rig.conf))
    wait_until("the paused report at Hainan's HIS", lambda: rig.received(number) == 1)
    print(f"pause over a restart: the report waited and arrived once; paused by {hainan['who']}", flush=True)


# ---- alerts ----------------------------------------------------------------------------------------------------------

def alert(rig, key, begin, end):
    before = len(rig.alerts(key, "raised")), len(rig.alerts(key, "over"))
    begin()
    wait_until(f"{key} to be raised", lambda: len(rig.alerts(key, "raised")) > before[0], 40)
    time.sleep(3.5)  # one more look of the gateway
    metrics = rig.network.admin("tianjin", "/metrics")[1].decode()
    demand(f'causeway_alert{{alert="{key}"}} 1' in metrics, f"{key} is no metric")
    end()
    wait_until(f"{key} to be over", lambda: len(rig.alerts(key, "over")) > before[1], 60)
    demand((len(rig.alerts(key, "raised")), len(rig.alerts(key, "over"))) == (before[0] + 1, before[1] + 1),
           f"{key} was told more than once: {rig.hooked()}")
    print(f"  {key:<24} raised once, over once: {rig.alerts(key, 'raised')[-1]['say']}", flush=True)


def alerts(rig):
    print("alerts at the webhook:")

    def setting(old, new):
        rig.edit("causeway.yaml", old, new)
        rig.reload()

    alert(rig, "disk", lambda: setting("disk_free: 1MiB", "disk_free: 1000GiB"), lambda: setting("disk_free: 1000GiB", "disk_free: 1MiB"))
    alert(rig, "certificate:own", lambda: setting("certificate: 1d", "certificate: 1000d"),
          lambda: setting("certificate: 1000d", "certificate: 1d"))

    def lose_hainan():
        rig.network.stop("hainan")
        demand(rig.send(rig.report()[1]), "no CA while a peer is down")

    alert(rig, "peer-down:peer:hainan", lose_hainan, lambda: rig.network.start("hainan"))
    wait_until("the queue's alert to be over", lambda: len(rig.alerts("queue-age", "over")) == len(rig.alerts("queue-age", "raised")), 30)
    demand(len(rig.alerts("queue-age", "raised")) >= 1, "queue-age was not raised")
    text = json.dumps(rig.hooked(), ensure_ascii=False)
    demand("赵" not in text, "a patient's name at the webhook")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--folder")
    parser.add_argument("--faulty", type=int, default=5)
    parser.add_argument("--good", type=int, default=24)
    parser.add_argument("--only", help="diff, reload, back, peer, pause, alerts")
    options = parser.parse_args()
    folder = options.folder or tempfile.mkdtemp(prefix="causeway-admin-")
    rig = Rig(options.binary, folder)
    parts = {"diff": diff, "reload": lambda r: reload_under_load(r, options.faulty, options.good), "back": going_back,
             "peer": peer_test, "pause": pause, "alerts": alerts}
    try:
        for name, part in parts.items():
            if not options.only or name in options.only.split(","):
                began = time.monotonic()
                part(rig)
                print(f"-- {name}: {time.monotonic() - began:.1f} s", flush=True)
    except Fault as fault:
        print(f"FAULT: {fault}", file=sys.stderr)
        print(rig.network.log("tianjin")[-3000:], file=sys.stderr)
        return 1
    finally:
        rig.close()
        if not options.folder:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
