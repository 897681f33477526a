"""The staging tables of the CRM."""

from __future__ import annotations

from include.contracts import columns as c
from include.contracts.shape import Column, Table, table

_STAMPS: tuple[Column, ...] = (c.batch_id.required(), c.loaded_at.required())
_CAPTURE: tuple[Column, ...] = (
    *c.UTM,
    c.gclid,
    c.fbclid,
    c.li_fat_id,
    c.landing_page_url,
    c.referrer_url,
)
_NEED: tuple[Column, ...] = (
    c.job_title,
    c.stated_product,
    c.stated_problem,
    c.stated_timeframe,
)
_TOLERANCE = 0.01

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
        *_NEED,
        *_CAPTURE,
        c.converted_date,
        c.employee_count,
        c.is_converted.required(),
        c.is_deleted.required(),
        c.created_at.required(),
        c.modified_at.required(),
        c.mql_at,
        c.sql_at,
        *_STAMPS,
    ),
    tolerated_share=_TOLERANCE,
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
        *_NEED,
        *_CAPTURE,
        c.is_deleted.required(),
        c.created_at.required(),
        c.modified_at.required(),
        c.mql_at,
        c.sql_at,
        *_STAMPS,
    ),
    tolerated_share=_TOLERANCE,
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
        *_STAMPS,
    ),
    tolerated_share=_TOLERANCE,
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
        *_STAMPS,
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
        *_STAMPS,
    ),
    tolerated_share=_TOLERANCE,
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
        *_STAMPS,
    ),
    tolerated_share=_TOLERANCE,
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
        *_STAMPS,
    ),
    tolerated_share=_TOLERANCE,
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
        *_STAMPS,
    ),
    tolerated_share=_TOLERANCE,
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
        *_STAMPS,
    ),
    tolerated_share=_TOLERANCE,
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
        *_STAMPS,
    ),
    tolerated_share=_TOLERANCE,
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
            *_STAMPS,
        ),
        tolerated_share=_TOLERANCE,
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
            *_STAMPS,
        ),
        tolerated_share=_TOLERANCE,
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
        *_STAMPS,
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
        *_STAMPS,
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
        *_STAMPS,
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
        *_STAMPS,
    ),
)
