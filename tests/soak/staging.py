#!/usr/bin/env python3
"""A staging database under a vendor's hands, and a gateway that is killed every few seconds: rows are inserted, updated,
voided and deleted, items come before and long after their prescriptions, checks are still open or refused, changes become
visible late. At the end the ledger must say: the last state of every row was delivered exactly once, what must not leave
did not, and what had left and went was withdrawn. SQLite and PostgreSQL. (domain.md 3.3; trust.md R1)

    python3 tests/soak/staging.py --binary build/release/causeway --rows 50000 --database postgres
"""

import argparse
import http.server
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
import staging  # noqa: E402
from network import ROOT, Network, free_ports, wait_until  # noqa: E402

SOAK = "https://causeway.example/soak/"


# ---- the databases ------------------------------------------------------------------------------------------------------

class Sqlite:
    def __init__(self, folder):
        self.file = folder / "staging.db"
        self.words = f"sqlite:{self.file}"
        staging.beijing(self.file)
        self.db = staging.connect(self.file)

    def run(self, statements):
        with self.db:
            for statement in statements:
                self.db.execute(statement)

    def rows(self, query):
        return [tuple("" if value is None else str(value) for value in row) for row in self.db.execute(query)]

    def flush(self):
        pass

    def close(self):
        self.db.close()


class Postgres:
    """A cluster of its own on a Unix socket, as an unprivileged user; psql is the client."""

    def __init__(self, folder):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="causeway-pg-"))
        self.bin = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.words = f"postgresql:host={self.folder} user=postgres dbname=postgres"
        self.user(["initdb", "-D", f"{self.folder}/data", "-A", "trust", "-U", "postgres", "-N", "-E", "UTF8", "--locale=C"])
        self.user(["pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o",
                   f"-k {self.folder} -c listen_addresses='' -c synchronous_commit=off", "start"])
        self.client = subprocess.Popen(self.psql("-q"), stdin=subprocess.PIPE, text=True, cwd="/tmp")
        self.client.stdin.write(staging.schema("beijing", "postgresql"))
        self.flush()

    def prefix(self):
        return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def user(self, command):
        subprocess.run(self.prefix() + [str(self.bin / command[0]), *command[1:]], check=True, cwd="/tmp",
                       stdout=subprocess.DEVNULL)

    def psql(self, *options):
        return self.prefix() + [str(self.bin / "psql"), "-h", str(self.folder), "-U", "postgres", "-v", "ON_ERROR_STOP=1", *options]

    def run(self, statements):
        self.client.stdin.write("BEGIN;" + ";".join(statements) + ";COMMIT;\n")

    def rows(self, query):
        self.flush()
        done = subprocess.run(self.psql("-qAtF", "\x1f", "-c", query), capture_output=True, text=True, check=True, cwd="/tmp")
        return [tuple(line.split("\x1f")) for line in done.stdout.splitlines()]

    def flush(self):
        """Until everything that was written to psql is committed."""
        mark = self.folder / f"mark{time.monotonic_ns()}"
        self.client.stdin.write(f"\\! touch {mark}\n")
        self.client.stdin.flush()
        wait_until("psql to follow", mark.exists, 300)

    def close(self):
        self.client.stdin.close()
        self.client.wait()
        self.user(["pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop"])
        shutil.rmtree(self.folder, ignore_errors=True)


# ---- the vendor's hands -------------------------------------------------------------------------------------------------

