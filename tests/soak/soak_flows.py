"""What the hospitals of the soak do all day: reports with corrections, prescriptions that are claimed, supplied, given back or
withdrawn, referrals that are answered, registrations. Each flow hands records over until they are acknowledged, as a good
sender does, waits for what must follow, and now and then tries what must be refused. Every step is in the ledger.

An effect is (system, key, step): the record `key` at that system; steps of a key arrive in ascending order."""

import http.client
import json
import random
import re
import socket
import ssl
import sys
import pathlib
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
from flows.common import SAMPLES, opinion, resources  # noqa: E402
from flows import own_prescription, prescription  # noqa: E402
from network import ROOT  # noqa: E402

REPORT = (SAMPLES / "tj_oru_gb18030.hl7").read_bytes()
CONSULT = (SAMPLES / "hn_consult_apply.json").read_text(encoding="utf-8")
COUNTY = (SAMPLES / "huili_ref_i12_utf8.hl7").read_bytes()
VISIT = (SAMPLES / "hk_adt_a04_big5.hl7").read_bytes()
ACCEPTED = (ROOT / "mappings/base/rri_i12.tests/01_accepted.hl7").read_text(encoding="utf-8").encode("gb18030")
REJECTED = (ROOT / "mappings/chengdu/rri_i12.tests/01_no_bed.hl7").read_bytes()


# ---- what each system reads from a record: (key, step) ---------------------------------------------------------------------

def find(pattern, record):
    found = re.search(pattern, record)
    return found.group(0).decode() if found else "?"


def version_of(record):
    found = re.search(rb"7(\d{3})\.25", record)
    return int(found.group(1)) if found else 0


def read_report(record):
    return find(rb"JY\d{12}", record), version_of(record)


def read_his(record):
    return (find(rb"YC\d{14}", record), 1) if b"MDM^T02" in record else read_report(record)


def read_pharmacy(record):
    order = next(line for line in record.split(b"\r") if line.startswith(b"ORC"))
    return find(rb"CF\d{12}", order), {b"NW": 1, b"CA": 2, b"DC": 3}.get(order.split(b"|")[1], 0)


def read_platform(record):
    told = json.loads(record)
    return told["data"]["consultNo"], 2 if told["serviceCode"] == "consult.result" else 1


def read_desk(record):
    return find(rb"YC\d{14}", record), 1


def read_county(record):
    return find(rb"ZZ513499\d{12}", record), 2 if b"MDM^T02" in record else 1


def read_visit(record):
    return find(rb"P9\d{9}", record), 1


# ---- handing over --------------------------------------------------------------------------------------------------------

def msa(answer):
    """("yes" | "no" | "later", MSA-2)"""
    line = next((one for one in answer.split(b"\r") if one.startswith(b"MSA|")), b"MSA||").split(b"|")
    verdict = {b"AA": "yes", b"CA": "yes", b"AE": "no", b"CE": "no"}.get(line[1], "later")
    return verdict, line[2].decode()


