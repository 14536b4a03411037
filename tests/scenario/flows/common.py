"""What every flow of the demonstration shares: the samples, what is demanded, the printed table, reading messages. A flow
is a module beside this one with `stand_ins(ports)`, the local systems it needs, and `run(network, systems, ledger)`,
which plays it, prints a line for each record that crossed, and returns what a partner shall be able to pull."""

import dataclasses
import pathlib
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "tests" / "cases" / "samples"
ORGANIZATION = "https://causeway.example/sid/organization"
EVENT = "https://causeway.example/CodeSystem/message-event"
CASE = "https://causeway.example/StructureDefinition/case"


class Fault(Exception):
    """Something promised did not happen."""


def demand(condition, what):
    if not condition:
        raise Fault(what)


@dataclasses.dataclass
class Exchanged:
    """A record that crossed: who may pull it where, and by which number."""
    record: str
    site: str
    partner: str
    kind: str
    number: str
    loop: str = ""      # a number of the case: `causeway trace` at that site must say that it is closed
    stranger: str = ""  # a partner of that site without a grant for it


class Ledger:
    """One printed line a record that crossed."""

    def __init__(self):
        print(f"{'record':<22} {'from':<22} {'in':<16} {'resources made':<52} {'to':<20} {'out':<16} {'ack':<10} {'ms':>6}")

    def row(self, record, source, dialect_in, made, to, dialect_out, ack, began):
        ms = (time.monotonic() - began) * 1000
        print(f"{record:<22} {source:<22} {dialect_in:<16} {made:<52} {to:<20} {dialect_out:<16} {ack:<10} {ms:>6.0f}", flush=True)


def made_of(bundle):
    """'DiagnosticReport, 5 Observation, Patient'"""
    counts = {}
    for entry in bundle["entry"]:
        kind = entry["resource"]["resourceType"]
        if kind not in ("MessageHeader", "Provenance", "Organization", "Practitioner", "PractitionerRole", "Endpoint"):
            counts[kind] = counts.get(kind, 0) + 1
    return ", ".join(kind if n == 1 else f"{n} {kind}" for kind, n in sorted(counts.items()))


def resources(bundle, kind):
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def field(message, segment, number):
    """A field of the first segment of that name, as text."""
    for line in message.decode("utf-8").split("\r"):
        parts = line.split("|")
        if parts[0] == segment:
            index = number - 1 if segment == "MSH" else number
            return parts[index] if index < len(parts) else ""
    return ""


def opinion(organization, site, task, patient, case, texts):
    """What a desk posts: the expert's opinion in its language and its translations ({language: (title, text)}, the
    original first), and the Task it completes."""
    ids = {name: str(uuid.uuid4()) for name in ("bundle", "header", "author", *texts)}
    original = f"Composition/{ids[next(iter(texts))]}"

    def composition(language, title, text):
        made = {"resourceType": "Composition", "id": ids[language], "language": language, "status": "final",
                "identifier": {"system": f"https://causeway.example/sid/{organization}/opinion", "value": f"OP-{case}-{language}"},
                "type": {"coding": [{"system": "http://loinc.org", "code": "11488-4", "display": "Consult note"}]},
                "subject": {"reference": f"Patient/{patient['id']}"}, "date": "2026-03-16T21:05:00+08:00",
                "author": [{"reference": f"Practitioner/{ids['author']}"}], "title": title,
                "section": [{"title": title, "text": {"status": "generated",
                             "div": f"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{text}</p></div>"}}]}
        if f"Composition/{ids[language]}" != original:
            made["relatesTo"] = [{"code": "transforms", "targetReference": {"reference": original}}]
        return made

    written = [composition(language, title, text) for language, (title, text) in texts.items()]
    done = dict(task, status="completed", lastModified="2026-03-16T21:06:00+08:00",
                output=[{"type": {"text": "opinion"}, "valueReference": {"reference": original}}])
    author = {"resourceType": "Practitioner", "id": ids["author"], "name": [{"text": "AU Kam Tong", "family": "AU", "given": ["Kam Tong"]}],
              "identifier": [{"system": "https://causeway.example/sid/hkmc", "value": "M99901"}]}
    header = {"resourceType": "MessageHeader", "id": ids["header"], "extension": [{"url": CASE, "valueString": case}],
              "eventCoding": {"system": EVENT, "code": "opinion-published"},
              "sender": {"identifier": {"system": ORGANIZATION, "value": organization}},
              "source": {"name": "case desk", "endpoint": f"https://{site}.causeway.example/fhir"},
              "focus": [{"reference": original}]}
    base = f"https://{site}.causeway.example/fhir"
    entries = [header, *written, done, patient, author]
    return {"resourceType": "Bundle", "id": ids["bundle"], "type": "message", "timestamp": "2026-03-16T21:06:00+08:00",
            "entry": [{"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r} for r in entries]}
