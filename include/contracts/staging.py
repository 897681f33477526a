"""The staging tables, where all networks meet in one vocabulary and the CRM joins them."""

from __future__ import annotations

from include.contracts import columns as c
from include.contracts import crm_staging as crm
from include.contracts.shape import Column, Table, table
from include.contracts.visit_staging import VISIT_TABLES

_STAMPS: tuple[Column, ...] = (
    c.batch_id.required(),
    c.first_loaded_at.required(),
    c.last_restated_at,
    c.loaded_at.required(),
)
_PRODUCED: tuple[Column, ...] = (
    c.url_template,
    c.landing_page_url.meaning_here("The page the ad leads to, before its network adds anything"),
    *(
        each.meaning_here(f"{each.name} that a visit will carry, as far as it can be foretold")
        for each in c.UTM
    ),
)

STG_AD_ACCOUNTS = table(
    "staging",
    "stg_ad_accounts",
    "The ad accounts as their networks describe them now",
    "ad account",
    ("platform", "account_id"),
    (
        c.platform,
        c.account_id,
        c.account_name,
        c.account_status,
        c.currency_code.required(),
        c.time_zone.required(),
        *_STAMPS,
    ),
)
STG_CAMPAIGNS = table(
    "staging",
    "stg_campaigns",
    "The campaigns as their networks describe them now, paused and removed ones included",
    "campaign",
    ("platform", "account_id", "campaign_id"),
    (
        c.platform,
        c.account_id,
        c.campaign_id,
        c.campaign_name,
        c.campaign_status,
        c.campaign_type,
        c.objective,
        *_PRODUCED,
        c.start_date,
        c.end_date,
        *_STAMPS,
    ),
    warning="Names are present names: the networks tell no earlier ones.",
)
STG_AD_GROUPS = table(
    "staging",
    "stg_ad_groups",
    "The ad groups as their networks describe them now, paused and removed ones included",
    "ad group",
    ("platform", "account_id", "ad_group_id"),
    (
        c.platform,
        c.account_id,
        c.campaign_id.required(),
        c.ad_group_id,
        c.ad_group_name,
        c.ad_group_status,
        c.ad_group_type,
        *_STAMPS,
    ),
)
STG_ADS = table(
    "staging",
    "stg_ads",
    "The ads as their networks describe them now, paused and removed ones included, with the tags "
    "that their visitors will carry",
    "ad in an ad group",
    ("platform", "account_id", "ad_group_id", "ad_id"),
    (
        c.platform,
        c.account_id,
        c.campaign_id.required(),
        c.ad_group_id,
        c.ad_id,
        c.form_id.meaning_here("The lead form the ad opens, if it opens one"),
        c.ad_name,
        c.ad_status,
        c.ad_type,
        *_PRODUCED,
        *_STAMPS,
    ),
)
STG_AD_ACCOUNT_MANAGERS = table(
    "staging",
    "stg_ad_account_managers",
    "The manager accounts above each ad account",
    "ad account and manager account above it",
    ("platform", "account_id", "manager_account_id"),
    (
        c.platform,
        c.account_id,
        c.manager_account_id,
        c.manager_account_name,
        c.levels_above.required(),
        *_STAMPS,
    ),
)


def _history(name: str, thing: str, *described: Column) -> Table:
    """The states a thing of an ad network went through: its ids, then what is followed."""
    ids = [each.name for each in described if each.name.endswith("_id")]
    return table(
        "staging",
        name,
        f"The names and states each {thing} bore, as far as loads saw them",
        f"{thing} and state",
        ("platform", "account_id", *ids, "valid_from_at"),
        (
            c.platform,
            c.account_id,
            *described,
            c.valid_from_at,
            c.valid_to_at,
            c.batch_id.required(),
            c.loaded_at.required(),
        ),
        warning="Networks tell present names only: what changed twice between two loads is seen "
        "once, and what held before the first load is not known.",
    )