class Sender:
    """The hands of one flow: everything they do is in the ledger, and they give up only when the soak is over."""

    def __init__(self, soak, number, kind):
        self.soak, self.network, self.ledger, self.board = soak, soak.network, soak.ledger, soak.board
        self.number, self.chance, self.kind = number, random.Random(f"{soak.seed}/{number}"), kind

    def digits(self, width):
        """A number that only this case of this seed has."""
        return f"{self.soak.seed % 1000:03}{self.number:0{width - 3}}"

    def over(self):
        return time.monotonic() > self.soak.last_moment

    def pause(self):
        time.sleep(self.chance.uniform(0.05, 0.4))

    def hand_over(self, record, transmit, effects=(), bad_line=None):
        """Until it is acknowledged; True when it was. The same bytes under the same id each time."""
        self.ledger.write("sent", id=record, flow=self.kind, effects=effects)
        if bad_line is not None and self.chance.random() < 0.1:
            bad_line()
        while not self.over():
            verdict, answer = transmit()
            if verdict == "yes":
                self.ledger.write("acknowledged", id=record)
                if self.chance.random() < 0.12:
                    self.repeat(record, transmit, answer)
                return True
            if verdict == "no":
                self.ledger.write("refused", id=record, said=answer[:300].decode("utf-8", "replace"))
                return False
            self.pause()
        self.ledger.write("gave-up", id=record)
        return False

    def repeat(self, record, transmit, first):
        """A sender that did not get the answer: must get the first one again, byte for byte."""
        while not self.over():
            verdict, answer = transmit()
            if verdict != "later":
                return self.ledger.write("repeat", id=record, same=verdict == "yes" and answer == first)
            self.pause()

    def must_be_refused(self, what, transmit):
        while not self.over():
            verdict, answer = transmit()
            if verdict != "later":
                return self.ledger.write("illegal", id=what, refused=verdict == "no", said=answer[:200].decode("utf-8", "replace"))
            self.pause()

    def wait(self, system, key, step):
        return self.board.wait((system, key, step), self.over)

    # -- by MLLP

    def line(self, door):
        return socket.create_connection(("127.0.0.1", self.network.ports[door]), timeout=10)

    def mllp(self, door, record, message, effects=()):
        return self.hand_over(record, lambda: self.say(door, record, message), effects, lambda: self.bad_line(door, message))

    def say(self, door, record, message):
        try:
            answer = self.network.mllp(self.network.ports[door], message, timeout=10)
        except OSError:
            return "later", b""
        verdict, named = msa(answer)
        if answer and named != record:
            self.ledger.write("wrong-answer", id=record, named=named)
        return verdict, answer

    def bad_line(self, door, message):
        """A line that breaks in the middle of the message, or before the answer."""
        framed = b"\x0b" + message + b"\x1c\r"
        upto = self.chance.choice((len(framed), self.chance.randrange(len(framed))))
        try:
            with self.line(door) as line:
                line.sendall(framed[:upto])
                if self.chance.random() < 0.5:
                    line.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    # -- by HTTP

    def post(self, door, path, body):
        try:
            status, answer = self.network.post(self.network.ports[door], path, body, timeout=10)
        except (OSError, http.client.HTTPException):
            return "later", b""
        if status == 200:
            return ("yes" if json.loads(answer)["code"] == "0" else "no"), answer
        return ("later" if status >= 500 or status == 429 else "no"), answer

    def https(self, site, who, method, path, body=None, headers=None):
        """(verdict, headers, JSON); "later" as long as nobody answers."""
        try:
            status, told, answer = self.network.https(site, who, method, path, body, headers, timeout=10)
        except (OSError, ssl.SSLError, http.client.HTTPException):
            return "later", {}, None
        return ("yes" if status == 200 else "later" if status >= 500 or status == 429 else "no"), told, answer

    def get(self, site, who, path):
        while not self.over():
            verdict, headers, answer = self.https(site, who, "GET", path)
            if verdict == "yes":
                return headers, answer
            self.pause()
        return {}, None

    def publish(self, site, who, message, effects):
        body = json.dumps(message)

        def transmit():
            verdict, _, answer = self.https(site, who, "POST", "/fhir/$process-message", body)
            return verdict, json.dumps(answer).encode()

        record = resources(message, "MessageHeader")[0]["id"]
        return self.hand_over(record, transmit, effects)

    def move(self, site, who, task_id, status, effects, record):
        """PUT Task as a person at a desk does: reads it, changes it, and after a lost answer looks whether it was done."""
        address = f"/fhir/Task/{task_id}"

        def transmit():
            verdict, headers, task = self.https(site, who, "GET", address)
            if verdict != "yes":
                return "later", b""
            if task["status"] == status:
                return "yes", b"it is already so"
            changed = dict(task, status=status, **({"statusReason": {"text": "床位已满"}} if status == "rejected" else {}))
            verdict, _, answer = self.https(site, who, "PUT", address, json.dumps(changed), {"if-match": headers["etag"]})
            return verdict, json.dumps(answer).encode()

        self.ledger.write("sent", id=record, flow=self.kind, effects=effects)
        while not self.over():
            verdict, answer = transmit()
            if verdict != "later":
                self.ledger.write("acknowledged" if verdict == "yes" else "refused", id=record,
                                  said=answer[:300].decode("utf-8", "replace"))
                return verdict == "yes"
            self.pause()
        self.ledger.write("gave-up", id=record)
        return False


# ---- the flows -----------------------------------------------------------------------------------------------------------

def report(hands):
    """A laboratory report and its corrections, to two hospitals."""
    number, patient = "JY" + hands.digits(12), hands.digits(10)
    text = REPORT.replace(b"JY202603100552", number.encode()).replace(b"0003388127", patient.encode())
    for version in range(1, 2 + (hands.chance.random() < 0.4) + (hands.chance.random() < 0.2)):
        record = f"TJ{hands.digits(12)}{version}"
        message = text.replace(b"TJ2026031000017", record.encode()).replace(b"1200.00", b"7%03d.25" % version)
        if version > 1:
            message = message.replace(b"||||||F\r", b"||||||C\r").replace(b"|||F|||", b"|||C|||")
        effects = [["hainan-his", number, version], ["beijing-archive", number, version]]
        if not hands.mllp("CAUSEWAY_TIANJIN_LIS", record, message, effects):
            return
    if hands.chance.random() < 0.05:
        other = message.replace(b"38.62", b"99.99")
        hands.must_be_refused("other content under a known id", lambda: hands.say("CAUSEWAY_TIANJIN_LIS", record, other))


