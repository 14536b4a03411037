#!/usr/bin/env python3
"""A seventh hospital joins the network by files alone. Starts from a copy of the shipped tree in an empty folder: `causeway
init` writes the new site, `causeway pki` its certificate, an editor (here: this script) changes peers, routes, one code
table and one map, `causeway check` finds nothing wrong. Then the network of seven starts, Huili refers a patient to the
new hospital, whose HIS gets it as REF^I12 in its own charset, and the answer comes back to Huili's HIS as RRI^I12.
Nothing is compiled: the program is the one that was there before."""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from flows.common import SAMPLES, Fault, demand, field  # noqa: E402
from network import ROOT, SITES, MllpSystem, Network, free_ports, wait_until  # noqa: E402

CODE = "12513401YY00000550"  # the new hospital's social credit code
NAME = "西昌市第一人民医院(测试)"


def replace(file, old, new):
    """An edit with an editor: what is to be changed has to be there."""
    text = file.read_text(encoding="utf-8")
    demand(old in text, f"{file} has no {old!r} to edit: causeway init or the shipped files have changed")
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def add(file, text):
    file.write_text(file.read_text(encoding="utf-8").rstrip("\n") + "\n" + text, encoding="utf-8")


def peer(name, organization, code, title, city, port, pki):
    return f"""  - name: {name}
    organization:
      id: {organization}
      name: {title}
      code: {code}
      jurisdiction: CN
      city: {city}
    address: https://127.0.0.1:{port}/fhir
    san: {name}.causeway.example
    keys_file: {pki}/{name}.pins
"""


def write_site(network, tree, ports):
    """Everything an administrator of the new hospital does."""
    conf = tree / "conf" / "xichang"
    said = network.command("init", str(conf)).stdout
    demand("causeway check" in said and "causeway pki" in said, f"init does not say what comes next: {said!r}")
    demand(network.command("check", str(conf), check=False).returncode == 0, "what init writes is not clean")
    network.command("pki", str(network.pki), "xichang")

    site = conf / "causeway.yaml"
    replace(site, "name: Name of the hospital", f"name: {NAME}\n  code: {CODE}")
    replace(site, "data: ./data ", f"data: {network.folder}/xichang ")
    for file in ("xichang.pem", "xichang.key", "ca.pem", "crl.pem"):
        replace(site, f"pki/{file}", f"{network.pki}/{file}")
    replace(site, "https://127.0.0.1:7410/fhir", f"https://127.0.0.1:{ports['fhir']}/fhir")
    replace(site, "http://127.0.0.1:7411", f"http://127.0.0.1:{ports['admin']}")
    replace(site, "systems: []", f"""systems:
  - name: his
    address: mllp://127.0.0.1:{ports['his']}
    charset: GBK
    maps: ../../mappings/xichang/his_ref_i12.map.yaml""")
    replace(conf / "peers.yaml", "peers: []", "peers:\n" + peer("huili", "huili", "12513499YY0000044Q", "会理市人民医院", "会理",
                                                                network.ports["CAUSEWAY_HUILI_FHIR"], network.pki))
    replace(conf / "partners.yaml", "partners: []", f"""partners:
  - name: office
    san: office.causeway.example
    keys_file: {network.pki}/office.pins
    reads:
      - {{types: [Bundle, Task], from: huili}}
    writes: Task""")
    replace(conf / "routes.yaml", "routes:\n", """routes:
  - id: referrals-to-his
    event: referral-request
    from: huili
    to: local:his

  - id: answers-to-huili
    event: [referral-received, referral-accept, referral-reject, info-request]
    from: local
    to: peer:huili

""")
    maps = tree / "mappings" / "xichang"
    maps.mkdir()
    (maps / "his_ref_i12.map.yaml").write_text("""# 西昌市第一人民医院 (Xichang), referrals from the counties: FHIR -> REF^I12 for the HIS
map: xichang/his_ref_i12
extends: base/fhir_ref_i12
""", encoding="utf-8")


