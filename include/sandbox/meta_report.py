"""The rows Meta's Insights answer: daily lines summed to the level, days and breakdowns asked.

Sums are exact decimals; every number is served as text, as the real API does. A row becomes JSON
when it is first served, and is kept.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from include.sandbox.dataset import Record, World
from include.sandbox.meta_filtering import Filter
from include.sandbox.meta_graph import Objects, objects
from include.sandbox.meta_insights import LEVELS, Query, lines_of

_KEYS = {f"{level}_{part}" for level in LEVELS for part in ("id", "name")} | {
    "date_start",
    "date_stop",
    "account_currency",
    "objective",
    "buying_type",
}
_RATIOS = {
    "ctr": ("clicks", "impressions", 100),
    "cpc": ("spend", "clicks", 1),
    "cpm": ("spend", "impressions", 1000),
    "frequency": ("impressions", "reach", 1),
    "inline_link_click_ctr": ("inline_link_clicks", "impressions", 100),
    "cost_per_inline_link_click": ("spend", "inline_link_clicks", 1),
}

Cells = dict[tuple[Any, ...], dict[str, list[Record]]]
_dumped = json.JSONEncoder(separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring_ascii


def report(world: World, asked: Query) -> "Report":
    """The answer to a query; kept until the clock moves."""
    key = ("meta.report", repr(asked))
    if key not in world.cache:
        world.cache[key] = Report(world, asked)
    found: Report = world.cache[key]
    return found


@dataclass(slots=True)
class _Entity:
    """What the rows of one object share: its ids and names, and the end of each row's JSON."""

    names: Record
    breakdowns: tuple[Any, ...]


@dataclass(slots=True)
class _Row:
    entity: _Entity
    since: str
    until: str
    inside: list[Record]  # one line a day


class Report:
    """The rows of a query in their final order, as JSON texts; fixed when it is made."""

    def __init__(self, world: World, asked: Query) -> None:
        self.asked = asked
        rows = _rows(world, asked)
        self._of_actions = [item for item in asked.filters if item.name == "action_type"]
        plain = [
            item for item in asked.filters if item.target is None and item not in self._of_actions
        ]
        if plain:
            rows = (
                row
                for row in rows
                for full in [self._full(row)]
                if all(item.accepts(full.get(item.name)) for item in plain)
            )
        self._rows = list(rows)
        if asked.sort:
            name, is_descending = asked.sort
            self._rows.sort(
                key=lambda row: _number(self._full(row).get(name)), reverse=is_descending
            )
        self._texts: list[bytes | None] = [None] * len(self._rows)
        self._totals: dict[tuple[str, ...], Record] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, part: slice) -> list[bytes]:
        return [self._text(number) for number in range(*part.indices(len(self._rows)))]

    def totals(self, names: tuple[str, ...]) -> Record:
        """The sums over all rows, as the `summary` of an answer shows them."""
        if names not in self._totals:
            needed = dict.fromkeys(names)
            for name in names:
                needed |= dict.fromkeys(map(str, _RATIOS.get(name, ())[:2]))
            if "cost_per_action_type" in needed:
                needed |= {"spend": None, "actions": None}
            sums = _summed(list(chain.from_iterable(row.inside for row in self._rows)), needed)
            full = {**sums, **_derived(sums, names)}
            self._totals[names] = {
                name: value if isinstance(value, list) else str(value)
                for name, value in full.items()
                if name in names
            } | {
                "date_start": min(since for since, _ in self.asked.ranges),
                "date_stop": max(until for _, until in self.asked.ranges),
            }
        return self._totals[names]

    def _full(self, row: _Row) -> Record:
        """Everything known of a row."""
        metrics = self._shown(_summed(row.inside))
        return {
            **metrics,
            **_derived(metrics, self.asked.fields),
            **row.entity.names,
            "date_start": row.since,
            "date_stop": row.until,
        }

    def _shown(self, metrics: Record) -> Record:
        """The metrics with the actions that a filter on `action_type` leaves."""
        if not self._of_actions:
            return metrics
        return {
            name: [
                entry
                for entry in value
                if all(item.accepts(entry.get("action_type")) for item in self._of_actions)
            ]
            if isinstance(value, list)
            else value
            for name, value in metrics.items()
        }

    def _text(self, number: int) -> bytes:
        text = self._texts[number]
        if text is None:
            row = self._rows[number]
            metrics = row.inside[0] if len(row.inside) == 1 else _summed(row.inside)
            metrics = self._shown(metrics)
            derived = _derived(metrics, self.asked.fields)
            names = row.entity.names
            parts = []
            for name in self.asked.fields:
                if name in ("date_start", "date_stop"):
                    continue
                value = names[name] if name in names else derived.get(name, metrics.get(name))
                if value is None:
                    continue
                shown = _dumped(value) if isinstance(value, list) else _quoted(str(value))
                parts.append(f'"{name}":{shown}')
            parts.append(f'"date_start":"{row.since}","date_stop":"{row.until}"')
            for name, value in zip(self.asked.breakdowns, row.entity.breakdowns, strict=True):
                parts.append(f'"{name}":{_quoted(str(value))}')
            text = self._texts[number] = f"{{{','.join(parts)}}}".encode("ascii")
        return text