def visit(hands):
    """A registration at the private hospital."""
    record, patient = f"HK{hands.digits(12)}", f"P9{hands.digits(9)}"
    message = VISIT.replace(b"HK20260312001", record.encode()).replace(b"P7781203", patient.encode())
    hands.mllp("CAUSEWAY_HONGKONG_ADT", record, message, [["hongkong-archive", patient, 1]])


def order_of(message):
    return next(line for line in message.decode("utf-8").split("\r") if line.startswith("ORC")).split("|")


def pharmacist(hands, order, name):
    """What the pharmacies' words are for this order; each its own message."""
    def claim(control, who, record):
        return (f"MSH|^~\\&|PHARM|{who}|GW|HNUMP|{own_prescription.now()}||RRE^O12^RRE_O12|{record}|P|2.5.1||||||UNICODE UTF-8\r"
                f"MSA|AA|{record}\rORC|{control}|{order[2]}||{order[4]}\r").encode()

    def supply(drug, amount, unit, who, record, patient):
        return (f"MSH|^~\\&|PHARM|{who}|GW|HNUMP|{own_prescription.now()}||RDS^O13^RDS_O13|{record}|P|2.5.1||||||UNICODE UTF-8\r"
                f"PID|1||{patient}\rORC|RE|{order[2]}|FY-{record}|{order[4]}\r"
                f"RXD|1|{drug}|{own_prescription.now()}|{amount}|{unit}||{name}|||YS0901^符^海\r").encode()
    return claim, supply


def supply_all(hands, message, name, drug, parts, unit, patient, effects):
    """One pharmacy claims it, perhaps gives it back to another, and supplies it in parts; a second one is refused."""
    claim, supply = pharmacist(hands, order_of(message), name)
    door, base = "CAUSEWAY_HAINAN_PHARMACY", f"PH{hands.digits(10)}"
    first, second = hands.chance.sample(["YF02", "YF03", "YF04"], 2)
    if not hands.mllp(door, base + "C", claim("OK", first, base + "C")):
        return
    hands.must_be_refused("a second claim", lambda: hands.say(door, base + "X", claim("OK", second, base + "X")))
    if hands.chance.random() < 0.2:
        if not hands.mllp(door, base + "R", claim("UA", first, base + "R")):
            return
        if not hands.mllp(door, base + "D", claim("OK", second, base + "D")):
            return
        first = second
    for number, amount in enumerate(parts):
        last = number == len(parts) - 1
        record = f"{base}{number}"
        if not hands.mllp(door, record, supply(drug, amount, unit, first, record, patient), effects if last else []):
            return
    more = supply(drug, parts[0], unit, first, base + "Y", patient)
    hands.must_be_refused("more than was prescribed", lambda: hands.say(door, base + "Y", more))


def own_order(hands):
    """The internet hospital's own prescription: supplied, or withdrawn before a pharmacy holds it."""
    name, record = "CF" + hands.digits(12), "HNR" + hands.digits(12)
    text = own_prescription.written_today()
    text = text.replace(next(line for line in text.split("\r") if line.startswith("ORC")).split("|")[2], name)
    text = text.replace(text.split("\r")[0].split("|")[9], record)
    if not hands.mllp("CAUSEWAY_HAINAN_PRESCRIBING", record, text.encode("utf-8"), [["pharmacy", name, 1]]):
        return
    message = hands.wait("pharmacy", name, 1)
    if message is None:
        return
    if hands.chance.random() < 0.3:
        again = record + "W"
        withdrawal = text.replace(record, again).replace("ORC|NW", "ORC|CA").encode("utf-8")
        if hands.mllp("CAUSEWAY_HAINAN_PRESCRIBING", again, withdrawal, [["pharmacy", name, 2]]):
            late = pharmacist(hands, order_of(message), name)[0]("OK", "YF02", again + "L")
            hands.must_be_refused("a claim of what was withdrawn",
                                  lambda: hands.say("CAUSEWAY_HAINAN_PHARMACY", again + "L", late))
        return
    supply_all(hands, message, name, "XL01EBA233A001010100001^盐酸埃克替尼片^NHSA", (28, 56), "{片}",
               "HN0000512^^^HNUMP^MR||林蔚||19680314|F", [])


def rows_order(hands):
    """Beijing's, from its staging database: the HIS reads in GW_STATUS how it stands."""
    number, name = hands.number, "CF" + hands.digits(12)
    database = hands.network.folder / "staging" / "beijing.db"
    hands.ledger.write("sent", id=name, flow=hands.kind, effects=[["pharmacy", name, 1]])
    with hands.soak.staging:
        prescription.prescribe(database, name, 1_000_000 + number, "1")
    hands.ledger.write("acknowledged", id=name)
    message = hands.wait("pharmacy", name, 1)
    if message is None:
        return
    if hands.chance.random() < 0.25:
        hands.ledger.write("sent", id=name + "W", flow=hands.kind, effects=[["pharmacy", name, 2]])
        with hands.soak.staging:
            hands.soak.void(1_000_000 + number)
        hands.ledger.write("acknowledged", id=name + "W")
        return
    supply_all(hands, message, name, "30112^来曲唑片^L", (1, 1), "{box}^盒", "100231^^^bjch^MR||陈思远||19820725|F",
               [["beijing-status", name, 3]])


