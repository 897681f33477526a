"""LinkedIn's advertising API. Hosts: www.linkedin.com (tokens), api.linkedin.com (/rest).

Versioning: https://learn.microsoft.com/en-us/linkedin/marketing/versioning; errors: https://learn.
microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling; the resources have modules of
their own, which cite theirs.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from include.sandbox import linkedin_access, linkedin_accounts, linkedin_leads
from include.sandbox.dataset import Record, World
from include.sandbox.linkedin_analytics import BadParameter, analytics
from include.sandbox.linkedin_answers import LinkedInRefusal, bad, distorted
from include.sandbox.restli import RestliSyntaxError, decode
from include.sandbox.tokens import linkedin_tokens

# Every version lives a year at least. This is the sandbox's configuration of which are active.
ACTIVE_VERSIONS = ("202511", "202512", *(f"2026{month:02}" for month in range(1, 12)))
LONGEST_QUERY = 4_096

_OVERLAP_SECONDS = 0.02  # in which requests count as being under way together

Answer = Callable[[World, web.Request, Record], Any]


def routes(world: World) -> list[web.RouteDef]:
    """Routes of the token endpoints and of /rest."""
    under_way = 0

    def guarded(answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            nonlocal under_way
            fault = request.get("fault") or {}
            under_way += 1
            try:
                if "concurrent" in fault:
                    await asyncio.sleep(_OVERLAP_SECONDS)
                _authorize(world, request, under_way)
                content = answer(world, request, await _parameters(request))
            except LinkedInRefusal as refusal:
                return web.json_response(refusal.body, status=refusal.status)
            except BadParameter as error:
                return web.json_response(bad(error.field, error.reason).body, status=400)
            finally:
                under_way -= 1
            if fault.get("kind") in ("lose_rows", "alter_number"):
                content = json.loads(content) if isinstance(content, bytes) else content
                content = distorted(content, fault)
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

    account = "/rest/adAccounts/{account:[0-9]+}"
    edges = ("adCampaignGroups", "adCampaigns", "creatives")
    finders: list[tuple[str, Answer]] = [
        ("/rest/adAnalytics", _reported),
        ("/rest/adAccounts", linkedin_accounts.search),
        *((f"{account}/{edge}", linkedin_accounts.search) for edge in edges),
        ("/rest/leadForms", linkedin_leads.lead_forms),
        ("/rest/leadFormResponses", linkedin_leads.responses),
        ("/rest/posts", linkedin_accounts.posts),
    ]
    singles: list[tuple[str, Answer]] = [
        (account, linkedin_accounts.single),
        *((f"{account}/{edge}/{{id}}", linkedin_accounts.single) for edge in edges),
        ("/rest/adTrackingParameters/{key:.*}", linkedin_accounts.tracking_parameters),
        ("/rest/leadForms/{form:[0-9]+}", linkedin_leads.lead_form),
    ]
    return [
        *linkedin_access.routes(world),
        *(
            method(path, guarded(answer))
            for path, answer in finders
            for method in (web.get, web.post)
        ),
        *(web.get(path, guarded(answer)) for path, answer in singles),
        *(method("/rest/{path:.*}", guarded(_missing)) for method in (web.get, web.post)),
    ]


def _reported(world: World, request: web.Request, parameters: Record) -> bytes:
    if parameters.get("q") not in ("analytics", "statistics"):
        raise bad("q", "Finder not found")
    return analytics(world, parameters)


def _missing(world: World, request: web.Request, parameters: Record) -> Any:
    raise LinkedInRefusal(404, "RESOURCE_NOT_FOUND", "No virtual resource found")


def _authorize(world: World, request: web.Request, under_way: int) -> None:
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
    if fault.get("kind") == "quota" and under_way > fault.get("concurrent", 0):
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
        try:
            body = (await request.text()).strip()
        except ValueError:
            raise LinkedInRefusal(400, "ILLEGAL_ARGUMENT", "The body is not UTF-8") from None
        raw = "&".join(part for part in (raw, body) if part)
    try:
        return decode(raw)
    except RestliSyntaxError as error:
        raise BadParameter(error.field) from error
