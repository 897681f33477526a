"""The invented CRM as Salesforce records, with every version of each.

Object reference: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/
Fields that are null are left out of a line; SystemModstamp moves with every version.
"""

from collections.abc import Iterable, Iterator

from include.sandbox.generator.capture import Click
from include.sandbox.generator.deals import NEW, TYPE_GROUPS, Deal
from include.sandbox.generator.frame import (
    DOMAIN,
    HOUR,
    TIME_ZONE,
    Frame,
    Record,
    day_of,
    day_text,
    instant,
    salesforce_time,
)
from include.sandbox.generator.journeys import Crm, Membership
from include.sandbox.generator.names import ascii_slug, person_name
from include.sandbox.generator.needs import stated
from include.sandbox.generator.people import ContactRecord, LeadRecord, Org, Person

Lines = Iterator[tuple[str, Record]]
Changes = list[tuple[int, Record]]


def _told(
    frame: Frame, created: int, base: Record, changes: Changes, gone: int | None = None
) -> Iterator[Record]:
    """The versions of a record made at an instant and changed at later ones; `gone` is when it
    vanishes without a tombstone."""
    state: Record = {**base, "CreatedDate": salesforce_time(created)}
    states: dict[int, Record] = {}
    for moment, fields in [(created, {}), *sorted(changes, key=lambda change: change[0])]:
        state = {**state, **fields}
        stamp = salesforce_time(moment)
        states[moment] = {
            **{name: value for name, value in state.items() if value is not None},
            "LastModifiedDate": stamp,
            "SystemModstamp": stamp,
        }
    return frame.versions(list(states.items()), gone)


def _date(moment: int) -> str:
    return day_text(day_of(moment))


def _lead(frame: Frame, person: Person, lead: LeadRecord) -> Iterator[Record]:
    base = {
        "Id": lead.lead_id, "FirstName": person.first_name, "LastName": person.last_name,
        "Email": lead.email, "Company": person.org.name, "Title": person.title,
        "Country": person.org.country, "Industry": person.org.industry,
        "NumberOfEmployees": person.org.employees, "OwnerId": lead.owner,
        "Status": "Open - Not Contacted", "IsConverted": False, "IsDeleted": False,
        **stated(frame, person), **lead.capture.fields,
    }  # fmt: skip
    changes: Changes = []
    if lead.mql_at:
        worked = {"Status": "Working - Contacted", "MQL_Date__c": _date(lead.mql_at)}
        changes.append((lead.mql_at, worked))
    if lead.closed_at:
        changes.append((lead.closed_at, {"Status": "Closed - Not Converted"}))
    if lead.converted_at:
        converted = {
            "Status": "Closed - Converted", "IsConverted": True,
            "ConvertedDate": _date(lead.converted_at), "ConvertedContactId": lead.contact_id,
            "ConvertedAccountId": lead.account_id, "ConvertedOpportunityId": lead.opportunity_id,
            "SQL_Date__c": _date(lead.sql_at) if lead.sql_at else None,
        }  # fmt: skip
        changes.append((lead.converted_at, converted))
    if lead.master and lead.merged_at:
        gone = {"IsDeleted": True, "MasterRecordId": lead.master.lead_id}
        changes.append((lead.merged_at, gone))
    if lead.deleted_at:
        changes.append((lead.deleted_at, {"IsDeleted": True}))
    if lead.undeleted_at:
        changes.append((lead.undeleted_at, {"IsDeleted": False}))
    return _told(frame, lead.created, base, changes)


def _contact(frame: Frame, person: Person, contact: ContactRecord) -> Iterator[Record]:
    base = {
        "Id": contact.contact_id, "FirstName": person.first_name, "LastName": person.last_name,
        "Email": contact.email, "AccountId": contact.org.account_id, "Title": person.title,
        "MailingCountry": contact.org.country, "OwnerId": contact.owner, "IsDeleted": False,
        **contact.capture.fields,
    }  # fmt: skip
    changes: Changes = []
    if contact.master and contact.merged_at:
        gone = {"IsDeleted": True, "MasterRecordId": contact.master.contact_id}
        changes.append((contact.merged_at, gone))
    return _told(frame, contact.created, base, changes)


