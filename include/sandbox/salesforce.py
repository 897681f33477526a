"""The Salesforce REST API: logins, describe, query and queryAll with their pages, single records.

Hosts: login.salesforce.com, test.salesforce.com, any *.my.salesforce.com, or the sandbox's own.
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
"""

import json
import re
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from include.sandbox import salesforce_access as gate
from include.sandbox import soql, soql_engine
from include.sandbox.dataset import World
from include.sandbox.salesforce_access import bearer, error, guarded
from include.sandbox.salesforce_faults import altered_records, page_of
from include.sandbox.salesforce_objects import label
from include.sandbox.salesforce_org import Org, SObject, org
from include.sandbox.salesforce_values import long_id, wire_datetime
from include.sandbox.soql_engine import Result

MAX_BATCH, MIN_BATCH = 2_000, 200
_KEPT_QUERIES = 16
_KEPT_LOCATORS = 50
_BATCH = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


def routes(world: World) -> list[web.RouteDef]:
    """The routes of login and the REST API.

    Raises DataSetError for a record known now whose value is not of its field's type.
    """
    organization = org(world)
    for name in organization.objects:
        organization.rows(name)
    queries = _Queries(world)

    async def versions(request: web.Request) -> web.Response:
        return web.json_response([
            {"label": _season(number), "url": f"/services/data/v{number}.0",
             "version": f"{number}.0"}
            for number in range(gate.FIRST_VERSION, gate.LAST_VERSION + 1)
        ])  # fmt: skip

    base = "/services/data/{version}"
    handlers = {
        "/": _resources,
        "/limits": _limits,
        "/sobjects": _sobjects,
        "/sobjects/{name}": _basic,
        "/sobjects/{name}/describe": _describe,
        "/sobjects/{name}/deleted": _deleted,
        "/sobjects/{name}/updated": _updated,
        "/sobjects/{name}/{id}": _record,
        "/query": queries.query,
        "/queryAll": queries.query_all,
        "/query/{locator}": queries.more,
        "/queryAll/{locator}": queries.more,
    }
    found = [web.get("/services/data", versions), web.get("/services/data/", versions)]
    for path, handler in handlers.items():
        checked = guarded(world, handler)
        found.append(web.get(base + path.rstrip("/"), checked))
        found.append(web.get(base + path.rstrip("/") + "/", checked))
    return [*gate.login_routes(world), *found]


def _season(number: int) -> str:
    """56.0 is Winter '23; three releases a year."""
    releases = number - 56
    return f"{('Winter', 'Spring', 'Summer')[releases % 3]} '{23 + releases // 3}"


class _Answer:
    """A query's rows, and its pages as JSON, made when first asked for."""

    def __init__(self, result: Result, version: str) -> None:
        self.result, self.version = result, version
        self._pages: dict[tuple[int, int], bytes] = {}

    def records(self, start: int, end: int) -> bytes:
        """The records from `start` up to `end` as the inside of a JSON list."""
        if (start, end) not in self._pages:
            project, version = self.result.project, self.version
            rows = [project(row, version) for row in self.result.rows[start:end]]
            text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))[1:-1]
            self._pages[start, end] = text.encode("utf-8", "surrogatepass")
        return self._pages[start, end]


