"""What is removed from landing, and that a rebuild does not miss it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from include import ingestion, landing, rebuild, retention, warehouse
from include.refusals import DaysRefused
from include.settings import Settings
from tests.warehouse.nights import load_night, stage_night
from tests.warehouse.test_rebuild import SOURCES, WORKING, lose, staged_alone
from tests.warehouse.world import (
    CRM,
    FIRST,
    NETWORK,
    campaign,
    days,
    land,
    member,
    run,
    spent,
    total,
)


def landed(settings: Settings) -> set[str]:
    return {
        batch.batch_id for source in SOURCES for batch in landing.batches(settings, source.name)
    }


def test_a_rebuild_after_a_clean_up_gives_what_one_before_it_would(new_settings: Any) -> None:
    settings = replace(new_settings("duckdb"), landing_days=1)
    warehouse.prepare(settings, SOURCES)
    nights = 9
    for night in range(nights):
        load_night(settings, 7, night)
    before, batches = warehouse.fingerprint(settings, WORKING), landed(settings)
    deleted = warehouse.read(
        settings, "select count(*) as n from staging.stg_crm_campaign_members where is_deleted"
    )
    assert deleted[0]["n"] > 0, "nothing was deleted: the hard case would not be tried"

    late = run(nights + 1)
    dry = retention.clean(settings, SOURCES, late, is_dry_run=True)
    assert landed(settings) == batches
    assert retention.clean(settings, SOURCES, late, is_dry_run=False) == dry
    assert len(landed(settings)) == len(batches) - dry.batch_count
    assert dry.batch_count >= 3
    assert dry.byte_count > 0
    again = retention.clean(settings, SOURCES, late, is_dry_run=False)
    assert (again.batch_count, again.byte_count) == (0, 0)

    lose(settings)
    rebuild.rebuild(settings, SOURCES)
    assert warehouse.fingerprint(settings, WORKING) == before


@pytest.mark.parametrize("first", [0, 1])
def test_44_a_day_that_was_refused_is_refused_again_by_a_rebuild_after_a_clean_up(
    new_settings: Any, first: int
) -> None:
    """Its control total stays with it, whether or not the last night asked for that day again."""
    settings = replace(new_settings("duckdb"), landing_days=1)
    warehouse.prepare(settings, SOURCES)

    def night(number: int, first: int, spend: list[str], totals: list[str]) -> None:
        window = days(len(spend), FIRST + timedelta(first))
        told = [spent("a", first + day, amount) for day, amount in enumerate(spend)]
        controls = [total(first + day, amount) for day, amount in enumerate(totals)]
        stage_night(
            settings,
            NETWORK,
            number,
            [
                ("campaign_daily", number, told, window),
                ("account_daily", number, controls, window),
            ],
        )

    night(0, 0, ["10", "20"], ["10", "20"])
    with pytest.raises(DaysRefused):
        night(1, 0, ["3", "21"], ["10", "21"])
    night(2, first, ["10", "22"][first:], ["10", "22"][first:])
    tables = [name for name in WORKING if name != "ops.known_accounts"]  # no night here told any
    before = warehouse.fingerprint(settings, tables)
    retention.clean(settings, SOURCES, run(99), is_dry_run=False)
    rebuild.rebuild(settings, SOURCES)
    assert warehouse.fingerprint(settings, tables) == before


def test_records_without_a_list_of_their_keys_are_kept(new_settings: Any) -> None:
    settings = replace(new_settings("duckdb"), landing_days=1)
    warehouse.prepare(settings, SOURCES)
    known = member("00v0", run(0).as_of - timedelta(hours=1))
    stage_night(settings, CRM, 0, [("members", 0, [known], None, None)])
    cleaned = retention.clean(settings, SOURCES, run(99), is_dry_run=False)
    assert cleaned.batch_count == 0


def test_only_what_is_old_and_left_over_goes(new_settings: Any) -> None:
    settings = new_settings("duckdb")
    assert settings.landing_days == 90
    warehouse.prepare(settings, SOURCES)
    night = run(100)
    never_staged = land(settings, NETWORK, "campaigns", 2, [campaign("a", "A")])
    young = land(settings, NETWORK, "campaigns", 11, [campaign("a", "B")])
    staged = staged_alone(settings, 1, spent("a", 0, "1"))
    (stream,) = settings.landing.glob("*/*/campaign_daily")
    killed = stream / ".partial-20261101T120000000000Z-00000000"
    killed.mkdir()
    note, new_note, replayed = (
        settings.home / name
        for name in ("failures/x/old.jsonl", "failures/x/new.jsonl", "rebuild-x/f.duckdb")
    )
    for path, age in ((note, 91), (new_note, 89), (replayed, 2)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
        at = (night.started_at - timedelta(age)).timestamp()
        for each in (path, path.parent):
            os.utime(each, (at, at))

    def alive() -> Any:
        yield campaign("a", "C")
        cleaned = retention.clean(settings, SOURCES, night, is_dry_run=False)
        assert (cleaned.batch_count, cleaned.leftover_count) == (1, 3)
        yield campaign("b", "C")

    writing = land(settings, NETWORK, "campaigns", 100, alive())

    assert landed(settings) == {young.batch_id, staged, writing.batch_id}
    assert writing.record_count == 2
    left = [path.exists() for path in (never_staged.folder, killed, note, replayed, new_note)]
    assert left == [False, False, False, False, True]
    assert not list(Path(settings.landing).rglob(".partial-*"))


def test_before_the_first_load_there_is_nothing_to_remove(new_settings: Any) -> None:
    cleaned = retention.clean(new_settings("duckdb"), SOURCES, run(1), is_dry_run=False)
    assert cleaned == retention.Cleaned(0, 0, 0)


def test_44_nothing_is_removed_while_a_rebuild_reads_it(prepared: Settings) -> None:
    settings = replace(prepared, landing_days=1)
    told_alike = {staged_alone(settings, night, spent("a", 0, "10")) for night in range(3)}
    asked = []

    def parse(account: Any, stream: str, records: Any) -> Any:
        with pytest.raises(landing.InUse, match="nothing was removed"):
            retention.clean(settings, SOURCES, run(99), is_dry_run=False)
        asked.append(stream)
        yield from map(dict, records)

    rebuild.rebuild(settings, (replace(NETWORK, parse=parse), CRM))
    assert len(asked) == len(told_alike)
    assert landed(settings) == told_alike
    assert retention.clean(settings, SOURCES, run(99), is_dry_run=False).batch_count
    rebuild.rebuild(settings, SOURCES)


def test_44_nothing_is_removed_while_it_is_staged(prepared: Settings) -> None:
    """Else a task that is cleared months later leaves rows of a batch that is no longer landed."""
    settings = replace(prepared, landing_days=1)
    old = land(settings, NETWORK, "campaign_daily", 0, [spent("a", 0, "10")], days(1))

    def ids() -> Any:
        yield from ingestion.validate(settings, NETWORK, [old.batch_id])
        with pytest.raises(landing.InUse, match="nothing was removed"):
            retention.clean(settings, SOURCES, run(99), is_dry_run=False)

    staging: Any = ids()
    assert ingestion.stage(settings, NETWORK, staging, run(0)) == 1
    assert retention.clean(settings, SOURCES, run(99), is_dry_run=False).batch_count == 0
    rebuild.rebuild(settings, SOURCES)
