"""The published marts of the budget: how channels answer to spend, how to split what there is."""

from __future__ import annotations

from dataclasses import replace

from include.contracts import columns as c
from include.contracts import mart_columns as m
from include.contracts.choices import ALL_CHANNELS, CHANNELS
from include.contracts.shape import Column, Table, Type, table

SCENARIOS = ("less 20 %", "less 10 %", "same budget", "more 10 %", "more 20 %", "reach the goal")
BUDGET_VERDICTS = ("move", "keep", "not known", "out of reach")
MOST_CHANGES = (25, 50, 100)
_OBSERVED = (
    "What was observed, not an experiment: where spend moved because demand did, the curve takes "
    "the one for the other."
)


def _money(name: str, meaning: str) -> Column:
    return Column(name, Type.AD_MONEY, meaning, unit="reporting currency")


MART_BUDGET_RESPONSE = table(
    "marts",
    "mart_budget_response",
    "How each channel's leads answer to its spend, where its spend has moved enough to see it",
    "channel",
    ("channel",),
    (
        m.channel,
        m.text("why_not", "Why its curve cannot be told, in a sentence; NULL where it can"),
        _money("spend_day_base", "Spend a day of the last 91 days").required(),
        _money("least_spend_day_base", "The least a day of four weeks on end"),
        _money("most_spend_day_base", "The most a day of four weeks on end"),
        _money("half_spend_day_base", "Spend a day at which leads are half of what they can be"),
        _money("half_low_base", "It is not below in nine cases of ten"),
        _money("half_high_base", "It is not above in nine cases of ten"),
        _money("revenue_per_lead_base", "Won revenue to be expected of a lead in the end"),
        _money("next_return_base", "Won revenue that one more unit of spend brings in the end"),
        Column("leads_day", Type.NUMBER, "Leads a day to be expected at that spend", unit="people"),
        Column(
            "carry_over_days",
            Type.NUMBER,
            "Days after which half of what spend does is done",
            unit="days",
        ),
        Column("moved", Type.RATIO, "How far four weeks' spend lies from its trend and season"),
    ),
    warning=_OBSERVED,
)
MART_BUDGET_PLAN = table(
    "marts",
    "mart_budget_plan",
    "How to split the budget over channels: the same, less, more, or what the goal takes",
    "scenario, most change and channel",
    ("scenario", "most_change", "channel"),
    (
        Column("scenario", Type.TEXT, "The budget there is, by the present one", one_of=SCENARIOS),
        replace(c.channel, one_of=(*CHANNELS, "Unattributed", ALL_CHANNELS)).meaning_here(
            "The channel, or All: their sum"
        ),
        Column(
            "verdict",
            Type.TEXT,
            "Of the scenario: move; keep (what could be gained is not sure enough); not known (no "
            "curve can be told); out of reach (of a goal: so far as the bounds let it come)",
            one_of=BUDGET_VERDICTS,
            is_required=True,
        ),
        Column("sentence", Type.TEXT, "The verdict with its numbers", is_required=True),
        m.text("why_not", "Why the channel stays as it is; NULL where its curve is known"),
        Column(
            "most_change",
            Type.INTEGER,
            "No channel's spend is changed by more, nor raised above its best four weeks",
            unit="percent",
        ),
        _money("present_spend_base", "Spend a month, as of the last 91 days").required(),
        _money("planned_spend_base", "Spend a month that is proposed").required(),
        _money("present_revenue_base", "Won revenue that a month of the present spend brings"),
        _money("planned_revenue_base", "Won revenue that a month of the proposed spend brings"),
        _money("gain_base", "The second less the first"),
        _money("gain_low_base", "It is not below in nine cases of ten"),
        _money("gain_high_base", "It is not above in nine cases of ten"),
        Column("chance", Type.RATIO, "How likely the gain is above zero; NULL: nothing changes"),
    ),
    warning=f"{_OBSERVED} Revenue is what comes in the end, not within the month. Choose one "
    "scenario and one most_change, and either All or channels; intervals cannot be added.",
)
MART_BUDGET_TESTS = table(
    "marts",
    "mart_budget_tests",
    "Which campaigns bring enough to learn by an experiment what their spend causes",
    "running campaign",
    ("platform", "account_id", "campaign_id"),
    (
        m.platform,
        m.account_id,
        m.campaign_id,
        c.campaign_name,
        m.channel.required(),
        c.leads.meaning_here("Leads of the last 91 days whose first touch it was").required(),
        m.number(
            "weeks_needed",
            "Weeks of pause in half of its regions or audience after which it shows with 80 % (at "
            "a significance of 10 %) if half of its leads are its own doing; NULL: no lead",
            "weeks",
        ),
        Column(
            "is_curve_known",
            Type.BOOLEAN,
            "Whether the past tells how its channel answers to spend; where not, a test tells most",
            is_required=True,
        ),
        Column(
            "is_testable",
            Type.BOOLEAN,
            "Whether a quarter of a year is long enough for it",
            is_required=True,
        ),
    ),
)
BUDGET_MARTS: tuple[Table, ...] = (MART_BUDGET_RESPONSE, MART_BUDGET_PLAN, MART_BUDGET_TESTS)
