#!/usr/bin/env python3
"""The commands that people work on maps with, from outside: check, test, coverage, new, schema, hl7 show and diff; a
configuration whose maps fail their tests is refused; codes without an answer come back as a worklist from a running site."""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
from network import ROOT, free_ports  # noqa: E402
from one_site import OneSite  # noqa: E402
from schema_check import problems  # noqa: E402

SAMPLES = ROOT / "tests" / "cases" / "samples"


def demand(condition, what):
    if not condition:
        raise AssertionError(what)


def run(*command, exit_code=0, cwd=ROOT):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, cwd=cwd)
    demand(done.returncode == exit_code, f"{command} -> {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def copy_of_mappings(folder):
    target = pathlib.Path(folder) / "mappings"
    shutil.copytree(ROOT / "mappings", target)
    return target


def change(file, old, new):
    text = file.read_text(encoding="utf-8")
    demand(old in text, f"{file} has no {old!r}")
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def checking(cw, folder):
    """All faults at once, each at its place; 0, 1 and 2 as promised."""
    told = json.loads(run(cw, "--json", "map", "check", "mappings"))
    demand(told["errors"] == 0 and told["warnings"] == 0 and told["maps"] > 30 and told["tables"] > 40, f"{told}")
    run(cw, "map", "check", "no/such/folder", exit_code=2)
    mappings = copy_of_mappings(folder)
    change(mappings / "tianjin/oru_r01.map.yaml", "birthDate: PID-7", "birthdate: PID-7")
    change(mappings / "base/v2.datatypes.yaml", "postalCode: .5", "postalcode: .5")
    change(mappings / "codes/gbt2261-gender.csv", "\n1,", "\n1,\"")
    change(mappings / "hainan/consult_apply.map.yaml", "data.patient.", "data.patiant.")
    out = run(cw, "map", "check", "mappings", exit_code=1, cwd=folder)
    for part in ("mappings/tianjin/oru_r01.map.yaml:", "E0207", "did you mean 'birthDate'?", "mappings/base/v2.datatypes.yaml:",
                 "did you mean 'postalCode'?", "mappings/codes/gbt2261-gender.csv:", "E0215", "hainan/consult_apply.map.yaml:", "E0212"):
        demand(part in out, f"{part} is not in\n{out}")
    faults = json.loads(run(cw, "--json", "map", "check", "mappings", exit_code=1, cwd=folder))["faults"]
    demand(all(fault["line"] > 0 and fault["column"] > 0 and fault["code"] for fault in faults), f"{faults}")
    shutil.rmtree(mappings)


def testing(cw, folder):
    """A failing test is told with file and line; goldens are written when asked for, and only they."""
    mappings = copy_of_mappings(folder)
    out = run(cw, "map", "test", "-q", cwd=folder)
    demand(" 0 failed" in out, out)
    tests = mappings / "hongkong/adt_a04.tests"
    expectation = tests / "02_full_width_brackets.expect.yaml"
    expectation.write_text(expectation.read_text(encoding="utf-8") + "golden: 02.golden.json\n", encoding="utf-8")
    run(cw, "map", "test", mappings / "hongkong", exit_code=1)
    before = {file: file.read_bytes() for file in tests.iterdir()}
    demand("wrote" in run(cw, "map", "test", mappings / "hongkong", "--update"), "no golden was written")
    demand({file for file in tests.iterdir()} - set(before) == {tests / "02.golden.json"}, "something else was written")
    demand(all(file.read_bytes() == text for file, text in before.items()), "an expectation was changed")
    run(cw, "map", "test", mappings / "hongkong")
    change(tests / "02.golden.json", "許泰育", "許泰")
    out = run(cw, "map", "test", mappings / "hongkong", "--filter", "02_", exit_code=1)
    demand("02.golden.json:" in out and 'expected "許泰", is "許泰育"' in out and "1 failed" in out, out)
    run(cw, "map", "test", mappings / "hongkong", "--filter", "no such test", exit_code=2)
    change(tests / "01_both_scripts.expect.yaml", "Patient: 1", "Patient: 2")
    told = json.loads(run(cw, "--json", "map", "test", mappings / "hongkong", exit_code=1))
    demand(told["failed"] == 2, f"{told}")
    run(cw, "map", "coverage", "mappings/hongkong", "--fail-under", "100")
    (tests / "03_another_number.expect.yaml").unlink()
    out = run(cw, "map", "coverage", mappings / "hongkong", "--fail-under", "100", exit_code=1)
    demand("adt_a04.map.yaml:30:" in out, out)
    shutil.rmtree(mappings)


def refusing(cw, folder):
    """check and reload refuse a configuration whose map fails its tests; a running site keeps the last good one."""
    mappings = copy_of_mappings(folder)
    site = OneSite(cw, folder)
    (port,) = free_ports(1)
    site.edit("causeway.yaml", "doors: []", f"""doors:
  - name: lis
    listen: mllp://127.0.0.1:{port}
    charset: GB18030
    maps: {mappings}/tianjin/oru_r01.map.yaml
""")
    site.edit("routes.yaml", "routes:\n", "routes:\n  - id: keep\n    event: report\n    from: local\n    to: keep\n")
    run(cw, "check", site.conf)
    expectation = mappings / "tianjin/oru_r01.tests/01_gb18030.expect.yaml"
    good = expectation.read_text(encoding="utf-8")
    site.start()
    try:
        expectation.write_text(good.replace("valued: 1", "valued: 9", 1), encoding="utf-8")
        line = next(i for i, text in enumerate(expectation.read_text(encoding="utf-8").splitlines(), 1) if "valued: 9" in text)
        out = run(cw, "check", site.conf, exit_code=1)
        demand("E0234" in out and f"01_gb18030.expect.yaml:{line}:" in out, out)
        refused = site.command("reload", str(site.conf), conf=False, check=False)
        demand(refused.returncode == 1 and b"E0234" in refused.stdout + refused.stderr, f"{refused}")
        demand(site.answers(), "the site is no longer there")
        expectation.write_text(good, encoding="utf-8")
        unmapped(cw, site, port)
        table = mappings / "codes/ucum.csv"
        table.write_text(table.read_text(encoding="utf-8") + "squib,{squib},http://unitsofmeasure.org\n", encoding="utf-8")
        site.command("reload", str(site.conf), conf=False)
        left = {one["code"] for one in site.ask("map", "unmapped", "--maps", str(mappings))["codes"]}
        demand("squib" not in left and "Q" in left, f"after its row was added: {left}")
    finally:
        site.stop()
    shutil.rmtree(mappings)


def unmapped(cw, site, port):
    """Codes without an answer are counted, also of a message that is held for one; nothing of the patient stands there."""
    sample = (SAMPLES / "tj_oru_gb18030.hl7").read_bytes()
    for number, (old, new) in enumerate([(b"U/ml", b"squib^squibs"), (b"U/ml", b"squib^squibs"), (b"|H|||F|||", b"|H|||Q|||")]):
        message = sample.replace(b"TJ2026031000017", b"TJ20260310000%02d" % (40 + number)).replace(old, new, 1)
        demand(message != sample, f"the sample has no {old}")
        file = site.folder / "message.hl7"
        file.write_bytes(message)
        site.command("mllp", "send", str(file), f"127.0.0.1:{port}", conf=False, check=False)
    codes = {(one["table"], one["code"]): one for one in site.ask("map", "unmapped", "--maps", str(ROOT / "mappings"))["codes"]}
    unit = codes.get(("ucum", "squib"))
    demand(unit is not None and int(unit["count"]) == 2, f"{codes}")
    demand(unit["display"] == "squibs" and unit["place"].startswith("OBX[") and unit["map"] == "tianjin/oru_r01", f"{unit}")
    demand(unit["line"].startswith("squib,"), f"{unit}")
    status = codes.get(("v2-0085-observation-status", "Q"))
    demand(status is not None, f"the code that held a message is missing: {codes}")
    text = site.command("map", "unmapped", "--maps", str(ROOT / "mappings")).stdout.decode()
    demand("codes/ucum.csv" in text and "squib," in text, text)
    for clinical in ("赵珅", "38.62", "0003388127", "13800000012"):
        demand(clinical not in text, f"{clinical} is in the worklist")


def drafting(cw, folder):
    """A draft of each sample passes the check."""
    site = copy_of_mappings(folder) / "north"
    site.mkdir()
    samples = {"report": ("tj_oru_gb18030.hl7", "GB18030"), "referral": ("huili_ref_i12_utf8.hl7", "UTF-8"), "visit": ("hk_adt_a04_big5.hl7", "Big5-HKSCS"),
               "case": ("hopenoah_case.csv", "UTF-8"), "consult": ("hn_consult_apply.json", "UTF-8")}
    for name, (sample, charset) in samples.items():
        target = site / f"{name}.map.yaml"
        run(cw, "map", "new", "--from", SAMPLES / sample, "--charset", charset, "--name", f"north/{name}", "--out", target)
        run(cw, "map", "check", "--deny-warnings", target)
        run(cw, "map", "new", "--from", SAMPLES / sample, "--charset", charset, "--out", target, exit_code=2)
    row = ROOT / "mappings/beijing/bsoft_prescription.tests/01_letrozole.json"
    (site / "row.map.yaml").write_text(run(cw, "map", "new", "--from", row, "--name", "north/row"), encoding="utf-8")
    run(cw, "map", "check", "--deny-warnings", site / "row.map.yaml")
    shutil.rmtree(site.parent)


def schema(cw):
    """Every shipped map is valid by the schema; maps with mistakes are not."""
    rules = json.loads(run(cw, "schema", "map"))
    read = lambda text: yaml.load(text, Loader=yaml.BaseLoader)  # noqa: E731  (every scalar is text, as in map files)
    maps = sorted((ROOT / "mappings").glob("*/*.map.yaml"))
    for file in maps:
        found = problems(rules, read(file.read_text(encoding="utf-8")))
        demand(not found, f"{file}: {found[:5]}")
    text = (ROOT / "mappings/tianjin/oru_r01.map.yaml").read_text(encoding="utf-8")
    for old, new in (("birthDate: PID-7", "birthdate: PID-7"), ("resources:", "ressources:"), ("format: hl7v2", "format: hl7"),
                     ("resource: Patient", "resource: Pateint"), ("table: v2-0001-gender", "tabel: v2-0001-gender"),
                     ("subject: {ref: patient}", "subject: patient"), ("map: tianjin", "mapp: tianjin"), ("issued: OBR-22", "issued: {text: OBR-22}")):
        demand(old in text, f"the map has no {old!r}")
        demand(problems(rules, read(text.replace(old, new, 1))), f"the schema takes {new!r}")
    return len(maps)


def hl7(cw, folder):
    sample = SAMPLES / "tj_oru_gb18030.hl7"
    out = run(cw, "hl7", "show", sample, "--charset", "GB18030")
    for part in ("PID[1]-5.1", "Patient Name", "赵珅", "PID[1]-3[2].5"):
        demand(part in out, f"{part} is not in\n{out}")
    bad = pathlib.Path(folder) / "bad.hl7"
    bad.write_bytes("MSH|^~\\&|A\rPID|1||7||A\u202eB\u009b31mC\r".encode())
    for options in ((), ("--encode",)):
        out = run(cw, "hl7", "show", bad, *options)
        demand("A\\u{202E}B\\u{9B}31mC" in out and "\u202e" not in out and "\u009b" not in out, out)
    run(cw, "hl7", "show", sample, exit_code=1)  # never guessed: it is no UTF-8
    run(cw, "hl7", "diff", sample, sample, "--charset", "GB18030")
    other = pathlib.Path(folder) / "other.hl7"
    other.write_bytes(sample.read_bytes().replace(b"TJ2026031000017", b"TJ2026031000018").replace(b"38.62", b"38.63"))
    differences = json.loads(run(cw, "--json", "hl7", "diff", sample, other, "--charset", "GB18030", exit_code=1))["differences"]
    demand([(one["place"], one["expected"]) for one in differences] == [("MSH[1]-10", True), ("OBX[1]-5", False)], f"{differences}")
    other.write_bytes(sample.read_bytes().replace(b"TJ2026031000017", b"TJ2026031000018"))
    run(cw, "hl7", "diff", sample, other, "--charset", "GB18030")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--binary", default="build/dev/causeway")
    cw = pathlib.Path(arguments.parse_args().binary).resolve()
    with tempfile.TemporaryDirectory() as folder:
        hl7(cw, folder)
        maps = schema(cw)
        checking(cw, folder)
        testing(cw, folder)
        drafting(cw, folder)
        refusing(cw, folder)
    print(f"maps: check, test, coverage, new, hl7, the refusal of failing tests, the worklist; {maps} maps valid by the schema")


if __name__ == "__main__":
    main()
