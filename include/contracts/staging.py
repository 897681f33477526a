"""The staging tables, where all networks and the CRM meet in one vocabulary."""

from __future__ import annotations

from include.contracts import columns as c
from include.contracts.shape import Column, Table, table

_STAMPS: tuple[Column, ...] = (
    c.batch_id.required(),
    c.first_loaded_at.required(),
    c.last_restated_at,
    c.loaded_at.required(),
)
_CRM_STAMPS: tuple[Column, ...] = (c.batch_id.required(), c.loaded_at.required())
_UTM: tuple[Column, ...] = (
    c.utm_source,
    c.utm_medium,
    c.utm_campaign,
    c.utm_content,
    c.utm_term,
    c.utm_id,
)
_PRODUCED: tuple[Column, ...] = (
    c.url_template,
    c.landing_page_url.meaning_here("The page the ad leads to, before its network adds anything"),
    *(
        each.meaning_here(f"{each.name} that a visit will carry, as far as it can be foretold")
        for each in _UTM
    ),
)
_CAPTURE: tuple[Column, ...] = (
    *_UTM,
    c.gclid,
    c.fbclid,
    c.li_fat_id,
    c.landing_page_url,
    c.referrer_url,
)
_CRM_TOLERANCE = 0.01

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
        *_UTM,
        c.date_day.required(),
        c.is_test,
        c.submitted_at.required(),
        *_STAMPS,
    ),
)
STG_CRM_LEADS = table(
    "staging",
    "stg_crm_leads",
    "Leads, converted, merged and deleted ones included",
    "lead",
    ("lead_id",),
    (
        c.lead_id,
        c.owner_id,
        c.master_record_id,
        c.converted_contact_id,
        c.converted_account_id,
        c.converted_opportunity_id,
        c.email_hash,
        c.email_domain,
        c.lead_source,
        c.lead_status,
        c.company_name,
        c.industry,
        c.country,
        *_CAPTURE,
        c.converted_date,
        c.employee_count,
        c.is_converted.required(),
        c.is_deleted.required(),
        c.created_at.required(),
        c.modified_at.required(),
        c.mql_at,
        c.sql_at,
        *_CRM_STAMPS,
    ),
    tolerated_share=_CRM_TOLERANCE,
)
STG_CRM_CONTACTS = table(
    "staging",
    "stg_crm_contacts",
    "Contacts, merged and deleted ones included",
    "contact",
    ("contact_id",),
    (
        c.contact_id,
        c.crm_account_id,
        c.owner_id,
        c.master_record_id,
        c.email_hash,
        c.email_domain,
        c.lead_source,
        c.country,
        *_CAPTURE,
        c.is_deleted.required(),
        c.created_at.required(),
        c.modified_at.required(),
        c.mql_at,
        c.sql_at,
        *_CRM_STAMPS,
    ),
    tolerated_share=_CRM_TOLERANCE,
)
STG_CRM_ACCOUNTS = table(
    "staging",
    "stg_crm_accounts",
    "Companies, merged and deleted ones included",
    "company",
    ("crm_account_id",),
    (
        c.crm_account_id,
        c.owner_id,
        c.master_record_id,
        c.company_name,
        c.crm_account_type,
        c.industry,
        c.country,
        c.employee_count,
        c.is_deleted.required(),
        c.created_at.required(),
        c.modified_at.required(),
        *_CRM_STAMPS,
    ),
    tolerated_share=_CRM_TOLERANCE,
)
STG_CRM_OPPORTUNITIES = table(
    "staging",
    "stg_crm_opportunities",
    "Deals: open, won, lost and deleted ones",
    "deal",
    ("opportunity_id",),
    (
        c.opportunity_id,
        c.crm_account_id,
        c.contact_id.meaning_here("The contact the deal itself names, if any"),
        c.crm_campaign_id.meaning_here("The deal's primary campaign source in the CRM"),
        c.owner_id,
        c.record_type_id,
        c.opportunity_name,
        c.opportunity_type,
        c.stage_name.required(),
        c.lead_source,
        c.currency_code.required(),
        c.close_date.required(),
        c.amount,
        c.is_closed.required(),
        c.is_deleted.required(),
        c.is_won.required(),
        c.created_at.required(),
        c.modified_at.required(),
        *_CRM_STAMPS,
    ),
    warning="Deals of every currency stand together; add amounts only within one currency_code.",
)
STG_CRM_CONTACT_ROLES = table(
    "staging",
    "stg_crm_contact_roles",
    "Which contacts play a part in which deals",
    "contact and deal",
    ("contact_role_id",),
    (
        c.contact_role_id,
        c.opportunity_id.required(),
        c.contact_id.required(),
        c.contact_role,
        c.is_deleted.required(),
        c.is_primary.required(),
        c.created_at.required(),
        c.modified_at.required(),
        *_CRM_STAMPS,
    ),
    tolerated_share=_CRM_TOLERANCE,
)
STG_CRM_CAMPAIGNS = table(
    "staging",
    "stg_crm_campaigns",
    "Campaigns as the CRM keeps them: webinars, white papers, events, mailings",
    "CRM campaign",
    ("crm_campaign_id",),
    (
        c.crm_campaign_id,
        c.parent_crm_campaign_id,
        c.owner_id,
        c.crm_campaign_name,
        c.crm_campaign_type,
        c.crm_campaign_status,
        c.currency_code.required(),
        c.start_date,
        c.end_date,
        c.budgeted_cost,
        c.actual_cost,
        c.is_active,
        c.is_deleted.required(),
        c.created_at.required(),
        c.modified_at.required(),
        *_CRM_STAMPS,
    ),
    tolerated_share=_CRM_TOLERANCE,
)
STG_CRM_CAMPAIGN_MEMBERS = table(
    "staging",
    "stg_crm_campaign_members",
    "Who was part of which CRM campaign, and whether they responded",
    "membership",
    ("campaign_member_id",),
    (
        c.campaign_member_id,
        c.crm_campaign_id.required(),
        c.lead_id,
        c.contact_id,
        c.member_status,
        c.first_responded_date,
        c.has_responded.required(),
        c.is_deleted.required(),
        c.created_at.required(),
        c.modified_at.required(),
        *_CRM_STAMPS,
    ),
    tolerated_share=_CRM_TOLERANCE,
)
STG_CRM_USERS = table(
    "staging",
    "stg_crm_users",
    "The CRM's users, without names",
    "user",
    ("user_id",),
    (
        c.user_id,
        c.department,
        c.is_active.required(),
        c.is_deleted.required(),
        c.created_at.required(),
        c.modified_at.required(),
        *_CRM_STAMPS,
    ),
    tolerated_share=_CRM_TOLERANCE,
)
STG_CRM_RECORD_TYPES = table(
    "staging",
    "stg_crm_record_types",
    "Record types of CRM objects",
    "record type",
    ("record_type_id",),
    (
        c.record_type_id,
        c.object_name.required(),
        c.record_type_name,
        c.record_type_developer_name,
        c.is_active.required(),
        c.is_deleted.required(),
        c.created_at.required(),
        c.modified_at.required(),
        *_CRM_STAMPS,
    ),
    tolerated_share=_CRM_TOLERANCE,
)
STG_CRM_OPPORTUNITY_HISTORY = table(
    "staging",
    "stg_crm_opportunity_history",
    "Stage, amount and close day of each deal after each change",
    "change of a deal",
    ("opportunity_history_id",),
    (
        c.opportunity_history_id,
        c.opportunity_id.required(),
        c.stage_name.required(),
        c.forecast_category,
        c.currency_code.required(),
        c.close_date,
        c.amount,
        c.probability,
        c.is_deleted.required(),
        c.created_at.required().meaning_here("When the change was made"),
        c.modified_at.required(),
        *_CRM_STAMPS,
    ),
    tolerated_share=_CRM_TOLERANCE,
)


