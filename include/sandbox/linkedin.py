"""LinkedIn's OAuth and advertising API. Hosts: www.linkedin.com (tokens), api.linkedin.com (/rest).

Versioning: https://learn.microsoft.com/en-us/linkedin/marketing/versioning; accounts, campaign
groups, campaigns and creatives: https://learn.microsoft.com/en-us/linkedin/marketing/integrations/
ads/account-structure/create-and-manage-accounts and its neighbours; errors: https://learn.microsoft.
com/en-us/linkedin/shared/api-guide/concepts/error-handling.
"""

import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from aiohttp import BasicAuth, web

from include.sandbox.dataset import Record, World
from include.sandbox.linkedin_analytics import BadParameter, analytics
from include.sandbox.restli import RestliSyntaxError, decode
from include.sandbox.tokens import linkedin_tokens

CLIENT = ("sandbox-linkedin-client", "sandbox-linkedin-secret")
REFRESH_TOKEN = "sandbox-linkedin-refresh"
# Every version lives a year at least. This is the sandbox's configuration of which are active.
ACTIVE_VERSIONS = ("202511", "202512", *(f"2026{month:02}" for month in range(1, 12)))
LONGEST_QUERY = 4_096

_EDGES = {  # edge: file, search keys, largest page
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


class LinkedInRefusal(Exception):
    """An error answer: HTTP status, code, message and, where there is one, serviceErrorCode."""

    def __init__(
        self, status: int, code: str, message: str, service_code: int | None = None, **more: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: Record = {"status": status, "code": code, "message": message, **more}
        if service_code is not None:
            self.body["serviceErrorCode"] = service_code


def _bad(field: str, reason: str, code: str = "PARAM_INVALID") -> LinkedInRefusal:
    return LinkedInRefusal(
        400,
        "ILLEGAL_ARGUMENT",
        "Invalid param. Please see errorDetails for more information.",
        errorDetailType="com.linkedin.common.error.BadRequest",
        errorDetails={
            "inputErrors": [
                {"code": code, "description": reason, "input": {"inputPath": {"fieldPath": field}}}
            ]
        },
    )


Answer = Callable[[web.Request, Record], Any]


def routes(world: World) -> list[web.RouteDef]:
    """Routes of the token endpoints and of /rest."""

    def guarded(answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                _authorize(world, request)
                content = answer(request, await _parameters(request))
            except LinkedInRefusal as refusal:
                return web.json_response(refusal.body, status=refusal.status)
            except BadParameter as error:
                return web.json_response(_bad(error.field, error.reason).body, status=400)
            body = (
                content
                if isinstance(content, bytes)
                else json.dumps(content, ensure_ascii=False).encode()
            )
            return web.Response(
                body=body,
                content_type="application/json",
                headers={"X-RestLi-Protocol-Version": "2.0.0"},
            )

        return handle

    def found(request: web.Request, parameters: Record) -> Any:
        return _search(world, request, parameters)

    def single(request: web.Request, parameters: Record) -> Any:
        return _single(world, request, parameters)

    def reported(request: web.Request, parameters: Record) -> Any:
        if parameters.get("q") not in ("analytics", "statistics"):
            raise _bad("q", "Finder not found")
        return analytics(world, parameters)

    def missing(request: web.Request, parameters: Record) -> Any:
        raise LinkedInRefusal(404, "RESOURCE_NOT_FOUND", "No virtual resource found")

    async def token(request: web.Request) -> web.Response:
        return await _token(world, request)

    async def introspect(request: web.Request) -> web.Response:
        return await _introspect(world, request)

    finders = [
        ("/rest/adAnalytics", reported),
        ("/rest/adAccounts", found),
        *(
            (f"/rest/adAccounts/{{account:[0-9]+}}/{edge}", found)
            for edge in ("adCampaignGroups", "adCampaigns", "creatives")
        ),
    ]
    return [
        web.post("/oauth/v2/accessToken", token),
        web.post("/oauth/v2/introspectToken", introspect),
        *(
            method(path, guarded(answer))
            for path, answer in finders
            for method in (web.get, web.post)
        ),
        web.get("/rest/adAccounts/{account:[0-9]+}", guarded(single)),
        *(
            web.get(f"/rest/adAccounts/{{account:[0-9]+}}/{edge}/{{id}}", guarded(single))
            for edge in ("adCampaignGroups", "adCampaigns", "creatives")
        ),
        *(method("/rest/{path:.*}", guarded(missing)) for method in (web.get, web.post)),
    ]


# --- requests ---------------------------------------------------------------------------------


def _authorize(world: World, request: web.Request) -> None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    token, tokens, fault = token.strip(), linkedin_tokens(world), request.get("fault") or {}
    if fault.get("kind") == "expire_token":
        tokens.expire(token)
    if kind.lower() != "bearer" or not token:
        raise LinkedInRefusal(401, "EMPTY_ACCESS_TOKEN", "Empty oauth2 access token", 65604)
    if tokens.was_alive(token):
        raise LinkedInRefusal(
            401,
            "REVOKED_ACCESS_TOKEN",
            "The token used in the request has been revoked by the user",
            65601,
        )
    if not tokens.accepts(token):
        raise LinkedInRefusal(401, "INVALID_ACCESS_TOKEN", "Invalid access token", 65600)
    if fault.get("kind") == "quota":
        period = "DAY " if fault.get("daily") else ""
        raise LinkedInRefusal(
            429,
            "TOO_MANY_REQUESTS",
            f"Resource level throttle APPLICATION {period}limit for "
            "calls to this resource is reached.",
            101,
        )
    version = request.headers.get("LinkedIn-Version", "").strip()
    if not version:
        raise LinkedInRefusal(
            400,
            "VERSION_MISSING",
            "A version must be present. Please specify a version by adding "
            "the LinkedIn-Version header.",
        )
    if version.split(".")[0] not in ACTIVE_VERSIONS:
        full = f"{version}01" if len(version) == 6 else version
        raise LinkedInRefusal(426, "NONEXISTENT_VERSION", f"Requested version {full} is not active")


async def _parameters(request: web.Request) -> Record:
    """The decoded query: from the URL, or from the body of a tunnelled one
    (https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/query-tunneling)."""
    raw = request.rel_url.raw_query_string
    if len(raw) > LONGEST_QUERY:
        raise LinkedInRefusal(414, "REQUEST_URI_TOO_LONG", "Request URI too long")
    if request.method == "POST":
        if request.headers.get("X-HTTP-Method-Override", "").upper() != "GET":
            raise LinkedInRefusal(405, "METHOD_NOT_ALLOWED", "The sandbox is read-only")
        raw = "&".join(part for part in (raw, (await request.text()).strip()) if part)
    try:
        return decode(raw)
    except RestliSyntaxError as error:
        raise BadParameter(error.field) from error


def _project(records: Sequence[Record], parameters: Record) -> list[Record]:
    names = [name for name in parameters.get("fields", "").split(",") if name]
    if not names:
        return list(records)
    return [{name: record[name] for name in names if name in record} for record in records]


# --- accounts and what is below them ----------------------------------------------------------


def _account(world: World, request: web.Request) -> Record:
    number = int(request.match_info["account"])
    for record in world.records("linkedin/accounts"):
        if record["id"] == number:
            return record
    raise LinkedInRefusal(
        403, "ACCESS_DENIED", f"Not enough permissions to access: GET {request.path}", 100
    )


def _records(world: World, request: web.Request) -> tuple[str, list[Record]]:
    """The edge a path names and its records, in order of ids."""
    parts = request.path.split("/")
    edge = parts[4] if len(parts) > 4 else "adAccounts"
    records = world.records(_EDGES[edge][0])
    if edge == "adAccounts":
        return edge, list(records)
    urn = f"urn:li:sponsoredAccount:{_account(world, request)['id']}"
    return edge, [record for record in records if record["account"] == urn]


def _single(world: World, request: web.Request, parameters: Record) -> Record:
    account = _account(world, request)
    if "id" not in request.match_info:
        return _project([account], parameters)[0]
    edge, records = _records(world, request)
    wanted = unquote(request.match_info["id"])
    for record in records:
        if str(record["id"]) == wanted:
            return _project([record], parameters)[0]
    raise LinkedInRefusal(404, "RESOURCE_NOT_FOUND", f"{edge} {wanted} is not found")


def _search(world: World, request: web.Request, parameters: Record) -> Record:
    edge, records = _records(world, request)
    _, keys, largest = _EDGES[edge]
    finder = "criteria" if edge == "creatives" else "search"
    if parameters.get("q") != finder:
        raise _bad("q", "Finder not found")
    if request.headers.get("X-RestLi-Method", "FINDER").upper() != "FINDER":
        raise LinkedInRefusal(400, "ILLEGAL_ARGUMENT", "X-RestLi-Method does not suit the request")
    filters = dict(parameters.get("search") or {})
    if edge == "creatives":
        filters = {name: parameters[name] for name in keys if name in parameters}
    unknown = set(parameters) - _PAGING - (set(keys) if edge == "creatives" else set())
    if unknown:
        raise _bad(min(unknown), "Illegal query parameter", "QUERY_PARAM_NOT_ALLOWED")
    if edge in ("adCampaignGroups", "adCampaigns") and "status" not in filters:
        records = [record for record in records if record.get("status") not in _DELETED]
    for name, asked in filters.items():
        if name not in keys:
            raise _bad(f"search.{name}", "Illegal query parameter", "QUERY_PARAM_NOT_ALLOWED")
        records = [record for record in records if _meets(record, name, asked)]
    order = parameters.get("sort") if isinstance(parameters.get("sort"), dict) else {}
    descending = "DESCENDING" in ((order or {}).get("order"), parameters.get("sortOrder"))
    records.sort(key=lambda record: (len(str(record["id"])), str(record["id"])), reverse=descending)
    return _page(records, parameters, largest, request.get("fault"))


def _meets(record: Record, name: str, asked: Any) -> bool:
    if name == "test":
        wanted = asked.get("values", ["false"])[0] if isinstance(asked, dict) else asked
        return record.get("test", False) is (str(wanted).lower() == "true")
    values = asked.get("values") if isinstance(asked, dict) else asked
    if not isinstance(values, list) or not values:
        raise BadParameter(f"search.{name}")
    held = record.get(
        {"campaigns": "campaign", "creatives": "id", "intendedStatuses": "intendedStatus"}.get(
            name, name
        )
    )
    return str(held) in values or (
        name == "id" and f"{held}" in {value.rsplit(":", 1)[-1] for value in values}
    )


def _page(records: list[Record], parameters: Record, largest: int, fault: Any) -> Record:
    try:
        size = int(parameters.get("pageSize", min(100, largest)))
    except (TypeError, ValueError):
        size = 0
    if not 1 <= size <= largest:
        raise _bad("pageSize", f"Page size must be between 1 and {largest}")
    about = json.dumps(
        {key: value for key, value in parameters.items() if key != "pageToken"}, sort_keys=True
    )
    start = _start(parameters["pageToken"], about) if parameters.get("pageToken") else 0
    end, shown = start + size, records[start : start + size]
    kind = fault["kind"] if fault else None
    if kind == "empty_page":
        end, shown = start, []
    elif kind == "short_page":
        end = start + max(1, len(shown) // 2)
        shown = records[start:end]
    elif kind == "duplicate_page":
        end, shown = start, records[max(0, start - size) : start] or shown
    answer: Record = {"elements": _project(shown, parameters), "metadata": {}}
    if end < len(records):
        token = base64.urlsafe_b64encode(json.dumps([end, about]).encode()).decode()
        answer["metadata"]["nextPageToken"] = token
    return answer


def _start(token: Any, about: str) -> int:
    try:
        start, belongs = json.loads(base64.urlsafe_b64decode(token))
    except (TypeError, ValueError):
        start = belongs = None
    if belongs != about:
        raise BadParameter("pageToken")
    return int(start)


# --- OAuth: https://learn.microsoft.com/en-us/linkedin/shared/authentication/ -------------------


async def _form(request: web.Request) -> dict[str, str]:
    form = {**request.query, **{name: str(value) for name, value in (await request.post()).items()}}
    if request.headers.get("Authorization", "").startswith("Basic "):
        basic = BasicAuth.decode(request.headers["Authorization"])
        form = {"client_id": basic.login, "client_secret": basic.password, **form}
    return form


def _oauth_error(status: int, error: str, text: str) -> web.Response:
    return web.json_response({"error": error, "error_description": text}, status=status)


async def _token(world: World, request: web.Request) -> web.Response:
    form = await _form(request)
    grant = form.get("grant_type")
    if grant not in ("refresh_token", "client_credentials", "authorization_code"):
        return _oauth_error(
            400, "invalid_request", 'A required parameter "grant_type" is missing or unsupported'
        )
    if (form.get("client_id"), form.get("client_secret")) != CLIENT:
        return _oauth_error(401, "invalid_client", "Client authentication failed")
    if grant == "client_credentials":
        return _oauth_error(
            401, "access_denied", "This application is not allowed to create application tokens"
        )
    if grant == "authorization_code":
        return _oauth_error(
            400,
            "invalid_request",
            "Unable to retrieve access token: appid/"
            "redirect uri/code verifier does not match authorization code. Or "
            "authorization code expired.",
        )
    if form.get("refresh_token") != REFRESH_TOKEN:
        return _oauth_error(
            400,
            "invalid_grant",
            "The provided authorization grant or refresh token is invalid, expired or revoked",
        )
    return web.json_response(
        {
            "access_token": linkedin_tokens(world).mint(),
            "expires_in": 5_184_000,
            "refresh_token": REFRESH_TOKEN,
            "refresh_token_expires_in": 31_536_000,
            "scope": "r_ads,r_ads_reporting",
        }
    )


async def _introspect(world: World, request: web.Request) -> web.Response:
    form = await _form(request)
    if (form.get("client_id"), form.get("client_secret")) != CLIENT:
        return _oauth_error(401, "invalid_client", "Client authentication failed")
    token, tokens = form.get("token", ""), linkedin_tokens(world)
    if not tokens.accepts(token):
        status = "revoked" if tokens.was_alive(token) else "expired"
        return web.json_response({"active": False, "status": status})
    now = int(datetime.now(UTC).timestamp())
    return web.json_response(
        {
            "active": True,
            "client_id": CLIENT[0],
            "authorized_at": now,
            "created_at": now,
            "status": "active",
            "expires_at": now + 5_184_000,
            "scope": "r_ads,r_ads_reporting",
            "auth_type": "3L",
        }
    )
