"""Meta's Graph API, as far as the Marketing API reads: insights (at once and as report runs), ad
objects and their edges, batches, tokens. https://developers.facebook.com/docs/marketing-api

`answer` is the whole API as a function of one call; HTTP and batches are two ways to call it.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from aiohttp import web

from include.sandbox import meta_insights
from include.sandbox.dataset import Record, World
from include.sandbox.faults import Fault
from include.sandbox.meta_graph import (
    TYPES,
    VERSIONS,
    GraphError,
    bad_parameter,
    cursor,
    decoded,
    field_list,
    listed,
    offset_of,
)
from include.sandbox.meta_nodes import EDGES, PARENTS, found_object, listed_objects, shown_object

ACCESS_TOKEN = "sandbox-meta-token"
APP_ID, APP_SECRET = "1000000001", "sandbox-meta-secret"
USER: Record = {"id": "1001", "name": "Sandbox System User"}

_PAGE, _LARGEST_PAGE, _LARGEST_BATCH = 25, 5000, 50
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
    "campaign": set(),
    "adset": set(),
    "creative": set(),
    "ad": {"leads"},
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
    rows: list[bytes]
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
    except GraphError as error:
        first = error.body["error"]
        headers["WWW-Authenticate"] = (
            f'OAuth "Facebook Platform" "invalid_request" {json.dumps(first["message"])}'
        )
        return error.status, headers | error.headers, json.dumps(error.body).encode()
    return 200, headers | dict(found.headers), found.text


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
        return _minted(call.params)
    _authorize(call)
    if call.path == "debug_token":
        return _json({"data": _described_token(call.params.get("input_token", ""))})
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
    if edge == "insights" and kind != "creative":
        return _insights(world, call, kind, record)
    if edge:
        return _edge(world, call, kind, record, edge)
    return _json(shown_object(world, kind, record, field_list(call.params.get("fields"))))


def _json(content: Any, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(json.dumps(content).encode(), headers or {})


def _usage(account_id: str, kind: str, minutes: int = 0) -> dict[str, str]:
    """The rate-limit headers of one ad account; `minutes` until it may be asked again."""
    full = 100 if minutes else 1
    return {
        "x-ad-account-usage": json.dumps(
            {
                "acc_id_util_pct": float(full),
                "reset_time_duration": minutes * 60,
                "ads_api_access_tier": "standard_access",
            }
        ),
        "x-business-use-case-usage": json.dumps(
            {
                account_id: [
                    {
                        "type": kind,
                        "call_count": full,
                        "total_cputime": full,
                        "total_time": full,
                        "estimated_time_to_regain_access": minutes,
                        "ads_api_access_tier": "standard_access",
                    }
                ]
            }
        ),
        "x-fb-ads-insights-throttle": json.dumps(
            {
                "app_id_util_pct": 0.1,
                "acc_id_util_pct": float(full) - 0.9,
                "ads_api_access_tier": "standard_access",
            }
        ),
    }


def _authorize(call: Call) -> None:
    """https://developers.facebook.com/docs/graph-api/guides/secure-requests"""
    if call.fault and call.fault["kind"] == "expire_token":
        raise GraphError(
            "Error validating access token: Session has expired on Friday, 20-Nov-26 04:00:00 PST."
            " The current time is Friday, 20-Nov-26 05:12:11 PST.",
            190,
            error_subcode=463,
        )
    if call.fault and call.fault["kind"] == "quota":
        account = call.path.partition("/")[0].removeprefix("act_")
        raise GraphError(
            "(#17) User request limit reached",
            17,
            error_subcode=2446079,
            is_transient=True,
            error_user_title="Ad Account Has Too Many API Calls",
            error_user_msg="There have been too many calls to this ad-account. Wait a bit and try "
            "again.",
            headers=_usage(account, "ads_insights", int(call.fault.get("minutes", 1))),
        )
    token = call.params.get("access_token")
    if not token:
        raise GraphError("An access token is required to request this resource.", 104)
    if token not in (ACCESS_TOKEN, f"{APP_ID}|{APP_SECRET}"):
        raise GraphError("Invalid OAuth access token - Cannot parse access token", 190)
    proof = call.params.get("appsecret_proof")
    expected = hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
    if proof is not None and not hmac.compare_digest(proof, expected):
        raise GraphError(
            "Invalid appsecret_proof provided in the API argument", 100, kind="GraphMethodException"
        )


def _minted(params: Mapping[str, str]) -> Answer:
    if (params.get("client_id"), params.get("client_secret")) != (APP_ID, APP_SECRET):
        raise GraphError("Error validating client secret.", 1)
    grant = params.get("grant_type")
    if grant == "client_credentials":
        return _json({"access_token": f"{APP_ID}|{APP_SECRET}", "token_type": "bearer"})
    if grant == "fb_exchange_token" and params.get("fb_exchange_token") == ACCESS_TOKEN:
        return _json({"access_token": ACCESS_TOKEN, "token_type": "bearer", "expires_in": 5183944})
    raise GraphError("Invalid verification code format.", 100)


