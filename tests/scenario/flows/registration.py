"""A private hospital in Hong Kong registers a patient (ADT^A04 in Big5, whose bytes hold `|` and `\\` inside characters);
the gateway keeps it and gives it to the hospital's own archive. It never leaves the house."""

import json
import time

from flows.common import SAMPLES, Exchanged, demand, made_of, resources
from network import HttpSystem, wait_until


def stand_ins(ports):
    return {"hongkong_archive": HttpSystem(ports["CAUSEWAY_HONGKONG_ARCHIVE"])}


def run(network, systems, ledger):
    began = time.monotonic()
    ack = network.mllp(network.ports["CAUSEWAY_HONGKONG_ADT"], (SAMPLES / "hk_adt_a04_big5.hl7").read_bytes())
    demand(b"MSA|CA|HK20260312001" in ack, f"the HIS got {ack!r} instead of CA")
    body = wait_until("the registration at the archive", lambda: systems.hongkong_archive.bodies and systems.hongkong_archive.bodies[0][1])
    bundle = json.loads(body)
    patient = resources(bundle, "Patient")[0]
    demand([name["text"] for name in patient["name"]] == ["HUI TAI YUK", "許泰育"], f"the names are {patient['name']}")
    values = {one["system"].rsplit("/", 1)[1]: one["value"] for one in patient["identifier"]}
    demand(values["hkid"] == "U073219A" and values["cn-hk-macau-permit"] == "H07321958", f"the identifiers are {values}")
    demand(resources(bundle, "Location")[0]["name"] == "香港測試醫院腫瘤科", "院 was split")
    ledger.row("registration", "Hong Kong HIS", "ADT Big5", made_of(bundle), "Hong Kong archive", "FHIR JSON", "CA / 200", began)
    return [Exchanged("registration", "hongkong", "desk", "Patient", "P7781203", loop="HK20260312001")]
