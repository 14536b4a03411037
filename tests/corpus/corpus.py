#!/usr/bin/env python3
"""What the base maps make of the public HL7 v2 messages, in figures, and floors under them.

    python3 tests/corpus/corpus.py --binary build/dev/causeway [--work] [--only TEXT] [--seed N]

Reads $CAUSEWAY_SUITES/hl7v2/index.json; skipped without it. Measured, for every message:

  encoded    read and written again out of its values: the same bytes, or a difference of a listed kind
  converts   mappings/base makes a Bundle of it; every valued field is carried, kept or reported
  carried    of the valued fields
  valid      the Bundle, against the definitions of R4

and against the results published with the cdc-reportstream messages, element by element:

  equal      of all leaf elements the published result fills, those that ours fills equally; missing is wrong
  exact      of the codes, values, units, statuses, flags and doses that both fill, those that are equal

Set aside there: ids and metadata of the storing system, MessageHeader, Provenance and the organisation that it names as
the one which ran the published conversion, extensions of vendors. Resources are paired by type and best match, and
references are compared by what they lead to. Last, every message twice with fields and segments dropped and garbled at
random (--seed): how many convert with every value accounted for, and how many of the Bundles are valid. --work lists what is missing or unequal most often.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENDORS = ("reportstream.cdc.gov", "ibm.com/fhir")
ASIDE = {"MessageHeader", "Provenance"}
# The last element of the paths that must never be wrong where both have one.
EXACT = {"code", "value", "unit", "status", "comparator", "valueString", "valueCode", "valueInteger", "valueBoolean",
         "valueDateTime", "valueTime", "priority", "intent", "gender"}
EXACT_WITHIN = ("Observation.value", "Observation.interpretation", "Observation.status", "Observation.component",
                "Observation.code", "Observation.dataAbsentReason", "dosageInstruction", "doseQuantity",
                "DiagnosticReport.status", "DiagnosticReport.code", "ServiceRequest.status", "ServiceRequest.code",
                "Specimen.type", "Specimen.status", "Specimen.collection.quantity", "Encounter.status",
                "Encounter.class", "Patient.gender", "Encounter.length", "MedicationRequest", "Immunization",
                "AllergyIntolerance", "Condition")
# Where the published result is wrong, and why; not counted as a value that both have.
EXPLAINED = {
    ("OBX-to-Observation-sn-as-string-value.hl7", "Observation.valueString"):
        "a structured numeric that R4 has no form for: theirs joins the parts with + between them (-+1+++3), ours without (-1+3)",
}
FLOORS = {"encoded": 100.0, "converts": 100.0, "carried": 94.0, "valid": 100.0, "equal": 89.9, "exact": 100.0,
          "mutilated converts": 99.0, "mutilated valid": 99.0}


# --- running the binary ------------------------------------------------------------------------------------------

def run(binary, *arguments):
    done = subprocess.run([binary, "--json", *arguments], capture_output=True, text=True, encoding="utf-8", check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode not in (0, 1):
        sys.exit(f"corpus: {' '.join(arguments[:3])} ended with {done.returncode}\n{done.stderr[-2000:]}")
    return lines, done.stderr


def normalised(data):
    """As reading states it: no byte order mark, no blank lines, every segment ends with CR."""
    text = data.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\r").replace("\n", "\r")
    return [line for line in text.split("\r") if line]


def without_empty_ends(line, by):
    """Separators behind which nothing stands say nothing."""
    field, component, repetition, _, sub = by
    def cut(text, separators):
        if not separators:
            return text
        parts = [cut(part, separators[1:]) for part in text.split(separators[0])]
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        return separators[0].join(parts)
    return cut(line, [field, repetition, component, sub])


def encoding_of(data, encoded):
    """The kind of difference between a message and what it becomes again; "" is none, None is an unlisted one."""
    if encoded.encode() == data:
        return ""
    before, after = normalised(data), [line for line in encoded.split("\r") if line]
    if before == after:
        return "line ends, byte order mark, blank lines"
    head = before[0]
    msh2 = head[4:].split(head[3], 1)[0].replace(head[6] * 2, head[6], 1)
    by = (head[3], *msh2[:4])
    def ended(lines):  # MSH-2 is made of separators itself
        end = lines[0].find(by[0], 4)
        return [lines[0][:end] + without_empty_ends(lines[0][end:], by)] + [without_empty_ends(line, by)
                                                                           for line in lines[1:]]
    if ended(before) == ended(after):
        return "separators behind the last value"
    escape, sub = by[3], by[4]
    def spelled(lines):
        text = "\r".join(ended(lines))
        for code, plain in (("T", sub), ("S", by[1]), ("R", by[2]), ("F", by[0]), ("E", escape)):
            text = text.replace(f"{escape}{code}{escape}", f"<{code}>")
        return text.replace(escape, "<E>").replace("\\", "<E>")
    if spelled(before) == spelled(after):
        return "an escape character standing alone, escaped"
    doubled = [head.replace(escape * 2, escape, 1)] + before[1:]
    if head != doubled[0] and ended(doubled) == ended(after):
        return "an escape character doubled in MSH-2"
    return None


# --- comparing results -------------------------------------------------------------------------------------------

def leaves(value, path):
    """(path, value) of every leaf; extensions by their url, vendor extensions and ids left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("id", "resourceType", "meta") or (key == "url" and ".extension(" in path):
                continue
            if key in ("extension", "modifierExtension"):
                for one in inner:
                    if not any(vendor in one.get("url", "") for vendor in VENDORS):
                        yield from leaves(one, f"{path}.extension({one.get('url', '').rsplit('/', 1)[-1]})")
            else:
                yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    elif value is not None:
        yield path, value


