"""The objects of Salesforce that we read, and which standard field fills which of our columns.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from include.contracts import crm_staging
from include.contracts.shape import Table
from include.sources.personal import EMAIL_HASH

ID, STAMP, CREATED = "Id", "SystemModstamp", "CreatedDate"
WEEK = 7

_ALWAYS = {"is_deleted": "IsDeleted", "created_at": CREATED, "modified_at": STAMP}
_MERGED = {"master_record_id": "MasterRecordId"}
_OWNED = {"owner_id": "OwnerId"}
# A lookup that can lead to several objects: the id's first characters tell which.
# https://help.salesforce.com/s/articleView?id=000385203
_PARTIES = {"lead_id": "WhoId", "contact_id": "WhoId", "opportunity_id": "WhatId"}
_PREFIXES = {"lead_id": "00Q", "contact_id": "003", "opportunity_id": "006"}


@dataclass(frozen=True, slots=True)
class CrmObject:
    """An sObject and the staging table it feeds: our column → its standard field.

    ``stamp``: the field that says when a record last changed; field histories, which are never
    edited, have their creation alone. ``is_captured``: whether custom fields hold what a form
    captured of the visit. ``compared_every_days``: how often its ids are compared with ours, to
    find what was deleted without a tombstone (None: its records cannot be deleted).
    ``whole_every_days``: how often every record is read, for formulas and roll-ups change without
    a new stamp (None: it has none we could read). ``is_optional``: whether an org may lack it.
    ``history_of``: the object whose fields' changes it tells. ``prefixes``: the ids a column takes.
    """

    name: str
    stream: str
    table: Table
    columns: Mapping[str, str]
    stamp: str = STAMP
    is_captured: bool = False
    compared_every_days: int | None = 1
    whole_every_days: int | None = WEEK
    is_optional: bool = False
    by_default: bool = True
    history_of: str | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)


def _field_history(of: str, stream: str, table: Table, name: str) -> CrmObject:
    return CrmObject(
        name,
        stream,
        table,
        {
            "field_history_id": ID,
            f"{of.lower()}_id": f"{of}Id",
            "field_name": "Field",
            "old_value": "OldValue",
            "new_value": "NewValue",
            "is_deleted": "IsDeleted",
            "created_at": CREATED,
            "modified_at": CREATED,
        },
        stamp=CREATED,
        compared_every_days=None,
        whole_every_days=None,
        is_optional=True,
        history_of=of,
    )


OBJECTS: tuple[CrmObject, ...] = (
    CrmObject(
        "Lead",
        "leads",
        crm_staging.STG_CRM_LEADS,
        {
            "lead_id": ID,
            **_OWNED,
            **_MERGED,
            "converted_contact_id": "ConvertedContactId",
            "converted_account_id": "ConvertedAccountId",
            "converted_opportunity_id": "ConvertedOpportunityId",
            EMAIL_HASH: "Email",
            "lead_source": "LeadSource",
            "lead_status": "Status",
            "company_name": "Company",
            "industry": "Industry",
            "country": "Country",
            "job_title": "Title",
            "converted_date": "ConvertedDate",
            "employee_count": "NumberOfEmployees",
            "is_converted": "IsConverted",
            **_ALWAYS,
        },
        is_captured=True,
        compared_every_days=WEEK,
    ),
    CrmObject(
        "Contact",
        "contacts",
        crm_staging.STG_CRM_CONTACTS,
        {
            "contact_id": ID,
            "crm_account_id": "AccountId",
            **_OWNED,
            **_MERGED,
            EMAIL_HASH: "Email",
            "lead_source": "LeadSource",
            "country": "MailingCountry",
            "job_title": "Title",
            **_ALWAYS,
        },
        is_captured=True,
        compared_every_days=WEEK,
    ),
    CrmObject(
        "Account",
        "accounts",
        crm_staging.STG_CRM_ACCOUNTS,
        {
            "crm_account_id": ID,
            **_OWNED,
            **_MERGED,
            "company_name": "Name",
            "crm_account_type": "Type",
            "industry": "Industry",
            "country": "BillingCountry",
            "employee_count": "NumberOfEmployees",
            **_ALWAYS,
        },
        compared_every_days=WEEK,
    ),
    CrmObject(
        "Opportunity",
        "opportunities",
        crm_staging.STG_CRM_OPPORTUNITIES,
        {
            "opportunity_id": ID,
            "crm_account_id": "AccountId",
            "contact_id": "ContactId",
            "crm_campaign_id": "CampaignId",
            **_OWNED,
            "record_type_id": "RecordTypeId",
            "opportunity_name": "Name",
            "opportunity_type": "Type",
            "stage_name": "StageName",
            "lead_source": "LeadSource",
            "currency_code": "CurrencyIsoCode",
            "close_date": "CloseDate",
            "amount": "Amount",
            "is_closed": "IsClosed",
            "is_won": "IsWon",
            **_ALWAYS,
        },
    ),
    CrmObject(
        "OpportunityContactRole",
        "contact_roles",
        crm_staging.STG_CRM_CONTACT_ROLES,
        {
            "contact_role_id": ID,
            "opportunity_id": "OpportunityId",
            "contact_id": "ContactId",
            "contact_role": "Role",
            "is_primary": "IsPrimary",
            **_ALWAYS,
        },
    ),
    CrmObject(
        "Campaign",
        "campaigns",
        crm_staging.STG_CRM_CAMPAIGNS,
        {
            "crm_campaign_id": ID,
            "parent_crm_campaign_id": "ParentId",
            **_OWNED,
            "crm_campaign_name": "Name",
            "crm_campaign_type": "Type",
            "crm_campaign_status": "Status",
            "currency_code": "CurrencyIsoCode",
            "start_date": "StartDate",
            "end_date": "EndDate",
            "budgeted_cost": "BudgetedCost",
            "actual_cost": "ActualCost",
            "is_active": "IsActive",
            **_ALWAYS,
        },
    ),
    CrmObject(
        "CampaignMember",
        "campaign_members",
        crm_staging.STG_CRM_CAMPAIGN_MEMBERS,
        {
            "campaign_member_id": ID,
            "crm_campaign_id": "CampaignId",
            "lead_id": "LeadId",
            "contact_id": "ContactId",
            "member_status": "Status",
            "first_responded_date": "FirstRespondedDate",
            "has_responded": "HasResponded",
            **_ALWAYS,
        },
    ),
    CrmObject(
        "User",
        "users",
        crm_staging.STG_CRM_USERS,
        {"user_id": ID, "department": "Department", "is_active": "IsActive", **_ALWAYS},
        compared_every_days=None,
    ),
    CrmObject(
        "RecordType",
        "record_types",
        crm_staging.STG_CRM_RECORD_TYPES,
        {
            "record_type_id": ID,
            "object_name": "SobjectType",
            "record_type_name": "Name",
            "record_type_developer_name": "DeveloperName",
            "is_active": "IsActive",
            **_ALWAYS,
        },
    ),
    CrmObject(
        "OpportunityHistory",
        "opportunity_history",
        crm_staging.STG_CRM_OPPORTUNITY_HISTORY,
        {
            "opportunity_history_id": ID,
            "opportunity_id": "OpportunityId",
            "stage_name": "StageName",
            "forecast_category": "ForecastCategory",
            "currency_code": "CurrencyIsoCode",
            "close_date": "CloseDate",
            "amount": "Amount",
            "probability": "Probability",
            **_ALWAYS,
        },
        compared_every_days=None,
        whole_every_days=None,
        is_optional=True,
    ),
    _field_history(
        "Opportunity",
        "opportunity_field_history",
        crm_staging.STG_CRM_OPPORTUNITY_FIELD_HISTORY,
        "OpportunityFieldHistory",
    ),
    _field_history("Lead", "lead_history", crm_staging.STG_CRM_LEAD_HISTORY, "LeadHistory"),
    CrmObject(
        "OpportunityStage",
        "opportunity_stages",
        crm_staging.STG_CRM_OPPORTUNITY_STAGES,
        {
            "opportunity_stage_id": ID,
            "stage_name": "ApiName",
            "forecast_category": "ForecastCategory",
            "probability": "DefaultProbability",
            "sort_order": "SortOrder",
            "is_active": "IsActive",
            "is_closed": "IsClosed",
            "is_won": "IsWon",
            **_ALWAYS,
        },
        whole_every_days=None,
    ),
    CrmObject(
        "CurrencyType",
        "currencies",
        crm_staging.STG_CRM_CURRENCIES,
        {
            "currency_code": "IsoCode",
            "decimal_places": "DecimalPlaces",
            "conversion_rate": "ConversionRate",
            "is_active": "IsActive",
            "is_corporate": "IsCorporate",
            **_ALWAYS,
        },
        compared_every_days=None,
        whole_every_days=None,
        is_optional=True,
    ),
    CrmObject(
        "DatedConversionRate",
        "exchange_rates",
        crm_staging.STG_CRM_EXCHANGE_RATES,
        {
            "exchange_rate_id": ID,
            "currency_code": "IsoCode",
            "valid_from_date": "StartDate",
            "valid_to_date": "NextStartDate",
            "conversion_rate": "ConversionRate",
            **_ALWAYS,
        },
        whole_every_days=None,
        is_optional=True,
    ),
    CrmObject(
        "Task",
        "tasks",
        crm_staging.STG_CRM_TASKS,
        {
            "task_id": ID,
            **_PARTIES,
            **_OWNED,
            "activity_type": "Type",
            "activity_status": "Status",
            "activity_date": "ActivityDate",
            **_ALWAYS,
        },
        compared_every_days=WEEK,
        by_default=False,
        prefixes=_PREFIXES,
    ),
    CrmObject(
        "Event",
        "events",
        crm_staging.STG_CRM_EVENTS,
        {
            "event_id": ID,
            **_PARTIES,
            **_OWNED,
            "activity_type": "Type",
            "activity_date": "ActivityDate",
            **_ALWAYS,
        },
        compared_every_days=WEEK,
        by_default=False,
        prefixes=_PREFIXES,
    ),
)
