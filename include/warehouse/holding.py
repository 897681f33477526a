"""What is held from being published: the spend it is judged by, and the decisions, in ops.holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from include.contracts.ops import HOLDS
from include.settings import Settings
from include.warehouse import leases
from include.warehouse.engine import (
    Rows,
    Session,
    Sql,
    WarehouseError,
    WarehouseUnavailable,
    compose,
    engine_of,
)

if TYPE_CHECKING:
    from include.holds import Hold
    from include.run import Run

DAYS_IN_SIGHT = 92
"""How far back spend is read: four weeks before the last one, and gaps."""

AccountSpend = dict[tuple[str, str], dict[date, Decimal]]
"""By source and account: spend by loaded day."""

_UNDECIDED = "status in ('open', 'rejected')"


def candidate_spend(settings: Settings) -> AccountSpend:
    """Each ad account's last loaded days as built."""
    with engine_of(settings).read() as session:
        return _spend(session, "build")


def published_spend(settings: Settings) -> AccountSpend:
    """Each ad account's last loaded days as published; nothing before the first publish."""
    try:
        with engine_of(settings).read_marts() as session:
            is_published = session.rows(
                "select 1 as one from information_schema.tables "
                "where table_name = 'mart_data_health' and table_schema <> 'build'"
            )
            return _spend(session, "marts") if is_published else {}
    except WarehouseUnavailable:
        raise
    except WarehouseError:
        if settings.marts_file.exists():
            raise
        return {}


def _spend(session: Session, schema: str) -> AccountSpend:
    health = f"{schema}.mart_data_health"
    days: AccountSpend = {}
    for row in session.rows(
        compose(
            "select source, account_id, date_day, spend from {health} where spend is not null "
            "and date_day > (select max(date_day) from {health}) - cast(:days as integer)",
            health=health,
        ),
        {"days": DAYS_IN_SIGHT},
    ):
        days.setdefault((row["source"], row["account_id"]), {})[row["date_day"]] = row["spend"]
    return days


def approved(settings: Settings) -> dict[tuple[str, str], dict[tuple[str, date], Decimal]]:
    """What was approved, by source and account: the figure by kind and day."""
    figures: dict[tuple[str, str], dict[tuple[str, date], Decimal]] = {}
    for row in _holds(settings, "status = 'approved'"):
        of_account = figures.setdefault((row["source"], row["account_id"]), {})
        of_account[row["kind"], row["date_day"]] = row["figure"]
    return figures


def waiting(settings: Settings) -> Rows:
    """What waits for a decision, as rows of ``ops.holds``."""
    return _holds(settings, _UNDECIDED)


def _holds(settings: Settings, condition: str) -> Rows:
    with engine_of(settings).read() as session:
        return _rows(session, condition)


def _rows(session: Session, condition: str) -> Rows:
    return session.rows(
        compose(
            "select * from ops.holds where {condition} order by source, account_id, date_day, kind",
            condition=Sql(condition),
        )
    )


def note(settings: Settings, run: Run, holds: Iterable[Hold], lease: int | None = None) -> None:
    """Keep what waits now. What waited and does not any more is ``gone``, with who rejected it.

    Raises Superseded when ``lease``, the token of the marts', is not the latest.
    """
    insert = compose(
        "insert into ops.holds ({columns}) values ({values})",
        columns=HOLDS.column_names,
        values=Sql(", ".join(f":{name}" for name in HOLDS.column_names)),
    )
    with engine_of(settings).write(leases.MARTS, "holds") as session:
        leases.check(session, leases.MARTS, lease)
        session.execute(
            compose(
                "update ops.holds set status = 'gone' where {undecided}",
                undecided=Sql(_UNDECIDED),
            )
        )
        for hold in holds:
            row = asdict(hold) | {
                "run_id": run.run_id,
                "status": "open",
                "decided_by": None,
                "found_at": run.as_of,
                "decided_at": None,
            }
            session.execute(
                Sql(
                    "delete from ops.holds where source = :source and account_id = :account_id "
                    "and kind = :kind and date_day = :date_day"
                ),
                row,
            )
            session.execute(insert, row)


def decide(
    settings: Settings,
    status: str,
    choose: Callable[[Rows], Rows],
    by: str,
    at: datetime,
    lease: int | None = None,
) -> None:
    """Note a decision, ``approved`` or ``rejected``, by whom and when.

    It is on what ``choose`` gives of the rows that wait; what that raises leaves all as it was.
    Raises Superseded when ``lease``, the token of the marts', is not the latest.
    """
    with engine_of(settings).write(leases.MARTS, "holds") as session:
        leases.check(session, leases.MARTS, lease)
        for row in choose(_rows(session, _UNDECIDED)):
            session.execute(
                Sql(
                    "update ops.holds set status = :status, decided_by = :by, decided_at = :at "
                    "where source = :source and account_id = :account_id and kind = :kind "
                    "and date_day = :date_day"
                ),
                dict(row) | {"status": status, "by": by, "at": at},
            )
