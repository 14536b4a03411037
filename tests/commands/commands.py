#!/usr/bin/env python3
"""The everyday commands against a running site: finding messages, looking at one, the dead, top, status, doctor. A local
system first refuses everything (AE), so there is something dead; then it takes everything, and what is sent again
arrives. Everything shown is searched for clinical values: only what is asked for as content may hold them."""

import argparse
import getpass
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
from network import ROOT, MllpSystem, free_ports, wait_until  # noqa: E402
from one_site import OneSite  # noqa: E402

SAMPLE = (ROOT / "tests" / "cases" / "samples" / "tj_oru_gb18030.hl7").read_bytes()
CLINICAL = ["38.62", "弱阳性", "标本轻度溶血", "赵珅", "13800000012"]


def demand(condition, what):
    if not condition:
        raise AssertionError(what)


def numbered(i):
    """The sample as another message about another report of the same patient."""
    return SAMPLE.replace(b"TJ2026031000017", b"TJ202603100%04d" % i).replace(b"JY202603100552", b"JY202603%06d" % i)


def make_site(binary, folder):
    lis, his = free_ports(2)
    site = OneSite(binary, folder)
    site.edit("causeway.yaml", "doors: []", f"""doors:
  - name: lis
    listen: mllp://127.0.0.1:{lis}
    charset: GB18030
    maps: {ROOT}/mappings/tianjin/oru_r01.map.yaml
""")
    site.edit("causeway.yaml", "systems: []", f"""systems:
  - name: his
    address: mllp://127.0.0.1:{his}
    charset: UTF-8
    maps: [{ROOT}/mappings/hainan/his_oru_r01.map.yaml]
""")
    site.edit("routes.yaml", "routes:\n", "routes:\n  - id: to-his\n    event: report\n    from: local\n    to: local:his\n")
    site.lis = lis
    return site, his


def send(site, message):
    file = site.folder / "message.hl7"
    file.write_bytes(message)
    return site.command("mllp", "send", str(file), f"127.0.0.1:{site.lis}", conf=False, check=False).stdout


def states(site):
    return [state for line in site.ask("msg", "ls")["messages"] for state in line["deliveries"]]


def finding(site):
    """Lists by every key, filters, pages."""
    lines = site.ask("msg", "ls", "--patient", "0003388127")["messages"]
    demand(len(lines) == 5, f"the patient has {len(lines)} messages instead of 5")
    demand([line["number"] for line in lines] == sorted((line["number"] for line in lines), reverse=True), "newest first")
    for question, count in ((["--report", "JY202603000003"], 1), (["--msh10", "TJ2026031000003"], 1),
                            (["--patient", "120199195908120035"], 5), (["--patient", "nobody"], 0), (["--event", "report"], 5),
                            (["--referral", "JY202603000003"], 0), (["--state", "accepted"], 5), (["--state", "held"], 1),
                            (["--since", "1h"], 6), (["--since", "2199-01-01"], 0),
                            (["--patient", "0003388127", "--report", "JY202603000002"], 1)):
        found = len(site.ask("msg", "ls", *question)["messages"])
        demand(found == count, f"msg ls {question} found {found} instead of {count}")
    first = site.ask("msg", "ls", "--limit", "4")
    second = site.ask("msg", "ls", "--limit", "4", "--before", str(first["next"]))
    numbers = [line["number"] for page in (first, second) for line in page["messages"]]
    demand(numbers == [6, 5, 4, 3, 2, 1], f"the pages do not follow each other: {numbers}")
    demand(site.command("msg", "ls", "--state", "gone", check=False).returncode == 2, "an unknown state was taken")
    return lines[-1]["number"]


def nothing_clinical(site, number):
    outputs = [site.command(*words, check=False).stdout.decode() for words in (
        ["msg", "ls"], ["msg", "show", str(number)], ["--json", "msg", "show", str(number)], ["--json", "msg", "ls"],
        ["dead", "ls"], ["dead", "why"], ["status"], ["top", "--once", "--interval", "0.2"], ["held", "ls"])]
    for output in outputs:
        hits = [value for value in CLINICAL if value in output]
        demand(not hits, f"shown without being asked for: {hits}\n{output}")


