"""The six-site network as processes: the shipped configuration, free ports, generated certificates, and stand-ins for
the local systems (a HIS on MLLP, HTTP callbacks, a case desk). Used by the demonstration and by the crash tests.
Everything listens on 127.0.0.1 and is stopped at the end; nothing outside the work folder is written."""

import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

import staging

ROOT = pathlib.Path(__file__).resolve().parents[2]
SITES = ["hainan", "tianjin", "beijing", "hongkong", "huili", "chengdu"]
PARTIES = SITES + ["desk", "office", "oncobase", "other", "japan"]  # japan is to be: see conf/hainan/peers.yaml
PORT = re.compile(r"\$\{(CAUSEWAY_[A-Z0-9_]+):-(\d+)\}")


def free_ports(count):
    """Ports that were free just now; all held open together so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_until(what, condition, seconds=30):
    """Polls until the condition gives something true; the failure names what was waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise TimeoutError(f"waited {seconds} s for {what}")


class MllpSystem:
    """A local system that receives HL7 v2: keeps every message and acknowledges it (AA)."""

    def __init__(self, port, answer="AA"):
        self.messages, self.answer = [], answer
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        buffer = b""
        with connection:
            while True:
                try:
                    piece = connection.recv(65536)
                except OSError:
                    return
                if not piece:
                    return
                buffer += piece
                while b"\x1c\r" in buffer:
                    frame, buffer = buffer.split(b"\x1c\r", 1)
                    if not self._answer(connection, frame.lstrip(b"\x0b")):
                        return

    def _answer(self, connection, message):
        with self.lock:
            self.messages.append(message)
            number = len(self.messages)
        msh = message.split(b"\r")[0].split(b"|")
        version = msh[11] if len(msh) > 11 else b"2.5.1"
        ack = (b"MSH|^~\\&|HIS|HIS|GW|GW|20260310||ACK|A%d|P|%s\rMSA|%s|%s\r" %
               (number, version, self.answer.encode(), msh[9]))
        try:
            connection.sendall(b"\x0b" + ack + b"\x1c\r")
        except OSError:
            return False
        return True

    def close(self):
        self.listener.close()


