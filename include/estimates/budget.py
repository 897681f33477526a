"""Where the budget should go: each channel's answer to spend, and the split that brings most.

Of curves that bend, the best split is where the next euro brings the same everywhere, or a bound
forbids it. A channel whose curve cannot be told stays as it is. What could be gained must be likely
enough, or all stays as it is.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import ndtr

from include.contracts.budget_marts import (
    MART_BUDGET_PLAN,
    MART_BUDGET_RESPONSE,
    MOST_CHANGES,
    SCENARIOS,
)
from include.contracts.choices import ALL_CHANNELS
from include.estimates.response import Course, Response, Values, moved, refusal, responses
from include.estimates.returns import Evidence, rates_of, worth_of_lead

__all__ = ["MART_BUDGET_PLAN", "MART_BUDGET_RESPONSE", "budget_plan", "budget_response"]

Rows = Iterable[Mapping[str, Any]]

FEWEST_DEALS = 10
"""Fewer deals won tell nothing of what leads are worth."""
LIKELY = 0.7
"""How likely a gain must be for anything to be moved."""
MONTH = 365 / 12
_STEPS = 501
_BUDGETS = {"less 20 %": 0.8, "less 10 %": 0.9, "same budget": 1.0, "more 10 %": 1.1,
            "more 20 %": 1.2}  # fmt: skip
_Z80 = 1.2815515655446004


@dataclass(frozen=True)
class _Channel:
    """What is known of a channel: what it spends, and what spend brings it."""

    name: str
    course: Course
    why_not: str | None
    response: Response | None
    worth: tuple[float, float] | None
    """Won revenue a lead: mean and mean square."""

    @property
    def present(self) -> float:
        return self.course.present

    def revenue(self, spend: float) -> float | None:
        """Won revenue a day to be expected of a spend a day."""
        if self.response is None or self.worth is None:
            return None
        return self.worth[0] * self.response.leads(spend)[0]

    def gain(self, spend: float) -> tuple[float, float]:
        """Won revenue a day more than the present spend brings: mean and variance."""
        if self.response is None or self.worth is None:
            return 0.0, 0.0
        mean, square = self.response.gain(spend, self.present)
        return self.worth[0] * mean, self.worth[1] * square - (self.worth[0] * mean) ** 2

    def slope(self, spend: float) -> float:
        """Won revenue that one more unit of spend brings."""
        if self.response is None or self.worth is None:
            return 0.0
        return self.worth[0] * self.response.slope(spend)

    @cached_property
    def slopes(self) -> tuple[Values, Values]:
        """Spends a day, up to the most that any plan gives, and what the next unit brings there."""
        spends = np.linspace(0.0, self.bounds(max(MOST_CHANGES))[1], _STEPS)
        return spends, np.array([self.slope(float(spend)) for spend in spends])

    def bounds(self, change: int) -> tuple[float, float]:
        """The least and the most a day it may be given; never more than it has been seen at."""
        if self.response is None:
            return self.present, self.present
        most = max(float(self.course.four_weeks.max()), self.present)
        share = change / 100
        return self.present * (1 - share), min(self.present * (1 + share), most)


def budget_response(rows: Rows) -> list[dict[str, Any]]:
    """Rows of MART_BUDGET_RESPONSE from what sql/estimates/mart_budget_response.sql selects."""
    return [_told(channel) for channel in _channels(_by_kind(rows))]


def budget_plan(rows: Rows) -> list[dict[str, Any]]:
    """Rows of MART_BUDGET_PLAN from what sql/estimates/mart_budget_plan.sql selects."""
    kinds = _by_kind(rows)
    channels = _channels(kinds)
    if not channels:
        return []
    currency = kinds["as_of"][0]["currency_code"]
    wanted = _wanted(kinds)
    found = []
    for change in MOST_CHANGES:
        for scenario in SCENARIOS:
            if scenario == "reach the goal" and wanted is None:
                continue
            found += _planned(channels, scenario, change, wanted, currency)
    return found


def _by_kind(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["row_kind"]].append(row)
    return found


def _channels(kinds: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[_Channel]:
    if not kinds["as_of"]:
        return []
    courses, unpriced = _courses(kinds["day"], kinds["as_of"][0]["date_day"])
    evidence = {
        row["channel"]: Evidence(
            0.0,
            float(row["leads"]),
            *(float(row[name]) for name in ("won_deals", "log_amounts", "log_squares")),
        )
        for row in kinds["worth"]
    }
    company = Evidence(1.0)
    for each in evidence.values():
        company = company.plus(each)
    rates = rates_of(company) if company.deals >= FEWEST_DEALS else None
    curves = responses({name: each for name, each in courses.items() if name not in unpriced})
    found = []
    for name, course in sorted(courses.items()):
        why_not = refusal(course)
        if name in unpriced:
            why_not = "a day of its spend has no exchange rate"
        elif rates is None:
            why_not = (
                f"{company.deals:.0f} deals were won of all spend old enough to judge; fewer than "
                f"{FEWEST_DEALS} do not tell what a lead is worth"
            )
        worth = None
        if rates is not None:
            worth = worth_of_lead(evidence.get(name, Evidence()), rates)
        curve = curves.get(name) if why_not is None else None
        found.append(_Channel(name, course, why_not, curve, worth))
    return found


def _courses(
    days: Sequence[Mapping[str, Any]], until: date
) -> tuple[dict[str, Course], frozenset[str]]:
    """Every channel's days, without gaps, and the channels of which a day has no known amount."""
    by_channel: dict[str, dict[date, Mapping[str, Any]]] = defaultdict(dict)
    for row in days:
        by_channel[row["channel"]][row["date_day"]] = row
    found = {}
    for name, told in by_channel.items():
        first = min(told).toordinal()
        spend, leads = np.zeros((2, until.toordinal() - first))
        for day, row in told.items():
            spend[day.toordinal() - first] = max(float(row["amount"] or 0), 0.0)
            leads[day.toordinal() - first] = row["leads"]
        months = [date.fromordinal(each).month - 1 for each in range(first, until.toordinal())]
        found[name] = Course(spend, leads, np.array(months, dtype=np.int64))
    unpriced = frozenset(row["channel"] for row in days if row["amount"] is None)
    return found, unpriced


