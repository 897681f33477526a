"""Promise 44: a lost warehouse is made anew from what was landed, to the same hash."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from include import ingestion, loads, quality, rebuild, warehouse
from include.contracts.marts import MART_TABLES
from include.settings import Settings
from include.warehouse import models
from include.warehouse.engine import engine_of
from include.warehouse.replaced import REPLAYED
from tests.warehouse.nights import load_night
from tests.warehouse.test_faults import kill_at
from tests.warehouse.world import CRM, FIRST, NETWORK, days, land, load, run, spend_by_day, spent

SOURCES = (NETWORK, CRM)
WORKING = [f"{table.schema}.{table.name}" for table in REPLAYED] + ["ops.known_accounts"]
MARTS = [f"marts.{table.name}" for table in MART_TABLES]
NIGHTS = 5


def lose(settings: Settings) -> None:
    """Everything but what was landed."""
    if settings.warehouse_url.startswith("duckdb"):
        Path(settings.warehouse_url.removeprefix("duckdb:///")).unlink()
        settings.marts_file.unlink(missing_ok=True)
        return
    with engine_of(settings).write("lose") as session:
        session.run("drop schema if exists staging, ops, build, marts cascade")


def staged_alone(settings: Settings, night: int, *records: Any) -> str:
    """A load of campaign days through ingestion, which lists it; its batch."""
    batch = land(settings, NETWORK, "campaign_daily", night, records, days(1))
    quality.check(settings, NETWORK, batch)
    ingestion.stage(settings, NETWORK, [batch.batch_id], run(night))
    return batch.batch_id


def test_44_a_lost_warehouse_is_rebuilt_to_the_same_hash(prepared: Settings) -> None:
    for night in range(NIGHTS):
        load_night(prepared, 1, night)
    version = warehouse.prepare(prepared, SOURCES)
    warehouse.build(prepared, *(model.name for model in models.models()))
    warehouse.require_clean(prepared, models.audits(), version)
    warehouse.publish(prepared, run(NIGHTS - 1))
    before = warehouse.fingerprint(prepared, [*WORKING, *MARTS])
    for name in ("staging.stg_campaign_daily", "ops.restatements", "ops.schema_changes"):
        assert not before[name].startswith("0:"), f"{name} is empty: nothing would be compared"
    lose(prepared)

    rebuilt = rebuild.rebuild(prepared, SOURCES)
    rebuild.publish(prepared, SOURCES, rebuilt.run)

    assert rebuilt.load_count == 2 * NIGHTS
    assert warehouse.fingerprint(prepared, [*WORKING, *MARTS]) == before


def test_18_44_restatements_and_all_else_staged_equal_a_full_rebuild(new_settings: Any) -> None:
    """Promise 18, the oracle being a rebuild; an older extract and a retry come in between."""
    settings = new_settings("duckdb")
    warehouse.prepare(settings, SOURCES)
    for night in (0, 1, 3, 2, 3, 4):
        load_night(settings, 2, night)
    before = warehouse.fingerprint(settings, WORKING)
    with engine_of(settings).write("test") as session:
        session.run("delete from ops.restatements")
        session.run("update staging.stg_campaign_daily set spend = spend + 1")
    rebuild.rebuild(settings, SOURCES)
    assert warehouse.fingerprint(settings, WORKING) == before
    assert warehouse.audit(settings, "restatements_add_up_to_the_ledgers").wrong_count == 0


def test_2_44_a_kill_while_rebuilding_leaves_the_warehouse_as_it_was(prepared: Settings) -> None:
    settings = prepared
    staged_alone(settings, 0, spent("a", 0, "10"))
    with engine_of(settings).write("test") as session:
        session.run("update staging.stg_campaign_daily set spend = 11")
    kill_at(settings, "rebuild.before_commit", "rebuild")
    assert spend_by_day(settings) == {FIRST: Decimal(11)}
    rebuild.rebuild(settings, SOURCES)
    assert spend_by_day(settings) == {FIRST: Decimal(10)}


def test_what_was_landed_and_not_staged_is_not_replayed(new_settings: Any) -> None:
    settings = new_settings("duckdb")
    warehouse.prepare(settings, SOURCES)
    staged_alone(settings, 0, spent("a", 0, "10"))
    land(settings, NETWORK, "campaign_daily", 1, [spent("a", 0, "99")], days(1))
    rebuild.rebuild(settings, SOURCES)
    assert spend_by_day(settings) == {FIRST: Decimal(10)}


def test_a_load_whose_line_a_kill_cut_short_is_replayed(new_settings: Any) -> None:
    settings = new_settings("duckdb")
    warehouse.prepare(settings, SOURCES)
    staged_alone(settings, 0, spent("a", 0, "10"))
    second = staged_alone(settings, 1, spent("a", 0, "8"))
    (path,) = settings.landing.glob("*/*/loads.jsonl")
    lines = path.read_text().splitlines()
    assert [json.loads(line) for line in lines][2:] == [
        {kind: [second]} for kind in ("staging", "batch_ids")
    ]
    path.write_text("\n".join([*lines[:3], lines[3][:20]]))
    staged_alone(settings, 2, spent("b", 0, "0"), spent("a", 0, "8"))
    before = warehouse.fingerprint(settings, WORKING)
    listed = [
        [batch.extracted_at for batch in load.batches]
        for load in loads.loads(settings, NETWORK.name)
    ]
    assert listed == [[run(night).started_at] for night in (0, 1, 2)]

    path.write_text("\n".join([*lines[:2], ""]))
    with engine_of(settings).write("test") as session:
        session.run("delete from staging.stg_campaign_daily")
    rebuild.rebuild(settings, SOURCES)  # later loads are named by rows alone
    after = warehouse.fingerprint(settings, WORKING)
    staged = "staging.stg_campaign_daily"
    assert (after[staged], after["ops.load_ledger"]) == (before[staged], before["ops.load_ledger"])


def test_loads_of_a_release_that_kept_no_list_are_told_by_their_instant(new_settings: Any) -> None:
    settings = new_settings("duckdb")
    warehouse.prepare(settings, SOURCES)
    for night, spend in enumerate(("10", "7", "9")):
        load(settings, NETWORK, "campaign_daily", night, [spent("a", 0, spend)], days(1))
    before = warehouse.fingerprint(settings, WORKING)
    assert not list(settings.landing.rglob("loads.jsonl"))
    lose(settings)
    rebuild.rebuild(settings, SOURCES)
    after = warehouse.fingerprint(settings, WORKING)
    del before["ops.known_accounts"], after["ops.known_accounts"]
    assert after == before


def test_what_is_no_longer_landed_is_never_thrown_away(new_settings: Any) -> None:
    settings = new_settings("duckdb")
    with pytest.raises(warehouse.WarehouseError, match="nothing was landed"):
        rebuild.rebuild(settings, SOURCES)  # a folder that is no home
    assert not list(settings.home.glob("*.duckdb"))
    warehouse.prepare(settings, SOURCES)
    assert ingestion.stage(settings, NETWORK, [], run(0)) == 0  # a night with nothing to ask for
    with pytest.raises(warehouse.WarehouseError, match="nothing was landed"):
        rebuild.rebuild(settings, SOURCES)
    staged_alone(settings, 0, spent("a", 0, "10"))
    moved = land(settings, NETWORK, "campaign_daily", 1, [spent("b", 1, "1")], days(1, FIRST))
    gone = staged_alone(settings, 2, spent("a", 0, "12"))
    (folder,) = settings.landing.glob(f"*/*/*/{gone}")
    folder.rename(settings.home / "elsewhere")
    with pytest.raises(warehouse.WarehouseError, match=rf"1 batches .*{gone}.*Nothing was changed"):
        rebuild.rebuild(settings, SOURCES)
    assert spend_by_day(settings) == {FIRST: Decimal(12)}
    assert moved.folder.exists()
    assert not list(settings.home.glob("rebuild-*"))
