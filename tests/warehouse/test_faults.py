"""What a kill, a full disk, a lock or a lost server leaves: the old or the new, never half."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from include import landing, quality, warehouse
from include.landing import LandingError, plainly
from include.settings import Settings
from include.warehouse import engine_duckdb, engine_postgres, models
from tests import forked
from tests.warehouse.worker import main as at_work
from tests.warehouse.world import (
    ACCOUNT,
    FIRST,
    NETWORK,
    campaign,
    days,
    land,
    load,
    run,
    spend_by_day,
    spent,
)

ROOT = Path(__file__).resolve().parents[2]


def worker(settings: Settings, verb: str, *rest: str, failpoint: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.warehouse.worker",
            str(settings.home),
            settings.warehouse_url,
            verb,
            *rest,
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CLOSED_LOOP_FAILPOINT": failpoint},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_at(settings: Settings, failpoint: str, verb: str, *rest: str) -> None:
    process = worker(settings, verb, *rest, failpoint=failpoint)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, errors


@contextmanager
def holding(settings: Settings, verb: str) -> Iterator[subprocess.Popen[str]]:
    process = worker(settings, verb)
    try:
        yield process
    finally:
        process.communicate("", timeout=60)


def build_all(settings: Settings) -> None:
    warehouse.build(settings, *(model.name for model in models.models()))


def build_spend(settings: Settings) -> None:
    """Build the mart these tests look at, and what it reads."""
    build_marts(settings, "fct_ad_spend_daily")


def build_marts(settings: Settings, *names: str) -> None:
    """Build these marts and what they read."""
    needed = set(names)
    for model in reversed(models.models()):
        if model.name in needed:
            needed.update(model.depends_on)
    warehouse.build(settings, *(m.name for m in models.models() if m.name in needed))


def published_spend(settings: Settings) -> Decimal:
    rows = warehouse.read_marts(
        settings, "select sum(spend) as spend from marts.fct_ad_spend_daily"
    )
    return rows[0]["spend"]


@pytest.mark.parametrize(
    "failpoint", ["landing.within_records", "landing.before_manifest", "landing.before_rename"]
)
def test_1_a_kill_while_landing_leaves_no_batch(new_settings: Any, failpoint: str) -> None:
    settings = new_settings("duckdb")
    kill_at(settings, failpoint, "land")

    assert list(landing.batches(settings, "facebook_ads")) == []
    left = list(settings.landing.glob("*/*/*/.partial-*"))
    assert len(left) == 1
    batch = land(settings, NETWORK, "campaign_daily", 2, [spent("c", 0, "1")], days(1))
    assert not left[0].exists()
    assert [each.batch_id for each in landing.batches(settings, "facebook_ads")] == [batch.batch_id]


def test_a_living_writer_keeps_its_partial_batch(new_settings: Any) -> None:
    settings = new_settings("duckdb")

    def records() -> Iterator[dict[str, Any]]:
        yield spent("c", 0, "1")
        land(settings, NETWORK, "campaign_daily", 1, [spent("d", 0, "2")], days(1))
        yield spent("c", 0, "1")

    land(settings, NETWORK, "campaign_daily", 0, records(), days(1))
    assert [b.record_count for b in landing.batches(settings, "facebook_ads")] == [2, 1]


def test_many_writers_of_one_stream_leave_each_other_alone(new_settings: Any) -> None:
    settings = new_settings("duckdb")

    def write(number: int) -> None:
        land(settings, NETWORK, "campaign_daily", 0, [spent(f"c{number}", 0, "1")], days(1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(100)))
    assert [b.record_count for b in landing.batches(settings, "facebook_ads")] == [1] * 100


def test_1_what_a_source_raises_lands_nothing(new_settings: Any) -> None:
    settings = new_settings("duckdb")

    def records() -> Iterator[dict[str, Any]]:
        yield spent("c", 0, "1")
        raise ConnectionResetError("mid-page")

    with pytest.raises(ConnectionResetError):
        land(settings, NETWORK, "campaign_daily", 0, records(), days(1))
    assert list(settings.landing.glob("*/*/*/*")) == []


def test_a_changed_batch_is_refused(new_settings: Any) -> None:
    settings = new_settings("duckdb")
    batch = land(settings, NETWORK, "campaigns", 0, [campaign("a", "A")])
    assert list(batch.records()) == [campaign("a", "A")]
    assert landing.read_batch(settings, batch.batch_id) == batch
    with (batch.folder / "records.jsonl.zst").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(LandingError, match="changed or damaged"):
        list(batch.records())
    with pytest.raises(LandingError, match="no batch"):
        landing.read_batch(settings, "../../etc")


@pytest.mark.parametrize("name", ["../../x", "a/b", ".", "", "act_1" * 60, "ü 👩", "\ud800"])
def test_25_any_account_id_is_a_safe_folder(new_settings: Any, name: str) -> None:
    settings = new_settings("duckdb")
    batch = landing.write_batch(
        settings,
        run(0),
        "facebook_ads",
        replace(ACCOUNT, account_id=name),
        landing.Request("campaigns"),
        [],
    )
    assert batch.folder.parents[2] == settings.landing / "facebook_ads"
    assert landing.read_batch(settings, batch.batch_id).account.account_id == name


def _side_by_side(settings: Settings, *verbs: tuple[str, ...]) -> None:
    home, url = str(settings.home), settings.warehouse_url
    crowd = [forked.start(at_work, home, url, *verb) for verb in verbs]
    for process in crowd:
        process.join(120)
    assert [process.exitcode for process in crowd] == [0] * len(verbs)


def test_16_i2_many_at_once_equal_one_after_the_other(warehouse_settings: Settings) -> None:
    _side_by_side(warehouse_settings, *[("prepare",)] * 2)
    batches = []
    for night in range(4):
        records = [spent(f"only {night}", 0, "1"), spent("a", 1, str(night))]
        batch = land(warehouse_settings, NETWORK, "campaign_daily", night, records, days(2))
        quality.check(warehouse_settings, NETWORK, batch)
        batches.append(batch)

    _side_by_side(
        warehouse_settings, *(("stage", batch.batch_id) for batch in [*batches, *batches[:2]])
    )

    staged = warehouse.read(
        warehouse_settings,
        "select campaign_id, spend from staging.stg_campaign_daily order by campaign_id",
    )
    assert staged == [
        {"campaign_id": "a", "spend": Decimal(3)},
        {"campaign_id": "only 3", "spend": Decimal(1)},
    ]
    ledger = warehouse.ledger(warehouse_settings, "facebook_ads")
    assert [row.batch_id for row in ledger] == [batches[3].batch_id] * 2


def test_3_i4_a_reader_keeps_its_snapshot_and_a_new_one_gets_the_new(new_settings: Any) -> None:
    settings = new_settings("duckdb")
    warehouse.prepare(settings, (NETWORK,))
    load(settings, NETWORK, "campaign_daily", 0, [spent("a", 0, "10")], days(1))
    build_all(settings)
    warehouse.publish(settings, run(0))
    with holding(settings, "read") as reader:
        assert reader.stdout
        assert reader.stdin
        assert Decimal(reader.stdout.readline()) == 10
        load(settings, NETWORK, "campaign_daily", 1, [spent("a", 0, "7")], days(1))
        build_spend(settings)
        warehouse.publish(settings, run(1))
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert Decimal(reader.stdout.readline()) == 10
        assert published_spend(settings) == 7


def test_3_marts_that_are_held_or_broken_are_replaced_all_the_same(new_settings: Any) -> None:
    settings = new_settings("duckdb")
    warehouse.prepare(settings, (NETWORK,))
    load(settings, NETWORK, "campaign_daily", 0, [spent("a", 0, "10")], days(1))
    build_all(settings)
    warehouse.publish(settings, run(0))
    load(settings, NETWORK, "campaign_daily", 1, [spent("a", 0, "7")], days(1))
    build_marts(settings, "fct_ad_spend_daily", "mart_campaign_roi_monthly")
    marts = replace(settings, warehouse_url=f"duckdb:///{settings.marts_file}")
    with holding(marts, "hold") as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "held\n"
        warehouse.publish(settings, run(1))
    assert published_spend(settings) == 7
    query = "select run_id from ops.mart_changes where figure = 'spend_base'"
    assert warehouse.read_marts(settings, query) == [{"run_id": "night 1"}]

    settings.marts_file.write_bytes(b"no database")
    warehouse.publish(settings, run(2))
    assert published_spend(settings) == 7
    assert warehouse.read_marts(settings, query) == [{"run_id": "night 1"}]
    assert list(settings.home.glob("marts.duckdb.next-*")) == []


def test_15_a_held_duckdb_file_is_waited_for_then_its_holder_is_named(
    new_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = new_settings("duckdb")
    warehouse.prepare(settings, (NETWORK,))
    monkeypatch.setattr(engine_duckdb, "LOCK_WAIT_SECONDS", 0.5)
    with holding(settings, "hold") as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(warehouse.WarehouseUnavailable, match=f"held by process {holder.pid}"):
            warehouse.ledger(settings, "facebook_ads")
    assert warehouse.ledger(settings, "facebook_ads") == []


def _stage_on_a_full_disk(settings: Settings, batch_id: str, said: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    checked = quality.read_checked(settings, landing.read_batch(settings, batch_id))
    try:
        warehouse.stage(settings, NETWORK, [checked], run(1))
    except warehouse.WarehouseError as error:
        said.send(str(error))


def test_13_a_full_disk_stages_nothing_until_there_is_room(new_settings: Any) -> None:
    settings = new_settings("duckdb")
    warehouse.prepare(settings, (NETWORK,))
    load(settings, NETWORK, "campaign_daily", 0, [spent("a", 0, "10")], days(1))
    batch = land(settings, NETWORK, "campaign_daily", 1, [spent("a", 0, "7")], days(1))
    checked = quality.check(settings, NETWORK, batch)
    hears, says = forked.CONTEXT.Pipe(duplex=False)
    forked.start(_stage_on_a_full_disk, settings, batch.batch_id, says).join()
    assert hears.poll()
    assert "is full, or its quota is; free some space and run again" in hears.recv()
    assert spend_by_day(settings) == {FIRST: Decimal(10)}
    warehouse.stage(settings, NETWORK, [checked], run(1))
    assert spend_by_day(settings) == {FIRST: Decimal(7)}


def test_13_a_full_disk_is_one_sentence_and_leaves_the_old_marts(new_settings: Any) -> None:
    settings = new_settings("duckdb")
    warehouse.prepare(settings, (NETWORK,))
    load(settings, NETWORK, "campaign_daily", 0, [spent("a", 0, "10")], days(1))
    build_all(settings)
    warehouse.publish(settings, run(0))

    process = worker(settings, "publish", "20000")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "is full, or its quota is; free some space" in errors.splitlines()[-1]
    assert warehouse.read_marts(settings, "select run_id from marts.build_info") == [
        {"run_id": "night 0"}
    ]
    process = worker(settings, "land", "1000")
    _, errors = process.communicate(timeout=120)
    assert "is full, or its quota is; free some space" in errors.splitlines()[-1]
    assert list(settings.landing.glob("*/*/*/.partial-*")) == []

    warehouse.publish(settings, run(1))
    with (
        pytest.raises(LandingError, match="is full"),
        plainly(Path("x")),
        Path("/dev/full").open("w") as full,
    ):
        full.write("x")


def test_a_home_that_cannot_be_is_one_sentence(tmp_path: Path, new_settings: Any) -> None:
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "home"
    settings = replace(
        new_settings("duckdb"), home=home, warehouse_url=f"duckdb:///{home}/warehouse.duckdb"
    )
    with pytest.raises(LandingError, match="cannot write"):
        land(settings, NETWORK, "campaigns", 0, [])
    with pytest.raises(warehouse.WarehouseError, match="Not a directory"):
        warehouse.prepare(settings, ())


def test_14_35_a_server_that_is_gone_is_unavailable_and_no_password_is_told(
    new_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("include.warehouse.engine.OUTAGE_SECONDS", 0.1)
    url = "postgresql+psycopg://loader:s3cret-word@127.0.0.1:1/marts"
    settings = replace(new_settings("duckdb"), warehouse_url=url)
    with pytest.raises(warehouse.WarehouseUnavailable, match=r"127\.0\.0\.1 does not answer") as e:
        warehouse.prepare(settings, ())
    chain: BaseException | None = e.value
    while chain:
        assert "s3cret-word" not in f"{chain} {chain!r}"
        chain = chain.__cause__
    with pytest.raises(warehouse.WarehouseUnavailable, match=r"^PostgreSQL at"):
        warehouse.build(settings, "dim_date")  # it is not the model's fault


def test_a_database_that_is_not_there_is_named(new_settings: Any, postgres_url: str) -> None:
    url = postgres_url.replace("/postgres?", "/nowhere?")
    settings = replace(new_settings("duckdb"), warehouse_url=url)
    with pytest.raises(warehouse.WarehouseError, match="has no database nowhere") as caught:
        warehouse.prepare(settings, ())
    assert not isinstance(caught.value, warehouse.WarehouseUnavailable)


def test_an_unknown_engine_is_refused(new_settings: Any) -> None:
    settings = replace(new_settings("duckdb"), warehouse_url="oracle://x")
    with pytest.raises(warehouse.WarehouseError, match="no warehouse engine speaks 'oracle'"):
        warehouse.prepare(settings, ())


def test_16_a_lock_that_is_not_given_back_is_one_sentence(
    new_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = new_settings("postgresql")
    warehouse.prepare(settings, (NETWORK,))
    batch = land(settings, NETWORK, "campaigns", 0, [campaign("a", "A")])
    checked = quality.check(settings, NETWORK, batch)
    engine = engine_postgres.PostgreSQL(settings)
    with engine.write("facebook_ads/act_1"):
        monkeypatch.setattr(engine_postgres, "LOCK_WAIT_SECONDS", 1)
        monkeypatch.setattr("include.warehouse.engine.OUTAGE_SECONDS", 0.1)
        with pytest.raises(warehouse.WarehouseUnavailable, match="another run has held its lock"):
            warehouse.stage(settings, NETWORK, [checked], run(0))
    assert warehouse.stage(settings, NETWORK, [checked], run(0)).rows == 1
