"""One site in a folder of its own, made by `causeway init` as anybody would: for tests and measurements of the commands."""

import json
import pathlib
import re
import signal
import subprocess

from network import free_ports, wait_until


class OneSite:
    def __init__(self, binary, folder, name="north"):
        self.binary = str(pathlib.Path(binary).resolve())
        self.folder = pathlib.Path(folder).resolve()
        self.conf = self.folder / name
        self.name, self.process = name, None
        if not self.conf.exists():
            self.command("init", str(self.conf), conf=False)
            self.command("pki", str(self.conf / "pki"), name, conf=False)
        self.own_ports()

    def own_ports(self):
        """Listeners on ports that are free now."""
        config = self.conf / "causeway.yaml"
        text = config.read_text(encoding="utf-8")
        found = re.findall(r"^ *listen: \w+://127\.0\.0\.1:(\d+)", text, re.M)
        for old, new in zip(found, free_ports(len(found))):
            text = text.replace(f"127.0.0.1:{old}", f"127.0.0.1:{new}", 1)
        config.write_text(text, encoding="utf-8")

    def edit(self, file, old, new):
        path = self.conf / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file} has {text.count(old)} times {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def start(self):
        log = self.folder / f"{self.name}.log"
        with open(log, "ab") as out:
            self.process = subprocess.Popen([self.binary, "run", str(self.conf)], stdout=out, stderr=out)
        wait_until(f"the site (see {log})", lambda: self.process.poll() is not None or self.answers(), 60)
        assert self.process.poll() is None, f"the site did not start:\n{log.read_text(encoding='utf-8')[-2000:]}"

    def answers(self):
        return subprocess.run([self.binary, "status", "--conf", str(self.conf)], capture_output=True).returncode != 2

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(30)
        self.process = None

    def command(self, *arguments, conf=True, check=True):
        """Runs a command (about this site, unless conf is False) and returns what subprocess.run does; bytes."""
        where = ["--conf", str(self.conf)] if conf else []
        done = subprocess.run([self.binary, *arguments, *where], capture_output=True, timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"causeway {' '.join(arguments)} -> {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def ask(self, *arguments, check=True):
        """The same with --json, parsed."""
        return json.loads(self.command("--json", *arguments, check=check).stdout)
