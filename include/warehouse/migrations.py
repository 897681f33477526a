"""Bringing the tables of an earlier release to the shape that the contracts describe.

A migration is a file ``sql/migrations/NNNN_<what it does>.sql``, in the SQL both engines run. Each
is applied once, in order, in the transaction that notes it in ``ops.migrations``. Tables that an
earlier release did not have are made from their contracts before, so no file makes one.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from include.contracts.ops import LOAD_LEDGER, MIGRATIONS
from include.contracts.shape import Table
from include.warehouse.engine import Session, Sql, WarehouseError
from include.warehouse.models import SQL_FOLDER, statement

FOLDER = SQL_FOLDER / "migrations"
_FILE = re.compile(r"(\d{4})_[a-z0-9_]+")

log = logging.getLogger(__name__)


class OfAnotherRelease(WarehouseError):
    """The warehouse was migrated otherwise than by this release, which must not write to it."""


@dataclass(frozen=True)
class Migration:
    """One file; ``number`` is its place in the order, from 1."""

    number: int
    path: Path

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    @cached_property
    def sha256(self) -> str:
        """Checksum of the file."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def migrations() -> tuple[Migration, ...]:
    """Every migration, in order; WarehouseError if a number is missing or borne by two."""
    found = []
    for number, path in enumerate(sorted(FOLDER.glob("*.sql")), start=1):
        named = _FILE.fullmatch(path.stem)
        if named is None or int(named[1]) != number:
            raise WarehouseError(f"{path} should begin with {number:04d}_, as the next migration")
        found.append(Migration(number, path))
    return tuple(found)


def migrate(session: Session, tables: Iterable[Table], as_of: datetime | None) -> None:
    """Make the ``tables`` that are missing, and apply each migration this warehouse has not seen.

    A warehouse made now has nothing to migrate: its migrations are noted alone. One that noted
    none is of a release before there were any. Raises WarehouseError, and changes nothing, when it
    has seen migrations this release does not have or has otherwise, or lacks one before the last.
    The transaction must have the lock ``prepare``; where it has something to do it waits for all
    who write, and shuts them out until its end.
    """
    ours = migrations()
    is_new = not session.columns(LOAD_LEDGER.schema, LOAD_LEDGER.name)
    missing = [t for t in (MIGRATIONS, *tables) if not session.columns(t.schema, t.name)]
    if missing or _seen(session, ours) < len(ours):
        session.shut_out()
    for table in missing:
        session.create(table, table.schema)
    seen = _seen(session, ours)
    for migration in ours[seen:]:
        if not is_new:
            log.info("migrating the warehouse: %s", migration.name)
            session.run(statement(migration.path))
        session.execute(
            Sql(
                "insert into ops.migrations (name, sha256, number, as_of_at) "
                "values (:name, :sha256, :number, :as_of)"
            ),
            {
                "name": migration.name,
                "sha256": migration.sha256,
                "number": migration.number,
                "as_of": as_of,
            },
        )


def require_ours(session: Session) -> None:
    """Raise OfAnotherRelease where ``migrate`` would: of each transaction that writes.

    A worker that still runs the code of before does not ask ``prepare`` again. What this has found
    stands until the transaction's end: ``migrate`` waits for all who write, and they for it.
    """
    _seen(session, migrations())


def _seen(session: Session, ours: tuple[Migration, ...]) -> int:
    """How many of our migrations the warehouse has seen; they are the first ones."""
    rows = session.rows("select name, sha256, number from ops.migrations order by number")
    for place, row in enumerate(rows, start=1):
        if row["number"] > len(ours):
            raise OfAnotherRelease(
                f"this warehouse was migrated by a later release ({row['name']}, which this one "
                "does not have); run that release or a later one"
            )
        if row["number"] != place:
            raise OfAnotherRelease(
                f"this warehouse lacks migration {ours[place - 1].name}, though later ones were "
                "applied: it is half migrated; restore it from a backup, or move it away and run "
                "`make rebuild`"
            )
        migration = ours[place - 1]
        if (row["name"], row["sha256"]) != (migration.name, migration.sha256):
            raise OfAnotherRelease(
                f"migration {migration.name} is not the one that was applied to this warehouse "
                f"({row['name']}, checksum {row['sha256'][:12]}); put the file back as it was "
                "released, and write what is new into a file of its own"
            )
    return len(rows)
