"""The internet hospital's own prescription: Hainan's prescribing system sends a reviewed RDE^O11, the pharmacy system gets
it, a pharmacy claims it (RRE^O12) and supplies it in two parts (RDS^O13)."""

import datetime
import time

from flows.common import SAMPLES, Exchanged, demand
from network import MllpSystem, wait_until

CHINA = datetime.timezone(datetime.timedelta(hours=8))


def stand_ins(ports):
    return {"pharmacy": MllpSystem(ports["CAUSEWAY_HAINAN_PHARMACY_SYSTEM"])}


def now(form="%Y%m%d%H%M%S", minutes=0):
    return (datetime.datetime.now(CHINA) + datetime.timedelta(minutes=minutes)).strftime(form)


def written_today():
    """The sample as if it had been written just now: a prescription is valid for three days. Its number moves along."""
    text = (SAMPLES / "hn_rde_o11_utf8.hl7").read_bytes().decode("utf-8").strip("\x0b\x1c\r\n")
    for moment in ("20260313140210", "20260313135501"):
        text = text.replace(moment, now(minutes=-10))
    return text.replace("20260313", now("%Y%m%d"))


def answer(control, control_id, order):
    return (f"MSH|^~\\&|PHARM|YF02|GW|HNUMP|{now()}||RRE^O12^RRE_O12|{control_id}|P|2.5.1||||||UNICODE UTF-8\r"
            f"MSA|AA|{control_id}\rORC|{control}|{order['item']}||{order['number']}\r")


def supplied(tablets, control_id, order):
    return (f"MSH|^~\\&|PHARM|YF02|GW|HNUMP|{now()}||RDS^O13^RDS_O13|{control_id}|P|2.5.1||||||UNICODE UTF-8\r"
            f"PID|1||HN0000512^^^HNUMP^MR||林蔚||19680314|F\r"
            f"ORC|RE|{order['item']}|FY-{control_id}|{order['number']}\r"
            f"RXD|1|XL01EBA233A001010100001^盐酸埃克替尼片^NHSA|{now()}|{tablets}|{{片}}||{order['name']}|||YS0901^符^海\r")


def say(network, port, text):
    ack = network.mllp(network.ports[port], text.encode("utf-8"))
    demand(b"MSA|AA" in ack or b"MSA|CA" in ack, f"the sender got {ack!r} instead of AA")


def run(network, systems, ledger):
    began = time.monotonic()
    text = written_today()
    name = next(line for line in text.split("\r") if line.startswith("ORC")).split("|")[2]
    say(network, "CAUSEWAY_HAINAN_PRESCRIBING", text)
    got = wait_until("the prescription at the pharmacy system", lambda: next(
        (m.decode("utf-8") for m in systems.pharmacy.messages if name.encode() in m), None))
    demand("L01EB08" in got and "|125||mg|" in got and "|84|" in got and "YS0031" in got, f"the pharmacy got {got!r}")
    fields = next(line for line in got.split("\r") if line.startswith("ORC")).split("|")
    order = {"name": name, "item": fields[2], "number": fields[4]}
    ledger.row("own prescription", "Hainan prescribing", "RDE UTF-8", "MedicationRequest, Task", "Hainan pharmacy", "RDE UTF-8", "CA / AA", began)

    began = time.monotonic()
    say(network, "CAUSEWAY_HAINAN_PHARMACY", answer("OK", "OWN1", order))
    say(network, "CAUSEWAY_HAINAN_PHARMACY", supplied(28, "OWN2", order))
    say(network, "CAUSEWAY_HAINAN_PHARMACY", supplied(56, "OWN3", order))
    ledger.row("claim, two parts", "Hainan pharmacy", "RRE, 2 RDS UTF-8", "2 MedicationDispense, Task", "Hainan gateway", "kept", "AA", began)
    return [Exchanged("own prescription", "hainan", "oncobase", "MedicationRequest", name, loop=name, stranger="other"),
            Exchanged("its first part", "hainan", "oncobase", "MedicationDispense", "FY-OWN2", stranger="other"),
            Exchanged("its second part", "hainan", "oncobase", "MedicationDispense", "FY-OWN3", stranger="other")]
