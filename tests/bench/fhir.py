"""`./dev bench fhir`: the FHIR engine beside the npm package fhirpath on the same expressions and inputs, what both
answer compared; megabytes a second for JSON, XML and validation; what one run of `causeway validate` costs."""

import glob
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tarfile
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"
EXAMPLES = MODULES / "hl7.fhir.r4.examples"
CONFORMANCE = ("SearchParameter", "ValueSet", "CodeSystem", "StructureDefinition", "ConceptMap", "OperationDefinition",
               "CompartmentDefinition", "NamingSystem", "package")
EXAMPLES_OF_A_TYPE, LARGEST = 2, 200_000
ROUNDS = 3
ROUTES = {  # as routes and maps are written
    "Patient": ["name.where(use = 'official').given.first()", "Patient.name.given", "birthDate < @2000-01-01",
                "telecom.where(system = 'phone' and use = 'work').value.first()", "identifier.exists(system = 'urn:oid:1.2.36.146.595.217.0.1')",
                "name.select(given.first() & ' ' & iif(family.exists(), family, ''))"],
    "Observation": ["code.coding.exists(system = 'http://loinc.org')", "value.ofType(Quantity).value > 5", "status in ('final' | 'amended')",
                    "Observation.value.ofType(Quantity).unit", "category.coding.code contains 'laboratory'"],
    "Bundle": ["entry.resource.ofType(Patient).name.family", "entry.first().resource.is(MessageHeader)",
               "entry.resource.ofType(Observation).where(status = 'final').count()"],
    "ServiceRequest": ["intent = 'order' and priority = 'routine'", "authoredOn > @2010-01-01"],
}


def resources():
    """{type: [file]} of the official examples, definitions left out."""
    found = {}
    for file in sorted(EXAMPLES.glob("*-*.json")):
        kind = file.name.split("-")[0]
        if kind not in CONFORMANCE and file.stat().st_size < LARGEST:
            found.setdefault(kind, []).append(file)
    return found


def invariants(kind):
    definition = json.loads((EXAMPLES / f"StructureDefinition-{kind}.json").read_text())
    for element in definition["snapshot"]["element"]:
        path = element["path"].removesuffix("[x]")
        for constraint in element.get("constraint", []):
            if constraint.get("source", "").split("/")[-1] not in ("Element", "Extension") and "expression" in constraint:
                root = "." not in path
                yield constraint["expression"] if root else f"{path}.all({constraint['expression']})"


def branches(expression):
    """The alternatives of a | at the top."""
    parts, depth, quoted, begin = [], 0, False, 0
    for at, c in enumerate(expression):
        quoted ^= c == "'"
        depth += (c == "(") - (c == ")") if not quoted else 0
        if c == "|" and depth == 0 and not quoted:
            parts.append(expression[begin:at].strip())
            begin = at + 1
    return parts + [expression[begin:].strip()]


def search_expressions():
    """{type: [expression]} of the standard search parameters, those of Resource and DomainResource for each type."""
    found = {}
    for file in sorted(EXAMPLES.glob("SearchParameter-*.json")):
        parameter = json.loads(file.read_text())
        if "expression" not in parameter:
            continue
        for kind in parameter.get("base", []):
            own = [part for part in branches(parameter["expression"]) if part.lstrip("(").split(".")[0] == kind]
            if own:
                found.setdefault(kind, []).append(" | ".join(own))
    return found


def pairs():
    searches, made = search_expressions(), []
    for kind, files in resources().items():
        expressions = list(invariants(kind)) + searches.get(kind, []) + searches.get("Resource", []) + ROUTES.get(kind, [])
        for file in files[:EXAMPLES_OF_A_TYPE]:
            made += [{"expression": expression, "file": str(file)} for expression in dict.fromkeys(expressions)]
    return made


