"""A command without Airflow works on the warehouse of the pipeline, and on no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from airflow.sdk import Connection

from include import erase, holds, rebuild, warehouse, which_warehouse
from include.holds import Hold
from include.run import Run, with_warehouse
from include.settings import Settings, SettingsError
from include.warehouse import holding
from tests.warehouse.world import CRM, NETWORK

PASSWORD = "p@ss:w/rd %"
JSON = {
    "conn_type": "postgres", "host": "db.example", "login": "postgres", "password": PASSWORD,
    "schema": "closed_loop", "port": 6543, "extra": {"sslmode": "require"},
}  # fmt: skip
URI = "postgres://postgres:p%40ss%3Aw%2Frd%20%25@db.example:6543/closed_loop?sslmode=require"
URL = URI.replace("postgres:", "postgresql:", 1)
AT = datetime(2026, 11, 10, 5, tzinfo=UTC)


def chosen(home: Path, **variables: str) -> tuple[str, str]:
    settings, transformer = which_warehouse.settings_and_transformer(
        {"CLOSED_LOOP_HOME": str(home), **variables}
    )
    return settings.warehouse_url, transformer.warehouse_url


@pytest.mark.parametrize(
    "connection",
    [
        URI,
        URL,
        json.dumps(JSON),
        json.dumps(JSON | {"conn_type": "postgresql", "port": "6543"}),
        json.dumps(JSON | {"extra": '{"sslmode": "require"}'}),
    ],
)
def test_a_connection_names_the_warehouse_that_it_names_to_the_pipeline(
    tmp_path: Path, connection: str, new_settings: Callable[[str], Settings]
) -> None:
    assert chosen(tmp_path, AIRFLOW_CONN_WAREHOUSE=connection) == (URL, URL)
    theirs = (
        Connection.from_json(connection, "warehouse")
        if connection.startswith("{")
        else Connection.from_uri(connection, "warehouse")
    )
    settings = with_warehouse(new_settings("duckdb"), theirs.get_uri())
    assert settings.warehouse_url == URL


def test_the_marts_are_made_by_their_own_role(tmp_path: Path) -> None:
    other = json.dumps(JSON | {"login": "transformer", "password": "x"})
    given = chosen(tmp_path, AIRFLOW_CONN_WAREHOUSE=URI, AIRFLOW_CONN_WAREHOUSE_TRANSFORMER=other)
    assert given == (
        URL,
        "postgresql://transformer:x@db.example:6543/closed_loop?sslmode=require",
    )


def test_the_variable_comes_first_and_another_database_is_refused(tmp_path: Path) -> None:
    admin = "postgresql+psycopg://admin@db.example:6543/closed_loop"
    both = {"CLOSED_LOOP_WAREHOUSE_URL": admin, "AIRFLOW_CONN_WAREHOUSE": URI}
    assert chosen(tmp_path, **both) == (admin, admin)
    for other in ("duckdb:////elsewhere.duckdb", admin.replace("db.example", "old.example")):
        with pytest.raises(SettingsError, match=r"name two warehouses .* leave out") as refused:
            chosen(tmp_path, **both | {"CLOSED_LOOP_WAREHOUSE_URL": other})
        assert "p%40ss" not in str(refused.value)


@pytest.mark.parametrize(
    "connection",
    [
        "{not json",
        "mysql://root:s3cret@db/x",
        '{"conn_type": "mysql", "password": "s3cret"}',
        '{"host": "db", "password": "s3cret"}',
        '{"conn_type": "postgres", "password": "s3cret", "extra": {"options": {"a": 1}}}',
        '{"conn_type": "postgres", "password": "s3cret", "extra": "s3cret"}',
        "postgresql://u:s3cret@db:port/x",
        "s3cret",
    ],
)
def test_what_cannot_be_read_is_refused_without_its_password(
    tmp_path: Path, connection: str
) -> None:
    with pytest.raises(SettingsError, match=r"AIRFLOW_CONN_WAREHOUSE is no .* name the") as refused:
        chosen(tmp_path, AIRFLOW_CONN_WAREHOUSE=connection)
    assert "s3cret" not in str(refused.value)


def test_a_home_alone_has_its_duckdb_file_unless_it_shows_otherwise(tmp_path: Path) -> None:
    file = f"duckdb:///{tmp_path}/warehouse.duckdb"
    assert chosen(tmp_path) == (file, file)
    (tmp_path / "landing").mkdir()
    with pytest.raises(SettingsError, match=r"no DuckDB file, .* name the warehouse: CLOSED_LOOP_"):
        chosen(tmp_path)
    assert chosen(tmp_path, CLOSED_LOOP_WAREHOUSE_URL=file) == (file, file)
    (tmp_path / "marts.duckdb").touch()
    assert chosen(tmp_path) == (file, file)


def test_a_home_remembers_that_its_pipeline_went_to_postgresql(
    new_settings: Callable[[str], Settings],
) -> None:
    settings = new_settings("postgresql")
    (settings.home / "landing").mkdir(parents=True, exist_ok=True)
    (settings.home / "warehouse.duckdb").touch()
    warehouse.prepare(settings, (NETWORK, CRM))
    with pytest.raises(SettingsError, match=r"works on PostgreSQL, closed_loop_.* name the wareh"):
        chosen(settings.home)


def test_each_command_works_on_the_connection_s_warehouse_and_says_so(
    new_settings: Callable[[str], Settings],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = new_settings("postgresql")
    there = urlsplit(settings.warehouse_url)
    connection = json.dumps(
        {
            "conn_type": "postgres",
            "login": there.username,
            "password": "never shown",
            "host": there.hostname,
            "port": there.port,
            "schema": there.path[1:],
            "extra": dict(parse_qsl(there.query)),
        }
    )
    monkeypatch.delenv("CLOSED_LOOP_WAREHOUSE_URL", raising=False)
    monkeypatch.setenv("CLOSED_LOOP_HOME", str(settings.home))
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", connection)
    (settings.home / "landing").mkdir(parents=True, exist_ok=True)
    said = f"warehouse: PostgreSQL, {there.path[1:]} at "

    assert rebuild.main() == 1  # nothing was landed yet; its tables are made
    told = capsys.readouterr()
    assert told.out.startswith(said)
    assert "nothing was landed" in told.err

    hold = Hold("google_ads", "7", "silent", date(2026, 11, 9), Decimal(0), Decimal(100))
    holding.note(settings, Run("nightly", AT, AT), [hold])
    assert holds.main(["approve", "2026-11-11T09:00:00+00:00"]) == 0
    assert holding.waiting(settings) == []
    told = capsys.readouterr()
    assert told.out.startswith(said)

    environment = {
        "CLOSED_LOOP_HOME": str(settings.home),
        "AIRFLOW_CONN_WAREHOUSE": connection,
        "PERSON": "nobody@nowhere.example",
    }
    assert erase.main(environment) == 1
    told = capsys.readouterr()
    assert told.out.startswith(said)
    assert "nobody of that address" in told.err
    assert not list(settings.home.glob("*.duckdb*"))
    assert "never shown" not in told.out + told.err

    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE")
    del environment["AIRFLOW_CONN_WAREHOUSE"]
    assert rebuild.main() == holds.main([]) == erase.main(environment) == 1
    assert capsys.readouterr().err.count("name the warehouse: CLOSED_LOOP_WAREHOUSE_URL=") == 3
    assert not list(settings.home.glob("*.duckdb*"))
