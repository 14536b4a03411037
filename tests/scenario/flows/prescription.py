"""Prescription: a reviewed one in Beijing's staging database reaches Hainan's pharmacy as RDE^O11; a pharmacy claims it
(RRE^O12), supplies it in two parts (RDS^O13), and Beijing's HIS reads each step in GW_STATUS. What no pharmacist has passed
stays where it is."""

import datetime
import sqlite3
import time

from flows.common import Exchanged, demand
from network import wait_until

NUMBER, UNREVIEWED, REJECTED = "CF0990001", "CF0990002", "CF0990003"
CHINA = datetime.timezone(datetime.timedelta(hours=8))


def stand_ins(ports):
    return {}  # the pharmacy system is the one of own_prescription


def now(form="%Y%m%d%H%M%S", minutes=0):
    return (datetime.datetime.now(CHINA) + datetime.timedelta(minutes=minutes)).strftime(form)


def prescribe(database, number, key, reviewed):
    """Two boxes of letrozole, as the HIS writes them; SFJG is the pharmacist's verdict."""
    staging = sqlite3.connect(database, timeout=10)
    with staging:
        staging.execute("INSERT OR IGNORE INTO MS_BRDA(BRID,MZHM,BRXM,BRXB,CSNY,SFZH,HKDZ,JTDH) VALUES('100231','MZ0100231',"
                        "'陈思远','2','1982-07-25','110199198207250066','北京市','13800000044')")
        staging.execute("INSERT OR IGNORE INTO YK_TYPK(YPXH,YPMC,YPGG,JLDW,TSYP,ATCDM) "
                        "VALUES(30112,'来曲唑片','2.5mg*30片','mg','0','L02BG04')")
        staging.execute("INSERT INTO MS_CF01(CFSB,JGID,CFHM,KFRQ,CFLX,KSDM,YSDM,BRID,JZXH) "
                        "VALUES(?,'YY000001X',?,?,1,'215','D1120','100231',551200)", (key, number, now("%Y-%m-%d %H:%M:%S", -5)))
        staging.execute("INSERT INTO MS_CF02(SBXH,CFSB,YPXH,YPZH,YFGG,YCJL,YPYF,MRCS,YYTS,YPSL,YFDW,GYTJ,SFJG,SFGH) "
                        "VALUES(?,?,30112,1,'2.5mg*30片',2.5,'qd',1,28,2,'盒','1',?,?)",
                        (key * 10, key, reviewed, None if reviewed is None else "YS0102"))
    staging.close()


def status(database, number):
    staging = sqlite3.connect(database, timeout=10)
    row = staging.execute("SELECT ZT, SL FROM GW_STATUS WHERE YWHM=?", (number,)).fetchone()
    staging.close()
    return row


def header(kind, control_id):
    return f"MSH|^~\\&|PHARM|YF01|GW|HNUMP|{now()}||{kind}|{control_id}|P|2.5.1||||||UNICODE UTF-8\r"


def answer(control, control_id, item):
    return header("RRE^O12^RRE_O12", control_id) + f"MSA|AA|{control_id}\rORC|{control}|{item}^bjch||{NUMBER}^bjch\r"


def supplied(boxes, control_id, item):
    return (header("RDS^O13^RDS_O13", control_id) + "PID|1||100231^^^bjch^MR||陈思远||19820725|F\r"
            f"ORC|RE|{item}^bjch|FY-{control_id}|{NUMBER}^bjch\r"
            f"RXD|1|30112^来曲唑片^L|{now()}|{boxes}|{{box}}^盒||{NUMBER}|||YS0900^何^青\r")


def say(network, text):
    ack = network.mllp(network.ports["CAUSEWAY_HAINAN_PHARMACY"], text.encode("utf-8"))
    demand(b"MSA|AA" in ack, f"the pharmacy got {ack!r} instead of AA")


def run(network, systems, ledger):
    database = network.folder / "staging" / "beijing.db"
    began = time.monotonic()
    prescribe(database, UNREVIEWED, 990002, None)
    prescribe(database, REJECTED, 990003, "2")
    prescribe(database, NUMBER, 990001, "1")
    order = wait_until("the prescription at the pharmacy system", lambda: next(
        (m.decode("utf-8") for m in systems.pharmacy.messages if NUMBER.encode() in m), None))
    demand("RDE^O11" in order and "来曲唑片" in order and "|2.5||mg|" in order and "YS0102" in order, f"the pharmacy got {order!r}")
    item = next(line for line in order.split("\r") if line.startswith("ORC")).split("|")[2].split("^")[0]
    ledger.row("prescription", "Beijing staging", "rows", "MedicationRequest, Task", "Hainan pharmacy", "RDE UTF-8", "- / AA", began)

    began = time.monotonic()
    say(network, answer("OK", "PH1", item))
    wait_until("the claim in GW_STATUS", lambda: status(database, NUMBER) == ("claimed", None))
    ledger.row("claim", "Hainan pharmacy", "RRE UTF-8", "Task", "Beijing staging", "GW_STATUS row", "AA / -", began)
    for control_id, state in (("PH2", ("dispensing", 1)), ("PH3", ("completed", 2))):
        began = time.monotonic()
        say(network, supplied(1, control_id, item))
        wait_until(f"{state[0]} in GW_STATUS", lambda s=state: status(database, NUMBER) == s)
        ledger.row(f"dispense, {state[0]}", "Hainan pharmacy", "RDS UTF-8", "MedicationDispense, Task", "Beijing staging",
                   "GW_STATUS row", "AA / -", began)
    stayed = [n for n in (UNREVIEWED, REJECTED) if status(database, n) or any(n.encode() in m for m in systems.pharmacy.messages)]
    demand(not stayed, f"no pharmacist has passed it, and yet it has left: {stayed}")
    wait_until(f"{NUMBER} to be closed at Beijing", lambda: all(
        case["closed"] for case in (network.ask("beijing", "trace", NUMBER) or {"cases": [{"closed": False}]})["cases"]))
    return [Exchanged("prescription", "hainan", "oncobase", "MedicationRequest", item, loop=NUMBER, stranger="other"),
            Exchanged("first part", "hainan", "oncobase", "MedicationDispense", "FY-PH2", stranger="other"),
            Exchanged("second part", "hainan", "oncobase", "MedicationDispense", "FY-PH3", stranger="other")]
