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
        "enough was spent to tell, and its part of the channel's leads that name no campaign would "
        "not change that; watch: neither; wait: too young or too little; mend the tags: spend "
        "without tagged visitors, which nobody can judge",
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
MART_ADVICE_RECORD = table(
    "marts",
    "mart_advice_record",
    "How advice turned out, once the three months after it are old enough to judge",
    "advice given",
    ("advised_on", "level", "platform", "account_id", "campaign_id", "channel"),
    (
        Column("level", Type.TEXT, "Whose advice", one_of=("campaign", "channel")),
        m.platform.meaning_here("The campaign's network; empty for a channel"),
        m.account_id.meaning_here("The campaign's account; empty for a channel"),
        m.campaign_id.meaning_here("The campaign; empty for a channel"),
        c.campaign_name,
        m.channel,
        Column("verdict", Type.TEXT, "What was advised", one_of=VERDICTS, is_required=True),
        Column("advised_on", Type.DATE, "The as-of day of the marts it stood in"),
        Column(
            "first_month", Type.DATE, "The first whole month after the advice", is_required=True
        ),
        Column("last_month", Type.DATE, "The third month after it", is_required=True),
        c.spend_base.meaning_here("What it spent in those three months"),
        m.number("won_deals", "Deals won of people first touched in them", "deals").required(),
        c.won_revenue_base.meaning_here("The amount of those deals"),
        m.ratio("roi", "Their revenue less the spend, per spend"),
        Column("roi_low", Type.RATIO, "The return was told to be no less in nine cases of ten"),
        Column("roi_high", Type.RATIO, "The return was told to be no more in nine cases of ten"),
        Column("chance", Type.RATIO, "How likely it was said to be above the bar"),
        Column("roi_bar", Type.RATIO, "The return that was asked for", is_required=True),
        Column(
            "is_right",
            Type.BOOLEAN,
            "Whether the return was above the bar after scale or keep, not above it after pause; "
            "NULL: nothing was claimed, or nothing spent",
        ),
        Column(
            "is_within",
            Type.BOOLEAN,
            "Whether the return lay between the bounds told; of few deals it seldom does",
        ),
    ),
    warning="Three months of one campaign hold few deals: one line proves nothing, many do.",
)
ADVICE_MARTS: tuple[Table, ...] = (MART_CAMPAIGN_ADVICE, MART_CHANNEL_ADVICE, MART_ADVICE_RECORD)
