"""Meta's Graph API, as far as the Marketing API reads: insights (at once and as report runs), ad
objects and their edges, batches, tokens. https://developers.facebook.com/docs/marketing-api

`answer` is the whole API as a function of one call; HTTP and batches are two ways to call it.
"""

import json
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from include.sandbox import meta_insights
from include.sandbox.dataset import Record, World
from include.sandbox.faults import Fault
from include.sandbox.meta_access import SCOPES, USER, authorize, described_token, minted, usage
from include.sandbox.meta_graph import (
    TYPES,
    VERSIONS,
    GraphError,
    bad_parameter,
    decoded,
    field_list,
    listed,
    unknown_failure,
)
from include.sandbox.meta_nodes import (
    EDGES,
    PARENTS,
    ShownObjects,
    found_object,
    listed_objects,
    shown_object,
)
from include.sandbox.meta_page import Rows, page, with_fewer_actions
from include.sandbox.meta_report import Report, report

_LARGEST_BATCH = 50
# Edges that connectors read beside these and of which a data set has nothing.
_BARE_EDGES = {
    "account": {
        "activities",
        "adimages",
        "adlabels",
        "adspixels",
        "advideos",
        "assigned_users",
        "customaudiences",
        "customconversions",
        "saved_audiences",
    },
}


@dataclass(frozen=True)
class Call:
    """One call: `path` without version, `base` the absolute URL that `next` links stand on."""

    method: str
    version: str
    path: str
    params: Mapping[str, str]
    base: str
    fault: Fault | None = None


@dataclass(frozen=True)
class Answer:
    """The JSON text of a successful answer and headers beyond those every answer has."""

    text: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Run:
    """An asynchronous report: complete from the second look on, as the real one never is at once.
    Its rows are fixed when it is asked for."""

    record: Record
    rows: Report
    looks: int = 0


def routes(world: World) -> list[web.RouteDef]:
    """Everything under a Graph version."""

    async def handle(request: web.Request) -> web.Response:
        params = await _params(request)
        version = request.match_info["version"]
        # A query too long for a URL may be posted: `method` then says what it is.
        method = params.get("method", request.method).upper()
        call = Call(
            method,
            version,
            request.match_info["path"].strip("/"),
            params,
            f"{request.scheme}://{request.host}/{version}",
            request.get("fault"),
        )
        status, headers, text = _complete(world, call)
        return web.Response(
            body=text,
            status=status,
            headers=headers,
            content_type="application/json",
            charset="UTF-8",
        )

    return [web.route("*", r"/{version:v\d+\.\d+}{path:(/.*)?}", handle)]


async def _params(request: web.Request) -> dict[str, str]:
    """Query and body as one mapping; the token may come as a bearer header."""
    params = dict(request.query)
    if request.method == "POST":
        if request.content_type == "application/json":
            try:
                body = await request.json()
            except ValueError:
                body = None
            if isinstance(body, dict):
                params |= {
                    key: value if isinstance(value, str) else json.dumps(value)
                    for key, value in body.items()
                }
        else:
            params |= {
                key: value
                for key, value in (await request.post()).items()
                if isinstance(value, str)
            }
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "oauth"):
        params.setdefault("access_token", token)
    return params


def _complete(world: World, call: Call) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and text of any call, errors included."""
    headers = {
        "facebook-api-version": call.version,
        "x-fb-trace-id": "sandboxtrace",
        "x-fb-request-id": "Asandboxrequest",
        "x-app-usage": json.dumps({"call_count": 1, "total_cputime": 0, "total_time": 0}),
    }
    try:
        found = answer(world, call)
    except GraphError as refused:
        error = refused
    except Exception:
        traceback.print_exc()
        error = unknown_failure()
    else:
        return 200, headers | dict(found.headers), found.text
    first = error.body["error"]
    headers["WWW-Authenticate"] = (
        f'OAuth "Facebook Platform" "invalid_request" {json.dumps(first["message"])}'
    )
    return error.status, headers | error.headers, json.dumps(error.body).encode()


def answer(world: World, call: Call) -> Answer:
    """What the API says to one call. Raises GraphError for what it refuses."""
    if call.version not in VERSIONS and call.version not in world.dataset.meta_versions:
        if float(call.version[1:]) > float(VERSIONS[-1][1:]):
            raise GraphError(f"Unknown path components: /{call.version}", 2500)
        raise GraphError(
            "(#2635) You are calling a deprecated version of the Ads API. Please update to the "
            f"latest version: {VERSIONS[-1]}.",
            2635,
        )
    if call.path == "oauth/access_token":
        return _json(minted(call.params))
    authorize(call.path, call.params, call.fault)
    if call.path == "debug_token":
        return _json({"data": described_token(call.params.get("input_token", ""))})
    if call.path == "" and call.method == "POST" and "batch" in call.params:
        return _batch(world, call)
    if call.path == "" and "ids" in call.params:
        fields = field_list(call.params.get("fields"))
        return _json(
            {
                name: shown_object(world, *found_object(world, name), fields)
                for name in listed(call.params, "ids")
            }
        )
    node, _, edge = call.path.partition("/")
    if edge and not edge.replace("_", "").isalpha():
        raise GraphError(f"Unknown path components: /{edge}", 2500)
    if call.method not in ("GET", "POST") or (call.method == "POST" and edge != "insights"):
        raise GraphError(
            "(#200) The sandbox's data is read only", 200, status=403, error_subcode=1870034
        )
    runs: dict[str, _Run] = world.state.setdefault("meta.runs", {})
    if node in runs:
        return _run(world, call, runs[node], edge)
    if node == "me":
        return _me(world, call, edge)
    kind, record = found_object(world, node)
    if edge == "insights" and kind in meta_insights.LEVELS:
        return _insights(world, call, kind, record)
    if edge:
        return _edge(world, call, kind, record, edge)
    return _json(shown_object(world, kind, record, field_list(call.params.get("fields"))))


def _json(content: Any, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(json.dumps(content).encode(), headers or {})


def _batch(world: World, call: Call) -> Answer:
    """https://developers.facebook.com/docs/graph-api/batch-requests"""
    entries = decoded(call.params, "batch")
    if not isinstance(entries, list):
        raise bad_parameter("Param batch must be an array.")
    if len(entries) > _LARGEST_BATCH:
        raise GraphError(
            f"Too many requests in batch message. Maximum batch size is {_LARGEST_BATCH}",
            -3,
            kind="GraphBatchException",
        )
    shared = {
        key: call.params[key] for key in ("access_token", "appsecret_proof") if key in call.params
    }
    include_headers = call.params.get("include_headers", "true") != "false"
    answers = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict) or not isinstance(entry.get("body") or "", str):
            raise bad_parameter(f"Param batch[{number}] must be an object.")
        path, _, text = str(entry.get("relative_url", "")).strip("/").partition("?")
        if path.startswith(f"{call.version}/"):
            path = path.removeprefix(f"{call.version}/")
        params = dict(parse_qsl(text, keep_blank_values=True))
        params |= dict(parse_qsl(entry.get("body") or "", keep_blank_values=True))
        inner = replace(
            call,
            method=str(entry.get("method", "GET")).upper(),
            path=path.strip("/"),
            params={**shared, **params},
            fault=None,
        )
        status, headers, body = _complete(world, inner)
        shown = [{"name": name, "value": value} for name, value in headers.items()]
        answers.append(
            {
                "code": status,
                **({"headers": shown} if include_headers else {}),
                "body": body.decode(),
            }
        )
    return _json(answers)


