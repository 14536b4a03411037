"""A patient brings laboratory records that eHealth exported, as a file. The gateway makes strict R4 of eHealth's dialect, marks
it as brought by the patient, and gives it to the hospital's own archive. Another file withdraws the record, and its results."""

import json
import time

from flows.common import ROOT, demand, made_of, resources
from network import wait_until

EXPORTS = ROOT / "mappings/hongkong/ehealth_lab.tests"


def stand_ins(_ports):
    return {}


def drop(network, name):
    target = network.folder / "hongkong-drop/ehealth" / name
    wait_until("the drop folder for eHealth", target.parent.exists)
    target.with_suffix(".tmp").write_bytes((EXPORTS / name).read_bytes())
    target.with_suffix(".tmp").rename(target)
    wait_until(f"{name} in done/", (target.parent / "done" / name).exists)


def report_at_archive(systems, status):
    for _, body in systems.hongkong_archive.bodies:
        bundle = json.loads(body)
        if [one["status"] for one in resources(bundle, "DiagnosticReport")] == [status]:
            return bundle
    return None


def run(network, systems, ledger):
    began = time.monotonic()
    drop(network, "01_general_level_3.json")
    bundle = wait_until("the brought report at the archive", lambda: report_at_archive(systems, "final"))
    results = {one["code"]["coding"][-1]["code"]: one for one in resources(bundle, "Observation")}
    demand(results["CEA"]["valueQuantity"]["comparator"] == ">", f"the result is {results['CEA']}")
    demand(all(one["meta"]["tag"][0]["code"] == "patient-provided" for one in results.values()), "whose copy it is got lost")
    ledger.row("brought report", "patient, from eHealth", "eHealth JSON", made_of(bundle), "Hong Kong archive", "FHIR JSON", "done/ / 200", began)

    began = time.monotonic()
    drop(network, "04_withdrawn.json")
    bundle = wait_until("its withdrawal at the archive", lambda: report_at_archive(systems, "entered-in-error"))
    withdrawn = resources(bundle, "Observation")
    demand(len(withdrawn) == len(results), f"{len(withdrawn)} of {len(results)} results were withdrawn")
    demand(all(one["status"] == "entered-in-error" for one in withdrawn), "a result of the withdrawn record still stands")
    ledger.row("brought report withdrawn", "patient, from eHealth", "eHealth JSON", made_of(bundle), "Hong Kong archive", "FHIR JSON", "done/ / 200", began)
    return []
