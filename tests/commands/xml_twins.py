#!/usr/bin/env python3
"""The official R4 resources through `causeway convert`, judged by Python's own readers of JSON and XML.

JSON -> XML -> JSON: every instance example and every definition comes back with the same members, in the same order, with
the same digits; the narrative is the same as canonical XML. In two cases XML cannot hold the order of the JSON: a file whose
members stand by the alphabet (XML has those of the standard), and an extension with `url` before `extension` (in XML an
attribute). Such files are counted, any other change of order is a failure. XML -> JSON -> XML: every published XML twin of a definition
comes back as the same canonical XML without comments.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"

class Number(str):
    """A number as it was written: 1.10 is not 1.1."""


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Number, parse_int=Number, object_pairs_hook=list)


def is_object(value):
    return isinstance(value, list) and all(isinstance(item, tuple) for item in value)


def canonical(xml):
    return ElementTree.canonicalize(xml_data=xml, with_comments=False)


def beyond_xml(names):
    """Whether XML has no way to keep this order of members."""
    by_alphabet = names == sorted(names)
    return by_alphabet or ("url" in names and "extension" in names and names.index("url") < names.index("extension"))


def difference(a, b, reordered, path=""):
    """The first place where two documents differ, or None; adds to `reordered` the places where XML lost the order."""
    if is_object(a) and is_object(b) and (a or b):
        names = [name for name, _ in a]
        if names != [name for name, _ in b] and beyond_xml(names):
            reordered.append(path)
            a, b = sorted(a, key=lambda m: m[0]), sorted(b, key=lambda m: m[0])
        if [name for name, _ in a] != [name for name, _ in b]:
            return f"{path}: {[n for n, _ in a]} became {[n for n, _ in b]}"
        for (name, x), (_, y) in zip(a, b):
            if name == "div" and isinstance(x, str) and path.endswith(".text"):
                if canonical(x) != canonical(y):
                    return f"{path}.div"
                continue
            found = difference(x, y, reordered, f"{path}.{name}")
            if found:
                return found
        return None
    if isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            return f"{path}: {len(a)} items became {len(b)}"
        return next((d for i, (x, y) in enumerate(zip(a, b)) if (d := difference(x, y, reordered, f"{path}[{i}]"))), None)
    return None if type(a) is type(b) and a == b else path


def convert(binary, files, to, folder):
    """What was said of files that did not convert cleanly."""
    run = subprocess.run([binary, "convert", "--to", to, "--out", folder, *files], capture_output=True, text=True, timeout=600)
    return (run.stderr.strip().splitlines() or [f"exit {run.returncode}"]) if run.returncode else []


def there_and_back(binary, files, form, folder):
    """Converts all of them, and the results back; returns the folder with those and the faults."""
    middle, back = pathlib.Path(folder) / "middle", pathlib.Path(folder) / "back"
    middle.mkdir(), back.mkdir()
    other = "xml" if form == "json" else "json"
    faults = convert(binary, files, other, middle)
    return back, faults + convert(binary, sorted(middle.iterdir()), form, back)


def round_trip(binary, files):
    """Of JSON files: faults, what was lost, the names of those in an order that XML cannot hold."""
    lost, order = [], []
    with tempfile.TemporaryDirectory() as folder:
        back, faults = there_and_back(binary, files, "json", folder)
        for file in files:
            result = back / file.name
            if not result.exists():
                lost.append(f"{file.name}: no result")
                continue
            reordered = []
            found = difference(read_json(file), read_json(result), reordered)
            if found:
                lost.append(f"{file.name}: {found}")
            elif reordered:
                order.append(file.stem)
    return faults, lost, order


def without_layout(xml):
    """Canonical XML; white space between FHIR's elements is layout, inside the narrative it is text."""
    root = ElementTree.fromstring(xml)
    for element in root.iter():
        if not element.tag.startswith("{http://www.w3.org/1999/xhtml}"):
            element.text = None if not (element.text or "").strip() else element.text
            for child in element:
                child.tail = None if not (child.tail or "").strip() else child.tail
    return canonical(ElementTree.tostring(root, encoding="unicode"))


def twins(binary, files):
    """Of XML files: faults, what differs."""
    with tempfile.TemporaryDirectory() as folder:
        back, faults = there_and_back(binary, files, "xml", folder)
        differ = [f"{file.name}: the XML that came back differs" for file in files
                  if not (back / file.name).exists() or without_layout(file.read_bytes()) != without_layout((back / file.name).read_bytes())]
    return faults, differ, []


def over(pool, work, binary, files):
    """The work over all the files, spread over the processor; its three lists put together."""
    parts = [files[first::16] for first in range(16)]
    together = [], [], []
    for result in pool.map(work, [binary] * len(parts), parts):
        for whole, part in zip(together, result):
            whole += part
    return together


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", required=True, type=pathlib.Path)
    options = arguments.parse_args()
    binary = options.binary.resolve()

    published = sorted((MODULES / "hl7.fhir.r4.corexml").glob("*-*.xml"))
    resources = sorted(file for file in (MODULES / "hl7.fhir.r4.examples").glob("*-*.json") if file.name != "ig-r4.json")
    if not published or not resources:
        sys.exit("xml twins: node_modules lacks the official packages; run ./dev setup")

    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        faults, lost, order = over(pool, round_trip, binary, resources)
        twin_faults, differ, _ = over(pool, twins, binary, published)
    for line in (faults + twin_faults)[:20] + lost[:20] + differ[:20]:
        print("  " + line[:300])
    print(f"xml twins: JSON -> XML -> JSON of {len(resources)} official resources: {len(lost)} changed, {len(order)} with an order that XML "
          f"cannot hold; XML -> JSON -> XML of {len(published)} twins: {len(differ)} differ; {len(faults + twin_faults)} faults")
    sys.exit(bool(faults or twin_faults or lost or differ))


if __name__ == "__main__":
    main()
