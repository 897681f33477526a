"""LinkedIn's lead forms and the answers people gave.

https://learn.microsoft.com/en-us/linkedin/marketing/lead-sync/leadsync
"""

import re
from typing import Any

from aiohttp import web

from include.sandbox.dataset import Record, World
from include.sandbox.linkedin_accounts import account_of
from include.sandbox.linkedin_answers import LinkedInRefusal, bad, counted_page, project

_OWNER = re.compile(r"urn:li:sponsoredAccount:([0-9]+)")
_VERSIONED = re.compile(r"urn:li:versionedLeadGenForm:\(urn:li:leadGenForm:([0-9]+),[0-9]+\)")
_SEARCH = {
    "q",
    "owner",
    "leadType",
    "limitedToTestLeads",
    "submittedAtTimeRange",
    "versionedLeadGenFormUrn",
    "fields",
    "count",
    "start",
}


def _owner(world: World, request: web.Request, parameters: Record) -> str:
    given = parameters.get("owner")
    urn = str(given.get("sponsoredAccount")) if isinstance(given, dict) else ""
    found = _OWNER.fullmatch(urn)
    if not found:
        raise bad("owner", "Invalid value for param; wrong type or other syntax error")
    account_of(world, int(found[1]), request.path)
    return urn


def _forms(world: World) -> dict[int, Record]:
    if "linkedin.forms" not in world.cache:
        world.cache["linkedin.forms"] = {
            record["id"]: record for record in world.records("linkedin/lead_forms")
        }
    found: dict[int, Record] = world.cache["linkedin.forms"]
    return found


def lead_forms(world: World, request: web.Request, parameters: Record) -> Record:
    """A page of an account's forms."""
    if parameters.get("q") != "owner":
        raise bad("q", "Finder not found")
    urn = _owner(world, request, parameters)
    own = [
        form
        for form in _forms(world).values()
        if (form.get("owner") or {}).get("sponsoredAccount", urn) == urn
    ]
    return counted_page(own, parameters, request.get("fault"))


def lead_form(world: World, request: web.Request, parameters: Record) -> Record:
    """One form."""
    found = _forms(world).get(int(request.match_info["form"]))
    if found is None:
        raise LinkedInRefusal(404, "RESOURCE_NOT_FOUND", "Lead form is not found")
    return project(found, parameters.get("fields", ""))


def responses(world: World, request: web.Request, parameters: Record) -> Record:
    """A page of what people answered, in order of time; `form` is there for who asks for it."""
    if parameters.get("q") != "owner":
        raise bad("q", "Finder not found")
    if unknown := set(parameters) - _SEARCH:
        raise bad(min(unknown), "Illegal query parameter", "QUERY_PARAM_NOT_ALLOWED")
    urn = _owner(world, request, parameters)
    lead_type = parameters.get("leadType")
    if not isinstance(lead_type, dict) or lead_type.get("leadType") not in (
        "SPONSORED",
        "EVENT",
        "COMPANY",
        "ORGANIZATION_PRODUCT",
    ):
        raise bad("leadType", "Invalid value for param; wrong type or other syntax error")
    first, end = _time_range(parameters)
    is_test_alone = str(parameters.get("limitedToTestLeads", "false")).lower() == "true"
    form = parameters.get("versionedLeadGenFormUrn")
    wanted = [
        record
        for record in _of_owner(world, urn)
        if first <= record["submittedAt"] < end
        and record.get("leadType", "SPONSORED") == lead_type["leadType"]
        and (record.get("testLead", False) or not is_test_alone)
        and form in (None, record["versionedLeadGenFormUrn"])
    ]
    answer = counted_page(wanted, {**parameters, "fields": ""}, request.get("fault"))
    fields = parameters.get("fields", "")
    answer["elements"] = [
        project(_with_form(world, record) if "form:" in fields else record, fields)
        for record in answer["elements"]
    ]
    return answer


def _of_owner(world: World, urn: str) -> list[Record]:
    if "linkedin.responses" not in world.cache:
        of_owner: dict[Any, list[Record]] = {}
        for record in world.records("linkedin/lead_form_responses"):
            of_owner.setdefault(record["owner"].get("sponsoredAccount"), []).append(record)
        for records in of_owner.values():
            records.sort(key=lambda record: (record["submittedAt"], record["id"]))
        world.cache["linkedin.responses"] = of_owner
    found: list[Record] = world.cache["linkedin.responses"].get(urn, [])
    return found


def _time_range(parameters: Record) -> tuple[int, int]:
    """Milliseconds: from, and up to but not including."""
    given = parameters.get("submittedAtTimeRange")
    if given is None:
        return 0, 2**63
    try:
        return int(given.get("start", 0)), int(given.get("end", 2**63))
    except (AttributeError, TypeError, ValueError) as error:
        raise bad("submittedAtTimeRange", "Invalid value for param") from error


def _with_form(world: World, record: Record) -> Record:
    found = _VERSIONED.fullmatch(record["versionedLeadGenFormUrn"])
    form = _forms(world).get(int(found[1])) if found else None
    return record if form is None else {**record, "form": form}
