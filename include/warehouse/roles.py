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
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import LiteralString, cast

import psycopg
from psycopg import sql
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
    wait_exponential,
)

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
WAIT_SECONDS = 60.0
_URL = "CLOSED_LOOP_ADMIN_URL"
_BOOKS = "select, insert, update, delete"
_ALL = "public, {loader}, {transformer}, {reader}, {page}"
_GRANTS = (
    f"revoke all on database {{database}} from {_ALL} cascade",
    f"revoke create on schema public from {_ALL} cascade",
    *(
        f"revoke all on {things} {schemas} from {others} cascade"
        for things in ("all tables in schema", "schema")
        for schemas, others in (
            ("staging, ops", "public, {transformer}, {reader}, {page}"),
            ("build, marts", "public, {loader}, {reader}, {page}"),
        )
    ),
    *(
        f"alter default privileges for role {owner} {place} revoke all on tables from {others}"
        for owner, others, places in (
            ("{loader}", "public, {transformer}, {reader}, {page}", "staging, ops"),
            ("{transformer}", "public, {loader}, {reader}, {page}", "build, marts"),
        )
        for place in ("", f"in schema {places}")
    ),
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
    "grant usage on schema marts to {reader}, {page}",
    "grant usage on schema ops to {page}",
    "grant select on all tables in schema marts to {reader}, {page}",
    "alter default privileges for role {transformer} in schema marts "
    "grant select on tables to {reader}, {page}",
)
_ATTRIBUTES = {
    "rolcreatedb": "nocreatedb",
    "rolcreaterole": "nocreaterole",
    "rolreplication": "noreplication",
    "rolbypassrls": "nobypassrls",
}
_ADVISORY = r"^pg_(try_)?advisory_(xact_)?lock(_shared)?$"
"""What takes the locks that the pipeline's writers wait for; giving one back stays anybody's."""
_WRITING = r"^(lo_.*|loread|lowrite|pg_logical_emit_message)$"
"""What writes without a table: large objects, and messages in the write-ahead log."""


def create_roles(admin_url: str, passwords: Mapping[str, str]) -> list[str]:
    """Make the roles, their passwords and what each may do, in one transaction.

    The loader owns ``staging`` and ``ops``. The transformer reads ``staging``, keeps its books in
    ``ops``, and owns ``build`` and ``marts``. The reader selects from ``marts``, read-only and
    within a time; the page does so too, and from what it shows of ``ops``. Nobody else may connect
    or make temporary tables. What the roles were given beside that within these schemas, their
    memberships and attributes are taken from them; so are large objects from everybody, and
    advisory locks from all but the loader and the transformer. Tables that are there already are
    handed to their owner; views that others made upon the marts stay theirs.

    Returns a sentence for each thing that could not be denied, as far as the server tells: only a
    superuser takes functions of PostgreSQL from PUBLIC, and databases beside the warehouse's are
    left as they are.

    A server that does not answer, as while it starts, is asked again for ``WAIT_SECONDS``. Raises
    WarehouseError when it still cannot be reached, or refuses, or when a role of these names is a
    superuser.
    """
    trying = Retrying(
        retry=retry_if_exception(_may_pass),
        stop=stop_after_delay(WAIT_SECONDS),
        wait=wait_exponential(multiplier=0.25, max=5),
        before_sleep=_say_that_it_waits,
        reraise=True,
    )
    try:
        return trying(_create, admin_url.replace("+psycopg:", ":", 1), passwords)
    except psycopg.Error as error:
        text = str(error).strip().split("\n")[0]
        for secret in passwords.values():
            text = text.replace(secret, "***")
        raise WarehouseError(f"the roles could not be made: {text}") from None


def _create(admin_url: str, passwords: Mapping[str, str]) -> list[str]:
    with psycopg.connect(admin_url) as connection:
        for role in ROLES:
            _make_role(connection, role, passwords[role])
        _leave_groups(connection)
        for statement in _grants(connection):
            connection.execute(statement)
        for table, columns in PAGE_READS.items():
            share_with_page(connection, f"ops.{table}", columns)
        _keep_functions(connection)
        return list(_not_denied(connection))


