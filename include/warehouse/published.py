"""The published marts, for many readers within one process.

A reader sees one build for as long as it reads, whatever is published meanwhile. Nothing can be
written through here. ``marts.*`` and ``ops.*`` go by the same names on both engines.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import duckdb

from include.contracts.ops import MART_CHANGES, PAGE_READS
from include.settings import Settings
from include.warehouse.engine import Answer, Question, Session, WarehouseError, compose, engine_of
from include.warehouse.engine_duckdb import DuckDBSession, shut_off

MEMORY_LIMIT = "1GB"
"""What the readers of one build may take together; they share a process with Airflow's API."""


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


_AT_ONCE = 2
"""How many queries of one reader run side by side: others read, too."""
_KEPT = 64
"""How many answers of a build are kept, and how many rows an answer may have to be."""
_KEPT_ROWS = 1000


class _Kept:
    """What was asked last of one build, with which parameters, and what the answer was."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[Any, ...], Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[Any, ...]) -> Answer | None:
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def keep(self, key: tuple[Any, ...], answer: Answer) -> None:
        if len(answer[1]) > _KEPT_ROWS:
            return
        with self._lock:
            self._answers[key] = answer
            if len(self._answers) > _KEPT:
                self._answers.popitem(last=False)


class _OfOneBuild(DuckDBSession):
    """What is asked again is answered the same while the build stands.

    Views whose whole answers differ share much: deals won last are those of every choice.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, kept: _Kept) -> None:
        super().__init__(connection)
        self._kept = kept

    def answer(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        key = (sql, *sorted((parameters or {}).items()))
        if (found := self._kept.get(key)) is None:
            found = super().answer(sql, parameters)
            self._kept.keep(key, found)
        return found

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        def answered(question: Question) -> Answer:
            with self._connection.cursor() as cursor:
                return _OfOneBuild(cursor, self._kept).answer(*question)

        with ThreadPoolExecutor(_AT_ONCE) as threads:
            return list(threads.map(answered, questions))


class _Files:
    """``marts.duckdb`` and ``ops.duckdb``, opened once a build and shared by all threads.

    Each build is attached to a database in memory of its own: two connections to one path within a
    process share what the first of them opened, which may be the file of an earlier build. An
    earlier build is closed when the last who reads it has read it.

    The books are renamed into place just before the marts: what a publish that was killed between
    the two leaves are marts with the books of the build after.
    """

    def __init__(self, settings: Settings) -> None:
        self._marts = settings.marts_file
        self._ops = settings.marts_file.with_name("ops.duckdb")
        self._lock = threading.Lock()
        self._opened: tuple[object, duckdb.DuckDBPyConnection, _Kept] | None = None

    @contextmanager
    def read(self) -> Iterator[Session]:
        connection, kept = self._current()
        with connection.cursor() as cursor:
            try:
                yield _OfOneBuild(cursor, kept)
            except (duckdb.CatalogException, duckdb.BinderException) as error:
                raise self._of_another_release(error) from error
            except duckdb.Error as error:
                raise WarehouseError(f"the marts cannot be read: {_first_line(error)}") from error

    def _current(self) -> tuple[duckdb.DuckDBPyConnection, _Kept]:
        with self._lock:
            while self._opened is None or self._opened[0] != self._identity():
                identity = self._identity()
                self._opened = None
                self._opened = identity, self._open(), _Kept()
            return self._opened[1:]

    def _identity(self) -> object:
        try:
            found = [file.stat() for file in (self._marts, self._ops)]
        except FileNotFoundError:
            raise WarehouseError(
                f"nothing has been published at {self._marts} yet; run the pipeline"
            ) from None
        except OSError as error:
            raise WarehouseError(f"the marts cannot be read: {error}") from None
        return [(each.st_ino, each.st_mtime_ns, each.st_size) for each in found]

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "memory_limit": MEMORY_LIMIT,
                "temp_directory": "",
                "threads": "1",  # of a query: readers are many, and each has threads of its own
            },
        )
        try:
            for name, file in (("marts", self._marts), ("books", self._ops)):
                path = str(file).replace("'", "''")
                connection.execute(f"attach '{path}' as {name} (read_only)")
            connection.execute("create schema ops")
            for table, columns in PAGE_READS.items():
                # What moved stands in the file of the marts, so it is of the same build.
                origin = "marts.ops" if table == MART_CHANGES.name else "books"
                connection.execute(
                    compose(
                        "create view ops.{name} as select {columns} from {origin}.{name}",
                        name=table,
                        columns=columns,
                        origin=origin,
                    )
                )
            shut_off(connection)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            connection.close()
            raise self._of_another_release(error) from None
        except duckdb.Error as error:
            connection.close()
            raise WarehouseError(
                f"{self._marts} and {self._ops} are no databases that this version of DuckDB reads "
                f"({_first_line(error)}); run the pipeline, which publishes them anew"
            ) from None
        return connection

    def _of_another_release(self, error: duckdb.Error) -> WarehouseError:
        return WarehouseError(
            f"{self._marts} was published by another release ({_first_line(error)}); run the "
            "pipeline, which publishes it anew"
        )


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().split("\n")[0]
