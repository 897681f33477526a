"""Promise 43: earlier releases' warehouses are migrated whole; what is no release's is refused."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from include import erased, holds, warehouse
from include.contracts import OPS_TABLES, STAGING_TABLES
from include.run import Run
from include.settings import Settings
from include.sources import Measure
from include.warehouse import erasing, holding, migrations
from include.warehouse.engine import engine_of
from include.warehouse.models import models
from tests.warehouse.world import (
    ACCOUNT,
    CRM,
    FIRST,
    NETWORK,
    campaign,
    days,
    load,
    spend_by_day,
    spent,
)

RELEASES = sorted((Path(__file__).parent / "releases").glob("*.sql"))
AUDIT = "restatements_add_up_to_the_ledgers"


def open_release(settings: Settings, path: Path) -> None:
    """A warehouse as that release left it, with its rows."""
    text = path.read_text()
    if not settings.warehouse_url.startswith("duckdb"):
        text = re.sub(r"\btext\b", 'text collate "C"', text)
    with engine_of(settings).write("release") as session:
        session.run(text)


def test_there_are_releases() -> None:
    assert [path.stem for path in RELEASES] == ["1_first", "2_mart_changes", "3_known_accounts"]


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_43_a_warehouse_of_every_earlier_release_is_opened_and_loaded_on(
    warehouse_settings: Settings, release: Path
) -> None:
    settings = warehouse_settings
    open_release(settings, release)
    for _ in range(2):
        warehouse.prepare(settings, (NETWORK, CRM), datetime(2026, 11, 3, tzinfo=UTC))

    with engine_of(settings).read() as session:
        for table in (*STAGING_TABLES, *OPS_TABLES):
            wanted = {column.name: column.type.value for column in table.columns}
            assert session.columns(table.schema, table.name) == wanted, table.name
    noted = warehouse.read(settings, "select number, name, as_of_at from ops.migrations order by 1")
    assert [row["name"] for row in noted] == [each.name for each in migrations.migrations()]
    assert {row["as_of_at"] for row in noted} == {datetime(2026, 11, 3, tzinfo=UTC)}

    assert spend_by_day(settings) == {FIRST: Decimal(7)}
    (members,) = warehouse.ledger(settings, "salesforce")
    assert members.cursor_at is not None
    assert members.reading is None  # so every record is read anew
    known = warehouse.read(settings, "select account_id from ops.known_accounts order by 1")
    assert [row["account_id"] for row in known] == (
        ["act_1", "act_2"] if release.stem == "3_known_accounts" else ["00D1", "act_1"]
    )
    assert warehouse.audit(settings, AUDIT).wrong_count == 0

    load(settings, NETWORK, "campaigns", 3, [campaign("a", "A")])
    load(settings, NETWORK, "campaign_daily", 3, [spent("a", 0, "8")], days(1))
    rows = warehouse.read(settings, "select campaign_id, delta from ops.restatements order by 1")
    assert [tuple(row.values()) for row in rows] == [("a", Decimal(1)), ("unknown", Decimal(-3))]
    assert warehouse.audit(settings, AUDIT).wrong_count == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            "insert into ops.migrations values ('0099_more', 'abc', 99, null)",
            r"later release \(0099_more, which this one does not have\); run that release",
        ),
        (
            "delete from ops.migrations where number = 2",
            "lacks migration 0002_campaigns_have_url_tags, though later .* half migrated",
        ),
        (
            "update ops.migrations set sha256 = 'other' where number = 3",
            "0003_changes_hold_any_figure is not the one that was applied .*put the file back",
        ),
        (
            "alter table ops.load_ledger drop column reading",
            "load_ledger is of no release .* differs in reading",
        ),
    ],
    ids=["later", "half", "changed", "altered"],
)
def test_43_a_warehouse_of_a_later_release_or_of_none_is_refused(
    prepared: Settings, change: str, sentence: str
) -> None:
    with engine_of(prepared).write("test") as session:
        session.run(change)
    before = warehouse.read(prepared, "select * from ops.migrations order by 3")
    with pytest.raises(warehouse.WarehouseError, match=sentence):
        warehouse.prepare(prepared, (NETWORK, CRM))
    assert warehouse.read(prepared, "select * from ops.migrations order by 3") == before


RUN = Run("late", datetime(2026, 11, 4, 5, tzinfo=UTC), datetime(2026, 11, 4, 5, tzinfo=UTC))
MODEL = "dim_date"
WRITES: dict[str, Callable[[Settings], object]] = {
    "lease_accounts": lambda s: warehouse.lease_accounts(
        s, NETWORK.name, [ACCOUNT.account_id], RUN
    ),
    "lease_marts": lambda s: warehouse.lease_marts(s, RUN),
    "record_accounts": lambda s: warehouse.record_accounts(s, NETWORK.name, [ACCOUNT], RUN),
    "record_usage": lambda s: warehouse.record_usage(
        s, NETWORK.name, ACCOUNT.account_id, RUN, [Measure("calls", Decimal(1))]
    ),
    "stage": lambda s: load(s, NETWORK, "campaigns", 3, [campaign("b", "B")]),
    "build": lambda s: warehouse.build(s, MODEL),
    "require_clean": lambda s: warehouse.require_clean(s, [AUDIT], 0),
    "publish": lambda s: warehouse.publish(s, RUN),
    "holds are noted": lambda s: holding.note(s, RUN, []),
    "holds are decided": lambda s: holds.approve(s, "", "ann", RUN.as_of),
    "an erasure": lambda s: erasing.replace_keys(s, {"x": "y"}, erased.read(s), (NETWORK,)),
}


@pytest.mark.parametrize("verb", WRITES)
def test_43_every_verb_that_writes_refuses_the_warehouse_of_a_later_release(
    prepared: Settings, verb: str
) -> None:
    """As of a worker with the code of before, that takes up its task again after prepare."""
    if verb == "publish":
        warehouse.build(prepared, *(model.name for model in models()))
    with engine_of(prepared).write("test") as session:
        session.run("insert into ops.migrations values ('0099_more', 'abc', 99, null)")
    tables = [f"{t.schema}.{t.name}" for t in (*STAGING_TABLES, *OPS_TABLES)]
    before = warehouse.fingerprint(prepared, tables)
    with pytest.raises(warehouse.WarehouseError, match=r"^this warehouse was migrated by a later"):
        WRITES[verb](prepared)
    assert warehouse.fingerprint(prepared, tables) == before


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations in a folder of the test's own."""
    copy = tmp_path / "migrations"
    shutil.copytree(migrations.FOLDER, copy)
    monkeypatch.setattr(migrations, "FOLDER", copy)
    return copy


