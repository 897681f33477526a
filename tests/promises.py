"""What must survive which fault, and the tests that hold it: ``python -m tests.promises``.

A test that proves a row bears its number: ``test_14_…``, ``test_1_2_3_…``, ``test_i4_…`` for an
invariant; a case of tests/sql is named ``14_….yaml``. This module finds them by their names alone,
imports none of them, and writes tests/README.md; test_promises.py holds the two together.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
README = FOLDER / "README.md"

NAME = re.compile(r"(?P<rows>(?:i?\d+_)+)(?:fault_(?:also_|(?:\d+_)+))?(?P<sentence>[a-z].*)")
"""Of a test's name; the numbers after ``fault`` are those of the sandbox's list of faults."""


@dataclass(frozen=True)
class Promise:
    """One row: ``number`` as test names bear it, ``levels`` at which it must be proved."""

    number: str
    fault: str
    promise: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Gap:
    """What of a row is not tested at a level, and why.

    ``part`` names it where the rest of that level is tested.
    """

    number: str
    level: str
    why: str
    part: str = ""


@dataclass(frozen=True)
class Test:
    """A test, or a case of tests/sql, with the rows its name bears; ``file`` below tests/."""

    __test__ = False  # for pytest: no class of tests

    file: str
    sentence: str
    numbers: tuple[str, ...]


LEVELS = {
    "U": "unit or property",
    "S": "the sandbox, over the real protocols",
    "D": "real DuckDB and real PostgreSQL",
    "A": "Airflow",
    "B": "a browser",
    "CI": "each time everything is checked",
}
ROOMS: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("contract/", "does each system's recorded answer become our row?", ("U",)),
    ("sandbox/", "do the sources read the sandbox right, whatever befalls an answer?", ("S",)),
    ("sql/", "given rows, expected rows: every model and audit, on both engines", ("D",)),
    ("opinion/", "does a slow second opinion in plain Python agree with the SQL?", ("D",)),
    ("estimates/", "are the models that learn right, by their definitions?", ("U",)),
    ("warehouse/", "the verbs on real engines, under kills, races and outages", ("U", "D")),
    ("dags/", "are there exactly the DAGs promised, wired and documented?", ("U", "A")),
    ("end_to_end/", "sandbox, pipeline, Airflow, marts: whole nights", ("S", "D", "A")),
    ("report/", "the page, asked over HTTP and in a browser", ("U", "A", "B")),
    ("trial/", "`make models`: the models on rows of one's own", ("U",)),
    ("bench/", "benchmarks; `make bench` runs them", ()),
    ("", "imports, documents, locks, compose, planning", ("U", "CI")),
)
"""Folders below tests/, the question each asks, and the levels its tests can prove."""

PROMISES = (
    Promise("1", "killed in extract", "nothing staged, no half batch read, done again it is whole",
            ("S", "D")),
    Promise("2", "killed in load", "old or new, with its ledger row, and the same end", ("D",)),
    Promise("3", "killed in publish", "readers keep a whole build; nothing is left lying", ("D",)),
    Promise("4", "pages or rows twice, in another order", "the same rows; repeats counted; two "
            "figures for one key refuse the day", ("U", "S", "D")),
    Promise("5", "pages missing or in a circle, counts that lie", "noticed, never half a success",
            ("S",)),
    Promise("6", "LinkedIn's 15,000 elements", "split, or refused naming the day", ("S",)),
    Promise("7", "cut, foreign or trickling bodies", "tried again within bounds of time and size",
            ("S",)),
    Promise("8", "a storm of 5xx", "growing waits, at least as long as asked for, then a reason",
            ("S",)),
    Promise("9", "throttled, or out of quota", "the one waits; the other stops, keeps what is done "
            "and stops no other source", ("S", "A")),
    Promise("10", "token expired or revoked, token endpoint down", "renewed once, or refused by "
            "name without retries; its end is foretold", ("S", "A")),
    Promise("11", "a report that never ends", "bounded looks, smaller reports, then failure",
            ("S",)),
    Promise("12", "an API version or field ends", "foretold; that source stops alone", ("U", "S")),
    Promise("13", "the disk is full", "one sentence, the old marts, and on once there is room",
            ("D",)),
    Promise("14", "PostgreSQL restarts, cuts, deadlocks, cannot serialize, loses its answer",
            "the unit is done again whole and counts once", ("D",)),
    Promise("15", "the DuckDB file is locked", "waited for, then the holder is named", ("D",)),
    Promise("16", "two runs of one window at once", "one after the other; the latest extract "
            "stands", ("D", "A")),
    Promise("17", "a late task whose place was taken", "fenced by its lease", ("D",)),
    Promise("18", "spend restated, zeroed, vanished", "replaced, with old, new and delta kept; as "
            "if rebuilt", ("S", "D")),
    Promise("19", "deals re-dated, reopened, merged, deleted", "credit follows and still adds up",
            ("D",)),
    Promise("20", "Salesforce's ties, late commits, other clocks", "no record lost", ("S",)),
    Promise("21", "fields come, go, change type", "noted; a mapped one stops its source alone",
            ("S",)),
    Promise("22", "an empty day, a missing day, a collapse", "told apart; a collapse waits for a "
            "person", ("S", "D", "A")),
    Promise("23", "figures that cannot be", "set aside and kept with the reason; the day fails "
            "beyond tolerance; credits pass", ("U", "D")),
    Promise("24", "texts that break things", "capped, and the same on both engines", ("U", "D")),
    Promise("25", "SQL in names and ids", "bound or copied, never pasted", ("D",)),
    Promise("26", "script in names", "shown as text", ("B",)),
    Promise("27", "formulas in CSV files", "quoted", ("U",)),
    Promise("28", "changes of clocks, leap days, far zones", "a day is its account's", ("U", "D")),
    Promise("29", "currencies without a rate, odd digits", "a rate as of the day or none, never "
            "one to one", ("D",)),
    Promise("30", "division by zero", "NULL", ("D",)),
    Promise("31", "ten times a usual day", "streamed: memory stays bounded", ("S", "D")),
    Promise("32", "a worker or the scheduler dies", "queued again; nothing half", ("A",)),
    Promise("33", "a run that nobody made", "the watchdog is red by its hour; the page knows its "
            "age", ("D", "A", "B")),
    Promise("34", "some sources fail", "the others publish, marked incomplete", ("D", "A")),
    Promise("35", "secrets in logs, XCom, errors, URLs", "in none", ("S", "A")),
    Promise("36", "personal data", "hashed before it lands, found nowhere, erased on request",
            ("S", "D", "A")),
    Promise("37", "a BI role that wants more", "reads marts, within its time, and nothing else",
            ("D",)),
    Promise("38", "strangers on the page", "refused on every route", ("A", "B")),
    Promise("39", "hosts, redirects and links that lead elsewhere", "refused before anything is "
            "sent", ("S",)),
    Promise("40", "DuckDB reaching out", "shut off", ("D",)),
    Promise("41", "a missing encryption key", "compose does not start", ("U",)),
    Promise("42", "packages weak or changed", "locked by hash, audited", ("CI",)),
    Promise("43", "old code, new schema, half a migration", "whole migrations in order, or a "
            "refusal", ("D",)),
    Promise("44", "the warehouse is lost", "made anew from landing, to the same hash", ("D",)),
    Promise("i1", "whatever befalls", "a day of an account is all old or all new", ("D",)),
    Promise("i2", "a window run again", "as if run once", ("D",)),
    Promise("i3", "whatever befalls", "rows and their ledger row come together", ("D",)),
    Promise("i4", "a publish", "after every audit, and one build across all marts", ("D",)),
    Promise("i5", "any world", "credit equals the CRM, spend the platforms' totals", ("D",)),
    Promise("i6", "a day that is not there", "is marked", ("D",)),
    Promise("i7", "any output", "holds no secret and no clear e-mail", ("A",)),
    Promise("i8", "any amount", "is a decimal", ("U",)),
)  # fmt: skip

GAPS = (
    Gap("9", "S", "an account is staged whole or not at all, so they are read anew; what was "
        "loaded before stands, as do its other accounts",
        part="days of an account that were read before its quota ended"),
    Gap("13", "D", "no disk of a server is at hand that could be filled; the rule on SQLSTATE "
        "53100 stands in engine_postgres", part="PostgreSQL's own disk"),
    Gap("23", "U", "no fault: a click may fall on the day after its impression, so no table bears "
        "that rule, and the test holds one of its own to it",
        part="more clicks than impressions"),
    Gap("32", "A", "each takes a whole Airflow ten minutes of two cores; `make campaigns` does it",
        part="a killed task under `make up`, and on Celery a lost worker and a restarted "
        "scheduler, in `make test`"),
    Gap("42", "CI", "CI cannot reach the advisories; `make audit` asks them where they can be "
        "reached", part="the audit of known weaknesses"),
)  # fmt: skip

ARRANGED = """\
# The tests

