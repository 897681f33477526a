"""The published marts of advice: what to do with each campaign and channel, and how surely."""

from __future__ import annotations

from dataclasses import replace

from include.contracts import columns as c
from include.contracts import mart_columns as m
from include.contracts.shape import Column, Table, Type, table

VERDICTS = ("scale", "keep", "watch", "pause", "wait", "mend the tags")

_JUDGEMENT = (
    Column(
        "verdict",
        Type.TEXT,
        "scale: 80 % likely to return more than the bar; keep: 50 %; pause: less than 10 %, and "
        "enough was spent to tell; watch: neither; wait: too young or too little; mend the tags: "
        "spend without tagged visitors, which nobody can judge",
        one_of=VERDICTS,
        is_required=True,
    ),
    Column("sentence", Type.TEXT, "The advice with its numbers", is_required=True),
    m.text(
        "flips",
        "What would be advised otherwise: by another model, by half the look-back, with a return "
        "asked for that is half as high again or two thirds as high; NULL: nothing",
    ),
    Column(
        "mature_before",
        Type.DATE,
        "Months before this one are old enough to judge; NULL where nothing was ever won",
    ),
    m.number("months_of_spend", "Months in which it spent", "months").required(),
    m.number(
        "untagged_months", "Those of them in which no visitor is known to have come by it", "months"
    ).required(),
    replace(
        c.spend_base,
        meaning="What it spent in mature cohorts of the last 36 months",
        is_required=True,
    ),
    replace(c.spend_base, name="young_spend_base", meaning="What it spent since", is_required=True),
    c.leads.meaning_here("Leads of those mature cohorts").required(),
    Column("won_deals", Type.RATE, "Deals those won", unit="deals", is_required=True),
    replace(c.won_revenue_base, meaning="The amount of those deals", is_required=True),
    m.ratio("roi", "Their revenue less their spend, per spend"),
    Column("roi_low", Type.RATIO, "The return is not below in nine cases of ten"),
    Column("roi_expected", Type.RATIO, "The return is as likely above as below"),
    Column("roi_high", Type.RATIO, "The return is not above in nine cases of ten"),
    Column("chance", Type.RATIO, "How likely the return is above the bar; NULL: not judged"),
    Column("roi_bar", Type.RATIO, "The return that was asked for", is_required=True),
    Column(
        "is_running",
        Type.BOOLEAN,
        "Whether it spent in the 30 days before the as-of day",
        is_required=True,
    ),
)
_WARNING = (
    "What was observed, not an experiment: nobody knows what would have come without the spend. "
    "The return has the campaign held against others, roi is what it shows by itself."
)

MART_CAMPAIGN_ADVICE = table(
    "marts",
    "mart_campaign_advice",
    "What to do with each campaign that spent: scale, keep, watch or pause, and how sure that is",
    "platform, account and campaign",
    ("platform", "account_id", "campaign_id"),
    (m.platform, m.account_id, m.campaign_id, c.campaign_name, m.channel.required(), *_JUDGEMENT),
    warning=_WARNING,
)
MART_CHANNEL_ADVICE = table(
    "marts",
    "mart_channel_advice",
    "What to do with each channel that spent: scale, keep, watch or pause, and how sure that is",
    "channel",
    ("channel",),
    (m.channel, *_JUDGEMENT),
    warning=_WARNING,
)
ADVICE_MARTS: tuple[Table, ...] = (MART_CAMPAIGN_ADVICE, MART_CHANNEL_ADVICE)
