"""How SOQL compares, matches and sums the values of records.

Texts compare without regard to case, ids in either spelling, datetimes as instants (their wire
form sorts as they do); null equals only null, is never less or greater, and differs from every
value.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.salesforce_objects import Field
from include.sandbox.salesforce_org import Row
from include.sandbox.salesforce_values import id_key

Getter = Callable[[Row], Any]
Test = Callable[[Row], bool]

NUMBERS = ("double", "currency", "percent", "int")
TEXTS = ("string", "textarea", "picklist", "multipicklist", "email", "phone", "url", "anyType")


@dataclass(frozen=True, slots=True)
class Bound:
    """An expression tied to an object: its value in a row, and the field behind it."""

    get: Getter
    field: Field
    steps: tuple[str, ...]  # canonical names, relationships included
    # The code of an amount's currency in a row, where there are several.
    currency: Callable[[Row], str] | None = None
    is_made: bool = False  # by a function: not what the row holds under the name


def comparable(field: Field, value: Any) -> Any:
    if value is None:
        return None
    if field.type in ("id", "reference"):
        return id_key(value)
    return str(value).casefold() if field.type in TEXTS else value


def folded(bound: Bound, row: Row) -> Any:
    return comparable(bound.field, bound.get(row))


def membership(operator: str, get: Getter, field: Field, members: set[Any]) -> Test:
    if operator == "IN":
        return lambda row: comparable(field, get(row)) in members
    return lambda row: comparable(field, get(row)) not in members


def picks(operator: str, get: Getter, choices: list[str]) -> Test:
    wanted = [{part.casefold() for part in choice.split(";")} for choice in choices]

    def includes(row: Row) -> bool:
        picked = {part.casefold() for part in (get(row) or "").split(";")}
        return any(each <= picked for each in wanted)

    return includes if operator == "INCLUDES" else lambda row: not includes(row)


def compared(operator: str, get: Getter, field: Field, value: Any) -> Test:
    plain = field.type not in TEXTS and field.type not in ("id", "reference")
    take = get if plain else lambda row: comparable(field, get(row))
    if operator == "=":
        return lambda row: take(row) == value
    if operator == "!=":
        return lambda row: take(row) != value
    if value is None:
        return lambda row: False
    if operator == "<":
        return lambda row: (found := take(row)) is not None and found < value
    if operator == "<=":
        return lambda row: (found := take(row)) is not None and found <= value
    if operator == ">":
        return lambda row: (found := take(row)) is not None and found > value
    return lambda row: (found := take(row)) is not None and found >= value


def like(text: str) -> re.Pattern[str]:
    parts = re.findall(r"\\[%_]|.", text, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile(
        "".join(wild.get(part) or re.escape(part.removeprefix("\\") or part) for part in parts)
        + r"\Z",
        re.IGNORECASE | re.DOTALL,
    )


def aggregate(name: str, bound: Bound, rows: list[Row]) -> Any:
    values = [value for row in rows if (value := bound.get(row)) is not None]
    if name == "COUNT":
        return len(values)
    if name == "COUNT_DISTINCT":
        return len({comparable(bound.field, value) for value in values})
    if not values:
        return None
    if name in ("SUM", "AVG"):
        total = sum((Decimal(str(value)) for value in values), Decimal())
        return float(total / len(values) if name == "AVG" else total)
    return (min if name == "MIN" else max)(values, key=lambda v: comparable(bound.field, v))


def date_part(name: str, zone: ZoneInfo) -> Callable[[Any], Any]:
    """A date function; of a datetime, in the organization's zone."""
    parts: dict[str, Callable[[datetime], Any]] = {
        "DAY_ONLY": lambda at: at.date().isoformat(),
        "DAY_IN_MONTH": lambda at: at.day,
        "DAY_IN_WEEK": lambda at: at.isoweekday() % 7 + 1,
        "DAY_IN_YEAR": lambda at: at.timetuple().tm_yday,
        "HOUR_IN_DAY": lambda at: at.hour,
        "YEAR": lambda at: at.year,
        "QUARTER": lambda at: (at.month + 2) // 3,
        "MONTH": lambda at: at.month,
    }
    part = parts.get(name) or parts[name.split("_")[1]]

    def take(value: Any) -> Any:
        if value is None:
            return None
        at = datetime.fromisoformat(value)
        return part(at.astimezone(zone) if at.tzinfo else at)

    return take
