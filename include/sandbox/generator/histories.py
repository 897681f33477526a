"""What the CRM itself keeps of changes, and what sales did with people, told by the records.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/
sforce_api_objects_opportunityhistory.htm, sforce_api_associated_objects_history.htm
"""

from collections.abc import Iterable, Iterator

from include.sandbox.generator.deals import STAGES, Deal
from include.sandbox.generator.frame import DAY, HOUR, Record, day_of, day_text, salesforce_time
from include.sandbox.generator.journeys import Crm

Lines = Iterator[tuple[str, Record]]

# What the records of these deals follow: the fields the org's administrator chose to track.
_TRACKED = ("StageName", "Amount")
# Of so many deals with somebody on them one has a call and a meeting noted.
_NOTED_OF = 10


def forecast_category(stage: str) -> str:
    """The forecast category of a sales stage."""
    early = {name for name, _ in STAGES[:3]}
    if stage in early:
        return "Pipeline"
    return {"Closed Won": "Closed", "Closed Lost": "Omitted"}.get(stage, "BestCase")


def history_lines(crm: Crm, deals: Iterable[Deal]) -> Lines:
    """Histories of deals and leads, tasks and events."""
    frame = crm.frame
    rng = frame.chance("histories")
    for deal in deals:
        state: Record = {}
        for at, fields in _by_instant(deal):
            before, state = state, {**state, **fields}
            yield from _deal_change(crm, deal, at, before, state)
        if deal.roles and rng.random() < 1 / _NOTED_OF:
            yield from _activities(crm, deal)
    for person in crm.people:
        for lead in person.leads:
            statuses = [
                (at, status)
                for at, status in (
                    (lead.mql_at, "Working - Contacted"),
                    (lead.closed_at, "Closed - Not Converted"),
                    (lead.converted_at, "Closed - Converted"),
                )
                if at is not None
            ]
            before_status = "Open - Not Contacted"
            for at, status in sorted(statuses, key=lambda change: change[0]):
                record: Record = {"LeadId": lead.lead_id, "CreatedById": lead.owner}
                change = _change(crm, at, record, "Status", before_status, status)
                before_status = status
                for line in frame.versions([(at, change)]):
                    yield "salesforce/LeadHistory", line


def _by_instant(deal: Deal) -> list[tuple[int, Record]]:
    """A deal's changes in order, amounts in units; those of one instant are one change."""
    changes: dict[int, Record] = {}
    for at, fields in deal.stages:
        told = changes.setdefault(at, {})
        told.update(fields)
        if isinstance(amount := told.get("Amount"), int):
            told["Amount"] = amount / 100
    return sorted(changes.items())


def _deal_change(crm: Crm, deal: Deal, at: int, before: Record, state: Record) -> Lines:
    stamp = salesforce_time(at)
    change: Record = {
        "Id": crm.ids.new("OpportunityHistory"), "OpportunityId": deal.opportunity_id,
        "StageName": state["StageName"], "Amount": state["Amount"],
        "CloseDate": state["CloseDate"], "Probability": state["Probability"],
        "ForecastCategory": forecast_category(state["StageName"]),
        "PrevAmount": before.get("Amount"), "PrevCloseDate": before.get("CloseDate"),
        "CurrencyIsoCode": deal.currency, "CreatedById": deal.owner, "CreatedDate": stamp,
        "SystemModstamp": stamp, "IsDeleted": False,
    }  # fmt: skip
    told = {name: value for name, value in change.items() if value is not None}
    states = [(at, told)]
    if deal.deleted_at:
        gone = {"IsDeleted": True, "SystemModstamp": salesforce_time(deal.deleted_at)}
        states.append((deal.deleted_at, {**told, **gone}))
    for line in crm.frame.versions(states):
        yield "salesforce/OpportunityHistory", line
    for name in _TRACKED if before else ():
        if before.get(name) != state.get(name):
            record: Record = {"OpportunityId": deal.opportunity_id, "CreatedById": deal.owner}
            tracked = _change(crm, at, record, name, before.get(name), state.get(name))
            for line in crm.frame.versions([(at, tracked)]):
                yield "salesforce/OpportunityFieldHistory", line


def _change(crm: Crm, at: int, record: Record, name: str, old: object, new: object) -> Record:
    """A change of one field; the same key prefix serves the histories of all objects."""
    values = {"OldValue": old, "NewValue": new}
    return {
        "Id": crm.ids.new("FieldHistory"), **record, "Field": name,
        **{key: value for key, value in values.items() if value is not None},
        "CreatedDate": salesforce_time(at), "IsDeleted": False,
    }  # fmt: skip


def _activities(crm: Crm, deal: Deal) -> Lines:
    """A call that is done and a meeting that was held, with the first person on the deal."""
    role = deal.roles[0]
    shared: Record = {
        "WhoId": role.contact.contact_id, "WhatId": deal.opportunity_id, "OwnerId": deal.owner,
        "IsDeleted": False,
    }  # fmt: skip
    since = max(deal.created, role.created)
    for sobject, at in (("Task", since + HOUR), ("Event", since + 2 * DAY)):
        stamp = salesforce_time(at)
        record: Record = {
            "Id": crm.ids.new(sobject), **shared, "ActivityDate": day_text(day_of(at)),
            "CreatedDate": stamp, "LastModifiedDate": stamp, "SystemModstamp": stamp,
        }  # fmt: skip
        if sobject == "Task":
            record |= {
                "Subject": "Call", "Type": "Call", "TaskSubtype": "Call", "Status": "Completed",
                "Priority": "Normal", "IsClosed": True,
            }  # fmt: skip
        else:
            record |= {
                "Subject": "Product tour", "Type": "Meeting", "DurationInMinutes": 45,
                "StartDateTime": stamp,
            }  # fmt: skip
        for line in crm.frame.versions([(at, record)]):
            yield f"salesforce/{sobject}", line
