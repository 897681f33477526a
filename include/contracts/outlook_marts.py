"""The published marts of what is still to come: delays, cohorts when they are old, forecasts."""

from __future__ import annotations

from dataclasses import replace

from include.contracts import columns as c
from include.contracts import mart_columns as m
from include.contracts.choices import ALL_CHANNELS, CHANNELS
from include.contracts.shape import Column, Table, Type, table

FORECAST_METRICS = ("leads", "opportunities", "customers", "won_revenue", "spend")
FORECAST_METHODS = ("seasonal_naive", "smoothed", "lag_completed")
STAGES = ("mql", "sql", "opportunity", "customer", "revenue")

_channel_or_all = replace(c.channel, one_of=(*CHANNELS, "Unattributed", ALL_CHANNELS))
_metric = Column("metric", Type.TEXT, "What is forecast", one_of=FORECAST_METRICS)
_method = Column(
    "method",
    Type.TEXT,
    "seasonal_naive: the same month a year before; smoothed: level, damped trend and season; "
    "lag_completed: what people and open deals of every age bring yet",
    one_of=FORECAST_METHODS,
)
_horizon = Column(
    "horizon", Type.INTEGER, "Months ahead: 1 is the month under way", unit="months", at_least=1
)


def _money(name: str, meaning: str) -> Column:
    return Column(name, Type.CRM_MONEY, meaning, unit="reporting currency")


_why_not = m.text("why_not", "Why nothing is projected, in a sentence; NULL where it is")

MART_STAGE_DELAYS = table(
    "marts",
    "mart_stage_delays",
    "How long it is from the first touch to each stage, and what share comes that far",
    "channel, stage and age",
    ("channel", "stage", "age_days"),
    (
        _channel_or_all.meaning_here("The channel of the first touch, or All"),
        Column("stage", Type.TEXT, "The stage reached; revenue: by amount won", one_of=STAGES),
        Column("age_days", Type.INTEGER, "Days since the first touch", unit="days"),
        m.number("people", "People whose first touch is so long ago, or longer", "people"),
        m.number(
            "reached", "Those of all people, or their deals, that came so far within it"
        ).required(),
        m.ratio("rate", "Share of people that comes so far within that age, as all ages tell"),
        m.ratio(
            "revenue_per_person_base",
            "Won revenue a person within that age, as all ages tell; of the stage revenue alone",
            "reporting currency",
        ),
        m.ratio("share_of_outcome", "What is there at that age, per what is there in the end"),
    ),
    warning=(
        "New business alone from opportunity on. Rates count each person for the days they have "
        "had: reached per people is something else. All is no sum of shares."
    ),
)
MART_COHORT_OUTLOOK = table(
    "marts",
    "mart_cohort_outlook",
    "What each month's people of a channel will have brought in the end",
    "channel and cohort month",
    ("channel", "cohort_month"),
    (
        m.channel,
        _why_not,
        c.cohort_month,
        m.ratio("expected_share", "Share of the final customers to be expected by the age"),
        c.leads.required(),
        c.customers.required(),
        Column("customers_projected", Type.NUMBER, "Customers to be expected in the end"),
        m.number("customers_low", "With 80 % customers are at least as many", "companies"),
        m.number("customers_high", "and at most as many", "companies"),
        c.won_revenue_base.meaning_here("Amount of the deals won; NULL where a rate is missing"),
        _money("revenue_projected_base", "Won revenue to be expected in the end"),
        _money("revenue_low_base", "With 80 % it is at least as much"),
        _money("revenue_high_base", "and at most as much"),
        c.age_days.required(),
        Column(
            "is_too_early",
            Type.BOOLEAN,
            "Whether its people have had less time than nine in ten deals won took: no verdict",
            is_required=True,
        ),
    ),
    warning="Projections are of new business. Intervals of cohorts cannot be added.",
)
MART_FORECAST_MONTHLY = table(
    "marts",
    "mart_forecast_monthly",
    "What the month under way and the next twelve will bring",
    "channel, metric and month",
    ("channel", "metric", "month"),
    (
        _channel_or_all.meaning_here("The channel of the first touch, or All: their sum"),
        _metric,
        _method,
        _why_not,
        Column("month", Type.DATE, "First day of the month, in the reporting zone"),
        _horizon.required(),
        Column(
            "forecast",
            Type.CRM_MONEY,
            "What is to be expected of the month as a whole",
            unit="people, deals, companies or reporting currency",
        ),
        Column("forecast_low", Type.CRM_MONEY, "With 80 % it is at least as much"),
        Column("forecast_high", Type.CRM_MONEY, "and at most as much"),
    ),
    warning=(
        "New business alone, by the month in which it happens: people by their first touch, deals "
        "by their creation, customers and won revenue by the close, spend by its day. Choose one "
        "metric, and either All or channels; intervals cannot be added."
    ),
)
MART_FORECAST_ACCURACY = table(
    "marts",
    "mart_forecast_accuracy",
    "How far off forecasts of each method were, tried on the past",
    "metric, method and horizon",
    ("metric", "method", "horizon"),
    (
        _metric,
        _method,
        _horizon,
        m.number("origins", "Months of the past at which it was tried", "months").required(),
        m.ratio("wape", "What it was off, over channels and origins, per what came"),
        m.ratio("bias", "Forecast less what came, per what came"),
        Column("is_chosen", Type.BOOLEAN, "Whether the forecast uses it", is_required=True),
    ),
    warning="A method sees what is known today of the months before its origin, not what was then.",
)
MART_OUTCOMES_MONTHLY = table(
    "marts",
    "mart_outcomes_monthly",
    "What each month brought, as forecasts read it",
    "channel, metric and month",
    ("channel", "metric", "month"),
    (
        m.channel,
        _metric.meaning_here("What is counted"),
        Column("month", Type.DATE, "First day of the month, in the reporting zone"),
        Column(
            "actual",
            Type.AD_MONEY,
            "What came, so far if the month is under way; a month that brought none has no row",
            unit="people, deals, companies or reporting currency",
            is_required=True,
        ),
    ),
    warning=(
        "New business alone, by the month in which it happens, as mart_forecast_monthly. Choose "
        "one metric; channels add up."
    ),
)
OUTLOOK_MARTS: tuple[Table, ...] = (
    MART_STAGE_DELAYS,
    MART_COHORT_OUTLOOK,
    MART_FORECAST_MONTHLY,
    MART_FORECAST_ACCURACY,
    MART_OUTCOMES_MONTHLY,
)
