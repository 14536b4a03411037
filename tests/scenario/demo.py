#!/usr/bin/env python3
"""The demonstration, and the end-to-end test: six hospitals' gateways exchange the sample records, every loop closes, and
a partner pulls each record that was exchanged. Every line printed was observed, and anything that is not as promised ends it with
exit code 1. `--once` stops the network at the end; without it the network stays up to be looked at."""

import argparse
import json
import pathlib
import subprocess
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from flows import cases, correction, county, county_rows, ehealth, own_prescription, prescription, registration  # noqa: E402
from flows.common import SAMPLES, Fault, Ledger, demand, field, made_of, opinion, resources  # noqa: E402
from network import ROOT, SITES, HttpSystem, MllpSystem, Network, fresh_folder, wait_until  # noqa: E402

FLOWS = [correction, county, county_rows, registration, ehealth, cases, own_prescription, prescription]


class Systems:
    """The local systems of the hospitals; each flow brings those it needs."""

    def __init__(self, ports):
        self.his = MllpSystem(ports["CAUSEWAY_HAINAN_HIS"])
        self.platform = HttpSystem(ports["CAUSEWAY_HAINAN_CALLBACK"])
        self.archive = HttpSystem(ports["CAUSEWAY_BEIJING_ARCHIVE"])
        self.desk = HttpSystem(ports["CAUSEWAY_HONGKONG_DESK"])
        for flow in FLOWS:
            vars(self).update(flow.stand_ins(ports))

    def close(self):
        for one in vars(self).values():
            one.close()


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
    message = opinion("hkaur", "hongkong", dict(task, status="accepted"), resources(bundle, "Patient")[0], case,
                      {"en": ("Second opinion", "Second-line targeted therapy is reasonable; repeat the brain MRI first."),
                       "zh-CN": ("第二诊疗意见", "二线靶向治疗合理；请先复查脑部磁共振。")})
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


def critical_value(network, number):
    """The report has a critical value: both hospitals' people confirm that they have read it, and the laboratory's gateway knows."""
    waited = network.ask("tianjin", "urgent", "ls")["unread"]
    demand(sorted(one["to"] for one in waited) == ["peer:beijing", "peer:hainan"], f"Tianjin waits for {waited}")
    for site in ("hainan", "beijing"):
        here = wait_until(f"the urgent message at {site}", lambda s=site: network.ask(s, "urgent", "ls")["unread"])
        network.command("urgent", "read", here[0]["message"], "--conf", str(network.conf / site))
        demand(not network.ask(site, "urgent", "ls")["unread"], f"{site} still waits")
    wait_until("the receipts at Tianjin", lambda: not network.ask("tianjin", "urgent", "ls")["unread"])
    print(f"critical value in report {number}: read at hainan and beijing, and tianjin was told")


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


def pull_each(network, exchanged):
    """Each record by its number, as a partner of that site; a partner without a grant for it gets 404."""
    for one in exchanged:
        status, _, found = network.https(one.site, one.partner, "GET", f"/fhir/{one.kind}?identifier={one.number}")
        demand(status == 200 and found.get("entry"), f"{one.record}: the search at {one.site} answered {status} {found}")
        address = f"/fhir/{one.kind}/{found['entry'][0]['resource']['id']}"
        status, _, read = network.https(one.site, one.partner, "GET", address)
        demand(status == 200 and read["resourceType"] == one.kind, f"{one.record}: the read at {one.site} answered {status}")
        if one.stranger:
            status, _, _ = network.https(one.site, one.stranger, "GET", address)
            demand(status == 404, f"{one.record}: partner {one.stranger} got {status} instead of 404")
        print(f"partner {one.partner} pulled {one.kind} {one.number} ({one.record}) at {one.site}"
              + (f"; partner {one.stranger}: 404" if one.stranger else ""))


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
    parser.add_argument("--once", action="store_true", help="stop the network when every loop is closed")
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
        critical_value(network, number)
        played = [flow.run(network, systems, ledger) for flow in FLOWS]
        traces = [closed(network, "tianjin", number), closed(network, "hainan", case)]
        traces += [closed(network, loop.site, loop.loop) for flow in played for loop in flow if loop.loop]
        print(f"{len(traces)} loops closed: report {number}, referral {case}"
              + "".join(f", {loop.record} {loop.loop}" for flow in played for loop in flow if loop.loop))
        pull(network, report_bundle, case)
        pull_each(network, [one for flow in played for one in flow])
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
