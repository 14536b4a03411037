#!/usr/bin/env python3
"""One referral asked of three hospitals at once, as real processes: Huili's HIS asks Chengdu, Tianjin and Beijing, two opinions
answer it. Beijing is down and delays nobody; Chengdu and Tianjin contradict each other and both opinions are kept; Huili is
killed between them. When Beijing is up again it gets its Task, and its late opinion is added. Everything is set up by files:
a copy of the shipped configuration and a few edits."""

import argparse
import json
import pathlib
import shutil
import signal
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from added_site import add, peer, replace  # noqa: E402
from flows.common import SAMPLES, Fault, demand, opinion, resources  # noqa: E402
from network import ROOT, MllpSystem, Network, wait_until  # noqa: E402

CASE = "ZZ513499202603110001"
ASKED = {"chengdu": "cd3", "tianjin": "tmucih", "beijing": "bjch"}
ANSWERS = "event: [referral-received, referral-accept, referral-reject, info-request, encounter-start, opinion-published]"
OFFICE = """  - name: office
    san: office.causeway.example
    keys_file: {pki}/office.pins
    reads:
      - {{types: [Bundle, Task, ServiceRequest, Patient], from: huili}}
    writes: Task
    sends: opinion-published
"""


def ask_three(network, tree):
    """Everything the administrator in Huili does: two peers, one route, whose answers are taken."""
    huili = tree / "conf" / "huili"
    for name, code, title, city in (("tianjin", "12120199YY0000028P", "天津市肿瘤医院", "天津"),
                                    ("beijing", "12110199YY000001XK", "北京肿瘤医院", "北京")):
        port = network.ports[f"CAUSEWAY_{name.upper()}_FHIR"]
        add(huili / "peers.yaml", "\n" + peer(name, ASKED[name], code, title, city, port, network.pki))
    replace(huili / "routes.yaml", "    recipient: cd3\n    to: peer:chengdu",
            "    recipient: cd3\n    to: [peer:chengdu, peer:tianjin, peer:beijing]\n    fan_out: {quorum: 2, deadline: 3d}")
    replace(huili / "routes.yaml", "from: cd3", "from: [cd3, tmucih, bjch]")
    replace(huili / "partners.yaml", "events: [referral-request, ", "events: [referral-settled, referral-request, ")


def take_part(network, tree, site):
    """Everything an administrator of an asked hospital does."""
    conf = tree / "conf" / site
    add(conf / "peers.yaml", "\n" + peer("huili", "huili", "12513499YY0000044Q", "会理市人民医院", "会理",
                                         network.ports["CAUSEWAY_HUILI_FHIR"], network.pki))
    replace(conf / "routes.yaml", "routes:\n", f"""routes:
  - id: consultations
    event: [referral-request, info-supplied, referral-cancel, referral-expired]
    from: huili
    to: keep

  - id: answers-to-huili
    {ANSWERS}
    from: local
    to: peer:huili

""")
    replace(conf / "partners.yaml", "partners: []", "partners:\n" + OFFICE.format(pki=network.pki))


def tasks(network, site, who):
    status, _, found = network.https(site, who, "GET", f"/fhir/Task?identifier={CASE}")
    return [entry["resource"] for entry in found["entry"]] if status == 200 and found.get("entry") else []


def whole(network):
    return next((task for task in tasks(network, "huili", "oncobase") if "partOf" not in task), None)


def outputs(network):
    return len((whole(network) or {}).get("output", []))


def answer(network, site, text):
    """The office of an asked hospital takes the case and publishes its opinion."""
    found = wait_until(f"the Task at {site}", lambda: tasks(network, site, "office"))
    demand(len(found) == 1, f"{site} sees {len(found)} Tasks of the case, not only its own")
    task = found[0]
    demand("partOf" in task and "reference" not in task["partOf"][0], f"{site} sees whose part its Task is: {task['partOf']}")
    address = f"/fhir/Task/{task['id']}"
    _, headers, task = network.https(site, "office", "GET", address)
    accepted = dict(task, status="accepted")
    status, _, said = network.https(site, "office", "PUT", address, json.dumps(accepted), {"if-match": headers["etag"]})
    demand(status == 200, f"PUT Task at {site} answered {status} {said}")
    status, _, found = network.https(site, "office", "GET", f"/fhir/Bundle?identifier={CASE}")
    demand(status == 200 and found.get("entry"), f"the office of {site} searched the case: {status} {found}")
    patient = next(p for entry in found["entry"] for p in resources(entry["resource"], "Patient"))
    message = opinion(ASKED[site], site, accepted, patient, CASE, {"zh-CN": ("会诊意见", text)})
    status, _, said = network.https(site, "office", "POST", "/fhir/$process-message", json.dumps(message))
    demand(status == 200, f"the opinion of {site} was answered {status} {said}")


def play(network):
    ack = network.mllp(network.ports["CAUSEWAY_HUILI_REFERRALS"], (SAMPLES / "huili_ref_i12_utf8.hl7").read_bytes())
    demand(b"MSA|CA|HL2026031100003" in ack, f"Huili's HIS got {ack!r} instead of CA")
    demand(len(tasks(network, "huili", "oncobase")) == 4, "there is not one Task for the whole and one for each of three")

    answer(network, "chengdu", "建议手术切除。")
    network.stop("huili", signal.SIGKILL)
    network.start("huili")
    answer(network, "tianjin", "不建议手术，建议先行介入治疗。")
    done = wait_until("the quorum", lambda: (whole(network) or {}).get("status") == "completed" and whole(network))
    demand(len(done["output"]) == 2, f"{len(done['output'])} opinions are kept, not two")

    network.start("beijing")
    answer(network, "beijing", "建议多学科讨论。")
    wait_until("the late opinion", lambda: outputs(network) == 3)
    demand(whole(network)["status"] == "completed", "a late opinion changed how the case stands")
    states = sorted(task["status"] for task in tasks(network, "huili", "oncobase"))
    demand(states == ["completed"] * 4, f"the Tasks at Huili are {states}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "build/dev/causeway"))
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="causeway-fan-out-"))
    tree = folder / "tree"
    for part in ("conf", "mappings"):
        shutil.copytree(ROOT / part, tree / part)
    network = Network(arguments.binary, folder / "run", conf=tree / "conf")
    systems = [MllpSystem(network.ports[f"CAUSEWAY_{name}_HIS"]) for name in ("HUILI", "CHENGDU")]
    try:
        ask_three(network, tree)
        for site in ("tianjin", "beijing"):
            take_part(network, tree, site)
        for site in ("huili", *ASKED):
            done = network.command("check", str(tree / "conf" / site), "--level", "files", check=False)
            demand(done.returncode == 0, f"check found faults at {site}:\n{done.stdout}{done.stderr}")
        for site in ("huili", "chengdu", "tianjin"):
            network.start(site)
        play(network)
        print("one referral, three hospitals: two opinions that contradict each other answered it, one hospital was down and delayed "
              "nobody, its late opinion was added; the asking gateway was killed once")
        return 0
    except (Fault, TimeoutError, RuntimeError) as fault:
        print(f"FAULT: {fault}", file=sys.stderr)
        for site in ("huili", *ASKED):
            if (network.folder / f"{site}.log").exists():
                print(f"--- {site}, last lines of its log\n{network.log(site)[-1500:]}", file=sys.stderr)
        return 1
    finally:
        network.close()
        for one in systems:
            one.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
