#!/usr/bin/env python3
"""docs/TUTORIAL.md and docs/UNSEEN.md, step by step, each in a fresh folder: what the page says is what happens.

A fenced block of the page is one of
  ```console            lines with `$ ` are run in order by one bash, `&` starts something that runs on; the lines below
                        are what it prints, `...` standing for any text within a line and, alone, for any lines
  ```yaml FILE          is put into FILE in place of the line its first line says: `# instead of: LINE`
  ```text FILE          is written into FILE, which is new
Commands run with the tutorial's folder as working folder and `causeway` in the PATH. The page's ports are used as they
stand when they are free, else free ones in their place everywhere. Any difference, or a command of a block without
output that fails, ends the test with the place in the page."""

import argparse
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
from network import ROOT, free_ports  # noqa: E402

PAGES = [ROOT / "docs" / "TUTORIAL.md", ROOT / "docs" / "UNSEEN.md"]
FENCE = re.compile(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", re.M | re.S)


class Difference(Exception):
    """The page says something else than what happens."""


def blocks(page):
    """(line, kind, argument, text) of every fenced block that is run."""
    for found in FENCE.finditer(page):
        yield page[:found.start()].count("\n") + 2, found[1], found[2], found[3]


def steps(text):
    """The commands of a console block, each with the lines it should print."""
    found = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found and found[-1][0].endswith("\\"):
            found[-1] = (found[-1][0][:-1] + line.lstrip(), [])
        else:
            found[-1][1].append(line)
    return found


def pattern(lines):
    """`...` alone: any lines; inside a line: any text."""
    parts = []
    for line in lines:
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(r"[^\n]*".join(re.escape(piece.rstrip() if last else piece) for last, piece in marked(line)) + r"[ \t]*\n")
    return re.compile("".join(parts))


def marked(line):
    pieces = line.split("...")
    return [(i == len(pieces) - 1, piece) for i, piece in enumerate(pieces)]


def free(port):
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def ports_of(page):
    """{port of the page: port to use}, for those that are taken here."""
    taken = [port for port in sorted(set(re.findall(r"127\.0\.0\.1:(\d+)", page))) if not free(int(port))]
    return dict(zip(taken, free_ports(len(taken))))


def moved(text, ports):
    return re.sub(r"(?<=127\.0\.0\.1:)\d+", lambda found: str(ports.get(found[0], found[0])), text)


class Reader:
    """Somebody who does what the page says."""

    def __init__(self, binary, folder, ports):
        self.folder, self.ports, self.running = folder, ports, []
        self.environment = dict(os.environ, PATH=f"{binary.parent}:{os.environ['PATH']}", LANG="C.UTF-8", CAUSEWAY=str(ROOT))
        self.count = 0

    def edit(self, place, file, text):
        first, _, rest = text.partition("\n")
        old = re.match(r"# instead of: (.*)$", first)
        if not old:
            raise Difference(f"{place}: the block does not begin with '# instead of: LINE'")
        path = self.folder / file
        lines = path.read_text(encoding="utf-8").split("\n")
        if lines.count(old[1]) != 1:
            raise Difference(f"{place}: {file} has the line {old[1]!r} {lines.count(old[1])} times")
        lines[lines.index(old[1])] = rest.rstrip("\n")
        path.write_text("\n".join(lines), encoding="utf-8")

    def write(self, place, file, text):
        path = self.folder / file
        if path.exists():
            raise Difference(f"{place}: {file} is there already")
        path.write_text(text, encoding="utf-8")

    def run(self, place, command, expected):
        self.count += 1
        if command.endswith("&"):
            log = open(self.folder / f"background-{self.count}.log", "wb")
            process = subprocess.Popen(["bash", "-c", "exec " + command[:-1]], cwd=self.folder, env=self.environment,
                                       stdout=log, stderr=log, start_new_session=True)
            self.running.append((place, command, process, log.name))
            return
        wanted = pattern(expected)
        end = time.monotonic() + 20
        while True:  # what is asked for may take a moment to happen: queues, files that are looked at every few seconds
            done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=60)
            output = done.stdout.decode("utf-8", "replace").replace("\r", "\n")
            if wanted.fullmatch(output) if expected else done.returncode == 0:
                return self.move_ports(command)
            if time.monotonic() > end or not self.may_repeat(command):
                raise Difference(f"{place}: `{command}` ended with {done.returncode} and printed\n{output}\ninstead of\n"
                                 + "\n".join(expected) + "\n" + self.logs())
            time.sleep(0.3)

    def move_ports(self, command):
        """What `causeway init` wrote names the page's ports."""
        written = re.match(r"causeway init (\w+)", command)
        for file in (self.folder / written[1]).glob("*.yaml") if written else ():
            file.write_text(moved(file.read_text(encoding="utf-8"), self.ports), encoding="utf-8")

    @staticmethod
    def may_repeat(command):
        """Only what changes nothing is asked again until it says what the page says."""
        return re.search(r"\b(status|msg ls|msg show|trace|held ls|dead ls|dead why|top|mllp send|cat|ls)\b", command) is not None

    def logs(self):
        return "".join(f"--- {command}\n{pathlib.Path(log).read_text(errors='replace')[-1500:]}" for _, command, _, log in self.running)

    def close(self):
        for _, _, process, _ in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for _, _, process, _ in self.running:
            process.wait(30)


def walk(page, binary, keep):
    """Everything that the page says, in an empty folder."""
    text = page.read_text(encoding="utf-8")
    ports = ports_of(text)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="causeway-tutorial-"))
    reader = Reader(binary, folder, ports)
    began, commands, edits = time.monotonic(), 0, 0
    try:
        for line, kind, argument, block in blocks(moved(text, ports)):
            place = f"docs/{page.name}:{line}"
            if kind in ("yaml", "text") and argument:
                (reader.edit if kind == "yaml" else reader.write)(place, argument, block)
                edits += 1
            elif kind == "console":
                for command, expected in steps(block):
                    reader.run(place, command, expected)
                    commands += 1
        if commands < 20:
            raise Difference(f"docs/{page.name}: only {commands} commands were found in the page")
        print(f"{page.name}: {commands} commands and {edits} edits, all as the page says, in {time.monotonic() - began:.0f} s")
    finally:
        reader.close()
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/dev/causeway")
    parser.add_argument("--page", help="only the page of this name, for example UNSEEN")
    parser.add_argument("--keep", action="store_true", help="keep the folders")
    arguments = parser.parse_args()
    try:
        for page in PAGES:
            if arguments.page in (None, page.stem):
                walk(page, arguments.binary.resolve(), arguments.keep)
        return 0
    except Difference as difference:
        print(f"FAULT: {difference}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