def _wanted(kinds: Mapping[str, Sequence[Mapping[str, Any]]]) -> float | None:
    """Won revenue a day that paid channels shall bring for the longest goal, the next of them."""
    if not kinds["goal"] or not kinds["free"]:
        return None
    goal = min(kinds["goal"], key=lambda row: (-row["days"], row["date_day"]))
    free = kinds["free"][0]
    return float(goal["amount"]) / goal["days"] - float(free["amount"]) / free["days"]


def _told(channel: _Channel) -> dict[str, Any]:
    response = channel.response
    spent = channel.course.four_weeks
    row: dict[str, Any] = dict.fromkeys(MART_BUDGET_RESPONSE.column_names) | {
        "channel": channel.name,
        "why_not": channel.why_not,
        "spend_day_base": _money(channel.present),
        "moved": _decimal(moved(channel.course), 6),
    }
    if len(spent):
        row["least_spend_day_base"] = _money(float(spent.min()))
        row["most_spend_day_base"] = _money(float(spent.max()))
    if channel.worth is not None:
        row["revenue_per_lead_base"] = _money(channel.worth[0])
    if response is not None:
        kept = response.carry_over
        row |= {
            "leads_day": _decimal(response.leads(channel.present)[0], 4),
            "half_spend_day_base": _money(response.bends(0.5)),
            "half_low_base": _money(response.bends(0.1)),
            "half_high_base": _money(response.bends(0.9)),
            "carry_over_days": _decimal(math.log(0.5) / math.log(kept) if kept > 0 else 0.0, 4),
            "next_return_base": _money(channel.slope(channel.present)),
        }
    return row


def _planned(
    channels: Sequence[_Channel], scenario: str, change: int, wanted: float | None, currency: str
) -> list[dict[str, Any]]:
    present = sum(channel.present for channel in channels)
    known = [channel for channel in channels if channel.response is not None]
    if not known:
        planned, verdict = [channel.present for channel in channels], "not known"
        sentence = "Of no channel can be told what more or less spend would bring: all stays."
    elif scenario == "reach the goal":
        assert wanted is not None
        planned, verdict, sentence = _reaching(channels, change, wanted, currency)
    else:
        total = present * _BUDGETS[scenario]
        planned = _split(channels, change, lambda spends: sum(spends) - total)
        verdict, sentence = "move", ""
        left = total - sum(planned)
        if abs(left) > present * 0.001:
            sentence = f" The bounds let it be no {'more' if left > 0 else 'less'}."
        gain, _, chance = _gain(channels, planned)
        if scenario == "same budget" and (chance is None or chance < LIKELY):
            planned, verdict = [channel.present for channel in channels], "keep"
            sentence = (
                f"Keep: no other split of {_said(present, currency)} a month is "
                f"{100 * LIKELY:.0f} % likely to bring more."
            )
        else:
            more = "more" if gain >= 0 else "less"
            sentence = (
                f"{_said(sum(planned), currency)} a month, so split, are to be expected to bring "
                f"{_said(abs(gain), currency)} {more} won revenue a month than the present "
                f"{_said(present, currency)}.{sentence}"
            )
    return _lines(channels, planned, scenario, change, verdict, sentence)


