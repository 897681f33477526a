"""What the pipeline notes beside a source's rows: the accounts it shows, its API's use, and how
often what the models read has changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from include.contracts.ops import API_USAGE, KNOWN_ACCOUNTS
from include.contracts.shape import Table
from include.settings import Settings
from include.warehouse.engine import MARTS, Session, Sql, engine_of, outlasting
from include.warehouse.migrations import require_ours

if TYPE_CHECKING:
    import pyarrow as pa

    from include.run import Run
    from include.sources import Account, Measure


@outlasting
def record_accounts(
    settings: Settings, source_name: str, accounts: Collection[Account], run: Run
) -> None:
    """Keep which accounts a source shows, in a transaction of its own.

    So one whose every load fails is known all the same. Accounts shown earlier stay, and each
    keeps the instant at which it was first seen; doing it again changes nothing.
    """
    import pyarrow as pa

    from include.contracts.values import arrow_schema

    shown = {account.account_id: _known(source_name, account, run) for account in accounts}
    with engine_of(settings).write(f"accounts/{source_name}") as session:
        require_ours(session)
        known = {
            row["account_id"]: row
            for row in session.rows(
                "select * from ops.known_accounts where source = :source", {"source": source_name}
            )
        }
        for account_id in shown.keys() & known.keys():
            shown[account_id]["first_seen_at"] = known[account_id]["first_seen_at"]
        news = [row for account_id, row in shown.items() if row != known.get(account_id)]
        if not news:
            return
        session.execute(
            Sql("delete from ops.known_accounts where source = :source"), {"source": source_name}
        )
        rows = pa.Table.from_pylist(
            list((known | shown).values()), schema=arrow_schema(KNOWN_ACCOUNTS)
        )
        session.load("ops.known_accounts", KNOWN_ACCOUNTS.column_names, rows)
        raise_version(session)


def _known(source_name: str, account: Account, run: Run) -> dict[str, Any]:
    """An account as a row; what cannot be of its column's type is NULL, for staging tells of it."""
    from include.contracts.values import Unfit, fit_one

    row: dict[str, Any] = {"source": source_name, "first_seen_at": run.as_of}
    for name in ("account_id", "account_name", "account_status", "currency_code"):
        try:
            row[name] = fit_one(KNOWN_ACCOUNTS.column(name), getattr(account, name))
        except Unfit:
            row[name] = None
    row["time_zone"] = account.time_zone if account.time_zone in available_timezones() else None
    return row


@outlasting
def record_usage(
    settings: Settings, source_name: str, account_id: str, run: Run, measures: Collection[Measure]
) -> None:
    """Keep what a load of one account used of its source's API, in a transaction of its own.

    Of a load that was tried again, the figures of the last try stand.
    """
    import pyarrow as pa

    from include.contracts.values import arrow_schema

    load = {
        "source": source_name,
        "account_id": account_id,
        "as_of_at": run.as_of,
        "loaded_at": run.started_at,
    }
    rows = [
        {**load, "measure": each.name, "used": each.used, "allowed": each.allowed}
        for each in measures
    ]
    if not rows:
        return
    with engine_of(settings).write(f"usage/{source_name}/{account_id}") as session:
        require_ours(session)
        session.execute(
            Sql(
                "delete from ops.api_usage where source = :source and account_id = :account_id "
                "and as_of_at = :as_of_at and loaded_at = :loaded_at"
            ),
            load,
        )
        session.load(
            "ops.api_usage",
            API_USAGE.column_names,
            pa.Table.from_pylist(rows, schema=arrow_schema(API_USAGE)),
        )


def note_model_run(
    session: Session, model_name: str, lease: int, row_count: int, seconds: float
) -> None:
    """Keep what building a model took in the run that has this lease on the marts."""
    values = {
        "model_name": model_name,
        "lease": lease,
        "row_count": row_count,
        "seconds": Decimal(f"{seconds:.4f}"),
        "marts": MARTS,
    }
    session.execute(
        Sql("delete from ops.model_runs where model_name = :model_name and lease_token = :lease"),
        values,
    )
    session.execute(
        Sql(
            "insert into ops.model_runs "
            "(run_id, model_name, lease_token, rows_built, seconds, began_at) "
            "select holder, :model_name, token, :row_count, :seconds, acquired_at "
            "from ops.leases where resource = :marts and token = :lease"
        ),
        values,
    )


def staging_version(session: Session) -> int:
    """The version that staging, seeds and settings have now."""
    return int(session.rows("select version from ops.staging_version")[0]["version"])


def raise_version(session: Session) -> None:
    """Say that what the models read has changed; a transaction does it last, for others wait."""
    session.execute(Sql("update ops.staging_version set version = version + 1"))


def hold_version(session: Session) -> None:
    """Let nobody commit a change to what the models read until this transaction ends."""
    session.execute(Sql("update ops.staging_version set version = version"))


def note_reference(session: Session, tables: Iterable[tuple[Table, pa.Table]]) -> int:
    """Raise the version if seeds or settings are others than before; gives the version."""
    digest = _digest(tables)
    known = session.rows("select reference_digest from ops.staging_version")
    if not known:
        session.execute(
            Sql(
                "insert into ops.staging_version (reference_digest, version) "
                "values (:digest, cast(1 as bigint))"
            ),
            {"digest": digest},
        )
    elif known[0]["reference_digest"] != digest:
        session.execute(
            Sql("update ops.staging_version set version = version + 1, reference_digest = :digest"),
            {"digest": digest},
        )
    return staging_version(session)


def _digest(tables: Iterable[tuple[Table, pa.Table]]) -> str:
    """A fingerprint of tables with all their rows, in their order."""
    import pyarrow as pa

    digest = sha256()
    for table, rows in tables:
        whole = pa.BufferOutputStream()
        with pa.ipc.new_stream(whole, rows.schema) as stream:
            stream.write_table(rows.combine_chunks())
        digest.update(table.name.encode())
        digest.update(whole.getvalue())
    return digest.hexdigest()
