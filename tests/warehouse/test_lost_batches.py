"""Promise 44 where something else is lost besides: a batch, a list of loads, a load's last line.

A rebuild gives what stood, or says what it lacks and changes nothing.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace as altered
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from include import ingestion, landing, loads, quality, rebuild, retention, warehouse
from include.landing import LandingError
from include.settings import Settings
from include.warehouse import replaced
from tests import forked
from tests.warehouse.nights import stage_night
from tests.warehouse.test_rebuild import SOURCES, WORKING, lose, staged_alone
from tests.warehouse.world import (
    ACCOUNT,
    CRM,
    FIRST,
    NETWORK,
    campaign,
    days,
    land,
    member,
    run,
    spend_by_day,
    spent,
)

STAGED = [name for name in WORKING if name != "ops.known_accounts"]


def list_of(settings: Settings, source: Any = NETWORK) -> Path:
    (path,) = settings.landing.glob(f"{source.name}/*/loads.jsonl")
    return path


def test_18_44_rows_whose_batch_is_no_longer_landed_are_never_thrown_away(
    prepared: Settings, prepared_once: Callable[[str], Settings]
) -> None:
    """Nor restatements, though later batches of the same are landed and the ledger names those."""
    for night in range(3):
        since = run(night - 1).as_of if night else None
        changed = [member(f"00v{night}", run(night).as_of)]
        stage_night(prepared, CRM, night, [("members", night, changed, None, since)])
        staged_alone(prepared, night, spent("a", 0, str(10 + night)))
    before = warehouse.fingerprint(prepared, STAGED)
    gone = {source.name: list(landing.batches(prepared, source.name))[1] for source in SOURCES}
    for source in SOURCES:
        lost = gone[source.name]
        shutil.move(lost.folder, prepared.home / lost.batch_id)
        if source is CRM:  # as if its list had never named it
            list_of(prepared, CRM).unlink()

    told = (
        rf"2 batches .*facebook_ads campaign_daily {gone['facebook_ads'].batch_id}, "
        rf"salesforce member_keys or members {gone['salesforce'].batch_id}.*backup"
    )
    with pytest.raises(warehouse.WarehouseError, match=told) as refused:
        rebuild.rebuild(prepared, SOURCES)
    assert "fetch" not in str(refused.value)
    beside = altered(prepared, warehouse_url=prepared_once("duckdb").warehouse_url)
    with pytest.raises(warehouse.WarehouseError, match="a load came in meanwhile"):
        replaced.replace(prepared, SOURCES, beside, [])
    assert warehouse.fingerprint(prepared, STAGED) == before

    for lost in gone.values():
        shutil.move(prepared.home / lost.batch_id, lost.folder)
    rebuild.rebuild(prepared, SOURCES)
    assert warehouse.fingerprint(prepared, STAGED) == before


def test_44_a_lost_warehouse_is_not_rebuilt_without_batches_that_were_loaded(
    new_settings: Any,
) -> None:
    settings = new_settings("duckdb")
    warehouse.prepare(settings, SOURCES)
    first, second = (staged_alone(settings, n, spent("a", 0, str(10 + n))) for n in range(2))
    lose(settings)
    folder = landing.read_batch(settings, second).folder
    aside = settings.home / "aside"
    (folder / "manifest.json").unlink()
    with pytest.raises(LandingError, match=rf"{second}/manifest.json is gone.*backup"):
        rebuild.rebuild(settings, SOURCES)
    shutil.rmtree(folder)
    with pytest.raises(LandingError, match=rf"loads.jsonl names 1 batches .*{second}.*backup"):
        rebuild.rebuild(settings, SOURCES)
    shutil.move(landing.read_batch(settings, first).folder, aside)
    with pytest.raises(LandingError, match=rf"names 2 batches .*{first}, {second}"):
        rebuild.rebuild(settings, SOURCES)
    shutil.move(aside, folder.with_name(first))
    with list_of(settings).open("a") as file:  # what the README tells who gives it up
        file.write(json.dumps({"without": [second]}) + "\n")
    assert rebuild.rebuild(settings, SOURCES).load_count == 1
    assert spend_by_day(settings) == {FIRST: Decimal(10)}


def test_2_44_a_load_killed_at_its_end_and_never_tried_again_is_replayed_as_it_was(
    prepared: Settings,
) -> None:
    """Killed before its commit it is none; after, it is one, whatever was loaded since."""
    for night, failpoint in enumerate(
        ("", "stage.before_commit", "", "stage.after_commit", "", "stage.after_commit")
    ):
        records = [spent("a", 0, str(10 + night)), spent("b", 0, str(night))]
        batch = land(prepared, NETWORK, "campaign_daily", night, records, days(1))
        quality.check(prepared, NETWORK, batch)
        child = forked.start(_stage, prepared, batch.batch_id, night, failpoint)
        child.join(120)
        assert (child.exitcode != 0) == bool(failpoint)
    before = warehouse.fingerprint(prepared, STAGED)
    assert before["ops.restatements"].startswith("8:"), "four loads changed what two spent"
    lose(prepared)
    assert rebuild.rebuild(prepared, SOURCES).load_count == 5
    assert warehouse.fingerprint(prepared, STAGED) == before


def _stage(settings: Settings, batch_id: str, night: int, failpoint: str) -> None:
    os.environ["CLOSED_LOOP_FAILPOINT"] = failpoint
    ingestion.stage(settings, NETWORK, [batch_id], run(night))


def test_2_44_a_clean_up_killed_while_removing_leaves_what_a_rebuild_needs(
    new_settings: Any,
) -> None:
    settings = altered(new_settings("duckdb"), landing_days=1)
    warehouse.prepare(settings, SOURCES)
    for night in range(5):
        stage_night(settings, NETWORK, night, [("campaigns", night, [campaign("a", "A")])])
    before = warehouse.fingerprint(settings, STAGED)
    shutil.copytree(settings.landing, settings.home / "copy")
    cleaned = retention.clean(settings, SOURCES, run(9), is_dry_run=False)
    assert cleaned.batch_count == 3
    left = {batch.batch_id for batch in landing.batches(settings, NETWORK.name)}
    removed = [
        path for path in (settings.home / "copy").glob("*/*/campaigns/*") if path.name not in left
    ]
    back = removed[0]  # the list says that it went, and it had not yet
    shutil.copytree(back, settings.landing / back.relative_to(settings.home / "copy"))
    lose(settings)
    assert rebuild.rebuild(settings, SOURCES).load_count == 2
    assert warehouse.fingerprint(settings, STAGED) == before
    assert retention.clean(settings, SOURCES, run(9), is_dry_run=False).batch_count == 1


def test_a_strange_line_of_a_list_of_loads_is_told_and_one_cut_short_passed_over(
    new_settings: Any,
) -> None:
    settings = new_settings("duckdb")
    batch = land(settings, NETWORK, "campaigns", 0, [campaign("a", "A")])
    loads.begin([batch], list)
    loads.note([batch])
    path = list_of(settings)
    text = path.read_bytes()
    for torn in (b'{"batch_ids": ["2026', b"{", b'{"staging": ['):
        path.write_bytes(torn + b"\n" + text + torn)
        assert [load.batches for load in loads.loads(settings, NETWORK.name)] == [(batch,)]
    for strange in (
        b'{"batch_ids": ["\xff"]}',
        b"[1]",
        b'"text"',
        b"null",
        b"\x00\x00",
        b'{"batch_ids": "20261101T120000000000Z-0e1d666f"}',
        b'{"batch_ids": ["../../etc"]}',
        b'{"batch_ids": [], "more": 1}',
        b'{"loads": []}',
        b'{"batch_ids": ["20261101T120000000000Z-0e1d666f"]]}',
    ):
        path.write_bytes(text + strange + b"\n" + text)
        with pytest.raises(LandingError, match=rf"{path}, line 3, is no line of ours"):
            loads.loads(settings, NETWORK.name)


def test_a_manifest_that_was_changed_is_refused_and_one_of_an_older_release_is_read(
    new_settings: Any,
) -> None:
    settings = new_settings("duckdb")
    batch = land(settings, NETWORK, "campaign_daily", 0, [spent("a", 0, "1")], days(2))
    path = batch.folder / "manifest.json"
    told = json.loads(path.read_text())
    for changed in (
        {"account": told["account"] | {"account_id": "act_2"}},
        {"window": ["2026-10-01", "2026-10-03"]},
        {"as_of": "2026-11-02T12:00:00+00:00"},
        {"more": 1},
    ):
        path.write_text(json.dumps(told | changed))
        with pytest.raises(LandingError, match=r"manifest.json .*was changed since"):
            landing.read_batch(settings, batch.batch_id)
    del told["manifest_sha256"]
    path.write_text(json.dumps(told))
    assert landing.read_batch(settings, batch.batch_id) == batch
    assert batch.account == ACCOUNT