def _may_pass(error: BaseException) -> bool:
    """Whether the server is not there, or not yet; one that is there and refuses says FATAL."""
    if not isinstance(error, psycopg.OperationalError):
        return False
    if error.sqlstate:
        return error.sqlstate.startswith(("08", "57P"))
    return "FATAL" not in str(error) or bool(re.search("starting up|shutting down", str(error)))


def _say_that_it_waits(state: RetryCallState) -> None:
    if state.attempt_number == 1:
        sys.stderr.write("PostgreSQL does not answer; waiting for it\n")


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
    for attribute, without in _ATTRIBUTES.items():
        held = sql.SQL("select 1 from pg_roles where rolname = {} and {}").format(
            sql.Literal(role), sql.Identifier(attribute)
        )
        if connection.execute(held).fetchone():
            _if_allowed(connection, sql.SQL("alter role {} {}").format(name, sql.SQL(without)))
    if not _is_superuser(connection):  # who hands tables to a role must be of it
        connection.execute(sql.SQL("grant {} to current_user").format(name))


def _is_superuser(connection: psycopg.Connection) -> bool:
    found = connection.execute("select rolsuper from pg_roles where rolname = current_user")
    return bool((found.fetchone() or [False])[0])


def _if_allowed(connection: psycopg.Connection, statement: sql.Composed) -> None:
    """Run it if the server lets us; what is left undone, ``_not_denied`` finds."""
    with suppress(psycopg.errors.InsufficientPrivilege), connection.transaction():
        connection.execute(statement)


def _leave_groups(connection: psycopg.Connection) -> None:
    """Take every membership from the roles.

    Since PostgreSQL 16 one membership may stand several times, once for each who granted it.
    """
    found = connection.execute(_MEMBERSHIPS, {"roles": list(ROLES)}).fetchall()
    for group, member, grantor in found:
        statement = sql.SQL("revoke {} from {}").format(
            sql.Identifier(group), sql.Identifier(member)
        )
        if connection.info.server_version >= 160000:
            statement += sql.SQL(" granted by {}").format(sql.Identifier(grantor))
        _if_allowed(connection, statement + sql.SQL(" cascade"))


_MEMBERSHIPS = """
select pg_get_userbyid(roleid), pg_get_userbyid(member), pg_get_userbyid(grantor)
from pg_auth_members where pg_get_userbyid(member) = any(%(roles)s) order by 1, 2, 3
"""


def _keep_functions(connection: psycopg.Connection) -> None:
    """Take from PUBLIC what writes without a table and what the pipeline's writers wait for."""
    keepers = sql.SQL(", ").join(map(sql.Identifier, (LOADER, TRANSFORMER)))
    everyone = sql.SQL(", ").join([sql.SQL("public"), *map(sql.Identifier, ROLES)])
    for signature, is_lock in _open_functions(connection):
        function = sql.SQL(cast("LiteralString", signature))
        _if_allowed(
            connection,
            sql.SQL("revoke execute on function {} from {} cascade").format(function, everyone),
        )
        if is_lock:
            _if_allowed(
                connection,
                sql.SQL("grant execute on function {} to {}").format(function, keepers),
            )


def _open_functions(connection: psycopg.Connection) -> list[tuple[str, bool]]:
    """The signatures of those functions that PUBLIC, reader or page may call; is it a lock's."""
    return connection.execute(
        "select distinct pg_proc.oid::regprocedure::text, proname ~ %(advisory)s from pg_proc "
        "cross join unnest(array['public', %(reader)s, %(page)s]) as role "
        "where pronamespace = 'pg_catalog'::regnamespace "
        "and proname ~ (%(advisory)s || '|' || %(writing)s) "
        "and has_function_privilege(role, pg_proc.oid, 'execute') order by 1",
        {"advisory": _ADVISORY, "writing": _WRITING, "reader": READER, "page": PAGE},
    ).fetchall()


