"""What a reader of the page may choose: a closed list, each choice checked before it is bound.

No parameter ever becomes text of a query, and none that is not listed here is accepted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from include.contracts.choices import ATTRIBUTION_MODELS, TYPE_GROUPS

MODELS = tuple(ATTRIBUTION_MODELS)
MOST_MONTHS = 12
"""Months the page opens on."""
LONGEST = 200
"""Characters a text parameter may have: longer than any id or name that is worth asking for."""

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_CURRENCY = re.compile("[A-Z]{3}")


class BadParameter(ValueError):
    """A choice that cannot be taken; the message is for the person who made it."""


def _month(name: str, text: str) -> date:
    if not (found := _MONTH.fullmatch(text)) or found[1] == "0000":
        raise BadParameter(f"{name} must be a month such as 2026-03")
    return date(int(found[1]), int(found[2]), 1)


def _text(name: str, text: str) -> str:
    if len(text) > LONGEST or "\x00" in text:
        raise BadParameter(f"{name} must be a text of at most {LONGEST} characters")
    return text


def _currency(name: str, text: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise BadParameter(f"{name} must be a currency's three letters, such as EUR")
    return text


def _one_of(*choices: str) -> Callable[[str, str], str]:
    def check(name: str, text: str) -> str:
        if text not in choices:
            raise BadParameter(f"{name} must be one of {', '.join(choices)}")
        return text

    return check


PARAMETERS: Mapping[str, Callable[[str, str], Any]] = {
    "from_month": _month,
    "to_month": _month,
    "model": _one_of(*MODELS),
    "type_group": _one_of(*TYPE_GROUPS),
    "currency_code": _currency,
    "channel": _text,
    "platform": _text,
    "account_id": _text,
    "campaign_id": _text,
    "ad_group_id": _text,
    "source": _text,
    "search": _text,
    "opportunity_id": _text,
    "person_id": _text,
}
DEFAULTS: Mapping[str, Any] = {"model": "first_touch"}


def once(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names and texts as a query string gave them; BadParameter where a name is given twice."""
    pairs = list(given)
    found = dict(pairs)
    if len(found) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        twice = sorted(name for name in counted if counted[name] > 1)
        raise BadParameter(f"{', '.join(twice)[:LONGEST]} must be given once")
    return found


def chosen(
    given: Mapping[str, str],
    as_of: date,
    first_month: date | None = None,
    *,
    is_to_day: bool = False,
) -> dict[str, Any]:
    """Every parameter with its value: as given, else its default, else None.

    ``as_of`` is the build's day in the reporting zone, ``first_month`` when its books begin.
    Without a choice the period is the last months that are over by then, for a month under way
    cannot be held against a whole one: twelve, or as few as leave the books as many before them.
    ``is_to_day``, or a choice or books that begin with the month under way: it ends with that
    month, and ``is_to_day`` is always twelve. Empty texts count as not given. Raises BadParameter
    with a sentence.
    """
    if unknown := sorted(set(given) - set(PARAMETERS)):
        raise BadParameter(f"there is no choice called {', '.join(unknown)[:LONGEST]}")
    values: dict[str, Any] = {name: DEFAULTS.get(name) for name in PARAMETERS}
    values |= {name: PARAMETERS[name](name, text) for name, text in given.items() if text}
    this_month = as_of.replace(day=1)
    begins = values["from_month"] or (None if values["to_month"] else first_month)
    is_under_way = is_to_day or begins == this_month
    length = MOST_MONTHS
    if first_month and not is_to_day and not values["to_month"]:
        length = min(length, max(1, months_between(first_month, this_month) // 2))
    values["to_month"] = values["to_month"] or months_later(this_month, is_under_way - 1)
    values["from_month"] = values["from_month"] or months_later(values["to_month"], 1 - length)
    if values["from_month"] > values["to_month"]:
        raise BadParameter("from_month must not lie after to_month")
    if months_between(values["from_month"], values["to_month"]) >= 120:
        raise BadParameter("the period must not be longer than ten years")
    return values


def before(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same choices for the period just before, of equal length."""
    length = months_between(values["from_month"], values["to_month"]) + 1
    return {
        **values,
        "from_month": months_later(values["from_month"], -length),
        "to_month": months_later(values["from_month"], -1),
    }


def months_between(first: date, last: date) -> int:
    """How many months ``last`` lies after ``first``."""
    return (last.year - first.year) * 12 + last.month - first.month


def months_later(month: date, count: int) -> date:
    """The first day of the month ``count`` months after ``month``; BadParameter before year 1."""
    years, index = divmod(month.year * 12 + month.month - 1 + count, 12)
    if not 1 <= years <= 9999:
        raise BadParameter("the period must lie within the years 1 to 9999")
    return date(years, index + 1, 1)
