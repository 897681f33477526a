"""A company whose every personal value is a canary, and the search for canaries in a home."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.parquet

# The part of an address before its sign, names, numbers: nobody may find them outside the sandbox.
MAIL, FIRST, LAST, PHONE = "canarymail", "Canaryfirst", "Canarylast", "555018822"
PERSONAL = (MAIL, FIRST, LAST, PHONE)
HASH_KEY = "canary-hash-key"
# Every secret the connections hold, how the tokens minted from them begin, and the key with which
# addresses are hashed.
SECRETS = (
    HASH_KEY,
    "sandbox-meta-token",
    "sandbox-meta-secret",
    "sandbox-google-secret",
    "sandbox-google-refresh",
    "sandbox-developer-token",
    "sandbox-linkedin-secret",
    "sandbox-linkedin-refresh",
    "sandbox-salesforce-secret",
    "ya29.sandbox-",
    "AQsandbox-",
)
TYPED = f"{MAIL}typed@canary.example"

_ADDRESS = re.compile(r"([\w.%-]+)((?:\+[\w-]+)?@)")


def plant(folder: Path) -> None:
    """Put canaries into every record of a generated data set, alike for one person everywhere."""
    for file in sorted(folder.glob("*/*.jsonl")):
        if file.parent.name == "truth":
            continue
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        path = f"{file.parent.name}/{file.stem}"
        for line in lines:
            _plant_line(path, line)
            if path == "salesforce/Lead" and line["Id"] == lines[0]["Id"]:
                line["NumberOfEmployees"] = -5  # breaks the contract: a row is set aside
        lines += _more(path, lines)
        file.write_text("".join(_disguised(json.dumps(line)) + "\n" for line in lines))


def _plant_line(path: str, line: dict[str, Any]) -> None:
    for name, canary in (("FirstName", FIRST), ("LastName", LAST)):
        if name in line:
            line[name] = canary
    if path in ("salesforce/Lead", "salesforce/Contact", "salesforce/Account"):
        line["Phone"] = f"+49 {PHONE}"
    if path == "salesforce/User":
        line["Name"] = f"{FIRST} {LAST}"
    if path == "salesforce/Lead":
        line["Company"] = f"{line['Company']} {TYPED}"
        line["Description"] = f"{FIRST} wrote from {TYPED}"
        line["Landing_Page__c"] = (
            f"https://www.fernhill.example/?email={TYPED.replace('@', '%40')}&q={TYPED}"
        )
        line["Referrer__c"] = f"https://mail.example/?to={TYPED.replace('@', '%2540')}"
        line["UTM_Content__c"] = TYPED
    if path == "salesforce/Opportunity":
        line["Name"] = f"{line['Name']} {TYPED}"
    if path in ("salesforce/Task", "salesforce/Event"):
        line |= {"Subject": f"Call {TYPED}", "Description": f"{FIRST} {LAST}, {PHONE}"}
    if path == "meta/leads":
        line["field_data"] = [
            {"name": "full_name", "values": [f"{FIRST} {LAST}"]},
            {"name": "phone_number", "values": [f"+49{PHONE}"]},
            {"name": "what_do_you_need", "values": [f"write to {TYPED}"]},
            *(each for each in line["field_data"] if each["name"] == "email"),
        ]
    if path == "linkedin/lead_form_responses":
        for answer in line["formResponse"]["answers"]:
            text = answer["answerDetails"]["textQuestionAnswer"]
            if "@" not in text["answer"]:
                text["answer"] = f"{FIRST} {LAST} {PHONE}"


def _more(path: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Changes of personal fields, beside the changes of status there are."""
    if path not in ("salesforce/LeadHistory", "salesforce/OpportunityFieldHistory"):
        return []
    values = {
        "Email": TYPED, "Phone": PHONE, "FirstName": FIRST, "LastName": LAST, "Name": LAST,
        "Company": f"GmbH {TYPED}", "Description": TYPED, "NextStep": f"call {TYPED}",
    }  # fmt: skip
    return [
        {**lines[0], "Id": f"{lines[0]['Id'][:9]}zz{number:04}AAA", "Field": field,
         "OldValue": value, "NewValue": f"{value} too"}
        for number, (field, value) in enumerate(values.items())
    ]  # fmt: skip


def _disguised(text: str) -> str:
    """Every address with its person's canary in place of the person's name."""

    def canary(found: re.Match[str]) -> str:
        local, tail = found.groups()
        if local.startswith(MAIL):
            return local + tail
        return MAIL + hashlib.sha256(local.lower().encode()).hexdigest()[:8] + tail

    return _ADDRESS.sub(canary, text)


def findings(home: Path, canaries: tuple[str, ...]) -> list[str]:
    """Where in a home a canary stands: files however packed, tables, Airflow's own database."""
    found = []
    lowered = {canary: canary.lower() for canary in canaries}
    for file in sorted(path for path in home.rglob("*") if path.is_file()):
        where = file.relative_to(home)
        if where.parts[0] == "tokens":
            continue
        for place, text in _texts(file):
            plain = text.lower()
            found += [
                f"{where}{place}: {canary}" for canary, word in lowered.items() if word in plain
            ]
    return found


def _texts(file: Path) -> Iterator[tuple[str, str]]:
    """(place within the file, text), raw bytes first: what a format hides is read by its reader."""
    raw = file.read_bytes()
    yield "", raw.decode("utf-8", "replace")
    if raw[:2] == b"\x1f\x8b":
        yield " unpacked", gzip.decompress(raw).decode("utf-8", "replace")
    elif raw[:4] == b"\x28\xb5\x2f\xfd":
        with pyarrow.CompressedInputStream(pyarrow.BufferReader(raw), "zstd") as plain:
            yield " unpacked", plain.read().decode("utf-8", "replace")
    elif raw[:4] == b"PAR1":
        yield " rows", str(pyarrow.parquet.read_table(file).to_pylist())
    elif raw[:15] == b"SQLite format 3":
        yield from _sqlite(file)
    elif raw[8:12] == b"DUCK":
        yield from _duckdb(file)


def _sqlite(file: Path) -> Iterator[tuple[str, str]]:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    for (table,) in connection.execute("select name from sqlite_master where type = 'table'"):
        rows = connection.execute(f'select * from "{table}"').fetchall()  # noqa: S608
        yield f" {table}", str(rows)
    connection.close()


def _duckdb(file: Path) -> Iterator[tuple[str, str]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() order by all"
        ).fetchall()
        for schema, table in tables:
            query = f'select cast(each as varchar) from "{schema}"."{table}" as each'  # noqa: S608
            rows = connection.execute(query).fetchall()
            yield f" {schema}.{table}", str(rows)