def _account(frame: Frame, org: Org, owner: str) -> Iterator[Record]:
    base = {
        "Id": org.account_id, "Name": org.name, "Type": "Prospect", "Industry": org.industry,
        "NumberOfEmployees": org.employees, "BillingCountry": org.country,
        "Website": f"https://www.{org.domain}", "CurrencyIsoCode": org.currency,
        "OwnerId": owner, "IsDeleted": False,
    }  # fmt: skip
    changes: Changes = []
    if org.customer_at:
        changes.append((max(org.customer_at, org.account_created), {"Type": "Customer"}))
    return _told(frame, org.account_created, base, changes)


def _opportunity(frame: Frame, deal: Deal, record_types: dict[str, str]) -> Iterator[Record]:
    base = {
        "Id": deal.opportunity_id, "Name": deal.name, "AccountId": deal.org.account_id,
        "RecordTypeId": record_types[deal.kind], "Type": deal.kind,
        "CurrencyIsoCode": deal.currency, "LeadSource": deal.lead_source,
        "OwnerId": deal.owner, "IsDeleted": False,
    }  # fmt: skip
    changes: Changes = []
    for at, fields in deal.stages:
        record: Record = dict(fields)
        if isinstance(amount := record.get("Amount"), int):
            record["Amount"] = amount / 100
        changes.append((at, record))
    if deal.deleted_at:
        changes.append((deal.deleted_at, {"IsDeleted": True}))
    return _told(frame, deal.created, base, changes)


def _member(frame: Frame, membership: Membership) -> Iterator[Record]:
    lead = membership.lead
    base: Record = {
        "Id": membership.member_id, "CampaignId": membership.program.campaign_id,
        "LeadId": lead.lead_id if lead else None,
        "ContactId": membership.contact.contact_id if membership.contact else None,
        "Status": "Sent", "HasResponded": False, "IsDeleted": False,
    }  # fmt: skip
    if membership.responded_day is not None:
        base |= {
            "Status": "Responded", "HasResponded": True,
            "FirstRespondedDate": day_text(membership.responded_day),
        }  # fmt: skip
    changes: Changes = []
    while lead:
        if lead.master and lead.merged_at:
            # A merge takes the memberships along.
            changes.append((lead.merged_at, {"LeadId": lead.master.lead_id}))
        elif lead.converted_at:
            changes.append((lead.converted_at, {"ContactId": lead.contact_id}))
        lead = lead.master
    gone = membership.vanished_at
    if gone:
        changes = [change for change in changes if change[0] < gone]
    return _told(frame, membership.created, base, changes, gone)


def _staff(crm: Crm) -> Lines:
    rng = crm.frame.chance("staff")
    hired = instant(crm.frame.first_day - 1_500, 9 * HOUR)
    for number, user in enumerate(crm.users):
        first, last = person_name(rng)
        name = f"{ascii_slug(first)}.{ascii_slug(last)}"
        base = {
            "Id": user, "FirstName": first, "LastName": last, "Name": f"{first} {last}",
            "Username": f"{name}.{number}@{DOMAIN}", "Email": f"{name}@{DOMAIN}",
            "Alias": name[:8], "IsActive": number % 7 != 6, "TimeZoneSidKey": TIME_ZONE,
            "Title": "Account Executive" if number % 2 else "Sales Development Representative",
        }  # fmt: skip
        for line in _told(crm.frame, hired, base, []):
            yield "salesforce/User", line


def _record_types(crm: Crm) -> tuple[dict[str, str], list[Record]]:
    made = instant(crm.frame.first_day - 1_500, 9 * HOUR)
    kinds = {kind: crm.ids.new("RecordType") for kind in TYPE_GROUPS}
    lines: list[Record] = []
    for kind, record_type in kinds.items():
        base = {
            "Id": record_type, "Name": kind, "DeveloperName": kind.replace(" ", "_"),
            "SobjectType": "Opportunity", "IsActive": True,
            "Description": "First purchase" if kind == NEW else "Existing customers",
        }  # fmt: skip
        lines += _told(crm.frame, made, base, [])
    return kinds, lines


