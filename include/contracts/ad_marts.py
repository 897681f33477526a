"""The published marts of what was advertised: accounts to ads, what they cost, what they claim."""

from __future__ import annotations

from dataclasses import replace

from include.contracts import columns as c
from include.contracts import mart_columns as m
from include.contracts.shape import Column, Table, Type, table

LEVELS = ("account", "campaign", "ad_group", "ad")
GAP_REASONS = ("not_loaded", "type_without_ads", "rounding", "credit", "unexplained")

_FIGURES: tuple[Column, ...] = (
    c.spend.required(),
    c.spend_base,
    c.fx_rate,
    c.impressions.required(),
    c.clicks.required(),
    c.reported_conversions,
    c.reported_conversions_value,
)
_TAGS: tuple[Column, ...] = tuple(
    each.meaning_here(f"{each.name} that a visit will carry, as far as it can be foretold")
    for each in (
        c.utm_source,
        c.utm_medium,
        c.utm_campaign,
        c.utm_content,
        c.utm_term,
        c.utm_id,
    )
)
_campaign_name_now = c.campaign_name.meaning_here("The campaign's present name")
_ad_group_name_now = c.ad_group_name.meaning_here("The ad group's present name")
_campaign_name_then = c.campaign_name.meaning_here(
    "The name the campaign bore on the day, as far as loads saw it; else its present name"
)

