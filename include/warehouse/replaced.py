"""Putting what was replayed beside the warehouse in the place of what it holds."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa

from include import failpoints
from include.contracts.ops import (
    KNOWN_ACCOUNTS,
    LOAD_LEDGER,
    OPS_TABLES,
    REJECTED_ROWS,
    RESTATEMENTS,
    SCHEMA_CHANGES,
)
from include.contracts.shape import Table
from include.contracts.staging import STAGING_TABLES
from include.contracts.values import arrow_schema
from include.settings import Settings
from include.warehouse.bookkeeping import hold_version, raise_version
from include.warehouse.engine import Rows, Session, WarehouseError, compose, engine_of
from include.warehouse.migrations import require_ours

REPLAYED: tuple[Table, ...] = (
    *STAGING_TABLES,
    LOAD_LEDGER,
    RESTATEMENTS,
    REJECTED_ROWS,
    SCHEMA_CHANGES,
)
"""What follows from landed batches; the other tables of ops are kept as they are."""
_ROWS_AT_ONCE = 100_000


def staged_batches(settings: Settings) -> set[str]:
    """The batches that the ledger names."""
    with engine_of(settings).read() as session:
        return _staged_batches(session)


def borne_batches(settings: Settings) -> set[str]:
    """The batches whose id any row of staging or ops bears."""
    selects = [
        compose("select {c} as batch_id from {name}", c=c, name=f"{table.schema}.{table.name}")
        for table in (*STAGING_TABLES, *OPS_TABLES)
        for c in ("batch_id", "old_batch_id")
        if c in table.column_names
    ]
    with engine_of(settings).read() as session:
        return {row["batch_id"] for row in session.rows(" union ".join(selects))}


def replace(settings: Settings, replayed: Settings, batch_ids: Collection[str]) -> None:
    """Make the tables of REPLAYED those of the warehouse ``replayed`` (DuckDB), in one transaction.

    Accounts known there and not here are added. Raises WarehouseError, and changes nothing, when
    the ledger names a batch that is not among ``batch_ids``, those that were replayed.
    """
    from include.warehouse.engine_duckdb import DuckDB

    with DuckDB(replayed).read() as source:
        accounts = source.rows("select * from ops.known_accounts")
        locks = {f"{row['source']}/{row['account_id']}" for row in accounts}
        with engine_of(settings).write("prepare", *sorted(locks)) as session:
            require_ours(session)
            hold_version(session)
            if lacking := sorted(_staged_batches(session) - set(batch_ids)):
                raise WarehouseError(
                    f"{len(lacking)} batches that the ledger names were not replayed (the last: "
                    f"{lacking[-1]}). If a load came in meanwhile, run this again; if they are no "
                    "longer landed, put their folders back, or move the warehouse away to do "
                    "without them. Nothing was changed"
                )
            for table in REPLAYED:
                name = f"{table.schema}.{table.name}"
                session.execute(compose("delete from {name}", name=name))
                for rows in source.tables(name, table.column_names, _ROWS_AT_ONCE):
                    session.load(name, table.column_names, rows)
                session.analyze(name)
            _add_accounts(session, accounts)
            raise_version(session)
            failpoints.reach("rebuild.before_commit")


def _staged_batches(session: Session) -> set[str]:
    return {
        row["batch_id"] for row in session.rows("select distinct batch_id from ops.load_ledger")
    }


def _add_accounts(session: Session, replayed: Rows) -> None:
    known = {
        (row["source"], row["account_id"])
        for row in session.rows("select source, account_id from ops.known_accounts")
    }
    news = [row for row in replayed if (row["source"], row["account_id"]) not in known]
    session.load(
        "ops.known_accounts",
        KNOWN_ACCOUNTS.column_names,
        pa.Table.from_pylist(news, schema=arrow_schema(KNOWN_ACCOUNTS)),
    )
