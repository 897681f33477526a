"""Meta's Insights: the daily lines of the data set, summed to the level, days and breakdowns asked.

https://developers.facebook.com/docs/marketing-api/reference/ad-account/insights
Sums are exact decimals; every number is served as text, as the real API does.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.dataset import Record, World
from include.sandbox.meta_graph import (
    Filter,
    GraphError,
    Objects,
    bad_parameter,
    decoded,
    field_list,
    filters,
    listed,
    objects,
    one_of,
)

LEVELS = ("account", "campaign", "adset", "ad")
_KEYS = {f"{level}_{part}" for level in LEVELS for part in ("id", "name")} | {
    "date_start",
    "date_stop",
    "account_currency",
    "objective",
    "buying_type",
}
_REMOVED_WINDOWS = {"7d_view", "28d_view"}
_RETENTION_MONTHS = 37

Cells = dict[tuple[Any, ...], dict[str, list[Record]]]


def _values(holder: type) -> tuple[str, ...]:
    return tuple(sorted(value for key, value in vars(holder).items() if not key.startswith("_")))


@dataclass(frozen=True)
class Query:
    """One question to Insights. `scope` is the node asked: its level and its id."""

    account_id: str
    scope: tuple[str, str]
    level: str
    fields: tuple[str, ...]
    ranges: tuple[tuple[str, str], ...]
    increment: str
    breakdowns: tuple[str, ...]
    filters: tuple[Filter, ...]
    sort: tuple[str, bool] | None


def today(world: World, account: Mapping[str, Any]) -> date:
    """The account's present day."""
    return world.clock.astimezone(ZoneInfo(account["timezone_name"])).date()


def query(world: World, kind: str, record: Record, params: Mapping[str, str]) -> Query:
    """Reads the parameters of an insights call on a node. Raises GraphError as the API does."""
    from facebook_business.adobjects.adsinsights import AdsInsights

    account = objects(world).account(record["account_id"])
    if account is None:
        raise GraphError("(#10) Object's ad account does not exist", 10)
    level = one_of("level", params.get("level") or kind, LEVELS)
    if LEVELS.index(level) < LEVELS.index(kind):
        level = kind
    known = set(_values(AdsInsights.Field))
    fields = tuple(field.name for field in field_list(params.get("fields")))
    for name in fields:
        if name not in known:
            raise bad_parameter(
                f"{name} is not valid for fields param. please check https://developers.facebook"
                ".com/docs/marketing-api/reference/ads-insights/ for all valid values"
            )
    if not fields:
        ids = tuple(f"{name}_id" for name in LEVELS[: LEVELS.index(level) + 1])
        fields = (*ids, "impressions", "spend")
    _check_windows(params, _values(AdsInsights.ActionAttributionWindows))
    breakdowns = tuple(listed(params, "breakdowns"))
    for number, name in enumerate(breakdowns):
        one_of(f"breakdowns[{number}]", name, _values(AdsInsights.Breakdowns))
    lines = _lines(world, record["account_id"])
    if missing := [name for name in breakdowns if lines and not any(name in ln for ln in lines)]:
        raise bad_parameter(
            f"Current combination of data breakdown columns ({', '.join(missing)}) is invalid",
            error_subcode=1349125,
        )
    for number, name in enumerate(listed(params, "action_breakdowns")):
        one_of(f"action_breakdowns[{number}]", name, _values(AdsInsights.ActionBreakdowns))
    return Query(
        account_id=record["account_id"],
        scope=(kind, record["id"]),
        level=level,
        fields=fields,
        ranges=_ranges(today(world, account), params, _values(AdsInsights.DatePreset)),
        increment=_increment(params.get("time_increment", "all_days")),
        breakdowns=breakdowns,
        filters=filters(params),
        sort=_sort(listed(params, "sort"), known),
    )


def _check_windows(params: Mapping[str, str], known: Sequence[str]) -> None:
    allowed = [name for name in known if name not in _REMOVED_WINDOWS]
    for number, window in enumerate(listed(params, "action_attribution_windows")):
        one_of(f"action_attribution_windows[{number}]", window, allowed)


def _increment(value: str) -> str:
    text = value.strip('"')
    if text not in ("monthly", "all_days") and not (text.isdigit() and 1 <= int(text) <= 90):
        raise bad_parameter("time_increment must be all_days, monthly or a number from 1 to 90")
    return text


