#!/usr/bin/env python3
"""Runs every fuzzer of a build for some seconds each, from seeds made of the official examples and of the project's own cases.

What a fuzzer finds new stays in its corpus (build/corpus/NAME); what breaks it is left as crash-* in build/crashes and fails
the run.
"""

import argparse
import hashlib
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "node_modules" / "hl7.fhir.r4.examples"
TWINS = ROOT / "node_modules" / "hl7.fhir.r4.corexml"
MOST = 200  # seeds of a kind

# Faults that no example has, for the mutator to build on.
JSON_FAULTS = [b'{"a":1,"a":2}', b'"\\ud800"', b'"\\udc00\\ud800"', b'[1.10,1.0e0,1E400,-0,23000000000000000000001]', b"[" * 99 + b"]" * 99,
               b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Bundle","entry":[]}}]}', b"\xef\xbb\xbf{}", b'{"\xc0\x80":1}', b'"\x00"']
XML_FAULTS = [b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><Patient xmlns="http://hl7.org/fhir"><id value="&lol2;"/></Patient>',
              b'<?xml version="1.0" encoding="UTF-16"?><Patient xmlns="http://hl7.org/fhir"/>', b'<?go away?><f:Patient xmlns:f="http://hl7.org/fhir"/>',
              b'<Patient xmlns="http://hl7.org/fhir"><id value="a"/><id value="b"/>text<!-- c --><contained><Patient/></contained></Patient>']
EXPRESSIONS = ["name.where(use = 'official').given.first()", "'aaaaaaaaaaaaaaaaaaaa!'.matches('(a+)+$')", "@2012-02-29 + 1 year", "4 days = 96 hours",
               "repeat(children())", "iif(true, 1, 1 / 0)", "1.0 'mg' ~ 0.001 'g'", "@T12:30 < @T12:30:01", "%resource.descendants().count()", "`div`.\"x\" | {}"]


def small(folder, pattern, most):
    files = sorted(file for file in folder.glob(pattern) if file.stat().st_size < most)
    step = max(1, len(files) // MOST)
    return [file.read_bytes() for file in files[::step]]


def expressions():
    found = set(EXPRESSIONS)
    for line in (EXAMPLES / "Bundle-searchParams.json").read_text(encoding="utf-8").splitlines():
        found.update(re.findall(r'"expression"\s*:\s*"([^"\\]+)"', line))
    return [text.encode() for text in sorted(found)[:1000:5]] + [text.encode() for text in EXPRESSIONS]


def narratives():
    texts = []
    for raw in small(EXAMPLES, "*-*.json", 4_000):
        div = json.loads(raw).get("text", {}).get("div")
        if div:
            texts.append(div.encode())
    return texts + [b'<div xmlns="http://www.w3.org/1999/xhtml"><a href="javascript:x">&nbsp;</a><script/></div>']


def bundles():
    json_files = small(EXAMPLES, "Bundle-*.json", 10_000)
    return [b"\x20" + text for text in json_files + small(TWINS, "*.xml", 1_500)[:20]] + [b"\x01" + fault for fault in JSON_FAULTS + XML_FAULTS]


def codes():
    units = ["mg/dL", "[degF]", "mL/min/{1.73_m2}", "10*9/L", "(kg.m)/(s.s)", "m[H2O]", "/[arb'U]", "Cel", "B[10.nV]", "Ym32"]
    others = ["text/plain; charset=\"UTF-8\"", "zh-Hant-HK-x-a", "CN-46", "Asia/Shanghai", "CNY", "O'Brien-Ünlü  Jr.", "孫逸仙", "ﬁ½™"]
    return [text.encode() for text in units + others]


def calls():
    call = b"<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header/><e:Body><m:M xmlns:m='u'><a>x</a><b><![CDATA[<q/>]]></b><c><d>1</d></c></m:M></e:Body></e:Envelope>"
    documents = small(ROOT / "mappings" / "base", "*.tests/*.xml", 20_000)
    return [path + b"\n" + text for text in [call, *documents] for path in (b"id/@root", b"//code[@code='DE04.30.015.00']/@code", b"*/*[2]")]


SEEDS = {
    "soap": calls,
    "codes": codes,
    "keys": lambda: small(EXAMPLES, "*-*.json", 2_000),
    "json": lambda: small(EXAMPLES, "*-*.json", 3_000) + JSON_FAULTS,
    "xml": lambda: small(TWINS, "*.xml", 3_000) + XML_FAULTS,
    "xhtml": narratives,
    "bundle": bundles,
    "fhirpath": expressions,
}


def write_seeds(name, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for text in SEEDS.get(name, lambda: [])():
        (folder / hashlib.sha1(text).hexdigest()[:16]).write_bytes(text)


def run(fuzzer, build, seconds):
    name = fuzzer.name.removesuffix("_fuzz")
    corpus, seeds, crashes = build / "corpus" / name, build / "seeds" / name, build / "crashes"
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    write_seeds(name, seeds)
    done = subprocess.run([fuzzer, f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=4096", "-max_len=20000", "-print_final_stats=1",
                           f"-artifact_prefix={crashes}/{name}-", corpus, seeds],
                          capture_output=True, text=True, errors="replace", timeout=seconds + 300)
    executions = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
    print(f"  {name}: {executions[1] if executions else '?'} inputs" + ("" if done.returncode == 0 else " FAILED"), flush=True)
    if done.returncode:
        print("\n".join(line for line in done.stderr.splitlines() if re.search(r"ERROR|SUMMARY|Test unit|^\s+#\d+ ", line))[:4000])
    return done.returncode == 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--build", required=True, type=pathlib.Path, help="the build folder with its *_fuzz")
    arguments.add_argument("--seconds", type=int, default=30, help="for each fuzzer (default 30)")
    arguments.add_argument("names", nargs="*", help="only these (json, xml, ...)")
    options = arguments.parse_args()
    build = options.build.resolve()
    fuzzers = [file for file in sorted(build.glob("*_fuzz")) if not options.names or file.name.removesuffix("_fuzz") in options.names]
    if not fuzzers:
        sys.exit(f"{build}: there is no fuzzer to run; ./dev build fuzz")
    failed = [fuzzer.name for fuzzer in fuzzers if not run(fuzzer, build, options.seconds)]
    sys.exit(f"failed: {' '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
