"""PostgreSQL: schemas staging, ops, build and marts in one database."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

import psycopg
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import sqlalchemy as sa
from psycopg.rows import dict_row
from sqlalchemy.pool import NullPool

from include import failpoints
from include.contracts import ddl
from include.contracts.build_info import BUILD_INFO
from include.contracts.shape import Table
from include.settings import Settings
from include.warehouse.engine import (
    MARTS,
    SHAPE,
    Answer,
    Question,
    Rows,
    Sql,
    WarehouseBusy,
    WarehouseError,
    WarehouseUnavailable,
    compose,
    require_built,
)

LOCK_WAIT_SECONDS = 600

PAGE = "page"
"""The role that the page reads as, where roles were made."""

_ROWS_AT_ONCE = 65_536
_TEXT = 'text collate "C"'
_CSV = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
_TYPE_NAMES: dict[str, str] = {"timestamp with time zone": "timestamptz"}
_WORTH_RETRYING = ("08", "40", "53", "55", "57")
"""SQLSTATE classes: connection, rollback (deadlock), resources, lock not given, shutdown."""


class PostgreSQL:
    """The engine behind ``postgresql+psycopg://…``."""

    def __init__(self, settings: Settings) -> None:
        self._url = sa.make_url(settings.warehouse_url).set(drivername="postgresql+psycopg")
        self._engine = _engine(self._url)

    @contextmanager
    def write(self, *locks: str) -> Iterator[_Session]:
        with self._plainly(), self._engine.begin() as connection:
            session = _Session(connection)
            session.run(f"set local lock_timeout = '{LOCK_WAIT_SECONDS}s'")
            for lock in sorted(set(locks)):
                session.execute(
                    Sql("select pg_advisory_xact_lock(:number)"), {"number": _number_of(lock)}
                )
            # Last, for whoever waits for it has nothing that another needs to get to its end.
            session.execute(
                Sql("select pg_advisory_xact_lock_shared(:number)"), {"number": _number_of(SHAPE)}
            )
            yield session

    @contextmanager
    def read(self) -> Iterator[_Session]:
        with self._plainly(), self._engine.connect() as connection:
            connection.execute(
                sa.text("set transaction isolation level repeatable read, read only")
            )
            yield _Session(connection)

    read_marts = read

    def clear_orphans(self) -> None:
        """A killed publish was rolled back: it leaves nothing."""

    def forget(self, tables: Sequence[str]) -> None:
        """Write the tables' files anew; each is locked meanwhile."""
        with self._plainly(), self._engine.connect() as connection:
            session = _Session(connection.execution_options(isolation_level="AUTOCOMMIT"))
            session.run(f"set lock_timeout = '{LOCK_WAIT_SECONDS}s'")
            for table in tables:
                session.run(compose("vacuum (full, analyze) {table}", table=table))

    def publish(self, tables: Sequence[Table], announce: Callable[[_Session], pa.Table]) -> None:
        """Replace the contents of the published tables in one transaction.

        A table whose columns did not change keeps its identity, so its grants and the views over it
        stand. Its rows are deleted rather than truncated away: a reader whose snapshot is older
        would find a truncated table empty.
        """
        with self.write(MARTS) as session:
            if session.rows("select 1 as one where to_regnamespace('marts') is null"):
                session.run("create schema marts")
            require_built(session, tables)
            build_info = announce(session)
            for table in tables:
                self._make_way(session, table)
                session.execute(
                    compose(
                        "insert into {target} ({columns}) select {columns} from {candidate}",
                        target=f"marts.{table.name}",
                        columns=table.column_names,
                        candidate=f"build.{table.name}",
                    )
                )
                session.analyze(f"marts.{table.name}")
                failpoints.reach("publish.within_copy")
            self._make_way(session, BUILD_INFO)
            session.load("marts.build_info", build_info.column_names, build_info)
            failpoints.reach("publish.before_rename")
        failpoints.reach("publish.after_rename")

    def _make_way(self, session: _Session, table: Table) -> None:
        name = f"marts.{table.name}"
        published = session.columns("marts", table.name)
        if list(published.items()) == [(c.name, c.type.value) for c in table.columns]:
            session.execute(compose("delete from {name}", name=name))
            return
        views = session.rows(_DEPENDENT_VIEWS, {"table_name": table.name}) if published else []
        if views:
            named = ", ".join(row["view_name"] for row in views)
            raise WarehouseError(
                f"{name} has new columns and {named} reads it; drop that view, publish, and create "
                "it again"
            )
        session.execute(compose("drop table if exists {name}", name=name))
        session.create(table, "marts")

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Turn what the driver says into a sentence; the password is never part of it."""
        try:
            yield
        except (sa.exc.DBAPIError, psycopg.Error) as error:
            cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
            raise self._told(cause) from None

    def _told(self, cause: BaseException | None) -> WarehouseError:
        url = self._url
        place = f"PostgreSQL at {url.host or url.query.get('host') or 'localhost'}"
        text = str(cause).strip().split("\n")[0]
        if url.password:
            text = text.replace(str(url.password), "***")
        state = getattr(cause, "sqlstate", None) or ""
        if "authentication failed" in text or state.startswith("28"):
            return WarehouseError(
                f"{place} refuses the user {url.username}; mend user and password in the "
                "connection warehouse or in CLOSED_LOOP_WAREHOUSE_URL"
            )
        if re.search(r'database ".*" does not exist', text):
            return WarehouseError(
                f"{place} has no database {url.database}; create it, or mend the connection "
                "warehouse or CLOSED_LOOP_WAREHOUSE_URL"
            )
        if state == "53100":
            return WarehouseError(f"the disk of {place} is full; free some space and run again")
        if state == "42501":
            return WarehouseError(
                f"{place} does not allow the user {url.username} to do this ({text}); grant it "
                "create on the database and on its schemas"
            )
        if state == "55P03":
            return WarehouseBusy(
                f"another run has held its lock in {place} for {LOCK_WAIT_SECONDS} seconds; wait "
                "for it to end, or end it"
            )
        if state.startswith(_WORTH_RETRYING) or (
            not state and isinstance(cause, psycopg.OperationalError)
        ):
            return WarehouseUnavailable(
                f"{place} does not answer ({text}); see that it runs and that the connection "
                "warehouse or CLOSED_LOOP_WAREHOUSE_URL points to it"
            )
        return WarehouseError(f"{place}: {text}")


_DEPENDENT_VIEWS = """
select distinct reader.oid::regclass::text as view_name
from pg_depend as dependency
inner join pg_rewrite as rule
    on dependency.classid = 'pg_rewrite'::regclass and dependency.objid = rule.oid
