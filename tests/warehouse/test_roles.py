"""Promise 37, BI role abuse: what each role of the warehouse may do, and that it may nothing else.

The roles are tried with the pipeline at work under them: the loader has staged, the transformer
built and published, the reader reads.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from include import warehouse
from include.contracts.build_info import BUILD_INFO
from include.contracts.marts import MART_TABLES
from include.contracts.ops import PAGE_READS
from include.run import settings_of
from include.settings import Settings
from include.warehouse import models, roles
from tests.sandbox.running import ROOT
from tests.warehouse.world import CRM, NETWORK, campaign, days, load, run, spent

PASSWORDS = {role: f"canary-{role}-password" for role in roles.ROLES}
DENIED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)


def asked(admin_url: str) -> dict[str, str]:
    """The variables by which roles are asked for."""
    passwords = {f"CLOSED_LOOP_{role.upper()}_PASSWORD": PASSWORDS[role] for role in PASSWORDS}
    return {"CLOSED_LOOP_ADMIN_URL": admin_url, **passwords}


def make_roles(admin_url: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The command as ``make roles`` runs it."""
    return subprocess.run(
        [sys.executable, "-m", "include.warehouse.roles"],
        cwd=ROOT,
        env={**os.environ, **asked(admin_url), **more},
        capture_output=True,
        text=True,
        check=False,
    )


def as_role(url: str, role: str) -> str:
    made = sa.make_url(url).set(username=role, password=PASSWORDS[role])
    return made.render_as_string(hide_password=False)


def publish(loader: Settings, transformer: Settings, night: int) -> None:
    """A night under the roles: seeds and tables by the loader, marts by the transformer."""
    version = warehouse.prepare(loader, (NETWORK, CRM))
    load(loader, NETWORK, "campaigns", night, [campaign("a", "one")])
    load(loader, NETWORK, "campaign_daily", night, [spent("a", 0, "1")], days(1))
    warehouse.build(transformer, *(model.name for model in models.models()))
    warehouse.require_clean(transformer, [models.audits()[0]], version + 2)
    warehouse.publish(transformer, run(night))


@pytest.fixture(scope="module")
def url(new_settings: Callable[[str], Settings]) -> str:
    """A warehouse that had another owner's tables when the roles were made, and no marts yet."""
    settings = new_settings("postgresql")
    warehouse.prepare(settings, (NETWORK, CRM))
    for _ in range(2):
        done = make_roles(settings.warehouse_url)
        assert (done.returncode, done.stderr) == (0, "")
        assert "password" not in done.stdout
    loader, transformer = (
        replace(settings, warehouse_url=as_role(settings.warehouse_url, role))
        for role in (roles.LOADER, roles.TRANSFORMER)
    )
    publish(loader, transformer, 1)
    with psycopg.connect(settings.warehouse_url) as connection:
        connection.execute("create schema bi")
        connection.execute("create table bi.notes (note text)")
    return settings.warehouse_url


@pytest.fixture(scope="module")
def connect(url: str) -> Callable[[str], psycopg.Connection]:
    """``connect(role)``: one connection of each role, which is used again."""
    made: dict[str, psycopg.Connection] = {}

    def connection(role: str) -> psycopg.Connection:
        if role not in made:
            made[role] = psycopg.connect(as_role(url, role))
        return made[role]

    return connection