{rooms}

Real parts throughout: DuckDB, a PostgreSQL from a wheel, the sandbox's servers, Airflow itself.
`conftest.py` hands out databases and settings, `forked.py` processes that start with everything
imported, so that a kill costs no import.

- All: `make test`, in three processes, about 23 minutes on two idle cores.
- One: `.venv/bin/python -m pytest -n 0 tests/warehouse/test_outages.py -k restarted`.
- `make campaigns`: what is left to chance as often as it is promised (kills at 200 instants an
  engine, 50 rounds of eight processes, 200 plans of faults a source, forty nights), the books of
  the whole default company (`make test` closes those of a third), and whole Airflows: `make up`
  with a killed task, the page in its UI, a held publish that is answered in each way there is, the
  night on Celery with its lost worker, `make run` killed and run again, every connection tried
  where all work; and one night of an invented company on both engines. `make test` does a tenth,
  and leaves those out. Such tests ask `campaign(200)` how often, and are marked
  `campaign`.
- This page: `make dictionary` writes it anew, from `promises.py` and the names of the tests.

## Which test holds which promise

A test that proves a row bears its number (`test_14_…`, `test_i4_…`; cases of `sql/` are named
`14_….yaml`); one that has two, proves a part of both. Levels: {levels}.
*Beside*: at a level that is not asked for. Where a row is not tested at a level, the reason stands
in its place.