inner join pg_class as reader on rule.ev_class = reader.oid
where
    dependency.refclassid = 'pg_class'::regclass
    and dependency.refobjid = ('marts.' || :table_name)::regclass
    and reader.oid <> dependency.refobjid
order by view_name
"""


class _Session:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def execute(self, sql: Sql, parameters: Mapping[str, Any] | None = None) -> None:
        self._connection.execute(sa.text(sql), dict(parameters or {}))

    def run(self, text: str) -> None:
        with self._driver.cursor() as cursor:
            cursor.execute(text.encode())

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Rows:
        if parameters:
            found = self._connection.execute(sa.text(sql), dict(parameters))
            return [dict(row) for row in found.mappings()]
        with self._driver.cursor(row_factory=dict_row) as cursor:
            cursor.execute(sql.encode())
            return list(cursor)

    def answer(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        statement = sa.text(sql)
        named = statement.compile().params
        found = self._connection.execute(
            statement, {name: (parameters or {})[name] for name in named}
        )
        return tuple(found.keys()), [tuple(row) for row in found]

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        return [self.answer(*question) for question in questions]

    def load(
        self,
        table: str,
        columns: Sequence[str],
        source: Path | pa.Table,
        constants: Mapping[str, Any] | None = None,
    ) -> None:
        constants = constants or {}
        names = [*columns, *constants]
        statement = compose(
            "copy {table} ({names}) from stdin (format csv)", table=table, names=names
        )
        texts = (
            _csv(batch, list(constants.values()), names)
            for batch in _record_batches(source, columns)
        )
        with self._driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for text in _ahead(texts):
                copy.write(text)

    def columns(self, schema: str, name: str) -> dict[str, str]:
        found = self.rows(
            "select attname, format_type(atttypid, atttypmod) as type_name "
            "from pg_attribute where attrelid = to_regclass(:table) "
            "and attnum > 0 and not attisdropped order by attnum",
            {"table": f"{schema}.{name}"},
        )
        names = (str(row["type_name"]) for row in found)
        types = [_TYPE_NAMES.get(name, name) for name in names]
        return {row["attname"]: type_name for row, type_name in zip(found, types, strict=True)}

    def create(self, table: Table, schema: str) -> None:
        has_key = schema != "marts"  # the build has proved a mart's key
        self.run(ddl.create_table(table, schema, text_type=_TEXT, has_key=has_key))
        self.run(";".join(ddl.comments(table, schema)))

    def create_temporary(self, name: str, table: Table) -> None:
        columns = [
            Sql(f"{c.name} {_TEXT if c.type.value == 'text' else c.type.value}")
            for c in table.columns
        ]
        self.execute(compose("drop table if exists {name}", name=f"pg_temp.{name}"))
        self.execute(
            compose(
                "create temp table {name} ({columns}) on commit drop", name=name, columns=columns
            )
        )

    def analyze(self, table: str) -> None:
        # Until its end a transaction keeps others from analyzing what it has: rather than wait for
        # each other's ends two that do it go without.
        self.execute(compose("analyze (skip_locked) {table}", table=table))

    def shut_out(self) -> None:
        self.execute(Sql("select pg_advisory_xact_lock(:number)"), {"number": _number_of(SHAPE)})

    def share(self, table: str, columns: Sequence[str]) -> None:
        share_with_page(self._driver, table, columns)

    @property
    def _driver(self) -> psycopg.Connection[Any]:
        """psycopg's own connection, for what takes no parameters and for COPY."""
        return cast("psycopg.Connection[Any]", self._connection.connection.driver_connection)


