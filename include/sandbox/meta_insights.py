"""What an Insights call of Meta asks for: its parameters read, and refused as the real API does.

https://developers.facebook.com/docs/marketing-api/reference/ad-account/insights
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.dataset import Record, World
from include.sandbox.meta_filtering import Filter, filters
from include.sandbox.meta_graph import (
    GraphError,
    bad_parameter,
    decoded,
    field_list,
    listed,
    node_fields,
    objects,
    one_of,
)

LEVELS = ("account", "campaign", "adset", "ad")
_REMOVED_WINDOWS = {"7d_view", "28d_view"}
_RETENTION_MONTHS = 37
_COUNTING = {"true", "1", "total_count"}


def _values(holder: type) -> tuple[str, ...]:
    return tuple(sorted(value for key, value in vars(holder).items() if not key.startswith("_")))


@dataclass(frozen=True)
class Query:
    """One question to Insights. `scope` is the node asked: its level and its id; `summary` the
    fields totalled over all rows beside the page (None: no summary)."""

    account_id: str
    scope: tuple[str, str]
    level: str
    fields: tuple[str, ...]
    ranges: tuple[tuple[str, str], ...]
    increment: str
    breakdowns: tuple[str, ...]
    filters: tuple[Filter, ...]
    sort: tuple[str, bool] | None
    summary: tuple[str, ...] | None = None


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
    _check_fields("fields", fields, known)
    if not fields:
        ids = tuple(f"{name}_id" for name in LEVELS[: LEVELS.index(level) + 1])
        fields = (*ids, "impressions", "spend")
    _check_windows(params, _values(AdsInsights.ActionAttributionWindows))
    breakdowns = tuple(listed(params, "breakdowns"))
    for number, name in enumerate(breakdowns):
        one_of(f"breakdowns[{number}]", name, _values(AdsInsights.Breakdowns))
    lines = lines_of(world, record["account_id"])
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
        filters=tuple(_filter(item, known, breakdowns) for item in filters(params)),
        sort=_sort(listed(params, "sort"), known),
        summary=summary_of(params, fields),
    )


def _filter(item: Filter, known: set[str], breakdowns: Sequence[str]) -> Filter:
    """A condition on an object of the row, or on the row itself: `ad.impressions` is the row's
    `impressions`. Raises GraphError for what is neither."""
    if item.target is None:
        if item.name not in known and item.name not in (*breakdowns, "action_type"):
            raise item.unsupported()
        return item
    if item.target not in LEVELS:
        raise item.unsupported()
    if item.name in node_fields(item.target):
        item.check_values()
        return item
    if item.name not in known:
        raise item.unsupported()
    return replace(item, target=None)


def summary_of(params: Mapping[str, str], fields: tuple[str, ...]) -> tuple[str, ...] | None:
    """The fields a call wants totalled: those of `summary`, or with `default_summary` all it asks.

    `summary=true` and `summary=total_count`, which edges of objects take, ask for no figures.
    """
    from facebook_business.adobjects.adsinsights import AdsInsights

    names = tuple(name for name in listed(params, "summary") if name not in _COUNTING)
    if names:
        _check_fields("summary", names, set(_values(AdsInsights.Field)))
        return names
    return fields if params.get("default_summary") in ("true", "1") else None


def _check_fields(parameter: str, names: Sequence[str], known: set[str]) -> None:
    for name in names:
        if name not in known:
            raise bad_parameter(
                f"{name} is not valid for {parameter} param. please check https://developers."
                "facebook.com/docs/marketing-api/reference/ads-insights/ for all valid values"
            )


def _check_windows(params: Mapping[str, str], known: Sequence[str]) -> None:
    allowed = [name for name in known if name not in _REMOVED_WINDOWS]
    for number, window in enumerate(listed(params, "action_attribution_windows")):
        one_of(f"action_attribution_windows[{number}]", window, allowed)


def _increment(value: str) -> str:
    text = value.strip('"')
    if text not in ("monthly", "all_days") and not (text.isdecimal() and 1 <= int(text) <= 90):
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


def lines_of(world: World, account_id: str) -> list[Record]:
    """The account's daily lines, in file order."""
    if "meta.lines" not in world.cache:
        by_account: dict[str, list[Record]] = {}
        for line in world.records("meta/insights"):
            by_account.setdefault(line["account_id"], []).append(line)
        world.cache["meta.lines"] = by_account
    lines: list[Record] = world.cache["meta.lines"].get(account_id, [])
    return lines
