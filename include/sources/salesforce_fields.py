"""Which field of an org fills which of our columns.

Standard fields are known by name. What a form captured (UTM values, click ids, landing page,
referrer) and the qualification dates are custom fields that every org names in its own way: they
are found in describe by what their names say, and the owner's mapping has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from include.contracts import staging
from include.contracts.shape import Table
from include.sources import SourceRefused

ID, STAMP, EMAIL_HASH = "Id", "SystemModstamp", "email_hash"

_ALWAYS = {"is_deleted": "IsDeleted", "created_at": "CreatedDate", "modified_at": STAMP}
_MERGED = {"master_record_id": "MasterRecordId"}
_OWNED = {"owner_id": "OwnerId"}


@dataclass(frozen=True, slots=True)
class CrmObject:
    """An sObject and the staging table it feeds: our column → its standard field.

    ``is_captured``: whether custom fields hold what a form captured of the visit.
    ``can_vanish``: whether its records can be deleted at all.
    """

    name: str
    stream: str
    table: Table
    columns: Mapping[str, str]
    is_captured: bool = False
    can_vanish: bool = True


OBJECTS: tuple[CrmObject, ...] = (
    CrmObject(
        "Lead",
        "leads",
        staging.STG_CRM_LEADS,
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
            "converted_date": "ConvertedDate",
            "employee_count": "NumberOfEmployees",
            "is_converted": "IsConverted",
            **_ALWAYS,
        },
        is_captured=True,
    ),
    CrmObject(
        "Contact",
        "contacts",
        staging.STG_CRM_CONTACTS,
        {
            "contact_id": ID,
            "crm_account_id": "AccountId",
            **_OWNED,
            **_MERGED,
            EMAIL_HASH: "Email",
            "lead_source": "LeadSource",
            "country": "MailingCountry",
            **_ALWAYS,
        },
        is_captured=True,
    ),
    CrmObject(
        "Account",
        "accounts",
        staging.STG_CRM_ACCOUNTS,
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
    ),
    CrmObject(
        "Opportunity",
        "opportunities",
        staging.STG_CRM_OPPORTUNITIES,
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
        staging.STG_CRM_CONTACT_ROLES,
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
        staging.STG_CRM_CAMPAIGNS,
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
        staging.STG_CRM_CAMPAIGN_MEMBERS,
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
        staging.STG_CRM_USERS,
        {"user_id": ID, "department": "Department", "is_active": "IsActive", **_ALWAYS},
        can_vanish=False,
    ),
    CrmObject(
        "RecordType",
        "record_types",
        staging.STG_CRM_RECORD_TYPES,
        {
            "record_type_id": ID,
            "object_name": "SobjectType",
            "record_type_name": "Name",
            "record_type_developer_name": "DeveloperName",
            "is_active": "IsActive",
            **_ALWAYS,
        },
    ),
)

# Our column: the words that name it, run together, and the field types that can hold it.
_TEXTS = ("string", "textarea", "url", "picklist", "email", "phone", "combobox")
_DAYS = ("date", "datetime")
_CAPTURED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "utm_source": (("utmsource",), _TEXTS),
    "utm_medium": (("utmmedium",), _TEXTS),
    "utm_campaign": (("utmcampaign", "utmcampaignname"), _TEXTS),
    "utm_content": (("utmcontent",), _TEXTS),
    "utm_term": (("utmterm", "utmkeyword"), _TEXTS),
    "utm_id": (("utmid", "utmcampaignid"), (*_TEXTS, "double", "int")),
    "gclid": (("gclid", "googleclickid", "googleadsclickid", "googleclid"), _TEXTS),
    "fbclid": (("fbclid", "facebookclickid", "metaclickid"), _TEXTS),
    "li_fat_id": (("lifatid", "linkedinclickid", "linkedinfatid"), _TEXTS),
    "landing_page_url": (("landingpage", "landingurl", "entrypage", "entryurl"), _TEXTS),
    "referrer_url": (("referrer", "referer", "referringurl", "referringpage"), _TEXTS),
    "mql_at": (("mqldate", "mqlat", "datemql", "becamemql", "marketingqualified"), _DAYS),
    "sql_at": (("sqldate", "sqlat", "datesql", "becamesql", "salesqualified"), _DAYS),
}
DATES = ("mql_at", "sql_at")
# Orgs that keep more than one visit say which one: the first is the evidence we want.
FIRST, ONLY, LAST = 0, 1, 2
_FIRST = re.compile(r"first|original|initial|\bft\b", re.IGNORECASE)
_LAST = re.compile(r"last|latest|recent|current|\blt\b", re.IGNORECASE)


@dataclass(slots=True)
class Selection:
    """What to select of one object, as its describe stands.

    ``columns``: our column → the standard field. ``mapped``: our column → the custom fields that
    can fill it, by the visit they speak of (``FIRST``, ``ONLY``, ``LAST``). ``missing``: standard
    fields this login does not see. ``has_calculated``: whether a mapped field is a formula, which
    changes without a new SystemModstamp.
    """

    crm: CrmObject
    columns: dict[str, str]
    mapped: dict[str, dict[int, str]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    has_calculated: bool = False
    has_tombstones: bool = False
    _has_visits: bool = field(init=False)

    def __post_init__(self) -> None:
        self._has_visits = any(set(fields) != {ONLY} for fields in self.mapped.values())

    @property
    def fields(self) -> list[str]:
        """API names to select, each once, Id and SystemModstamp first."""
        custom = [name for fields in self.mapped.values() for name in fields.values()]
        return list(dict.fromkeys([ID, STAMP, *self.columns.values(), *custom]))

    def captured(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What the mapped fields of a row say, by our columns, nulls left out.

        Values of two visits are never mixed: the earliest visit that has any UTM value gives all
        that it has a field for.
        """
        visit = self._visit(row) if self._has_visits else ONLY
        values: dict[str, Any] = {}
        for column, fields in self.mapped.items():
            if visit in fields and column not in DATES:
                value = row.get(fields[visit])
            else:
                names = (name for name in fields.values() if row.get(name) is not None)
                value = next((row[name] for name in names), None)
            if value is not None:
                values[column] = value
        return values

    def _visit(self, row: Mapping[str, Any]) -> int:
        for visit in (FIRST, ONLY, LAST):
            for column, fields in self.mapped.items():
                if column.startswith("utm_") and row.get(fields.get(visit, "")) is not None:
                    return visit
        return ONLY


