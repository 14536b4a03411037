#!/usr/bin/env python3
"""Collect mode: Chengdu opens no port to the outside. A second node, `edge`, stands in its DMZ and is the only one that
others reach; Chengdu's own gateway collects from it over a connection that it opens itself, and nobody has its address.
The shipped configuration is copied and edited as administrators would. Then: a referral for a Chengdu that is down waits
at the edge, in plain sight; Chengdu starts, collects it, and is killed after its commit and before its answer; it starts
again, collects it once more, and its HIS has it once. Then a whole referral, with acceptance, opinion and a refusal, goes
through the edge both ways."""

import argparse
import pathlib
import shutil
import sys
import tempfile
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from added_site import replace  # noqa: E402
from flows import county  # noqa: E402
from flows.common import SAMPLES, Fault, Ledger, demand  # noqa: E402
from network import ROOT, Network, free_ports, wait_until  # noqa: E402

SITES = ["huili", "edge", "chengdu"]


def entry(name, organization, title, pki, more):
    return f"""  - name: {name}
    organization: {{id: {organization}, name: {title}, jurisdiction: CN}}
    san: {name}.causeway.example
    keys_file: {pki}/{name}.pins
    {more}
"""


def write_edge(network, tree, ports):
    """The node in the DMZ: it knows both sides, is called by the one and collected from by the other."""
    conf = tree / "conf" / "edge"
    network.command("init", str(conf))
    network.command("pki", str(network.pki), "edge")
    site = conf / "causeway.yaml"
    replace(site, "name: Name of the hospital", "name: DMZ of Chengdu")
    replace(site, "id: edge", "id: cd3edge")
    replace(site, "data: ./data ", f"data: {network.folder}/edge ")
    for file in ("edge.pem", "edge.key", "ca.pem", "crl.pem"):
        replace(site, f"pki/{file}", f"{network.pki}/{file}")
    replace(site, "https://127.0.0.1:7410/fhir", f"https://127.0.0.1:{ports['fhir']}/fhir")
    replace(site, "http://127.0.0.1:7411", f"http://127.0.0.1:{ports['admin']}")
    huili = f"https://127.0.0.1:{network.ports['CAUSEWAY_HUILI_FHIR']}/fhir"
    replace(conf / "peers.yaml", "peers: []", "peers:\n" +
            entry("huili", "huili", "会理市人民医院", network.pki, f"address: {huili}") +
            entry("chengdu", "cd3", "成都市第三人民医院", network.pki, "mailbox: here\n    profile: P0"))
    (conf / "routes.yaml").write_text("""routes:
  - id: inwards
    from: huili
    to: peer:chengdu
  - id: outwards
    from: cd3
    to: peer:huili
""", encoding="utf-8")


def write_neighbours(network, tree, ports):
    """Huili calls the edge instead of Chengdu; Chengdu knows the edge and nobody else."""
    edge = f"address: https://127.0.0.1:{ports['fhir']}/fhir"
    (tree / "conf/huili/peers.yaml").write_text(
        "peers:\n" + entry("edge", "cd3edge", "成都市第三人民医院", network.pki, edge + "\n    speaks_for: cd3"), encoding="utf-8")
    (tree / "conf/chengdu/peers.yaml").write_text(
        "peers:\n" + entry("edge", "cd3edge", "DMZ", network.pki, edge + "\n    speaks_for: huili\n    mailbox: there"),
        encoding="utf-8")
    for site, old in (("huili", "chengdu"), ("chengdu", "huili")):
        routes = tree / "conf" / site / "routes.yaml"
        routes.write_text(routes.read_text(encoding="utf-8").replace(f"to: peer:{old}", "to: peer:edge"), encoding="utf-8")


def destination(network, site, name):
    told = network.ask(site, "peer", "ls") or {"destinations": []}
    return next((one for one in told["destinations"] if one["destination"] == name), {})


def waits_and_arrives_once(network, systems):
    """One referral for a site that is down, then dies between its commit and its answer."""
    request = (SAMPLES / "huili_ref_i12_utf8.hl7").read_bytes()
    request = request.replace(b"HL2026031100003", b"HL2026031100009").replace(b"ZZ513499202603110001", b"ZZ513499202603110009")
    ack = network.mllp(network.ports["CAUSEWAY_HUILI_REFERRALS"], request)
    demand(b"MSA|CA|HL2026031100009" in ack, f"Huili's HIS got {ack!r} instead of CA")
    shown = wait_until("the edge to show that nobody collects",
                       lambda: (one := destination(network, "edge", "peer:chengdu")).get("state") == "fails" and one)
    demand("does not come to collect" in shown["reason"], f"the edge shows {shown}")
    wait_until("the referral at the edge", lambda: (network.ask("edge", "status") or {}).get("waiting"))

    network.start("chengdu", failpoint="intake.committed:kill", wait=False)
    wait_until("Chengdu to die after its commit", lambda: network.dead("chengdu"), 60)
    demand(not systems.chengdu_his.messages, "the HIS got it from a gateway that was dead")
    network.start("chengdu")
    wait_until("the referral at the HIS", lambda: systems.chengdu_his.messages, 60)
    wait_until("the edge to be told", lambda: not (network.ask("edge", "status") or {"waiting": 1}).get("waiting"), 90)
    demand(len([m for m in systems.chengdu_his.messages if b"ZZ513499202603110009" in m]) == 1, "the HIS has it twice")
    demand(destination(network, "edge", "peer:chengdu")["state"] == "answers", "the edge still complains of Chengdu")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "build/dev/causeway"))
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="causeway-collect-"))
    tree = folder / "tree"
    for part in ("conf", "mappings"):
        shutil.copytree(ROOT / part, tree / part)
    network = Network(arguments.binary, folder / "run", conf=tree / "conf")
    ports = dict(zip(("fhir", "admin"), free_ports(2)))
    systems = types.SimpleNamespace(**county.stand_ins(network.ports))
    try:
        write_edge(network, tree, ports)
        write_neighbours(network, tree, ports)
        for site in SITES:
            done = network.command("check", str(tree / "conf" / site), "--level", "files", check=False)
            demand(done.returncode == 0, f"check found faults at {site}:\n{done.stdout}{done.stderr}")
        network.ports.update(CAUSEWAY_EDGE_FHIR=ports["fhir"], CAUSEWAY_EDGE_ADMIN=ports["admin"])
        for site in ("huili", "edge"):
            network.start(site)
        waits_and_arrives_once(network, systems)
        for system in (systems.huili_his, systems.chengdu_his):
            system.messages.clear()
        county.run(network, systems, Ledger())
        print("a hospital without an open port: a referral waited for it, survived its death, and a whole case went both ways")
        return 0
    except (Fault, TimeoutError, RuntimeError) as fault:
        print(f"FAULT: {fault}", file=sys.stderr)
        for site in network.processes:
            print(f"---- {site}\n{network.log(site)[-2500:]}", file=sys.stderr)
        return 1
    finally:
        network.close()
        for one in vars(systems).values():
            one.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