MART, STAGED, LEDGER, BUILT, MOVED = (
    "marts.fct_ad_spend_daily",
    "staging.stg_campaign_daily",
    "ops.load_ledger",
    "build.int_people",
    "ops.mart_changes",
)
READ, WRITE, EMPTY, DROP, TRUNCATE, ADD = (
    "select * from {}",
    "insert into {0} select * from {0} where false",
    "delete from {}",
    "drop table {} cascade",
    "truncate {}",
    "alter table {} add column more text",
)
TABLES = (MART, STAGED, LEDGER, BUILT, MOVED)
MANY = (READ, WRITE, EMPTY, DROP, TRUNCATE, ADD)
MAY = {
    roles.LOADER: {(kind, table) for kind in MANY for table in (STAGED, LEDGER, MOVED)},
    roles.TRANSFORMER: {
        *((kind, table) for kind in MANY for table in (BUILT, MART)),
        (READ, STAGED),
        *((kind, table) for kind in (READ, WRITE, EMPTY) for table in (LEDGER, MOVED)),
    },
    roles.READER: {(READ, MART)},
    roles.PAGE: {(READ, MART), (READ, MOVED)},
}
WITHOUT_PAYLOAD = ", ".join(PAGE_READS["rejected_rows"])
ON_TABLES = [
    (role, kind.format(table), (kind, table) in MAY[role])
    for role in roles.ROLES
    for kind in MANY
    for table in TABLES
]
OTHERS = [
    (role, statement, role in who)
    for statement, who in {
        "create temp table aside (one text)": (roles.LOADER, roles.TRANSFORMER),
        "create schema mine": (roles.LOADER,),
        "create table marts.mine (one text)": (roles.TRANSFORMER,),
        "create table staging.mine (one text)": (roles.LOADER,),
        "create table public.mine (one text)": (),
        "create view marts.mine as select 1 as one": (roles.TRANSFORMER,),
        "update marts.build_info set run_id = 'x'": (roles.TRANSFORMER,),
        "copy marts.fct_ad_spend_daily to program 'cat'": (),
        "copy marts.fct_ad_spend_daily to '/dev/null'": (),
        "select pg_read_file('/etc/passwd')": (),
        "select * from pg_authid": (),
        "select * from bi.notes": (),
        "create role mine": (),
        "select lo_from_bytea(0, 'x')": (),
        "select lo_create(0)": (),
        "select pg_logical_emit_message(false, 'x', 'y')": (),
        "select pg_advisory_xact_lock(1)": (roles.LOADER, roles.TRANSFORMER),
        "select pg_try_advisory_lock_shared(1, 2)": (roles.LOADER, roles.TRANSFORMER),
        "select pg_advisory_unlock_all()": roles.ROLES,
        f"select {WITHOUT_PAYLOAD} from ops.rejected_rows": tuple(  # noqa: S608
            {*roles.ROLES} - {roles.READER}
        ),
        "select record from ops.rejected_rows": (roles.LOADER, roles.TRANSFORMER),
        "select count(*) from ops.holds where decided_by = 'x'": (roles.LOADER, roles.TRANSFORMER),
        "select * from ops.v_freshness": tuple({*roles.ROLES} - {roles.READER}),
        "alter role reader superuser": (),
        "alter role page superuser": (),
        "grant loader to page": (),
        "grant loader to reader": (),
        "alter default privileges for role loader grant select on tables to reader": (
            roles.LOADER,
        ),
        "set role loader": (roles.LOADER,),
        "set role transformer": (roles.TRANSFORMER,),
        "create extension vector": (),
    }.items()
    for role in roles.ROLES
]


@pytest.mark.parametrize(("role", "statement", "is_allowed"), ON_TABLES + OTHERS)
@pytest.mark.parametrize("is_careful", [True, False], ids=["as it is", "limits lifted"])
def test_37_every_allowed_statement_is_allowed_and_every_other_denied(
    connect: Callable[[str], psycopg.Connection],
    role: str,
    statement: str,
    is_allowed: bool,
    is_careful: bool,
) -> None:
    """A reader that lifts the read-only setting has won nothing."""
    connection = connect(role)
    connection.rollback()
    if not is_careful:
        connection.execute("set transaction read write")
    if is_allowed:
        connection.execute(statement)
    else:
        with pytest.raises(DENIED):
            connection.execute(statement)
    connection.rollback()


