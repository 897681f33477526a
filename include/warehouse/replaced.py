"""Putting what was replayed beside the warehouse in the place of what it holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

import pyarrow as pa

from include import failpoints, landing, loads
from include.contracts.crm_staging import STG_CRM_FIELDS
from include.contracts.ops import (
    KNOWN_ACCOUNTS,
    LOAD_LEDGER,
    REJECTED_ROWS,
    RESTATEMENTS,
    SCHEMA_CHANGES,
)
from include.contracts.shape import Table
from include.contracts.staging import STAGING_TABLES, STG_CAMPAIGN_DAILY
from include.contracts.values import arrow_schema
from include.settings import Settings
from include.sources import Source
from include.warehouse.bookkeeping import raise_version
from include.warehouse.engine import (
    Rows,
    Session,
    Sql,
    WarehouseError,
    compose,
    engine_of,
    outlasting,
)
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


@outlasting
def borne_batches(settings: Settings) -> set[str]:
    """The batches whose id any row of staging or of the books bears."""
    with engine_of(settings).read() as session:
        return {row["batch_id"] for row in _borne(session)}


@outlasting
def require_landed(settings: Settings, sources: Sequence[Source]) -> None:
    """Raise WarehouseError where rows bear the id of a batch that is no longer landed.

    A rebuild would lose such rows, and of what is merged by key no later batch brings them again.
    """
    landed = {b.batch_id for source in sources for b in landing.batches(settings, source.name)}
    with engine_of(settings).read() as session:
        lacking = _told(session, sources, landed)
    if lacking:
        raise WarehouseError(
            f"the warehouse holds what {len(lacking)} batches brought that are no longer landed: "
            f"{loads.named(lacking)}. {landing.TO_DO}. Nothing was changed"
        )


def _borne(session: Session) -> Rows:
    """Every batch that rows bear, with the table and as much of its origin as the table knows."""
    selects = [
        compose(
            "select {c} as batch_id, {source} as source, {stream} as stream, "
            "cast('{table}' as text) as table_name from {name} where {c} is not null",
            c=c,
            source=_first(table, "source", "platform"),
            stream=_first(table, "stream"),
            table=table.name,
            name=f"{table.schema}.{table.name}",
        )
        for table in REPLAYED
        for c in ("batch_id", "old_batch_id")
        if c in table.column_names
    ]
    return session.rows(" union ".join(selects))


def _first(table: Table, *names: str) -> Sql:
    found = [Sql(name) for name in names if name in table.column_names]
    return found[0] if found else Sql("cast(null as text)")


def _told(session: Session, sources: Sequence[Source], there: Collection[str]) -> list[str]:
    """The borne batches that are not ``there``: source, stream as far as it is known, and id."""
    streams: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for source in sources:
        for stream in source.streams:
            for table in (stream.table, stream.history):
                if table:
                    streams[table.name].add((source.name, stream.name))
    streams[RESTATEMENTS.name] = streams[STG_CAMPAIGN_DAILY.name]
    streams[SCHEMA_CHANGES.name] = streams[STG_CRM_FIELDS.name]
    told: dict[str, str] = {}
    for row in sorted(_borne(session), key=lambda row: row["stream"] is None):
        if row["batch_id"] in there:
            continue
        known = [
            name for name in sorted(streams[row["table_name"]]) if row["source"] in (None, name[0])
        ]
        of = row["source"] or " or ".join(sorted({name for name, _ in known}))
        which = row["stream"] or " or ".join(name for _, name in known)
        told.setdefault(row["batch_id"], f"{of} {which} {row['batch_id']}")
    return sorted(told.values())


@outlasting
def replace(
    settings: Settings,
    sources: Sequence[Source],
    replayed: Settings,
    batch_ids: Collection[str],
) -> None:
    """Make the tables of REPLAYED those of the warehouse ``replayed`` (DuckDB), in one transaction,
    which waits for all who write and shuts them out until its end.

    Accounts known there and not here are added. Raises WarehouseError, and changes nothing, when
    rows bear a batch that is not among ``batch_ids``, those that were replayed.
    """
    from include.warehouse.engine_duckdb import DuckDB

    with DuckDB(replayed).read() as source:
        accounts = source.rows("select * from ops.known_accounts")
        with engine_of(settings).write("prepare") as session:
            session.shut_out()
            require_ours(session)
            if lacking := _told(session, sources, batch_ids):
                raise WarehouseError(
                    f"the warehouse holds what {len(lacking)} batches brought that were not "
                    f"replayed: {loads.named(lacking)}. If a load came in meanwhile, run this "
                    f"again. Otherwise: {landing.TO_DO}. Nothing was changed"
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