def share_with_page(
    connection: psycopg.Connection[Any], table: str, columns: Sequence[str]
) -> None:
    """Let the role of the page, where there is one, select those of these columns that there are.

    https://www.postgresql.org/docs/current/sql-grant.html
    """
    lacking = connection.execute(
        "select attname from pg_attribute inner join pg_roles on rolname = %(page)s "
        "where attrelid = to_regclass(%(table)s) and attname = any(%(columns)s) "
        "and not has_column_privilege(pg_roles.oid, attrelid, attnum, 'select')",
        {"page": PAGE, "table": table, "columns": list(columns)},
    ).fetchall()
    if lacking:
        names = [name for (name,) in lacking]
        statement = compose(
            "grant select ({columns}) on {table} to {page}", columns=names, table=table, page=PAGE
        )
        connection.execute(statement.encode())


def _number_of(lock: str) -> int:
    """What PostgreSQL knows a lock by."""
    return int.from_bytes(blake2b(lock.encode(), digest_size=8).digest(), signed=True)


@lru_cache
def _engine(url: sa.URL) -> sa.Engine:
    """No pool: Airflow forks its tasks, and a connection must not cross a fork."""
    return sa.create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 10,
            "application_name": "closed_loop",
            "options": "-c timezone=UTC",
        },
    )


def _record_batches(source: Path | pa.Table, columns: Sequence[str]) -> Iterable[pa.RecordBatch]:
    if isinstance(source, Path):
        with pq.ParquetFile(source) as file:
            yield from file.iter_batches(_ROWS_AT_ONCE, columns=list(columns))
    else:
        yield from source.select(list(columns)).to_batches(_ROWS_AT_ONCE)


def _csv(batch: pa.RecordBatch, constants: Sequence[Any], names: Sequence[str]) -> memoryview:
    """The batch as CSV, the constants beside it; an empty text is quoted, NULL is not."""
    repeated = [pa.repeat(pa.scalar(value), len(batch)) for value in constants]
    rows = pa.RecordBatch.from_arrays([*batch.columns, *repeated], names=list(names))
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(rows, buffer, _CSV)
    return buffer.getbuffer()


def _ahead(texts: Iterator[memoryview]) -> Iterator[memoryview]:
    """The same, each made while the one before is on its way to the server."""
    with ThreadPoolExecutor(max_workers=1) as maker:
        coming = maker.submit(next, texts, None)
        while (text := coming.result()) is not None:
            coming = maker.submit(next, texts, None)
            yield text
