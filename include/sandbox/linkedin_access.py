"""LinkedIn's OAuth endpoints, and which tokens its API accepts.

https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens and
/token-introspection beside it.
"""

import asyncio
import contextlib
import secrets
from datetime import UTC, datetime
from typing import Any

from aiohttp import BasicAuth, web

from include.sandbox.dataset import World
from include.sandbox.tokens import linkedin_tokens

CLIENT = ("sandbox-linkedin-client", "sandbox-linkedin-secret")
REFRESH_TOKEN = "sandbox-linkedin-refresh"
SCOPES = "r_ads,r_ads_reporting,r_marketing_leadgen_automation,r_organization_social"

_ACCESS_SECONDS, _REFRESH_SECONDS = 5_184_000, 31_536_000


def routes(world: World) -> list[web.RouteDef]:
    """Routes of www.linkedin.com."""

    async def token(request: web.Request) -> web.Response:
        return await _token(world, request)

    async def introspect(request: web.Request) -> web.Response:
        return await _introspect(world, request)

    return [
        web.post("/oauth/v2/accessToken", token),
        web.post("/oauth/v2/introspectToken", introspect),
    ]


def _refresh_tokens(world: World) -> set[str]:
    """The refresh tokens that live; kept over moves of the clock."""
    found: set[str] = world.state.setdefault("linkedin.refresh_tokens", {REFRESH_TOKEN})
    return found


async def _form(request: web.Request) -> dict[str, str]:
    form = {**request.query, **{name: str(value) for name, value in (await request.post()).items()}}
    if request.headers.get("Authorization", "").startswith("Basic "):
        with contextlib.suppress(ValueError):  # then there is no client
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
    fault = request.get("fault") or {}
    await asyncio.sleep(fault.get("seconds", 0))
    alive, refresh_token = _refresh_tokens(world), form.get("refresh_token", "")
    if refresh_token not in alive:
        return _oauth_error(
            400,
            "invalid_grant",
            "The provided authorization grant or refresh token is invalid, expired or revoked",
        )
    if fault.get("kind") == "rotate_token":
        alive.remove(refresh_token)
        refresh_token = f"AQrefresh-{secrets.token_urlsafe(32)}"
        alive.add(refresh_token)
    return web.json_response(
        {
            "access_token": linkedin_tokens(world).mint(),
            "expires_in": _ACCESS_SECONDS,
            "refresh_token": refresh_token,
            "refresh_token_expires_in": _REFRESH_SECONDS,
            "scope": SCOPES,
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
    known: dict[str, Any] = {
        "active": True,
        "client_id": CLIENT[0],
        "authorized_at": now,
        "created_at": now,
        "status": "active",
        "expires_at": now + _ACCESS_SECONDS,
        "scope": SCOPES,
        "auth_type": "3L",
    }
    return web.json_response(known)
