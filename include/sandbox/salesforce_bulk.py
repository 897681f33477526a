"""Salesforce Bulk API 2.0: query jobs and their results as CSV.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
"""

import base64
import binascii
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from include.sandbox import soql, soql_engine
from include.sandbox.dataset import World
from include.sandbox.salesforce_access import USER_ID, error, guarded, json_body
from include.sandbox.salesforce_faults import Fault, altered_cells, page_of
from include.sandbox.salesforce_org import Org
from include.sandbox.salesforce_values import long_id, wire_datetime
from include.sandbox.soql_engine import Result

MAX_RECORDS = 250_000
_DELIMITERS = {
    "BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t",
}  # fmt: skip
_LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_ENDED = ("JobComplete", "Aborted", "Failed")


@dataclass(slots=True)
class _Job:
    id: str
    operation: str
    version: str
    delimiter: str
    line_ending: str
    result: Result
    created: str
    state: str = "UploadComplete"

    def described(self, whole: bool) -> dict[str, Any]:
        """The job as the API shows it: short when created, whole when asked for."""
        info: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.result.sobject.name,
            "createdById": USER_ID,
            "createdDate": self.created,
            "systemModstamp": self.created,
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "lineEnding": self.line_ending,
            "columnDelimiter": self.delimiter,
        }
        if whole:
            done = self.state == "JobComplete"
            info |= {
                "jobType": "V2Query",
                "numberRecordsProcessed": len(self.result.rows) if done else 0,
                "retries": 0,
                "totalProcessingTime": 100 if done else 0,
                "isPkChunkingSupported": True,
            }
        return info

    def csv(self, start: int, end: int, fault: Fault | None = None) -> str:
        """A chunk of the results, header included; every cell quoted, null empty."""
        mark, end_of_line = _DELIMITERS[self.delimiter], _LINE_ENDINGS[self.line_ending]
        cells, columns = self.result.cells, self.result.columns
        rows = altered_cells([cells(row) for row in self.result.rows[start:end]], columns, fault)
        lines: list[Iterable[Any]] = [columns, *rows]
        return "".join(mark.join(map(_cell, line)) + end_of_line for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return '"true"' if value else '"false"'
    text = str(value)
    if len(text) == 28 and text.endswith("+0000") and text[10] == "T":
        text = f"{text[:-5]}Z"
    return '"' + text.replace('"', '""') + '"'


def routes(world: World) -> list[web.RouteDef]:
    """The routes of query jobs. A job outlives the session that made it."""
    jobs: dict[str, _Job] = {}

    async def create(request: web.Request, org: Org, version: str) -> web.Response:
        asked = await json_body(request)
        delimiter = str(asked.get("columnDelimiter", "COMMA"))
        line_ending = str(asked.get("lineEnding", "LF"))
        wrong = (
            asked.get("operation") not in ("query", "queryAll")
            or delimiter not in _DELIMITERS
            or line_ending not in _LINE_ENDINGS
            or asked.get("contentType", "CSV") != "CSV"
        )
        if wrong:
            return error(400, "INVALIDJOB", "InvalidJob : a value of the job is not supported")
        result = _result(str(asked.get("query") or ""), org, asked["operation"] == "queryAll")
        job = _Job(
            long_id(f"750{secrets.token_hex(6).upper()}"), asked["operation"], version, delimiter,
            line_ending, result, wire_datetime(org.now),
        )  # fmt: skip
        jobs[job.id] = job
        return web.json_response(job.described(whole=False))

    async def listed(request: web.Request, org: Org, version: str) -> web.Response:
        records = [job.described(whole=True) for job in jobs.values()]
        return web.json_response({"done": True, "nextRecordsUrl": None, "records": records})

    async def one(request: web.Request, org: Org, version: str) -> web.Response:
        job = jobs.get(request.match_info["id"])
        if job is None:
            return _no_job()
        if job.state not in _ENDED:  # each look finds it one state further
            job.state = "InProgress" if job.state == "UploadComplete" else "JobComplete"
        return web.json_response(job.described(whole=True))

    async def change(request: web.Request, org: Org, version: str) -> web.Response:
        job = jobs.get(request.match_info["id"])
        if job is None:
            return _no_job()
        if (await json_body(request)).get("state") != "Aborted":
            return error(400, "INVALIDJOBSTATE", "A query job can only be aborted")
        if job.state in _ENDED:
            return error(400, "INVALIDJOBSTATE", f"Aborting already {job.state} Job not allowed")
        job.state = "Aborted"
        return web.json_response(job.described(whole=False))

    async def delete(request: web.Request, org: Org, version: str) -> web.Response:
        job = jobs.get(request.match_info["id"])
        if job is None:
            return _no_job()
        if job.state not in _ENDED:
            return error(400, "INVALIDJOBSTATE", "Deleting a job that has not ended is not allowed")
        del jobs[job.id]
        return web.Response(status=204)

    async def results(request: web.Request, org: Org, version: str) -> web.Response:
        job = jobs.get(request.match_info["id"])
        if job is None:
            return _no_job()
        if job.state != "JobComplete":
            return error(400, "INVALIDJOBSTATE", f"Job is in state {job.state}, not JobComplete")
        try:
            start = _position(request.query.get("locator", ""))
            most = min(int(request.query.get("maxRecords", MAX_RECORDS)), MAX_RECORDS)
        except ValueError:
            return error(400, "INVALIDLOCATOR", "Invalid locator or maxRecords")
        total = len(job.result.rows)
        fault = request.get("fault")
        first, last, end = page_of(fault, start, min(start + max(most, 1), total))
        locator = _locator(end) if end < total else "null"
        return web.Response(
            body=job.csv(first, last, fault).encode("utf-8", "surrogatepass"),
            headers={
                "Content-Type": "text/csv; charset=UTF-8",
                "Sforce-Locator": locator,
                "Sforce-NumberOfRecords": str(last - first),
            },
        )

    base = "/services/data/{version}/jobs/query"
    found = []
    for add, path, handler in (
        (web.post, "", create),
        (web.get, "", listed),
        (web.get, "/{id}", one),
        (web.patch, "/{id}", change),
        (web.delete, "/{id}", delete),
        (web.get, "/{id}/results", results),
    ):
        checked = guarded(world, handler)
        found += [add(base + path, checked), add(f"{base}{path}/", checked)]
    return found


def _result(text: str, org: Org, deleted: bool) -> Result:
    """Raises SoqlError for what Bulk does not take: groups, counts, child queries, OFFSET."""
    query = soql.parse(text)
    result = soql_engine.run(query, org, deleted)
    if result.is_aggregate or not result.columns:
        raise soql.SoqlError("API_ERROR", "Aggregate Relationships not supported in Bulk Query")
    if result.has_children:
        raise soql.SoqlError("API_ERROR", "Nested Relationships not supported in Bulk Query")
    if query.offset:
        raise soql.SoqlError("API_ERROR", "OFFSET clause not supported in Bulk Query")
    return result


def _no_job() -> web.Response:
    return error(404, "NOT_FOUND", "The requested resource does not exist")


def _locator(position: int) -> str:
    return base64.b64encode(str(position).encode()).decode().rstrip("=")


def _position(locator: str) -> int:
    try:
        return int(base64.b64decode(locator + "=" * (-len(locator) % 4)) or 0)
    except binascii.Error as wrong:
        raise ValueError("not a locator") from wrong
