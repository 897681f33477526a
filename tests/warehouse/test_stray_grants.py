"""`make roles` makes right again what was granted or set by mistake, or by the roles themselves."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
import sqlalchemy as sa

from include import warehouse
from include.settings import Settings
from include.warehouse import roles
from tests.warehouse.test_roles import PASSWORDS, as_role
from tests.warehouse.world import CRM, NETWORK

STRAY = (
    "grant insert, update, delete, truncate on marts.spend to reader, page",
    "grant update (amount) on marts.spend to reader",
    "grant insert on marts.spend to loader",
    "grant delete on marts.spend to public",
    "grant select on ops.load_ledger to reader",
    "grant update (run_id) on ops.mart_changes to page",
    "grant truncate on ops.mart_changes to transformer",
    "grant insert on staging.stg_campaign_daily to transformer",
    "grant create on schema marts to reader, public",
    "grant create on schema ops to transformer",
    "grant create, temporary on database {database} to reader",
    "grant create on schema public to reader",
    "alter default privileges for role transformer grant insert on tables to reader",
    "alter default privileges for role transformer in schema marts grant insert on tables to page",
    "grant loader to reader with admin option",
    "grant pg_read_all_data, pg_write_all_data to page, transformer",
    "grant transformer to loader",
    "alter role reader createdb createrole bypassrls replication",
    "alter role page createdb",
    "alter role loader bypassrls",
    "grant execute on function pg_catalog.lo_create(oid) to reader",
    "grant execute on function pg_catalog.pg_advisory_lock(bigint) to public",
)
RIGHTS = """
select relname as thing, relacl::text[] as rights from pg_class
where relnamespace::regnamespace::text = any('{staging,ops,build,marts}')
union all select attrelid::regclass || '.' || attname, attacl::text[] from pg_attribute
where attacl is not null and attrelid::regclass::text ~ '^(staging|ops|build|marts)[.]'
union all select nspname, nspacl::text[] from pg_namespace where nspname !~ '^(pg_|information)'
union all select datname, datacl::text[] from pg_database where datname = current_database()
union all select defaclrole || ' ' || defaclnamespace, defaclacl::text[] from pg_default_acl
union all select oid::regprocedure::text, proacl::text[] from pg_proc
where proname ~ '^lo_|advisory'
union all select rolname, array[rolcreatedb, rolcreaterole, rolbypassrls, rolreplication]::text[]
from pg_roles where rolname = any('{loader,transformer,reader,page}')
union all select 'member ' || member::regrole, array[roleid::regrole]::text[]
from pg_auth_members where member::regrole::text = any('{loader,transformer,reader,page}')
union all select 'set ' || setrole::regrole || setdatabase, setconfig
from pg_db_role_setting where setrole::regrole::text = any('{loader,transformer,reader,page}')
"""


@pytest.fixture
def url(new_settings: Callable[[str], Settings]) -> str:
    """A warehouse with roles and a mart."""
    settings = new_settings("postgresql")
    warehouse.prepare(settings, (NETWORK, CRM))
    roles.create_roles(settings.warehouse_url, PASSWORDS)
    with psycopg.connect(as_role(settings.warehouse_url, roles.TRANSFORMER)) as connection:
        connection.execute("create table marts.spend (amount integer)")
    roles.create_roles(settings.warehouse_url, PASSWORDS)
    return settings.warehouse_url


def rights(url: str) -> dict[str, list[str]]:
    """What everybody may, what the roles are and what is set for them; what is empty left out."""
    found: dict[str, list[str]] = {}
    with psycopg.connect(url) as connection:
        for thing, given in connection.execute(RIGHTS):
            found.setdefault(thing, []).extend(sorted(given or ()))
    return {thing: sorted(given) for thing, given in found.items() if given}


def test_37_making_the_roles_again_takes_every_stray_grant(url: str) -> None:
    before, database = rights(url), sa.make_url(url).database
    for statement in STRAY:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.format(database=database).encode())
        assert rights(url) != before, statement
        roles.create_roles(url, PASSWORDS)
        assert rights(url) == before, statement


def test_37_what_a_member_granted_goes_with_its_membership(url: str) -> None:
    before = rights(url)
    with psycopg.connect(url) as connection:
        connection.execute("grant loader to reader with admin option")
    with psycopg.connect(as_role(url, roles.READER)) as connection:
        connection.execute("set transaction read write")
        connection.execute("grant loader to page")
    roles.create_roles(url, PASSWORDS)
    assert rights(url) == before


@pytest.mark.parametrize("place", ["", "in database {database}", "in database postgres"])
def test_37_what_the_reader_set_for_itself_lasts_until_the_roles_are_made_again(
    url: str, place: str
) -> None:
    """PostgreSQL lets a role set its own defaults and password; neither can be denied."""
    before = rights(url)
    where = place.format(database=sa.make_url(url).database)
    with psycopg.connect(as_role(url, roles.READER)) as connection:
        connection.execute("set transaction read write")
        connection.execute(f"alter role reader {where} set statement_timeout = 0".encode())
        connection.execute("alter role reader password 'of its own'")
    assert rights(url) != before
    roles.create_roles(url, PASSWORDS)
    assert rights(url) == before
    psycopg.connect(as_role(url, roles.READER)).close()


def test_what_could_not_be_denied_is_said(url: str) -> None:
    """Another than a table's owner granted it, and the reader owns what it made."""
    with psycopg.connect(url) as connection:
        connection.execute("drop role if exists lender")
        connection.execute("create role lender")
        connection.execute("grant usage on schema marts to lender")
        connection.execute("grant insert on marts.spend to lender with grant option")
        connection.execute("set role lender")
        connection.execute("grant insert on marts.spend to reader")
        connection.execute("reset role")
        connection.execute("create schema readers authorization reader")
    told = "\n".join(roles.create_roles(url, PASSWORDS))
    assert "reader still may more than it should with marts.spend" in told
    assert "reader owns what it made (1 objects)" in told
    assert "connect to other databases of this server (" in told
    with psycopg.connect(url) as connection:
        connection.execute("drop schema readers")
        connection.execute("drop owned by lender cascade")
        connection.execute("drop role lender")
    told = "\n".join(roles.create_roles(url, PASSWORDS))
    assert "more than it should" not in told
    assert "owns" not in told