def select(crm: CrmObject, describe: Mapping[str, Any], overrides: Mapping[str, str]) -> Selection:
    """The fields to read of an object, from its describe and the owner's mapping for it.

    Raises SourceRefused when a mapping names an unknown column or field, or when a field without
    which rows cannot be staged is hidden from this login.
    """
    known = {item["name"].lower(): item for item in describe["fields"]}
    mapped = _found(describe["fields"]) if crm.is_captured else {}
    for column, name in overrides.items():
        if column not in crm.table.column_names or column in (crm.table.key[0], "modified_at"):
            raise SourceRefused(
                f"CLOSED_LOOP_SALESFORCE_FIELDS maps {crm.name}.{column}, but "
                f"{crm.table.name} has no such column to fill"
            )
        if name.lower() not in known:
            raise SourceRefused(
                f"CLOSED_LOOP_SALESFORCE_FIELDS maps {crm.name}.{column} to {name}, but Salesforce "
                f"shows this login no such field: correct the name or grant read access to it"
            )
        mapped[column] = {ONLY: known[name.lower()]["name"]}
    columns = {column: name for column, name in crm.columns.items() if column not in mapped}
    missing = [name for name in columns.values() if name.lower() not in known]
    for column, name in columns.items():
        needed = crm.table.column(column).is_required
        if name in missing and needed and column not in ("is_deleted", "currency_code"):
            raise SourceRefused(
                f"Salesforce hides {crm.name}.{name} from this login: grant its user read access "
                "to that field"
            )
    return Selection(
        crm,
        {column: known[name.lower()]["name"] for column, name in columns.items()
         if name not in missing},
        mapped,
        tuple(name for name in missing if name not in ("IsDeleted", "CurrencyIsoCode")),
        any(
            known[name.lower()].get("calculated")
            for fields in mapped.values()
            for name in fields.values()
        ),
        "isdeleted" in known,
    )  # fmt: skip


def _found(described: list[Mapping[str, Any]]) -> dict[str, dict[int, str]]:
    """Our columns → the custom fields whose names say that they hold them, one a visit."""
    best: dict[tuple[str, int], tuple[int, str]] = {}
    for item in described:
        if not item.get("custom"):
            continue
        name: str = item["name"]
        # a managed package puts its namespace before: pi__utm_source__c
        bare = name.removesuffix("__c").rpartition("__")[2]
        column, word = _named(re.sub(r"[^a-z0-9]", "", bare.lower()), item["type"])
        if not column:
            continue
        words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", bare)
        visit = FIRST if _FIRST.search(words) else LAST if _LAST.search(words) else ONLY
        rank = (len(bare) - len(word), name)
        if (column, visit) not in best or rank < best[column, visit]:
            best[column, visit] = rank
    found: dict[str, dict[int, str]] = {}
    for (column, visit), (_, name) in sorted(best.items()):
        found.setdefault(column, {})[visit] = name
    return found


def _named(text: str, kind: str) -> tuple[str, str]:
    """The column that a field's run-together name speaks of, and the longest word that says so."""
    hits = [
        (len(word), column, word)
        for column, (words, kinds) in _CAPTURED.items()
        if kind in kinds
        for word in words
        if word in text
    ]
    if not hits:
        return "", ""
    _, column, word = max(hits)
    return column, word
