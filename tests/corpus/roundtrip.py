#!/usr/bin/env python3
"""HL7 v2 -> FHIR -> HL7 v2 over the public messages: how many of the values come back, by message type, with floors.

    python3 tests/corpus/roundtrip.py --binary build/dev/causeway [--work] [--only TEXT]

Reads $CAUSEWAY_SUITES/hl7v2/index.json; skipped without it. mappings/base makes a Bundle of every message (no `keep:`
among them, and no text of the message is stored), and the same map, run backwards, makes a message of the Bundle. A value
counts as equal only where the same text stands at the same place: segment (which one of its name), field, repetition,
component, subcomponent. MSH-1 and MSH-2 are no values. Beside that:

  same      of the fields that had a value, those that are equal in all their repetitions and components
  added     values that the message did not have, in percent of those it had
  again     Bundles that the map makes again, resource by resource, of the message that came back

--work lists the places that are lost or added most often.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = 85.0  # of the values and of the whole fields of every type


def run(binary, *arguments):
    done = subprocess.run([binary, "--json", *arguments], capture_output=True, text=True, encoding="utf-8", check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode not in (0, 1) or not lines:
        sys.exit(f"roundtrip: {' '.join(arguments[:4])} ended with {done.returncode}\n{done.stderr[-2000:]}")
    return {line["file"]: line for line in lines}


def unescaped(text, by):
    """What an escape stands for, so that two ways to write one text are equal."""
    field, component, repetition, escape, sub = by
    plain = {"F": field, "S": component, "T": sub, "R": repetition, "E": escape, ".br": "\n"}
    pattern = re.compile(re.escape(escape) + r"(F|S|T|R|E|\.br|X(?:[0-9A-Fa-f]{2})+)" + re.escape(escape))
    def resolve(match):
        code = match.group(1)
        return plain[code] if code in plain else bytes.fromhex(code[1:]).decode("utf-8", "replace")
    return pattern.sub(resolve, text)


def values(text):
    """place -> text of every subcomponent that holds one."""
    lines = [line for line in text.removeprefix("\ufeff").replace("\r\n", "\r").replace("\n", "\r").split("\r") if line]
    msh2 = lines[0][4:].split(lines[0][3], 1)[0].replace(lines[0][6] * 2, lines[0][6], 1)
    by = (lines[0][3], *msh2[:4]) if len(msh2) >= 4 else (lines[0][3], "^", "~", "\\", "&")
    found, occurrences = {}, collections.Counter()
    for line in lines:
        fields = line.split(by[0])
        name = fields[0]
        occurrences[name] += 1
        offset = 1 if name == "MSH" else 0
        for at, field in enumerate(fields[1:], 1 + offset):
            if name == "MSH" and at <= 2:
                continue
            for r, repetition in enumerate(field.split(by[2]), 1):
                for c, component in enumerate(repetition.split(by[1]), 1):
                    for s, leaf in enumerate(component.split(by[4]), 1):
                        if leaf:
                            found[(name, occurrences[name], at, r, c, s)] = unescaped(leaf, by)
    return found


def short(place):
    name, _, field, repetition, component, sub = place
    return f"{name}-{field}" + ("[2+]" if repetition > 1 else "") + f".{component}" + (f".{sub}" if sub > 1 else "")


class Figures:
    def __init__(self):
        self.messages = self.values = self.equal = self.fields = self.same = self.added = self.again = 0

    def add(self, before, after, again):
        self.messages += 1
        self.again += again
        self.values += len(before)
        self.equal += sum(after.get(place) == text for place, text in before.items())
        self.added += sum(place not in before for place in after)
        fields = collections.defaultdict(lambda: True)
        for place, text in before.items():
            fields[place[:3]] &= after.get(place) == text
        self.fields += len(fields)
        self.same += sum(fields.values())

    def row(self):
        share = lambda part, whole: f"{100 * part / whole:6.1f}" if whole else "     -"
        return (f"{self.messages:5} {self.values:7} {share(self.equal, self.values)} {self.fields:7} "
                f"{share(self.same, self.fields)} {share(self.added, self.values)} {share(self.again, self.messages)}")


def entries(bundle):
    return [entry["resource"] for entry in bundle.get("entry", [])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", action="store_true", help="list what is lost and added most often")
    parser.add_argument("--only", default="", help="only messages whose file name or type contains this; no floors")
    options = parser.parse_args()
    if not os.environ.get("CAUSEWAY_SUITES"):
        print("roundtrip: skipped, CAUSEWAY_SUITES is not set")
        return 0
    folder = pathlib.Path(os.environ["CAUSEWAY_SUITES"]) / "hl7v2"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    cases = {str(folder / case["file"]): case["message_type"] for case in index
             if options.only in case["file"] or options.only in case["message_type"]}
    groups, total = collections.defaultdict(Figures), Figures()
    lost, added, examples = collections.Counter(), collections.Counter(), {}
    maps = str(ROOT / "mappings/base")
    with tempfile.TemporaryDirectory() as scratch:
        made, bundles, messages = run(options.binary, "map", "run", maps, *cases), {}, {}
        for number, (file, line) in enumerate(made.items()):
            if "bundle" in line:
                path = pathlib.Path(scratch) / f"{number}.json"
                path.write_text(json.dumps(line["bundle"]), encoding="utf-8")
                bundles[str(path)] = file
        back = run(options.binary, "map", "run", "--back", maps, *bundles)
        for path, line in back.items():
            if "local" in line:
                again = pathlib.Path(path).with_suffix(".hl7")
                again.write_text(line["local"], encoding="utf-8", newline="")
                messages[str(again)] = path
        second = run(options.binary, "map", "run", maps, *messages)
        for path, file in bundles.items():
            line = back[path]
            if "local" not in line:
                print(f"not made back: {file}: {line['error']}")
            again = second.get(str(pathlib.Path(path).with_suffix(".hl7")), {})
            before, after = values(pathlib.Path(file).read_bytes().decode("utf-8")), values(line.get("local") or "MSH|^~\\&")
            same = entries(again.get("bundle", {})) == entries(made[file]["bundle"])
            for figures in (total, groups[cases[file]]):
                figures.add(before, after, same)
            for place, text in before.items():
                if after.get(place) != text:
                    lost[short(place)] += 1
                    examples.setdefault(short(place), (pathlib.Path(file).name, text, after.get(place)))
            for place in after:
                if place not in before:
                    added[short(place)] += 1
                    examples.setdefault("+" + short(place), (pathlib.Path(file).name, None, after[place]))
    print("               msgs  values equal%  fields  same% added% again%")
    for name in sorted(groups):
        print(f"{name:14} {groups[name].row()}")
    print(f"{'all':14} {total.row()}")
    if options.work:
        for title, counter, mark in (("lost", lost, ""), ("added", added, "+")):
            print(f"--- {title}")
            for key, n in counter.most_common(150):
                example = examples[mark + key]
                print(f"{n:5} {key:18} {example[0]}: {str(example[1])[:40]!r} <> {str(example[2])[:40]!r}")
    if options.only:
        return 0
    failed = [name for name, figures in sorted(groups.items())
              if 100 * figures.equal < TARGET * figures.values or 100 * figures.same < TARGET * figures.fields]
    for name in failed:
        print(f"FAILED: of {name} fewer than {TARGET} % of the values or of the whole fields come back")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
