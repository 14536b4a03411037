"""County and city: Huili's HIS refers a patient (REF^I12), Chengdu's HIS opens the case in its own charset, the referral
office takes it, and both the answer (RRI^I12) and the expert's opinion (MDM^T02) come back into Huili's HIS."""

import json
import time

from flows.common import ROOT, SAMPLES, Exchanged, demand, field, made_of, opinion, resources
from network import MllpSystem, wait_until


def stand_ins(ports):
    return {"huili_his": MllpSystem(ports["CAUSEWAY_HUILI_HIS"]), "chengdu_his": MllpSystem(ports["CAUSEWAY_CHENGDU_HIS"])}


def of_kind(system, kind):
    return wait_until(f"{kind} at the HIS", lambda: next((m for m in system.messages if kind.encode() in m), None))


def refused(network, systems, request, ledger):
    """A second referral; this time Chengdu's HIS itself answers, and declines."""
    began = time.monotonic()
    request = request.replace(b"HL2026031100003", b"HL2026031100005").replace(b"ZZ513499202603110001", b"ZZ513499202603110003")
    ack = network.mllp(network.ports["CAUSEWAY_HUILI_REFERRALS"], request)
    demand(b"MSA|CA|HL2026031100005" in ack, f"Huili's HIS got {ack!r} instead of CA")
    wait_until("the second referral at the HIS", lambda: any(b"ZZ513499202603110003" in m for m in systems.chengdu_his.messages))
    answer = (ROOT / "mappings/chengdu/rri_i12.tests/01_no_bed.hl7").read_bytes()
    ack = network.mllp(network.ports["CAUSEWAY_CHENGDU_ANSWERS"], answer)
    demand(b"MSA|CA|CD2026031100001" in ack, f"Chengdu's HIS got {ack!r} instead of CA")
    rri = wait_until("the refusal", lambda: next((m for m in systems.huili_his.messages if b"ZZ513499202603110003" in m), None))
    demand(field(rri, "MSA", 2) == "HL2026031100005" and field(rri, "RF1", 1).startswith("R^"), f"the refusal is {rri!r}")
    demand("床位已满" in rri.decode("utf-8"), "the reason did not arrive")
    ledger.row("county refusal", "Chengdu HIS", "RRI GB18030", "Task", "Huili HIS", "RRI UTF-8", "CA / AA", began)


def run(network, systems, ledger):
    request = (SAMPLES / "huili_ref_i12_utf8.hl7").read_bytes()
    case, control_id = "ZZ513499202603110001", "HL2026031100003"

    began = time.monotonic()
    ack = network.mllp(network.ports["CAUSEWAY_HUILI_REFERRALS"], request)
    demand(f"MSA|CA|{control_id}".encode() in ack, f"Huili's HIS got {ack!r} instead of CA")
    arrived = of_kind(systems.chengdu_his, "REF^I12").decode("gb18030")
    demand("吉克·阿依" in arrived and "患者语言：彝语" in arrived and case in arrived, "Chengdu's HIS got something else than the referral")
    demand("|GB 18030-2000" in arrived.split("\r")[0], "MSH-18 does not say what the bytes are")
    status, _, found = network.https("chengdu", "office", "GET", f"/fhir/Bundle?identifier={case}")
    demand(status == 200 and found.get("entry"), f"the office searched the case: {status} {found}")
    bundle = found["entry"][0]["resource"]
    ledger.row("county referral", "Huili HIS", "REF UTF-8", made_of(bundle), "Chengdu HIS", "REF GB18030", "CA / AA", began)

    began = time.monotonic()
    address = f"/fhir/Task/{resources(bundle, 'Task')[0]['id']}"
    status, headers, task = network.https("chengdu", "office", "GET", address)
    demand(status == 200, f"GET Task answered {status} {task}")
    accepted = dict(task, status="accepted", note=[{"text": "请患者携带CT胶片"}])
    status, _, answer = network.https("chengdu", "office", "PUT", address, json.dumps(accepted), {"if-match": headers["etag"]})
    demand(status == 200, f"PUT Task answered {status} {answer}")
    rri = of_kind(systems.huili_his, "RRI^I12")
    demand(field(rri, "MSA", 2) == control_id, f"MSA-2 is {field(rri, 'MSA', 2)}, not the MSH-10 of the request")
    demand(field(rri, "RF1", 1).startswith("A^") and field(rri, "RF1", 6) == case, "the answer is no acceptance of this referral")
    demand("请患者携带CT胶片" in rri.decode("utf-8"), "the note did not arrive")
    ledger.row("county acceptance", "Chengdu office", "PUT Task", "Task", "Huili HIS", "RRI UTF-8", "200 / AA", began)

    began = time.monotonic()
    message = opinion("cd3", "chengdu", accepted, resources(bundle, "Patient")[0], case,
                      {"zh-CN": ("会诊意见", "考虑肝细胞癌，建议转入我院肝胆外科评估手术。")})
    status, _, answer = network.https("chengdu", "office", "POST", "/fhir/$process-message", json.dumps(message))
    demand(status == 200, f"the opinion was answered {status} {answer}")
    mdm = of_kind(systems.huili_his, "MDM^T02")
    demand("HL00091877" in field(mdm, "PID", 3) and "考虑肝细胞癌" in mdm.decode("utf-8"), "the opinion is not whole")
    ledger.row("county opinion", "Chengdu office", "FHIR JSON", made_of(message), "Huili HIS", "MDM UTF-8", "200 / AA", began)
    refused(network, systems, request, ledger)
    return [Exchanged("county referral", "huili", "oncobase", "ServiceRequest", case, loop=case),
            Exchanged("refused referral", "huili", "oncobase", "ServiceRequest", "ZZ513499202603110003", loop="ZZ513499202603110003")]