def resident_id(number):
    body = f"46909919680314{number % 1000:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights)) % 11]


def referral(hands):
    """A consultation asked of Hong Kong: accepted and answered, or declined."""
    case, record, patient = "YC" + hands.digits(14), "HNC" + hands.digits(12), "HN" + hands.digits(9)
    text = (CONSULT.replace("YC20260313000012", case).replace("HN-20260313-000077", record).replace("HN0000512", patient)
            .replace("469099196803140027", resident_id(hands.number)).replace("ZQ-0012", f"ZQ-{hands.number}"))
    body = text.encode("utf-8")
    if not hands.hand_over(record, lambda: hands.post("CAUSEWAY_HAINAN_PLATFORM", "/consult", body), [["desk", case, 1]]):
        return
    arrived = hands.wait("desk", case, 1)
    if arrived is None:
        return
    if resident_id(hands.number).encode() in arrived or patient.encode() in arrived:
        hands.ledger.write("leaked", id=case)
    bundle = json.loads(arrived)
    task_id = resources(bundle, "Task")[0]["id"]
    accept = hands.chance.random() < 0.7
    verdict = "accepted" if accept else "rejected"
    if not hands.move("hongkong", "desk", task_id, verdict, [["platform", case, 1]], f"{case}-{verdict}"):
        return
    if not accept:
        return illegal_move(hands, "hongkong", "desk", task_id, "accepted")
    answer(hands, "hkaur", "hongkong", "desk", task_id, bundle, case, [["hainan-his", case, 1], ["platform", case, 2]])


def answer(hands, organization, site, who, task_id, bundle, case, effects):
    _, task = hands.get(site, who, f"/fhir/Task/{task_id}")
    if task is None:
        return
    message = opinion(organization, site, task, resources(bundle, "Patient")[0], case,
                      {"en": ("Second opinion", "Second-line targeted therapy is reasonable."), "zh-CN": ("会诊意见", "二线靶向治疗合理。")})
    if hands.publish(site, who, message, effects):
        illegal_move(hands, site, who, task_id, "rejected")


def illegal_move(hands, site, who, task_id, status):
    address = f"/fhir/Task/{task_id}"

    def transmit():
        verdict, headers, task = hands.https(site, who, "GET", address)
        if verdict != "yes":
            return "later", b""
        changed = json.dumps(dict(task, status=status, statusReason={"text": "too late"}))
        verdict, _, said = hands.https(site, who, "PUT", address, changed, {"if-match": headers["etag"]})
        return verdict, json.dumps(said).encode()

    hands.must_be_refused(f"{status} after the end", transmit)


def county(hands):
    """A county hospital refers; the city's HIS accepts or declines; the office sends the opinion."""
    record, case, patient = f"HL{hands.digits(13)}", "ZZ513499" + hands.digits(12), "HL" + hands.digits(8)
    message = (COUNTY.replace(b"HL2026031100003", record.encode()).replace(b"ZZ513499202603110001", case.encode())
               .replace(b"HL00091877", patient.encode()))
    if not hands.mllp("CAUSEWAY_HUILI_REFERRALS", record, message, [["chengdu-his", case, 1]]):
        return
    arrived = hands.wait("chengdu-his", case, 1)
    if arrived is None:
        return
    accept, again = hands.chance.random() < 0.6, f"CD{hands.digits(12)}"
    rri = ACCEPTED.replace(b"UNICODE UTF-8", b"GB 18030-2000") if accept else REJECTED
    rri = (rri.replace(b"CD2026031100001", again.encode()).replace(b"ZZ513499202603110003", case.encode())
           .replace(b"HL00091877", patient.encode()).replace(b"6d8236dd62ac598393af", arrived.split(b"\r")[0].split(b"|")[9]))
    if not hands.mllp("CAUSEWAY_CHENGDU_ANSWERS", again, rri, [["huili-his", case, 1]]) or not accept:
        return
    _, found = hands.get("chengdu", "office", f"/fhir/Bundle?identifier={case}")
    if not found or not found.get("entry"):
        return
    bundle = found["entry"][-1]["resource"]
    answer(hands, "cd3", "chengdu", "office", resources(bundle, "Task")[0]["id"], bundle, case, [["huili-his", case, 2]])


FLOWS = [(report, 40), (visit, 10), (own_order, 12), (rows_order, 12), (referral, 14), (county, 12)]