def _not_denied(connection: psycopg.Connection) -> Iterator[str]:
    """What the roles may beside what they are for, as the server has it now."""
    if functions := [signature for signature, _ in _open_functions(connection)]:
        yield (
            "reader and page can make large objects and hold up the pipeline by its locks, for "
            "only a superuser takes these from PUBLIC: revoke execute on function "
            f"{', '.join(functions)} from public"
        )
    for group, member, grantor in connection.execute(_MEMBERSHIPS, {"roles": list(ROLES)}):
        yield f"{member} is still a member of {group}, by {grantor}: revoke it as a superuser"
    for query, sentence in _FINDINGS:
        parameters = {"roles": list(ROLES), "readers": [READER, PAGE], "reader": READER}
        for role, what in connection.execute(query.encode(), parameters):
            yield sentence.format(role=role, what=what)


_FINDINGS = (
    (
        "select rolname, string_agg(substr(attribute, 4), ', ' order by attribute) from pg_roles "
        "cross join lateral (values ('rolcreatedb', rolcreatedb), ('rolcreaterole', rolcreaterole),"
        " ('rolreplication', rolreplication), ('rolbypassrls', rolbypassrls)) as held (attribute, "
        "is_held) where rolname = any(%(roles)s) and is_held group by rolname order by rolname",
        "{role} still has {what}: alter the role as a superuser",
    ),
    (
        "select role, string_agg(pg_class.oid::regclass::text, ', ' order by relname) "
        "from pg_class cross join unnest(%(readers)s::name[]) as role "
        "cross join lateral (select relnamespace::regnamespace::text as schema) as place "
        "where schema = any('{staging,ops,build,marts}') and relkind in ('r', 'v', 'm', 'p', 'f') "
        "and (has_table_privilege(role, pg_class.oid, 'delete, truncate, trigger') or "
        "has_any_column_privilege(role, pg_class.oid, 'insert, update, references') or "
        "(schema in ('staging', 'build') or schema = 'ops' and role = %(reader)s) and "
        "has_any_column_privilege(role, pg_class.oid, 'select')) group by role order by role",
        "{role} still may more than it should with {what}: revoke it as who granted it",
    ),
    (
        "select role, count(*) from pg_shdepend cross join unnest(%(readers)s::name[]) as role "
        "where refclassid = 'pg_authid'::regclass and pg_get_userbyid(refobjid) = role "
        "and deptype = 'o' and classid <> 'pg_auth_members'::regclass and (dbid = 0 or "
        "dbid = (select oid from pg_database where datname = current_database())) "
        "group by role order by role",
        "{role} owns what it made ({what} objects): reassign owned by {role}",
    ),
    (
        "select 'reader and page', string_agg(quote_ident(datname), ', ' order by datname) "
        "from pg_database where datallowconn and datname <> current_database() and exists "
        "(select from unnest(%(readers)s::name[]) as role where "
        "has_database_privilege(role, pg_database.oid, 'connect')) having count(*) > 0",
        "{role} can connect to other databases of this server ({what}), where they read nothing "
        "of the warehouse, but can make temporary tables and large objects: revoke connect on "
        "database {what} from public, unless others need it",
    ),
)


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
        found = connection.execute(
            "select datname from pg_db_role_setting inner join pg_database "
            "on setdatabase = pg_database.oid where pg_get_userbyid(setrole) = %s",
            [role],
        ).fetchall()
        for setting, value in limits.items():
            parts = {"role": names[role], "setting": sql.Identifier(setting)}
            for (database,) in found:  # it would go before what holds for all databases
                yield sql.SQL("alter role {role} in database {database} reset {setting}").format(
                    **parts, database=sql.Identifier(database)
                )
            yield sql.SQL("alter role {role} set {setting} = {value}").format(
                **parts, value=sql.Literal(value)
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
        sentences = create_roles(
            environment[_URL], {role: environment[named[role]] for role in ROLES}
        )
    except WarehouseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    told = f"{', '.join(ROLES)} may now do what each is for, and nothing else"
    sys.stdout.write("\n- ".join([told + ", but:" * bool(sentences), *sentences]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