class Vendor(threading.Thread):
    """Writes `count` prescriptions and goes on changing them; everything it does is in the database when it ends."""

    def __init__(self, database, count, seed, pace):
        super().__init__(daemon=True)
        self.database, self.count, self.random, self.pace = database, count, random.Random(seed), pace
        self.figures = dict.fromkeys(("inserts", "updates", "voided", "deletes", "late children", "early children",
                                      "checked later", "refused", "visible late"), 0)
        self.stamp = 0
        self.later = []  # (when, statements)
        self.alive = []
        self.failure = None

    def run(self):
        try:
            self.write()
        except Exception as problem:  # noqa: BLE001: told by the main thread
            self.failure = problem

    def write(self):
        number = 0
        while number < self.count or self.later:
            statements = []
            for _ in range(self.random.randint(1, 20)):
                if number < self.count:
                    number += 1
                    statements += self.prescribe(number)
                if self.alive and self.random.random() < 0.5:
                    statements += self.change()
            now = time.monotonic()
            due = [one for one in self.later if one[0] <= now]
            self.later = [one for one in self.later if one[0] > now]
            for _, more in due:
                statements += more
            if statements:
                self.database.run(statements)
            time.sleep(self.pace if number < self.count else 0.05)
        self.database.flush()

    def wait_for(self, seconds, statements):
        self.later.append((time.monotonic() + seconds, statements))

    def count_one(self, what):
        self.figures[what] += 1

    def stamped(self):
        self.stamp += 1
        return f"s{self.stamp}"

    def item(self, number, index, check="'1'"):
        return (f"""INSERT INTO "MS_CF02" ("SBXH","CFSB","YPXH","YPZH","YFGG","YCJL","YPSL","SFJG") VALUES """
                f"""({number * 10 + index},{number},30112,{index},'{self.stamped()}',2.5,1,{check})""")

    def prescribe(self, number):
        self.count_one("inserts")
        chance = self.random.random()
        check = "'1'"
        if chance < 0.06:
            check = "NULL"
        elif chance < 0.07:
            check = "'2'"
            self.count_one("refused")
        columns, values = '"CFSB","JGID","CFHM","KFRQ","CFLX","KSDM","YSDM","BRID"', \
            f"{number},'YY000001X','CF{number:09}','2026-03-14 09:30:00',1,'{self.stamped()}','D1120','P{number % 997}'"
        if self.random.random() < 0.03:  # told late: its change time lies back, within the overlap
            self.count_one("visible late")
            columns += ',"XGSJ"'
            values += ",'" + time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time.time() - 1)) + ".000'"
        parent = f'INSERT INTO "MS_CF01" ({columns}) VALUES ({values})'
        items = [self.item(number, index, check) for index in range(self.random.choice((1, 1, 1, 2, 3)))]
        if check == "NULL":
            self.count_one("checked later")
            self.wait_for(self.random.uniform(0.3, 3), [f"""UPDATE "MS_CF02" SET "SFJG"='1' WHERE "CFSB"={number}"""])
        self.alive.append(number)
        kind = self.random.random()
        if kind < 0.08:
            self.count_one("late children")
            self.wait_for(self.random.uniform(0.2, 3), items)
            return [parent]
        if kind < 0.12:
            self.count_one("early children")
            self.alive.pop()
            self.wait_for(self.random.uniform(0.2, 2), [parent])
            return items
        return [parent, *items]

    def change(self):
        at = self.random.randrange(len(self.alive))
        number = self.alive[at]
        kind = self.random.random()
        if kind < 0.04:
            self.count_one("deletes")
            self.alive[at] = self.alive[-1]
            self.alive.pop()
            return [f'DELETE FROM "MS_CF02" WHERE "CFSB"={number}', f'DELETE FROM "MS_CF01" WHERE "CFSB"={number}']
        if kind < 0.08:
            self.count_one("voided")
            return [f"""UPDATE "MS_CF01" SET "ZFPB"='1' WHERE "CFSB"={number}"""]
        self.count_one("updates")
        if kind < 0.5:
            return [f"""UPDATE "MS_CF01" SET "KSDM"='{self.stamped()}' WHERE "CFSB"={number}"""]
        return [f"""UPDATE "MS_CF02" SET "YFGG"='{self.stamped()}' WHERE "CFSB"={number} AND "YPZH"=0"""]


# ---- who receives -------------------------------------------------------------------------------------------------------

class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the gateway was killed in mid-request
            super().handle_error(request, client_address)