STG_AD_ACCOUNT_HISTORY = _history(
    "stg_ad_account_history", "ad account", c.account_name, c.account_status
)
STG_CAMPAIGN_HISTORY = _history(
    "stg_campaign_history", "campaign", c.campaign_id, c.campaign_name, c.campaign_status
)
STG_AD_GROUP_HISTORY = _history(
    "stg_ad_group_history", "ad group", c.ad_group_id, c.ad_group_name, c.ad_group_status
)
STG_AD_HISTORY = _history("stg_ad_history", "ad", c.ad_group_id, c.ad_id, c.ad_name, c.ad_status)
STG_CAMPAIGN_DAILY = table(
    "staging",
    "stg_campaign_daily",
    "What each campaign cost and brought on each day, as its network reports it",
    "campaign and day",
    ("platform", "account_id", "campaign_id", "date_day"),
    (
        c.platform,
        c.account_id,
        c.campaign_id,
        c.currency_code.required(),
        c.date_day,
        c.spend.required(),
        c.impressions.required(),
        c.clicks.required(),
        c.reported_conversions,
        c.reported_conversions_value,
        *_STAMPS,
    ),
)
STG_ACCOUNT_DAILY = table(
    "staging",
    "stg_account_daily",
    "The account totals each network gives separately: the control against which spend is proved",
    "account and day",
    ("platform", "account_id", "date_day"),
    (
        c.platform,
        c.account_id,
        c.currency_code.required(),
        c.date_day,
        c.spend.required(),
        c.impressions.required(),
        c.clicks.required(),
        *_STAMPS,
    ),
)
STG_AD_DAILY = table(
    "staging",
    "stg_ad_daily",
    "What each ad cost and brought on each day, as its network reports it",
    "ad in an ad group and day",
    ("platform", "account_id", "ad_group_id", "ad_id", "date_day"),
    (
        c.platform,
        c.account_id,
        c.campaign_id.required(),
        c.ad_group_id,
        c.ad_id,
        c.currency_code.required(),
        c.date_day,
        c.spend.required(),
        c.impressions.required(),
        c.clicks.required(),
        c.reported_conversions,
        c.reported_conversions_value,
        *_STAMPS,
    ),
    warning="Less than stg_campaign_daily where a campaign's type has no ads, such as Performance "
    "Max: never a basis for totals.",
)
STG_CONVERSION_DAILY = table(
    "staging",
    "stg_conversion_daily",
    "What each platform claims to have brought, by conversion action or action type",
    "campaign, conversion action and day",
    ("platform", "account_id", "campaign_id", "conversion_action_id", "date_day"),
    (
        c.platform,
        c.account_id,
        c.campaign_id,
        c.conversion_action_id,
        c.conversion_action_name,
        c.currency_code.required(),
        c.date_day,
        c.reported_conversions.required(),
        c.reported_conversions_value,
        *_STAMPS,
    ),
    warning="Never added across platforms; within Meta and LinkedIn, totals stand beside their own "
    "parts.",
)
STG_CLICKS = table(
    "staging",
    "stg_clicks",
    "Ad clicks by click id, kept for good though their network forgets them after 90 days",
    "click",
    ("platform", "account_id", "click_id", "date_day"),
    (
        c.platform,
        c.account_id,
        c.campaign_id,
        c.ad_group_id,
        c.ad_id,
        c.click_id,
        c.keyword,
        c.date_day,
        *_STAMPS,
    ),
)
STG_LEAD_FORM_RESPONSES = table(
    "staging",
    "stg_lead_form_responses",
    "Lead forms that people filled on a network itself",
    "filled form",
    ("platform", "account_id", "response_id"),
    (
        c.platform,
        c.account_id,
        c.campaign_id,
        c.ad_group_id,
        c.ad_id,
        c.response_id,
        c.form_id,
        c.email_hash,
        c.email_domain,
        c.form_name,
        *c.UTM,
        c.date_day.required(),
        c.is_test,
        c.submitted_at.required(),
        *_STAMPS,
    ),
)

STAGING_TABLES: tuple[Table, ...] = (
    STG_AD_ACCOUNTS,
    STG_AD_ACCOUNT_MANAGERS,
    STG_AD_ACCOUNT_HISTORY,
    STG_CAMPAIGNS,
    STG_CAMPAIGN_HISTORY,
    STG_AD_GROUPS,
    STG_AD_GROUP_HISTORY,
    STG_ADS,
    STG_AD_HISTORY,
    STG_CAMPAIGN_DAILY,
    STG_AD_DAILY,
    STG_ACCOUNT_DAILY,
    STG_CONVERSION_DAILY,
    STG_CLICKS,
    STG_LEAD_FORM_RESPONSES,
    *VISIT_TABLES,
    crm.STG_CRM_LEADS,
    crm.STG_CRM_CONTACTS,
    crm.STG_CRM_ACCOUNTS,
    crm.STG_CRM_OPPORTUNITIES,
    crm.STG_CRM_CONTACT_ROLES,
    crm.STG_CRM_CAMPAIGNS,
    crm.STG_CRM_CAMPAIGN_MEMBERS,
    crm.STG_CRM_USERS,
    crm.STG_CRM_RECORD_TYPES,
    crm.STG_CRM_OPPORTUNITY_HISTORY,
    crm.STG_CRM_OPPORTUNITY_FIELD_HISTORY,
    crm.STG_CRM_LEAD_HISTORY,
    crm.STG_CRM_OPPORTUNITY_STAGES,
    crm.STG_CRM_TASKS,
    crm.STG_CRM_EVENTS,
    crm.STG_CRM_CURRENCIES,
    crm.STG_CRM_EXCHANGE_RATES,
    crm.STG_CRM_FIELDS,
)
