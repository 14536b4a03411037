"""Judges a soak by its ledger and by what the stopped sites hold: the invariants I1 to I9 of the fault plan. Everything that is
not as promised is a fault with the ids it is about.

I1 acknowledged -> arrived, or dead in plain sight   I2 one effect at most   I3 not acknowledged: none or one, and trying again
makes it one   I4 order of each key   I5 as many audit entries as events, in an unbroken chain   I6 no state goes back
I7 nobody else sees it   I8 recovery in time   I9 memory, files, disk as before"""

import collections
import hashlib
import sqlite3


class Judgement:
    def __init__(self):
        self.faults = []
        self.counts = collections.Counter()

    def fault(self, invariant, what, ids):
        self.faults.append((invariant, what, sorted(ids)[:20], len(ids)))


def effects_of(entries, state):
    """What the acknowledged (or sent) records must (or may) lead to."""
    ids = {one["id"] for one in entries if one["what"] == state}
    return {tuple(effect) for one in entries if one["what"] == "sent" and one["id"] in ids for effect in one["effects"]}


def judge_ledger(entries, replayed):
    """`replayed`: effects that were dead and sent again by a person: their order was given up with them."""
    verdict = Judgement()
    counts = verdict.counts
    said = collections.Counter(one["what"] for one in entries)
    counts.update(sent=said["sent"], acknowledged=said["acknowledged"], refused=said["refused"], kills=said["kill"])
    counts["repeats answered"] = said["repeat"]
    counts["illegal tried"] = said["illegal"]

    wires, steps = collections.defaultdict(dict), collections.defaultdict(int)
    late = set()
    for one in entries:
        if one["what"] != "arrived":
            continue
        effect = tuple(one["effect"])
        wires[effect][one["wire"]] = wires[effect].get(one["wire"], 0) + 1
        place = effect[:2]
        if effect[2] < steps[place] and effect not in replayed:
            late.add(effect)
        steps[place] = max(steps[place], effect[2])
    counts["duplicates under one id"] = sum(sum(ids.values()) - len(ids) for ids in wires.values())

    due, may = effects_of(entries, "acknowledged"), effects_of(entries, "sent")
    lost = due - wires.keys()
    doubled = {effect for effect, ids in wires.items() if len(ids) > 1 and effect[0] != "beijing-status"}
    # GW_STATUS is sampled: of its steps only the last is promised, the others may be seen
    unasked = {effect for effect in wires.keys() - may if effect[0] != "beijing-status"}
    counts["expected"] = len(due)
    counts["delivered once"] = len((due & wires.keys()) - doubled)
    counts["lost"], counts["doubled"], counts["order broken"] = len(lost), len(doubled), len(late)
    for invariant, what, ids in (("I1", "acknowledged and never arrived", lost), ("I2", "arrived under several ids", doubled),
                                 ("I4", "arrived after a later step of its key", late),
                                 ("I7", "arrived and nobody sent it there", unasked)):
        if ids:
            verdict.fault(invariant, what, {" ".join(map(str, one)) for one in ids})
    for what, invariant, told, bad in (
            ("refused", "I1", "legal and refused", lambda one: True),
            ("gave-up", "I3", "never acknowledged, however often it was sent", lambda one: True),
            ("wrong-answer", "I2", "an answer that names another message", lambda one: True),
            ("repeat", "I2", "a repeat did not get the first answer again", lambda one: not one["same"]),
            ("illegal", "I6", "what must be refused was not", lambda one: not one["refused"]),
            ("leaked", "I7", "an identity crossed the border", lambda one: True)):
        ids = {f"{one['id']} {one.get('said', '')[:160]}".strip() for one in entries if one["what"] == what and bad(one)}
        if ids:
            verdict.fault(invariant, told, ids)
    return verdict


# ---- what the sites hold, once they have stopped ---------------------------------------------------------------------------

def netstring(text):
    data = str(text).encode()
    return b"%d:%s," % (len(data), data)


def broken_chain(database):
    """The first audit entry whose hash does not follow, 0: none."""
    last, number = "0" * 64, 0
    for entry in database.execute("SELECT id, at, event, actor, detail, hash FROM audit ORDER BY id"):
        number += 1
        if entry[0] != number or entry[5] != hashlib.sha256(b"".join(netstring(part) for part in (last, *entry[:5]))).hexdigest():
            return entry[0] or number
        last = entry[5]
    return 0 if database.execute("SELECT audit_id, audit_hash FROM store").fetchone() == (number, last) else number


def judge_store(verdict, site, file, foreign):
    """`foreign`: prefixes of numbers that have no business at this site."""
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)

    def one(question, *values):
        return database.execute(question, values).fetchone()[0]

    if one("PRAGMA integrity_check") != "ok":
        verdict.fault("I1", f"{site}: the database is damaged", [str(file)])
    broken = broken_chain(database)
    if broken:
        verdict.fault("I5", f"{site}: the audit chain breaks", [str(broken)])
    accepted, received = one("SELECT count(*) FROM message WHERE state = 0"), one("SELECT count(*) FROM audit WHERE event = 'received'")
    if accepted != received:
        verdict.fault("I5", f"{site}: {accepted} accepted messages, {received} audit entries 'received'", [site])
    delivered, told = one("SELECT count(*) FROM delivery WHERE state = 2"), one("SELECT count(*) FROM audit WHERE event = 'delivered'")
    if delivered != told:
        verdict.fault("I5", f"{site}: {delivered} deliveries, {told} audit entries 'delivered'", [site])
    doubled = database.execute("SELECT control_id FROM message WHERE state = 0 AND control_id <> '' GROUP BY sender, control_id "
                               "HAVING count(*) > 1").fetchall()
    if doubled:
        verdict.fault("I2", f"{site}: accepted twice", [row[0] for row in doubled])
    left = database.execute("SELECT d.correlation, n.name FROM queue q JOIN delivery d ON d.id = q.id "
                            "JOIN destination n ON n.id = d.destination").fetchall()
    if left:
        verdict.fault("I1", f"{site}: still in the queue", [" ".join(row) for row in left])
    for prefix in foreign:
        seen = database.execute("SELECT value FROM business_id WHERE value GLOB ? LIMIT 20", (prefix + "[0-9]" * 8 + "*",)).fetchall()
        if seen:
            verdict.fault("I7", f"{site}: holds what is none of its business", [row[0] for row in seen])
    verdict.counts["messages stored"] += one("SELECT count(*) FROM message")
    verdict.counts["held or refused"] += one("SELECT count(*) FROM message WHERE state IN (1, 2)")
    database.close()
