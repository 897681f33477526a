"""The budget: curves against planted ones, splits against every other, what is not told."""

from __future__ import annotations

import itertools
import math
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from include.contracts.budget_marts import MOST_CHANGES, SCENARIOS
from include.estimates.budget import MONTH, budget_plan, budget_response
from include.estimates.response import Course, Response, moved, responses
from include.estimates.returns import Evidence, Rates, worth_of_lead

AS_OF = date(2026, 11, 20)
DAYS = 36 * 28
STEPS = (0.4, 0.7, 1.0, 1.5, 2.2)
# most leads a day, half at a day, kept from one day to the next, won deals of a hundred leads
PLANTED = {
    "Paid Search": (32.0, 400.0, 0.8, 30),
    "Paid Social": (40.0, 500.0, 0.9, 8),
    "Paid Other": (20.0, 300.0, 0.5, 12),
}
SEASON = (1.2, 1.1, 1.1, 1.0, 1.0, 0.9, 0.6, 0.7, 1.1, 1.2, 1.2, 0.9)
Rows = list[dict[str, Any]]


def steps(channel: int, level: float = 400.0) -> list[float]:
    """A spend a day that moves every six weeks, another way in every channel."""
    order = [STEPS[(7 * channel + place * (channel + 2)) % 5] for place in range(DAYS // 42)]
    return [level * order[day // 42] for day in range(DAYS)]


def drawn(spend: list[float], curve: tuple[float, float, float, int], seed: int) -> list[int]:
    """Leads by day as the planted curve has them, by chance; days end before the as-of day."""
    rng, (most, half, kept, _) = np.random.default_rng(seed), curve
    pressure, found = spend[0], []
    for number, day in enumerate(spend):
        pressure = kept * pressure + (1 - kept) * day
        month = (AS_OF - timedelta(days=len(spend) - number)).month
        found.append(int(rng.poisson(SEASON[month - 1] * most * pressure / (half + pressure))))
    return found


def course(channel: str, spend: list[float], leads: list[int]) -> Rows:
    first = AS_OF - timedelta(days=len(spend))
    return [
        {"row_kind": "day", "channel": channel, "date_day": first + timedelta(days=number),
         "leads": came, "amount": Decimal(str(spent))}
        for number, (spent, came) in enumerate(zip(spend, leads, strict=True))
    ]  # fmt: skip


def worth(channel: str, deals: int, leads: int = 1000) -> dict[str, Any]:
    """So many mature leads and deals won, each of 1,000."""
    log = math.log(1000)
    return {
        "row_kind": "worth", "channel": channel, "leads": leads, "won_deals": deals,
        "log_amounts": deals * log, "log_squares": deals * log * log,
    }  # fmt: skip


def world(**more: Any) -> Rows:
    rows: Rows = [{"row_kind": "as_of", "currency_code": "EUR", "date_day": AS_OF}]
    for number, (channel, curve) in enumerate(PLANTED.items()):
        spend = steps(number)
        rows += course(channel, spend, drawn(spend, curve, number))
        rows.append(worth(channel, 10 * curve[3]))
    return rows


def goal(amount: int, free: int = 0) -> Rows:
    return [
        {"row_kind": "goal", "date_day": date(2027, 1, 1), "days": 365, "amount": Decimal(amount)},
        {"row_kind": "free", "days": 365, "amount": Decimal(free)},
    ]


def of(plans: Rows, scenario: str, change: int) -> dict[str, dict[str, Any]]:
    return {
        row["channel"]: row
        for row in plans
        if (row["scenario"], row["most_change"]) == (scenario, change)
    }


def a_day(row: dict[str, Any], name: str) -> float:
    return float(row[name]) / MONTH


def revenue(channel: str, spend: float) -> float:
    """Won revenue a day by the planted curve; of a hundred leads so many deals of 1,000."""
    most, half, _, deals = PLANTED[channel]
    return most * spend / (half + spend) * deals / 100 * 1000


@pytest.fixture(scope="module")
def told() -> Rows:
    return world()


@pytest.fixture(scope="module")
def plans(told: Rows) -> Rows:
    return budget_plan(told)


def test_a_curve_by_hand() -> None:
    """Of ten at most, half at 100: five at 100; the next unit brings 10 x 100 / 200² = 1 / 40."""
    curve = Response(
        np.array([10.0]), np.array([100.0]), np.array([0.5]), np.array([1.0]), unsure=0.04
    )
    assert curve.leads(100) == pytest.approx((5, 25 * 1.04))
    assert curve.gain(300, 100) == pytest.approx((2.5, 6.25 * 1.04))
    assert curve.slope(100) == pytest.approx(1 / 40)
    assert curve.bends(0.5) == 100


def test_what_a_lead_is_worth_by_draws() -> None:
    rates = Rates(1.0, 0.1, math.log(1000), 0.25)
    evidence = Evidence(0, 60, 5, 5 * math.log(2000), 5 * math.log(2000) ** 2)
    rng, count = np.random.default_rng(3), 1_000_000
    deals = rng.beta(5 + 3, 55 + 27, count)
    mean = (5 * math.log(2000) + 3 * math.log(1000)) / 8
    amount = np.exp(rng.normal(0, math.sqrt(0.25 / 8), count)) * math.exp(mean + 0.125)
    found, square = worth_of_lead(evidence, rates)
    assert found == pytest.approx((deals * amount).mean(), rel=0.005)
    assert square == pytest.approx(((deals * amount) ** 2).mean(), rel=0.03)


def test_planted_curves_are_found_with_their_seasons(told: Rows) -> None:
    for row in budget_response(told):
        most, half, _, deals = PLANTED[row["channel"]]
        assert row["why_not"] is None
        spend = float(row["spend_day_base"])
        assert float(row["leads_day"]) == pytest.approx(most * spend / (half + spend), rel=0.1)
        assert float(row["half_low_base"]) * 0.8 < half < float(row["half_high_base"]) * 1.25
        assert float(row["revenue_per_lead_base"]) == pytest.approx(10 * deals, rel=0.1)
        next_lead = most * half / (half + spend) ** 2
        assert float(row["next_return_base"]) == pytest.approx(next_lead * 10 * deals, rel=0.25)


def test_the_split_is_as_good_as_the_best_of_every_split(plans: Rows) -> None:
    """Every split in steps of a fortieth of the budget, by the planted curves."""
    plan = of(plans, "same budget", 100)
    total = a_day(plan["All"], "present_spend_base")
    parts = [total * part / 40 for part in range(41)]
    best = max(
        sum(revenue(name, spend) for name, spend in zip(PLANTED, spends, strict=True))
        for spends in (
            (one, two, total - one - two)
            for one, two in itertools.product(parts, parts)
            if one + two <= total
        )
        if all(
            spend <= 2 * a_day(plan[name], "present_spend_base")
            for name, spend in zip(PLANTED, spends, strict=True)
        )
    )
    planned, present = (
        sum(revenue(name, a_day(plan[name], f"{which}_spend_base")) for name in PLANTED)
        for which in ("planned", "present")
    )
    assert planned >= 0.98 * best
    assert plan["All"]["verdict"] == "move"
    low, high = (a_day(plan["All"], f"gain_{end}_base") for end in ("low", "high"))
    assert low < planned - present < high


def test_every_plan_keeps_to_its_total_and_its_bounds(plans: Rows) -> None:
    totals = {"less 20 %": 0.8, "less 10 %": 0.9, "same budget": 1.0}
    for scenario, change in itertools.product(SCENARIOS[:-1], MOST_CHANGES):
        plan = of(plans, scenario, change)
        whole = plan.pop("All")
        for name in ("present_spend_base", "planned_spend_base", "planned_revenue_base"):
            assert whole[name] == sum(row[name] for row in plan.values())
        for row in plan.values():
            moved_by = abs(row["planned_spend_base"] / row["present_spend_base"] - 1)
            assert moved_by <= Decimal(change) / 100 + Decimal("0.0001")
        if scenario in totals:
            asked = float(whole["present_spend_base"]) * totals[scenario]
            assert float(whole["planned_spend_base"]) == pytest.approx(asked, rel=0.001)
    assert of(plans, "reach the goal", 50) == {}


def test_more_freedom_or_more_money_never_brings_less(plans: Rows) -> None:
    for scenario in SCENARIOS[:-1]:
        by_change = [
            of(plans, scenario, change)["All"]["planned_revenue_base"] for change in MOST_CHANGES
        ]
        assert by_change == sorted(by_change)
    for change in MOST_CHANGES:
        by_money = [
            of(plans, scenario, change)["All"]["planned_revenue_base"]
            for scenario in SCENARIOS[:-1]
        ]
        assert by_money == sorted(by_money)


def test_a_goal_takes_the_least_spend_that_brings_it_or_is_out_of_reach(
    told: Rows, plans: Rows
) -> None:
    present = a_day(of(plans, "same budget", 50)["All"], "present_revenue_base")
    asked = round(365 * present * 1.1)
    for free in (0, 50_000):
        plan = of(budget_plan([*told, *goal(asked + free, free)]), "reach the goal", 50)["All"]
        assert plan["verdict"] == "move"
        assert a_day(plan, "planned_revenue_base") == pytest.approx(asked / 365, rel=0.005)
    far = of(budget_plan([*told, *goal(asked * 10)]), "reach the goal", 50)
    assert far["All"]["verdict"] == "out of reach"
    assert far["All"]["sentence"].startswith("Out of reach: ")
    for name in PLANTED:
        assert far[name]["planned_spend_base"] > far[name]["present_spend_base"]


def test_spend_that_hardly_moves_is_said_so_and_stays() -> None:
    rows = world()
    flat = [300.0 + 30 * (day % 2) for day in range(DAYS)]
    rows += [*course("Display", flat, drawn(flat, (9, 300, 0.8, 20), 9)), worth("Display", 20)]
    display = next(row for row in budget_response(rows) if row["channel"] == "Display")
    assert "its spend has hardly moved" in display["why_not"]
    assert display["half_spend_day_base"] is display["next_return_base"] is None
    plans = budget_plan(rows)
    for scenario, change in itertools.product(SCENARIOS[:-1], MOST_CHANGES):
        row = of(plans, scenario, change)["Display"]
        assert row["planned_spend_base"] == row["present_spend_base"]
        assert (row["gain_base"], row["why_not"]) == (None, display["why_not"])


def test_trend_and_season_of_spend_are_no_movement() -> None:
    months = np.array([(AS_OF - timedelta(days=DAYS - day)).month - 1 for day in range(DAYS)])
    grows = np.array([200 * 2 ** (day / DAYS) * SEASON[months[day]] for day in range(DAYS)])
    none = np.zeros(DAYS)
    assert moved(Course(grows, none, months)) < 0.15
    assert moved(Course(np.array(steps(1)), none, months)) > 0.4


@pytest.mark.parametrize(
    ("spend", "leads", "reason"),
    [
        (steps(0)[:300], [1] * 300, "300 days of spend"),
        (steps(0), [0] * (DAYS - 50) + [1] * 50, "50 leads so far"),
        ([*steps(0)[: DAYS - 91], *[0.0] * 91], [1] * DAYS, "nothing was spent in the last 91"),
    ],
)
def test_too_little_of_anything_is_a_sentence_and_no_curve(
    spend: list[float], leads: list[int], reason: str
) -> None:
    rows = [world()[0], *course("Display", spend, leads), worth("Display", 20)]
    (row,) = budget_response(rows)
    assert row["why_not"].startswith(reason)
    plan = of(budget_plan(rows), "same budget", 50)
    assert {each["verdict"] for each in plan.values()} == {"not known"}
    assert plan["All"]["gain_base"] is plan["All"]["planned_revenue_base"] is None


def test_few_deals_or_a_missing_rate_leave_all_as_it_is(told: Rows) -> None:
    few = [worth(row["channel"], 3) if row["row_kind"] == "worth" else row for row in told]
    for row in budget_response(few):
        assert row["why_not"].startswith("9 deals were won of all spend old enough to judge")
    unpriced = [dict(row) for row in told]
    unpriced[5]["amount"] = None
    found = {row["channel"]: row["why_not"] for row in budget_response(unpriced)}
    assert found.pop("Paid Search") == "a day of its spend has no exchange rate"
    assert set(found.values()) == {None}


def test_what_is_not_sure_enough_is_kept() -> None:
    """Twice the same channel: no split is better than the present one."""
    curve = PLANTED["Paid Search"]
    rows = [world()[0]]
    for number, channel in enumerate(("Paid Search", "Paid Social")):
        spend = steps(0)
        rows += [*course(channel, spend, drawn(spend, curve, number)), worth(channel, 100)]
    plan = of(budget_plan(rows), "same budget", 100)
    assert plan["All"]["verdict"] == "keep"
    assert plan["All"]["chance"] is None
    for row in plan.values():
        assert row["planned_spend_base"] == row["present_spend_base"]


def test_nothing_gives_nothing_and_order_does_not_matter(told: Rows, plans: Rows) -> None:
    assert budget_response([]) == budget_plan([]) == []
    assert budget_response(told[:1]) == budget_plan(told[:1]) == []
    assert budget_plan(told[::-1]) == plans
    assert responses({}) == {}
