"""One flooding peer must slow nobody else. Hainan's gateway takes reports from Tianjin at a steady rate, first alone, then while
Hong Kong's certificate is used to send as fast as it can over as many connections as it gets, and again and again after each
refusal. Told are the latencies of Tianjin's reports in both, and what became of the flood. The quota is set low, because
the flood and the load have to be made on this machine, too."""

import http.client
import json
import multiprocessing
import pathlib
import shutil
import ssl
import statistics
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
from network import ROOT, Network  # noqa: E402

RATE, ROUNDS, SECONDS = 40, 3, 10.0
FLOOD_CONNECTIONS, QUOTA = 64, "rate: 100\n    bytes: 4MiB\n    at_once: 8"


def context_of(pki, who):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(pki / "ca.pem")
    context.load_cert_chain(pki / f"{who}.pem", pki / f"{who}.key")
    context.check_hostname = False
    return context


def report(number):
    header, focus = str(uuid.uuid4()), str(uuid.uuid4())
    case = {"url": "https://causeway.example/StructureDefinition/case", "valueString": number}
    organization = {"system": "https://causeway.example/sid/organization", "value": "tmucih"}
    return json.dumps({"resourceType": "Bundle", "id": str(uuid.uuid4()), "type": "message", "timestamp": "2026-03-10T09:30:15+08:00", "entry": [
        {"fullUrl": f"urn:uuid:{header}", "resource": {
            "resourceType": "MessageHeader", "id": header, "extension": [case],
            "eventCoding": {"system": "https://causeway.example/CodeSystem/message-event", "code": "report"},
            "sender": {"identifier": organization}, "source": {"endpoint": "https://tianjin.causeway.example/fhir"},
            "focus": [{"reference": f"urn:uuid:{focus}"}]}},
        {"fullUrl": f"urn:uuid:{focus}", "resource": {
            "resourceType": "DiagnosticReport", "id": f"r-{number}",
            "identifier": [{"system": "https://gw.example/sid/tmucih/report", "value": number}],
            "status": "final", "code": {"text": "CEA"}, "conclusion": "ok"}}]}).encode()


def post(connection, body):
    connection.request("POST", "/fhir/$process-message", body=body,
                       headers={"content-type": "application/fhir+json", "accept": "application/fhir+json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def flood_one(pki, port, end, counts):
    """One connection of the flood: never waits, never heeds Retry-After, connects anew when it is thrown out."""
    context, body = context_of(pki, "hongkong"), b"{" + b" " * 20_000
    while time.monotonic() < end.value:
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
        try:
            while time.monotonic() < end.value:
                status = post(connection, body)
                with counts.get_lock():
                    counts[0 if status == 429 else 1] += 1
        except (OSError, http.client.HTTPException):
            with counts.get_lock():
                counts[2] += 1
            time.sleep(0.05)
        finally:
            connection.close()


def flood(pki, port, end, counts):
    threads = [threading.Thread(target=flood_one, args=(pki, port, end, counts)) for _ in range(FLOOD_CONNECTIONS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def steady(network, seconds, first):
    """Reports at a fixed rate over one connection; the time each should have begun counts, so a stall is not hidden."""
    connection = http.client.HTTPSConnection("127.0.0.1", network.ports["CAUSEWAY_HAINAN_FHIR"],
                                             context=context_of(network.pki, "tianjin"), timeout=30)
    times, began = [], time.monotonic()
    for i in range(int(seconds * RATE)):
        due = began + i / RATE
        time.sleep(max(0.0, due - time.monotonic()))
        status = post(connection, report(f"FL{first + i:08}"))
        assert status == 200, f"a report was answered {status}"
        times.append((time.monotonic() - due) * 1000)
    connection.close()
    return times


def told(name, times):
    times = sorted(times)
    p50, p99 = statistics.median(times), times[int(len(times) * 0.99) - 1]
    print(f"{name:<12} {len(times):>8} reports  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  max {times[-1]:6.2f} ms", flush=True)
    return p50, p99


def rounds(network):
    port, alone, flooded = network.ports["CAUSEWAY_HAINAN_FHIR"], [], []
    counts = multiprocessing.Array("q", 3)
    steady(network, 2, 0)
    for i in range(ROUNDS):  # in turns, so that what else the machine does falls on both
        alone += steady(network, SECONDS, 100_000 * (2 * i + 1))
        end = multiprocessing.Value("d", time.monotonic() + SECONDS + 2)
        process = multiprocessing.Process(target=flood, args=(network.pki, port, end, counts))
        process.start()
        time.sleep(1)
        flooded += steady(network, SECONDS, 100_000 * (2 * i + 2))
        process.join()
    return alone, flooded, list(counts)


def run(build):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="causeway-flood-"))
    for part in ("conf", "mappings"):
        shutil.copytree(ROOT / part, folder / "tree" / part)
    conf = folder / "tree" / "conf"
    for file, old, new in (("hainan/causeway.yaml", "-7410}/fhir\n", f"-7410}}/fhir\n  quota:\n    {QUOTA}\n"),
                           ("hainan/routes.yaml", "to: local:his\n", "to: keep\n")):
        text = (conf / file).read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        (conf / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    network = Network(build / "causeway", folder / "run", conf=conf)
    try:
        network.start("hainan")
        alone, flooded, (refused, other, cut) = rounds(network)
        _, before = told("alone", alone)
        _, during = told("under flood", flooded)
        seconds = ROUNDS * (SECONDS + 2)
        print(f"flood of {FLOOD_CONNECTIONS} connections: {refused} times 429, {other} taken ({other / seconds:.0f}/s of 100/s), {cut} cut")
        print(f"p99 under flood is {during / before:.2f} times that without (aim 1.2)")
        return during / before
    finally:
        network.close()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    run(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release").resolve())


if __name__ == "__main__":
    main()