class Archive:
    """The local system: what it received, by the id of the request, as a system that knows repetitions does."""

    def __init__(self, port):
        self.lock = threading.Lock()
        self.seen = {}  # X-Request-ID -> (row, version, deleted, content)
        self.posts = 0
        archive = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                archive.take(self.headers["x-request-id"], body)
                self.send_response(200)
                self.send_header("content-length", "2")
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *arguments):
                pass

        self.server = Server(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, request, body):
        basic = next(entry["resource"] for entry in json.loads(body)["entry"] if entry["resource"]["resourceType"] == "Basic")
        told = [(one["url"].removeprefix(SOAK), one["valueString"]) for one in basic["extension"]]
        one = dict(told)
        content = (one["row"], tuple(sorted(value for name, value in told if name == "item")))
        with self.lock:
            self.posts += 1
            self.seen[request] = (basic["identifier"][0]["value"], int(one["version"]), one["deleted"] == "true", content)

    def states(self):
        """By row: [(version, deleted, content)] in the order of versions."""
        rows = {}
        with self.lock:
            for row, version, deleted, content in self.seen.values():
                rows.setdefault(row, []).append((version, deleted, content))
        return {row: sorted(states) for row, states in rows.items()}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# ---- the ledger ---------------------------------------------------------------------------------------------------------

def last_states(database):
    """What the table says in the end: row -> ("gone" | "waits" | "refused" | "stands", content)."""
    items = {}
    for row, key, stamp, check in database.rows('SELECT "CFSB","SBXH","YFGG","SFJG" FROM "MS_CF02"'):
        items.setdefault(row, []).append((f"{key}:{stamp}", check))
    states = {}
    for row, stamp, voided in database.rows('SELECT "CFSB","KSDM","ZFPB" FROM "MS_CF01"'):
        own = items.get(row, [])
        checks = [check for _, check in own]
        content = (stamp, tuple(sorted(text for text, _ in own)))
        if voided == "1":
            state = "gone"
        elif not own:
            state = "waits"
        elif any(check not in ("", "0", "1") for check in checks):
            state = "refused"
        elif all(check == "1" for check in checks):
            state = "stands"
        else:
            state = "waits"
        states[row] = (state, content)
    return states


def judge(expected, delivered):
    """Counts: rows whose last state is there exactly once, and every way in which that may be wrong."""
    found = dict.fromkeys(("last state once", "withdrawn", "never left", "lost", "doubled", "not withdrawn", "leaked"), 0)
    for row in expected.keys() | delivered.keys():
        state, content = expected.get(row, ("gone", None))
        states = delivered.get(row, [])
        versions = [version for version, _, _ in states]
        doubled = len(versions) != len(set(versions)) or any(a[1:] == b[1:] for a, b in zip(states, states[1:]))
        found["doubled"] += doubled
        if state == "stands":
            good = bool(states) and states[-1][1:] == (False, content)
            if not good:
                found["lost"] += 1
            elif not doubled:
                found["last state once"] += 1
        elif not states:
            found["never left"] += 1
        elif state == "waits":
            found["leaked"] += 1
        else:
            found["withdrawn" if states[-1][1] else "not withdrawn"] += 1
    return found


def settled(found):
    return not (found["lost"] or found["not withdrawn"])


# ---- the gateway --------------------------------------------------------------------------------------------------------

SITE = """site: soak
organization: {{id: bjch, name: Soak, jurisdiction: CN}}
identifier_base: https://causeway.example/sid/
zone: "+08:00"
data: {data}
tls: {{certificate: {pki}/beijing.pem, key: {pki}/beijing.key, trust: {pki}/ca.pem}}
fhir: {{listen: "https://127.0.0.1:{fhir}/fhir"}}
admin: {{listen: "http://127.0.0.1:{admin}"}}
doors:
  - name: his
    maps: {map}
    rows:
      database: "{database}"
      table: MS_CF01
      key: CFSB
      changed: XGSJ
      related:
        - {{table: MS_CF02, on: {{CFSB: CFSB}}, order: SBXH, at_least: 1, changed: XGSJ}}
      deleted: {{column: ZFPB}}
      ready: {{column: MS_CF02.SFJG, pass: "1", wait: "0"}}
      every: 200ms
      overlap: 3s
      sweep: {sweep}s
      most_vanished: 1000000
      batch: 500
      rate: 100000
systems:
  - {{name: archive, address: "http://127.0.0.1:{archive}/rows", format: fhir}}
"""


