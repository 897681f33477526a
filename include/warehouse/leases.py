"""Leases: of two runs at work on one thing the one that began later may write, the other is fenced.

A lease bears a fencing token that grows with each run. It has no term and needs no clock: a run
that hangs, dies or comes back to life after its time finds a higher token and changes nothing.

It is taken under the lock that bears the resource's name, which who stages or publishes has too:
no later run begins between their check and their commit. Who builds has the lock of the candidate:
one that is committed after a later run began is built again by that run, after it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from include.contracts.ops import LEASES
from include.settings import Settings
from include.warehouse.engine import MARTS, Session, Sql, WarehouseError, engine_of, outlasting
from include.warehouse.migrations import require_ours

if TYPE_CHECKING:
    from include.run import Run


class Superseded(WarehouseError):
    """A later run has begun with the same: this one's write is refused, for good."""


def account_of(source_name: str, account_id: str) -> str:
    """The resource that a load of one account works on."""
    return f"{source_name}/{account_id}"


@outlasting
def lease_accounts(
    settings: Settings, source_name: str, account_ids: Collection[str], run: Run
) -> dict[str, int]:
    """Take the leases on these accounts of a source; the token of each.

    Waits for a load that is being staged.
    """
    names = {account_of(source_name, account_id): account_id for account_id in account_ids}
    tokens = _take(settings, names, run)
    return {names[resource]: token for resource, token in tokens.items()}


@outlasting
def lease_marts(settings: Settings, run: Run) -> int:
    """Take the lease on the marts and their candidates; its token. Waits for a publish at work."""
    return _take(settings, [MARTS], run)[MARTS]


def _take(settings: Settings, resources: Collection[str], run: Run) -> dict[str, int]:
    import pyarrow as pa

    from include.contracts.values import arrow_schema

    if not resources:
        return {}
    with engine_of(settings).write(*resources) as session:
        require_ours(session)
        known = {
            row["resource"]: row["token"]
            for row in session.rows("select resource, token from ops.leases")
        }
        taken = {resource: known.get(resource, 0) + 1 for resource in resources}
        for resource in taken.keys() & known.keys():
            session.execute(
                Sql("delete from ops.leases where resource = :resource"), {"resource": resource}
            )
        rows = [
            {
                "resource": resource,
                "holder": run.run_id,
                "token": token,
                "acquired_at": run.started_at,
            }
            for resource, token in taken.items()
        ]
        session.load(
            "ops.leases",
            LEASES.column_names,
            pa.Table.from_pylist(rows, schema=arrow_schema(LEASES)),
        )
    return taken


def check(session: Session, resource: str, token: int | None) -> None:
    """Raise Superseded unless ``token`` is that of the lease as it stands, or None (no lease).

    Raises OfAnotherRelease, with a lease or without, on another release's warehouse. The
    transaction must have the lock of the resource's name, or of the candidates it builds.
    """
    require_ours(session)
    if token is None:
        return
    found = session.rows(
        "select token, holder from ops.leases where resource = :resource", {"resource": resource}
    )
    if not found or found[0]["token"] != token:
        by = f"run {found[0]['holder']}" if found else "its lease is gone"
        raise Superseded(
            f"a later run works on {resource} ({by}), so this one stops and changes nothing; leave "
            "it, or trigger a new run if the later one failed"
        )
