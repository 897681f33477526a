"""The published marts of returns: what each month's spend has brought since."""

from __future__ import annotations

from dataclasses import replace

from include.contracts import columns as c
from include.contracts import mart_columns as m
from include.contracts.choices import ATTRIBUTION_MODELS
from include.contracts.shape import Column, Table, Type, table

_OUTCOMES = (
    c.leads.required(),
    c.mqls.required(),
    c.sqls.required(),
    c.opportunities.required(),
    c.won_deals.required(),
    c.lost_deals.required(),
    c.customers.required(),
    c.won_revenue_base.meaning_here("Amount of the deals won; NULL where a rate is missing"),
    c.open_pipeline_base.meaning_here("Amount of the deals open; NULL where a rate is missing"),
    c.lost_amount_base.meaning_here("Amount of the deals lost; NULL where a rate is missing"),
)
_RATIOS = (
    m.ratio("ctr", "Clicks per impression"),
    m.ratio("cpc", "Spend per click", "reporting currency"),
    m.ratio("cpm", "Spend per 1,000 impressions", "reporting currency"),
    m.ratio("cpl", "Spend per lead", "reporting currency"),
    m.ratio("cost_per_mql", "Spend per MQL", "reporting currency"),
    m.ratio("cost_per_sql", "Spend per SQL", "reporting currency"),
    m.ratio("cost_per_opportunity", "Spend per opportunity", "reporting currency"),
    m.ratio("cac", "Spend per new customer", "reporting currency"),
    m.ratio("roas", "Won revenue per spend"),
    m.ratio("roi", "Won revenue less spend, per spend"),
    m.ratio("pipeline_per_spend", "Open pipeline per spend"),
    m.ratio("win_rate", "Deals won per deals won or lost"),
    m.ratio("win_rate_by_amount", "Won revenue per amount won or lost"),
)


def _credited(column: Column, meaning: str) -> Column:
    """A count of which a model may credit a part."""
    return replace(column, type=Type.RATE, meaning=meaning, at_least=None, is_required=True)


_missing_days = m.number(
    "missing_days",
    "Days of the month not wholly loaded, over the ad accounts concerned; mart_data_health names "
    "them",
    "account days",
).required()
_ROI_WARNING = (
    "New business alone, by the month of the first touch: young cohorts have had little time to "
    "buy (age_days). Add sums and divide again; never add or average ratios."
)
_spend_base = replace(
    c.spend_base, meaning="Spend at each day's rate; NULL where a rate is missing"
)

MART_CAMPAIGN_ROI_MONTHLY = table(
    "marts",
    "mart_campaign_roi_monthly",
    "What each month's spend on a campaign has brought since",
    "platform, account, campaign and cohort month",
    ("platform", "account_id", "campaign_id", "cohort_month"),
    (
        m.platform,
        m.account_id,
        m.campaign_id,
        c.account_name,
        c.campaign_name,
        m.channel.meaning_here("The campaign's channel; NULL where no campaign is known"),
        c.cohort_month,
        _spend_base,
        c.impressions.required(),
        c.clicks.required(),
        c.reported_conversions,
        *_OUTCOMES,
        *_RATIOS,
        c.age_days.required(),
        _missing_days,
    ),
    warning=_ROI_WARNING,
)
MART_CHANNEL_ROI_MONTHLY = table(
    "marts",
    "mart_channel_roi_monthly",
    "What each month's spend on a channel has brought since",
    "channel and cohort month",
    ("channel", "cohort_month"),
    (
        m.channel,
        c.cohort_month,
        _spend_base,
        c.impressions.required(),
        c.clicks.required(),
        *_OUTCOMES,
        *_RATIOS,
        c.age_days.required(),
        _missing_days,
    ),
    warning=_ROI_WARNING,
)
MART_RETURNS_BY_MODEL_MONTHLY = table(
    "marts",
    "mart_returns_by_model_monthly",
    "What each month's spend on a campaign has brought since, as each model credits it",
    "model, channel, platform, account, campaign, cohort month and currency",
    (
        "model",
        "platform",
        "account_id",
        "campaign_id",
        "channel",
        "currency_code",
        "cohort_month",
    ),
    (
        replace(c.model, one_of=ATTRIBUTION_MODELS),
        m.platform,
        m.account_id,
        m.campaign_id,
        m.channel.meaning_here("The channel of the campaign's visits, or of the touches"),
        c.currency_code.meaning_here("ISO 4217 code of the amounts beside it; XXX of people"),
        c.cohort_month,
        c.spend.required(),
        _spend_base,
        c.impressions.required(),
        c.clicks.required(),
        c.reported_conversions,
        c.leads.required(),
        c.mqls.required(),
        c.sqls.required(),
        c.opportunities.required(),
        _credited(c.won_deals, "Deals won, each with the part credited here"),
        _credited(c.customers, "Companies that became customers, each with the part credited here"),
        Column(
            "won_revenue",
            Type.CRM_MONEY,
            "What of the deals won is credited here",
            unit="currency_code",
            is_required=True,
        ),
        c.won_revenue_base.meaning_here("The same at the close day's rate; NULL where one lacks"),
        Column(
            "open_pipeline",
            Type.CRM_MONEY,
            "What of the deals open is credited here",
            unit="currency_code",
            is_required=True,
        ),
        c.open_pipeline_base.meaning_here("The same at the as-of rate; NULL where one lacks"),
    ),
    warning="Choose one model before adding: each repeats the spend, the people and the deals.",
)
RETURNS_MARTS: tuple[Table, ...] = (
    MART_CAMPAIGN_ROI_MONTHLY,
    MART_CHANNEL_ROI_MONTHLY,
    MART_RETURNS_BY_MODEL_MONTHLY,
)
