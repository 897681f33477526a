"""What was decided for an invented company, held against what its truth says would have been best.

Rows as the selects of the estimates give them, made from the truth at the clock; then the measures
that ``trust`` takes of the budget and of advice.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from include.contracts.choices import ALL_CHANNELS
from include.estimates.budget import budget_plan, budget_response
from include.estimates.response import PRESENT_DAYS
from include.sandbox.generator.frame import PER_EURO
from tests.bench.companies import CLOCK, ZONE, Company, Deal, Row, month_of

Sums = Counter[str]
Bounds = tuple[float, float]
AS_OF = CLOCK.astimezone(ZONE).date()


def mature_before(company: Company) -> date | None:
    """Months before this one are old enough to judge, as ``int_maturity`` has it."""
    days = [
        (deal.created_at - deal.touched_at).days + (deal.closed_at - deal.created_at).days
        for deal in company.deals(CLOCK)
        if deal.is_won and deal.touched_at and deal.closed_at
    ]
    if not days:
        return None
    within = math.ceil(float(np.percentile(days, 90)))
    return (AS_OF - timedelta(days=within)).replace(day=1)


def mature_from(before: date) -> date:
    """The first of the 36 months before it."""
    return before.replace(year=before.year - 3)


def mature_wins(company: Company, before: date | None) -> list[Deal]:
    """Deals won with an amount, of people first touched in the months old enough to judge."""
    if before is None:
        return []
    return [
        deal
        for deal in company.deals(CLOCK)
        if deal.is_won and deal.amount > 0 and mature_from(before) <= deal.cohort_month < before
    ]


# --- 4, the budget ----------------------------------------------------------------------------


def daily_spend(company: Company) -> dict[tuple[str, date], float]:
    """Euros by channel and day, as known in the end."""
    channels = {
        (line["platform"], line["account_id"], line["campaign_id"]): line["channel"]
        for line in company.lines("truth/campaigns")
    }
    found: dict[tuple[str, date], float] = defaultdict(float)
    for line in company.lines("truth/spend"):
        channel = channels.get((line["platform"], line["account_id"], line["campaign_id"]))
        if channel:
            day = date.fromisoformat(line["date"])
            found[channel, day] += float(line["spend"]) / PER_EURO[line["currency"]]
    return found


def budget_days(company: Company) -> list[Row]:
    """The rows of ``build.int_budget_days`` at CLOCK."""
    known_from = AS_OF.replace(year=AS_OF.year - 3)
    spend = {
        key: euros for key, euros in daily_spend(company).items() if known_from <= key[1] < AS_OF
    }
    began: dict[str, date] = {}
    for (channel, day), euros in sorted(spend.items()):
        if euros > 0:
            began.setdefault(channel, day)
    leads = Counter(
        (channel, at.astimezone(ZONE).date()) for channel, at in company.people if at < CLOCK
    )
    told = [{"row_kind": "as_of", "channel": None, "currency_code": "EUR", "date_day": AS_OF}]
    for channel, day in sorted({*spend, *leads}):
        if channel in began and began[channel] <= day < AS_OF:
            told.append(
                {
                    "row_kind": "day", "channel": channel, "date_day": day,
                    "leads": leads[channel, day],
                    "amount": Decimal(f"{spend.get((channel, day), 0.0):.6f}"),
                }
            )  # fmt: skip
    before = mature_before(company)
    wins = mature_wins(company, before)
    people = Counter(
        channel
        for channel, at in company.people
        if before and at < CLOCK and mature_from(before) <= month_of(at) < before
    )
    for channel in sorted(began):
        logs = [math.log(deal.amount) for deal in wins if deal.channel == channel]
        told.append(
            {
                "row_kind": "worth", "channel": channel, "leads": people[channel],
                "won_deals": len(logs), "log_amounts": sum(logs),
                "log_squares": sum(log * log for log in logs),
            }
        )  # fmt: skip
    return told


@dataclass(frozen=True)
class Curve:
    """A channel's planted answer: euros of won revenue a day at a spend a day that lasts."""

    channel: str
    most: float
    half: float
    is_varied: bool

    def revenue(self, spend: float) -> float:
        return self.most * spend / (self.half + spend)

    def wanted(self, gain: float, low: float, high: float) -> float:
        """The spend at which the next euro brings so much, within bounds."""
        free = math.sqrt(self.most * self.half / gain) - self.half
        return min(max(free, low), high)


def planted(company: Company) -> dict[str, Curve]:
    """The planted answers by channel."""
    return {
        line["channel"]: Curve(
            line["channel"],
            float(line["most_leads_a_day"]) * float(line["revenue_eur_a_lead"]),
            float(line["half_at_eur_a_day"]),
            line["is_varied"],
        )
        for line in company.lines("truth/response")
    }


