"""The roles of a PostgreSQL warehouse: loader, transformer, reader, page.

``python -m include.warehouse.roles`` makes them, or makes them right again: run it as often as you
like, and after every change of a password. It reads the environment alone, so that no password
stands on a command line: ``CLOSED_LOOP_ADMIN_URL`` (the warehouse's database, as a user who may
make roles) and ``CLOSED_LOOP_LOADER_PASSWORD``, ``CLOSED_LOOP_TRANSFORMER_PASSWORD``,
``CLOSED_LOOP_READER_PASSWORD``, ``CLOSED_LOOP_PAGE_PASSWORD``. Passwords reach the server as SCRAM
verifiers, so none is in its log either. https://www.postgresql.org/docs/current/ddl-priv.html
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping

import psycopg
from psycopg import sql

from include.contracts.ops import PAGE_READS
from include.warehouse.engine import WarehouseError
from include.warehouse.engine_postgres import PAGE, share_with_page

LOADER, TRANSFORMER, READER = "loader", "transformer", "reader"
ROLES = (LOADER, TRANSFORMER, READER, PAGE)
OWNERS = {"staging": LOADER, "ops": LOADER, "build": TRANSFORMER, "marts": TRANSFORMER}
"""Who owns each schema and the tables in it."""

LIMITS = {
    READER: {
        "default_transaction_read_only": "on",
        "statement_timeout": "60s",
        "idle_in_transaction_session_timeout": "10min",
    },
    PAGE: {
        "default_transaction_read_only": "on",
        "statement_timeout": "15s",
        "idle_in_transaction_session_timeout": "1min",
    },
}
_URL = "CLOSED_LOOP_ADMIN_URL"
_BOOKS = "select, insert, update, delete"
_GRANTS = (
    "revoke all on database {database} from public",
    "revoke create on schema public from public",
    "grant connect on database {database} to {loader}, {transformer}, {reader}, {page}",
    "grant temporary on database {database} to {loader}, {transformer}",
    "grant create on database {database} to {loader}",
    "grant usage on schema staging, ops to {transformer}",
    "grant select on all tables in schema staging to {transformer}",
    f"grant {_BOOKS} on all tables in schema ops to {{transformer}}",
    "alter default privileges for role {loader} in schema staging "
    "grant select on tables to {transformer}",
    "alter default privileges for role {loader} in schema ops "
    f"grant {_BOOKS} on tables to {{transformer}}",
    "revoke all on all tables in schema staging, ops, build from {reader}, {page}",
    "revoke all on schema staging, ops, build from {reader}, {page}",
    "grant usage on schema marts to {reader}, {page}",
    "grant usage on schema ops to {page}",
    "grant select on all tables in schema marts to {reader}, {page}",
    "alter default privileges for role {transformer} in schema marts "
    "grant select on tables to {reader}, {page}",
)


def create_roles(admin_url: str, passwords: Mapping[str, str]) -> None:
    """Make the roles, their passwords and what each may do, in one transaction.

    The loader owns ``staging`` and ``ops``. The transformer reads ``staging``, keeps its books in
    ``ops``, and owns ``build`` and ``marts``. The reader selects from ``marts``, read-only and
    within a time; the page does so too, and from what it shows of ``ops``. Nobody else may connect
    or make temporary tables. Tables that are there already are handed to their owner; views that
    others made upon the marts stay theirs.

    Raises WarehouseError when the server cannot be reached or refuses, or when a role of these
    names is a superuser.
    """
    try:
        with psycopg.connect(admin_url.replace("+psycopg:", ":", 1)) as connection:
            for role in ROLES:
                _make_role(connection, role, passwords[role])
            for statement in _grants(connection):
                connection.execute(statement)
            for table, columns in PAGE_READS.items():
                share_with_page(connection, f"ops.{table}", columns)
    except psycopg.Error as error:
        text = str(error).strip().split("\n")[0]
        for secret in passwords.values():
            text = text.replace(secret, "***")
        raise WarehouseError(f"the roles could not be made: {text}") from None


def _make_role(connection: psycopg.Connection, role: str, password: str) -> None:
    name = sql.Identifier(role)
    found = connection.execute("select rolsuper from pg_roles where rolname = %s", [role])
    if (row := found.fetchone()) is None:
        connection.execute(sql.SQL("create role {}").format(name))
    elif row[0]:
        raise WarehouseError(
            f"the role {role} is a superuser, whom nothing can be denied; let the server's "
            "superuser have another name"
        )
    encrypted = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    )
    connection.execute(
        sql.SQL("alter role {} login password {}").format(name, sql.Literal(encrypted.decode()))
    )
    if not _is_superuser(connection):  # who hands tables to a role must be of it
        connection.execute(sql.SQL("grant {} to current_user").format(name))


def _is_superuser(connection: psycopg.Connection) -> bool:
    found = connection.execute("select rolsuper from pg_roles where rolname = current_user")
    return bool((found.fetchone() or [False])[0])


def _grants(connection: psycopg.Connection) -> Iterator[sql.Composed]:
    """Every statement that gives and takes, the schemas' owners first."""
    names = {role: sql.Identifier(role) for role in ROLES}
    names["database"] = sql.Identifier(connection.info.dbname)
    for schema, owner in OWNERS.items():
        schema_name = sql.Identifier(schema)
        yield sql.SQL("create schema if not exists {}").format(schema_name)
        yield sql.SQL("alter schema {} owner to {}").format(schema_name, names[owner])
        yield from _handed_over(connection, schema, owner)
    for statement in _GRANTS:
        yield sql.SQL(statement).format(**names)
    for role, limits in LIMITS.items():
        for setting, value in limits.items():
            yield sql.SQL("alter role {} in database {} set {} = {}").format(
                names[role], names["database"], sql.Identifier(setting), sql.Literal(value)
            )


def _handed_over(connection: psycopg.Connection, schema: str, owner: str) -> Iterator[sql.Composed]:
    kinds = ["r", "v"] if owner == LOADER else ["r"]  # views upon marts are their makers'
    found = connection.execute(
        "select relname from pg_class where relnamespace = to_regnamespace(%s) "
        "and relkind::text = any(%s) and pg_get_userbyid(relowner) <> %s order by relname",
        [schema, kinds, owner],
    )
    for (table,) in found.fetchall():
        yield sql.SQL("alter table {} owner to {}").format(
            sql.Identifier(schema, table), sql.Identifier(owner)
        )


def main(environment: Mapping[str, str]) -> int:
    """Make the roles that the environment describes; 1 and a sentence when that cannot be."""
    named = {role: f"CLOSED_LOOP_{role.upper()}_PASSWORD" for role in ROLES}
    lacking = [name for name in (_URL, *named.values()) if not environment.get(name)]
    if lacking:
        sys.stderr.write(f"make roles needs {', '.join(lacking)} in its environment\n")
        return 1
    try:
        create_roles(environment[_URL], {role: environment[named[role]] for role in ROLES})
    except WarehouseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{', '.join(ROLES)} may now do what each is for, and nothing else\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