class Site(Network):
    def __init__(self, binary, folder, database, archive_port, sweep):
        super().__init__(binary, folder)
        fhir, admin = free_ports(2)
        self.ports["CAUSEWAY_SOAK_ADMIN"] = admin
        self.conf = folder / "conf"
        site = self.conf / "soak"
        site.mkdir(parents=True)
        (site / "causeway.yaml").write_text(SITE.format(
            data=folder / "data", pki=self.pki, fhir=fhir, admin=admin, archive=archive_port, database=database, sweep=sweep,
            map=ROOT / "tests" / "soak" / "row.map.yaml"), encoding="utf-8")
        (site / "routes.yaml").write_text("routes:\n  - {id: all, event: report, from: local, to: local:archive}\n")
        (site / "peers.yaml").write_text("peers: []\n")
        (site / "partners.yaml").write_text("partners: []\n")


def soak(binary, rows, database_name, seed, pace, kill_every, patience):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="causeway-soak-"))
    database = {"sqlite": Sqlite, "postgres": Postgres}[database_name](folder)
    [port] = free_ports(1)
    archive = Archive(port)
    sweep = max(2, rows // 5000)
    site = Site(binary, folder, database.words, port, sweep)
    chance = random.Random(seed)
    vendor = Vendor(database, rows, seed, pace)
    began, kills, recoveries = time.monotonic(), 0, []
    good = False
    try:
        site.start("soak")
        vendor.start()
        while vendor.is_alive():
            vendor.join(chance.uniform(*kill_every))
            site.stop("soak", signal.SIGKILL)
            kills += 1
            again = time.monotonic()
            site.start("soak")
            recoveries.append((time.monotonic() - again) * 1000)
        if vendor.failure:
            raise vendor.failure
        written = time.monotonic()
        expected = last_states(database)
        while not (good := settled(judge(expected, archive.states()))) and time.monotonic() - written < patience:
            time.sleep(0.5)
        caught_up = time.monotonic()
        time.sleep(2 * sweep + 2)  # whatever would come too often has come by then
        found = judge(expected, archive.states())
        good = settled(found) and not found["doubled"] and not found["leaked"]
        print(f"staging soak on {database_name}: {rows} rows, {kills} kills; vendor " +
              ", ".join(f"{value} {name}" for name, value in vendor.figures.items()))
        print(f"  delivered {len(archive.seen)} states of {len(archive.states())} rows ({archive.posts - len(archive.seen)} "
              f"posts repeated under their id); " + ", ".join(f"{value} {name}" for name, value in found.items()))
        print(f"  {written - began:.0f} s of writing, caught up {caught_up - written:.1f} s later, "
              f"{len(archive.seen) / (caught_up - began):.0f} states/s; back after a kill in "
              f"{sorted(recoveries)[len(recoveries) // 2]:.0f} ms (median)")
        if not good:
            print(f"  kept for a look: {folder}")
            print(site.log("soak")[-2000:])
        return good
    finally:
        site.close()
        archive.close()
        database.close()
        if good:
            shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=str(ROOT / "build" / "release" / "causeway"))
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--pace", type=float, default=0.01, help="seconds between the vendor's transactions")
    parser.add_argument("--kill-every", type=float, nargs=2, default=(2.0, 4.0), metavar=("FROM", "TO"))
    parser.add_argument("--patience", type=float, default=300.0)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    databases = ("sqlite", "postgres") if options.database == "both" else (options.database,)
    good = [soak(options.binary, options.rows, name, options.seed, options.pace, options.kill_every, options.patience)
            for name in databases]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