def content(site, number):
    """The bytes, only with a reason; and the reason in the audit."""
    demand(site.command("msg", "raw", str(number), check=False).returncode == 2, "raw bytes without a reason")
    demand(site.command("msg", "show", str(number), "--bundle", check=False).returncode == 1, "a Bundle without a reason")
    raw = site.command("msg", "raw", str(number), "--reason", "ticket 7").stdout
    demand(raw == numbered(1).strip(b"\x0b\x1c\r") + b"\r" or raw == numbered(1)[1:-2], "other bytes than were sent")
    hexed = site.command("msg", "hex", str(number), "--reason", "ticket 7").stdout.decode()
    demand("[7c]" in hexed and "赵" in hexed and "GB18030" in hexed, hexed[:500])
    bundle = json.loads(site.command("msg", "show", str(number), "--bundle", "--reason", "ticket 8").stdout)
    demand(bundle["resourceType"] == "Bundle", "no Bundle")


def replaying(site, his):
    wait_until("five dead deliveries", lambda: states(site).count("dead") == 5)
    demand(site.command("status", check=False).returncode == 1, "status is green with five dead")
    status = site.ask("status", check=False)
    demand(status["light"] == "red" and "dead why" in status["findings"][0]["next"], status)
    causes = site.ask("dead", "why")["causes"]
    demand([(c["to"], c["reason"], c["count"]) for c in causes] == [("local:his", "acknowledged AE", 5)], causes)
    demand("replay" in causes[0]["fix"] and causes[0]["first"] <= causes[0]["last"], causes)
    demand(site.ask("dead", "replay", "--dry-run")["would_replay"] == 5, "dry run")
    demand(len(site.ask("dead", "ls")["dead"]) == 5, "a dry run changed something")
    demand(site.ask("dead", "replay", "--dry-run", "--where", "peer:nobody")["would_replay"] == 0, "--where")
    # the cause is still there: it dies again, is marked, and the next replay leaves it out
    demand(site.ask("dead", "replay", "--limit", "1")["replayed"] == 1, "--limit 1")
    wait_until("it died again", lambda: len(site.ask("dead", "ls")["dead"]) == 5)
    demand(sorted(d["replays"] for d in site.ask("dead", "ls")["dead"]) == [0, 0, 0, 0, 1], "replays are not marked")
    his.answer = "AA"
    demand(site.ask("dead", "replay", "--rate", "500")["replayed"] == 4, "what was sent again before is left out")
    wait_until("four delivered", lambda: states(site).count("delivered") == 4)
    dead = site.ask("dead", "ls")["dead"]
    demand(len(dead) == 1, dead)
    number = str(dead[0]["number"])
    demand(site.command("dead", "discard", number, check=False).returncode == 2, "discarded without a reason")
    site.command("dead", "discard", number, "--reason", "test is over")
    demand(site.command("dead", "discard", number, "--reason", "again", check=False).returncode == 1, "discarded twice")
    demand(site.ask("dead", "ls")["dead"] == [], "still dead")


def story(site, user):
    """`show` tells each try, who sent it again, and why it went where it went."""
    shown = next(m for n in range(1, 6) for m in [site.ask("msg", "show", str(n))] if m["deliveries"][0]["state"] == "delivered")
    history = shown["deliveries"][0]["history"]
    demand([h["state"] for h in history] == ["dead", "waiting"], history)
    demand(history[1]["by"] == user and history[1]["reason"] == f"sent again by {user}", history)
    demand(shown["explain"]["route"]["id"] == "to-his", shown["explain"])
    stored = site.ask("explain", str(shown["number"]))
    demand(stored == shown["explain"], f"explain of a stored message: {stored}")
    demand(site.command("explain", "999999", check=False).returncode == 1, "explained what is not there")
    demand({"kind": "patient", "value": "0003388127"} in shown["keys"], shown["keys"])


def watching(site):
    picture = site.ask("top", "--once", "--interval", "0.2")
    rows = {row["name"]: row for row in picture["sides"]}
    demand({"mllp:lis", "local:his"} <= set(rows), rows)
    before = subprocess.Popen([site.binary, "--json", "top", "--once", "--interval", "2", "--conf", str(site.conf)], stdout=subprocess.PIPE)
    for i in range(20, 30):
        send(site, numbered(i))
    rows = {row["name"]: row for row in json.loads(before.communicate(timeout=30)[0])["sides"]}
    port = re.search(r"^admin:\n +listen: http://127\.0\.0\.1:(\d+)", (site.conf / "causeway.yaml").read_text(encoding="utf-8"), re.M)[1]
    metrics = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
    demand('causeway_messages_in_total{side="mllp:lis"} 15' in metrics and 'causeway_tries_failed_total{side="local:his"} 6' in metrics, metrics)
    demand(rows["mllp:lis"]["in_per_second"] > 0 and rows["local:his"]["out_per_second"] > 0, rows)


