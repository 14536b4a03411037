#!/usr/bin/env python3
"""The FHIR engine's commands at the prompt: the shapes they print, the exit codes, JSON and XML told apart by content."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

GOOD = {"resourceType": "Patient", "id": "p", "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">王</div>"},
        "name": [{"family": "王", "given": ["芳", "Ann"]}], "birthDate": "1980-02-29", "multipleBirthInteger": 2}
BAD = {"resourceType": "Patient", "gender": "womanly", "birthDate": "1980-02-30", "nmae": []}
XML = '<Patient xmlns="http://hl7.org/fhir"><id value="x"/><active value="true"/></Patient>'
QUESTIONS = {"resourceType": "Questionnaire", "url": "http://example.org/q", "status": "active",
             "item": [{"linkId": "1", "text": "Smoker?", "type": "boolean", "required": True}]}
ANSWERS = {"resourceType": "QuestionnaireResponse", "questionnaire": "http://example.org/q", "status": "completed",
           "item": [{"linkId": "1", "answer": [{"valueString": "perhaps"}]}]}


class Prompt:
    def __init__(self, binary, folder):
        self.binary, self.folder, self.failed, self.checked = binary, folder, 0, 0

    def file(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return str(path)

    def run(self, *words):
        return subprocess.run([self.binary, *words], capture_output=True, text=True, encoding="utf-8", timeout=120)

    def expect(self, what, wanted, found):
        self.checked += 1
        if wanted != found:
            self.failed += 1
            print(f"  {what}: {found!r} instead of {wanted!r}")


def issues(outcome):
    return [(i["severity"], i["code"], i.get("expression", [""])[0]) for i in outcome.get("issue", [])]


def validating(p):
    good, bad, xml = p.file("good.json", GOOD), p.file("bad.json", BAD), p.file("named.json", XML)
    done = p.run("validate", good)
    p.expect("a valid resource", 0, done.returncode)
    p.expect("its answer", "OperationOutcome", json.loads(done.stdout)["resourceType"])
    done = p.run("validate", bad)
    found = issues(json.loads(done.stdout))
    p.expect("an invalid resource", 1, done.returncode)
    for place in ("Patient.gender", "Patient.birthDate"):
        p.expect(f"an error at {place}", True, any(s == "error" and e == place for s, _, e in found))
    lines = [{e["url"].rsplit("-", 1)[1]: e["valueInteger"] for e in i.get("extension", [])} for i in json.loads(done.stdout)["issue"]]
    p.expect("each with line and column", True, all(line.get("line") == 1 and line.get("col", 0) > 0 for line in lines))
    done = p.run("validate", "--ndjson", good, bad, xml)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    p.expect("a line for each file", [good, bad, xml], [line["file"] for line in told])
    p.expect("with its verdict, XML told by content", [True, False, True], [line["valid"] for line in told])
    p.expect("and counts that agree", True, all(line["errors"] == sum(s in ("error", "fatal") for s, _, _ in issues(line["outcome"]))
                                               and line["warnings"] == sum(s == "warning" for s, _, _ in issues(line["outcome"])) for line in told))
    p.expect("some invalid", 1, done.returncode)
    p.expect("no such file", 2, p.run("validate", good, str(p.folder / "none.json")).returncode)
    p.expect("no arguments", 2, p.run("validate").returncode)
    p.expect("not JSON at all", 1, p.run("validate", p.file("broken.json", "{\"resourceType\":")).returncode)


def with_a_questionnaire(p):
    questions, answers = p.file("q.json", QUESTIONS), p.file("r.json", ANSWERS)
    done = p.run("validate", "--with", questions, answers)
    found = [e for s, _, e in issues(json.loads(done.stdout)) if s == "error"]
    p.expect("an answer of another type", True, done.returncode == 1 and any(e.startswith("QuestionnaireResponse.item[0].answer[0]") for e in found))
    p.expect("in Chinese", True, any("一" <= c <= "鿿" for c in p.run("validate", "--lang", "zh", "--with", questions, answers).stdout))


def converting(p):
    good = p.file("good.json", GOOD)
    there = p.run("convert", good, "--to", "xml")
    p.expect("JSON to XML", 0, there.returncode)
    back = p.run("convert", p.file("back.txt", there.stdout), "--to", "json")
    p.expect("and back, the same bytes", json.dumps(GOOD, ensure_ascii=False, separators=(",", ":")), back.stdout.rstrip("\n"))
    p.expect("two files need a folder", 2, p.run("convert", good, good, "--to", "xml").returncode)
    p.expect("another format", 2, p.run("convert", good, "--to", "yaml").returncode)
    p.expect("nothing overwrites its source", 2, p.run("convert", good, "--to", "json", "--out", str(p.folder)).returncode)
    bundle = p.file("bundle.json", {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": GOOD}, {"resource": BAD}]})
    lines = p.run("convert", bundle, "--to", "ndjson").stdout.splitlines()
    p.expect("a Bundle as lines", [GOOD, BAD], [json.loads(line) for line in lines])


def asking(p):
    good = p.file("good.json", GOOD)

    def answer(expression, *flags):
        done = p.run("fhirpath", *flags, expression, good)
        return done.returncode, json.loads(done.stdout) if done.returncode == 0 else done.stdout

    p.expect("strings", (0, [{"type": "string", "value": "芳"}, {"type": "string", "value": "Ann"}]), answer("name.given"))
    p.expect("nothing", (0, []), answer("name.suffix"))
    p.expect("a date", (0, [{"type": "date", "value": "@1980-02-29"}]), answer("birthDate"))
    p.expect("a complex value", (0, [{"type": "HumanName", "value": GOOD["name"][0]}]), answer("name"))
    p.expect("a mistake in the expression", 2, answer("name.(")[0])
    p.expect("a type error when strict", 2, answer("name.givven", "--strict")[0])
    p.expect("and not otherwise", (0, []), answer("name.givven"))
    batch = p.file("batch.ndjson", "\n".join(json.dumps(line) for line in (
        {"id": "a", "expression": "birthDate < @1981", "file": "good.json"}, {"id": "b", "expression": "name.(", "file": "good.json"},
        {"id": "c", "expression": "1 / 0 = 1 and {}.single()", "file": "good.json"}, {"id": "d", "expression": "(1 | 2).single()", "file": "good.json"},
        {"id": "e", "expression": "true", "file": "none.json"})) + "\n")
    done = p.run("fhirpath", "--batch", batch)
    told = {line["id"]: line for line in map(json.loads, done.stdout.splitlines())}
    p.expect("a line for each question", list("abcde"), list(told))
    p.expect("files beside the batch", [{"type": "boolean", "value": "true"}], told["a"].get("result"))
    p.expect("kinds of errors", ["syntax", "execution"], [told[i].get("error", {}).get("kind") for i in "bd"])
    p.expect("a file that is not there", True, "error" in told["e"])


def finding(p):
    done = p.run("keys", p.file("good.json", GOOD))
    keys = [json.loads(line) for line in done.stdout.splitlines()]
    p.expect("keys", 0, done.returncode)
    for key in ({"param": "_id", "type": "token", "code": "p"}, {"param": "family", "type": "string", "folded": "王", "text": "王"},
                {"param": "birthdate", "type": "date", "low": "1980-02-29T00:00:00Z", "high": "1980-03-01T00:00:00Z"}):
        p.expect(f"the key {key['param']}", True, key in keys)
    zone = [json.loads(line) for line in p.run("keys", "--zone", "+08:00", str(p.folder / "good.json")).stdout.splitlines()]
    p.expect("in the site's zone", True, any(key["param"] == "birthdate" and key["low"] == "1980-02-28T16:00:00Z" for key in zone))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--binary", required=True, type=pathlib.Path)
    binary = arguments.parse_args().binary.resolve()
    with tempfile.TemporaryDirectory() as folder:
        prompt = Prompt(binary, pathlib.Path(folder))
        for part in (validating, with_a_questionnaire, converting, asking, finding):
            part(prompt)
    print(f"engine: {prompt.checked} checks, {prompt.failed} failed")
    sys.exit(bool(prompt.failed))


if __name__ == "__main__":
    main()