@pytest.mark.parametrize("role", roles.ROLES)
def test_37_no_role_makes_a_database(url: str, role: str) -> None:
    """Not within a transaction, where PostgreSQL refuses it to everybody."""
    with psycopg.connect(as_role(url, role), autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create database mine")


def test_37_what_is_denied_fails_for_want_of_right_alone(url: str) -> None:
    """A superuser is refused none of it: else the refusals above would tell nothing."""
    with psycopg.connect(url) as connection:
        for statement in sorted({statement for _, statement, _ in ON_TABLES + OTHERS}):
            connection.execute(statement)
            connection.execute("reset role")
            connection.rollback()
        connection.autocommit = True
        connection.execute("create database mine")
        connection.execute("drop database mine")


def test_37_the_reader_reads_every_mart_and_sees_no_other_schema(
    connect: Callable[[str], psycopg.Connection],
) -> None:
    assert seen(connect(roles.READER)) == EVERY_MART


def test_37_the_page_reads_every_mart_and_of_the_books_what_it_shows(
    connect: Callable[[str], psycopg.Connection],
) -> None:
    shown = {("ops", table): frozenset(columns) for table, columns in PAGE_READS.items()}
    assert seen(connect(roles.PAGE)) == EVERY_MART | shown


EVERY_MART = {
    ("marts", table.name): frozenset(table.column_names) for table in (*MART_TABLES, BUILD_INFO)
}


def seen(connection: psycopg.Connection) -> dict[tuple[str, str], frozenset[str]]:
    """The columns of every table that a role sees, each of which it has read."""
    connection.rollback()
    found = connection.execute(
        "select table_schema, table_name, array_agg(column_name::text) "
        "from information_schema.columns "
        "where table_schema not in ('pg_catalog', 'information_schema') group by 1, 2"
    ).fetchall()
    for schema, table, columns in found:
        connection.execute(f"select {', '.join(columns)} from {schema}.{table}")  # noqa: S608
    return {(schema, table): frozenset(columns) for schema, table, columns in found}


@pytest.mark.parametrize(
    ("role", "limit", "idle"), [(roles.READER, "1min", "10min"), (roles.PAGE, "15s", "1min")]
)
def test_37_a_readers_statement_ends_after_its_time(
    connect: Callable[[str], psycopg.Connection], role: str, limit: str, idle: str
) -> None:
    connection = connect(role)
    connection.rollback()
    for setting, value in (
        ("statement_timeout", limit),
        ("default_transaction_read_only", "on"),
        ("idle_in_transaction_session_timeout", idle),
    ):
        assert connection.execute(f"show {setting}").fetchone() == (value,)
    connection.execute("set local statement_timeout = 20")
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("select count(*) from generate_series(1, 1000000000)")
    connection.rollback()


@pytest.mark.parametrize("role", [roles.READER, roles.PAGE])
def test_37_the_limits_hold_in_the_servers_other_databases_too(url: str, role: str) -> None:
    other = sa.make_url(as_role(url, role)).set(database="postgres")
    with psycopg.connect(other.render_as_string(hide_password=False)) as connection:
        for setting, value in roles.LIMITS[role].items():
            found = connection.execute(
                "select current_setting(%s)::interval = %s::interval"
                if value != "on"
                else "select current_setting(%s) = %s",
                [setting, value],
            )
            assert found.fetchone() == (True,)


def test_37_books_made_after_the_roles_are_the_pages_to_read_too(
    new_settings: Callable[[str], Settings],
) -> None:
    settings = new_settings("postgresql")
    assert make_roles(settings.warehouse_url).returncode == 0
    loader = replace(settings, warehouse_url=as_role(settings.warehouse_url, roles.LOADER))
    warehouse.prepare(loader, (NETWORK, CRM))
    with psycopg.connect(as_role(settings.warehouse_url, roles.PAGE)) as connection:
        books = {("ops", table): frozenset(columns) for table, columns in PAGE_READS.items()}
        assert seen(connection) == books


def test_nobody_else_may_connect(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create role stranger login")
    stranger = sa.make_url(url).set(username="stranger").render_as_string(hide_password=False)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(stranger)


def test_35_passwords_reach_the_server_as_verifiers(url: str) -> None:
    with psycopg.connect(url) as connection:
        kept = connection.execute(
            "select rolname, rolpassword from pg_authid where rolname = any(%s)",
            [list(roles.ROLES)],
        ).fetchall()
    assert {role for role, _ in kept} == set(roles.ROLES)
    assert all(password.startswith("SCRAM-SHA-256$") for _, password in kept)


def test_what_is_missing_or_wrong_is_said_without_a_password(url: str) -> None:
    done = make_roles("", CLOSED_LOOP_READER_PASSWORD="")
    assert done.returncode == 1
    assert done.stderr == (
        "make roles needs CLOSED_LOOP_ADMIN_URL, CLOSED_LOOP_READER_PASSWORD in its environment\n"
    )
    wrong = sa.make_url(url).set(database="nowhere", password="canary-admin-password")
    done = make_roles(wrong.render_as_string(hide_password=False))
    assert done.returncode == 1
    assert 'database "nowhere" does not exist' in done.stderr
    assert "canary" not in done.stdout + done.stderr


def test_a_server_that_starts_is_waited_for(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of a database whose container has just begun."""
    there = sa.make_url(url)
    door = ".s.PGSQL.5432"
    opening = threading.Timer(
        0.5, (tmp_path / door).symlink_to, [Path(str(there.query["host"])) / door]
    )
    opening.start()
    url_to_be = there.set(query={"host": str(tmp_path)}).render_as_string(hide_password=False)
    assert roles.main(asked(url_to_be)) == 0
    assert capsys.readouterr().err == "PostgreSQL does not answer; waiting for it\n"


def test_who_may_make_roles_need_not_be_a_superuser(new_settings: Any) -> None:
    settings = new_settings("postgresql")
    name = sa.make_url(settings.warehouse_url).database
    with psycopg.connect(settings.warehouse_url, autocommit=True) as connection:
        for role in roles.ROLES:
            connection.execute(f"drop owned by {role} cascade")
        connection.execute("create role keeper login createrole")
        connection.execute(f"alter database {name} owner to keeper")
        version = connection.info.server_version
        if version >= 160000:
            for role in roles.ROLES:
                connection.execute(f"grant {role} to keeper with admin option")
    keeper = sa.make_url(settings.warehouse_url).set(username="keeper")
    done = make_roles(keeper.render_as_string(hide_password=False))
    assert (done.returncode, done.stderr) == (0, "")
    assert "only a superuser takes these from PUBLIC: revoke execute on function lo_" in done.stdout
    assert "pg_advisory_lock(bigint)" in done.stdout
    with psycopg.connect(as_role(settings.warehouse_url, roles.LOADER)) as connection:
        connection.execute("select pg_advisory_xact_lock(1)")
    # what a superuser then takes, and gave to the two, stays so when the keeper runs it again
    assert make_roles(settings.warehouse_url).returncode == 0
    done = make_roles(keeper.render_as_string(hide_password=False))
    assert (done.returncode, done.stderr) == (0, "")
    assert "PUBLIC: revoke execute" not in done.stdout


class Connections(dict[str, Any]):
    """What Airflow's context has under ``conn``."""


class Uri(str):
    def get_uri(self) -> str:
        return self


def test_marts_are_made_with_the_transformers_connection_where_there_is_one() -> None:
    both = {
        "conn": Connections(
            warehouse=Uri("postgres://loader@db/w"),
            warehouse_transformer=Uri("postgres://transformer@db/w"),
        )
    }
    one = {"conn": Connections(warehouse=Uri("postgres://loader@db/w"))}
    assert settings_of(both).warehouse_url == "postgresql://loader@db/w"
    assert settings_of(both, transforms=True).warehouse_url == "postgresql://transformer@db/w"
    assert settings_of(one, transforms=True).warehouse_url == "postgresql://loader@db/w"
