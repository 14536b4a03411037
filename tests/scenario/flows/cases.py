"""Cases for hospitals abroad, dropped as CSV. Without a consent that names exactly the hospital a case waits; a consent for
another hospital opens nothing; with the right one it is let go, reaches Hong Kong without any number of the patient, is
accepted, and the opinion comes back."""

import json
import time

from flows.common import SAMPLES, Exchanged, demand, made_of, opinion, resources
from network import wait_until

JAPAN, HONG_KONG = "HN-2026-0091", "HN-2026-0092"
CONSENT_COLUMNS = ("consent_no,case_no,name_local,name_latin,dob,sex,id_type,id_no,nationality,lang_pref,recipient,purpose,"
                   "signed_at,valid_to,status")


def stand_ins(_ports):
    return {}


def drop(network, folder, name, text):
    """As an agency's upload does it: under another name first."""
    target = network.folder / "hainan-drop" / folder / name
    wait_until(f"the drop folder {folder}", target.parent.exists)
    target.with_suffix(".tmp").write_bytes(text)
    target.with_suffix(".tmp").rename(target)
    return target.parent / "done" / name


def consent(number, case, recipient):
    # signed before today, whatever today is, and valid for as long as the demonstration is
    row = f"{number},{case},刘䶮,LIU YAN,1949/3/11,男,身份证,510199194903110039,CN,zh-CN,{recipient},TREAT,2026-03-12 10:00,2099-12-31,有效"
    return b"\xef\xbb\xbf" + f"{CONSENT_COLUMNS}\r\n{row}\r\n".encode()


def held(network, case):
    """The delivery of a case that waits at Hainan."""
    found = network.ask("hainan", "held", "ls") or {"held": []}
    return next((one for one in found["held"] if one["kind"] == "delivery" and one["case"] == case), None)


def release(network, case):
    return network.command("held", "release", "delivery", str(held(network, case)["number"]), "--conf",
                           str(network.conf / "hainan"), check=False)


def run(network, systems, ledger):
    sample = (SAMPLES / "hopenoah_case.csv").read_bytes()
    here = sample.decode("utf-8").replace(JAPAN, HONG_KONG).replace("JP,テスト国際がんセンター", "HK,Hong Kong oncology experts")
    began = time.monotonic()
    files = [drop(network, "cases", "hopenoah_case.csv", sample), drop(network, "cases", "for_hong_kong.csv", here.encode("utf-8"))]
    for file in files:
        wait_until(f"{file.name} in done/", file.exists)
    for case in (JAPAN, HONG_KONG):
        waiting = wait_until(f"case {case} to wait", lambda c=case: held(network, c))
        demand(waiting["reason"].startswith("consent-missing"), f"case {case} is held for {waiting['reason']}")
    ledger.row("overseas case", "case agency", "CSV", "nothing leaves", "Japan", "-", "held", began)

    began = time.monotonic()
    file = drop(network, "consents", "japan.csv", consent("ZQ-0091", HONG_KONG, "テスト国際がんセンター"))
    wait_until("the consent for Japan in done/", file.exists)
    refused = release(network, HONG_KONG)
    demand(refused.returncode != 0 and "consent-recipient" in refused.stdout + refused.stderr,
           f"a consent for another hospital opened the case: {refused.stdout}{refused.stderr}")
    file = drop(network, "consents", "hong_kong.csv", consent("ZQ-0092", HONG_KONG, "Hong Kong oncology experts"))
    wait_until("the consent for Hong Kong in done/", file.exists)
    demand(release(network, HONG_KONG).returncode == 0, "the consented case could not be released")
    body = wait_until("the case at the desk", lambda: next((b for _, b in systems.desk.bodies if HONG_KONG.encode() in b), None))
    bundle = json.loads(body)
    demand(b"510199194903110039" not in body, "the resident id crossed the border")
    demand(resources(bundle, "Appointment")[0]["start"] == "2026-03-20T01:00:00Z", "the slot is not in UTC")
    demand("既往：胃大部切除术" in resources(bundle, "ServiceRequest")[0]["reasonCode"][0]["text"], "the question is cut off at its line end")
    ledger.row("overseas case", "case agency", "CSV", made_of(bundle), "Hong Kong desk", "FHIR JSON", "done / 200", began)

    began = time.monotonic()
    address = f"/fhir/Task/{resources(bundle, 'Task')[0]['id']}"
    _, headers, task = network.https("hongkong", "desk", "GET", address)
    accepted = dict(task, status="accepted")
    status, _, answer = network.https("hongkong", "desk", "PUT", address, json.dumps(accepted), {"if-match": headers["etag"]})
    demand(status == 200, f"PUT Task answered {status} {answer}")
    message = opinion("hkaur", "hongkong", accepted, resources(bundle, "Patient")[0], HONG_KONG,
                      {"en": ("Second opinion", "Carbon-ion therapy is possible after restaging."),
                       "zh-CN": ("第二诊疗意见", "重新分期后可考虑重离子治疗。")})
    status, _, answer = network.https("hongkong", "desk", "POST", "/fhir/$process-message", json.dumps(message))
    demand(status == 200, f"the opinion was answered {status} {answer}")
    mdm = wait_until("the opinion at the HIS", lambda: next((m for m in systems.his.messages if HONG_KONG.encode() in m), None))
    demand("510199194903110039" in mdm.decode("utf-8"), "the opinion did not come back to the real patient")
    ledger.row("overseas opinion", "Hong Kong desk", "FHIR JSON", made_of(message), "Hainan HIS", "MDM UTF-8", "200 / AA", began)
    return [Exchanged("overseas case", "hainan", "oncobase", "Bundle", HONG_KONG, loop=HONG_KONG, stranger="other"),
            Exchanged("overseas case that waits", "hainan", "oncobase", "Bundle", JAPAN)]
