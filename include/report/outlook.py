"""What the report tells of what is still to come: the year ahead, goals, how advice turned out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from include.report import views
from include.report.views import Table

Row = Mapping[str, Any]

FORESEEN = ("spend", "leads", "opportunities", "customers", "won_revenue")
"""What the year ahead is told of, in this order."""
METRICS = {
    "spend": "Spend",
    "visitors": "Visitors",
    "leads": "Leads",
    "mqls": "MQLs",
    "sqls": "SQLs",
    "opportunities": "Opportunities",
    "customers": "New customers",
    "won_revenue": "Won revenue",
}
MOST_GOALS = 6
_RESTS_ON = {
    "spend": "spend",
    "leads": "leads",
    "mqls": "leads",
    "sqls": "leads",
    "opportunities": "deals",
    "customers": "deals",
    "won_revenue": "won_revenue",
}
"""The reconciled figure that what a goal has so far stands on; visitors are GA4's estimate."""


def told(rows: Callable[[Table], list[Row]], as_of: date) -> dict[str, Any]:
    """The template's names ``ahead``, ``goals`` and ``record``.

    ``rows`` answers a table with no channel chosen. Goals are those that run on ``as_of``.
    """
    running = [
        {**row, "rests_on": _RESTS_ON.get(row["metric"])}
        for row in rows(views.VIEWS["goals"].tables["goals"])
        if row["first_day"] <= as_of <= row["last_day"]
    ]
    return {
        "ahead": _ahead(rows(views.VIEWS["forecast"].tables["months"])),
        "goals": running[:MOST_GOALS],
        "more_goals": max(0, len(running) - MOST_GOALS),
        "record": next(iter(rows(views.VIEWS["advice"].tables["record"])), None),
        "metrics": METRICS,
    }


def _ahead(forecasts: Sequence[Row]) -> dict[str, Any]:
    """The twelve whole months after the one under way: the next with its bounds, sums of the rest.

    Each sum is of forecasts alone: bounds cannot be added.
    """
    months: dict[str, dict[date, Row]] = {}
    why_not: dict[str, list[str]] = {}
    for row in forecasts:
        if row["why_not"] and row["horizon"] == 1:
            why_not.setdefault(row["why_not"], []).append(METRICS[row["metric"]])
        elif row["forecast"] is not None and row["horizon"] > 1:
            months.setdefault(row["metric"], {})[row["month"]] = row
    quarters = sorted(next(iter(months.values()), {}))[::3]
    shown = [
        {
            "label": METRICS[metric],
            "next": told[quarters[0]],
            "quarters": {
                first: _sum(row for month, row in told.items() if first <= month < _later(first))
                for first in quarters
            },
            "year": _sum(told.values()),
        }
        for metric in FORESEEN
        if (told := months.get(metric))
    ]
    return {
        "next": quarters[0] if quarters else None,
        "quarters": quarters,
        "shown": shown,
        "why_not": why_not,
    }


def _later(first: date) -> date:
    """The first of the month three months on."""
    years, month = divmod(first.month + 2, 12)
    return date(first.year + years, month + 1, 1)


def _sum(rows: Iterable[Row]) -> Decimal:
    return sum((row["forecast"] for row in rows), Decimal(0))