class HttpSystem:
    """A local system that receives posts: keeps every body and answers 200."""

    def __init__(self, port):
        self.bodies = []
        system = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                system.bodies.append((self.path, body))
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Network:
    """Starts and stops sites. `ports["CAUSEWAY_HAINAN_FHIR"]` is where each variable of the configuration points."""

    def __init__(self, binary, folder, fixed_ports=False, conf=ROOT / "conf"):
        self.binary = pathlib.Path(binary).resolve()
        self.folder = pathlib.Path(folder).resolve()
        self.conf = pathlib.Path(conf)
        self.processes = {}
        defaults = {}
        for file in sorted(self.conf.glob("*/*.yaml")):
            defaults.update({name: int(port) for name, port in PORT.findall(file.read_text(encoding="utf-8"))})
        names = sorted(defaults)
        self.ports = defaults if fixed_ports else dict(zip(names, free_ports(len(names))))
        self.pki = self.folder / "pki"
        self.environment = dict(os.environ, CAUSEWAY_DATA=str(self.folder), CAUSEWAY_PKI=str(self.pki),
                                **{name: str(port) for name, port in self.ports.items()})
        self.folder.mkdir(parents=True, exist_ok=True)
        self.make_staging()
        if not self.pki.exists():
            self.command("pki", str(self.pki), *PARTIES)

    def make_staging(self):
        """The staging databases that hospitals have, empty: vendors' programs fill them."""
        folder = self.folder / "staging"
        folder.mkdir(exist_ok=True)
        for site, make in (("beijing", staging.beijing), ("huili", staging.huili)):
            if not (folder / f"{site}.db").exists():
                make(folder / f"{site}.db")

    def command(self, *arguments, check=True):
        done = subprocess.run([str(self.binary), *arguments], env=self.environment, capture_output=True, text=True,
                              timeout=120)
        if check and done.returncode != 0:
            raise RuntimeError(f"causeway {' '.join(arguments)} -> {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def ask(self, site, *arguments):
        """A command with --json about a running site, parsed; None when it found nothing."""
        done = self.command("--json", *arguments, "--conf", str(self.conf / site), check=False)
        return json.loads(done.stdout) if done.returncode == 0 and done.stdout else None

    def environment_of(self, site):
        """What a site's process sees; a test that puts something between the sites gives each its own."""
        return dict(self.environment)

    def start(self, site, failpoint=None, plant=None, wait=True):
        environment = self.environment_of(site)
        if failpoint:
            environment["CAUSEWAY_FAILPOINT"] = failpoint
        if plant:
            environment["CAUSEWAY_PLANT"] = plant
        with open(self.folder / f"{site}.log", "ab") as log:
            self.processes[site] = subprocess.Popen([str(self.binary), "run", str(self.conf / site)], env=environment,
                                                    stdout=log, stderr=log)
        if wait:
            wait_until(f"{site} to be ready (see {self.folder}/{site}.log)",
                       lambda: self.ready(site) or self.dead(site), 60)
            # A failpoint may be met at once: by what a peer sends again while the site starts.
            at_failpoint = failpoint and self.processes[site].poll() == -signal.SIGKILL
            if self.dead(site) and not at_failpoint:
                raise RuntimeError(f"{site} did not start:\n{self.log(site)[-3000:]}")

    def log(self, site):
        return (self.folder / f"{site}.log").read_text(encoding="utf-8", errors="replace")

    def dead(self, site):
        return self.processes[site].poll() is not None

    def ready(self, site):
        return self.admin(site, "/readyz")[0] == 200

    def admin(self, site, path):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.ports[f"CAUSEWAY_{site.upper()}_ADMIN"], timeout=5)
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""

    def stop(self, site, how=signal.SIGTERM):
        process = self.processes.pop(site, None)
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self):
        for site in list(self.processes):
            self.stop(site)

    def https(self, site, who, method, path, body=None, headers=None, timeout=30):
        """A request to a site's FHIR API with somebody's certificate: (status, headers, JSON or bytes)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(self.pki / "ca.pem")
        context.load_cert_chain(self.pki / f"{who}.pem", self.pki / f"{who}.key")
        context.check_hostname = False  # the name is the site's, not 127.0.0.1; the demonstration CA vouches for it
        connection = http.client.HTTPSConnection("127.0.0.1", self.ports[f"CAUSEWAY_{site.upper()}_FHIR"],
                                                 context=context, timeout=timeout)
        sent = {"accept": "application/fhir+json"}
        if body is not None:
            sent["content-type"] = "application/fhir+json"
        sent.update(headers or {})
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        try:
            return answer.status, dict(answer.getheaders()), json.loads(data)
        except ValueError:
            return answer.status, dict(answer.getheaders()), data

    def mllp(self, port, message, timeout=30):
        """One MLLP exchange; the answer without its frame, or b"" when the line was closed."""
        if not message.startswith(b"\x0b"):
            message = b"\x0b" + message + b"\x1c\r"
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as line:
            line.sendall(message)
            answer = b""
            while not answer.endswith(b"\x1c\r"):
                piece = line.recv(65536)
                if not piece:
                    return b""
                answer += piece
            return answer[1:-2]

    def post(self, port, path, body, timeout=30):
        """One plain HTTP post to a local door: (status, bytes)."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        try:
            connection.request("POST", path, body=body, headers={"content-type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def fresh_folder(path):
    """An empty folder; only one that this library made before is emptied."""
    path = pathlib.Path(path)
    mark = path / ".causeway-network"
    if path.exists() and any(path.iterdir()) and not mark.exists():
        raise SystemExit(f"{path} is not empty and not a network folder: choose another one")
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    mark.touch()
    return path
