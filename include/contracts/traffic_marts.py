"""The published mart of what cannot be tied: spend to people, people to campaigns."""

from __future__ import annotations

from dataclasses import replace

from include.contracts import columns as c
from include.contracts import mart_columns as m
from include.contracts.shape import Column, Type, table

SPEND_FINDINGS = ("campaign_without_touch", "month_without_touch")
TAG_FINDINGS = (
    "unknown_campaign",
    "ambiguous_campaign",
    "unexpanded_macro",
    "click_id_alone",
    "no_campaign_tag",
    "unpaid_tags",
    "lead_form_without_campaign",
    "activity",
    "lead_source_alone",
    "referrer_alone",
    "direct",
)
TOUCHLESS_FINDINGS = (
    "no_person",
    "no_touch",
    "touches_before_look_back",
    "touches_after_creation",
)

_finding = Column(
    "finding",
    Type.TEXT,
    "What is wrong: of spend, no touch in the month or at all; of people, what the touch bore in "
    "place of a campaign (a name that none bears or several bear, an unfilled placeholder, a click "
    "id alone, tags without a campaign or of unpaid visits, no tags), or why there is no touch",
    one_of=(*SPEND_FINDINGS, *TAG_FINDINGS, *TOUCHLESS_FINDINGS),
    is_required=True,
)
_utm = tuple(
    each.meaning_here(f"{each.name} of the touches, decoded; (none) where there is none")
    for each in (c.utm_source, c.utm_medium, c.utm_campaign)
)
_UNKNOWN = "NULL where a rate is missing"


def _money(name: str, meaning: str) -> Column:
    return Column(name, Type.CRM_MONEY, f"{meaning}; {_UNKNOWN}", unit="reporting currency")


MART_UTM_AUDIT = table(
    "marts",
    "mart_utm_audit",
    "Which spend can be tied to no person, and which people and deals to no campaign, in money and "
    "in leads, with the alias that would mend it",
    "finding, platform, account, campaign, channel, tags and month",
    (
        "platform",
        "account_id",
        "campaign_id",
        "finding",
        "channel",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "cohort_month",
    ),
    (
        m.platform,
        m.account_id,
        m.campaign_id,
        m.text("suggested_platform", "The network of the one campaign whose name comes near"),
        m.text("suggested_account_id", "The ad account of that campaign"),
        m.text("suggested_campaign_id", "That campaign; NULL where none or several come near"),
        _finding,
        c.campaign_name.meaning_here("The name of the campaign whose spend is untied"),
        m.channel,
        *_utm,
        m.text("suggested_campaign_name", "The present name of the campaign suggested"),
        m.text(
            "suggested_alias",
            "The line of campaign_aliases.csv that would mend it; one for all spellings of a name",
        ),
        c.cohort_month.meaning_here(
            "First day of the month of the spend or of the touches; without a touch, of the month "
            "in which person or deal was first known"
        ),
        replace(
            c.spend_base,
            meaning="Spend that no touch of its campaign and month answers; 0 for people's rows, "
            "NULL where a rate is missing",
        ),
        c.impressions.required(),
        c.clicks.required(),
        m.number("touches", "Touches with such tags in the month", "touches").required(),
        m.number(
            "people", "People so touched in the month, or without a touch", "people"
        ).required(),
        c.leads.meaning_here("People whose first touch is among them").required(),
        c.opportunities.meaning_here(
            "New-business deals whose first touch is among them"
        ).required(),
        c.won_deals.required(),
        _money("won_revenue_base", "Amount of the deals won"),
        _money("open_pipeline_base", "Amount of the deals open"),
        _money("other_won_revenue_base", "Won revenue of renewals and expansions so first touched"),
        _money("other_open_pipeline_base", "Open pipeline of renewals and expansions so touched"),
    ),
    warning="people is no sum over months or tags: one person may stand in several rows. All else "
    "may be added; leads, deals and money are those of the ROI marts' rows unmatched and "
    "unattributed.",
)
