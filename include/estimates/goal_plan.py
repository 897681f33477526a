"""What a goal of revenue would take: customers, opportunities, leads, visitors, budget by channel.

Measured rates only. What mature cohorts cost and brought is taken as often as the goal holds what
they won: the same mix, the same rates, the same return of every euro. So each figure of the plan is
the cohorts' own, times goal / revenue. Its interval comes from how few the deals are, and how
different: of a sum of deals that come by chance the variance is the sum of their squares.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from include.contracts.choices import ALL_CHANNELS
from include.contracts.goal_marts import MART_GOAL_PLAN

GOAL_PLAN = replace(MART_GOAL_PLAN, schema="build", name="int_goal_plan")

FEWEST_CUSTOMERS = 10
"""Fewer customers in mature cohorts say too little to plan on."""
BEYOND_REASON = Fraction(3, 2)
"""So many times the best stretch so far is more than history can support."""
Z80 = 1.2815515655446004
"""The standard normal deviate that nine cases in ten do not pass."""
_WAY = ("visitors", "leads", "mqls", "sqls", "opportunities", "customers")
_MONEY = ("won_revenue", "spend")
_HUNDREDTH = Decimal("0.01")


class _Stretch(NamedTuple):
    """So many days on end, and what they held."""

    amount: Fraction
    last_day: date | None


def goal_plan(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of GOAL_PLAN from what sql/estimates/int_goal_plan.sql selects."""
    by_kind = defaultdict(list)
    for row in rows:
        by_kind[row["row_kind"]].append(row)
    channels = sorted(by_kind["channel"], key=lambda row: row["channel"])
    found = []
    for goal in by_kind["goal"]:
        wanted = goal["channel"]
        of_goal = [c for c in channels if wanted in (ALL_CHANNELS, c["channel"])]
        days = [d for d in by_kind["day"] if wanted in (ALL_CHANNELS, d["channel"])]
        until = by_kind["as_of"][0]["first_day"]
        best = {
            metric: _best_stretch([d for d in days if d["metric"] == metric], goal["days"], until)
            for metric in ("won_revenue", "leads")
        }
        found += _plan(goal, of_goal, best)
    return found


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """The interval that holds a share in four cases of five (Wilson 1927); None where none is."""
    if not 0 <= part <= whole or whole == 0:
        return None
    share, z2 = part / whole, Z80 * Z80
    middle = share + z2 / (2 * whole)
    margin = Z80 * math.sqrt(share * (1 - share) / whole + z2 / (4 * whole * whole))
    low = (middle - margin) / (1 + z2 / whole) if part else 0.0
    high = (middle + margin) / (1 + z2 / whole) if part < whole else 1.0
    return low, high


