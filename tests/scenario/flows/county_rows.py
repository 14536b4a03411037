"""Huili's staging database: its HIS has no interface for this referral, so a vendor's transfer writes rows. The gateway
reads them, Chengdu's HIS gets REF^I12, its referral office the laboratory report, in which 0.0000 beside a text is that
text; the answer comes back to Huili's HIS, and a row that changes afterwards is told as news of the same case."""

import json
import sqlite3
import time

import staging
from flows.common import Exchanged, demand, made_of, resources
from network import HttpSystem, wait_until

CASE, REPORT = "ZZ-20260311-0001", "BG20260310-77"


def stand_ins(ports):
    return {"chengdu_office": HttpSystem(ports["CAUSEWAY_CHENGDU_OFFICE"])}


def at_office(systems, text):
    """The first message at the referral office in which this text stands."""
    def look():
        messages = (json.loads(body) for _, body in systems.chengdu_office.bodies)
        return next((message for message in messages if text in json.dumps(message, ensure_ascii=False)), None)
    return wait_until(f"{text} at the referral office", look)


def run(network, systems, ledger):
    database = network.folder / "staging" / "huili.db"
    began = time.monotonic()
    staging.load_huili(database)
    arrived = wait_until("the row's referral at the HIS",
                         lambda: next((m for m in systems.chengdu_his.messages if CASE.encode() in m), None)).decode("gb18030")
    demand("吉克·阿依" in arrived and "请上级医院明确诊断" in arrived, "Chengdu's HIS got something else than the row's referral")
    status, _, found = network.https("chengdu", "office", "GET", f"/fhir/Bundle?identifier={CASE}")
    demand(status == 200 and found.get("entry"), f"the office searched the case: {status} {found}")
    ledger.row("county referral", "Huili staging row", "V_GW_ZZYJL", made_of(found["entry"][0]["resource"]), "Chengdu HIS",
               "REF GB18030", "row / AA", began)

    report = at_office(systems, REPORT)
    values = {o["code"]["text"]: o.get("valueQuantity", o.get("valueString")) for o in resources(report, "Observation")}
    demand(values["甲胎蛋白"]["comparator"] == ">" and values["甲胎蛋白"]["value"] == 1210, f"AFP is {values['甲胎蛋白']}")
    demand(values["乙肝表面抗原"] == "阳性(+)", f"HBsAg is {values['乙肝表面抗原']}")
    ledger.row("county report", "Huili staging row", "V_GW_JYJL_JYJL", made_of(report), "Chengdu office", "FHIR JSON", "row / 200", began)

    began = time.monotonic()
    with sqlite3.connect(database, timeout=10) as db:
        db.execute("UPDATE V_GW_ZZYJL SET zzyy = '请上级医院明确诊断及治疗方案', gxrq = '2026-03-11 11:40:09.120'")
    news = at_office(systems, "请上级医院明确诊断及治疗方案")
    demand(not resources(news, "Task"), "a change of the row moved the Task")
    ledger.row("county news", "Huili staging row", "V_GW_ZZYJL", made_of(news), "Chengdu office", "FHIR JSON", "row / 200", began)
    return [Exchanged("county referral by row", "huili", "oncobase", "ServiceRequest", CASE),
            Exchanged("county report by row", "huili", "oncobase", "DiagnosticReport", REPORT, loop=REPORT)]