DIM_AD_ACCOUNT = table(
    "marts",
    "dim_ad_account",
    "Every ad account, as it is described now; those known from figures alone too",
    "platform and account",
    ("platform", "account_id"),
    (
        c.platform.meaning_here("The ad network, or the word under which spend was entered"),
        c.account_id.meaning_here("The ad account; manual for spend entered by hand"),
        c.account_name,
        c.account_status,
        c.currency_code,
        c.time_zone,
        m.first_day,
        m.last_day,
    ),
)
DIM_CAMPAIGN = table(
    "marts",
    "dim_campaign",
    "Every campaign, of ad networks, of the CRM and entered by hand, as it is described now",
    "platform, account and campaign",
    ("platform", "account_id", "campaign_id"),
    (
        m.platform,
        m.account_id,
        m.campaign_id,
        c.account_name,
        c.campaign_name,
        c.campaign_status,
        c.campaign_type,
        c.objective,
        m.channel.meaning_here("The channel of the visits it brings; NULL where none is told"),
        c.currency_code,
        c.time_zone,
        c.start_date,
        c.end_date,
        m.first_day,
        m.last_day,
    ),
)
DIM_AD_GROUP = table(
    "marts",
    "dim_ad_group",
    "Every ad group, as it is described now; those known from figures alone too",
    "platform, account and ad group",
    ("platform", "account_id", "ad_group_id"),
    (
        c.platform,
        c.account_id,
        c.campaign_id,
        c.ad_group_id,
        c.account_name,
        _campaign_name_now,
        c.ad_group_name,
        c.ad_group_status,
        c.ad_group_type,
        m.first_day,
        m.last_day,
    ),
)
DIM_AD = table(
    "marts",
    "dim_ad",
    "Every ad, as it is described now, with the tags that its visitors will carry; those known "
    "from figures alone too",
    "platform, account, ad group and ad",
    ("platform", "account_id", "ad_group_id", "ad_id"),
    (
        c.platform,
        c.account_id,
        c.campaign_id,
        c.ad_group_id,
        c.ad_id,
        c.form_id.meaning_here("The lead form the ad opens, if it opens one"),
        c.account_name,
        _campaign_name_now,
        _ad_group_name_now,
        c.ad_name,
        c.ad_status,
        c.ad_type,
        c.url_template,
        c.landing_page_url.meaning_here(
            "The page the ad leads to, before its network adds anything"
        ),
        *_TAGS,
        m.first_day,
        m.last_day,
    ),
    warning="Tags are what the ad would carry now; an earlier visit may have carried others.",
)
DIM_NAME_HISTORY = table(
    "marts",
    "dim_name_history",
    "The names and states that accounts, campaigns, ad groups and ads bore, as far as loads saw "
    "them",
    "platform, account, level, thing and state",
    ("platform", "account_id", "level", "thing_id", "valid_from_at"),
    (
        c.platform,
        c.account_id,
        m.text("level", "Which kind of thing").required(),
        m.text("thing_id", "The thing's id; of an ad its ad group's id, a slash and its own"),
        m.text("thing_name", "The name it bore"),
        m.text("thing_status", "Its state in its network's own word"),
        c.valid_from_at,
        c.valid_to_at,
    ),
    warning="What changed twice between two loads is seen once; what held before the first load is "
    "not known.",
)
FCT_AD_SPEND_DAILY = table(
    "marts",
    "fct_ad_spend_daily",
    "What each campaign cost and brought on each day: as its network reports it, or as entered by "
    "hand",
    "platform, account, campaign and day",
    ("platform", "account_id", "campaign_id", "date_day"),
    (
        c.platform.meaning_here("The ad network, or the word under which spend was entered"),
        c.account_id.meaning_here("The ad account; manual for spend entered by hand"),
        c.campaign_id.meaning_here("The campaign; its name where it was entered by hand"),
        c.account_name,
        _campaign_name_then,
        c.currency_code.required(),
        c.date_day,
        c.fx_rate_date,
        *(
            each.meaning_here(f"{each.meaning}; 0 for spend entered by hand")
            if each.name in ("impressions", "clicks")
            else each
            for each in _FIGURES
        ),
        c.first_loaded_at.meaning_here(
            "When this row first reached staging; NULL for spend entered by hand"
        ),
        c.last_restated_at,
    ),
    warning="Add spend only within one currency_code; spend_base is one currency throughout.",
)
FCT_AD_PERFORMANCE_DAILY = table(
    "marts",
    "fct_ad_performance_daily",
    "What each ad cost and brought on each day, as its network reports it",
    "platform, account, ad group, ad and day",
    ("platform", "account_id", "ad_group_id", "ad_id", "date_day"),
    (
        c.platform,
        c.account_id,
        c.campaign_id.required(),
        c.ad_group_id,
        c.ad_id,
        c.account_name,
        _campaign_name_then,
        c.ad_group_name.meaning_here(
            "The name the ad group bore on the day, as far as loads saw it; else its present name"
        ),
        c.ad_name.meaning_here(
            "The name the ad bore on the day, as far as loads saw it; else its present name"
        ),
        c.currency_code.required(),
        c.date_day,
        c.fx_rate_date,
        *_FIGURES,
        c.first_loaded_at.required(),
        c.last_restated_at,
    ),
    warning="Less than fct_ad_spend_daily where a campaign has no ads, such as Performance Max: "
    "take totals from there. mart_ad_level_gaps_monthly names every difference.",
)
FCT_CONVERSIONS_DAILY = table(
    "marts",
    "fct_conversions_daily",
    "What each platform claims to have brought on each day, by conversion action or action type",
    "platform, account, campaign, conversion action and day",
    ("platform", "account_id", "campaign_id", "conversion_action_id", "date_day"),
    (
        c.platform,
        c.account_id,
        c.campaign_id,
        c.conversion_action_id,
        c.account_name,
        _campaign_name_then,
        c.conversion_action_name,
        c.currency_code.required(),
        c.date_day,
        c.reported_conversions.required(),
        c.reported_conversions_value,
        c.first_loaded_at.required(),
        c.last_restated_at,
    ),
    warning="Claims of the platforms: never add them across platforms, nor to what the CRM shows. "
    "Within Meta an action type may be the sum of others: choose one action at a time.",
)
MART_AD_LEVEL_GAPS_MONTHLY = table(
    "marts",
    "mart_ad_level_gaps_monthly",
    "What campaigns have that their ads do not, and why",
    "platform, account, campaign, currency, month and reason",
    ("platform", "account_id", "campaign_id", "currency_code", "month", "reason"),
    (
        c.platform,
        c.account_id,
        c.campaign_id,
        c.account_name,
        _campaign_name_now,
        c.campaign_type,
        Column(
            "reason",
            Type.TEXT,
            "not_loaded: the ad level of the day was never loaded; type_without_ads: no campaign "
            "of its type has ads; rounding: no more than half a cent an ad and half a cent for the "
            "campaign; credit: the campaign cost less than its ads, which bear none of its credit; "
            "unexplained: the network gives less for the ads",
            one_of=GAP_REASONS,
        ),
        c.currency_code.required(),
        Column("month", Type.DATE, "First day of the month"),
        m.number("days", "Days of the month with this difference", "days").required(),
        *(
            replace(
                each,
                name=f"{each.name}_gap",
                meaning=f"{words} at campaign level less those of its ads",
                at_least=None,
            ).required()
            for each, words in (
                (c.spend, "Spend"),
                (c.impressions, "Impressions"),
                (c.clicks, "Clicks"),
            )
        ),
    ),
)

AD_MARTS: tuple[Table, ...] = (
    DIM_AD_ACCOUNT,
    DIM_CAMPAIGN,
    DIM_AD_GROUP,
    DIM_AD,
    DIM_NAME_HISTORY,
    FCT_AD_SPEND_DAILY,
    FCT_AD_PERFORMANCE_DAILY,
    FCT_CONVERSIONS_DAILY,
    MART_AD_LEVEL_GAPS_MONTHLY,
)