def best(curves: Sequence[Curve], bounds: Sequence[Bounds], total: float) -> float:
    """The most revenue a day that a total can bring within the bounds, by bisection."""
    low, high = 1e-12, 1e6
    for _ in range(200):
        gain = math.sqrt(low * high)
        spends = [curve.wanted(gain, *within) for curve, within in zip(curves, bounds, strict=True)]
        low, high = (gain, high) if sum(spends) > total else (low, gain)
    return sum(
        curve.revenue(curve.wanted(high, *within))
        for curve, within in zip(curves, bounds, strict=True)
    )


MOST_CHANGE = 100
"""The freedom to move that the split is judged at."""
GOAL_OVER_PRESENT = 1.1
"""What the goal asks of the channels with spend, per what their present spend truly brings."""


def goal_of(rows: Sequence[Row], curves: Mapping[str, Curve]) -> tuple[float, list[Row]]:
    """Revenue a day that channels with spend shall bring, and the rows of a goal that asks it."""
    spent = Counter[str]()
    for row in rows:
        if row["row_kind"] == "day" and row["date_day"] >= AS_OF - timedelta(days=PRESENT_DAYS):
            spent[row["channel"]] += row["amount"]
    present = {channel: float(amount) / PRESENT_DAYS for channel, amount in spent.items()}
    wanted = GOAL_OVER_PRESENT * sum(
        curves[channel].revenue(spend) for channel, spend in present.items()
    )
    goal = {"row_kind": "goal", "date_day": AS_OF, "days": 365, "amount": wanted * 365}
    return wanted, [goal, {"row_kind": "free", "days": 365, "amount": 0}]


def least(curves: Sequence[Curve], bounds: Sequence[Bounds], wanted: float) -> float | None:
    """The least spend a day that can bring so much within the bounds; None where none does."""
    low, high = (sum(each) for each in zip(*bounds, strict=True))
    if best(curves, bounds, high) < wanted:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        enough = best(curves, bounds, middle) >= wanted
        low, high = (low, middle) if enough else (middle, high)
    return high


def reaching(
    plan: Sequence[Row], curves: Sequence[Curve], bounds: Sequence[Bounds], wanted: float
) -> Sums:
    """What the spend that is to reach the goal truly brings, and what would have been enough."""
    spends = [float(line["planned_spend_base"]) * 12 / 365 for line in plan]
    enough = least(curves, bounds, wanted)
    if plan[0]["verdict"] != "move":
        return Sums({"goals out of reach": 1, "goals rightly so": enough is None})
    brought = sum(curve.revenue(spend) for curve, spend in zip(curves, spends, strict=True))
    sums = Sums({"goals": 1})
    sums["goal brought"] += brought / wanted
    sums["goal off"] += abs(brought / wanted - 1)
    if enough is not None:
        sums["goals in reach"] += 1
        sums["goal spent of enough"] += sum(spends) / enough
    return sums


def budget(company: Company) -> Sums:
    """What the recommended split brings by the planted curves, beside the present and the best."""
    rows, truth, sums = budget_days(company), planted(company), Sums()
    for row in budget_response(rows):
        kind = "varied" if truth[row["channel"]].is_varied else "steady"
        sums[f"{kind} channels"] += 1
        sums[f"{kind} declared"] += row["why_not"] is not None
    wanted, goal = goal_of(rows, truth)
    plans: dict[str, list[Row]] = defaultdict(list)
    for line in budget_plan([*rows, *goal]):
        if line["most_change"] == MOST_CHANGE:
            plans[line["scenario"]].append(line)
    plan = plans["same budget"]
    lines = [line for line in plan if line["channel"] != ALL_CHANNELS]
    if not lines:
        return sums
    curves = [truth[line["channel"]] for line in lines]
    present, planned = (
        [float(line[f"{which}_spend_base"]) * 12 / 365 for line in lines]
        for which in ("present", "planned")
    )
    total = sum(present)
    before, after = (
        sum(curve.revenue(spend) for curve, spend in zip(curves, spends, strict=True))
        for spends in (present, planned)
    )
    reach = [
        (0.0, 2 * spend) if line["why_not"] is None else (spend, spend)
        for line, spend in zip(lines, present, strict=True)
    ]
    within, anywhere = best(curves, reach, total), best(curves, [(0.0, total)] * len(curves), total)
    verdict = lines[0]["verdict"]
    sums.update(reaching(plans["reach the goal"][:-1], curves, reach, wanted))
    sums["companies"] += 1
    sums[verdict] += 1
    sums["present of best"] += before / anywhere
    sums["of best within"] += after / within
    sums["of best"] += after / anywhere
    sums["at least 90 % of best within"] += after >= 0.9 * within
    sums["at least 90 % of best"] += after >= 0.9 * anywhere
    sums["worse"] += after < 0.98 * before
    sums["gained"] += after / before - 1
    if verdict == "move":
        total_line = plan[-1]
        low, high = (float(total_line[f"gain_{end}_base"]) * 12 / 365 for end in ("low", "high"))
        sums["told"] += 1
        sums["held"] += low <= after - before <= high
    return sums