def _sort(entries: Sequence[str], known: set[str]) -> tuple[str, bool] | None:
    if not entries:
        return None
    name, _, direction = str(entries[0]).rpartition("_")
    if direction not in ("ascending", "descending") or name not in known:
        raise bad_parameter(f"Sorting field {entries[0]} is invalid")
    return name, direction == "descending"


def _range(value: Any, day: date) -> tuple[str, str]:
    try:
        since, until = (date.fromisoformat(value[key]) for key in ("since", "until"))
    except (TypeError, KeyError, ValueError) as error:
        raise bad_parameter(
            "Must be a time_range with since and until as YYYY-MM-DD", error_subcode=1487749
        ) from error
    if since > until:
        raise bad_parameter("time_range's since must not be after its until", error_subcode=1487749)
    months = day.year * 12 + day.month - 1 - _RETENTION_MONTHS
    if (since.year, since.month, since.day) < (months // 12, months % 12 + 1, day.day):
        raise GraphError(
            "(#3018) The start date of the time range cannot be beyond 37 months from the current "
            "date",
            3018,
        )
    return since.isoformat(), until.isoformat()


def _ranges(
    day: date, params: Mapping[str, str], presets: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    several = decoded(params, "time_ranges")
    if several is not None:
        if not isinstance(several, list) or not several:
            raise bad_parameter("Param time_ranges must be an array.")
        return tuple(_range(value, day) for value in several)
    if "time_range" in params:
        return (_range(decoded(params, "time_range"), day),)
    if "time_range[since]" in params:
        parts = {key: params.get(f"time_range[{key}]") for key in ("since", "until")}
        return (_range(parts, day),)
    if "since" in params and "until" in params:
        return (_range({key: params[key] for key in ("since", "until")}, day),)
    preset = one_of("date_preset", params.get("date_preset") or "last_30d", presets)
    first, last = _preset(preset, day)
    return ((first.isoformat(), last.isoformat()),)


def _preset(name: str, day: date) -> tuple[date, date]:
    """First and last day of a date preset; `last_Nd` leaves today out."""
    one = timedelta(1)
    if name.startswith("last_") and name.endswith("d"):
        return day - timedelta(int(name[5:-1])), day - one
    quarter = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    before_quarter = quarter - one
    month_before = day.replace(day=1) - one
    monday = day - timedelta(day.weekday())
    sunday = day - timedelta((day.weekday() + 1) % 7)
    oldest = (day.replace(day=1) - timedelta(30 * _RETENTION_MONTHS)).replace(day=1)
    return {
        "today": (day, day),
        "yesterday": (day - one, day - one),
        "this_month": (day.replace(day=1), day),
        "last_month": (month_before.replace(day=1), month_before),
        "this_quarter": (quarter, day),
        "last_quarter": (
            date(before_quarter.year, (before_quarter.month - 1) // 3 * 3 + 1, 1),
            before_quarter,
        ),
        "this_year": (date(day.year, 1, 1), day),
        "last_year": (date(day.year - 1, 1, 1), date(day.year - 1, 12, 31)),
        "this_week_mon_today": (monday, day),
        "this_week_sun_today": (sunday, day),
        "last_week_mon_sun": (monday - timedelta(7), monday - one),
        "last_week_sun_sat": (sunday - timedelta(7), sunday - one),
        "maximum": (oldest, day),
        "data_maximum": (oldest, day),
    }[name]


def _lines(world: World, account_id: str) -> list[Record]:
    """The account's daily lines, in file order."""
    if "meta.lines" not in world.cache:
        by_account: dict[str, list[Record]] = {}
        for line in world.records("meta/insights"):
            by_account.setdefault(line["account_id"], []).append(line)
        world.cache["meta.lines"] = by_account
    lines: list[Record] = world.cache["meta.lines"].get(account_id, [])
    return lines


def _cells(world: World, asked: Query) -> Cells:
    """Lines by object (and breakdown values), then day; sums of a day are kept in their place."""
    targeted = tuple(item for item in asked.filters if item.target)
    key = ("meta.cells", asked.account_id, asked.level, asked.breakdowns, repr(targeted))
    if key not in world.cache:
        cells: Cells = {}
        name = f"{asked.level}_id"
        known = objects(world)
        for line in _lines(world, asked.account_id):
            if targeted and not _passes(known, targeted, line):
                continue
            value = line.get(name)
            if value is None:
                continue
            entity = (value, *(line.get(breakdown) for breakdown in asked.breakdowns))
            cells.setdefault(entity, {}).setdefault(line["date_start"], []).append(line)
        world.cache[key] = cells
    found: Cells = world.cache[key]
    return found


def _summed_actions(lists: Sequence[list[Record]]) -> list[Record]:
    sums: dict[tuple[Any, ...], Record] = {}
    for entries in lists:
        for entry in entries:
            names = {key: value for key, value in entry.items() if key.startswith("action_")}
            total = sums.setdefault(tuple(sorted(names.items())), dict(names))
            for key, value in entry.items():
                if key not in names:
                    total[key] = str(Decimal(total.get(key, "0")) + Decimal(str(value)))
    return list(sums.values())


def _summed(lines: list[Record]) -> Record:
    """One line with the sums of several; keys stay those of the first."""
    if len(lines) == 1:
        return lines[0]
    total: Record = dict(lines[0])
    names = dict.fromkeys(name for line in lines for name in line)
    for name in names:
        if name in _KEYS:
            continue
        values = [line[name] for line in lines if line.get(name) is not None]
        if values and isinstance(values[0], list):
            total[name] = _summed_actions(values)
        elif values:
            try:
                total[name] = str(sum(Decimal(str(value)) for value in values))
            except ArithmeticError:
                total[name] = values[0]
    return total


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


def report(world: World, asked: Query) -> list[bytes]:
    """The rows of a query as JSON texts, in their final order; kept until the clock moves."""
    key = ("meta.report", repr(asked))
    if key not in world.cache:
        rows = list(_rows(world, asked))
        if asked.sort:
            name, is_descending = asked.sort
            rows.sort(key=lambda pair: _number(pair[0].get(name)), reverse=is_descending)
        world.cache[key] = [json.dumps(row).encode() for _, row in rows]
    texts: list[bytes] = world.cache[key]
    return texts


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return Decimal(0)


def _rows(world: World, asked: Query) -> Iterator[tuple[Record, Record]]:
    """Pairs of everything known of a row (to sort by) and the row as served."""
    known = objects(world)
    scope_level, scope_id = asked.scope
    buckets = [
        bucket
        for since, until in asked.ranges
        for bucket in _buckets(since, until, asked.increment)
    ]
    for entity, days in _cells(world, asked).items():
        any_line = next(iter(days.values()))[0]
        if scope_level != "account" and any_line.get(f"{scope_level}_id") != scope_id:
            continue
        names = _names(known, asked.level, any_line)
        for day, lines in days.items():
            if len(lines) > 1:
                days[day] = [_summed(lines)]
        ordered = sorted(days)
        for since, until in buckets:
            if since == until:
                inside = days.get(since, [])
            else:
                inside = [days[day][0] for day in ordered if since <= day <= until]
            if not inside:
                continue
            metrics = _summed(inside)
            full = {
                **metrics,
                **_derived(metrics, asked.fields),
                **names,
                "date_start": since,
                "date_stop": until,
            }
            if all(
                item.accepts(full.get(item.name)) for item in asked.filters if item.target is None
            ):
                row = {name: full[name] for name in asked.fields if full.get(name) is not None}
                row |= {"date_start": since, "date_stop": until}
                row |= dict(zip(asked.breakdowns, entity[1:], strict=True))
                yield (
                    full,
                    {
                        name: value if isinstance(value, list) else str(value)
                        for name, value in row.items()
                    },
                )


def _passes(known: Objects, targeted: Sequence[Filter], line: Record) -> bool:
    for item in targeted:
        target = one_of("filtering[field]", item.target, LEVELS)
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


_RATIOS = {
    "ctr": ("clicks", "impressions", 100),
    "cpc": ("spend", "clicks", 1),
    "cpm": ("spend", "impressions", 1000),
    "frequency": ("impressions", "reach", 1),
    "inline_link_click_ctr": ("inline_link_clicks", "impressions", 100),
    "cost_per_inline_link_click": ("spend", "inline_link_clicks", 1),
}


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
