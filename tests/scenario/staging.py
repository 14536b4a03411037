"""Staging databases of the demonstration: makes them from the shipped schemas and fills them from the hospitals' own SQL
scripts, which are written for Oracle (Beijing, GBK) and SQL Server (Huili, GB18030).

    python3 tests/scenario/staging.py beijing FILE.db     # or huili
"""

import pathlib
import re
import sqlite3
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "cases" / "samples"

# What a hospital would have in its catalogue and its staff list; the samples only refer to them.
DRUGS = [
    (30112, "来曲唑片", "2.5mg*30片", "mg", "0", "XL02BGL080A001010102345", "L02BG04"),
    (30471, "盐酸羟考酮缓释片", "10mg*30片", "mg", "1", "XN02AAQ033A010010102671", "N02AA05"),
    (30266, "卡培他滨片", "0.5g*12片", "g", "0", "XL01BCK015A001010101987", "L01BC06"),
]
STAFF = [("D1120", "何青", "doctor"), ("YS0102", "方敏", "pharmacist")]

# The sample script has the results only; this is the report they belong to.
HUILI_REPORT = ("YY0000044", "ZY20260309000018", "91877", "JY-1", "吉克·阿依", "513499197506200121", "2", "女性", "1975-06-20",
                "SQ-1", "BB-1", "2026-03-10 07:10:00", "BG20260310-77", "肝癌筛查", "2026-03-10", "-", "阿尔·木呷",
                "2026-03-10 09:00:00", "2026-03-10 09:00:00", "0")

_FUNCTION = re.compile(r"TO_DATE\('(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)','YYYYMMDDHH24MISS'\)")


def statements(text):
    """The statements of a script, comments taken off. Semicolons and dashes inside quotes are text."""
    out, one, quoted, i = [], "", False, 0
    while i < len(text):
        c = text[i]
        if c == "'":
            quoted = not quoted
        if not quoted and text.startswith("--", i):
            i = text.find("\n", i)
            if i < 0:
                break
            continue
        if c == ";" and not quoted:
            out.append(one.strip())
            one = ""
        else:
            one += c
        i += 1
    return [statement for statement in out + [one.strip()] if statement]


def portable(statement, now="2026-03-14 09:31:02.000"):
    """Oracle's and SQL Server's spellings as both SQLite and PostgreSQL read them."""
    statement = _FUNCTION.sub(r"'\1-\2-\3 \4:\5:\6'", statement)
    statement = re.sub(r"\bDATE '", "'", statement)
    statement = re.sub(r"\bSYSDATE\b", f"'{now}'", statement)
    return re.sub(r"(?<![A-Za-z0-9_'])N'", "'", statement)


def keep_zero_digits(statement):
    """SQLite would make 0 of 0.0000; in a text column a quoted number keeps its digits."""
    return re.sub(r"(?<=,)(\d+\.\d+)(?=,)", r"'\1'", statement)


def schema(site, database="sqlite"):
    return (ROOT / "conf" / site / "staging" / f"schema.{database}.sql").read_text(encoding="utf-8")


def beijing(file):
    """An empty staging database with its catalogue and staff."""
    with connect(file) as db:
        db.executescript(schema("beijing"))
        db.executemany("INSERT INTO YK_TYPK (YPXH, YPMC, YPGG, JLDW, TSYP, YBDM, ATCDM) VALUES (?, ?, ?, ?, ?, ?, ?)", DRUGS)
        db.executemany("INSERT INTO GY_YGDM VALUES (?, ?, ?)", STAFF)
    return file


def huili(file):
    with connect(file) as db:
        db.executescript(schema("huili"))
    return file


def load_beijing(file, script=SAMPLES / "bjch_bsoft.sql"):
    """What the HIS's transfer would write: a patient, a prescription, its item."""
    text = script.read_bytes().decode("gbk")
    with connect(file) as db:
        for statement in statements(text):
            db.execute(portable(statement))


def load_huili(file, script=SAMPLES / "huili_staging.sql"):
    text = script.read_bytes().decode("gb18030")
    with connect(file) as db:
        for statement in statements(text):
            db.execute(keep_zero_digits(portable(statement)))
        db.execute("INSERT INTO V_GW_JYJL_JYJL VALUES (" + ",".join("?" * len(HUILI_REPORT)) + ")", HUILI_REPORT)


def connect(file):
    db = sqlite3.connect(file, timeout=10, check_same_thread=False)  # one hand at a time; the caller sees to it
    db.execute("PRAGMA journal_mode = WAL")
    return db


if __name__ == "__main__":
    SITE, FILE = sys.argv[1:]
    {"beijing": beijing, "huili": huili}[SITE](FILE)
    {"beijing": load_beijing, "huili": load_huili}[SITE](FILE)
    print(f"{FILE}: the staging database of {SITE}, with its sample")
