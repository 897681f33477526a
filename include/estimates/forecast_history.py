"""The months of the past as forecasts read them: by channel, as far as a month's end tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = Mapping[str, Any]
Values = NDArray[np.float64]

FEWEST_MONTHS = 18
"""Months that are over below which nothing is forecast."""
FEWEST_LEADS = 100
AHEAD = 13
"""The month under way and the twelve after it."""


@dataclass(frozen=True)
class History:
    """The past by channel and month: month 0 is the first, ``months`` of them are over.

    ``opened[c, f, k]`` are the deals of channel ``c`` of people first touched in month ``f`` that
    were created in month ``k``; deals are (channel, created, closed or -1, is won, is customer,
    amount, number). A deal's people may be from before the first month: ``f`` is then 0.
    """

    first: date
    months: int
    channels: tuple[str, ...]
    leads: Values
    spend: Values
    opened: Values
    deals: Values

    def series(self, metric: str) -> Values:
        """Channel by month of one metric, the months that are over."""
        if metric in ("leads", "spend"):
            return self.leads if metric == "leads" else self.spend
        if metric == "opportunities":
            return self.opened.sum(axis=1)
        found = np.zeros_like(self.leads)
        column = 4 if metric == "customers" else 5
        won = self.deals[(self.deals[:, 3] == 1) & (self.deals[:, 2] >= 0)]
        np.add.at(found, (won[:, 0].astype(int), won[:, 2].astype(int)), won[:, column])
        return found


def month_after(month: date, number: int) -> date:
    total = month.year * 12 + month.month - 1 + number
    return date(total // 12, total % 12 + 1, 1)


def months_between(first: date, month: date) -> int:
    return (month.year - first.year) * 12 + month.month - first.month


def history_of(rows: list[Row], as_of: date) -> History | None:
    """The months that are over, from the first of spend on, else of people; None without any."""
    begun = [row["month"] for row in rows if row["kind"] == "spend"]
    begun = begun or [row["month"] for row in rows if row["kind"] == "people"]
    if not begun:
        return None
    first = min(begun)
    months = months_between(first, as_of)
    if months < 1:
        return None
    channels = tuple(sorted({row["channel"] for row in rows if row["kind"] != "as_of"}))
    place = {channel: number for number, channel in enumerate(channels)}
    leads, spend = np.zeros((2, len(channels), months))
    opened = np.zeros((len(channels), months, months))
    deals = []
    for row in sorted(rows, key=lambda row: tuple(str(value) for value in row.values())):
        if row["kind"] == "as_of":
            continue
        channel, month = place[row["channel"]], months_between(first, row["month"])
        if not 0 <= month < months:
            continue
        if row["kind"] == "people":
            leads[channel, month] += row["people_or_deals"]
        elif row["kind"] == "spend":
            spend[channel, month] += float(row["amount_base"] or 0)
        else:
            touched = min(max(months_between(first, row["cohort_month"]), 0), month)
            opened[channel, touched, month] += row["people_or_deals"]
            closed = -1
            if (
                row["close_month"] is not None
                and months_between(first, row["close_month"]) < months
            ):
                closed = max(months_between(first, row["close_month"]), month)
            deals.append(
                (
                    channel, month, closed, row["outcome"] == "won", row["customers"],
                    float(row["amount_base"] or 0), row["people_or_deals"],
                )
            )  # fmt: skip
    table = np.array(deals, dtype=float).reshape(-1, 7)
    return History(first, months, channels, leads, spend, opened, table)


def refusal(history: History | None) -> str | None:
    if history is None:
        return "No month is over yet"
    if history.months < FEWEST_MONTHS:
        return f"{history.months} months are over; a forecast needs {FEWEST_MONTHS}"
    people = int(history.leads.sum())
    if people < FEWEST_LEADS:
        return f"{people} people came so far; a forecast needs {FEWEST_LEADS}"
    return None


def known_at(history: History, origin: int) -> History:
    """The history as the months before ``origin`` tell it."""
    deals = history.deals[history.deals[:, 1] < origin].copy()
    deals[deals[:, 2] >= origin, 2] = -1
    return History(
        history.first,
        origin,
        history.channels,
        history.leads[:, :origin],
        history.spend[:, :origin],
        history.opened[:, :origin, :origin],
        deals,
    )
