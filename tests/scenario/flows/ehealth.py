"""A patient brings laboratory records that eHealth exported, as a file. The gateway makes strict R4 of eHealth's dialect, marks
it as brought by the patient, and gives it to the hospital's own archive. Another file withdraws the record, and its results;
one that says neither that nor anything else known ends in failed/, with the reason."""

import json
import time

from flows.common import ROOT, demand, made_of, resources
from network import wait_until

EXPORTS = ROOT / "mappings/hongkong/ehealth_lab.tests"


def stand_ins(_ports):
    return {}


def drop(network, name, ends_in="done"):
    target = network.folder / "hongkong-drop/ehealth" / name
    wait_until("the drop folder for eHealth", target.parent.exists)
    target.with_suffix(".tmp").write_bytes((EXPORTS / name).read_bytes())
    target.with_suffix(".tmp").rename(target)
    wait_until(f"{name} in {ends_in}/", (target.parent / ends_in / name).exists)
    return target.parent / ends_in / name


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
    refused = drop(network, "15_unknown_transaction.json", "failed")
    reason = wait_until("the reason beside it", lambda: next(refused.parent.glob(refused.name + "*.txt"), None)).read_text(encoding="utf-8")
    demand("transaction type" in reason, f"the reason is {reason!r}")
    ledger.row("brought report withdrawn", "patient, from eHealth", "eHealth JSON", made_of(bundle), "Hong Kong archive", "FHIR JSON", "done/ / 200", began)
    return []