def _field_history(name: str, thing: str, thing_id: Column) -> Table:
    return table(
        "staging",
        name,
        f"Changes of each {thing}'s tracked fields; personal values are left out",
        "change of a field",
        ("field_history_id",),
        (
            c.field_history_id,
            thing_id.required(),
            c.field_name.required(),
            c.old_value,
            c.new_value,
            c.is_deleted.required(),
            c.created_at.required().meaning_here("When the change was made"),
            c.modified_at.required().meaning_here("The same instant: history is never edited"),
            *_CRM_STAMPS,
        ),
        tolerated_share=_CRM_TOLERANCE,
    )


STG_CRM_OPPORTUNITY_FIELD_HISTORY = _field_history(
    "stg_crm_opportunity_field_history", "deal", c.opportunity_id
)
STG_CRM_LEAD_HISTORY = _field_history("stg_crm_lead_history", "lead", c.lead_id)


def _activities(name: str, thing: str, thing_id: Column) -> Table:
    return table(
        "staging",
        name,
        f"{thing}s of sales with leads, contacts and deals, without their texts; read on request",
        thing.lower(),
        (thing_id.name,),
        (
            thing_id,
            c.lead_id,
            c.contact_id,
            c.opportunity_id,
            c.owner_id,
            c.activity_type,
            c.activity_status,
            c.activity_date,
            c.is_deleted.required(),
            c.created_at.required(),
            c.modified_at.required(),
            *_CRM_STAMPS,
        ),
        tolerated_share=_CRM_TOLERANCE,
    )


