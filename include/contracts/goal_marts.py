"""The published marts of goals: what shall be reached, what is, and what it would take."""

from __future__ import annotations

from include.contracts.choices import ALL_CHANNELS, CHANNELS
from include.contracts.seeds import SEED_GOALS
from include.contracts.shape import Column, Table, Type, table

_UNIT = "currency_code, or what is counted"
_metric = SEED_GOALS.column("metric")
_channel = SEED_GOALS.column("channel")
_period = SEED_GOALS.column("period")
_currency = SEED_GOALS.column("currency_code")
_first_day = SEED_GOALS.column("first_day").meaning_here("The first day of the goal's period")
_last_day = Column("last_day", Type.DATE, "The last day of the goal's period", is_required=True)


def _figure(name: str, meaning: str) -> Column:
    return Column(name, Type.AD_MONEY, meaning, unit=_UNIT)


def _to_date(span: str) -> tuple[Column, Column]:
    where = f"since the {span} began, within the goal's period"
    return (
        _figure(f"target_{span}_to_date", f"What is due {where}").required(),
        _figure(f"actual_{span}_to_date", f"What there is {where}; NULL where that is not known"),
    )


MART_GOAL_PACING = table(
    "marts",
    "mart_goal_pacing",
    "Whether the goals are being reached: what is due by each day, what is there, where it lands",
    "goal and day of its period",
    ("metric", "channel", "period", "first_day", "date_day"),
    (
        _metric,
        _channel,
        _period,
        _currency,
        Column(
            "verdict",
            Type.TEXT,
            "on course, or behind (spend: over) if days go on as the last 91; reached or missed "
            "(spend: kept or exceeded); to come; unknown: nothing counts it, or for too short",
            one_of=(
                "on course",
                "behind",
                "over",
                "reached",
                "missed",
                "kept",
                "exceeded",
                "to come",
                "unknown",
            ),
            is_required=True,
        ),
        _first_day,
        _last_day,
        Column("date_day", Type.DATE, "A day of the period, in the reporting zone"),
        SEED_GOALS.column("value"),
        _figure("target_day", "The day's own part of what shall be reached").required(),
        _figure("actual_day", "What the day brought; NULL: to come, or not known"),
        _figure("target_to_date", "What is due by the end of the day").required(),
        _figure("actual_to_date", "What is there by then; NULL: to come, or not known"),
        *_to_date("week"),
        *_to_date("month"),
        *_to_date("quarter"),
        *_to_date("year"),
        _figure(
            "projected_landing",
            "What there will be at the period's end if days go on as the last 91; NULL where less "
            "than 28 are known",
        ),
        _figure("projected_low", "What it is not below in nine cases of ten"),
        _figure("projected_high", "What it is not above in nine cases of ten"),
        Column(
            "is_on_course",
            Type.BOOLEAN,
            "Whether it is reached, kept or on course; NULL where nobody can tell",
        ),
        Column(
            "is_latest",
            Type.BOOLEAN,
            "Whether the row is the goal's last whole day, of one to come its first",
            is_required=True,
        ),
    ),
    warning="A row repeats its goal's value: choose one day (is_latest). New business alone, by "
    "the day it happened: no cohort, so no cost may be divided by it.",
)
MART_GOAL_PLAN = table(
    "marts",
    "mart_goal_plan",
    "What a goal of revenue would take at the rates measured: people, deals, budget, by channel",
    "goal of revenue, channel and figure",
    ("channel", "period", "first_day", "planned_channel", "metric"),
    (
        _channel.meaning_here("The channel of the goal, or All"),
        Column(
            "planned_channel",
            Type.TEXT,
            "The channel that shall bring it, or All of them together",
            one_of=(*CHANNELS, "Unattributed", ALL_CHANNELS),
        ),
        _period,
        _currency.required(),
        _metric.meaning_here("What it takes, or what shall come of it"),
        Column(
            "verdict",
            Type.TEXT,
            "Of the goal: supported (as many days have brought as much before); beyond history (up "
            "to half as much again as the best); not supported (more); too little history (fewer "
            "than 10 customers of cohorts old enough to judge: no plan)",
            one_of=("supported", "beyond history", "not supported", "too little history"),
            is_required=True,
        ),
        Column("sentence", Type.TEXT, "The verdict with its numbers", is_required=True),
        _first_day,
        SEED_GOALS.column("value").meaning_here("The goal"),
        _figure(
            "needed",
            "So much of it, where channels keep their shares and their rates; NULL where it is "
            "counted by nothing",
        ),
        _figure("needed_low", "Less than that is enough in one case of ten"),
        _figure("needed_high", "More than that is needed in one case of ten"),
        _figure("observed", "So much of it mature cohorts of the last 36 months held"),
        Column(
            "median_days",
            Type.NUMBER,
            "Days from first touch to close of half of those cohorts' deals won, of one channel",
            unit="days",
        ),
        Column("per_customer", Type.RATIO, "So much of it a customer took", unit=_UNIT),
        Column("rate", Type.RATIO, "So much of the next stage came of one; NULL at the last"),
        Column("rate_low", Type.RATIO, "The rate is not below in nine cases of ten (Wilson)"),
        Column("rate_high", Type.RATIO, "The rate is not above in nine cases of ten (Wilson)"),
    ),
    warning="A plan is arithmetic on what was, not a promise: it takes every further euro to bring "
    "what the euros before did. A row repeats its goal's verdict.",
)
GOAL_MARTS: tuple[Table, ...] = (MART_GOAL_PACING, MART_GOAL_PLAN)
