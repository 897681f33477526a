"""What a line may carry beside what it must: values that would break an answer are refused at the
start, with their line. Cheap: texts that recur are looked at once.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.ga4_schema import CARRIED, STATED
from include.sandbox.gaql import VERSIONS

Record = dict[str, Any]
# The place of a record that is wrong in its file, counted from 0, and why.
Fault = tuple[int, str]

_NUMBERS = ("impressions", "clicks", "reach", "inline_link_clicks", "unique_clicks")
_ACTIONS = (
    "actions",
    "action_values",
    "conversions",
    "conversion_values",
    "cost_per_action_type",
    "outbound_clicks",
    "unique_actions",
)
_LINKEDIN_NUMBERS = (
    "costInUsd",
    "impressions",
    "clicks",
    "externalWebsiteConversions",
    "oneClickLeads",
    "conversionValueInLocalCurrency",
)
_METRIC = re.compile(r"^    (\w+): [^=]*= (?:\(\s*)?proto\.(Repeated)?Field\(\s*proto\.(\w+)", re.M)


@lru_cache(maxsize=65_536)
def is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def is_zone(name: Any) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _fits_number(value: Any) -> bool:
    if type(value) is str:
        return is_number(value)
    return type(value) in (int, float) and is_number(str(value))


def _numbers(names: Sequence[str], records: Sequence[Record]) -> Iterator[Fault]:
    for name in names:
        for place, record in enumerate(records):
            value = record.get(name)
            if value is not None and not _fits_number(value):
                yield place, f"{name} {value!r} is not a number"


def _insights(records: Sequence[Record]) -> Iterator[Fault]:
    yield from _numbers(_NUMBERS, records)
    for name in _ACTIONS:
        for place, record in enumerate(records):
            value = record.get(name)
            if value is not None and not (isinstance(value, list) and all(map(_is_action, value))):
                yield place, f"{name} {value!r} is not a list of action types with numbers"


def _is_action(entry: Any) -> bool:
    return isinstance(entry, dict) and all(
        _fits_number(value) for name, value in entry.items() if not name.startswith("action_")
    )


def _instants(*names: str) -> Callable[[Sequence[Record]], Iterator[Fault]]:
    def check(records: Sequence[Record]) -> Iterator[Fault]:
        for place, record in enumerate(records):
            for name in names:
                value = record.get(name)
                if value is not None and not _is_instant(value):
                    yield place, f"{name} {value!r} is not an ISO instant"
            if not isinstance(record.get("creative") or {}, dict):
                yield place, f"creative {record['creative']!r} is not an object"

    return check


@lru_cache(maxsize=65_536)
def _reads_as_instant(text: str) -> bool:
    try:
        return bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _is_instant(value: Any) -> bool:
    return isinstance(value, str) and _reads_as_instant(value)


def _zones(name: str) -> Callable[[Sequence[Record]], Iterator[Fault]]:
    def check(records: Sequence[Record]) -> Iterator[Fault]:
        for place, record in enumerate(records):
            value = record.get(name)
            if value is not None and not is_zone(value):
                yield place, f"{name} {value!r} is not an IANA zone"

    return check


@lru_cache
def google_metrics() -> dict[str, tuple[str, str]]:
    """The metrics of every version by their JSON names: the name in queries, and the type (INT64,
    DOUBLE, ENUM, …). Read from the package's text: its import takes longer than a whole start."""
    package = find_spec("google.ads.googleads")
    assert package is not None
    assert package.submodule_search_locations
    folder = Path(package.submodule_search_locations[0])
    found = {}
    for version in VERSIONS:
        text = (folder / version / "common/types/metrics.py").read_text(encoding="utf-8")
        text = text.split("\nclass Metrics(")[1].split("\nclass ")[0]
        for name, repeated, kind in _METRIC.findall(text):
            json_name = re.sub(r"_([a-z0-9])", lambda part: part[1].upper(), name)
            found[json_name] = (name, repeated or kind)
    return found


def _google_metrics(records: Sequence[Record]) -> Iterator[Fault]:
    known = google_metrics()
    for place, record in enumerate(records):
        for name, value in record["metrics"].items():
            kind = known[name][1] if name in known else None
            if kind is None:
                yield place, f"metrics.{name} is no metric of {VERSIONS[0]} to {VERSIONS[-1]}"
            elif kind == "INT64":
                if not (type(value) is str and value.isdecimal()) and not _is_whole(value):
                    yield place, f"metrics.{name} {value!r} is not a whole number"
            elif kind == "DOUBLE" and not _fits_number(value):
                yield place, f"metrics.{name} {value!r} is not a number"


def _is_whole(value: Any) -> bool:
    if type(value) is str:
        return re.fullmatch(r"-?[0-9]{1,18}", value) is not None
    return _fits_number(value) and float(value).is_integer()