def _split(
    channels: Sequence[_Channel], change: int, excess: Callable[[list[float]], float]
) -> list[float]:
    """Spends a day at which the next unit brings the same everywhere, or as near as bounds allow.

    ``excess`` says of spends whether they are too much (above zero); it grows with each of them.
    """
    low, high = 0.0, max(channel.slope(channel.bounds(change)[0]) for channel in channels)
    for _ in range(50):
        middle = (low + high) / 2
        spends = [_at_slope(channel, middle, change) for channel in channels]
        low, high = (middle, high) if excess(spends) > 0 else (low, middle)
    return [_at_slope(channel, high, change) for channel in channels]


def _at_slope(channel: _Channel, slope: float, change: int) -> float:
    """The spend a day at which the next unit brings so much, within the bounds."""
    low, high = channel.bounds(change)
    if channel.response is None:
        return low
    spends, slopes = channel.slopes
    return min(max(float(np.interp(-slope, -slopes, spends)), low), high)


def _reaching(
    channels: Sequence[_Channel], change: int, wanted: float, currency: str
) -> tuple[list[float], str, str]:
    """The least spend that brings what is wanted of the channels; or all that bounds allow."""
    # A channel without a curve goes on as it does: what it brought of late, it brings.
    steady = sum(
        channel.worth[0] * float(channel.course.leads[-365:].mean())
        for channel in channels
        if channel.response is None and channel.worth is not None
    )

    def excess(spends: list[float]) -> float:
        brought = sum(
            channel.revenue(spend) or 0.0 for channel, spend in zip(channels, spends, strict=True)
        )
        return brought + steady - wanted

    planned = _split(channels, change, excess)
    short = -excess(planned)
    asked = (
        f"the goal takes {_said(wanted, currency)} of won revenue a month from channels with spend"
    )
    if short > abs(wanted) * 0.001:
        return planned, "out of reach", (
            f"Out of reach: {asked}; within the bounds they are to be expected to bring "
            f"{_said(wanted - short, currency)}."
        )  # fmt: skip
    return planned, "move", (
        f"{_said(sum(planned), currency)} a month: {asked}, which is as much as that is to be "
        "expected to bring."
    )  # fmt: skip


def _gain(
    channels: Sequence[_Channel], planned: Sequence[float]
) -> tuple[float, float, float | None]:
    """Won revenue a day more than at present: mean, deviation, and the chance that it is more."""
    gains = [channel.gain(spend) for channel, spend in zip(channels, planned, strict=True)]
    mean, deviation = sum(each[0] for each in gains), math.sqrt(sum(each[1] for each in gains))
    return mean, deviation, float(ndtr(mean / deviation)) if deviation > 0 else None


def _lines(
    channels: Sequence[_Channel],
    planned: Sequence[float],
    scenario: str,
    change: int,
    verdict: str,
    sentence: str,
) -> list[dict[str, Any]]:
    """A row a channel, and All: their sum."""
    about = {
        "scenario": scenario, "most_change": change, "verdict": verdict, "sentence": sentence,
    }  # fmt: skip
    rows: list[dict[str, Any]] = []
    for channel, spend in zip(channels, planned, strict=True):
        revenue, later = channel.revenue(channel.present), channel.revenue(spend)
        rows.append(
            about
            | {
                "channel": channel.name,
                "why_not": channel.why_not,
                "present_spend_base": _money(channel.present * MONTH),
                "planned_spend_base": _money(spend * MONTH),
                "present_revenue_base": None if revenue is None else _money(revenue * MONTH),
                "planned_revenue_base": None if later is None else _money(later * MONTH),
                **_bounded([channel], [spend]),
            }
        )
    total: dict[str, Any] = {"channel": ALL_CHANNELS, "why_not": None}
    for name in ("present_spend_base", "planned_spend_base"):
        total[name] = sum((row[name] for row in rows), Decimal(0))
    for name in ("present_revenue_base", "planned_revenue_base"):
        known = [row[name] for row in rows if row[name] is not None]
        total[name] = sum(known, Decimal(0)) if known else None
    rows.append(about | total | _bounded(channels, planned))
    return [{name: row[name] for name in MART_BUDGET_PLAN.column_names} for row in rows]


def _bounded(channels: Sequence[_Channel], planned: Sequence[float]) -> dict[str, Any]:
    if all(channel.response is None for channel in channels):
        return dict.fromkeys(("gain_base", "gain_low_base", "gain_high_base", "chance"))
    mean, deviation, chance = _gain(channels, planned)
    return {
        "gain_base": _money(mean * MONTH),
        "gain_low_base": _money((mean - _Z80 * deviation) * MONTH),
        "gain_high_base": _money((mean + _Z80 * deviation) * MONTH),
        "chance": None if chance is None else _decimal(chance, 6),
    }


def _said(amount_a_day: float, currency: str) -> str:
    return f"{amount_a_day * MONTH:,.0f} {currency}"


def _money(value: float) -> Decimal:
    return _decimal(value, 2)


def _decimal(value: float, places: int) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
