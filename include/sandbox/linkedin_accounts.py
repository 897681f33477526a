"""LinkedIn's ad accounts and what is below them: campaign groups, campaigns, creatives, the
tracking parameters and the posts that creatives show.

https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads/account-structure/
create-and-manage-accounts and its neighbours; tracking parameters: https://learn.microsoft.com/
en-us/linkedin/marketing/integrations/ads-reporting/dynamic-utm-tracking; posts: https://learn.
microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from include.sandbox.dataset import Record, World
from include.sandbox.linkedin_analytics import BadParameter
from include.sandbox.linkedin_answers import LinkedInRefusal, bad, project, token_page
from include.sandbox.restli import RestliSyntaxError, decode

EDGES = {  # edge: file, search keys, largest page
    "adAccounts": (
        "linkedin/accounts",
        ("status", "type", "reference", "id", "name", "test"),
        1000,
    ),
    "adCampaignGroups": ("linkedin/campaign_groups", ("status", "id", "name", "test"), 1000),
    "adCampaigns": (
        "linkedin/campaigns",
        ("status", "type", "id", "name", "test", "campaignGroup", "associatedEntity"),
        1000,
    ),
    "creatives": ("linkedin/creatives", ("campaigns", "creatives", "intendedStatuses"), 100),
}
# `start` and `count`, of the time before page tokens, are let pass and change nothing.
_PAGING = {
    "q",
    "pageSize",
    "pageToken",
    "fields",
    "search",
    "sort",
    "sortBy",
    "sortOrder",
    "isTestAccount",
    "start",
    "count",
}
_DELETED = ("PENDING_DELETION", "REMOVED")  # shown only to those who ask for the status
_MOST_OF_A_BATCH = 100


def account_of(world: World, number: int, path: str) -> Record:
    """The account of that number; what cannot be read is refused."""
    if "linkedin.accounts" not in world.cache:
        world.cache["linkedin.accounts"] = {
            record["id"]: record for record in world.records("linkedin/accounts")
        }
    found: Record | None = world.cache["linkedin.accounts"].get(number)
    if found is None:
        raise LinkedInRefusal(
            403, "ACCESS_DENIED", f"Not enough permissions to access: GET {path}", 100
        )
    return found


def _records(world: World, request: web.Request) -> tuple[str, list[Record]]:
    """The edge a path names and its records in order of ids, sorted once for a clock."""
    parts = request.path.split("/")
    edge = parts[4] if len(parts) > 4 else "adAccounts"
    key = ("linkedin.edge", edge)
    if key not in world.cache:
        of_account: dict[str, list[Record]] = {}
        for record in world.records(EDGES[edge][0]):
            of_account.setdefault(record.get("account", ""), []).append(record)
        for records in of_account.values():
            records.sort(key=lambda record: (len(str(record["id"])), str(record["id"])))
        world.cache[key] = of_account
    owner = ""
    if edge != "adAccounts":
        number = int(request.match_info["account"])
        owner = f"urn:li:sponsoredAccount:{account_of(world, number, request.path)['id']}"
    return edge, world.cache[key].get(owner, [])


def single(world: World, request: web.Request, parameters: Record) -> Record:
    """One account, campaign group, campaign or creative."""
    account = account_of(world, int(request.match_info["account"]), request.path)
    fields = parameters.get("fields", "")
    if "id" not in request.match_info:
        return project(account, fields)
    edge, records = _records(world, request)
    wanted = unquote(request.match_info["id"])
    for record in records:
        if str(record["id"]) == wanted:
            return project(record, fields)
    raise LinkedInRefusal(404, "RESOURCE_NOT_FOUND", f"{edge} {wanted} is not found")


def search(world: World, request: web.Request, parameters: Record) -> Record:
    """A page of a finder, or the records that `ids` names."""
    edge, records = _records(world, request)
    if "ids" in parameters:
        return _batch({str(record["id"]): record for record in records}, parameters, edge)
    _, keys, largest = EDGES[edge]
    finder = "criteria" if edge == "creatives" else "search"
    if parameters.get("q") != finder:
        raise bad("q", "Finder not found")
    if request.headers.get("X-RestLi-Method", "FINDER").upper() != "FINDER":
        raise LinkedInRefusal(400, "ILLEGAL_ARGUMENT", "X-RestLi-Method does not suit the request")
    filters = dict(parameters.get("search") or {})
    if edge == "creatives":
        filters = {name: parameters[name] for name in keys if name in parameters}
    unknown = set(parameters) - _PAGING - (set(keys) if edge == "creatives" else set())
    if unknown:
        raise bad(min(unknown), "Illegal query parameter", "QUERY_PARAM_NOT_ALLOWED")
    if edge in ("adCampaignGroups", "adCampaigns") and "status" not in filters:
        records = [record for record in records if record.get("status") not in _DELETED]
    if edge == "creatives" and "intendedStatuses" not in filters:
        records = [record for record in records if record.get("intendedStatus") not in _DELETED]
    for name, asked in filters.items():
        if name not in keys:
            raise bad(f"search.{name}", "Illegal query parameter", "QUERY_PARAM_NOT_ALLOWED")
        records = [record for record in records if _meets(record, name, asked)]
    order = parameters.get("sort") if isinstance(parameters.get("sort"), dict) else {}
    if "DESCENDING" in ((order or {}).get("order"), parameters.get("sortOrder")):
        records = records[::-1]
    return token_page(records, parameters, largest, request.get("fault"))


def _meets(record: Record, name: str, asked: Any) -> bool:
    if name == "test":
        wanted = asked.get("values", ["false"])[0] if isinstance(asked, dict) else asked
        return record.get("test", False) is (str(wanted).lower() == "true")
    values = asked.get("values") if isinstance(asked, dict) else asked
    if not isinstance(values, list) or not values:
        raise BadParameter(f"search.{name}")
    if name == "intendedStatuses":
        return record.get("intendedStatus", "ACTIVE") in values
    held = record.get({"campaigns": "campaign", "creatives": "id"}.get(name, name))
    return str(held) in values or (
        name == "id" and f"{held}" in {value.rsplit(":", 1)[-1] for value in values}
    )


def tracking_parameters(world: World, request: web.Request, parameters: Record) -> Record:
    """What an account or a campaign adds to landing pages, by its complex key."""
    # Taken as it came: in the decoded path a URN's colons would be structure.
    key = request.raw_path.partition("?")[0].rsplit("/", 1)[-1]
    try:
        entity = decode(f"key={key}")["key"]["adEntity"]
    except (RestliSyntaxError, KeyError, TypeError) as error:
        raise BadParameter("adEntity") from error
    for record in world.records("linkedin/tracking_parameters"):
        if record["adEntity"] == entity:
            return project(record, parameters.get("fields", ""))
    raise LinkedInRefusal(404, "RESOURCE_NOT_FOUND", "No tracking parameters are set")


def posts(world: World, request: web.Request, parameters: Record) -> Record:
    """Posts by their URNs (BATCH_GET)."""
    if "linkedin.posts" not in world.cache:
        world.cache["linkedin.posts"] = {
            record["id"]: record for record in world.records("linkedin/posts")
        }
    return _batch(world.cache["linkedin.posts"], parameters, "Post")


def _batch(known: Mapping[str, Record], parameters: Record, what: str) -> Record:
    """BATCH_GET: https://linkedin.github.io/rest.li/spec/protocol#batch-get"""
    asked = parameters.get("ids")
    if not isinstance(asked, list) or not 1 <= len(asked) <= _MOST_OF_A_BATCH:
        raise BadParameter("ids")
    if not all(isinstance(each, str) for each in asked):
        raise BadParameter("ids")
    missing = {"status": 404, "code": "NOT_FOUND", "message": f"{what} is not found"}
    fields = parameters.get("fields", "")
    return {
        "results": {each: project(known[each], fields) for each in asked if each in known},
        "statuses": {each: 200 if each in known else 404 for each in asked},
        "errors": {each: missing for each in asked if each not in known},
    }
