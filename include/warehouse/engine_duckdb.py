"""DuckDB: the embedded warehouse, one working file and one published file.

One process at a time has the working file, so connections are short and whoever comes second waits
for a bounded time. Nobody but the pipeline opens it; readers open the published file, which is
always replaced whole.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from include import failpoints
from include.contracts import ddl
from include.contracts.build_info import BUILD_INFO
from include.contracts.ops import MART_CHANGES, OPS_TABLES, V_FRESHNESS
from include.contracts.shape import Table
from include.settings import Settings
from include.warehouse.engine import (
    Answer,
    Question,
    Rows,
    Sql,
    WarehouseBusy,
    WarehouseError,
    compose,
    require_built,
)

LOCK_WAIT_SECONDS = 120.0
MEMORY_LIMIT_BYTES = 5 * 10**9
"""What a database may keep in memory; what needs more goes to files beside the database."""

_ROWS_AT_ONCE = 100_000
_PARAMETER = re.compile(r"(?<![:\w]):(\w+)")
_HOLDER = re.compile(r"held in (.+?) \(PID (\d+)\)")
_NO_SPACE = ("no space left", "disk quota exceeded", "file too large")
_TYPE_NAMES = {
    "VARCHAR": "text",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
}
_BYTES = {unit: 1024**power for power, unit in enumerate(("bytes", "KiB", "MiB", "GiB", "TiB"))}
_one_at_a_time = threading.RLock()
log = logging.getLogger(__name__)


class DuckDB:
    """The engine behind ``duckdb:///<file>``."""

    def __init__(self, settings: Settings) -> None:
        self._file = Path(settings.warehouse_url.removeprefix("duckdb:///"))
        self._marts_file = settings.marts_file
        self._ops_file = settings.marts_file.with_name("ops.duckdb")
        self._landing = settings.landing

    @contextmanager
    def write(self, *locks: str) -> Iterator[DuckDBSession]:
        """A transaction. The file lets one writer in, so ``locks`` have nothing to add."""
        with self._working(read_only=False) as connection:
            connection.begin()
            yield DuckDBSession(connection)
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[DuckDBSession]:
        if not self._file.exists():
            raise WarehouseError(f"there is no warehouse at {self._file} yet; run the pipeline")
        with self._working(read_only=True) as connection:
            yield DuckDBSession(connection)

    @contextmanager
    def read_marts(self) -> Iterator[DuckDBSession]:
        if not self._marts_file.exists():
            raise WarehouseError(
                f"nothing has been published at {self._marts_file} yet; run the pipeline"
            )
        with _plainly(self._marts_file), _open(self._marts_file, read_only=True) as connection:
            shut_off(connection)
            yield DuckDBSession(connection)

    def clear_orphans(self) -> None:
        with self._working(read_only=False):
            self._remove_drafts()
            shutil.rmtree(f"{self._file}.tmp", ignore_errors=True)

    def forget(self, tables: Sequence[str]) -> None:
        """Write the working file anew: what is deleted stays in its blocks until they are used."""
        draft = self._file.with_name(f"{self._file.name}.next-{os.getpid()}")
        with _plainly(self._file), _one_at_a_time:
            draft.unlink(missing_ok=True)
            with _open(self._file, read_only=False) as connection:
                found = connection.execute("select current_database()").fetchone()
                name = str(found[0] if found else "").replace('"', '""')
                file = str(draft).replace("'", "''")
                connection.execute(f"attach '{file}' as anew")
                connection.execute(f'copy from database "{name}" to anew')
                connection.execute("detach anew")
                _make_durable(draft)
                draft.replace(self._file)
                _make_durable(self._file.parent)

    def publish(
        self, tables: Sequence[Table], announce: Callable[[DuckDBSession], pa.Table]
    ) -> None:
        """Copy the candidates to a new file and rename it over the published one.

        The working file stays open throughout, so nobody else publishes meanwhile. What is
        announced is committed to it before the rename, and copied to the new file, where people
        can read it. The books (schema ops) are published beside, as ``ops.duckdb``.
        """
        draft, ops_draft = (
            file.with_name(f"{file.name}.next-{os.getpid()}")
            for file in (self._marts_file, self._ops_file)
        )
        with self._working(read_only=False, marts=self._marts_file) as working:
            self._remove_drafts()
            require_built(DuckDBSession(working), tables)
            working.begin()
            build_info = announce(DuckDBSession(working))
            self._copy_ops(working, ops_draft)
            with _plainly(draft), _open(draft, read_only=False) as published:
                shut_off(published)
                session = DuckDBSession(published)
                published.begin()  # else each table is made durable by itself, fifty times a draft
                # In the file's own schema: opened as marts.duckdb its tables answer to
                # marts.<table>, which a schema marts within it would make ambiguous.
                for table in tables:
                    session.create(table, "main")
                    _copy(working, "build", session, "main", table)
                    failpoints.reach("publish.within_copy")
                session.create(BUILD_INFO, "main")
                session.append("main.build_info", build_info.column_names, build_info)
                session.run("create schema ops")
                session.create(MART_CHANGES, "ops")
                _copy(working, "ops", session, "ops", MART_CHANGES)
                published.commit()
                published.execute("checkpoint")
            working.commit()
            failpoints.reach("publish.before_rename")
            with _plainly(self._marts_file):
                _make_durable(draft)
                _make_durable(ops_draft)
                ops_draft.replace(self._ops_file)
                draft.replace(self._marts_file)
                _make_durable(self._marts_file.parent)
            failpoints.reach("publish.after_rename")

    @contextmanager
    def _working(
        self, *, read_only: bool, marts: Path | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """The working file, ours alone; a block that raises is rolled back by the closing.

        ``marts``, if there is such a file, can be read within as ``marts.*``.
        """
        with _plainly(self._file), _one_at_a_time:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with _open(self._file, read_only=read_only) as connection:
                if marts is not None and marts.exists():
                    self._attach(connection, marts)
                shut_off(connection, may_read=self._landing)
                yield connection

    def _attach(self, connection: duckdb.DuckDBPyConnection, marts: Path) -> None:
        """Attach the published file, or, while somebody writes in it, a copy of it.

        One that this version of DuckDB cannot read is left out, as if nothing were published.
        """
        attach = "attach '{}' as marts (read_only)"
        try:
            connection.execute(attach.format(str(marts).replace("'", "''")))
        except duckdb.Error as error:
            if not _is_locked(error):
                log.warning("the published marts cannot be read and are replaced: %s", error)
                return
            copy = marts.with_name(f"{marts.name}.next-{os.getpid()}-held")
            shutil.copyfile(marts, copy)
            connection.execute(attach.format(str(copy).replace("'", "''")))
            copy.unlink()

    def _remove_drafts(self) -> None:
        for file in (self._file, self._marts_file, self._ops_file):
            for draft in file.parent.glob(f"{file.name}.next-*"):
                draft.unlink(missing_ok=True)

    def _copy_ops(self, working: duckdb.DuckDBPyConnection, draft: Path) -> None:
        """What operators ask about, for nobody opens the working file."""
        with _plainly(draft), _open(draft, read_only=False) as published:
            shut_off(published)
            session = DuckDBSession(published)
            published.begin()
            for table in (*OPS_TABLES, V_FRESHNESS):
                session.create(table, "main")
                _copy(working, "ops", session, "main", table)
            published.commit()
            published.execute("checkpoint")


def _copy(
    working: duckdb.DuckDBPyConnection, schema: str, target: DuckDBSession, into: str, table: Table
) -> None:
    query = compose(
        "select {columns} from {name}",
        columns=table.column_names,
        name=f"{schema}.{table.name}",
    )
    rows = working.execute(query).to_arrow_reader(_ROWS_AT_ONCE)
    target.append(f"{into}.{table.name}", table.column_names, rows)


class DuckDBSession:
    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def execute(self, sql: Sql, parameters: Mapping[str, Any] | None = None) -> None:
        self._bound(sql, parameters)

    def run(self, text: str) -> None:
        self._connection.execute(text)

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Rows:
        return self._bound(sql, parameters).to_arrow_table().to_pylist()

    def answer(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        found = self._bound(sql, parameters).to_arrow_table()
        columns = [column.to_pylist() for column in found.columns]
        return tuple(found.column_names), list(zip(*columns, strict=True))

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        return [self.answer(*question) for question in questions]

    def tables(self, name: str, columns: Sequence[str], rows: int) -> Iterator[pa.Table]:
        """A table's columns, at most so many rows at once."""
        query = compose("select {columns} from {name}", columns=columns, name=name)
        for batch in self._connection.execute(query).to_arrow_reader(rows):
            yield pa.Table.from_batches([batch])

    def load(
        self,
        table: str,
        columns: Sequence[str],
        source: Path | pa.Table,
        constants: Mapping[str, Any] | None = None,
    ) -> None:
        if isinstance(source, Path):
            origin = Sql("read_parquet(:file)")
            values: dict[str, Any] = {"file": str(source)}
        else:
            self._connection.register("arriving", source)
            origin = Sql("arriving")
            values = {}
        constants = constants or {}
        self.execute(
            compose(
                "insert into {table} ({names}) select {selected} from {origin}",
                table=table,
                names=[*columns, *constants],
                selected=[*columns, *(Sql(f":{name}") for name in constants)],
                origin=origin,
            ),
            {**values, **constants},
        )
        if not values:
            self._connection.unregister("arriving")

    def append(
        self, table: str, columns: Sequence[str], source: pa.Table | pa.RecordBatchReader
    ) -> None:
        """Append arrow data, streamed when it is a reader."""
        self._connection.register("arriving", source)
        self.execute(
            compose(
                "insert into {table} select {columns} from arriving", table=table, columns=columns
            )
        )
        self._connection.unregister("arriving")

    def columns(self, schema: str, name: str) -> dict[str, str]:
        try:
            found = self._connection.execute(
                "select name, type from pragma_table_info($table)", {"table": f"{schema}.{name}"}
            ).fetchall()
        except duckdb.CatalogException:
            return {}
        return {column: _type_name(data_type) for column, data_type in found}

    def create(self, table: Table, schema: str) -> None:
        self.run(ddl.create_table(table, schema))
        self.run(";".join(ddl.comments(table, schema)))

    def create_temporary(self, name: str, table: Table) -> None:
        columns = [Sql(f"{column.name} {column.type.value}") for column in table.columns]
        self.execute(
            compose("create or replace temp table {name} ({columns})", name=name, columns=columns)
        )

    def analyze(self, table: str) -> None:
        """DuckDB keeps its statistics itself."""

    def shut_out(self) -> None:
        """Who writes has the file alone, from before its first look until it has committed."""

    def share(self, table: str, columns: Sequence[str]) -> None:
        """A file has no roles: the page opens these columns alone of the books published."""

    def _bound(self, sql: str, parameters: Mapping[str, Any] | None) -> duckdb.DuckDBPyConnection:
        if not parameters:
            return self._connection.execute(sql)
        used = set(_PARAMETER.findall(sql))
        return self._connection.execute(
            _PARAMETER.sub(r"$\1", sql),
            {name: value for name, value in parameters.items() if name in used},
        )


def _open(file: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a database file, waiting while another process has it.

    Extensions are never fetched nor loaded by themselves.
    """
    for attempt in Retrying(
        retry=retry_if_exception(_is_locked),
        stop=stop_after_delay(LOCK_WAIT_SECONDS),
        wait=wait_random(0.02, 0.2),
        reraise=True,
    ):
        with attempt:
            connection = duckdb.connect(
                str(file),
                read_only=read_only,
                config={
                    "autoinstall_known_extensions": "false",
                    "autoload_known_extensions": "false",
                    "temp_directory": f"{file}.tmp",
                },
            )
            _limit_memory(connection)
            return connection
    raise AssertionError("unreachable: the last attempt raises")


def _limit_memory(connection: duckdb.DuckDBPyConnection) -> None:
    """Hold a database to MEMORY_LIMIT_BYTES, or to DuckDB's own limit where that is less.

    Its own is 80 % of the memory there is, of a container the container's.
    """
    found = connection.execute("select current_setting('memory_limit')").fetchone()
    amount, unit = found[0].split() if found else ("inf", "bytes")
    if float(amount) * _BYTES.get(unit, 1024**5) > MEMORY_LIMIT_BYTES:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT_BYTES} bytes'")


def shut_off(connection: duckdb.DuckDBPyConnection, may_read: Path | None = None) -> None:
    """Close every way out of the database but reading landed batches, for good."""
    connection.execute("set TimeZone = 'UTC'")
    if may_read is not None:
        folder = str(may_read).replace("'", "''")
        connection.execute(f"set allowed_directories = ['{folder}']")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, duckdb.IOException) and "Could not set lock" in str(error)


@contextmanager
def _plainly(file: Path) -> Iterator[None]:
    """Turn what DuckDB and the file system say into a sentence for a person."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        text = str(error)
        lowered = text.lower()
        if _is_locked(error):
            holder = _HOLDER.search(text)
            who = f"process {holder[2]} ({holder[1]})" if holder else "another process"
            raise WarehouseBusy(
                f"{file} is held by {who} and was not given back within "
                f"{LOCK_WAIT_SECONDS:.0f} seconds; end that process or wait for it"
            ) from error
        if any(words in lowered for words in _NO_SPACE):
            raise WarehouseError(
                f"the disk that holds {file} is full, or its quota is; free some space and run "
                "again"
            ) from error
        if "permission denied" in lowered or "read-only file system" in lowered:
            raise WarehouseError(
                f"{file} cannot be written; give the user who runs the pipeline the right to, or "
                "set CLOSED_LOOP_HOME to a folder that allows it"
            ) from error
        if "not a valid duckdb database" in lowered or "trying to read a database" in lowered:
            raise WarehouseError(
                f"{file} is no database that this version of DuckDB reads; move it away and run "
                "`make rebuild`"
            ) from error
        raise WarehouseError(text.strip().split("\n")[0]) from error


def _type_name(data_type: str) -> str:
    if data_type.startswith("DECIMAL"):
        return data_type.replace("DECIMAL", "numeric").lower()
    return _TYPE_NAMES.get(data_type, data_type.lower())


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
