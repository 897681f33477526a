"""Advice: the posterior against conjugate results, planted campaigns, what is never told."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from include.estimates.advice import ENOUGH, advice
from include.estimates.returns import (
    DEALS_OF_PRIOR,
    LEADS_OF_PRIOR,
    TRIALS_OF_PRIOR,
    Evidence,
    Rates,
    Returns,
    rates_of,
    shrunk,
)

OTHERS = Rates(leads_per_spend=0.01, deals_per_lead=0.1, log_mean=math.log(1000), log_variance=0.25)
AS_OF = {
    "row_kind": "as_of", "level": None, "channel": None, "platform": None, "account_id": None,
    "campaign_id": None, "currency_code": "EUR", "mature_before_month": date(2026, 4, 1),
    "mature_after_days": 200, "roi_bar": Decimal(0),
}  # fmt: skip


def test_each_rate_is_the_mean_of_its_posterior_by_hand() -> None:
    """20 leads and 4 deals of 500.00 from 1000.00, held against a lead per 100 and a deal in ten.

    Leads: gamma(20 + 3) over 1000 + 3 / 0.01 = 1300: 23 / 1300. Deals: beta, (4 + 30 x 0.1) of
    20 + 30: 7 / 50. Log amounts: 4 deals of log 500 and 3 of log 1000, over 7.
    """
    evidence = Evidence(1000, 20, 4, 4 * math.log(500), 4 * math.log(500) ** 2)
    found = shrunk(evidence, OTHERS)
    assert found.leads_per_spend == pytest.approx(23 / 1300)
    assert found.deals_per_lead == pytest.approx(0.14)
    assert found.log_mean == pytest.approx((4 * math.log(500) + 3 * math.log(1000)) / 7)


def test_without_own_evidence_a_place_is_like_the_others() -> None:
    found = shrunk(Evidence(), OTHERS)
    assert found == OTHERS


def test_the_chance_is_that_of_the_product_drawn_a_million_times() -> None:
    """The slow way: gamma x beta x log-normal, a million draws with a fixed seed."""
    evidence = Evidence(5000, 60, 5, 5 * math.log(2000), 5 * math.log(2000) ** 2)
    rng = np.random.default_rng(7)
    count = 1_000_000
    leads = rng.gamma(60 + LEADS_OF_PRIOR, 1 / (5000 + LEADS_OF_PRIOR / 0.01), count)
    deals = rng.beta(5 + TRIALS_OF_PRIOR * 0.1, 55 + TRIALS_OF_PRIOR * 0.9, count)
    known = 5 + DEALS_OF_PRIOR
    mean = (5 * math.log(2000) + DEALS_OF_PRIOR * math.log(1000)) / known
    worth = np.exp(rng.normal(mean, math.sqrt(0.25 / known), count) + 0.25 / 2)
    drawn = leads * deals * worth
    returns = Returns(evidence, OTHERS)
    for bar in (0.8, 1.5, 2.5):
        assert returns.chance_above(bar) == pytest.approx((drawn > bar).mean(), abs=0.01)
    for chance in (0.1, 0.5, 0.9):
        assert returns.quantile(chance) == pytest.approx(np.quantile(drawn, chance), rel=0.03)


def test_the_chance_falls_with_the_bar_and_grows_with_the_deals() -> None:
    few, many = (
        Returns(Evidence(5000, 60, k, k * math.log(2000), k * math.log(2000) ** 2), OTHERS)
        for k in (2, 8)
    )
    for bar in (0.5, 1.0, 2.0, 4.0):
        assert few.chance_above(bar) < many.chance_above(bar)
        assert few.chance_above(bar) > few.chance_above(bar * 1.2)
    assert few.chance_above(few.quantile(0.1)) == pytest.approx(0.9, abs=1e-6)
    assert few.chance_above(0) == 1


def _cost(name: str, channel: str = "Paid Search", **more: Any) -> dict[str, Any]:
    level = more.pop("level", "campaign")
    return {
        "row_kind": "cost", "level": level, "channel": channel,
        "platform": "google_ads" if level == "campaign" else None,
        "account_id": "1" if level == "campaign" else None,
        "campaign_id": name if level == "campaign" else None,
        "campaign_name": name if level == "campaign" else None,
        "months_of_spend": 20, "untagged_months": 0, "untagged_spend": Decimal(0), "leads": 0,
        "mature_spend": Decimal(0), "young_spend": Decimal(0), "is_running": True,
        "first_day": date(2024, 1, 1),
    } | more  # fmt: skip


def _credit(cost: dict[str, Any], amounts: list[float], variant: str = "first_touch") -> dict:
    logs = [math.log(amount) for amount in amounts]
    place = {name: cost[name] for name in ("level", "channel", "platform", "account_id")}
    return place | {
        "row_kind": "credit", "campaign_id": cost["campaign_id"], "variant": variant,
        "won_deals": Decimal(len(amounts)), "won_revenue": Decimal(sum(amounts)),
        "log_amounts": Decimal(sum(logs)), "log_squares": Decimal(sum(log * log for log in logs)),
    }  # fmt: skip


def _world(*campaigns: tuple[dict[str, Any], list[float]]) -> list[dict[str, Any]]:
    """Campaigns and the channels they make up."""
    rows: list[dict[str, Any]] = [AS_OF]
    for cost, amounts in campaigns:
        rows.append(cost)
        if amounts:
            rows.append(_credit(cost, amounts))
    for channel in sorted({cost["channel"] for cost, _ in campaigns}):
        within = [(cost, amounts) for cost, amounts in campaigns if cost["channel"] == channel]
        whole = _cost(
            channel, channel, level="channel", leads=sum(cost["leads"] for cost, _ in within),
            mature_spend=sum((cost["mature_spend"] for cost, _ in within), Decimal(0)),
            young_spend=sum((cost["young_spend"] for cost, _ in within), Decimal(0)),
        )  # fmt: skip
        rows.append(whole)
        rows.append(_credit(whole, [amount for _, amounts in within for amount in amounts] or [1]))
    return rows


def _verdicts(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["campaign_id"] or row["channel"]: row for row in advice(rows)}


GOOD = (_cost("good", leads=200, mature_spend=Decimal(10_000)), [4000.0] * 12)
BAD = (_cost("bad", leads=200, mature_spend=Decimal(40_000)), [4000.0])


def test_good_campaigns_scale_and_bad_ones_pause_with_their_numbers() -> None:
    found = _verdicts(_world(GOOD, BAD))
    assert (found["good"]["verdict"], found["bad"]["verdict"]) == ("scale", "pause")
    assert found["good"]["chance"] > Decimal("0.8")
    assert found["bad"]["chance"] < Decimal("0.1")
    assert found["bad"]["roi"] == Decimal("-0.9")
    assert found["bad"]["sentence"].startswith("Pause: ")
    assert (
        "40,000 EUR spent before 2026-04-01 brought 200 leads and 1 deal worth 4,000 EUR"
        in (found["bad"]["sentence"])
    )
    for row in found.values():
        assert row["roi_low"] < row["roi_expected"] < row["roi_high"]


def test_what_is_too_early_or_too_little_spent_is_never_told_to_pause() -> None:
    young = (_cost("young", leads=0, young_spend=Decimal(90_000)), [])
    small = (_cost("small", leads=3, mature_spend=Decimal(500)), [])
    found = _verdicts(_world(GOOD, BAD, young, small))
    assert found["young"]["verdict"] == "wait"
    assert "none of its spend is old enough" in found["young"]["sentence"]
    assert found["young"]["chance"] is None
    assert found["small"]["verdict"] != "pause"


@pytest.mark.parametrize(("leads_of_channel", "verdict"), [(400, "pause"), (900, "watch")])
def test_a_pause_stands_with_its_part_of_the_leads_that_name_no_campaign(
    leads_of_channel: int, verdict: str
) -> None:
    """At 0.6 of its spend a campaign is paused where every lead of the channel names its campaign;
    where 400 of 900 do, its part of the others could make that 0.6 x 900 / 400 = 1.35 of it."""
    fair = (_cost("fair", leads=200, mature_spend=Decimal(80_000)), [4000.0] * 12)
    rows = _world(GOOD, fair)
    for row in rows:
        if row["row_kind"] == "cost" and row["level"] == "channel":
            row["leads"] = leads_of_channel
    found = _verdicts(rows)["fair"]
    assert found["verdict"] == verdict
    assert ("44 % name their campaign" in found["sentence"]) is (verdict == "watch")


def test_spend_without_tags_is_mended_not_paused() -> None:
    never = (
        _cost(
            "never",
            mature_spend=Decimal(40_000),
            untagged_months=20,
            untagged_spend=Decimal(40_000),
        ),
        [],
    )
    lately = (
        _cost(
            "lately", leads=10, mature_spend=Decimal(42_000), untagged_months=18,
            untagged_spend=Decimal(40_000),
        ),
        [],
    )  # fmt: skip
    new = (_cost("new", months_of_spend=1, untagged_months=1, young_spend=Decimal(10)), [])
    found = _verdicts(_world(GOOD, BAD, never, lately, new))
    assert found["never"]["verdict"] == found["lately"]["verdict"] == "mend the tags"
    assert "20 months of spend, and no visitor" in found["never"]["sentence"]
    assert found["lately"]["chance"] is found["lately"]["roi_expected"] is None
    assert "18 of 20 months" in found["lately"]["sentence"]
    assert "about 200 leads would have been usual" in found["lately"]["sentence"]
    assert found["new"]["verdict"] == "wait"


def test_few_deals_or_none_give_a_sentence_and_no_advice() -> None:
    few = (_cost("few", leads=90, mature_spend=Decimal(9000)), [4000.0] * 9)
    found = _verdicts(_world(few))
    assert {row["verdict"] for row in found.values()} == {"wait"}
    assert "has brought 9 deals; fewer than 10 are too few" in found["few"]["sentence"]
    assert advice([AS_OF | {"mature_before_month": None, "mature_after_days": None}]) == []
    assert advice([]) == []


def test_a_verdict_that_another_model_would_not_give_says_so() -> None:
    rows = _world(GOOD, BAD)
    for cost, amounts in (GOOD, BAD):
        rows.append(_credit(cost, amounts[:1] if cost is GOOD[0] else [4000.0] * 40, "linear"))
    channel = next(row for row in rows if row["level"] == "channel" and row["row_kind"] == "cost")
    rows.append(_credit(channel, [4000.0] * 41, "linear"))
    found = _verdicts(rows)
    assert "linear: scale" in found["bad"]["flips"].split("; ")


def test_a_higher_bar_pauses_what_a_low_one_keeps() -> None:
    rows = _world(GOOD, BAD)
    rows[0] = AS_OF | {"roi_bar": Decimal(20)}
    assert _verdicts(rows)["good"]["verdict"] == "pause"


def test_advice_is_the_same_in_any_order() -> None:
    rows = _world(GOOD, BAD)
    assert advice(rows[::-1]) == advice(rows)


def test_planted_campaigns_are_rarely_paused_above_the_bar_and_mostly_far_below_it() -> None:
    """Eight companies of 60 campaigns, each with a return of its own; deals come by chance."""
    rng = np.random.default_rng(11)
    paused_above = above = paused_below = below = 0
    for _ in range(8):
        campaigns, truth = [], {}
        for number in range(60):
            spend = float(np.exp(rng.normal(math.log(25_000), 1)))
            lead_rate = float(np.exp(rng.normal(math.log(0.008), 0.4)))
            deal_rate = min(float(np.exp(rng.normal(math.log(0.02), 0.8))), 0.5)
            worth = float(np.exp(rng.normal(math.log(3000), 0.3)))
            leads = int(rng.poisson(spend * lead_rate))
            deals = int(rng.binomial(leads, deal_rate))
            amounts = [float(a) for a in rng.lognormal(math.log(worth), 0.6, deals)]
            name = f"c{number}"
            expected = worth * math.exp(0.18)
            truth[name] = (lead_rate * deal_rate * expected, spend / expected)
            channel = "Paid Search" if number % 2 else "Paid Social"
            campaigns.append(
                (_cost(name, channel, leads=leads, mature_spend=Decimal(spend)), amounts)
            )
        for name, row in _verdicts(_world(*campaigns)).items():
            if name not in truth:
                continue
            returned, deals_at_bar = truth[name]
            is_paused = row["verdict"] == "pause"
            above, paused_above = (
                above + (returned > 1),
                paused_above + (returned > 1 and is_paused),
            )
            if returned < 0.5 and deals_at_bar >= 2 * ENOUGH:
                below, paused_below = below + 1, paused_below + is_paused
    assert above > 100
    assert below > 40
    assert paused_above <= 0.05 * above, (paused_above, above)
    assert paused_below >= 0.6 * below, (paused_below, below)


def test_rates_need_a_lead_and_a_deal() -> None:
    assert rates_of(Evidence(10, 0, 0)) is None
    assert rates_of(Evidence(10, 5, 0)) is None
