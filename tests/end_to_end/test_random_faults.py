"""Whatever befalls the calls of a night: staging is right, or the run is red and staging as it was.

There is no third outcome. Each plan is drawn from a seed, so one that fails can be run again alone:
``pytest -k "<source> and <block>"``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include import ingestion, landing, warehouse
from include.contracts.shape import Table
from include.landing import Batch
from include.quality import ContractBroken
from include.refusals import DaysRefused
from include.registry import SOURCES, source_named
from include.run import Run
from include.settings import Settings
from include.sources import (
    Source,
    SourceRefused,
    SourceUnavailable,
    google_ads_client,
    google_analytics_client,
)
from tests import forked
from tests.conftest import campaign
from tests.end_to_end import fault_plans, small_world
from tests.end_to_end.quick import Verdicts, content_of, contents, land, load, settings_for
from tests.sandbox.running import Sandbox, write_data_set
from tests.warehouse.steps import FAILPOINTS

PLANS, BLOCK = 210, 15
APIS = {
    "facebook_ads": "meta",
    "google_ads": "google",
    "linkedin_ads": "linkedin",
    "salesforce": "salesforce",
    "google_analytics": "ga4",
}
MARKS = ("is_thresholded", "has_other_row", "is_sampled")
"""What GA4 says of figures that it withheld, rolled up or estimated."""
LAST = date(2026, 11, 20)
DAYS, EARLIER = 7, LAST - timedelta(3)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


class Night:
    """The last night of one source, to be lived through again and again.

    Before it an earlier night was loaded, so there is something that must stay as it was.
    """

    def __init__(self, source: Source, sandbox: Sandbox, home: Path) -> None:
        start = {"CLOSED_LOOP_HISTORY_START": str(LAST - timedelta(DAYS - 1))}
        self.source = replace(source, usage=None)
        self.sandbox = sandbox
        self.sound = settings_for(sandbox, home, **start)
        self.hasty = settings_for(sandbox, home, CLOSED_LOOP_RETRY_SECONDS="1", **start)
        self.login = sandbox.connection(source.connection_id)
        self.verdicts = Verdicts(home / "verdicts")
        self.run = Run("last", noon(LAST), noon(LAST))
        self.tables: list[Table] = [
            table
            for stream in source.streams
            if stream.by_default
            for table in (stream.table, stream.history)
            if table is not None
        ]
        self._live_through()

    def _live_through(self) -> None:
        """The earlier night, then the last one, in which nothing fails."""
        warehouse.prepare(self.sound, SOURCES)
        self.sandbox.set_clock(str(EARLIER))
        at = noon(EARLIER)
        load(self.sound, self.source, self.sandbox, at, at, self.verdicts)
        self.before = contents(self.sound, self.tables)
        self.sandbox.reset()
        [plan] = ingestion.plan(self.sound, self.source, self.login, self.run, {})
        batches = land(self.sound, self.source, self.login, self.run, plan)
        self.answers = {content_of(batch) for batch in batches}
        self.calls = [call for call in self.sandbox.log() if call["api"] == APIS[self.source.name]]
        with self.earlier_warehouse() as settings:
            self.stage(settings, batches)
            self.after = contents(settings, self.tables)
        assert self.after != self.before

    @contextmanager
    def earlier_warehouse(self) -> Iterator[Settings]:
        """Settings of a warehouse that is as the earlier night left it."""
        file = self.sound.home / "plan.duckdb"
        shutil.copy(self.sound.home / "warehouse.duckdb", file)
        yield replace(self.sound, warehouse_url=f"duckdb:///{file}")

    def stage(self, settings: Settings, batches: Sequence[Batch]) -> None:
        """What the tasks after landing do."""
        self.verdicts.validate(settings, self.source, batches)
        ids = [batch.batch_id for batch in batches]
        ingestion.stage(settings, self.source, ids, self.run)

    def outcome(self, rules: Sequence[Any]) -> str:
        """How the last night ends under a fault plan; fails if it ends in a third way.

        An account that is closed is left out, with a word in the log, and stays as it was. Rows of
        fewer figures than there are say so: they are marked.
        """
        self.sandbox.set_faults(rules)
        hurry = pytest.MonkeyPatch()
        for client in (google_ads_client, google_analytics_client):
            hurry.setattr(client, "_CALL_SECONDS", 1)  # an answer that hangs is waited for
        try:
            plans = ingestion.plan(self.hasty, self.source, self.login, self.run, {})
            if not plans and "google-account-not-enabled" in fault_plans.kinds(rules):
                return "closed"  # no account is planned, so none is touched
            batches = [
                batch
                for plan in plans
                for batch in land(self.hasty, self.source, self.login, self.run, plan)
            ]
            if {content_of(batch) for batch in batches} == self.answers:
                return "right"  # the same answers make the same tables
            return self._staged(batches)
        except (SourceUnavailable, SourceRefused) as error:
            # the warehouse was not touched
            return "red" if str(error) else "red without a word"
        finally:
            hurry.undo()
            self.sandbox.set_faults([])
            shutil.rmtree(self.hasty.landing, ignore_errors=True)

    def _staged(self, batches: Sequence[Batch]) -> str:
        refused: Collection[date] = ()
        is_refused_whole = is_marked = False
        with self.earlier_warehouse() as settings:
            try:
                self.stage(settings, batches)
            except DaysRefused as error:
                refused = error.reasons.keys()
            except ContractBroken:
                is_refused_whole = True
            now = contents(settings, self.tables)
        for table in self.tables:
            before, after = self.before[table.name], self.after[table.name]
            if is_refused_whole:
                expected = before
            elif "date_day" in table.column_names:
                expected = [row for row in before if row["date_day"] in refused]
                expected += [row for row in after if row["date_day"] not in refused]
            else:
                expected = after
            rows, expected = _in_order(now[table.name], table), _in_order(expected, table)
            if any(row.get(mark) for row in rows for mark in MARKS):
                _assert_told(rows, expected)
                is_marked = True
            else:
                assert rows == expected, table.name
        if refused or is_refused_whole:
            return "red"
        return "marked" if is_marked else "right"


def _assert_told(rows: Sequence[Mapping[str, Any]], expected: Sequence[Mapping[str, Any]]) -> None:
    """Rows that are marked have fewer users or none, and all else of their day adds up."""
    for row in rows:
        assert row in expected or any(row.get(mark) for mark in MARKS), row
    assert _sums(rows) == _sums(expected)


def _sums(rows: Sequence[Mapping[str, Any]]) -> dict[Any, Counter[str]]:
    """What adds up, of each day or month."""
    sums: dict[Any, Counter[str]] = defaultdict(Counter)
    for row in rows:
        when = row["date_day"] if "date_day" in row else row["visit_month"]
        names = ("sessions", "engaged_sessions", "key_events")
        sums[when].update({name: row[name] for name in names})
    return sums


def _in_order(rows: Sequence[Mapping[str, Any]], table: Table) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: tuple(str(row[name]) for name in table.key))


@pytest.fixture(scope="module")
def night_of(
    tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Sandbox]
) -> Iterator[Callable[[str], Night]]:
    """``night_of(source name)``: its last night, prepared once."""
    data = tmp_path_factory.mktemp("small")
    first = LAST - timedelta(DAYS - 1)
    write_data_set(data, small_world.files(first, DAYS), as_of=str(LAST))
    sandbox = serve(data)
    nights: dict[str, Night] = {}

    def of(name: str) -> Night:
        if name not in nights:
            nights[name] = Night(source_named(name), sandbox, tmp_path_factory.mktemp(name))
        return nights[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLOSED_LOOP_HASH_KEY", "the same in every home")
        yield of


@pytest.mark.campaign
@pytest.mark.parametrize("block", range(campaign(PLANS) // BLOCK))
@pytest.mark.parametrize("name", APIS)
def test_5_i1_there_is_no_third_outcome(
    name: str, block: int, night_of: Callable[[str], Night]
) -> None:
    night = night_of(name)
    outcomes = []
    for seed in range(block, PLANS, PLANS // BLOCK):
        rules = fault_plans.plan(APIS[name], night.calls, seed)
        try:
            outcomes.append(night.outcome(rules))
        except BaseException as error:
            error.add_note(f"under plan {seed}: {json.dumps(rules)}")
            raise
    assert {"right", "red"} <= set(outcomes) <= {"right", "red", "closed", "marked"}


@pytest.mark.parametrize("name", APIS)
def test_the_plans_are_of_every_kind(name: str, night_of: Callable[[str], Night]) -> None:
    api, night = APIS[name], night_of(name)
    drawn = set().union(
        *(fault_plans.kinds(fault_plans.plan(api, night.calls, seed)) for seed in range(PLANS))
    )
    assert drawn >= {*fault_plans.presets(api), *fault_plans.kinds_of(api)}


def _extract(
    settings: Settings, name: str, login: Mapping[str, str], plan: ingestion.Plan, said: Any
) -> None:
    os.environ.update(said)
    run = Run("last", noon(LAST), noon(LAST))
    ingestion.land(settings, replace(source_named(name), usage=None), login, run, plan)


@pytest.mark.parametrize("name", APIS)
def test_1_killed_in_extract_it_stages_nothing_and_lands_the_same_when_run_again(
    name: str, night_of: Callable[[str], Night]
) -> None:
    night = night_of(name)
    shutil.rmtree(night.sound.landing, ignore_errors=True)
    [plan] = ingestion.plan(night.sound, night.source, night.login, night.run, {})
    try:
        for failpoint in FAILPOINTS["land"]:
            said = {**os.environ, "CLOSED_LOOP_FAILPOINT": failpoint}
            killed = forked.start(_extract, night.sound, name, night.login, plan, said)
            killed.join()
            assert killed.exitcode == -signal.SIGKILL, failpoint
            read = {content_of(batch) for batch in landing.batches(night.sound, name)}
            assert read < night.answers, "a batch that is read is whole, and some are missing"
            assert list(night.sound.landing.rglob(".partial-*")), failpoint
        assert contents(night.sound, night.tables) == night.before
        batches = land(night.sound, night.source, night.login, night.run, plan)
        assert {content_of(batch) for batch in batches} == night.answers
    finally:
        shutil.rmtree(night.sound.landing, ignore_errors=True)
