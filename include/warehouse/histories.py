"""What snapshots leave behind when they change: states of things, and fields that came and went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from include.contracts.shape import Table
from include.warehouse.engine import Session, Sql, compose

_NOT_FOLLOWED = {"valid_from_at", "valid_to_at", "batch_id", "loaded_at"}


def keep_states(
    session: Session,
    snapshot: Table,
    history: Table,
    place: Mapping[str, str],
    stamps: Mapping[str, Any],
    as_of: datetime,
) -> None:
    """Bring ``history`` up to what ``snapshot`` now says of one account (``place``) at ``as_of``.

    A state that no longer holds is closed, one that is new begins; a thing that vanished has its
    state closed, one that comes back begins another. Of two looks at one instant the last counts,
    so states that began at ``as_of`` give way and those closed then may hold again.
    """
    ids = [name for name in history.key if name != "valid_from_at"]
    followed = [
        name for name in history.column_names if name not in ids and name not in _NOT_FOLLOWED
    ]
    names = {
        "history": f"{history.schema}.{history.name}",
        "snapshot": f"{snapshot.schema}.{snapshot.name}",
        "here": Sql(" and ".join(f"target.{name} = :{name}" for name in place)),
        "shown_here": Sql(" and ".join(f"shown.{name} = :{name}" for name in place)),
        "is_same_thing": Sql(" and ".join(f"target.{name} = shown.{name}" for name in ids)),
        "is_same_state": Sql(
            " and ".join(
                [
                    *(f"target.{name} = shown.{name}" for name in ids),
                    *(f"target.{name} is not distinct from shown.{name}" for name in followed),
                ]
            )
        ),
        "stamps": [Sql(f"{name} = :{name}") for name in stamps],
        "columns": [*ids, *followed, "valid_from_at", *stamps],
        "values": [
            *(Sql(f"shown.{name}") for name in (*ids, *followed)),
            Sql(":as_of"),
            *(Sql(f":{name}") for name in stamps),
        ],
    }
    parameters = {**place, **stamps, "as_of": as_of}
    for statement in (
        "delete from {history} as target where {here} and target.valid_from_at >= :as_of "
        "and not exists (select 1 from {snapshot} as shown where {is_same_state})",
        "update {history} as target set valid_to_at = null, {stamps} "
        "where {here} and target.valid_to_at >= :as_of "
        "and exists (select 1 from {snapshot} as shown where {is_same_state})",
        "update {history} as target set valid_to_at = :as_of, {stamps} "
        "where {here} and target.valid_to_at is null "
        "and not exists (select 1 from {snapshot} as shown where {is_same_state})",
        "insert into {history} ({columns}) select {values} from {snapshot} as shown "
        "where {shown_here} and not exists (select 1 from {history} as target "
        "where {is_same_thing} and target.valid_to_at is null)",
    ):
        session.execute(compose(statement, **names), parameters)


def field_changes(
    before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """How the described fields differ, of objects described both times; rows of
    ``ops.schema_changes``, stamps aside."""
    old = {(row["object_name"], row["field_name"]): row["field_type"] for row in before}
    new = {(row["object_name"], row["field_name"]): row["field_type"] for row in after}
    in_both = {name for name, _ in old} & {name for name, _ in new}
    for key in sorted(old.keys() | new.keys()):
        object_name, field_name = key
        if object_name not in in_both or old.get(key) == new.get(key):
            continue
        change = "retyped" if key in old and key in new else "added" if key in new else "removed"
        yield {
            "object_name": object_name,
            "field_name": field_name,
            "change": change,
            "old_type": old.get(key),
            "new_type": new.get(key),
        }
