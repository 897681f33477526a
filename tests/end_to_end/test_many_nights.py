"""Who loads every night has in the end what one load at the last day gives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from include import warehouse
from include.registry import SOURCES, source_named
from tests.conftest import IS_FULL
from tests.end_to_end import small_world
from tests.end_to_end.quick import Verdicts, contents, load, settings_for
from tests.sandbox.running import Sandbox, write_data_set

NIGHTS = 40 if IS_FULL else 9
FIRST = date(2026, 10, 12)
LAST = FIRST + timedelta(NIGHTS - 1)
EMPTY = {
    "stg_crm_tasks",
    "stg_crm_events",
    "stg_crm_exchange_rates",
    "stg_crm_opportunity_field_history",
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Sandbox]) -> Sandbox:
    folder = tmp_path_factory.mktemp("small")
    write_data_set(folder, small_world.files(FIRST, NIGHTS), as_of=str(LAST))
    return serve(folder)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@pytest.mark.campaign
@pytest.mark.parametrize("name", [source.name for source in SOURCES])
def test_18_20_many_nights_in_sequence_equal_one_load_at_the_last_day(
    name: str, tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Restated days, late conversions, spend cut to zero, campaigns and leads that come and go."""
    monkeypatch.setenv("CLOSED_LOOP_HASH_KEY", "the same in both homes")
    source = source_named(name)
    tables = list(dict.fromkeys(stream.table for stream in source.streams))
    start = {"CLOSED_LOOP_HISTORY_START": str(FIRST)}
    nightly = settings_for(sandbox, tmp_path / "nightly", **start)
    at_once = settings_for(sandbox, tmp_path / "once", **start)
    verdicts = Verdicts(tmp_path / "verdicts")
    for settings in (nightly, at_once):
        warehouse.prepare(settings, SOURCES)
    moved, found = 0, contents(nightly, tables)
    for night in range(1, NIGHTS):
        day = FIRST + timedelta(night)
        sandbox.set_clock(str(day))
        load(nightly, source, sandbox, noon(day), noon(day), verdicts)
        before, found = found, contents(nightly, tables)
        moved += any(row not in found[name] for name in found for row in before[name])
    load(at_once, source, sandbox, noon(LAST), noon(LAST), verdicts)

    anew = contents(at_once, tables)
    assert {name for name, rows in anew.items() if not rows} <= EMPTY
    few = 4 if source.kind == "crm" else NIGHTS / 5
    assert moved > few, "the world stood still"
    if source.kind == "crm":
        is_gone = [row["lead_id"] == small_world.HARD_DELETED for row in found["stg_crm_leads"]]
        gone = found["stg_crm_leads"].pop(is_gone.index(True))
        assert gone["is_deleted"]
    for table, rows in anew.items():
        assert found[table] == rows, table


def test_the_names_that_campaigns_bore_are_kept(tmp_path: Path, sandbox: Sandbox) -> None:
    settings = settings_for(sandbox, tmp_path, CLOSED_LOOP_HISTORY_START=str(LAST))
    warehouse.prepare(settings, SOURCES)
    for day in (FIRST, LAST - timedelta(1), LAST):
        sandbox.set_clock(str(day))
        load(
            settings,
            source_named("facebook_ads"),
            sandbox,
            noon(day),
            noon(day),
            Verdicts(tmp_path / f"verdicts {day}"),
        )
    names = warehouse.read(
        settings,
        "select campaign_name, campaign_status, valid_from_at, valid_to_at "
        "from staging.stg_campaign_history order by campaign_id, valid_from_at",
    )
    first, second = noon(FIRST), noon(LAST - timedelta(1))
    assert [tuple(row.values()) for row in names] == [
        ("Brand", "ACTIVE", first, second),
        ("Brand renamed", "ACTIVE", second, None),
        ("Leads", "ACTIVE", first, second),
        ("Leads", "DELETED", second, None),
        ("Webinar", "ACTIVE", second, None),
    ]
