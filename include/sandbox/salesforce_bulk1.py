"""Salesforce Bulk API 1.0, for clients that still speak it: query jobs in JSON, one batch each.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/asynch_api_bulk_query_intro.htm
The session travels in `X-SFDC-Session`; datetimes are milliseconds since 1970.
"""

import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from include.sandbox import soql, soql_engine
from include.sandbox.dataset import World
from include.sandbox.salesforce_access import USER_ID, access, json_object, known_version
from include.sandbox.salesforce_org import org
from include.sandbox.salesforce_values import long_id, wire_datetime
from include.sandbox.soql_engine import Result

_ROWS_OF_A_RESULT = 100_000


@dataclass(slots=True)
class _Job:
    id: str
    sobject: str
    created: str
    version: str
    state: str = "Open"
    batch: str = ""
    result: Result | None = None
    looks: int = 0

    def described(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "operation": "query",
            "object": self.sobject,
            "createdById": USER_ID,
            "createdDate": self.created,
            "systemModstamp": self.created,
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "JSON",
            "apiVersion": float(self.version),
        }

    def batch_described(self) -> dict[str, Any]:
        """Each look finds the batch one state further."""
        state = ("Queued", "InProgress", "Completed")[min(self.looks, 2)]
        rows = len(self.result.rows) if self.result and state == "Completed" else 0
        return {
            "id": self.batch,
            "jobId": self.id,
            "createdDate": self.created,
            "systemModstamp": self.created,
            "state": state,
            "numberRecordsProcessed": rows,
        }

    def parts(self) -> list[str]:
        """The ids of the results: positions at which they begin, in the shape of an id."""
        rows = len(self.result.rows) if self.result else 0
        return [f"752{number:015}" for number in range(-(-rows // _ROWS_OF_A_RESULT))]

    def part(self, name: str) -> bytes:
        """The records of one result. KeyError when there is no such result."""
        if self.result is None or name not in self.parts():
            raise KeyError(name)
        start = int(name[3:]) * _ROWS_OF_A_RESULT
        instants = {
            field.name for field in self.result.sobject.fields.values() if field.type == "datetime"
        } & set(self.result.columns)
        records = []
        for row in self.result.rows[start : start + _ROWS_OF_A_RESULT]:
            record = self.result.project(row, self.version)
            for column in instants:
                if record[column] is not None:
                    record[column] = round(
                        datetime.fromisoformat(record[column]).timestamp() * 1000
                    )
            records.append(record)
        return json.dumps(records, ensure_ascii=False, separators=(",", ":")).encode()


class _Refused(Exception):
    """Answered with 400 and `exceptionCode`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def routes(world: World) -> list[web.RouteDef]:
    """The routes of query jobs in JSON; other operations and content types are refused."""
    jobs: dict[str, _Job] = {}

    def found(request: web.Request) -> _Job:
        job = jobs.get(request.match_info["id"])
        if job is None or request.match_info.get("batch", job.batch) != job.batch:
            raise _Refused("InvalidJob", "Invalid job id")
        return job

    async def create(request: web.Request, version: str) -> Any:
        asked = await _json(request)
        if asked.get("operation") != "query" or asked.get("contentType") != "JSON":
            raise _Refused("InvalidJob", "The sandbox takes query jobs in JSON alone")
        job = _Job(
            long_id(f"750{secrets.token_hex(6).upper()}"),
            str(asked.get("object")),
            wire_datetime(org(world).now),
            version,
        )
        jobs[job.id] = job
        return job.described()

    async def one(request: web.Request, version: str) -> Any:
        return found(request).described()

    async def close(request: web.Request, version: str) -> Any:
        job, asked = found(request), await _json(request)
        if asked.get("state") not in ("Closed", "Aborted"):
            raise _Refused("InvalidJobState", "A job is closed or aborted")
        job.state = asked["state"]
        return job.described()

    async def add(request: web.Request, version: str) -> Any:
        job = found(request)
        if job.batch or job.state != "Open":
            raise _Refused("InvalidJobState", "The sandbox takes one batch in an open job")
        try:
            query = await request.text()
        except ValueError:
            raise _Refused("InvalidBatch", "The query is not UTF-8") from None
        try:
            result = soql_engine.run(soql.parse(query), org(world))
        except soql.SoqlError as refused:
            raise _Refused("InvalidBatch", refused.message) from refused
        if result.is_aggregate or result.has_children or not result.columns:
            raise _Refused("FeatureNotEnabled", "Aggregate and nested queries are not supported")
        job.batch, job.result = long_id(f"751{secrets.token_hex(6).upper()}"), result
        return job.batch_described()

    async def look(request: web.Request, version: str) -> Any:
        job = found(request)
        job.looks += 1
        return job.batch_described()

    async def results(request: web.Request, version: str) -> Any:
        job = found(request)
        if job.looks < 2:
            raise _Refused("InvalidBatch", "The batch is not completed")
        return job.parts()

    async def result(request: web.Request, version: str) -> Any:
        try:
            return found(request).part(request.match_info["part"])
        except KeyError:
            raise _Refused("InvalidBatch", "There is no such result") from None

    base = "/services/async/{version}/job"
    batch = base + "/{id}/batch"
    return [
        web.post(base, _guarded(world, create)),
        web.get(base + "/{id}", _guarded(world, one)),
        web.post(base + "/{id}", _guarded(world, close)),
        web.post(batch, _guarded(world, add)),
        web.get(batch + "/{batch}", _guarded(world, look)),
        web.get(batch + "/{batch}/result", _guarded(world, results)),
        web.get(batch + "/{batch}/result/{part}", _guarded(world, result)),
    ]


async def _json(request: web.Request) -> dict[str, Any]:
    asked = await json_object(request)
    if asked is None:
        raise _Refused("InvalidJob", "The request body is not a JSON object")
    return asked


def _guarded(
    world: World, handler: Callable[[web.Request, str], Awaitable[Any]]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler behind version and session; what it gives is sent as JSON."""
    state = access(world)

    async def handle(request: web.Request) -> web.StreamResponse:
        version = known_version(f"v{request.match_info['version']}")
        session, fault = request.headers.get("X-SFDC-Session", ""), request.get("fault") or {}
        if fault.get("kind") == "expire_token":
            state.tokens.expire(session)
        try:
            if version is None:
                raise _Refused("InvalidVersion", "The version is not served")
            if not state.tokens.accepts(session):
                raise _Refused("InvalidSessionId", "Invalid session id")
            if fault.get("kind") == "quota":
                raise _Refused("ExceededQuota", "ApiBatchItems Limit exceeded.")
            state.calls += 1
            answer = await handler(request, version)
        except _Refused as refused:
            body = {"exceptionCode": refused.code, "exceptionMessage": refused.message}
            return web.json_response(body, status=400)
        if isinstance(answer, bytes):
            return web.Response(body=answer, content_type="application/json", charset="utf-8")
        return web.json_response(answer)

    return handle