"""


def find(folder: Path = FOLDER) -> list[Test]:
    """Every test and every case whose name bears numbers, by file and place in it."""
    found = []
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found += _named(path.relative_to(folder), node.name.removeprefix("test_"))
    for path in sorted((folder / "sql").glob("*/*.yaml")):
        found += _named(path.relative_to(folder), path.stem)
    return found


def _named(file: Path, name: str) -> Iterator[Test]:
    if match := NAME.fullmatch(name):
        numbers = match["rows"].removesuffix("_").split("_")
        yield Test(
            str(file),
            match["sentence"].replace("_", " "),
            tuple(n if n.startswith("i") else str(int(n)) for n in numbers),
        )


def levels_of(test: Test) -> tuple[str, ...]:
    """The levels that the room of a test can prove."""
    return next(levels for room, _, levels in ROOMS if test.file.startswith(room))


def of(promise: Promise, tests: Sequence[Test], level: str) -> list[Test]:
    """The tests of a promise at a level."""
    return [
        test for test in tests if promise.number in test.numbers and level in levels_of(test)
    ]  # fmt: skip


def wrong(tests: Sequence[Test], gaps: Sequence[Gap] = GAPS) -> list[str]:
    """What is wrong between promises, tests and reasons, a sentence each."""
    known = {promise.number: promise for promise in PROMISES}
    said = [
        f"{test.file}: '{test.sentence}' names row {number}, which does not exist"
        for test in tests
        for number in test.numbers
        if number not in known
    ]
    reasons = {(gap.number, gap.level): gap for gap in gaps}
    for promise in PROMISES:
        for level in promise.levels:
            has_test, gap = bool(of(promise, tests, level)), reasons.get((promise.number, level))
            where = f"row {promise.number} ({promise.fault}), level {level}"
            if not has_test and (gap is None or gap.part):
                said.append(f"{where}: no test bears its number, and no reason says why")
            elif has_test and gap and not gap.part:
                said.append(f"{where}: a test is there, so the reason has to go: {gap.why}")
    return said + [
        f"a reason is given for row {gap.number} at {gap.level}, which is not asked for"
        for gap in gaps
        if gap.number not in known or gap.level not in known[gap.number].levels
    ]


def render(tests: Sequence[Test], gaps: Sequence[Gap] = GAPS) -> str:
    """tests/README.md."""
    rooms = ["| folder | question |", "|---|---|"]
    rooms += [
        f"| `{room or '.'}` | {question} |"
        for room, question, _ in ROOMS
        if (FOLDER / room).is_dir()
    ]
    levels = "; ".join(f"**{level}** {meaning}" for level, meaning in LEVELS.items())
    rows = ["| # | fault | promise | proved by |", "|---|---|---|---|"]
    by_row: Mapping[str, list[Gap]] = {
        promise.number: [gap for gap in gaps if gap.number == promise.number]
        for promise in PROMISES
    }
    for promise in PROMISES:
        proofs = []
        for level in promise.levels:
            there = of(promise, tests, level)
            proofs += [
                f"{level}: **not tested**: {gap.part + ': ' if gap.part else ''}{gap.why}"
                for gap in by_row[promise.number]
                if gap.level == level and (gap.part or not there)
            ]
        for file, level in _files(promise, tests):
            told = "; ".join(
                test.sentence
                for test in tests
                if test.file == file and promise.number in test.numbers
            )
            proofs.append(f"{level}: [{_short(file)}]({file}): {told}")
        cells = (promise.number, promise.fault, promise.promise, "<br>".join(proofs))
        rows.append(f"| {' | '.join(cells)} |")
    text = ARRANGED.format(rooms="\n".join(rooms), levels=levels)
    return text + "\n".join(rows) + "\n"


def _files(promise: Promise, tests: Sequence[Test]) -> list[tuple[str, str]]:
    """The files with tests of a promise, and at which of its levels they prove it."""
    files = dict.fromkeys(test.file for test in tests if promise.number in test.numbers)
    proved = {
        file: [
            level
            for level in promise.levels
            if any(test.file == file for test in of(promise, tests, level))
        ]
        for file in files
    }
    return [(file, ", ".join(levels) or "*beside*") for file, levels in proved.items()]


def _short(file: str) -> str:
    path = Path(file)
    return f"{path.parent.name}/{path.stem}" if path.suffix == ".py" else path.parent.name


if __name__ == "__main__":
    README.write_text(render(find()), encoding="utf-8")
