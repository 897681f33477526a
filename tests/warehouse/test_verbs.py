"""prepare, build, audit and publish, on both engines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
import sqlglot

from include import warehouse
from include.contracts import OPS_TABLES, STAGING_TABLES
from include.contracts.marts import MART_TABLES
from include.contracts.ops import V_FRESHNESS
from include.settings import Settings
from include.warehouse import engine_duckdb, models
from include.warehouse.engine import Sql, compose, engine_of
from tests.warehouse.world import ACCOUNT, CRM, FIRST, NETWORK, campaign, days, load, run, spent

SEEDS = Path(models.__file__).parents[1] / "seeds"


@pytest.fixture
def sql_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``sql_folder(**{"marts/x": text})``: these files are all the SQL there is."""

    def write(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / "sql" / f"{name}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.setattr(models, "SQL_FOLDER", tmp_path / "sql")

    return write


def build_all(settings: Settings) -> None:
    warehouse.build(settings, *(model.name for model in models.models()))


def test_prepare_again_changes_nothing(prepared: Settings) -> None:
    tables = ["staging.seed_channel_rules", "staging.stg_settings", "staging.stg_platform_tags"]
    once = warehouse.fingerprint(prepared, tables)
    load(prepared, NETWORK, "campaign_daily", 0, [spent("a", 0, "1")], days(1))
    warehouse.prepare(prepared, (NETWORK, CRM))
    assert warehouse.fingerprint(prepared, tables) == once
    assert len(warehouse.ledger(prepared, "facebook_ads")) == 1
    assert warehouse.read(prepared, "select * from staging.stg_platform_tags order by 2, 3") == [
        {"platform": "facebook_ads", "tag_kind": "id_parameter", "tag_value": "hsa_cam"},
        {"platform": "facebook_ads", "tag_kind": "id_parameter", "tag_value": "utm_id"},
        {"platform": "facebook_ads", "tag_kind": "utm_source", "tag_value": "facebook"},
        {"platform": "facebook_ads", "tag_kind": "utm_source", "tag_value": "fb"},
    ]


def test_every_contract_is_a_table_with_its_types_and_words(prepared: Settings) -> None:
    with engine_of(prepared).read() as session:
        for table in (*STAGING_TABLES, *OPS_TABLES, V_FRESHNESS):
            found = session.columns(table.schema, table.name)
            assert list(found.items()) == [(c.name, c.type.value) for c in table.columns]
    if prepared.warehouse_url.startswith("duckdb"):
        query = (
            "select comment from duckdb_columns() "
            "where table_name = 'stg_campaign_daily' and column_name = :column"
        )
    else:
        query = (
            "select col_description(attrelid, attnum) as comment from pg_attribute "
            "where attrelid = 'staging.stg_campaign_daily'::regclass and attname = :column"
        )
    (row,) = warehouse.read(prepared, query, {"column": "impressions"})
    assert row["comment"] == "Times an ad was shown (impressions)"


def test_seeds_and_settings_of_another_release_are_written_anew(prepared: Settings) -> None:
    with engine_of(prepared).write() as session:
        session.run("alter table staging.stg_settings rename column rates to prices")
    warehouse.prepare(prepared, (NETWORK, CRM))
    assert warehouse.read(prepared, "select rates from staging.stg_settings") == [{"rates": "seed"}]


@pytest.mark.parametrize(
    ("seed", "line", "reason"),
    [
        ("currency_rates", "USD,2026-01-05,abc", "rate is not a number"),
        ("currency_rates", "USD,2026-01-05,-1", "rate is not above zero"),
        ("currency_rates", "USD,someday,1", "rate_date is not a day"),
        ("currency_rates", "USD,,1", "rate_date is missing"),
        ("currency_rates", "USD,2026-01-05", "2 fields where 3 belong"),
        ("internal_domains", "twice.example\ntwice.example", "has the same email_domain"),
        ("channel_rules", "1,google,,,,Email,true", "platform is none of facebook_ads, google_ads"),
        ("campaign_aliases", "google,1,1,brand", "platform is none of facebook_ads, google_ads"),
        ("deal_types", "odd,nonsense", "type_group is none of"),
        ("attribution_models", "last_click,closed,", "model is none of first_touch, "),
        ("attribution_models", "linear,created,\nlinear,closed,", "has the same model"),
        ("attribution_models", "linear,,", "touches_until is missing"),
        ("attribution_models", "linear,closed,-1", "look_back_days is below 0"),
        ("attribution_models", "linear,closed,36501", "look_back_days is above 36500"),
        ("attribution_models", "first_touch,closed,", "until the deal was created"),
    ],
)
def test_a_bad_seed_line_is_refused_with_its_place(
    new_settings: Any, tmp_path: Path, seed: str, line: str, reason: str
) -> None:
    seeds = tmp_path / "seeds"
    shutil.copytree(SEEDS, seeds)
    path = seeds / f"{seed}.csv"
    header = path.read_text().split("\n")[0]
    path.write_text(f"{header}\n{line}\n")
    settings = replace(new_settings("duckdb"), seeds=seeds)
    number = 1 + len(line.split("\n"))
    with pytest.raises(warehouse.WarehouseError) as caught:
        warehouse.prepare(settings, ())
    assert f"{path}, line {number}: " in str(caught.value)
    assert reason in str(caught.value)
    assert not (settings.home / "warehouse.duckdb").exists()

    path.write_text(f"{header},more\n")
    with pytest.raises(warehouse.WarehouseError, match="line 1: the columns must be"):
        warehouse.prepare(settings, ())
    path.unlink()
    with pytest.raises(warehouse.WarehouseError, match="cannot be read"):
        warehouse.prepare(settings, ())


def test_a_seed_of_models_without_first_touch_is_refused(new_settings: Any, tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    shutil.copytree(SEEDS, seeds)
    path = seeds / "attribution_models.csv"
    for lines in ("", "linear,closed,\n"):
        path.write_text(f"model,touches_until,look_back_days\n{lines}")
        with pytest.raises(warehouse.WarehouseError, match=r"models\.csv: first_touch is missing"):
            warehouse.prepare(replace(new_settings("duckdb"), seeds=seeds), ())


@pytest.mark.parametrize("seed", ["channel_rules", "opportunity_stages"])
def test_a_seed_without_a_line_is_refused(new_settings: Any, tmp_path: Path, seed: str) -> None:
    seeds = tmp_path / "seeds"
    shutil.copytree(SEEDS, seeds)
    path = seeds / f"{seed}.csv"
    path.write_text(path.read_text().split("\n")[0] + "\n")
    with pytest.raises(warehouse.WarehouseError, match=rf"{seed}\.csv, line 2: is missing"):
        warehouse.prepare(replace(new_settings("duckdb"), seeds=seeds), ())


def test_rules_and_aliases_may_be_for_platforms_of_spend_entered_by_hand(
    new_settings: Any, tmp_path: Path
) -> None:
    seeds = tmp_path / "seeds"
    shutil.copytree(SEEDS, seeds)
    lines = {
        "manual_spend": "podcasts,Show,Other,EUR,2026-01-01,2026-01-02,10,",
        "campaign_aliases": "podcasts,manual,Show,show-spring",
        "channel_rules": "1,podcasts,,,,Other,true",
    }
    for seed, line in lines.items():
        with (seeds / f"{seed}.csv").open("a") as file:
            file.write(f"{line}\n")
    settings = replace(new_settings("duckdb"), seeds=seeds)
    warehouse.prepare(settings, ())
    assert warehouse.read(settings, "select platform from staging.seed_campaign_aliases") == [
        {"platform": "podcasts"}
    ]


def test_what_does_not_fit_in_memory_spills_beside_the_warehouse(
    new_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = new_settings("duckdb")
    monkeypatch.setattr(engine_duckdb, "MEMORY_LIMIT_BYTES", 50_000_000)
    with engine_of(settings).write("test") as session:
        session.run("create table spilled as select range as n from range(10000000) order by -n")
        spilled = session.rows("select sum(size) as octets from duckdb_temporary_files()")
        assert session.rows("select min(n) as low, count(*) as n from spilled") == [
            {"low": 0, "n": 10_000_000}
        ]
    assert spilled
    left = {path.name for path in settings.home.iterdir()}
    assert left == {"warehouse.duckdb"}


def test_files_that_a_killed_run_spilled_are_cleared(new_settings: Any) -> None:
    settings = new_settings("duckdb")
    left = settings.home / "warehouse.duckdb.tmp"
    left.mkdir(parents=True)
    (left / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"left")
    warehouse.prepare(settings, ())
    assert not left.exists()


def test_audits_tell_causes_before_what_follows_from_them() -> None:
    names = models.audits()
    assert names[0] == "every_base_amount_has_a_rate_and_its_date"
    assert list(names[1:]) == sorted(names[1:])


def test_models_come_after_what_they_read(sql_folder: Callable[..., None]) -> None:
    sql_folder(
        **{
            "intermediate/int_b": "select * from build.int_a as a, staging.stg_campaigns;",
            "intermediate/int_a": "-- build.int_z isn't read\nselect 'build.int_y' as one",
            "marts/mart_c": "with x as (select * from build.int_b) select * from x",
        }
    )
    found = models.models()
    assert [model.name for model in found] == ["int_a", "int_b", "mart_c"]
    assert [model.depends_on for model in found] == [(), ("int_a",), ("int_b",)]
    assert [model.layer for model in found] == ["intermediate", "intermediate", "marts"]


def test_what_models_read_is_what_a_parser_finds_in_their_files() -> None:
    for model in models.models():
        tree = sqlglot.parse_one(model.sql, dialect="postgres")
        named = {table.name for table in tree.find_all(sqlglot.exp.Table) if table.db == "build"}
        assert set(model.depends_on) == named, model.name


def test_circles_and_holes_between_models_are_named(sql_folder: Callable[..., None]) -> None:
    sql_folder(**{"intermediate/int_a": "select * from build.int_gone"})
    with pytest.raises(warehouse.WarehouseError, match=r"reads build\.int_gone, which no file"):
        models.models()
    sql_folder(
        **{
            "intermediate/int_a": "select * from build.int_b",
            "intermediate/int_b": "select * from build.int_a",
        }
    )
    with pytest.raises(warehouse.WarehouseError, match="read each other"):
        models.models()


def test_a_candidate_is_built_whole_or_stays(
    prepared: Settings, sql_folder: Callable[..., None]
) -> None:
    sql_folder(**{"intermediate/int_a": "select '%s :x' as text_value, 1 as one"})
    assert warehouse.build(prepared, "int_a") == 1
    sql_folder(**{"intermediate/int_a": "select nothing from nowhere"})
    with pytest.raises(warehouse.WarehouseError, match=r"int_a\.sql: .*nowhere"):
        warehouse.build(prepared, "int_a")
    assert warehouse.read(prepared, "select * from build.int_a") == [
        {"text_value": "%s :x", "one": 1}
    ]
    with pytest.raises(warehouse.WarehouseError, match="no model int_b"):
        warehouse.build(prepared, "int_b")


DIM_DATE = next(table for table in MART_TABLES if table.name == "dim_date")


def dim_date(**values: str) -> str:
    """One row of dim_date, each column at some value of its type."""
    plain = {"text": "'x'", "date": "date '2026-01-01'", "boolean": "true"}
    return "select " + ", ".join(
        f"cast({values.get(c.name, plain.get(c.type.value, '1'))} as {c.type.value}) as {c.name}"
        for c in DIM_DATE.columns
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (dim_date() + ", 1 as one_more", "columns are not those of its contract: one_more integer"),
        (dim_date().replace("as date)", "as text)", 1), "date_day text, date_day date"),
        (dim_date(date_day="null"), r"date_day is missing \(1 rows\)"),
        (dim_date() + " union all " + dim_date(), r"1 keys \(date_day\) are borne by several"),
    ],
)
def test_a_mart_that_breaks_its_contract_is_not_built(
    prepared: Settings, sql_folder: Callable[..., None], text: str, reason: str
) -> None:
    sql_folder(**{"marts/dim_date": text})
    with pytest.raises(warehouse.WarehouseError, match=reason):
        warehouse.build(prepared, "dim_date")
    with pytest.raises(warehouse.WarehouseError, match="dim_date has not been built"):
        warehouse.publish(prepared, run(0))


def test_i4_an_audit_shows_the_first_wrong_rows_and_stops_all(
    prepared: Settings, sql_folder: Callable[..., None]
) -> None:
    load(
        prepared,
        NETWORK,
        "campaign_daily",
        0,
        [spent(f"c{n:02}", 0, "1") for n in range(30)],
        days(1),
    )
    query = "select campaign_id from staging.stg_campaign_daily where spend > 0 order by 1;\n"
    sql_folder(
        **{"audits/nothing_is_spent": query, "audits/one_is_one": "select 1 as one where 1 <> 1"}
    )
    assert models.audits() == ("nothing_is_spent", "one_is_one")
    result = warehouse.audit(prepared, "nothing_is_spent")
    assert (result.wrong_count, len(result.rows)) == (30, 20)
    assert result.rows[0] == {"campaign_id": "c00"}
    assert warehouse.audit(prepared, "one_is_one") == warehouse.AuditResult("one_is_one", 0, ())
    version = warehouse.prepare(prepared, (NETWORK, CRM))
    warehouse.require_clean(prepared, ["one_is_one"], version)
    with pytest.raises(
        warehouse.WarehouseError,
        match=r"not so: nothing is spent \(30 rows, the first: campaign_id c00\)",
    ):
        warehouse.require_clean(prepared, models.audits(), version)
    with pytest.raises(warehouse.WarehouseError, match="no audit x"):
        warehouse.audit(prepared, "x")


def test_i4_a_load_between_two_models_has_all_of_them_built_anew(
    prepared: Settings, sql_folder: Callable[..., None]
) -> None:
    spend = "select coalesce(sum(spend), 0) as spend from staging.stg_campaign_daily;\n"
    sql_folder(
        **{
            "intermediate/int_before": spend,
            "intermediate/int_after": spend,
            "audits/both_tell_one_instant": (
                "select int_before.spend from build.int_before cross join build.int_after "
                "where int_before.spend <> int_after.spend;\n"
            ),
        }
    )
    load(prepared, NETWORK, "campaign_daily", 0, [spent("a", 0, "1")], days(1))
    version = warehouse.prepare(prepared, (NETWORK, CRM))
    warehouse.build(prepared, "int_before")
    load(prepared, NETWORK, "campaign_daily", 1, [spent("a", 0, "2")], days(1))
    warehouse.build(prepared, "int_after")

    warehouse.require_clean(prepared, models.audits(), version)

    for name in ("int_before", "int_after"):
        (row,) = warehouse.read(prepared, f"select spend from build.{name}")  # noqa: S608
        assert row == {"spend": Decimal(2)}


def test_what_models_read_has_a_version(prepared: Settings, tmp_path: Path) -> None:
    first = warehouse.prepare(prepared, (NETWORK, CRM))
    assert warehouse.prepare(prepared, (NETWORK, CRM)) == first
    load(prepared, NETWORK, "campaign_daily", 0, [spent("a", 0, "1")], days(1))
    loaded = warehouse.prepare(prepared, (NETWORK, CRM))
    shown = [ACCOUNT]
    warehouse.record_accounts(prepared, NETWORK.name, shown, run(0))
    known = warehouse.prepare(prepared, (NETWORK, CRM))
    warehouse.record_accounts(prepared, NETWORK.name, shown, run(1))
    assert warehouse.prepare(prepared, (NETWORK, CRM)) == known
    seeds = tmp_path / "seeds"
    shutil.copytree(prepared.seeds, seeds)
    with (seeds / "campaign_aliases.csv").open("a") as file:
        file.write("linkedin_ads,507,123,promo\n")
    edited = warehouse.prepare(replace(prepared, seeds=seeds), (NETWORK, CRM))
    assert first < loaded < known < edited


def test_i4_publish_shows_every_mart_and_which_build_it_is(prepared: Settings) -> None:
    with pytest.raises(warehouse.WarehouseError):
        warehouse.read_marts(prepared, "select * from marts.dim_date")
    load(prepared, NETWORK, "campaign_daily", 0, [spent("a", 0, "10")], days(1))
    build_all(prepared)
    warehouse.publish(prepared, run(3))

    marts = [table.name for table in MART_TABLES]
    assert warehouse.fingerprint(prepared, [f"marts.{name}" for name in marts]) == {
        f"marts.{name}": value
        for name, value in zip(
            marts,
            warehouse.fingerprint(prepared, [f"build.{name}" for name in marts]).values(),
            strict=True,
        )
    }
    (info,) = warehouse.read_marts(prepared, "select * from marts.build_info")
    assert {"sql", "seed_channel_rules", "reporting_zone"} <= set(json.loads(info.pop("inputs")))
    assert info == {
        "run_id": "night 3",
        "publish_number": 1,
        "as_of_at": run(3).as_of,
        "published_at": run(3).started_at,
    }
    if prepared.warehouse_url.startswith("duckdb"):
        _the_books_are_published_beside(prepared)


def _the_books_are_published_beside(settings: Settings) -> None:
    """A copy of every table of ops, for nobody but the pipeline opens the working file."""
    books = settings.home / "ops.duckdb"
    with duckdb.connect(str(books), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for table in (*OPS_TABLES, V_FRESHNESS):
            query = compose("select * from {t}", t=f"ops.{table.name}")
            assert connection.execute(query).to_arrow_table().to_pylist() == warehouse.read(
                settings, query
            ), table.name
        words = "select comment from duckdb_columns() where not internal and comment is null"
        assert connection.execute(words).fetchall() == []
    assert not list(settings.home.glob("ops.duckdb.*"))


def test_what_each_model_took_is_kept_run_by_run(
    prepared: Settings, sql_folder: Callable[..., None]
) -> None:
    sql_folder(**{"intermediate/int_a": "select 1 as one", "intermediate/int_b": "select 2 as two"})
    warehouse.build(prepared, "int_a")
    for night in (1, 2):
        lease = warehouse.lease_marts(prepared, run(night))
        warehouse.build(prepared, "int_a", lease=lease)
        warehouse.build(prepared, "int_a", "int_b", lease=lease)
    found = warehouse.read(
        prepared, "select * from ops.model_runs order by lease_token, model_name"
    )
    assert [(row["run_id"], row["model_name"], row["rows_built"]) for row in found] == [
        ("night 1", "int_a", 1),
        ("night 1", "int_b", 1),
        ("night 2", "int_a", 1),
        ("night 2", "int_b", 1),
    ]
    assert [row["began_at"] for row in found[1:3]] == [run(1).started_at, run(2).started_at]
    assert all(0 < row["seconds"] < 60 for row in found)


def test_how_far_every_stream_is_loaded_is_told_and_whose_first_load_failed(
    prepared: Settings,
) -> None:
    other = replace(ACCOUNT, account_id="act_2", account_name="Two")
    warehouse.record_accounts(prepared, NETWORK.name, [ACCOUNT, other], run(0))
    load(prepared, NETWORK, "campaign_daily", 0, [spent("a", 0, "10")], days(2))
    load(prepared, NETWORK, "campaigns", 1, [campaign("a", "A")])
    told = warehouse.read(
        prepared,
        "select account_id, account_name, stream, first_day, last_day, days_loaded, days_empty, "
        "hours_behind, as_of_at from ops.v_freshness order by account_id, stream",
    )
    last = FIRST + timedelta(1)
    assert [tuple(row.values()) for row in told] == [
        ("act_1", "One", "campaign_daily", FIRST, last, 1, 1, Decimal(24), run(0).as_of),
        ("act_1", "One", "campaigns", None, None, 0, 0, Decimal(0), run(1).as_of),
        ("act_2", "Two", "none", None, None, 0, 0, None, None),
    ]


def test_37_a_published_duckdb_file_holds_marts_alone_and_tells_what_they_mean(
    new_settings: Any,
) -> None:
    """Beside them only the publishes and why they moved closed months: no staging, no ledger."""
    settings = new_settings("duckdb")
    warehouse.prepare(settings, (NETWORK,))
    build_all(settings)
    warehouse.publish(settings, run(0))
    rows = warehouse.read_marts(
        settings,
        "select comment from duckdb_columns() where not internal and comment is null",
    )
    assert rows == []
    tables = warehouse.read_marts(
        settings,
        "select database_name || '.' || table_name as name from duckdb_tables() order by name",
    )
    expected = ["build_info", "mart_changes", *(table.name for table in MART_TABLES)]
    assert [row["name"] for row in tables] == sorted(f"marts.{name}" for name in expected)
    assert warehouse.read_marts(settings, "select * from ops.mart_changes") == []
    assert not list(settings.home.glob("*.wal"))


def test_3_i4_grants_views_and_open_snapshots_outlive_a_publish(new_settings: Any) -> None:
    settings = new_settings("postgresql")
    warehouse.prepare(settings, (NETWORK,))
    load(settings, NETWORK, "campaign_daily", 0, [spent("a", 0, "10")], days(1))
    build_all(settings)
    warehouse.publish(settings, run(0))
    query = "select sum(spend) from marts.fct_ad_spend_daily"
    with (
        psycopg.connect(settings.warehouse_url) as owner,
        psycopg.connect(settings.warehouse_url) as old_reader,
    ):
        owner.execute("create role bi_tool")
        owner.execute("grant select on marts.fct_ad_spend_daily to bi_tool")
        owner.execute("create view public.spend as select sum(spend) from marts.fct_ad_spend_daily")
        owner.commit()
        old_reader.execute("set transaction isolation level repeatable read")
        old_reader.execute("select 1")

        load(settings, NETWORK, "campaign_daily", 1, [spent("a", 0, "7")], days(1))
        build_all(settings)
        warehouse.publish(settings, run(1))

        assert old_reader.execute(query).fetchone() == (10,)
        assert owner.execute("select * from public.spend").fetchone() == (7,)
        allowed = "select has_table_privilege('bi_tool', 'marts.fct_ad_spend_daily', 'select')"
        assert owner.execute(allowed).fetchone() == (True,)
        old_reader.rollback()
        owner.execute("alter table marts.fct_ad_spend_daily add column note text")
        owner.commit()
        with pytest.raises(warehouse.WarehouseError, match=r"has new columns and spend reads it"):
            warehouse.publish(settings, run(2))
        assert owner.execute("select run_id from marts.build_info").fetchone() == ("night 1",)
        owner.execute("drop view public.spend; drop owned by bi_tool; drop role bi_tool")
        owner.commit()
        warehouse.publish(settings, run(3))
        assert owner.execute("select run_id from marts.build_info").fetchone() == ("night 3",)


def test_40_duckdb_reaches_nothing_but_landed_batches(new_settings: Any, tmp_path: Path) -> None:
    settings = new_settings("duckdb")
    warehouse.prepare(settings, ())
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for query in (
        f"from read_csv('{tmp_path}/secret.csv')",
        f"from read_text('{settings.home}/hash.key')",
        f"attach '{tmp_path}/other.duckdb'",
        f"copy (select 1) to '{tmp_path}/out.csv'",
        "install httpfs",
        "set enable_external_access = true",
        "select * from 'https://example.com/x.parquet'",
    ):
        with pytest.raises(warehouse.WarehouseError), engine_of(settings).write() as session:
            session.run(query)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.csv"]


def test_a_fingerprint_sees_content_and_not_stamps(prepared: Settings) -> None:
    table = "staging.stg_campaign_daily"
    load(prepared, NETWORK, "campaign_daily", 0, [spent("a", 0, "1"), spent("b", 0, "2")], days(1))
    once = warehouse.fingerprint(prepared, [table])[table]

    def after(change: str) -> str:
        with engine_of(prepared).write() as session:
            session.execute(compose("update {table} set {change}", table=table, change=Sql(change)))
        return warehouse.fingerprint(prepared, [table])[table]

    assert after("batch_id = 'another', last_restated_at = loaded_at") == once
    changed = after("reported_conversions = 0 where campaign_id = 'a'")
    assert changed != once
    assert after("spend = 3 - spend") not in (once, changed)


def test_25_only_plain_names_become_identifiers() -> None:
    assert compose("{a} {b}", a="x.y", b=["c", Sql("d as e")]) == "x.y c, d as e"
    for name in ("a b", "a;", 'a"', "A", "a.b.c", ""):
        with pytest.raises(ValueError, match="no plain identifier"):
            compose("{name}", name=name)
