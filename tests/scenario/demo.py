#!/usr/bin/env python3
"""The demonstration, and the end-to-end test: four hospitals' gateways exchange the sample records, both loops close, and
a partner pulls what was exchanged. Every line printed was observed, and anything that is not as promised ends it with
exit code 1. `--once` stops the network at the end; without it the network stays up to be looked at."""

import argparse
import json
import pathlib
import subprocess
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from network import ROOT, SITES, HttpSystem, MllpSystem, Network, fresh_folder, wait_until  # noqa: E402

SAMPLES = ROOT / "tests" / "cases" / "samples"
ORGANIZATION = "https://causeway.example/sid/organization"
EVENT = "https://causeway.example/CodeSystem/message-event"
CASE = "https://causeway.example/StructureDefinition/case"


class Fault(Exception):
    """Something promised did not happen."""


def demand(condition, what):
    if not condition:
        raise Fault(what)


class Systems:
    """The local systems of the four hospitals."""

    def __init__(self, ports):
        self.his = MllpSystem(ports["CAUSEWAY_HAINAN_HIS"])
        self.platform = HttpSystem(ports["CAUSEWAY_HAINAN_CALLBACK"])
        self.archive = HttpSystem(ports["CAUSEWAY_BEIJING_ARCHIVE"])
        self.desk = HttpSystem(ports["CAUSEWAY_HONGKONG_DESK"])

    def close(self):
        for one in (self.his, self.platform, self.archive, self.desk):
            one.close()


class Ledger:
    """One printed line a record that crossed."""

    def __init__(self):
        print(f"{'record':<22} {'from':<22} {'in':<16} {'resources made':<52} {'to':<20} {'out':<16} {'ack':<10} {'ms':>6}")

    def row(self, record, source, dialect_in, made, to, dialect_out, ack, began):
        ms = (time.monotonic() - began) * 1000
        print(f"{record:<22} {source:<22} {dialect_in:<16} {made:<52} {to:<20} {dialect_out:<16} {ack:<10} {ms:>6.0f}", flush=True)


def made_of(bundle):
    """'DiagnosticReport, 5 Observation, Patient'"""
    counts = {}
    for entry in bundle["entry"]:
        kind = entry["resource"]["resourceType"]
        if kind not in ("MessageHeader", "Provenance", "Organization", "Practitioner", "PractitionerRole", "Endpoint"):
            counts[kind] = counts.get(kind, 0) + 1
    return ", ".join(kind if n == 1 else f"{n} {kind}" for kind, n in sorted(counts.items()))


def resources(bundle, kind):
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def field(message, segment, number):
    """A field of the first segment of that name, as text."""
    for line in message.decode("utf-8").split("\r"):
        parts = line.split("|")
        if parts[0] == segment:
            index = number - 1 if segment == "MSH" else number
            return parts[index] if index < len(parts) else ""
    return ""


def report(network, systems, ledger):
    """Tianjin's laboratory -> Tianjin's gateway -> Hainan's gateway -> Hainan's HIS; Beijing gets a copy by its route."""
    began = time.monotonic()
    ack = network.mllp(network.ports["CAUSEWAY_TIANJIN_LIS"], (SAMPLES / "tj_oru_gb18030.hl7").read_bytes())
    demand(b"MSA|CA|TJ2026031000017" in ack, f"the laboratory got {ack!r} instead of CA")
    message = wait_until("the report at Hainan's HIS", lambda: systems.his.messages and systems.his.messages[0])
    copy = wait_until("the report at Beijing's archive", lambda: systems.archive.bodies and systems.archive.bodies[0][1])
    text = message.decode("utf-8")
    demand("赵珅" in text and "ORU^R01" in text and "1200.00" in text, "the HIS got something else than the report")
    bundle = json.loads(copy)
    ledger.row("report", "Tianjin laboratory", "ORU GB18030", made_of(bundle), "Hainan HIS", "ORU UTF-8", "CA / AA", began)
    ledger.row("report (copy)", "Tianjin laboratory", "ORU GB18030", made_of(bundle), "Beijing archive", "FHIR JSON", "CA / 200", began)
    again = network.mllp(network.ports["CAUSEWAY_TIANJIN_LIS"], (SAMPLES / "tj_oru_gb18030.hl7").read_bytes())
    demand(again == ack, "a repeated message did not get its first answer again")
    return bundle


