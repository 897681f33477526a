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
from itertools import chain
from typing import Any
from urllib.parse import quote

import msgspec

from include.sources import Account, Record, SourceRefused, SourceUnavailable, Window
from include.sources.linkedin_ads_client import Client, element_of

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


Answers = list[list[msgspec.Raw]]
"""The same pivots and days with one group of metrics after the other, not looked into yet."""

Days = tuple[Window, Future[Answers | None]]


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
    expected = {tuple(total["pivotValues"]): _figures(total, report) for total in _elements(totals)}
    found: dict[tuple[str, ...], list[Any]] = {}
    for answers in _by_days(client, account, report, window, campaigns, len(expected)):
        for element in _elements(answers):
            pivots, figures = tuple(element["pivotValues"]), _figures(element, report)
            held = found.get(pivots)
            found[pivots] = (
                figures
                if held is None
                else [before + now for before, now in zip(held, figures, strict=True)]
            )
            yield element
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
) -> Iterator[Answers]:
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
            answers, days = answer.result(), len(part.days())
            if answers is None:
                if days == 1:
                    raise SourceUnavailable(
                        f"LinkedIn account {account.account_id}: {part.first} has more rows than "
                        "all the days around it; figures moved while being read"
                    )
                on_its_way = ask(pool, part.first, days // 2)
                continue
            fitting = int(FULL * _ROOM * days / max(1, *map(len, answers)))
            following = part.last + timedelta(1)
            on_its_way = (
                ask(pool, following, min(max(safe, fitting), len(window.days())))
                if following <= window.last
                else None
            )
            yield answers


def _asked(
    client: Client,
    account: Account,
    report: Report,
    granularity: str,
    window: Window,
    campaigns: Sequence[str] | None,
) -> Answers | None:
    """One answer, or as many as the metrics take requests; None where one is full and may have been
    cut."""
    answers = []
    for start in range(0, len(report.metrics), _MOST_METRICS):
        metrics = report.metrics[start : start + _MOST_METRICS]
        query = _query(account, report.pivots, metrics, granularity, window, campaigns)
        answers.append(client.report(query))
        if len(answers[-1]) >= FULL:
            return None
    return answers


def _elements(answers: Answers) -> Iterator[Record]:
    """The elements; what several answers say of the same pivots and day is put together."""
    if len(answers) == 1:
        yield from map(element_of, answers[0])
        return
    merged: dict[tuple[Any, ...], Record] = {}
    for raw in chain(*answers):
        element = element_of(raw)
        key = (*element["pivotValues"], *element["dateRange"]["start"].values())
        merged.setdefault(key, {}).update(element)
    yield from merged.values()


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