def resources(bundle):
    """reference -> resource."""
    known = {}
    for entry in bundle.get("entry", []):
        resource = entry["resource"]
        known[entry.get("fullUrl", "")] = resource
        known[f"{resource['resourceType']}/{resource.get('id')}"] = resource
    return known


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def compared(bundle):
    """The resources that count: all but those set aside and the organisation that ran the published conversion."""
    known = resources(bundle)
    all_of = [entry["resource"] for entry in bundle.get("entry", [])]
    assemblers = {id(known[r]) for one in all_of if one["resourceType"] == "Provenance"
                  for agent in one.get("agent", []) if "assembler" in json.dumps(agent.get("type", {}))
                  for r in references(agent) if r in known}
    return [one for one in all_of if one["resourceType"] not in ASIDE and id(one) not in assemblers], known


def text(value):
    return "true" if value is True else "false" if value is False else str(value)


def same(path, theirs, ours):
    if path.endswith("valueTime"):  # theirs is as HL7 v2 writes it
        return text(theirs).replace(":", "") == text(ours).replace(":", "")
    if path.endswith((".start", ".end", "DateTime", ".issued", ".time", "Time", ".authoredOn", ".recorded")):
        return same_time(text(theirs), text(ours))
    if isinstance(theirs, (int, float)) and not isinstance(theirs, bool):
        try:
            return float(theirs) == float(ours)
        except (TypeError, ValueError):
            return False
    return text(theirs) == text(ours)


def same_time(theirs, ours):
    trim = lambda moment: moment.replace("+00:00", "Z").replace(".0000", "")
    if trim(theirs) == trim(ours):
        return True
    # A moment sent without a zone: their converter stamped its own, ours the site's.
    return len(theirs) > 16 and theirs.endswith("Z") and theirs[:19] == ours[:19] and not ours.endswith("Z")


