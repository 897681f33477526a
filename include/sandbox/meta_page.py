"""One page of a Graph API edge, and what faults do to it.

https://developers.facebook.com/docs/graph-api/results
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from include.sandbox.dataset import Record
from include.sandbox.faults import Fault
from include.sandbox.meta_graph import bad_parameter, cursor, offset_of

_PAGE, _LARGEST_PAGE = 25, 5000
# Numbers that identify, date or classify: no figures.
_NO_FIGURES = {"id", "name", "date_start", "date_stop", "time_created", "field_data", "timezone_id"}


class Rows(Protocol):
    """The rows of an edge as JSON texts."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice) -> list[bytes]: ...


def size_of(params: Mapping[str, str]) -> int:
    """How many rows a page holds."""
    text = params.get("limit") or str(_PAGE)
    if not text.isdecimal() or int(text) < 1:
        raise bad_parameter("Param limit must be an integer greater than zero")
    return min(int(text), _LARGEST_PAGE)


def page(
    path: str,
    params: Mapping[str, str],
    base: str,
    rows: Rows,
    fault: Fault | None,
    summary: Record | None = None,
) -> bytes:
    """One page of an edge. `next` alone says whether there is more: the cursors stand on the last
    page too. `summary` is shown as it stands; else `summary=true` shows the count of rows."""
    limit = size_of(params)
    if "after" in params:
        first, salt = offset_of(params["after"])
    elif "before" in params:
        last, salt = offset_of(params["before"])
        first = max(0, last - limit)
    else:
        first, salt = 0, 0
    shown, end = rows[first : first + limit], min(first + limit, len(rows))
    kind = fault["kind"] if fault else None
    if kind == "empty_page" and shown:
        shown, end, salt = [], first, salt + 1
    elif kind == "short_page" and len(shown) > 1:
        shown, end = shown[: len(shown) // 2], first + len(shown) // 2
    elif kind == "duplicate_page":
        end, salt = first, salt + 1
    elif kind == "lose_rows":
        shown = []
    paging: Record = {}
    if shown or end < len(rows):
        paging["cursors"] = {"before": cursor(first), "after": cursor(end, salt)}
    kept = {key: value for key, value in params.items() if key not in ("after", "before")}
    link = f"{base}/{quote(path)}?"
    if end < len(rows):
        paging["next"] = link + urlencode({**kept, "limit": str(limit), "after": cursor(end, salt)})
    if first > 0:
        paging["previous"] = link + urlencode(
            {**kept, "limit": str(limit), "before": cursor(first)}
        )
    parts = [b'{"data":[', b",".join(shown), b"]"]
    if paging:
        parts += [b',"paging":', json.dumps(paging).encode()]
    asked = params.get("summary", "")
    if summary is None and (asked in ("true", "1", "[]") or "total_count" in asked):
        summary = {"total_count": len(rows)}
    if summary is not None:
        parts += [b',"summary":', json.dumps(summary).encode()]
    whole = b"".join([*parts, b"}"])
    return _altered(whole, fault.get("which", 1)) if fault and kind == "alter_number" else whole


def with_fewer_actions(rows: list[bytes]) -> list[bytes]:
    """Rows whose lists of actions lack their last entry."""
    fewer = []
    for text in rows:
        row = json.loads(text)
        for name in ("actions", "action_values"):
            if name in row:
                row[name] = row[name][:-1]
        fewer.append(json.dumps(row).encode())
    return fewer


def figures(answer: Any) -> Iterator[tuple[Any, Any]]:
    """Where each figure of a page stands, in order: its holder and the key or index in it."""
    for row in answer.get("data", ()):
        yield from _figures_in(row)
    yield from _figures_in(answer.get("summary", {}))


def _figures_in(holder: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
        if isinstance(key, str) and (
            key in _NO_FIGURES or key.endswith(("_id", "_ids", "_name", "_time", "_status"))
        ):
            continue
        if isinstance(value, dict | list):
            yield from _figures_in(value)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            try:
                Decimal(str(value))
            except ArithmeticError:
                continue
            yield holder, key


def _altered(text: bytes, which: int) -> bytes:
    """The page with its figure number `which` one larger, in the form it had."""
    answer = json.loads(text)
    for number, (holder, key) in enumerate(figures(answer), 1):
        if number == which:
            value = holder[key]
            holder[key] = str(Decimal(value) + 1) if isinstance(value, str) else value + 1
            break
    return json.dumps(answer).encode()