def same(a, b):
    """Numbers by value: JavaScript has no digits of 1.10 to keep."""
    if isinstance(a, (int, float)) and isinstance(b, (int, float)) and not isinstance(a, bool) and not isinstance(b, bool):
        return float(a) == float(b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b


def compare(made, ours, theirs):
    """Prints how many agree and names the rest; returns the indexes that either side could not evaluate."""
    lines = [[json.loads(line) for line in file.read_text().splitlines()] for file in (ours, theirs)]
    failed, equal, errors, differing = set(), 0, {}, []
    for at, (pair, one, two) in enumerate(zip(made, *lines, strict=True)):
        wrong = [isinstance(result, dict) for result in (one, two)]
        if any(wrong):
            failed.add(at)
            who = "both" if all(wrong) else "ours" if wrong[0] else "fhirpath.js"
            why = (one if wrong[0] else two)["error"].split("\n")[0].split(", got")[0][:100]
            errors.setdefault(f"{who}: {why}", []).append(pair["expression"])
        elif same(one, two):
            equal += 1
        else:
            differing.append(f"{pair['expression'][:100]} in {pathlib.Path(pair['file']).name}: "
                             f"{json.dumps(one)[:70]} | fhirpath.js {json.dumps(two)[:70]}")
    print(f"  {len(made)} pairs of expression and resource: {equal} give the same, {len(differing)} differ, "
          f"{len(failed)} are errors of one side or both")
    for what in differing:
        print(f"    differs: {what}")
    for why, expressions in sorted(errors.items()):
        print(f"    {len(expressions):>4}x {why}; as of {expressions[0][:60]}")
    return failed


def fhirpath(build):
    node = next(iter(sorted(MODULES.glob("node-linux-*/bin/node"))), None) or shutil.which("node")
    if not node or not (MODULES / "fhirpath").is_dir():
        raise SystemExit("node or the npm package fhirpath is missing: run ./dev setup")
    version = json.loads((MODULES / "fhirpath/package.json").read_text())["version"]
    with tempfile.TemporaryDirectory(prefix="causeway-bench-") as folder:
        folder = pathlib.Path(folder)
        made = pairs()
        plan, ours, theirs = folder / "pairs.json", folder / "ours", folder / "theirs"
        commands = ([str(build / "fhir_bench"), "path", str(plan), str(ours)],
                    [str(node), str(ROOT / "tests/bench/fhirpath_peer.cjs"), str(plan), str(theirs)])

        def run():
            plan.write_text(json.dumps({"pairs": made}))
            answers = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for command in commands]
            return [json.loads(answer.splitlines()[-1]) for answer in answers]  # fhirpath.js prints what it traces before

        print(f"FHIRPath beside fhirpath@{version} on node (invariants, search parameters, routes; official examples)")
        run()
        for at in compare(made, ours, theirs):
            made[at]["skip"] = True  # timed is what both can do
        rounds = [run() for _ in range(ROUNDS)]  # one after the other, the best of each: the machine has other guests
        mine, other = ({what: max(one[side][what] for one in rounds) for what in ("compiled", "cold")} for side in (0, 1))
        for what, aim in (("compiled", 50), ("cold", 20)):
            print(f"  {what:<9}{mine[what]:>12,} evaluations/s   fhirpath.js {other[what]:>9,}   {mine[what] / other[what]:6.1f}x   (aim {aim}x)")


def documents(build):
    files = [file for file in sorted(EXAMPLES.glob("*-*.json")) if file.name.split("-")[0] not in CONFORMANCE]
    subprocess.run([build / "fhir_bench", "documents", "official examples", *files], check=True)
    suites = os.environ.get("CAUSEWAY_SUITES")
    archive = pathlib.Path(suites) / "synthea/synthea-dev.tar.gz" if suites else None
    if archive is None or not archive.exists():
        return print("Synthea: skipped, CAUSEWAY_SUITES is not set")
    with tempfile.TemporaryDirectory(prefix="causeway-bench-") as folder, tarfile.open(archive) as tar:
        members = sorted((m for m in tar.getmembers() if m.name.endswith(".json")), key=lambda m: m.name)[:24]
        tar.extractall(folder, members=members, filter="data")
        found = sorted(glob.glob(f"{folder}/**/*.json", recursive=True))
        subprocess.run([build / "fhir_bench", "documents", "Synthea", *found], check=True)


def one_file(build, rounds=21):
    """Process start to exit, and the most memory it held: as a user has it, from the shell."""
    file = EXAMPLES / "Patient-example.json"
    times, resident = [], []
    for _ in range(rounds):
        began = time.monotonic()
        child = os.posix_spawn(build / "causeway", [str(build / "causeway"), "validate", str(file)], os.environ,
                               file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
        _, status, usage = os.wait4(child, 0)
        times.append((time.monotonic() - began) * 1000)
        resident.append(usage.ru_maxrss / 1024)
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            raise SystemExit("causeway validate failed")
    print(f"causeway validate {file.name}: start to exit {statistics.median(times):.1f} ms median of {rounds} "
          f"(max {max(times):.1f}; aim 50), peak resident {max(resident):.1f} MiB (aim 50)")


def fhir(build):
    fhirpath(build)
    documents(build)
    one_file(build)
