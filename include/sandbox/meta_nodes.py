"""Meta's ad objects as the Graph API shows them: nodes with the fields asked for, and edges.

https://developers.facebook.com/docs/marketing-api/reference
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from include.sandbox import meta_insights
from include.sandbox.dataset import Record, World
from include.sandbox.meta_filtering import Filter, filters, statuses
from include.sandbox.meta_graph import (
    HAVE_STATUS,
    HIDDEN_STATUSES,
    TYPES,
    Field,
    GraphError,
    bad_parameter,
    listed,
    node_fields,
    objects,
    one_of,
)
from include.sandbox.meta_page import size_of
from include.sandbox.meta_report import report

EDGES = {
    "campaigns": "campaign",
    "adsets": "adset",
    "ads": "ad",
    "adcreatives": "creative",
    "leads": "lead",
}
PARENTS = {
    "campaign": ("account",),
    "adset": ("account", "campaign"),
    "ad": ("account", "campaign", "adset"),
    "creative": ("account", "campaign", "adset", "ad"),
    "lead": ("ad", "form"),
}
_DEFAULT_FIELDS = {
    "account": ("account_id", "id"),
    "form": ("id", "name"),
    "lead": ("id", "created_time", "field_data"),
}
_LEAD_DAYS = 90  # https://www.facebook.com/business/help/1526849577637052
_INLINE_PAGE = 25


def found_object(world: World, identifier: str) -> tuple[str, Record]:
    """The kind and record of an id; raises the API's error for one that does not exist."""
    found = objects(world).find(identifier)
    if found is None:
        raise GraphError(
            f"Unsupported get request. Object with ID '{identifier}' does not exist, cannot be "
            "loaded due to missing permissions, or does not support this operation. Please read "
            "the Graph API documentation at https://developers.facebook.com/docs/graph-api",
            100,
            kind="GraphMethodException",
            error_subcode=33,
        )
    return found


def shown_object(world: World, kind: str, record: Record, fields: Sequence[Field]) -> Record:
    """An object with the fields asked for; `id` always, absent values left out."""
    names = fields or tuple(Field(name) for name in _DEFAULT_FIELDS.get(kind, ("id",)))
    known = node_fields(kind)
    shown: Record = {}
    for asked in names:
        name = asked.name
        if name in EDGES and kind in PARENTS[EDGES[name]]:
            params = {"limit": "25", **asked.arguments}
            rows = listed_objects(world, kind, record, EDGES[name], params)
            shown[name] = {
                "data": [
                    shown_object(world, EDGES[name], row, asked.fields)
                    for row in rows[: size_of(params)]
                ]
            }
        elif name == "insights" and kind in meta_insights.LEVELS:
            params = {**asked.arguments, "fields": ",".join(item.name for item in asked.fields)}
            rows_text = report(world, meta_insights.query(world, kind, record, params))[
                :_INLINE_PAGE
            ]
            if rows_text:
                shown[name] = {"data": [json.loads(row) for row in rows_text]}
        elif name in ("campaign", "adset", "creative") and name in known:
            identifier = record.get(f"{name}_id") or (record.get(name) or {}).get("id")
            linked = objects(world).by_kind[name].get(str(identifier))
            if linked is not None:
                shown[name] = shown_object(world, name, linked, asked.fields)
        elif name not in known and name not in record:
            raise bad_parameter(
                f"Tried accessing nonexisting field ({name}) on node type ({TYPES[kind]})"
            )
        elif record.get(name) is not None:
            shown[name] = record[name]
        elif name in ("effective_status", "configured_status") and record.get("status"):
            shown[name] = record["status"]
    shown["id"] = record["id"]
    return shown


class ShownObjects:
    """The objects of an edge, each shown when its page is served."""

    def __init__(
        self, world: World, kind: str, records: Sequence[Record], fields: Sequence[Field]
    ) -> None:
        self._world, self._kind, self._records, self._fields = world, kind, records, fields

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, part: slice) -> list[bytes]:
        return [
            json.dumps(shown_object(self._world, self._kind, record, self._fields)).encode()
            for record in self._records[part]
        ]


def listed_objects(
    world: World, parent_kind: str, parent: Record, kind: str, params: Mapping[str, str]
) -> list[Record]:
    """The objects of an edge. Deleted and archived ones show only when a status is asked for:
    https://developers.facebook.com/docs/marketing-api/best-practices/storing_adobjects"""
    rows = objects(world).children(kind, parent_kind, parent)
    if kind == "lead":
        oldest = world.clock.timestamp() - _LEAD_DAYS * 86_400
        rows = [row for row in rows if _value(row, "time_created") >= oldest]
    asked = listed(params, "effective_status")
    for number, status in enumerate(asked):
        one_of(f"effective_status[{number}]", status, statuses())
    wanted = filters(params)
    for item in wanted:
        _check(item, kind)
    if asked:
        rows = [row for row in rows if _status(row) in asked]
    elif kind in HAVE_STATUS and not any(item.name.endswith("status") for item in wanted):
        rows = [row for row in rows if _status(row) not in HIDDEN_STATUSES]
    if updated := params.get("updated_since"):
        since = Filter(None, "updated_time", "GREATER_THAN", updated)
        rows = [row for row in rows if since.accepts(_value(row, "updated_time"))]
    for item in wanted:
        rows = [row for row in rows if item.accepts(_held(world, kind, row, item))]
    return rows


def _check(item: Filter, kind: str) -> None:
    """Refuses a condition on what neither these objects nor those above them have."""
    of = item.target or kind
    above = {"adset": ("campaign",), "ad": ("campaign", "adset")}.get(kind, ())
    named = item.name in node_fields(of) if of in TYPES else False
    if of not in (kind, *above) or not (named or (kind, item.name) == ("lead", "time_created")):
        raise item.unsupported()
    item.check_values()


def _held(world: World, kind: str, row: Record, item: Filter) -> Any:
    """What a row, or the object above it that a condition speaks of, has."""
    if item.target in (None, kind):
        return _value(row, item.name)
    above = objects(world).by_kind[str(item.target)].get(row.get(f"{item.target}_id", ""))
    return None if above is None else _value(above, item.name)


def _status(record: Record) -> Any:
    return record.get("effective_status") or record.get("status")


def _value(record: Record, name: str) -> Any:
    """A field to filter by; times compare as Unix seconds."""
    if name == "time_created":  # what filters call a lead's created_time
        name = "created_time"
    value = _status(record) if name == "effective_status" else record.get(name)
    if name.endswith("_time") and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return value