def _programs(crm: Crm) -> Lines:
    for program in crm.programs:
        base = {
            "Id": program.campaign_id, "Name": program.name, "Type": program.kind,
            "Status": "Planned", "IsActive": True, "StartDate": day_text(program.day),
            "EndDate": day_text(program.day + 2), "BudgetedCost": float(program.cost),
            "CurrencyIsoCode": "EUR", "OwnerId": crm.users[0], "IsDeleted": False,
        }  # fmt: skip
        planned = max(instant(crm.frame.first_day), instant(program.day - 20, 9 * HOUR))
        over: Record = {
            "Status": "Completed", "IsActive": False, "ActualCost": float(program.cost)
        }  # fmt: skip
        changes = [(instant(program.day + 30, 10 * HOUR), over)]
        for line in _told(crm.frame, planned, base, changes):
            yield "salesforce/Campaign", line


def crm_lines(crm: Crm, deals: Iterable[Deal]) -> Lines:
    """Every record of every object, all versions of a record together."""
    frame = crm.frame
    yield from _staff(crm)
    record_types, lines = _record_types(crm)
    for line in lines:
        yield "salesforce/RecordType", line
    yield from _programs(crm)
    for number, org in enumerate(crm.accounts):
        for line in _account(frame, org, crm.users[number % len(crm.users)]):
            yield "salesforce/Account", line
    for person in crm.people:
        for lead in person.leads:
            for line in _lead(frame, person, lead):
                yield "salesforce/Lead", line
        for contact in person.contacts:
            for line in _contact(frame, person, contact):
                yield "salesforce/Contact", line
    for membership in crm.memberships:
        for line in _member(frame, membership):
            yield "salesforce/CampaignMember", line
    for deal in deals:
        for line in _opportunity(frame, deal, record_types):
            yield "salesforce/Opportunity", line
        for role in deal.roles:
            base = {
                "Id": role.role_id, "OpportunityId": deal.opportunity_id,
                "ContactId": role.contact.contact_id, "Role": role.title,
                "IsPrimary": role.is_primary, "IsDeleted": False,
            }  # fmt: skip
            changes: Changes = [*role.changes]
            if role.deleted_at:
                changes.append((role.deleted_at, {"IsDeleted": True}))
            for line in _told(frame, role.created, base, changes):
                yield "salesforce/OpportunityContactRole", line


def click_lines(frame: Frame, people: Iterable[Person]) -> Lines:
    """A click view for every gclid in the CRM."""
    for person in people:
        for lead in person.leads:
            if click := lead.capture.click:
                known = instant(click.day + 1, click.campaign.account.known_hour * HOUR)
                for line in frame.versions([(known, _click_view(click))]):
                    yield "google/click_views", line


def _click_view(click: Click) -> Record:
    account = click.campaign.account.account_id
    day = day_text(click.day)
    view: Record = {
        "resourceName": f"customers/{account}/clickViews/{day}~{click.gclid}",
        "gclid": click.gclid,
    }
    line: Record = {"customer": {"id": account}, "campaign": {"id": click.campaign.campaign_id}}
    if click.group and click.ad:
        line["adGroup"] = {"id": click.group.group_id}
        ad = f"{click.group.group_id}~{click.ad.ad_id}"
        view["adGroupAd"] = f"customers/{account}/adGroupAds/{ad}"
        if click.campaign.kind == "SEARCH":
            view["keywordInfo"] = {"text": "planning software", "matchType": "PHRASE"}
    line["clickView"] = view
    line["segments"] = {
        "date": day, "device": "DESKTOP",
        "adNetworkType": {"SEARCH": "SEARCH", "VIDEO": "YOUTUBE", "DISPLAY": "CONTENT"}.get(
            click.campaign.kind, "MIXED"
        ),
    }  # fmt: skip
    return line
