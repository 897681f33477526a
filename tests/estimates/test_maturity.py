"""What delays tell of cohorts that are still young, held against hand-worked and slow ways."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from include.estimates import maturity
from include.estimates.cohort_outlook import cohort_outlook
from include.estimates.stage_delays import stage_delays

MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)
Row = dict[str, Any]


def people(number: int, age: int, *, channel: str = "Email", month: date = MAY) -> Row:
    return {
        "kind": "people", "channel": channel, "outcome": None, "cohort_month": month,
        "age_days": age, "delay_days": 0, "open_days": None, "people_or_deals": number,
        "customers": 0, "amount_base": None,
    }  # fmt: skip


def deals(
    number: int, outcome: str, *, age: int, delay: int, open_for: int, channel: str = "Email",
    month: date = MAY, amount: str = "100.00",
) -> Row:  # fmt: skip
    return {
        "kind": "deals", "channel": channel, "outcome": outcome, "cohort_month": month,
        "age_days": age, "delay_days": delay, "open_days": open_for, "people_or_deals": number,
        "customers": number if outcome == "won" else 0, "amount_base": number * Decimal(amount),
    }  # fmt: skip


def cohort(
    number: int, customers: int, revenue: str, age: int, *, channel: str = "Email",
    month: date = MAY, is_too_early: bool = False,
) -> Row:  # fmt: skip
    return {
        "kind": "cohorts", "channel": channel, "outcome": None, "cohort_month": month,
        "age_days": age, "delay_days": None, "open_days": None, "people_or_deals": number,
        "customers": customers, "amount_base": Decimal(revenue), "is_too_early": is_too_early,
    }  # fmt: skip


def slow_incidence(spells: list[tuple[int, int, int]], way: int, day: int) -> Fraction:
    """By the definition, one by one: of those still there, how many end this way on each day."""
    there, reached = Fraction(1), Fraction(0)
    for now in range(day + 1):
        at_risk = sum(count for days, _, count in spells if days >= now)
        ends = sum(count for days, how, count in spells if days == now and how)
        if not at_risk:
            break
        mine = sum(count for days, how, count in spells if days == now and how == way)
        reached += there * Fraction(mine, at_risk)
        there *= 1 - Fraction(ends, at_risk)
    return reached


_spells = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 2), st.integers(1, 4)), min_size=1, max_size=12
)


@settings(max_examples=60)
@given(_spells)
def test_incidences_are_those_of_the_definition(spells: list[tuple[int, int, int]]) -> None:
    first, second = maturity.incidences(spells)
    for day in (0, 3, 9):
        assert float(first.at(float(day))) == pytest.approx(float(slow_incidence(spells, 1, day)))
        assert float(second.at(float(day))) == pytest.approx(float(slow_incidence(spells, 2, day)))


def test_the_young_do_not_make_a_channel_look_slow() -> None:
    """Of 100 people 400 days old 20 came to a deal after 50 days; 900 came ten days ago."""
    rows = [people(100, 400), people(900, 10), deals(20, "open", age=400, delay=50, open_for=350)]
    lines = {
        (line["channel"], line["stage"], line["age_days"]): line for line in stage_delays(rows)
    }
    for channel in ("Email", "All"):
        assert lines[channel, "opportunity", 30]["rate"] == 0
        at_60 = lines[channel, "opportunity", 60]
        assert (at_60["people"], at_60["reached"]) == (100, 20)
        assert at_60["rate"] == Decimal("0.200000")
        assert at_60["share_of_outcome"] == 1
    assert (("Email", "opportunity", 420)) not in lines


def test_revenue_is_counted_over_those_old_enough() -> None:
    rows = [
        people(100, 400),
        people(900, 10),
        deals(2, "won", age=400, delay=20, open_for=40, amount="500.00"),
    ]
    (line,) = (
        line
        for line in stage_delays(rows)
        if (line["channel"], line["stage"], line["age_days"]) == ("All", "revenue", 60)
    )
    assert line["revenue_per_person_base"] == Decimal("10.000000")
    assert line["rate"] is None


def _grown_up() -> list[Row]:
    """A thousand people two years old: 200 deals, half won, all after 100 days and 100 more."""
    return [
        people(1000, 730),
        *(deals(100, way, age=730, delay=100, open_for=100) for way in ("won", "lost")),
    ]


def test_what_is_over_stays_as_it_is() -> None:
    (row,) = cohort_outlook([*_grown_up(), cohort(1000, 100, "10000.00", 730)])
    assert row["customers_projected"] == row["customers_low"] == row["customers_high"] == 100
    assert row["revenue_projected_base"] == row["revenue_high_base"] == Decimal("10000.00")
    assert row["expected_share"] == 1
    assert not row["is_too_early"]


def test_a_young_cohort_is_expected_to_become_like_the_old() -> None:
    """500 people of 150 days: their 100 deals are open, and half of such are won."""
    rows = [
        *_grown_up(),
        people(500, 150, month=JUNE),
        deals(100, "open", age=150, delay=100, open_for=50, month=JUNE),
    ]
    (row,) = cohort_outlook([*rows, cohort(500, 0, "0.00", 150, month=JUNE, is_too_early=True)])
    assert row["customers_projected"] == pytest.approx(50)
    assert row["customers_low"] < 50 < row["customers_high"]
    assert row["revenue_projected_base"] == pytest.approx(Decimal(5000))
    assert row["expected_share"] == 0
    assert row["is_too_early"]


def test_a_cohort_without_deals_yet_opens_them_as_others_did() -> None:
    rows = [*_grown_up(), people(500, 50, month=JUNE)]
    (row,) = cohort_outlook([*rows, cohort(500, 0, "0.00", 50, month=JUNE)])
    assert float(row["customers_projected"]) == pytest.approx(50, rel=0.02)


def test_what_was_seen_lately_counts_for_more() -> None:
    """Of a thousand people three years old 200 came to a deal, of as many two years old 50: a year
    halves the weight, so it is (200/8 + 50/4) of (1000/8 + 1000/4), one in ten; half are won."""
    rows = [
        people(1000, 3 * 365),
        people(1000, 2 * 365),
        *(deals(100, way, age=3 * 365, delay=300, open_for=50) for way in ("won", "lost")),
        *(deals(25, way, age=2 * 365, delay=300, open_for=50) for way in ("won", "lost")),
        people(400, 100, month=JUNE),
    ]
    (row,) = cohort_outlook([*rows, cohort(400, 0, "0.00", 100, month=JUNE)])
    assert float(row["customers_projected"]) == pytest.approx(20, rel=0.001)


def test_people_without_a_touch_open_no_deal_later() -> None:
    """A deal of nobody known begins with itself: whoever waits in that channel brings none."""
    rows = [*_grown_up(), people(500, 50, channel="Unattributed", month=JUNE)]
    unknown = cohort(500, 2, "200.00", 50, channel="Unattributed", month=JUNE)
    (row,) = cohort_outlook([*rows, unknown])
    assert row["customers_projected"] == row["customers_low"] == row["customers_high"] == 2
    assert row["revenue_projected_base"] == Decimal("200.00")


def test_few_wins_project_nothing_and_say_so() -> None:
    rows = [people(50, 400), deals(9, "won", age=400, delay=10, open_for=50)]
    (row,) = cohort_outlook([*rows, cohort(50, 9, "900.00", 400)])
    assert row["why_not"] == "9 deals were won so far; from 10 on it can be told"
    assert row["customers"] == 9
    assert row["customers_projected"] is None
    assert cohort_outlook([]) == stage_delays([]) == []


def test_the_order_of_rows_changes_nothing() -> None:
    rows = [*_grown_up(), people(500, 50, month=JUNE), cohort(500, 0, "0.00", 50, month=JUNE)]
    shuffled = random.Random(1).sample(rows, len(rows))
    assert cohort_outlook(shuffled) == cohort_outlook(rows)
    told = [row for row in rows if row["kind"] != "cohorts"]
    assert stage_delays(told[::-1]) == stage_delays(told)


@pytest.mark.parametrize(("mean", "variance"), [(0.3, 0.4), (2.0, 1.5), (7.0, 11.0), (40.0, 40.0)])
def test_bounds_of_a_count_hold_about_four_fifths(mean: float, variance: float) -> None:
    low, high = maturity.count_bounds(mean, variance)
    assert low <= mean + 1
    if variance > mean:
        law = nbinom(mean**2 / (variance - mean), mean / variance)
        held = law.cdf(high) - law.cdf(low - 1)
        widths = [law.cdf(top) - law.cdf(low - 1) for top in range(low, high + 5)]
        assert abs(held - 0.8) == pytest.approx(min(abs(width - 0.8) for width in widths))
    else:
        assert low < high


def test_bounds_of_money_hold_four_fifths_of_what_may_come() -> None:
    """A third brings nothing; the others bring an exponential 300: drawn, not derived."""
    draws = np.random.default_rng(7)
    brought = np.where(draws.random(200_000) < 1 / 3, 0, draws.exponential(300, 200_000))
    low, high = maturity.money_bounds(float(brought.mean()), float(brought.var()), 1 / 3)
    assert low == 0
    assert np.mean((brought >= low) & (brought <= high)) == pytest.approx(0.8, abs=0.01)
    many = draws.gamma(9, 100, 200_000)
    low, high = maturity.money_bounds(float(many.mean()), float(many.var()), 0.0)
    assert np.mean((many >= low) & (many <= high)) == pytest.approx(0.8, abs=0.01)
