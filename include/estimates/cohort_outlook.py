"""What each month's people of a channel will have brought in the end.

What is known stays as it is. To it come the deals that are open, each with the chance that a deal
of its days is yet won, and the deals that people of this age still open, won as often as others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from include.contracts.outlook_marts import MART_COHORT_OUTLOOK
from include.estimates import maturity
from include.estimates.maturity import Curve, Deals, Row, Values

__all__ = ["MART_COHORT_OUTLOOK", "cohort_outlook"]

UNTOUCHED = "Unattributed"
"""Where a deal begins with itself: the people of this channel come to none later."""
_CENT, _PART = Decimal("0.01"), Decimal("0.0001")


@dataclass(frozen=True)
class _Channel:
    """What is known of a channel: deals a person by days, deals' ends, customers a person."""

    opened: Curve
    deals: Deals
    customers: Curve
    deals_seen: float
    amount: float
    square: float


def cohort_outlook(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of MART_COHORT_OUTLOOK from what sql/estimates/mart_cohort_outlook.sql selects."""
    told = sorted(rows, key=lambda row: tuple(str(value) for value in row.values()))
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for row in told:
        by_kind[row["kind"]].append(row)
    wins = sum(row["people_or_deals"] for row in by_kind["deals"] if row["outcome"] == "won")
    if wins < maturity.FEWEST_WINS:
        reason = f"{wins} deals were won so far; from {maturity.FEWEST_WINS} on it can be told"
        return [_as_known(cohort, reason) for cohort in by_kind["cohorts"]]
    channels = _channels(by_kind)
    people, deals = _by_cohort(by_kind["people"]), _by_cohort(by_kind["deals"])
    first_customers = sum(row["customers"] for row in by_kind["deals"])
    return [
        _projected(
            cohort,
            people[cohort["channel"], cohort["cohort_month"]],
            deals[cohort["channel"], cohort["cohort_month"]],
            channels[cohort["channel"]],
            first_customers / wins,
        )
        for cohort in by_kind["cohorts"]
    ]


def _by_cohort(rows: Iterable[Row]) -> dict[tuple[str, Any], list[Row]]:
    found: dict[tuple[str, Any], list[Row]] = defaultdict(list)
    for row in rows:
        found[row["channel"], row["cohort_month"]].append(row)
    return found


def _channels(by_kind: dict[str, list[Row]]) -> dict[str, _Channel]:
    """Every channel, leaning on all that begin with a touch."""
    touched = {
        kind: [row for row in rows if row["channel"] != UNTOUCHED] for kind, rows in by_kind.items()
    }
    won = [row for row in touched["deals"] if row["outcome"] == "won"]
    every = _Channel(
        maturity.since_touch(touched["people"], touched["deals"], is_recent=True),
        maturity.deals_of(by_kind["deals"]),
        maturity.since_touch(touched["people"], won, "open", is_recent=True),
        0.0,
        *_amounts([row for row in by_kind["deals"] if row["outcome"] == "won"]),
    )
    found = {}
    for name in {row["channel"] for row in by_kind["cohorts"]}:
        people, deals = (
            [row for row in by_kind[kind] if row["channel"] == name] for kind in ("people", "deals")
        )
        own_won = [row for row in deals if row["outcome"] == "won"]
        opened = maturity.since_touch(people, deals, is_recent=True)
        customers = maturity.since_touch(people, own_won, "open", is_recent=True)
        course = maturity.deals_of(deals)
        count, wins = float(sum(row["people_or_deals"] for row in deals)), course.wins
        amount, square = _amounts(own_won)
        weight = wins / (wins + maturity.FEWEST_WINS)
        if name != UNTOUCHED:
            level = _level(people, deals, every.opened)
            opened = maturity.mixed(opened, every.opened, count, level)
        level = _level(people, own_won, every.customers)
        found[name] = _Channel(
            opened,
            course.leaning_on(every.deals),
            maturity.mixed(customers, every.customers, wins, level),
            count,
            weight * amount + (1 - weight) * every.amount,
            weight * square + (1 - weight) * every.square,
        )
    return found


def _amounts(won: list[Row]) -> tuple[float, float]:
    """Mean amount of deals won, and mean of its square."""
    count = sum(row["people_or_deals"] for row in won)
    if not count:
        return 0.0, 0.0
    amounts = [(float(row["amount_base"] or 0), row["people_or_deals"]) for row in won]
    total = sum(amount for amount, _ in amounts)
    squares = sum((amount / number) ** 2 * number for amount, number in amounts)
    return total / count, squares / count


def _level(people: list[Row], events: list[Row], usual: Curve) -> float:
    """How many events there were for each that the usual curve expects of these people."""
    ages, counts = _ages(people)
    expected = float((usual.at(ages) * counts * maturity.recency(ages)).sum())
    ages, counts = _ages(events)
    return (float((counts * maturity.recency(ages)).sum()) + 5) / (expected + 5)


def _ages(rows: list[Row]) -> tuple[Values, Values]:
    """Days since the first touch, and how many people or deals are that old."""
    ages = np.array([row["age_days"] for row in rows], dtype=float)
    return ages, np.array([row["people_or_deals"] for row in rows], dtype=float)


def _projected(
    cohort: Row, people: list[Row], deals: list[Row], channel: _Channel, firsts: float
) -> dict[str, Any]:
    ages, counts = _ages(people)
    to_open = 0.0
    share = 1.0
    if len(people):
        to_open = float(
            (np.maximum(channel.opened.final - channel.opened.at(ages), 0) * counts).sum()
        )
        if channel.customers.final:
            due = channel.customers.at(ages) / channel.customers.final
            share = float((due * counts).sum() / counts.sum())
    chances = [
        (channel.deals.wins_yet(row["open_days"]), row["people_or_deals"], row["amount_base"])
        for row in deals
        if row["outcome"] == "open"
    ]
    new = to_open * channel.deals.won.final
    still = sum(chance * number for chance, number, _ in chances)
    scattered = sum(chance * (1 - chance) * number for chance, number, _ in chances)
    unsure_rate = 1 / (channel.deals.wins + maturity.FEWEST_WINS)
    unsure_deals = 1 / (channel.deals_seen + maturity.FEWEST_WINS)
    variance = scattered + new + still**2 * unsure_rate + new**2 * (unsure_rate + unsure_deals)
    mean = firsts * (still + new)
    low, high = maturity.count_bounds(mean, firsts * variance)

    worth = sum(chance * float(amount or 0) for chance, _, amount in chances)
    later = new * channel.amount
    spread = sum(chance * (1 - chance) * float(amount or 0) ** 2 for chance, _, amount in chances)
    spread += new * channel.square + (worth + later) ** 2 * (unsure_rate + unsure_deals)
    none = math.exp(-new) * math.prod((1 - chance) ** number for chance, number, _ in chances)
    least, most = maturity.money_bounds(worth + later, spread, none)
    if not people and deals:
        share = cohort["customers"] / (cohort["customers"] + mean) if mean else 1.0
    known = cohort["amount_base"]
    revenue = None if known is None else Decimal(known)
    return {
        **_of(cohort),
        "why_not": None,
        "expected_share": _part(share),
        "customers_projected": cohort["customers"] + _part(mean),
        "customers_low": cohort["customers"] + low,
        "customers_high": cohort["customers"] + high,
        "revenue_projected_base": _plus(revenue, worth + later),
        "revenue_low_base": _plus(revenue, least),
        "revenue_high_base": _plus(revenue, most),
    }


def _as_known(cohort: Row, reason: str) -> dict[str, Any]:
    """The row of a cohort of which nothing can be projected."""
    figures = (
        "expected_share", "customers_projected", "customers_low", "customers_high",
        "revenue_projected_base", "revenue_low_base", "revenue_high_base",
    )  # fmt: skip
    nothing = dict.fromkeys(figures)
    return {**_of(cohort), "why_not": reason, **nothing}


def _of(cohort: Row) -> dict[str, Any]:
    return {
        "channel": cohort["channel"],
        "cohort_month": cohort["cohort_month"],
        "leads": cohort["people_or_deals"],
        "customers": cohort["customers"],
        "won_revenue_base": cohort["amount_base"],
        "age_days": cohort["age_days"],
        "is_too_early": cohort["is_too_early"],
    }


def _part(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(_PART)


def _plus(known: Decimal | None, more: float) -> Decimal | None:
    return None if known is None else known + Decimal(repr(more)).quantize(_CENT)