def shared_out(amount: Fraction, weights: Sequence[Fraction], unit: Decimal) -> list[Decimal]:
    """An amount by weights, each part in whole units, their sum the amount's (largest remainder).

    Of equal remainders the earlier one is rounded up.
    """
    whole = sum(weights)
    units = int(amount / Fraction(unit) + Fraction(1, 2))
    if not whole:
        return [Decimal(0) for _ in weights]
    exact = [units * weight / whole for weight in weights]
    given = [int(each // 1) for each in exact]
    order = sorted(range(len(exact)), key=lambda place: (given[place] - exact[place], place))
    for place in order[: units - sum(given)]:
        given[place] += 1
    return [each * unit for each in given]


def _best_stretch(days: Sequence[Mapping[str, Any]], length: int, until: date) -> _Stretch:
    """The most that ``length`` days on end held; of a shorter history, its pace for as many."""
    amounts: dict[date, Fraction] = defaultdict(Fraction)
    for day in days:
        amounts[day["first_day"]] += Fraction(day["amount"] or 0)
    if not amounts:
        return _Stretch(Fraction(0), None)
    known = (until - min(day["known_from"] for day in days)).days + 1
    if known < length:
        return _Stretch(sum(amounts.values(), Fraction(0)) * length / known, until)
    best, held = _Stretch(Fraction(0), None), Fraction(0)
    in_order = sorted(amounts)
    begins = 0
    for last in in_order:
        held += amounts[last]
        while (last - in_order[begins]).days >= length:
            held -= amounts[in_order[begins]]
            begins += 1
        if held > best.amount:
            best = _Stretch(held, last)
    return best


def _plan(
    goal: Mapping[str, Any], channels: Sequence[Mapping[str, Any]], best: Mapping[str, _Stretch]
) -> list[dict[str, Any]]:
    customers = sum(c["customers"] for c in channels)
    is_priced = all(c["won_revenue"] is not None for c in channels)
    revenue = sum((Fraction(c["won_revenue"]) for c in channels), Fraction(0)) if is_priced else 0
    value = Fraction(goal["amount"])
    about = {name: goal[name] for name in ("period", "channel", "currency_code", "first_day")} | {
        "value": goal["amount"]
    }
    if customers < FEWEST_CUSTOMERS or revenue <= 0:
        verdict, sentence = "too little history", _too_little(goal, customers)
        known = {"planned_channel": goal["channel"], "metric": "won_revenue", "needed": value}
        return [about | {"verdict": verdict, "sentence": sentence} | _row(known)]
    times = value / revenue
    squares = sum(float(c["revenue_squares"] or 0) for c in channels)
    spread = math.sqrt(math.log1p(squares / float(revenue) ** 2 * (1 + 1 / float(times))))
    rows = []
    for metric in ("won_revenue", "spend", *_WAY):
        unit = Decimal(goal["smallest_unit"]) if metric in _MONEY else _HUNDREDTH
        for place, observed, needed in _needed(goal["channel"], metric, channels, times, unit):
            figure: dict[str, Any] = {"planned_channel": place, "metric": metric, "needed": needed}
            if needed is not None and metric != "won_revenue":
                figure["needed_low"] = float(needed) * math.exp(-Z80 * spread)
                figure["needed_high"] = float(needed) * math.exp(Z80 * spread)
            rows.append(_row(figure | _rates(metric, observed)))
    leads = next(row for row in rows if row["metric"] == "leads")
    verdict, sentence = _judged(goal, value, best, leads)
    return [about | {"verdict": verdict, "sentence": sentence} | row for row in rows]


def _needed(
    wanted: str,
    metric: str,
    channels: Sequence[Mapping[str, Any]],
    times: Fraction,
    unit: Decimal,
) -> Iterator[tuple[str, Mapping[str, Any], Decimal | None]]:
    """Each channel with what it held and what it shall hold; of a goal of all, all first.

    What is not known of a channel is neither of it nor of all.
    """
    known = [c for c in channels if c[metric] is not None]
    exact = [Fraction(c[metric]) for c in known]
    parts = shared_out(sum(exact, Fraction(0)) * times, exact, unit)
    needed = {c["channel"]: part for c, part in zip(known, parts, strict=True)}
    if wanted == ALL_CHANNELS:
        total = sum(parts, Decimal(0)) if len(known) == len(channels) else None
        yield ALL_CHANNELS, _summed(channels), total
    for channel in channels:
        yield channel["channel"], channel, needed.get(channel["channel"])


def _summed(channels: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What all channels hold together; unknown where it is of one of them."""
    everything: dict[str, Any] = {"median_days": None}
    for name in (*_WAY, *_MONEY):
        amounts = [c[name] for c in channels]
        everything[name] = None if any(a is None for a in amounts) else sum(amounts)
    return everything


def _rates(metric: str, observed: Mapping[str, Any]) -> dict[str, Any]:
    """How many came to the next stage, with the interval, and how much it took for a customer."""
    found: dict[str, Any] = {"observed": observed[metric], "median_days": observed["median_days"]}
    if observed[metric] is not None and observed["customers"]:
        found["per_customer"] = Fraction(observed[metric]) / observed["customers"]
    if metric in _WAY[:-1] and observed[metric]:
        following = observed[_WAY[_WAY.index(metric) + 1]]
        found["rate"] = Fraction(following) / observed[metric]
        if (interval := wilson(following, observed[metric])) is not None:
            found["rate_low"], found["rate_high"] = interval
    return found


def _row(known: Mapping[str, Any]) -> dict[str, Any]:
    """Rounded to what the contract keeps; what is not known is NULL."""
    places = {"per_customer": 6, "rate": 6, "rate_low": 6, "rate_high": 6}
    row: dict[str, Any] = {
        "needed_low": None, "needed_high": None, "observed": None, "median_days": None,
        "per_customer": None, "rate": None, "rate_low": None, "rate_high": None,
    }  # fmt: skip
    for name, value in known.items():
        row[name] = _decimal(value, places.get(name, 2)) if _is_number(value) else value
    return row


def _is_number(value: Any) -> bool:
    return isinstance(value, Fraction | Decimal | float | int)


def _decimal(value: Fraction | Decimal | float | int, places: int) -> Decimal:
    if isinstance(value, Fraction):
        value = Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _judged(
    goal: Mapping[str, Any], value: Fraction, best: Mapping[str, _Stretch], leads: Mapping[str, Any]
) -> tuple[str, str]:
    """Whether history supports the goal, and the sentence with the numbers that say so."""
    most, currency, days = best["won_revenue"], goal["currency_code"], goal["days"]
    asked = f"{_said(value)} {currency} in {days} days"
    so_far = f"the best {days} days so far brought {_said(most.amount)} {currency}"
    if most.last_day is not None:
        so_far += f" (until {most.last_day})"
    if value <= most.amount:
        return "supported", f"{asked}: {so_far}."
    if value <= most.amount * BEYOND_REASON:
        share = _said(100 * most.amount / value, 0)
        return "beyond history", f"{asked}: {so_far}, {share} % of that."
    took = ""
    if leads["needed"] is not None:
        took = (
            f" At the rates measured it takes {_said(leads['needed'], 0)} leads "
            f"({_said(leads['needed_low'], 0)} to {_said(leads['needed_high'], 0)}); the most that "
            f"{days} days have had are {_said(best['leads'].amount, 0)}."
        )
    return "not supported", f"History cannot support {asked}: {so_far}.{took}"


def _too_little(goal: Mapping[str, Any], customers: int) -> str:
    asked = f"{_said(Fraction(goal['amount']))} {goal['currency_code']} in {goal['days']} days"
    held = (
        f"{customers} customers, and fewer than {FEWEST_CUSTOMERS} tell too little"
        if customers < FEWEST_CUSTOMERS
        else "no revenue that is known"
    )
    return (
        f"Nothing can be said of what {asked} would take: cohorts old enough to judge hold {held}."
    )


def _said(amount: Fraction | Decimal, places: int = 2) -> str:
    return f"{_decimal(amount, places):,}"