def _customers(records: Sequence[Record]) -> Iterator[Fault]:
    below: dict[str, set[str]] = {}
    for place, record in enumerate(records):
        zone, clients = record["customer"].get("timeZone"), record.get("clients") or []
        if zone is not None and not is_zone(zone):
            yield place, f"customer.timeZone {zone!r} is not an IANA zone"
        if not isinstance(clients, list) or not all(isinstance(each, str) for each in clients):
            yield place, f"clients {clients!r} is not a list of customer ids"
            return
        number = record["customer"]["id"]
        below.setdefault(number, set()).update(clients)
        if number in _reached(below, clients):
            yield place, f"customer {number} is, through clients, below itself"


def _reached(below: dict[str, set[str]], start: Sequence[str]) -> set[str]:
    found, queue = set(start), list(start)
    for number in queue:
        fresh = below.get(number, set()) - found
        found |= fresh
        queue += fresh
    return found


def _ga4_properties(records: Sequence[Record]) -> Iterator[Fault]:
    yield from _zones("timeZone")(records)
    for place, record in enumerate(records):
        if not re.fullmatch(r"properties/[0-9]+", record["name"]):
            yield place, f"name {record['name']!r} is not properties/ and a number"
        for name in ("rowLimit", "thresholdUsers"):
            if not _is_count(record.get(name, 0)):
                yield place, f"{name} {record[name]!r} is not a whole number"
        allowed = record.get("quota", {})
        if not isinstance(allowed, dict) or not all(map(_is_count, allowed.values())):
            yield place, f"quota {allowed!r} is not a map of whole numbers"


def _ga4_sessions(records: Sequence[Record]) -> Iterator[Fault]:
    for place, record in enumerate(records):
        for name, value in record["metrics"].items():
            if name not in CARRIED:
                yield place, f"metrics.{name} is none of {', '.join(CARRIED)}"
            elif not _fits_number(value) or float(value) < 0:
                yield place, f"metrics.{name} {value!r} is not a number of 0 or more"
        events, stated = record.get("keyEvents", {}), record.get("dimensions", {})
        if not isinstance(events, dict) or not all(map(_fits_number, events.values())):
            yield place, f"keyEvents {events!r} is not a map of numbers"
        if not isinstance(stated, dict):
            yield place, f"dimensions {stated!r} is not an object"
            return
        for name, value in stated.items():
            if name not in STATED:
                yield place, f"dimensions.{name} is none of {', '.join(STATED)}"
            elif type(value) is not str:
                yield place, f"dimensions.{name} {value!r} is not a text"


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


_RULES: dict[str, Callable[[Sequence[Record]], Iterator[Fault]]] = {
    "meta/ad_accounts": _zones("timezone_name"),
    "meta/campaigns": _instants("created_time", "updated_time"),
    "meta/adsets": _instants("created_time", "updated_time"),
    "meta/ads": _instants("created_time", "updated_time"),
    "meta/leads": _instants("created_time"),
    "meta/insights": _insights,
    "google/customers": _customers,
    "google/daily_metrics": _google_metrics,
    "google/conversions": _google_metrics,
    "ga4/properties": _ga4_properties,
    "ga4/sessions": _ga4_sessions,
    "linkedin/analytics": lambda records: _numbers(_LINKEDIN_NUMBERS, records),
}


def first_fault(path: str, records: Sequence[Record]) -> Fault | None:
    """The first record of `folder/name` that cannot be served, and why; None where all can."""
    rule = _RULES.get(path)
    return next(rule(records), None) if rule else None


def describe_fault(content: Record) -> str | None:
    """Why a describe file cannot be followed; None where it can."""
    fields = content.get("fields")
    if fields is None:
        return None
    if not isinstance(fields, list) or not all(isinstance(field, dict) for field in fields):
        return "fields is not a list of objects"
    for number, field in enumerate(fields, 1):
        here = f"fields, number {number}"
        if not isinstance(field.get("name"), str) or not field["name"]:
            return f"{here}: name is missing, a non-empty text is needed"
        here = f"field {field['name']}"
        if not isinstance(field.get("type") or "string", str):
            return f"{here}: type {field['type']!r} is not a text"
        if type(field.get("length") or 0) is not int:
            return f"{here}: length {field['length']!r} is not a whole number"
        targets = field.get("referenceTo") or []
        if not isinstance(targets, list) or not all(isinstance(each, str) for each in targets):
            return f"{here}: referenceTo {targets!r} is not a list of objects' names"
        if not isinstance(field.get("relationshipName") or "", str):
            return f"{here}: relationshipName {field['relationshipName']!r} is not a text"
        for name in ("_known_from", "_known_until"):
            value = field.get(name)
            if value is not None and not _is_instant(value):
                return f"{here}: {name} {value!r} is neither a day nor an ISO instant"
    return None