def _rows(world: World, asked: Query) -> Iterator[_Row]:
    known = objects(world)
    scope_level, scope_id = asked.scope
    buckets = [
        bucket
        for since, until in asked.ranges
        for bucket in _buckets(since, until, asked.increment)
    ]
    for identity, days in _cells(world, asked).items():
        any_line = next(iter(days.values()))[0]
        if scope_level != "account" and any_line.get(f"{scope_level}_id") != scope_id:
            continue
        entity = _Entity(_names(known, asked.level, any_line), identity[1:])
        for day, lines in days.items():
            if len(lines) > 1:
                days[day] = [_summed(lines)]
        ordered = sorted(days)
        if asked.increment == "1":
            for since, until in asked.ranges:
                for day in ordered[bisect_left(ordered, since) : bisect_right(ordered, until)]:
                    yield _Row(entity, day, day, days[day])
            continue
        for since, until in buckets:
            first, last = bisect_left(ordered, since), bisect_right(ordered, until)
            if first < last:
                yield _Row(entity, since, until, [days[day][0] for day in ordered[first:last]])


def _buckets(since: str, until: str, increment: str) -> Iterator[tuple[str, str]]:
    """The periods of a range as ISO days, clipped to it."""
    if increment == "all_days":
        yield since, until
        return
    first, last = date.fromisoformat(since), date.fromisoformat(until)
    while first <= last:
        if increment == "monthly":
            after = (first.replace(day=1) + timedelta(32)).replace(day=1)
        else:
            after = first + timedelta(int(increment))
        yield first.isoformat(), min(after - timedelta(1), last).isoformat()
        first = after


def _cells(world: World, asked: Query) -> Cells:
    """Lines by object (and breakdown values), then day; sums of a day are kept in their place."""
    targeted = tuple(item for item in asked.filters if item.target)
    key = ("meta.cells", asked.account_id, asked.level, asked.breakdowns, repr(targeted))
    if key not in world.cache:
        cells: Cells = {}
        name = f"{asked.level}_id"
        known = objects(world)
        for line in lines_of(world, asked.account_id):
            if targeted and not _passes(known, targeted, line):
                continue
            value = line.get(name)
            if value is None:
                continue
            identity = (value, *(line.get(breakdown) for breakdown in asked.breakdowns))
            cells.setdefault(identity, {}).setdefault(line["date_start"], []).append(line)
        world.cache[key] = cells
    found: Cells = world.cache[key]
    return found


def _passes(known: Objects, targeted: Sequence[Filter], line: Record) -> bool:
    for item in targeted:
        target = str(item.target)
        identifier = line.get(f"{target}_id", "")
        identifier = f"act_{identifier}" if target == "account" else identifier
        record = known.by_kind[target].get(identifier, {"id": identifier})
        value = record.get(item.name)
        if value is None and item.name == "effective_status":
            value = record.get("status")
        if not item.accepts(value):
            return False
    return True


def _names(known: Objects, level: str, line: Record) -> Record:
    """Ids and present names of the row's object and those above it; None where there is none."""
    names: Record = {}
    for kind in LEVELS:
        within = LEVELS.index(kind) <= LEVELS.index(level)
        identifier = line.get(f"{kind}_id") if within else None
        names[f"{kind}_id"] = identifier
        key = f"act_{identifier}" if kind == "account" else identifier
        record = known.by_kind[kind].get(key or "", {})
        names[f"{kind}_name"] = record.get("name", line.get(f"{kind}_name")) if within else None
        if kind == "account":
            names["account_currency"] = record.get("currency")
        if kind == "campaign" and within:
            names["objective"] = record.get("objective")
            names["buying_type"] = record.get("buying_type")
    return names


def _summed(lines: Sequence[Record], only: Iterable[str] | None = None) -> Record:
    """One line with the sums of several (of the names in `only`); keys stay those of the first."""
    if not lines or (len(lines) == 1 and only is None):
        return dict(lines[0]) if lines else {}
    total: Record = dict(lines[0]) if only is None else {}
    for name in only or dict.fromkeys(name for line in lines for name in line):
        if name in _KEYS:
            continue
        values = [line[name] for line in lines if line.get(name) is not None]
        if values and isinstance(values[0], list):
            total[name] = _summed_actions(values)
        elif values:
            try:
                total[name] = str(sum(map(Decimal, map(str, values))))
            except ArithmeticError:
                total[name] = values[0]
    return total


def _summed_actions(lists: Sequence[list[Record]]) -> list[Record]:
    sums: dict[Any, Record] = {}
    for entry in chain.from_iterable(lists):
        if len(entry) == 2:  # {"action_type", "value"}, as nearly all are
            key: Any = (("action_type", entry.get("action_type")),)
        else:
            key = tuple(sorted((k, v) for k, v in entry.items() if k.startswith("action_")))
        total = sums.get(key)
        if total is None:
            total = sums[key] = {k: v for k, v in entry.items() if k.startswith("action_")}
        for name, value in entry.items():
            if not name.startswith("action_"):
                total[name] = total.get(name, Decimal(0)) + Decimal(str(value))
    return [
        {name: str(value) if isinstance(value, Decimal) else value for name, value in one.items()}
        for one in sums.values()
    ]


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return Decimal(0)


def _derived(metrics: Record, fields: Sequence[str]) -> Record:
    """The ratios asked for, to six places; absent where the divisor is zero, as in the API."""
    found: Record = {}
    for name in fields:
        if name in _RATIOS:
            above, below, factor = _RATIOS[name]
            divisor = _number(metrics.get(below))
            if divisor and metrics.get(above) is not None:
                found[name] = f"{_number(metrics[above]) * factor / divisor:.6f}"
        elif name == "cost_per_action_type" and metrics.get("actions"):
            found[name] = [
                {
                    "action_type": entry["action_type"],
                    "value": f"{_number(metrics.get('spend')) / _number(entry['value']):.6f}",
                }
                for entry in metrics["actions"]
                if _number(entry.get("value"))
            ]
    return found