STG_CRM_TASKS = _activities("stg_crm_tasks", "Task", c.task_id)
STG_CRM_EVENTS = _activities("stg_crm_events", "Event", c.event_id)
STG_CRM_OPPORTUNITY_STAGES = table(
    "staging",
    "stg_crm_opportunity_stages",
    "The sales stages the CRM knows, in its order",
    "sales stage",
    ("opportunity_stage_id",),
    (
        c.opportunity_stage_id,
        c.stage_name.required(),
        c.forecast_category,
        c.probability,
        c.sort_order,
        c.is_active.required(),
        c.is_closed.required(),
        c.is_deleted.required(),
        c.is_won.required(),
        c.created_at.required(),
        c.modified_at.required(),
        *_CRM_STAMPS,
    ),
)
STG_CRM_CURRENCIES = table(
    "staging",
    "stg_crm_currencies",
    "The currencies of an org that keeps several, with their present rates",
    "currency",
    ("currency_code",),
    (
        c.currency_code,
        c.decimal_places,
        c.conversion_rate.required(),
        c.is_active.required(),
        c.is_corporate.required(),
        c.is_deleted.required(),
        c.created_at.required(),
        c.modified_at.required(),
        *_CRM_STAMPS,
    ),
)
STG_CRM_EXCHANGE_RATES = table(
    "staging",
    "stg_crm_exchange_rates",
    "The CRM's own dated exchange rates",
    "currency and first day",
    ("exchange_rate_id",),
    (
        c.exchange_rate_id,
        c.currency_code.required(),
        c.valid_from_date.required(),
        c.valid_to_date,
        c.conversion_rate.required(),
        c.is_deleted.required(),
        c.created_at.required(),
        c.modified_at.required(),
        *_CRM_STAMPS,
    ),
)
STG_CRM_FIELDS = table(
    "staging",
    "stg_crm_fields",
    "The fields of the CRM objects we read, as the CRM describes them to us now",
    "object and field",
    ("object_name", "field_name"),
    (
        c.object_name,
        c.field_name,
        c.field_type.required(),
        c.field_length,
        c.is_calculated.required(),
        c.is_custom.required(),
        *_CRM_STAMPS,
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
    STG_CRM_LEADS,
    STG_CRM_CONTACTS,
    STG_CRM_ACCOUNTS,
    STG_CRM_OPPORTUNITIES,
    STG_CRM_CONTACT_ROLES,
    STG_CRM_CAMPAIGNS,
    STG_CRM_CAMPAIGN_MEMBERS,
    STG_CRM_USERS,
    STG_CRM_RECORD_TYPES,
    STG_CRM_OPPORTUNITY_HISTORY,
    STG_CRM_OPPORTUNITY_FIELD_HISTORY,
    STG_CRM_LEAD_HISTORY,
    STG_CRM_OPPORTUNITY_STAGES,
    STG_CRM_TASKS,
    STG_CRM_EVENTS,
    STG_CRM_CURRENCIES,
    STG_CRM_EXCHANGE_RATES,
    STG_CRM_FIELDS,
)
