"""Named spans of days in SOQL: TODAY, LAST_N_DAYS:7, THIS_QUARTER …

https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm
Weeks begin on Sunday, as in the en_US locale; the fiscal year is the calendar year.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from include.sandbox.salesforce_values import wire_datetime

_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def span_of(literal: str, today: date) -> tuple[date, date]:
    """First day and the day after the last, for an upper-case literal (`LAST_N_DAYS:7`)."""
    name, _, number = literal.replace("FISCAL_", "").partition(":")
    count = int(number or 0)
    if name in ("YESTERDAY", "TODAY", "TOMORROW"):
        first = today + timedelta(days=("YESTERDAY", "TODAY", "TOMORROW").index(name) - 1)
        return first, first + timedelta(days=1)
    if name.endswith("_90_DAYS"):
        name, count = name.replace("90", "N"), 90
    words = name.split("_")
    if words[-1] == "AGO":
        return _ago(words[1].removesuffix("S"), count, today)
    unit = words[-1].removesuffix("S")
    if "N" not in words:
        return _period(unit, {"LAST": -1, "THIS": 0, "NEXT": 1}[words[0]], today)
    if unit == "DAY":
        if words[0] == "LAST":
            return today - timedelta(days=count), today + timedelta(days=1)
        return today + timedelta(days=1), today + timedelta(days=count + 1)
    if words[0] == "LAST":
        return _period(unit, -count, today)[0], _period(unit, 0, today)[0]
    return _period(unit, 1, today)[0], _period(unit, count, today)[1]


def instants_of(first: date, after: date, zone: ZoneInfo) -> tuple[str, str]:
    """Both midnights of a span of days in a zone, in the wire form."""
    low, high = (datetime.combine(day, time(), zone) for day in (first, after))
    return wire_datetime(low.astimezone(UTC)), wire_datetime(high.astimezone(UTC))


def _ago(unit: str, count: int, today: date) -> tuple[date, date]:
    if unit == "DAY":
        first = today - timedelta(days=count)
        return first, first + timedelta(days=1)
    return _period(unit, -count, today)


def _period(unit: str, shift: int, today: date) -> tuple[date, date]:
    """The calendar week, month, quarter or year `shift` away from today's."""
    if unit == "WEEK":
        sunday = today - timedelta(days=today.isoweekday() % 7) + timedelta(weeks=shift)
        return sunday, sunday + timedelta(weeks=1)
    length = _MONTHS[unit]
    index = (today.year * 12 + today.month - 1) // length + shift
    first, after = index * length, (index + 1) * length
    return date(first // 12, first % 12 + 1, 1), date(after // 12, after % 12 + 1, 1)