def _edge(world: World, call: Call, kind: str, record: Record, edge: str) -> Answer:
    if edge in _BARE_EDGES.get(kind, ()):
        return _json({"data": []})
    target = EDGES.get(edge)
    if target is None or kind not in PARENTS[target]:
        raise bad_parameter(
            f"Tried accessing nonexisting field ({edge}) on node type ({TYPES[kind]})"
        )
    rows = listed_objects(world, kind, record, target, call.params)
    fields = field_list(call.params.get("fields"))
    account = record.get("account_id")
    used = usage(account, "ads_management") if account else {}
    return Answer(_page(call, ShownObjects(world, target, rows, fields)), used)


def _me(world: World, call: Call, edge: str) -> Answer:
    if not edge:
        return _json(USER)
    if edge in ("adaccounts", "assigned_ad_accounts"):
        fields = field_list(call.params.get("fields"))
        accounts = ShownObjects(world, "account", world.records("meta/ad_accounts"), fields)
        return Answer(_page(call, accounts))
    if edge == "permissions":
        return _json({"data": [{"permission": name, "status": "granted"} for name in SCOPES]})
    raise bad_parameter(f"Tried accessing nonexisting field ({edge}) on node type (User)")


def _insights(world: World, call: Call, kind: str, record: Record) -> Answer:
    asked = meta_insights.query(world, kind, record, call.params)
    rows = report(world, asked)
    used = usage(record["account_id"], "ads_insights")
    if call.method == "GET":
        return Answer(_reported(call, rows, asked.summary), used)
    runs: dict[str, _Run] = world.state["meta.runs"]
    identifier = str(6_000_000_000_001 + len(runs))
    runs[identifier] = _Run(
        {
            "id": identifier,
            "account_id": record["account_id"],
            "time_ref": int(world.clock.timestamp()),
            "date_start": min(since for since, _ in asked.ranges),
            "date_stop": max(until for _, until in asked.ranges),
        },
        rows,
    )
    return _json({"report_run_id": identifier}, used)


def _reported(call: Call, rows: Report, summary: tuple[str, ...] | None) -> bytes:
    totals = rows.totals(summary) if summary is not None else None
    fault = call.fault
    if (
        fault
        and fault["kind"] == "fewer_actions"
        and len(rows.asked.fields) > fault.get("fields", 6)
    ):
        return _page(call, with_fewer_actions(rows[:]), totals)
    return _page(call, rows, totals)


def _run(world: World, call: Call, run: _Run, edge: str) -> Answer:
    """A report run: https://developers.facebook.com/docs/marketing-api/reference/ad-report-run"""
    run.looks += 1
    is_done = run.looks > 1
    if edge == "insights" and call.method == "GET":
        if not is_done:
            raise GraphError(
                "(#2601) Error Accessing Adreport Job: Loading an async ad report run that is not "
                "completed",
                2601,
            )
        wanted = meta_insights.summary_of(call.params, run.rows.asked.fields)
        used = usage(run.record["account_id"], "ads_insights")
        return Answer(_reported(call, run.rows, wanted or run.rows.asked.summary), used)
    if edge:
        raise bad_parameter(
            f"Tried accessing nonexisting field ({edge}) on node type (AdReportRun)"
        )
    state = {
        **run.record,
        "async_status": "Job Completed" if is_done else "Job Running",
        "async_percent_completion": 100 if is_done else 0,
        "is_running": not is_done,
    }
    if is_done:
        state["time_completed"] = run.record["time_ref"]
    return _json(state)


def _page(call: Call, rows: Rows, summary: Record | None = None) -> bytes:
    return page(call.path, call.params, call.base, rows, call.fault, summary)
