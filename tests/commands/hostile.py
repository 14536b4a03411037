#!/usr/bin/env python3
"""Hostile input at the prompt: whatever a file holds, the engine's commands answer with a clear error, in bounded time and
memory, and never crash. Texts of a gigabyte come through a pipe, so the test needs no disk for them."""

import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import threading
import time

MEMORY_MIB = 1500  # of the sanitizer's build, which takes about three times what the shipped one does
SECONDS = 60
DEEP = 1_000_000


def chunks(head, piece, count, tail):
    yield head
    for _ in range(count):
        yield piece
    yield tail


def xml(inside, attributes='xmlns="http://hl7.org/fhir"'):
    return f"<Patient {attributes}>{inside}</Patient>".encode()


MEGABYTE = b"x" * (1 << 20)
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "lol"}">' for i in range(10))

CODINGS = b",".join(b'{"code":"%d"}' % n for n in range(2000))

# name, command, text (bytes, or a generator that is piped), exit code, what the answer says
CASES = [
    ("arrays nested a million deep", "validate", b"[" * DEEP, 1, "json.depth"),
    ("objects nested a million deep", "validate", b'{"a":' * DEEP, 1, "json.depth"),
    ("elements nested a million deep", "validate", b'<Patient xmlns="http://hl7.org/fhir">' + b"<a>" * DEEP, 1, "xml.depth"),
    ("extensions nested past the limit", "validate", b'{"resourceType":"Patient","extension":[' + b'{"url":"a","extension":[' * 5000, 1, "json.depth"),
    ("a string of a gigabyte", "validate", lambda: chunks(b'{"resourceType":"Patient","id":"', MEGABYTE, 1024, b'"}'), 2, "larger"),
    ("an attribute of a gigabyte", "validate", lambda: chunks(b'<Patient xmlns="http://hl7.org/fhir"><id value="', MEGABYTE, 1024, b'"/></Patient>'), 2, "larger"),
    ("a Bundle entry of a gigabyte", "convert --to ndjson", lambda: chunks(b'{"resourceType":"Bundle","entry":[{"a":"', MEGABYTE, 1024, b'"}]}'), 2, "bundle.size"),
    ("a gigabyte of white space", "convert --to ndjson", lambda: chunks(b"", b" " * (1 << 20), 1024, b""), 2, "bundle.size"),
    ("a duplicate key", "validate", b'{"resourceType":"Patient","id":"a","id":"b"}', 1, "json.duplicate-key"),
    ("a lone surrogate", "validate", b'{"resourceType":"Patient","id":"\\ud800"}', 1, "json.surrogate"),
    ("a NUL", "validate", b'{"resourceType":"Patient","id":"\\u0000"}', 1, "json.nul"),
    ("invalid UTF-8", "validate", b'{"resourceType":"Patient","id":"\xc0\x80"}', 1, "json.utf8"),
    ("a billion laughs", "validate", f'<!DOCTYPE x [{LAUGHS}]>'.encode() + xml('<id value="&l9;"/>'), 1, "xml.doctype"),
    ("an external entity", "validate", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + xml('<id value="&e;"/>'), 1, "xml.doctype"),
    ("a processing instruction", "validate", b'<?xml-stylesheet href="http://127.0.0.1:9/x"?>' + xml('<active value="true"/>'), 0, "OperationOutcome"),
    ("another encoding", "validate", b'<?xml version="1.0" encoding="UTF-7"?>' + xml('<active value="true"/>'), 1, "xml.encoding"),
    ("nothing", "validate", b"", 1, "json.empty"),
    ("a catastrophic pattern", ["fhirpath", "'" + "a" * 5000 + "!'.matches('^(a+)+$')"], b'{"resourceType":"Patient"}', 0, "false"),
    ("an expression sixty thousand deep", ["fhirpath", "(" * 60_000 + "1" + ")" * 60_000], b'{"resourceType":"Patient"}', 1, "budget"),
    ("an expression that never ends", ["fhirpath", "repeat(extension.value | %resource)"], b'{"resourceType":"Patient","active":true}', 0, "Patient"),
    ("keys that multiply", "keys", b'{"resourceType":"Observation","code":{"coding":[' + CODINGS + b']},"valueCodeableConcept":{"coding":[' + CODINGS + b"]}}", 2, "search.size"),
    ("ten thousand digits", "keys", b'{"resourceType":"Observation","id":"a","valueQuantity":{"value":' + b"0." + b"1" * 10_000 + b',"code":"kg"}}', 0, '"_id"'),
    ("an expression past its budget", ["fhirpath", "0" + "".join(".select($this.combine($this.combine(1)))" for _ in range(60))],
     b'{"resourceType":"Patient"}', 1, "budget"),
]


def feed(path, make):
    """Writes into the pipe until the reader has had enough."""
    try:
        with open(path, "wb") as pipe:
            for piece in make():
                pipe.write(piece)
    except BrokenPipeError:
        pass


def attempt(binary, folder, number, case):
    name, command, text, exit_code, say = case
    file = folder / f"{number}.txt"
    if callable(text):
        os.mkfifo(file)
        threading.Thread(target=feed, args=(file, text), daemon=True).start()
    else:
        file.write_bytes(text)
    words = command if isinstance(command, list) else command.split()
    before = time.monotonic()
    process = subprocess.Popen([binary, *words, file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    reader = []
    thread = threading.Thread(target=lambda: reader.append(process.stdout.read()))
    thread.start()
    _, status, usage = os.wait4(process.pid, 0)
    thread.join()
    seconds, memory = time.monotonic() - before, usage.ru_maxrss // 1024
    output = reader[0].decode(errors="replace")
    faults = []
    if os.waitstatus_to_exitcode(status) != exit_code:
        faults.append(f"exit {os.waitstatus_to_exitcode(status)} instead of {exit_code}")
    if say not in output:
        faults.append(f"says no '{say}': {output[:300]!r}")
    if seconds > SECONDS:
        faults.append(f"took {seconds:.1f} s")
    if memory > MEMORY_MIB:
        faults.append(f"took {memory} MiB")
    if faults:
        print(f"  {name}: {'; '.join(faults)}")
    return faults, seconds, memory


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--binary", required=True, type=pathlib.Path)
    binary = arguments.parse_args().binary.resolve()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        results = [attempt(binary, pathlib.Path(folder), number, case) for number, case in enumerate(CASES)]
    failed = sum(bool(faults) for faults, _, _ in results)
    print(f"hostile: {len(CASES)} inputs, {failed} answered wrongly; at most {max(s for _, s, _ in results):.1f} s and {max(m for _, _, m in results)} MiB")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
