"""The plan of a goal: shares to the cent, intervals from their definition, the best stretch."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.estimates.goal_plan import Z80, goal_plan, shared_out, wilson

CENT = Decimal("0.01")
UNTIL = date(2026, 11, 19)


def test_a_cent_left_over_goes_to_the_largest_remainder() -> None:
    """40 and 20 of 60: of 100000.01 they earn 66666.6733 and 33333.3367."""
    parts = shared_out(Fraction("100000.01"), [Fraction(40), Fraction(20)], CENT)
    assert parts == [Decimal("66666.67"), Decimal("33333.34")]


@given(
    st.integers(0, 10**9),
    st.lists(st.fractions(0, 1000), min_size=1, max_size=8),
)
def test_parts_sum_to_the_amount_and_are_off_by_less_than_a_unit(
    cents: int, weights: list[Fraction]
) -> None:
    parts = shared_out(Fraction(cents, 100), weights, CENT)
    whole = sum(weights)
    assert sum(parts) == (Decimal(cents) * CENT if whole else 0)
    for part, weight in zip(parts, weights, strict=True):
        assert not whole or abs(Fraction(part) - Fraction(cents, 100) * weight / whole) < CENT


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_shares_that_the_observed_one_does_not_refute(
    counts: tuple[int, int],
) -> None:
    """Its ends are where the observed share lies as many standard errors away as is allowed."""
    part, whole = counts
    interval = wilson(part, whole)
    assert interval is not None
    for end in interval:
        if 0 < end < 1:
            distance = (part / whole - end) ** 2
            assert distance == pytest.approx(Z80**2 * end * (1 - end) / whole, rel=1e-6, abs=1e-12)
    assert interval[0] <= part / whole <= interval[1]


def test_what_is_no_share_has_no_interval() -> None:
    assert wilson(3, 2) is None
    assert wilson(0, 0) is None


def _rows(value: int, days: int, revenue: dict[date, int], customers: int = 10) -> list[dict]:
    channel = {
        "row_kind": "channel", "channel": "Email", "visitors": None, "leads": 40, "mqls": 50,
        "sqls": 20, "opportunities": 12, "customers": customers,
        "won_revenue": Decimal(sum(revenue.values())), "spend": Decimal(0), "median_days": None,
        "revenue_squares": Decimal(sum(each * each for each in revenue.values())),
    }  # fmt: skip
    goal = {
        "row_kind": "goal", "channel": "All", "period": "month", "currency_code": "EUR",
        "first_day": date(2027, 1, 1), "days": days, "amount": Decimal(value),
        "smallest_unit": CENT,
    }  # fmt: skip
    known = {"known_from": min(revenue), "channel": "Email", "row_kind": "day"}
    return [
        goal,
        channel,
        {"row_kind": "as_of", "first_day": UNTIL},
        *(
            known | {"metric": "won_revenue", "first_day": day, "amount": Decimal(amount)}
            for day, amount in revenue.items()
        ),
    ]


@given(
    st.dictionaries(
        st.integers(0, 60).map(lambda ago: UNTIL - timedelta(days=ago)),
        st.integers(1, 100),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 10),
)
def test_the_best_stretch_is_the_best_of_all(revenue: dict[date, int], days: int) -> None:
    """Every stretch there is, summed day by day; of a shorter history its pace."""
    known = (UNTIL - min(revenue)).days + 1
    if known < days:
        best = Fraction(sum(revenue.values()) * days, known)
    else:
        best = Fraction(
            max(
                sum(revenue.get(UNTIL - timedelta(days=ago + n), 0) for n in range(days))
                for ago in range(known)
            )
        )
    value = int(best) + 1
    rows = goal_plan(_rows(value, days, revenue))
    assert f"brought {float(best):,.2f} EUR" in rows[0]["sentence"]
    assert {row["verdict"] for row in rows} == {
        "beyond history" if value <= best * Fraction(3, 2) else "not supported"
    }
    assert goal_plan(_rows(int(best), days, revenue))[0]["verdict"] == "supported" or best < 1


def test_a_stage_with_more_than_came_before_has_a_rate_and_no_interval() -> None:
    """Who skips a stage is in the next one: 50 MQLs of 40 leads."""
    found = {row["metric"]: row for row in goal_plan(_rows(10, 30, {UNTIL: 10}))}
    leads, mqls = found["leads"], found["mqls"]
    assert (leads["rate"], leads["rate_low"]) == (Decimal("1.250000"), None)
    assert mqls["rate"] == Decimal("0.400000")
    assert mqls["rate_low"] < mqls["rate"] < mqls["rate_high"]


def test_what_is_not_known_of_one_channel_is_neither_of_it_nor_of_all() -> None:
    """Search brought 5 of 15 and had 200 visitors; 30 take twice as many."""
    rows = _rows(30, 30, {UNTIL: 10})
    rows.append(rows[1] | {"channel": "Search", "visitors": 200, "won_revenue": Decimal(5)})
    needed = {
        row["planned_channel"]: row["needed"]
        for row in goal_plan(rows)
        if row["metric"] == "visitors"
    }
    assert needed == {"All": None, "Email": None, "Search": Decimal(400)}


def test_few_customers_and_no_revenue_give_a_sentence_and_no_figure() -> None:
    for rows, reason in (
        (_rows(10, 30, {UNTIL: 10}, customers=9), "9 customers, and fewer than 10 tell too little"),
        (_rows(10, 30, {UNTIL: 0}), "no revenue that is known"),
    ):
        (row,) = goal_plan(rows)
        assert row["sentence"].endswith(f"hold {reason}.")
        assert row["verdict"] == "too little history"
        assert row["sentence"].startswith("Nothing can be said of what 10.00 EUR in 30 days")
        assert row["observed"] is None
    assert goal_plan([]) == []


def test_a_revenue_without_a_rate_is_no_plan() -> None:
    rows = _rows(10, 30, {UNTIL: 10})
    rows[1]["won_revenue"] = None
    assert [row["verdict"] for row in goal_plan(rows)] == ["too little history"]