def opinion(task, patient, case):
    """What the case desk posts: the expert's opinion in English with its translation, and the Task it completes."""
    ids = {name: str(uuid.uuid4()) for name in ("bundle", "header", "en", "zh", "author")}
    subject = {"reference": f"Patient/{patient['id']}"}

    def composition(key, language, title, text, relates):
        return {"resourceType": "Composition", "id": ids[key], "language": language, "status": "final",
                "identifier": {"system": "https://causeway.example/sid/hkaur/opinion", "value": f"OP-{case}-{language}"},
                "type": {"coding": [{"system": "http://loinc.org", "code": "11488-4", "display": "Consult note"}]},
                "subject": subject, "date": "2026-03-16T21:05:00+08:00",
                "author": [{"reference": f"Practitioner/{ids['author']}"}], "title": title, **relates,
                "section": [{"title": title, "text": {"status": "generated",
                             "div": f"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{text}</p></div>"}}]}

    english = composition("en", "en", "Second opinion", "Second-line targeted therapy is reasonable; repeat the brain MRI first.", {})
    chinese = composition("zh", "zh-CN", "第二诊疗意见", "二线靶向治疗合理；请先复查脑部磁共振。",
                          {"relatesTo": [{"code": "transforms", "targetReference": {"reference": f"Composition/{ids['en']}"}}]})
    done = dict(task, status="completed", lastModified="2026-03-16T21:06:00+08:00",
                output=[{"type": {"text": "opinion"}, "valueReference": {"reference": f"Composition/{ids['en']}"}}])
    author = {"resourceType": "Practitioner", "id": ids["author"], "name": [{"text": "AU Kam Tong", "family": "AU", "given": ["Kam Tong"]}],
              "identifier": [{"system": "https://causeway.example/sid/hkmc", "value": "M99901"}]}
    header = {"resourceType": "MessageHeader", "id": ids["header"], "extension": [{"url": CASE, "valueString": case}],
              "eventCoding": {"system": EVENT, "code": "opinion-published"},
              "sender": {"identifier": {"system": ORGANIZATION, "value": "hkaur"}},
              "source": {"name": "case desk", "endpoint": "https://hongkong.causeway.example/fhir"},
              "focus": [{"reference": f"Composition/{ids['en']}"}]}
    base = "https://hongkong.causeway.example/fhir"
    entries = [header, english, chinese, done, patient, author]
    return {"resourceType": "Bundle", "id": ids["bundle"], "type": "message", "timestamp": "2026-03-16T21:06:00+08:00",
            "entry": [{"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r} for r in entries]}


def referral(network, systems, ledger):
    """Hainan's platform -> Hong Kong's case desk; acceptance and opinion come back to Hainan's HIS and platform."""
    apply = (SAMPLES / "hn_consult_apply.json").read_bytes()
    case = json.loads(apply)["data"]["consultNo"]
    patient_no = json.loads(apply)["data"]["patient"]["patientId"]
    began = time.monotonic()
    status, answer = network.post(network.ports["CAUSEWAY_HAINAN_PLATFORM"], "/consult", apply)
    demand(status == 200 and json.loads(answer)["code"] == "0", f"the platform got {status} {answer!r}")
    bundle = json.loads(wait_until("the referral at the case desk", lambda: systems.desk.bodies and systems.desk.bodies[0][1]))
    ledger.row("referral", "Hainan platform", "vendor JSON", made_of(bundle), "Hong Kong desk", "FHIR JSON", "0 / 200", began)

    began = time.monotonic()
    address = f"/fhir/Task/{resources(bundle, 'Task')[0]['id']}"
    status, headers, task = network.https("hongkong", "desk", "GET", address)
    demand(status == 200, f"GET Task answered {status} {task}")
    status, _, answer = network.https("hongkong", "desk", "PUT", address, json.dumps(dict(task, status="accepted")),
                                      {"if-match": headers["etag"]})
    demand(status == 200, f"PUT Task answered {status} {answer}")
    said = json.loads(wait_until("the acceptance at the platform", lambda: systems.platform.bodies and systems.platform.bodies[0][1]))
    demand(said["serviceCode"] == "consult.status" and said["data"]["consultNo"] == case, f"the platform was told {said}")
    ledger.row("acceptance", "Hong Kong desk", "PUT Task", "Task", "Hainan platform", "vendor JSON", "200 / 200", began)

    began = time.monotonic()
    message = opinion(dict(task, status="accepted"), resources(bundle, "Patient")[0], case)
    status, _, answer = network.https("hongkong", "desk", "POST", "/fhir/$process-message", json.dumps(message))
    demand(status == 200, f"the opinion was answered {status} {answer}")
    mdm = wait_until("the opinion at the HIS", lambda: next((m for m in systems.his.messages if b"MDM^T02" in m), None))
    demand(patient_no in field(mdm, "PID", 3), "the opinion did not come back to the real patient")
    demand("二线靶向治疗合理" in mdm.decode("utf-8") and "Second-line targeted therapy" in mdm.decode("utf-8"), "the opinion's text is not whole")
    ledger.row("opinion", "Hong Kong desk", "FHIR JSON", made_of(message), "Hainan HIS", "MDM UTF-8", "200 / AA", began)
    result = json.loads(wait_until("the opinion at the platform", lambda: len(systems.platform.bodies) > 1 and systems.platform.bodies[1][1]))
    demand(result["serviceCode"] == "consult.result" and result["data"]["consultNo"] == case, f"the platform was told {result}")
    demand(result["data"]["patient"]["patientId"] == patient_no, "the platform was not told of the real patient")
    ledger.row("opinion", "Hong Kong desk", "FHIR JSON", made_of(message), "Hainan platform", "vendor JSON", "200 / 200", began)
    return case, json.loads(apply)["data"]


def closed(network, site, what):
    """The case at a site, once its trace says it is closed."""
    def look():
        found = network.ask(site, "trace", what)
        return found if found and all(case["closed"] for case in found["cases"]) else None
    return wait_until(f"the case {what} to be closed at {site}", look, 20)


def show_trace(trace, indent="  "):
    for case in trace.get("cases", []):
        task = f", task {case['task']}" if "task" in case else ""
        print(f"{indent}{trace['site']}: case {case['case']} {'closed' if case['closed'] else 'OPEN'}{task}")
        for message in case["messages"]:
            went = ", ".join(f"{d['to']} {d['state']}" for d in message["deliveries"])
            print(f"{indent}  {message['at']}  {message['event']:<18} by {message['door']:<14} -> {went}")
    for peer in trace.get("peers", []):
        show_trace(peer, indent + "  ") if "cases" in peer else print(f"{indent}  {peer['site']}: {peer.get('unreachable')}")


def pull(network, report_bundle, case):
    """A partner with a grant reads what was exchanged; one without cannot tell it from what does not exist."""
    number = resources(report_bundle, "DiagnosticReport")[0]["identifier"][0]["value"]
    status, _, found = network.https("hainan", "oncobase", "GET", f"/fhir/DiagnosticReport?identifier={number}")
    demand(status == 200 and found.get("total", len(found.get("entry", []))) == 1, f"the search answered {status} {found}")
    report_id = found["entry"][0]["resource"]["id"]
    status, headers, one = network.https("hainan", "oncobase", "GET", f"/fhir/DiagnosticReport/{report_id}")
    demand(status == 200 and one["id"] == report_id, f"the read answered {status}")
    status, _, bundles = network.https("hainan", "oncobase", "GET", f"/fhir/Bundle?identifier={case}")
    demand(status == 200 and bundles["entry"], f"the referral's Bundle: {status} {bundles}")
    bundle_id = bundles["entry"][-1]["resource"]["id"]
    status, _, bundle = network.https("hainan", "oncobase", "GET", f"/fhir/Bundle/{bundle_id}")
    demand(status == 200 and bundle["resourceType"] == "Bundle", f"the Bundle answered {status}")
    status, _, nothing = network.https("hainan", "other", "GET", f"/fhir/DiagnosticReport/{report_id}")
    demand(status == 404 and nothing["resourceType"] == "OperationOutcome", f"the other partner got {status}")
    status, _, absent = network.https("hainan", "other", "GET", f"/fhir/DiagnosticReport/{uuid.uuid4()}")
    demand(status == 404 and absent["issue"][0]["code"] == nothing["issue"][0]["code"], "a hidden record can be told from an absent one")
    print(f"partner oncobase pulled DiagnosticReport/{report_id} (by id and by number {number}) and the referral's Bundle; partner other: 404")


def canaries(network, data):
    """Every value that must not reach Hong Kong, searched for in all that Hong Kong holds: database, logs, metrics."""
    patient = data["patient"]
    removed = {"resident id": patient["certNo"], "mobile": patient["mobile"], "MRN": patient["patientId"],
               "gene result": data["gene"][0]["result"], "gene": data["gene"][0]["gene"]}
    files = [p for p in (network.folder / "hongkong").rglob("*") if p.is_file()] + [network.folder / "hongkong.log"]
    haystacks = {str(p): p.read_bytes() for p in files}
    haystacks["metrics"] = network.admin("hongkong", "/metrics")[1]
    dump = network.folder / "hongkong.dump"  # bodies are compressed in the database: search them unpacked, too
    database = next(p for p in files if p.suffix == ".db")
    subprocess.run([str(network.binary.parent / "dump_store"), str(database), str(dump)], check=True, timeout=120)
    haystacks["database, unpacked"] = dump.read_bytes()
    hits = [(what, where) for what, value in removed.items() for where, hay in haystacks.items() if value.encode() in hay]
    demand(not hits, f"found at Hong Kong what must not be there: {hits}")
    demand(data["consultNo"].encode() in haystacks["database, unpacked"], "the search itself finds nothing: the canary test is blind")
    print(f"canaries: {len(removed)} removed values searched in {len(haystacks)} places of Hong Kong: 0 hits")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "build/release/causeway"))
    parser.add_argument("--folder", default=str(ROOT / "run"))
    parser.add_argument("--once", action="store_true", help="stop the network when both loops are closed")
    parser.add_argument("--quiet", action="store_true", help="without the trace")
    arguments = parser.parse_args()
    network = Network(arguments.binary, fresh_folder(arguments.folder), fixed_ports=not arguments.once)
    systems = Systems(network.ports)
    try:
        for site in SITES:
            network.start(site, wait=False)
        for site in SITES:
            wait_until(f"{site} (see {network.folder}/{site}.log)", lambda s=site: network.ready(s) or network.dead(s), 60)
            demand(not network.dead(site), f"{site} did not start:\n{network.log(site)[-3000:]}")
        ledger = Ledger()
        report_bundle = report(network, systems, ledger)
        case, data = referral(network, systems, ledger)
        number = resources(report_bundle, "DiagnosticReport")[0]["identifier"][0]["value"]
        traces = [closed(network, "tianjin", number), closed(network, "hainan", case)]
        print("both loops closed: report " + number + ", referral " + case)
        pull(network, report_bundle, case)
        canaries(network, data)
        if not arguments.quiet:
            for trace in traces:
                show_trace(trace)
        if not arguments.once:
            stay(network)
        return 0
    except (Fault, TimeoutError, RuntimeError) as fault:
        print(f"FAULT: {fault}", file=sys.stderr)
        for site in SITES:
            if (network.folder / f"{site}.log").exists():
                print(f"--- {site}, last lines of its log\n{network.log(site)[-1500:]}", file=sys.stderr)
        return 1
    finally:
        network.close()
        systems.close()


def stay(network):
    print("\nThe network is up; Ctrl-C stops it. Where to look:")
    for site in SITES:
        print(f"  {site:<9} FHIR https://127.0.0.1:{network.ports[f'CAUSEWAY_{site.upper()}_FHIR']}/fhir   "
              f"metrics http://127.0.0.1:{network.ports[f'CAUSEWAY_{site.upper()}_ADMIN']}/metrics   log {network.folder}/{site}.log")
    print(f"  build/release/causeway trace YC20260313000012 --conf conf/hainan\n  certificates and keys: {network.pki}")
    try:
        while all(not network.dead(site) for site in SITES):
            time.sleep(1)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    sys.exit(main())
