"""LinkedIn's reports, read complete.

https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/ads-reporting. A
report does not page and is cut at 15,000 elements in silence; twenty fields may be asked for, two
of which say of what and of when the others are. Days are UTC days.

Each report is read twice: over all its days in one, which tells how many elements a day may have
and what the figures must come to, and by days, in as many answers as it takes for none to be full.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from include.sources import Account, Record, SourceRefused, SourceUnavailable, Window
from include.sources.linkedin_ads_client import Client, elements_of

FULL = 15_000
CENT = Decimal("0.01")

_MOST_METRICS = 18
_ROOM = 0.8  # how full the next answer may be if its days are like those before
_AMOUNTS = ("costInLocalCurrency", "costInUsd", "conversionValueInLocalCurrency")


@dataclass(frozen=True)
class Report:
    """Figures by day and pivots (the words of Rest.li)."""

    pivots: tuple[str, ...]
    metrics: tuple[str, ...]


Days = tuple[Window, Future[list[Record] | None]]


def read(
    client: Client,
    account: Account,
    report: Report,
    window: Window,
    campaigns: Sequence[str] | None = None,
) -> Iterator[Record]:
    """A report's daily elements, of the whole account or of some campaigns (URNs).

    Raises SourceUnavailable when its days do not come to its totals, SourceRefused when a single
    day of a single campaign is more than an answer holds.
    """
    totals = _asked(client, account, report, "ALL", window, campaigns)
    if totals is None:
        for part, some in _halves(client, account, report, window, campaigns):
            yield from read(client, account, report, part, some)
        return
    expected = {tuple(total["pivotValues"]): _figures(total, report) for total in totals}
    found: dict[tuple[str, ...], list[Any]] = {}
    for elements in _by_days(client, account, report, window, campaigns, len(totals)):
        for element in elements:
            pivots, figures = tuple(element["pivotValues"]), _figures(element, report)
            held = found.get(pivots)
            found[pivots] = (
                figures
                if held is None
                else [before + now for before, now in zip(held, figures, strict=True)]
            )
        yield from elements
    _compare(account, report, window, expected, found)


def _compare(
    account: Account,
    report: Report,
    window: Window,
    expected: dict[tuple[str, ...], list[Any]],
    found: dict[tuple[str, ...], list[Any]],
) -> None:
    """Counts must agree; amounts to the cent, for LinkedIn rounds each answer by itself."""
    nothing = [0] * len(report.metrics)
    for pivots in sorted(expected.keys() | found.keys()):
        said, sums = expected.get(pivots, nothing), found.get(pivots, nothing)
        for name, total, days in zip(report.metrics, said, sums, strict=True):
            if abs(total - days) >= (CENT if name in _AMOUNTS else 1):
                raise SourceUnavailable(
                    f"LinkedIn account {account.account_id}, {window.first} to {window.last}: "
                    f"{name} of {' '.join(pivots)} is {total} in all but {days} by days; figures "
                    "moved while being read, or rows are missing, and nothing of it is used"
                )


def _halves(
    client: Client,
    account: Account,
    report: Report,
    window: Window,
    campaigns: Sequence[str] | None,
) -> list[tuple[Window, Sequence[str] | None]]:
    """A question too large, in two: of the days, else of the campaigns that have figures."""
    days = window.days()
    if len(days) > 1:
        middle = days[len(days) // 2]
        parts = Window(window.first, middle - timedelta(1)), Window(middle, window.last)
        return [(part, campaigns) for part in parts]
    if campaigns is None:
        of_campaigns = Report(("CAMPAIGN",), report.metrics)
        campaigns = sorted(
            element["pivotValues"][0] for element in read(client, account, of_campaigns, window)
        )
    if report.pivots == ("CAMPAIGN",) or len(campaigns) < 2:
        what = f"campaign {campaigns[0].rsplit(':', 1)[-1]} alone" if campaigns else "its campaigns"
        raise SourceRefused(
            f"LinkedIn cuts its answer at {FULL} rows, and account {account.account_id} has as "
            f"many on {window.first} in {what}; that day cannot be read complete"
        )
    half = len(campaigns) // 2
    return [(window, campaigns[:half]), (window, campaigns[half:])]


def _by_days(
    client: Client,
    account: Account,
    report: Report,
    window: Window,
    campaigns: Sequence[str] | None,
    most_a_day: int,
) -> Iterator[list[Record]]:
    """The daily elements, answer by answer; the next is on its way while one is used.

    A day has at most as many elements as the whole window, so the first answers cannot be full;
    from what they held follows how many days the next may ask for.
    """
    safe = max(1, (FULL - 1) // max(1, most_a_day))

    def ask(pool: ThreadPoolExecutor, first: date, days: int) -> Days:
        part = Window(first, min(window.last, first + timedelta(days - 1)))
        context = copy_context()
        return part, pool.submit(
            context.run, _asked, client, account, report, "DAILY", part, campaigns
        )

    with ThreadPoolExecutor(1) as pool:
        on_its_way: Days | None = ask(pool, window.first, min(safe, len(window.days())))
        while on_its_way:
            part, answer = on_its_way
            elements, days = answer.result(), len(part.days())
            if elements is None:
                if days == 1:
                    raise SourceUnavailable(
                        f"LinkedIn account {account.account_id}: {part.first} has more rows than "
                        "all the days around it; figures moved while being read"
                    )
                on_its_way = ask(pool, part.first, days // 2)
                continue
            fitting = int(FULL * _ROOM * days / max(1, len(elements)))
            following = part.last + timedelta(1)
            on_its_way = (
                ask(pool, following, min(max(safe, fitting), len(window.days())))
                if following <= window.last
                else None
            )
            yield elements


def _asked(
    client: Client,
    account: Account,
    report: Report,
    granularity: str,
    window: Window,
    campaigns: Sequence[str] | None,
) -> list[Record] | None:
    """The elements of one answer, or None where it is full and may have been cut.

    More metrics than fit into a request are asked for in several, and merged by pivots and day.
    """
    merged: dict[tuple[Any, ...], Record] = {}
    elements: list[Record] = []
    parts = [
        report.metrics[start : start + _MOST_METRICS]
        for start in range(0, len(report.metrics), _MOST_METRICS)
    ]
    for metrics in parts:
        query = _query(account, report.pivots, metrics, granularity, window, campaigns)
        elements = elements_of(client.get("adAnalytics", query))
        if len(elements) >= FULL:
            return None
        if len(parts) > 1:
            for element in elements:
                key = (*element["pivotValues"], *element["dateRange"]["start"].values())
                merged.setdefault(key, {}).update(element)
    return list(merged.values()) if len(parts) > 1 else elements


def _query(
    account: Account,
    pivots: Sequence[str],
    metrics: Sequence[str],
    granularity: str,
    window: Window,
    campaigns: Sequence[str] | None,
) -> str:
    first, last = (
        f"(year:{day.year},month:{day.month},day:{day.day})" for day in (window.first, window.last)
    )
    by = f"q=analytics&pivot={pivots[0]}"
    if len(pivots) > 1:
        by = f"q=statistics&pivots=List({','.join(pivots)})"
    facet = f"accounts=List({quote(f'urn:li:sponsoredAccount:{account.account_id}', safe='')})"
    if campaigns is not None:
        facet = f"campaigns=List({','.join(quote(campaign, safe='') for campaign in campaigns)})"
    return (
        f"{by}&timeGranularity={granularity}&dateRange=(start:{first},end:{last})&{facet}"
        f"&fields=pivotValues,dateRange,{','.join(metrics)}"
    )


def _figures(element: Record, report: Report) -> list[Any]:
    """An element's figures in the report's order; what is missing or no number is 0."""
    return [
        value if type(value) is int else _decimal(value)
        for value in map(element.get, report.metrics)
    ]


def _decimal(value: Any) -> Decimal:
    try:
        number = Decimal(0 if value is None else value)
    except (InvalidOperation, TypeError, ValueError):
        return Decimal(0)
    return number if number.is_finite() else Decimal(0)