def _described_token(token: str) -> Record:
    """https://developers.facebook.com/docs/graph-api/reference/debug_token"""
    if token != ACCESS_TOKEN:
        return {
            "error": {"code": 190, "message": "Invalid OAuth access token."},
            "is_valid": False,
            "scopes": [],
        }
    return {
        "app_id": APP_ID,
        "type": "SYSTEM_USER",
        "application": "Sandbox",
        "is_valid": True,
        "data_access_expires_at": 0,
        "expires_at": 0,
        "issued_at": 1700000000,
        "scopes": ["ads_read", "ads_management", "business_management", "leads_retrieval"],
        "user_id": USER["id"],
    }


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
    for entry in entries:
        path, _, text = str(entry.get("relative_url", "")).strip("/").partition("?")
        if path.startswith(f"{call.version}/"):
            path = path.removeprefix(f"{call.version}/")
        params = dict(parse_qsl(text, keep_blank_values=True))
        params |= dict(parse_qsl(entry.get("body", ""), keep_blank_values=True))
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
    if edge in _BARE_EDGES[kind]:
        return _json({"data": []})
    target = EDGES.get(edge)
    if target is None or kind not in PARENTS[target]:
        raise bad_parameter(
            f"Tried accessing nonexisting field ({edge}) on node type ({TYPES[kind]})"
        )
    rows = listed_objects(world, kind, record, target, call.params)
    fields = field_list(call.params.get("fields"))
    texts = [json.dumps(shown_object(world, target, row, fields)).encode() for row in rows]
    return Answer(_page(call, texts), _usage(record["account_id"], "ads_management"))


def _me(world: World, call: Call, edge: str) -> Answer:
    if not edge:
        return _json(USER)
    if edge in ("adaccounts", "assigned_ad_accounts"):
        fields = field_list(call.params.get("fields"))
        texts = [
            json.dumps(shown_object(world, "account", row, fields)).encode()
            for row in world.records("meta/ad_accounts")
        ]
        return Answer(_page(call, texts))
    if edge == "permissions":
        scopes = _described_token(ACCESS_TOKEN)["scopes"]
        return _json({"data": [{"permission": name, "status": "granted"} for name in scopes]})
    raise bad_parameter(f"Tried accessing nonexisting field ({edge}) on node type (User)")


def _insights(world: World, call: Call, kind: str, record: Record) -> Answer:
    rows = meta_insights.report(world, meta_insights.query(world, kind, record, call.params))
    usage = _usage(record["account_id"], "ads_insights")
    if call.method == "GET":
        return Answer(_page(call, rows), usage)
    runs: dict[str, _Run] = world.state["meta.runs"]
    identifier = str(6_000_000_000_001 + len(runs))
    since, until = _days(world, kind, record, call.params)
    runs[identifier] = _Run(
        {
            "id": identifier,
            "account_id": record["account_id"],
            "time_ref": int(world.clock.timestamp()),
            "date_start": since,
            "date_stop": until,
        },
        rows,
    )
    return _json({"report_run_id": identifier}, usage)


def _days(world: World, kind: str, record: Record, params: Mapping[str, str]) -> tuple[str, str]:
    ranges = meta_insights.query(world, kind, record, params).ranges
    return min(since for since, _ in ranges), max(until for _, until in ranges)


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
        return Answer(_page(call, run.rows), _usage(run.record["account_id"], "ads_insights"))
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


def _page(call: Call, rows: Sequence[bytes]) -> bytes:
    """One page of an edge. `next` alone says whether there is more: the cursors stand on the last
    page too (https://developers.facebook.com/docs/graph-api/results)."""
    text = call.params.get("limit") or str(_PAGE)
    if not text.isdigit() or int(text) < 1:
        raise bad_parameter("Param limit must be an integer greater than zero")
    limit = min(int(text), _LARGEST_PAGE)
    if "after" in call.params:
        first, salt = offset_of(call.params["after"])
    elif "before" in call.params:
        last, salt = offset_of(call.params["before"])
        first = max(0, last - limit)
    else:
        first, salt = 0, 0
    shown, end = rows[first : first + limit], min(first + limit, len(rows))
    kind = call.fault["kind"] if call.fault else None
    if kind == "empty_page" and shown:
        shown, end, salt = [], first, salt + 1
    elif kind == "short_page" and len(shown) > 1:
        shown, end = shown[: len(shown) // 2], first + len(shown) // 2
    elif kind == "duplicate_page":
        end, salt = first, salt + 1
    paging: Record = {}
    if shown or end < len(rows):
        paging["cursors"] = {"before": cursor(first), "after": cursor(end, salt)}
    kept = {key: value for key, value in call.params.items() if key not in ("after", "before")}
    link = f"{call.base}/{quote(call.path)}?"
    if end < len(rows):
        paging["next"] = link + urlencode({**kept, "limit": str(limit), "after": cursor(end, salt)})
    if first > 0:
        paging["previous"] = link + urlencode(
            {**kept, "limit": str(limit), "before": cursor(first)}
        )
    parts = [b'{"data":[', b",".join(shown), b"]"]
    if paging:
        parts += [b',"paging":', json.dumps(paging).encode()]
    if call.params.get("summary") in ("true", "1", "[]") or "total_count" in call.params.get(
        "summary", ""
    ):
        parts += [b',"summary":', json.dumps({"total_count": len(rows)}).encode()]
    return b"".join([*parts, b"}"])