class Pairing:
    """Which of our resources stands for which of theirs: one to one, but for twins. Who stands in a message twice may be
    two resources of theirs and one of ours."""

    def __init__(self, theirs, ours):
        (self.theirs, self.known_theirs), (self.ours, self.known_ours) = compared(theirs), compared(ours)
        self.bags_theirs = {id(one): self.bag(one, self.known_theirs) for one in self.theirs}
        self.bags_ours = {id(one): self.bag(one, self.known_ours) for one in self.ours}
        self.pairs = {}
        for kind in {one["resourceType"] for one in self.theirs}:
            self.pair([one for one in self.theirs if one["resourceType"] == kind],
                      [one for one in self.ours if one["resourceType"] == kind])

    @classmethod
    def bag(cls, resource, known, prefix="", deep=2):
        """What a resource says, with what those say that it refers to."""
        found = collections.Counter()
        for path, value in leaves(resource, resource["resourceType"]):
            if not path.endswith(".reference"):
                found[(prefix + path, text(value))] += 1
            elif deep > 0 and value in known:
                found += cls.bag(known[value], known, f"{prefix}{path}>", deep - 1)
        return found

    def score(self, one, other):
        theirs, ours = self.bags_theirs[id(one)], self.bags_ours[id(other)]
        common = theirs & ours
        own = sum(n for (path, _), n in common.items() if ">" not in path)
        return own + 0.1 * (sum(common.values()) - own) - 0.001 * sum((ours - theirs).values())

    def pair(self, theirs, ours):
        scores = sorted(((self.score(one, other), -i, -j, one, other) for i, one in enumerate(theirs)
                         for j, other in enumerate(ours)), key=lambda row: row[:3], reverse=True)
        used = {}
        for _, _, _, one, other in scores:
            said = frozenset(self.bags_theirs[id(one)].items())
            if id(one) not in self.pairs and (id(other) not in used or (said and used[id(other)] == said)):
                self.pairs[id(one)] = other
                used[id(other)] = said

    def leads_to_same(self, theirs, ours):
        target, got = self.known_theirs.get(theirs), self.known_ours.get(ours)
        return target is not None and got is not None and self.pairs.get(id(target)) is got

    def judge(self):
        """(path, their value, our value or None, equal) of every leaf they fill."""
        for one in self.theirs:
            other = self.pairs.get(id(one))
            ours = collections.defaultdict(list)
            if other is not None:
                for path, value in leaves(other, other["resourceType"]):
                    ours[path].append(value)
            left = []
            for path, value in leaves(one, one["resourceType"]):
                equal = (lambda o, v=value, p=path: self.leads_to_same(v, o) if p.endswith(".reference")
                         else same(p, v, o))
                match = next((o for o in ours[path] if equal(o)), None)
                if match is None:
                    left.append((path, value))
                else:
                    ours[path].remove(match)
                    yield path, value, match, True
            for path, value in left:
                got = ours[path].pop(0) if ours[path] else None
                yield path, value, got, False


def must_be_exact(path):
    return path.rsplit(".", 1)[-1] in EXACT and any(part in path for part in EXACT_WITHIN)


# --- mutilated messages --------------------------------------------------------------------------------------------

GARBLED = ("X", "??", "2.5.x", "^^^", "20269999", '""', "A&B^C~D", "\u9648")


def mutilated(data, dice):
    """A quarter of the segments and a third of the fields gone, a tenth of the rest garbled; MSH keeps what names it."""
    out = []
    for number, line in enumerate(normalised(data)):
        if number > 0 and dice.random() < 0.25:
            continue
        fields = line.split("|")
        for at in range(1, len(fields)):
            if number == 0 and at in (1, 8, 9, 11):
                continue
            roll = dice.random()
            fields[at] = "" if roll < 0.35 else dice.choice(GARBLED) if roll < 0.42 else fields[at]
        out.append("|".join(fields))
    return "\r".join(out) + "\r"


# --- the table ---------------------------------------------------------------------------------------------------

class Figures:
    def __init__(self):
        self.messages = self.encoded = self.converted = self.unaccounted = 0
        self.valued = self.carried = self.kept = self.reported = self.valid = 0
        self.leaves = self.equal = self.both = self.exact = 0

    def row(self):
        share = lambda part, whole: f"{100 * part / whole:6.1f}" if whole else "     -"
        return (f"{self.messages:5} {share(self.encoded, self.messages)} {share(self.converted, self.messages)} "
                f"{self.valued:7} {share(self.carried, self.valued)} {self.kept:6} {self.reported:6} "
                f"{self.unaccounted:5} {share(self.valid, self.messages)} {self.leaves:6} "
                f"{share(self.equal, self.leaves)} {share(self.exact, self.both)}")

    def shares(self):
        share = lambda part, whole: 100 * part / whole if whole else 100.0
        return {"encoded": share(self.encoded, self.messages), "converts": share(self.converted, self.messages),
                "carried": share(self.carried, self.valued), "valid": share(self.valid, self.messages),
                "equal": share(self.equal, self.leaves), "exact": share(self.exact, self.both)}