def test_43_a_migration_that_fails_leaves_the_warehouse_as_it_was(
    warehouse_settings: Settings, folder: Path
) -> None:
    settings = warehouse_settings
    open_release(settings, RELEASES[0])
    broken = folder / "0007_broken.sql"
    broken.write_text("delete from ops.load_ledger; select * from staging.nothing")
    with pytest.raises(warehouse.WarehouseError, match="nothing"):
        warehouse.prepare(settings, (NETWORK, CRM))
    with engine_of(settings).read() as session:
        assert session.columns("ops", "migrations") == {}
        assert "reading" not in session.columns("ops", "load_ledger")
    broken.unlink()
    warehouse.prepare(settings, (NETWORK, CRM))
    assert spend_by_day(settings) == {FIRST: Decimal(7)}


@pytest.mark.parametrize("missing", [False, True], ids=["files", "tables"])
def test_43_a_migration_waits_for_those_who_write(
    prepared: Settings, folder: Path, missing: bool
) -> None:
    """What a writer has found out about the release stands until it has committed."""
    if missing:
        with engine_of(prepared).write("test") as session:
            session.run("drop table ops.holds")
    else:
        (folder / "0007_more.sql").write_text("update ops.load_ledger set rows_staged = 0")
    migrated = threading.Event()
    with ThreadPoolExecutor() as pool:
        with engine_of(prepared).write("a writer") as session:
            migrations.require_ours(session)
            migration = pool.submit(warehouse.prepare, prepared, (NETWORK, CRM))
            migration.add_done_callback(lambda _: migrated.set())
            assert not migrated.wait(2)
        migration.result(60)


def test_43_who_begins_to_write_during_a_migration_waits_and_is_refused(
    prepared: Settings,
) -> None:
    with ThreadPoolExecutor() as pool:
        with engine_of(prepared).write("prepare") as session:
            session.shut_out()
            session.run("insert into ops.migrations values ('0099_more', 'abc', 99, null)")
            writer = pool.submit(warehouse.lease_marts, prepared, RUN)
            done, _ = wait([writer], timeout=2)
            assert not done
        with pytest.raises(warehouse.WarehouseError, match="migrated by a later release"):
            writer.result(60)
    assert not warehouse.read(prepared, "select * from ops.leases")


@pytest.fixture
def rename(folder: Path) -> Callable[[str, str], None]:
    """``rename(old, new)``: the migration bears another name."""
    return lambda old, new: (folder / f"{old}.sql").rename(folder / f"{new}.sql") and None


def test_43_a_number_left_out_is_refused(rename: Callable[[str, str], None]) -> None:
    rename("0003_changes_hold_any_figure", "0007_changes_hold_any_figure")
    with pytest.raises(warehouse.WarehouseError, match="should begin with 0003_"):
        migrations.migrations()
