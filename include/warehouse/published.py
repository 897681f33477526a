"""The published marts, for many readers within one process.

A reader sees one build for as long as it reads, whatever is published meanwhile. Nothing can be
written through here. ``marts.*`` and ``ops.*`` go by the same names on both engines.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import duckdb

from include.contracts.ops import MART_CHANGES, OPS_TABLES, V_FRESHNESS
from include.settings import Settings
from include.warehouse.engine import Session, WarehouseError, compose, engine_of
from include.warehouse.engine_duckdb import DuckDBSession, shut_off


class Published(Protocol):
    """What was published last."""

    def read(self) -> AbstractContextManager[Session]:
        """A snapshot: all that is read through one session is of one build.

        Raises WarehouseError when nothing was published yet or the warehouse does not answer.
        """


def published(settings: Settings) -> Published:
    """The published marts of this installation. Keep it: it holds what is costly to open."""
    if settings.warehouse_url.startswith("duckdb:"):
        return _Files(settings)
    return engine_of(settings)


class _Files:
    """``marts.duckdb`` and ``ops.duckdb``, opened once a build and shared by all threads.

    Each build is attached to a database in memory of its own: two connections to one path within a
    process share what the first of them opened, which may be the file of an earlier build.
    """

    def __init__(self, settings: Settings) -> None:
        self._marts = settings.marts_file
        self._ops = settings.marts_file.with_name("ops.duckdb")
        self._lock = threading.Lock()
        self._opened: tuple[object, duckdb.DuckDBPyConnection] | None = None

    @contextmanager
    def read(self) -> Iterator[Session]:
        try:
            with self._current().cursor() as cursor:
                yield DuckDBSession(cursor)
        except duckdb.Error as error:
            raise WarehouseError(f"the marts cannot be read: {error}") from None

    def _current(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            try:
                identity = tuple(_identity(file) for file in (self._marts, self._ops))
            except FileNotFoundError:
                raise WarehouseError(
                    f"nothing has been published at {self._marts} yet; run the pipeline"
                ) from None
            if self._opened is None or self._opened[0] != identity:
                self._opened = identity, self._open()
            return self._opened[1]

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "temp_directory": "",
                "threads": "1",  # of a query: readers are many, and each has a thread of its own
            },
        )
        for name, file in (("marts", self._marts), ("books", self._ops)):
            path = str(file).replace("'", "''")
            connection.execute(f"attach '{path}' as {name} (read_only)")
        connection.execute("create schema ops")
        for table in (*OPS_TABLES, V_FRESHNESS):
            # What moved stands in the file of the marts, so it is of the same build.
            origin = "marts.ops" if table is MART_CHANGES else "books"
            connection.execute(
                compose(
                    "create view ops.{name} as select * from {origin}.{name}",
                    name=table.name,
                    origin=origin,
                )
            )
        shut_off(connection)
        return connection


def _identity(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_ino, found.st_mtime_ns