HEAD = ("                                  msgs  enc %  conv %  valued carr %   kept  notes unacc valid % leaves "
        "equal% exact%")


class Measure:
    def __init__(self, binary, suites, only):
        self.binary, self.suites = binary, suites
        index = json.loads((suites / "hl7v2/index.json").read_text(encoding="utf-8"))
        self.cases = {str(suites / "hl7v2" / case["file"]): case for case in index if only in case["file"]}
        self.total = Figures()
        self.groups = collections.defaultdict(Figures)
        self.encodings, self.wrong = collections.Counter(), collections.Counter()
        self.inexact, self.invalid, self.lost, self.errors = [], collections.Counter(), collections.Counter(), []
        self.examples, self.explained = {}, []
        self.broken, self.mutilated = collections.Counter(), {}

    def figures(self, file):
        case = self.cases[file]
        return self.total, self.groups["type " + case["message_type"]], self.groups["from " + case["source"]]

    def add(self, file, **amounts):
        for figures in self.figures(file):
            for name, amount in amounts.items():
                setattr(figures, name, getattr(figures, name) + amount)

    def encode(self):
        lines, complaints = run(self.binary, "hl7", "show", *self.cases)
        answered = {line["file"]: line["encoded"] for line in lines}
        for file in self.cases:
            self.add(file, messages=1)
            kind = encoding_of(pathlib.Path(file).read_bytes(), answered[file]) if file in answered else None
            self.encodings[kind if kind is not None else f"UNLISTED {file}"] += 1
            self.add(file, encoded=kind is not None)
        if complaints:
            self.errors.append(complaints.strip())

    def convert(self, folder):
        lines, complaints = run(self.binary, "map", "run", str(ROOT / "mappings/base"), *self.cases)
        if not lines:
            sys.exit(f"corpus: nothing was converted\n{complaints[-3000:]}")
        bundles = {}
        for number, line in enumerate(lines):
            file = line["file"]
            if "error" in line:
                error = line["error"]
                self.errors.append(f"{self.cases[file]['file']}: {error['where']}: {error['say']} [{error['code']}]")
                continue
            report = line["report"]
            self.add(file, converted=report["unaccounted"] == 0, valued=report["valued"], carried=report["carried"],
                     kept=report["kept"], reported=report["reported"], unaccounted=report["unaccounted"])
            for note in report["notes"]:
                if note["fate"] == "not carried":
                    place = note["source"].split("[", 1)[0] + "-" + note["source"].split("-", 1)[-1].split("[")[0]
                    self.lost[f"{place} {note['code']}"] += 1
            bundles[file] = folder / f"{number}.json"
            bundles[file].write_text(json.dumps(line["bundle"]), encoding="utf-8")
        return bundles

    def validate(self, bundles):
        names = {str(path): file for file, path in bundles.items()}
        lines, _ = run(self.binary, "validate", "--ndjson", *names)
        for line in lines:
            file = names[line["file"]]
            self.add(file, valid=line["valid"])
            for issue in line["outcome"].get("issue", []):
                if issue["severity"] in ("error", "fatal"):
                    where = (issue.get("expression") or [""])[0]
                    said = issue.get("details", {}).get("text") or issue.get("diagnostics", "")
                    self.invalid[f"{where.split('resource', 1)[-1]}: {said}"[:180]] += 1

    def compare(self, bundles):
        for file, case in self.cases.items():
            if case["source"] != "cdc-reportstream" or not case.get("golden"):
                continue
            golden = json.loads((self.suites / "hl7v2" / case["golden"]).read_text(encoding="utf-8"))
            ours = json.loads(bundles[file].read_text(encoding="utf-8")) if file in bundles else {}
            for path, theirs, got, equal in Pairing(golden, ours).judge():
                explained = EXPLAINED.get((file.rsplit("/", 1)[-1], path))
                exact = must_be_exact(path) and got is not None and explained is None
                self.add(file, leaves=1, equal=equal, both=exact, exact=exact and equal)
                if equal:
                    continue
                if explained:
                    self.explained.append(f"{file.rsplit('/', 1)[-1]}: {path}: {explained}")
                key = f"{'unequal' if got is not None else 'missing'} {path}"
                self.wrong[key] += 1
                self.examples.setdefault(key, (case["file"].rsplit("/", 1)[-1], theirs, got))
                if exact:
                    self.inexact.append(f"{case['file']}: {path}: theirs {theirs!r}, ours {got!r}")

    def mutilate(self, folder, seed):
        """How many of the mutilated messages convert, and how many Bundles are valid, in percent."""
        dice = random.Random(seed)
        files = {}
        for number, file in enumerate(list(self.cases) * 2):
            path = folder / f"mutilated-{number}.hl7"
            path.write_text(mutilated(pathlib.Path(file).read_bytes(), dice), encoding="utf-8", newline="")
            files[str(path)] = file
        lines, _ = run(self.binary, "map", "run", str(ROOT / "mappings/base"), *files)
        bundles = []
        for line in lines:
            if "error" in line:
                error = line["error"]
                self.broken[f"{error['where'].rsplit(', ', 1)[-1]}: {error['say']}"] += 1
            elif line["report"]["unaccounted"] == 0:
                bundles.append(folder / f"mutilated-{len(bundles)}.json")
                bundles[-1].write_text(json.dumps(line["bundle"]), encoding="utf-8")
        valid, _ = run(self.binary, "validate", "--ndjson", *map(str, bundles))
        self.mutilated = {"mutilated converts": 100 * len(bundles) / len(files),
                          "mutilated valid": 100 * sum(line["valid"] for line in valid) / max(1, len(bundles))}

    def print(self, work):
        print(HEAD)
        for name in sorted(self.groups):
            print(f"{name:32} {self.groups[name].row()}")
        print(f"{'all':32} {self.total.row()}")
        print("written again:", ", ".join(f"{n} {kind or 'the same bytes'}" for kind, n in self.encodings.most_common()))
        for error in self.errors:
            print("not converted:", error)
        for name, share in self.mutilated.items():
            print(f"{name}: {share:.1f} %")
        for said, count in self.broken.most_common(10):
            print(f"mutilated, not converted: {count} {said}")
        for line in self.explained:
            print("explained:", line)
        for line in self.inexact:
            print("not exact:", line)
        if not work:
            return
        for title, counter, most in (("elements", self.wrong, 150), ("invalid", self.invalid, 40),
                                     ("fields not carried", self.lost, 400)):
            print(f"--- {title}")
            for key, n in counter.most_common(most):
                example = self.examples.get(key)
                print(f"{n:5} {key}", f"  {example[0]}: {str(example[1])[:40]!r} <> {str(example[2])[:40]!r}" if example else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", action="store_true", help="list what is missing, unequal, invalid and not carried")
    parser.add_argument("--seed", type=int, default=7, help="of the mutilated messages")
    parser.add_argument("--only", default="", help="only messages whose file name contains this; no floors")
    options = parser.parse_args()
    if not os.environ.get("CAUSEWAY_SUITES"):
        print("corpus: skipped, CAUSEWAY_SUITES is not set")
        return 0
    measure = Measure(options.binary, pathlib.Path(os.environ["CAUSEWAY_SUITES"]), options.only)
    with tempfile.TemporaryDirectory() as folder:
        measure.encode()
        bundles = measure.convert(pathlib.Path(folder))
        measure.validate(bundles)
        measure.compare(bundles)
        measure.mutilate(pathlib.Path(folder), options.seed)
    measure.print(options.work)
    if options.only:
        return 0
    shares, failed = measure.total.shares() | measure.mutilated, measure.total.unaccounted != 0
    for name, floor in FLOORS.items():
        if shares[name] < floor:
            print(f"FAILED: {name} is {shares[name]:.2f} %, below its floor of {floor} %")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