def harmless(site):
    """What another system hid in a name or an id does not reach the terminal."""
    csi = "\x9b"  # begins a terminal's control sequence; the lower ones (ESC) do not get past the door
    send(site, numbered(40).replace(b"|TMUCIH|GW|", b"|TM" + (csi + "2JUCIH").encode("gb18030") + b"|GW|"))
    newest = site.ask("msg", "ls", "--limit", "1")["messages"][0]
    demand(csi in newest["from"], f"the sample lost its escape before it could do harm: {newest}")
    for words in (["msg", "ls"], ["msg", "show", str(newest["number"])], ["held", "ls"], ["dead", "ls"], ["trace", newest["case"] or "x"]):
        output = site.command(*words, check=False).stdout
        demand(not set(output) & (set(range(32)) - {10}) and b"\xc2\x9b" not in output, f"{words[:2]} prints control characters: {output!r}")


def examined(site, what):
    done = site.command("--json", "doctor", str(site.conf), conf=False, check=False)
    findings = json.loads(done.stdout)["findings"]
    failed = [f for f in findings if f["verdict"] == "fail"]
    demand(not failed and done.returncode == 0, f"doctor, {what}: {failed}")
    demand({"clock", "disk", "fsync", "store", "sqlite", "certificate", "crl", "permissions", "port", "descriptors"} <=
           {f["what"] for f in findings}, findings)
    return {f["say"] for f in findings if f["what"] == "gateway"}


def sick(site):
    """What doctor is for: an open key and a taken port are found, each with what to do."""
    key = site.conf / "pki" / "north.key"
    key.chmod(0o644)
    done = site.command("--json", "doctor", str(site.conf), conf=False, check=False)
    failed = [f for f in json.loads(done.stdout)["findings"] if f["verdict"] == "fail"]
    demand(done.returncode == 1 and any(f["what"] == "permissions" and "chmod" in f["fix"] for f in failed), failed)
    key.chmod(0o600)


def audit(site, user):
    rows = sqlite3.connect(f"file:{site.conf}/data/causeway.db?mode=ro", uri=True).execute("SELECT event, actor, detail FROM audit").fetchall()
    mine = [(event, json.loads(detail)) for event, actor, detail in rows if actor == user]
    reasons = [detail.get("reason") for event, detail in mine if event == "disclosed"]
    demand(reasons == ["ticket 7", "ticket 7", "ticket 8"], f"disclosures in the audit: {reasons}")
    demand([event for event, _ in mine].count("replayed") == 5, "five replays in the audit")
    demand([d["reason"] for event, d in mine if event == "discarded"] == ["test is over"], "the discard in the audit")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "build/dev/causeway"))
    arguments = parser.parse_args()
    user = getpass.getuser()
    with tempfile.TemporaryDirectory(prefix="causeway-commands-") as folder:
        site, port = make_site(arguments.binary, folder)
        his = MllpSystem(port, answer="AE")
        try:
            examined(site, "before the first start")
            site.start()
            for i in range(1, 6):
                demand(b"MSA|CA|" in send(site, numbered(i)), "the door did not accept the sample")
            send(site, SAMPLE.replace(b"ORU^R01", b"ORU^R99").replace(b"TJ2026031000017", b"TJ-HELD"))
            first = finding(site)
            replaying(site, his)
            nothing_clinical(site, first)
            content(site, first)
            story(site, user)
            watching(site)
            harmless(site)
            demand(examined(site, "running") == {"runs, and answers on its control socket"}, "doctor does not see that it runs")
            site.stop()
            examined(site, "stopped")
            sick(site)
            audit(site, user)
            demand(site.command("status", check=False).returncode == 2, "status of a stopped site")
        finally:
            site.stop()
            his.close()
    print("commands: msg, dead, top, status, doctor and their audit are as promised")
    return 0


if __name__ == "__main__":
    sys.exit(main())