class _Queries:
    """Query answers and the locators that lead through their pages.

    A locator belongs to the session that asked: another session cannot use it.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._locators: OrderedDict[str, tuple[str, _Answer]] = OrderedDict()

    async def query(self, request: web.Request, org: Org, version: str) -> web.Response:
        return self._first(request, org, version, deleted=False)

    async def query_all(self, request: web.Request, org: Org, version: str) -> web.Response:
        return self._first(request, org, version, deleted=True)

    async def more(self, request: web.Request, org: Org, version: str) -> web.Response:
        locator, _, start = request.match_info["locator"].rpartition("-")
        session, page = self._locators.get(locator, ("", None))
        if page is None or session != bearer(request) or not start.isdecimal():
            return error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        sobject = org.objects[page.result.sobject.name]
        for column in page.result.columns:
            if not page.result.is_aggregate and "." not in column and not sobject.has(column):
                raise soql.SoqlError(
                    "INVALID_FIELD", f"No such column '{column}' on entity '{sobject.name}'."
                )
        return self._answer(request, page, locator, int(start))

    def _first(
        self, request: web.Request, org: Org, version: str, *, deleted: bool
    ) -> web.Response:
        if "q" not in request.query:
            return error(400, "MALFORMED_QUERY", "A query string has to be specified")
        page = self._page(request.query["q"], org, version, deleted)
        return self._answer(request, page, "", 0)

    def _page(self, text: str, org: Org, version: str, deleted: bool) -> _Answer:
        known = self._world.cache.setdefault("salesforce.queries", OrderedDict())
        key = (text, version, deleted)
        if key not in known:
            known[key] = _Answer(soql_engine.run(soql.parse(text), org, deleted), version)
            if len(known) > _KEPT_QUERIES:
                known.popitem(last=False)
        page: _Answer = known[key]
        return page

    def _answer(
        self, request: web.Request, page: _Answer, locator: str, start: int
    ) -> web.Response:
        asked = _BATCH.search(request.headers.get("Sforce-Query-Options", ""))
        size = min(max(int(asked[1]), MIN_BATCH), MAX_BATCH) if asked else MAX_BATCH
        total = len(page.result.rows)
        if page.result.is_aggregate and total > MAX_BATCH:
            return error(
                400, "EXCEEDED_ID_LIMIT",
                "This query does not support QueryMore(), use LIMIT to restrict the results to a "
                "single batch",
            )  # fmt: skip
        end = min(start + size, total)
        fault = request.get("fault")
        first, last, end = page_of(fault, start, end)
        head: dict[str, Any] = {"totalSize": page.result.total, "done": end >= total}
        if end < total:
            locator = locator or self._locate(bearer(request), page)
            head["nextRecordsUrl"] = f"/services/data/v{page.version}/query/{locator}-{end}"
        body = json.dumps(head, separators=(",", ":")).encode()
        body = body[:-1] + b',"records":[' + altered_records(page.records(first, last), fault)
        body += b"]}"
        return web.Response(body=body, content_type="application/json", charset="utf-8")

    def _locate(self, session: str, page: _Answer) -> str:
        locator = long_id(f"01g{secrets.token_hex(6).upper()}")
        self._locators[locator] = (session, page)
        if len(self._locators) > _KEPT_LOCATORS:
            self._locators.popitem(last=False)
        return locator


def _missing(name: str) -> web.Response:
    return error(404, "NOT_FOUND", "The requested resource does not exist")


async def _resources(request: web.Request, org: Org, version: str) -> web.Response:
    base = f"/services/data/v{version}"
    names = ("limits", "query", "queryAll", "sobjects", "jobs")
    return web.json_response({name: f"{base}/{name}" for name in names})


async def _limits(request: web.Request, org: Org, version: str) -> web.Response:
    def limit(most: int, used: int = 0) -> dict[str, int]:
        return {"Max": most, "Remaining": most - used}

    used = gate.access(org.world).calls
    return web.json_response({
        "DailyApiRequests": limit(gate.DAILY_REQUESTS, used),
        "DailyBulkApiBatches": limit(15_000),
        "DailyBulkV2QueryFileStorageMB": limit(976_562),
        "DailyBulkV2QueryJobs": limit(10_000),
        "DataStorageMB": limit(10_240),
        "FileStorageMB": limit(10_240),
    })  # fmt: skip


def _summary(sobject: SObject, version: str) -> dict[str, Any]:
    url = f"/services/data/v{version}/sobjects/{sobject.name}"
    written = sobject.name not in ("Organization", "CurrencyType", "OpportunityHistory")
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": written,
        "custom": sobject.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": written,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": sobject.prefix,
        "label": label(sobject.name),
        "labelPlural": sobject.plural,
        "layoutable": written,
        "mergeable": sobject.has("MasterRecordId"),
        "mruEnabled": written,
        "name": sobject.name,
        "queryable": True,
        "replicateable": sobject.has("SystemModstamp"),
        "retrieveable": True,
        "searchable": written,
        "triggerable": written,
        "undeletable": sobject.has("IsDeleted"),
        "updateable": written,
        "urls": {
            "sobject": url,
            "describe": f"{url}/describe",
            "rowTemplate": f"{url}/{{ID}}",
        },
    }  # fmt: skip


async def _sobjects(request: web.Request, org: Org, version: str) -> web.Response:
    return web.json_response({
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [_summary(org.objects[name], version) for name in sorted(org.objects)],
    })  # fmt: skip


async def _basic(request: web.Request, org: Org, version: str) -> web.Response:
    sobject = org.object(request.match_info["name"])
    if sobject is None:
        return _missing(request.match_info["name"])
    return web.json_response({"objectDescribe": _summary(sobject, version), "recentItems": []})


async def _describe(request: web.Request, org: Org, version: str) -> web.Response:
    sobject = org.object(request.match_info["name"])
    if sobject is None:
        return _missing(request.match_info["name"])
    fields = [
        field.describe(org.picklist(sobject.name, field) if field.type == "picklist" else ())
        | sobject.given.get(field.name, {})
        for field in sobject.fields.values()
    ]
    children: list[dict[str, Any]] = [
        {"cascadeDelete": False, "childSObject": child.name, "deprecatedAndHidden": False,
         "field": field.name, "junctionIdListNames": [], "junctionReferenceTo": [],
         "relationshipName": relation or None, "restrictedDelete": False}
        for relation, child, field in org.children(sobject.name)
    ]  # fmt: skip
    return web.json_response({
        "actionOverrides": [],
        "childRelationships": children,
        "compactLayoutable": not sobject.custom,
        "fields": fields,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [
            {"active": row["IsActive"], "available": True, "defaultRecordTypeMapping": False,
             "developerName": row["DeveloperName"], "master": False, "name": row["Name"],
             "recordTypeId": row["Id"], "urls": {}}
            for row in org.rows("RecordType") if row["SobjectType"] == sobject.name
        ],
        "searchLayoutable": not sobject.custom,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {sobject.plural.lower()}", "name": "everything"}],
        **_summary(sobject, version),
        **{key: value for key, value in (sobject.described or {}).items() if key != "fields"},
    })  # fmt: skip


async def _record(request: web.Request, org: Org, version: str) -> web.Response:
    sobject = org.object(request.match_info["name"])
    if sobject is None:
        return _missing(request.match_info["name"])
    row = org.row(sobject.name, request.match_info["id"])
    if row is None or row.get("IsDeleted"):
        return error(404, "NOT_FOUND", "Provided external ID field does not exist or is not "
                                       "accessible: " + request.match_info["id"])  # fmt: skip
    names = [field.name for field in sobject.fields.values()]
    if "fields" in request.query:
        names = []
        for asked in request.query["fields"].split(","):
            if not sobject.has(asked.strip()):
                return error(
                    400, "INVALID_FIELD",
                    f"No such column '{asked.strip()}' on sobject of type {sobject.name}",
                )  # fmt: skip
            names.append(sobject.fields[asked.strip().lower()].name)
    url = soql_engine.record_url(sobject.name, row["Id"], version)
    attributes = {"type": sobject.name, "url": url}
    return web.json_response({"attributes": attributes, **{name: row[name] for name in names}})


def _between(request: web.Request) -> tuple[str, str] | None:
    try:
        start, end = (
            wire_datetime(datetime.fromisoformat(request.query[name].replace(" ", "+")))
            for name in ("start", "end")
        )
    except (KeyError, ValueError, OverflowError):
        return None
    return (start, end) if start < end else None


async def _deleted(request: web.Request, org: Org, version: str) -> web.Response:
    """https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getdeleted.htm"""
    sobject, span = org.object(request.match_info["name"]), _between(request)
    if sobject is None:
        return _missing(request.match_info["name"])
    if span is None:
        return error(400, "INVALID_REPLICATION_DATE", "start date must be before end date")
    rows = [
        {"deletedDate": row["SystemModstamp"], "id": row["Id"]}
        for row in org.rows(sobject.name)
        if row.get("IsDeleted") and span[0] <= row["SystemModstamp"] < span[1]
    ]
    return web.json_response({
        "deletedRecords": rows,
        "earliestDateAvailable": wire_datetime(org.now - timedelta(days=30)),
        "latestDateCovered": min(span[1], wire_datetime(org.now)),
    })  # fmt: skip


async def _updated(request: web.Request, org: Org, version: str) -> web.Response:
    """https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getupdated.htm"""
    sobject, span = org.object(request.match_info["name"]), _between(request)
    if sobject is None:
        return _missing(request.match_info["name"])
    if span is None:
        return error(400, "INVALID_REPLICATION_DATE", "start date must be before end date")
    ids = [
        row["Id"] for row in org.rows(sobject.name)
        if not row.get("IsDeleted") and span[0] <= row.get("SystemModstamp", "") < span[1]
    ]  # fmt: skip
    return web.json_response(
        {"ids": ids, "latestDateCovered": min(span[1], wire_datetime(org.now))}
    )
