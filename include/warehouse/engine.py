"""The seam between the verbs and the engines: what an engine must offer, and how it may fail."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from tenacity import (
    Retrying,
    before_sleep_log,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_delay,
    wait_exponential_jitter,
)

from include.contracts.shape import Table
from include.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

Rows = list[dict[str, Any]]
Answer = tuple[tuple[str, ...], list[tuple[Any, ...]]]
"""The columns of a query, and its rows."""
P = ParamSpec("P")
T = TypeVar("T")

MARTS = "marts"
"""The lock of whoever changes what is published, and the lease of whoever is about to."""
SHAPE = "shape"
"""The lock that all who write share, and that one who migrates has alone."""
OUTAGE_SECONDS = 90.0
"""How long a verb goes on trying while the warehouse cannot be reached: a restart is outlived."""

log = logging.getLogger(__name__)

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")


class Question(NamedTuple):
    """A query, and the values of its parameters."""

    sql: str
    parameters: Mapping[str, Any]


class WarehouseError(Exception):
    """The warehouse cannot do what was asked; the message says what a person must do."""


class WarehouseUnavailable(WarehouseError):
    """The warehouse cannot be reached or is busy; trying later may help."""


class WarehouseBusy(WarehouseUnavailable):
    """Somebody else had it for as long as is waited."""


def outlasting(
    verb: Callable[Concatenate[Settings, P], T],
) -> Callable[Concatenate[Settings, P], T]:
    """Have a verb tried again, as a whole, while the warehouse is unavailable.

    What was begun has been rolled back. Where only the answer to COMMIT was lost nobody knows
    whether it has, and the verb finds its own rows and ledger there or not: every verb done twice
    equals once.
    """

    @wraps(verb)
    def tried(settings: Settings, *args: P.args, **kwargs: P.kwargs) -> T:
        trying = Retrying(
            retry=retry_if_exception_type(WarehouseUnavailable)
            & retry_if_not_exception_type(WarehouseBusy),
            stop=stop_after_delay(OUTAGE_SECONDS),
            wait=wait_exponential_jitter(initial=0.2, max=10, jitter=0.2),
            before_sleep=before_sleep_log(log, logging.WARNING),
            reraise=True,
        )
        return trying(verb, settings, *args, **kwargs)

    return tried


class Sql(str):
    """A piece of SQL composed by this package, as against a name that must be checked."""


def compose(template: str, **names: str | Sequence[str]) -> Sql:
    """Fill ``{name}`` places with identifiers, lists of them, or pieces already composed.

    Values never come this way: they are bound, as ``:name``. Raises ValueError on a name that is
    no plain identifier.
    """
    return Sql(template.format(**{place: _composed(name) for place, name in names.items()}))


def _composed(name: str | Sequence[str]) -> str:
    if isinstance(name, Sql):
        return name
    if not isinstance(name, str):
        return ", ".join(_composed(each) for each in name)
    if not _IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is no plain identifier")
    return name


def matches(table: Table, alias: str) -> Sql:
    """The condition that a row called ``alias`` and one called ``incoming`` bear the same key."""
    return Sql(" and ".join(f"{alias}.{name} = incoming.{name}" for name in table.key))


class Session(Protocol):
    """One connection within one transaction (or, reading, one snapshot)."""

    def execute(self, sql: Sql, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a composed statement with its ``:name`` values bound."""

    def run(self, text: str) -> None:
        """Run a statement word for word, without parameters."""

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Rows:
        """What a query gives, a dict a row: Decimal money, aware instants in UTC."""

    def answer(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        """The columns of a query, told even of no rows, and its rows, valued as in ``rows``.

        Parameters that the query does not name are left out.
        """

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers of several queries, in their order; asked side by side where that can be."""

    def load(
        self,
        table: str,
        columns: Sequence[str],
        source: Path | pa.Table,
        constants: Mapping[str, Any] | None = None,
    ) -> None:
        """Append rows of a parquet file or an arrow table in bulk.

        ``columns`` are those of ``source``, by name; ``constants`` give further columns one value
        for all rows.
        """

    def columns(self, schema: str, name: str) -> dict[str, str]:
        """A table's columns in order with their types as contracts write them; {} if none."""

    def create(self, table: Table, schema: str) -> None:
        """Make a contract's table with comments, unless it is there."""

    def create_temporary(self, name: str, table: Table) -> None:
        """Make an empty table with a contract's columns that this transaction alone sees."""

    def analyze(self, table: str) -> None:
        """Tell the planner what a table holds now."""

    def shut_out(self) -> None:
        """Wait until no other transaction writes, and let none begin before this one's end.

        Only for who has the lock ``prepare``: two that write and ask this wait for each other.
        """

    def share(self, table: str, columns: Sequence[str]) -> None:
        """Let the page's role, where there is one, read these columns of a table or view."""


class Engine(Protocol):
    """One warehouse of one kind."""

    def write(self, *locks: str) -> AbstractContextManager[Session]:
        """A transaction; whoever asks for one of the same ``locks`` waits, for a bounded time."""

    def read(self) -> AbstractContextManager[Session]:
        """A snapshot of the working warehouse."""

    def read_marts(self) -> AbstractContextManager[Session]:
        """A snapshot of the published marts."""

    def clear_orphans(self) -> None:
        """Remove what killed publishes left behind."""

    def forget(self, tables: Sequence[str]) -> None:
        """Leave nothing of rows that were deleted in the files that hold these tables."""

    def publish(self, tables: Sequence[Table], announce: Callable[[Session], pa.Table]) -> None:
        """Put these build tables, and one ``build_info``, where readers find them, at one instant.

        ``announce`` gives the ``build_info``. It may read the marts still published, as
        ``marts.*``, and write to ops: what it writes stands if the publish does. (Where marts are
        a file of their own it may stand after a publish that was killed just before the switch;
        the next one's ``announce`` is to see that.)
        Raises WarehouseError and changes nothing when a table has not been built.
        """


def require_built(session: Session, tables: Sequence[Table]) -> None:
    """Raise WarehouseError unless each of these tables stands in schema ``build``."""
    for table in tables:
        if not session.columns("build", table.name):
            raise WarehouseError(
                f"{table.name} has not been built; build every model, then publish"
            )


def engine_of(settings: Settings) -> Engine:
    """The engine that the warehouse URL names; WarehouseError if there is none for it."""
    scheme = re.split(r"[:+]", settings.warehouse_url, maxsplit=1)[0]
    if scheme == "duckdb":
        from include.warehouse.engine_duckdb import DuckDB

        return DuckDB(settings)
    if scheme in ("postgresql", "postgres"):
        from include.warehouse.engine_postgres import PostgreSQL

        return PostgreSQL(settings)
    raise WarehouseError(
        f"no warehouse engine speaks {scheme!r}; set CLOSED_LOOP_WAREHOUSE_URL to "
        "duckdb:///<file> or postgresql+psycopg://<user>:<password>@<host>/<database>"
    )
