"""A laboratory corrects its report and then withdraws it; both reach the hospital and the archive that had the first version. A
preliminary version that comes after them is refused, an older one changes nothing, and a test message never gets in."""

import json
import time

from flows.common import SAMPLES, Exchanged, demand, field, made_of, resources
from network import wait_until

REPORT, CONTROL = "JY202603100991", "TJ20260310009"


def stand_ins(_ports):
    return {}


def oru(control, *, obr_25, obx_11, issued, processing="P"):
    """The sample report under a number of its own: its sixth to last field of OBX and its OBR-25 say how it stands."""
    text = (SAMPLES / "tj_oru_gb18030.hl7").read_bytes().decode("gb18030")
    text = text.replace("TJ2026031000017", CONTROL + control).replace("JY202603100552", REPORT).replace("|P|2.4", f"|{processing}|2.4")
    lines = []
    for line in text.split("\r"):
        fields = line.split("|")
        if fields[0] == "OBR":
            fields[22], fields[25] = issued, obr_25
        if fields[0] == "OBX":
            fields[11] = obx_11
        lines.append("|".join(fields))
    return "\r".join(lines).encode("gb18030")


def send(network, control, expected, **how):
    ack = network.mllp(network.ports["CAUSEWAY_TIANJIN_LIS"], oru(control, **how))
    demand(f"MSA|{expected}|{CONTROL}{control}".encode() in ack, f"the laboratory got {ack!r} instead of {expected}")
    return ack


def of_report(systems):
    return [m for m in systems.his.messages if REPORT.encode() in m]


def bundles(systems):
    return [json.loads(body) for _, body in systems.archive.bodies if REPORT.encode() in body]


def arrived(systems, count):
    wait_until(f"version {count} of the report at Hainan's HIS", lambda: len(of_report(systems)) >= count)
    wait_until(f"version {count} of the report at Beijing's archive", lambda: len(bundles(systems)) >= count)
    return of_report(systems)[count - 1], bundles(systems)[count - 1]


def run(network, systems, ledger):
    send(network, "01", "CA", obr_25="F", obx_11="F", issued="20260310092600")
    arrived(systems, 1)

    began = time.monotonic()
    send(network, "02", "CA", obr_25="C", obx_11="C", issued="20260310112600")
    message, bundle = arrived(systems, 2)
    demand(field(message, "OBR", 25) == "C", f"OBR-25 of the correction is {field(message, 'OBR', 25)}")
    demand(resources(bundle, "DiagnosticReport")[0]["status"] == "corrected", "the archive was told of no correction")
    ledger.row("correction", "Tianjin laboratory", "ORU GB18030", made_of(bundle), "Hainan HIS", "ORU UTF-8", "CA / AA", began)

    refused = send(network, "03", "CE", obr_25="P", obx_11="P", issued="20260310122600")
    demand(b"'corrected' cannot become 'preliminary'" in refused, f"the refusal does not name the states: {refused!r}")
    send(network, "04", "CA", obr_25="F", obx_11="F", issued="20260310101500")  # older, and late: kept, told to nobody
    test = send(network, "05", "CR", obr_25="F", obx_11="F", issued="20260310132600", processing="T")
    demand(b"MSH-11" in test, f"the refusal of a test message does not name MSH-11: {test!r}")

    began = time.monotonic()
    send(network, "06", "CA", obr_25="X", obx_11="X", issued="20260310142600")
    message, bundle = arrived(systems, 3)
    demand(field(message, "OBR", 25) == "X" and "|W|" in message.decode("utf-8"), f"the withdrawal at the HIS is {message!r}")
    demand({r["status"] for r in resources(bundle, "Observation")} == {"entered-in-error"}, "the results are not withdrawn")
    demand(len(of_report(systems)) == 3 and len(bundles(systems)) == 3, "the older version went on")
    ledger.row("withdrawal", "Tianjin laboratory", "ORU GB18030", made_of(bundle), "Beijing archive", "FHIR JSON", "CA / 200", began)
    return [Exchanged("withdrawn report", "hainan", "oncobase", "DiagnosticReport", REPORT, loop=REPORT)]