def tell_neighbour(network, tree, ports):
    """Everything an administrator in Huili does: a row, a peer, two routes."""
    huili = tree / "conf" / "huili"
    add(tree / "mappings" / "codes" / "organizations.csv", f"{CODE},xichang,{NAME}\n")
    add(huili / "peers.yaml", "\n" + peer("xichang", "xichang", CODE, NAME, "西昌", ports["fhir"], network.pki))
    replace(huili / "routes.yaml", "routes:\n", """routes:
  - id: referrals-to-xichang
    event: referral-request
    from: local
    recipient: xichang
    to: peer:xichang

""")
    replace(huili / "routes.yaml", "from: cd3", "from: [cd3, xichang]")


def carry(network, huili_his, xichang_his):
    """One referral there, its answer back."""
    request = (SAMPLES / "huili_ref_i12_utf8.hl7").read_bytes()
    request = request.replace(b"12510199YY00000369", CODE.encode()).replace("成都市第三人民医院(测试)".encode(), NAME.encode())
    request = request.replace(b"HL2026031100003", b"HL2026031100004").replace(b"ZZ513499202603110001", b"ZZ513499202603110002")
    ack = network.mllp(network.ports["CAUSEWAY_HUILI_REFERRALS"], request)
    demand(b"MSA|CA|HL2026031100004" in ack, f"Huili's HIS got {ack!r} instead of CA")
    arrived = wait_until("the referral at the new HIS", lambda: next((m for m in xichang_his.messages if b"REF^I12" in m), None))
    text = arrived.decode("gbk")
    demand("吉克·阿依" in text and NAME in text and "|GB 18030-2000" in text, "the new HIS got something else than the referral")

    status, _, found = network.https("xichang", "office", "GET", "/fhir/Task?identifier=ZZ513499202603110002")
    demand(status == 200 and found.get("entry"), f"the office's search answered {status} {found}")
    address = f"/fhir/Task/{found['entry'][0]['resource']['id']}"
    _, headers, task = network.https("xichang", "office", "GET", address)
    status, _, answer = network.https("xichang", "office", "PUT", address, json.dumps(dict(task, status="accepted")),
                                      {"if-match": headers["etag"]})
    demand(status == 200, f"PUT Task answered {status} {answer}")
    rri = wait_until("the answer at Huili's HIS", lambda: next((m for m in huili_his.messages if b"RRI^I12" in m), None))
    demand(field(rri, "MSA", 2) == "HL2026031100004" and field(rri, "RF1", 1).startswith("A^"), f"the answer is {rri!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "build/dev/causeway"))
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="causeway-added-"))
    tree = folder / "tree"
    for part in ("conf", "mappings"):
        shutil.copytree(ROOT / part, tree / part)
    network = Network(arguments.binary, folder / "run", conf=tree / "conf")
    ports = dict(zip(("fhir", "admin", "his"), free_ports(3)))
    systems = []
    try:
        write_site(network, tree, ports)
        tell_neighbour(network, tree, ports)
        for site in ("xichang", "huili"):
            done = network.command("check", str(tree / "conf" / site), "--level", "files", check=False)
            demand(done.returncode == 0, f"check found faults at {site}:\n{done.stdout}{done.stderr}")
        network.ports.update(CAUSEWAY_XICHANG_FHIR=ports["fhir"], CAUSEWAY_XICHANG_ADMIN=ports["admin"])
        huili_his, xichang_his = MllpSystem(network.ports["CAUSEWAY_HUILI_HIS"]), MllpSystem(ports["his"])
        systems = [huili_his, xichang_his]
        for site in SITES + ["xichang"]:
            network.start(site, wait=False)
        for site in SITES + ["xichang"]:
            wait_until(f"{site} to be ready", lambda s=site: network.ready(s) or network.dead(s), 60)
            demand(not network.dead(site), f"{site} did not start:\n{network.log(site)[-3000:]}")
        carry(network, huili_his, xichang_his)
        print(f"a seventh site by files alone: {len(SITES)} shipped sites and xichang run, a referral went there and its answer came back")
        return 0
    except (Fault, TimeoutError, RuntimeError) as fault:
        print(f"FAULT: {fault}", file=sys.stderr)
        return 1
    finally:
        network.close()
        for one in systems:
            one.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
