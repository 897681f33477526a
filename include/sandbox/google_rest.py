"""Google over REST: the OAuth token endpoint and the twins of the Google Ads gRPC methods.

Hosts: googleads.googleapis.com; oauth2.googleapis.com, www.googleapis.com and accounts.google.com
for tokens. https://developers.google.com/google-ads/api/rest/overview,
https://developers.google.com/identity/protocols/oauth2/web-server#offline and
https://developers.google.com/identity/protocols/oauth2/service-account#httprest.
"""

import binascii
import json
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import BasicAuth, web
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from include.sandbox import google_fields, google_search
from include.sandbox.dataset import World
from include.sandbox.gaql import VERSIONS, GoogleAdsRefusal
from include.sandbox.google_access import (
    STATUS,
    accessible,
    authorize,
    failure,
    internal_error,
    request_id,
)
from include.sandbox.google_faults import Fault
from include.sandbox.tokens import claims_of, google_tokens

CLIENT = ("sandbox-google-client", "sandbox-google-secret")
REFRESH_TOKEN = "sandbox-google-refresh"
# What the user has consented to; a token asked for with fewer of them has those alone.
_SCOPES = (
    "https://www.googleapis.com/auth/adwords",
    "https://www.googleapis.com/auth/analytics.readonly",
)
_VERSION = r"/{version:v\d+}"


def routes(world: World) -> list[web.RouteDef]:
    """Routes of the token endpoint, which GA4 shares, and of Google Ads."""

    async def token(request: web.Request) -> web.Response:
        return await _token(world, request)

    async def token_info(request: web.Request) -> web.Response:
        given = request.query.get("access_token") or (await request.post()).get("access_token", "")
        if not google_tokens(world).accepts(str(given)):
            return web.json_response(
                {"error": "invalid_token", "error_description": "Invalid Value"}, status=400
            )
        scope = google_tokens(world).scope_of(str(given))
        return web.json_response({"scope": scope, "expires_in": "3599", "access_type": "offline"})

    def answering(
        answer: Callable[[str, dict[str, Any], web.Request, dict[str, str]], Any],
        is_stream: bool = False,
    ) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            number, version = request_id(), request.match_info["version"]
            headers = {name.lower(): value for name, value in request.headers.items()}
            try:
                if version not in VERSIONS:
                    raise GoogleAdsRefusal(
                        "request_error",
                        "UNSUPPORTED_VERSION",
                        f"Version {version} is deprecated. Requests to this version will be "
                        "blocked.",
                    )
                authorize(world, headers, request.get("fault"))
                content = answer(version, await _body(request), request, headers)
                status = 200
            except GoogleAdsRefusal as refusal:
                status, content = _error(version, refusal, number)
                content = [content] if is_stream else content
            except Exception:
                traceback.print_exc()
                status, content = _error(version, internal_error(), number)
                content = [content] if is_stream else content
            text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
            return web.Response(
                status=status,
                text=text,
                content_type="application/json",
                headers={"request-id": number},
            )

        return handle

    def customers(
        version: str, body: dict[str, Any], request: web.Request, headers: dict[str, str]
    ) -> Any:
        return {"resourceNames": accessible(world)}

    def search(
        version: str, body: dict[str, Any], request: web.Request, headers: dict[str, str]
    ) -> Any:
        types = google_search.messages(version, "google_ads_service")
        message = _message(types.SearchGoogleAdsRequest.pb(), body, request)
        return MessageToDict(
            google_search.search(world, message, headers, version, request.get("fault"))
        )

    def stream(
        version: str, body: dict[str, Any], request: web.Request, headers: dict[str, str]
    ) -> Any:
        types = google_search.messages(version, "google_ads_service")
        message = _message(types.SearchGoogleAdsStreamRequest.pb(), body, request)
        return _streamed(world, message, headers, version, request.get("fault"))

    def field(
        version: str, body: dict[str, Any], request: web.Request, headers: dict[str, str]
    ) -> Any:
        name = f"googleAdsFields/{request.match_info['name']}"
        return MessageToDict(google_fields.get(version, name))

    def fields(
        version: str, body: dict[str, Any], request: web.Request, headers: dict[str, str]
    ) -> Any:
        query = body.get("query") or request.query.get("query", "")
        return MessageToDict(google_fields.search(version, query))

    one = _VERSION + r"/customers/{customer:[^/:]+}/googleAds"
    return [
        *(
            web.post(path, token)
            for path in ("/token", "/oauth2/v4/token", "/oauth2/v3/token", "/o/oauth2/token")
        ),
        web.get("/tokeninfo", token_info),
        web.post("/tokeninfo", token_info),
        web.get(f"{_VERSION}/customers:listAccessibleCustomers", answering(customers)),
        web.post(f"{one}:search", answering(search)),
        web.post(f"{one}:searchStream", answering(stream, is_stream=True)),
        web.get(_VERSION + "/googleAdsFields/{name}", answering(field)),
        web.post(f"{_VERSION}/googleAdsFields:search", answering(fields)),
    ]


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        text = await request.text()
        content = json.loads(text) if text.strip() else {}
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise GoogleAdsRefusal("request_error", "UNKNOWN", "Invalid JSON payload received.")
    return content


def _message(message_class: Any, body: dict[str, Any], request: web.Request) -> Any:
    try:
        message = ParseDict(body, message_class())
    except ParseError as error:
        raise GoogleAdsRefusal(
            "request_error", "UNKNOWN", f"Invalid JSON payload received. {error}"
        ) from error
    message.customer_id = request.match_info["customer"]
    return message


def _streamed(
    world: World, message: Any, headers: dict[str, str], version: str, fault: Fault | None
) -> str:
    """The JSON array of the pages; each page's rows are turned into JSON once and kept."""

    def pages() -> str:
        response = google_search.messages(version, "google_ads_service")
        page_class = response.SearchGoogleAdsStreamResponse.pb()
        found = google_search.stream(world, message, headers, version, "R", fault)
        texts = (MessageToDict(page_class.FromString(page)) for page in found)
        return f"[{','.join(json.dumps(text, ensure_ascii=False) for text in texts)}]"

    key = ("google.rest", message.SerializeToString(), headers.get("login-customer-id"), version)
    if fault:
        text = pages()
    else:
        if key not in world.cache:
            world.cache[key] = pages()
        text = world.cache[key]
    return text.replace('"requestId": "R"', f'"requestId": "{request_id()}"')


def _error(version: str, refusal: GoogleAdsRefusal, number: str) -> tuple[int, dict[str, Any]]:
    code, text = STATUS[refusal.status]
    shaped = version if version in VERSIONS else VERSIONS[-1]
    details = MessageToDict(failure(shaped, refusal, number))
    kind = f"type.googleapis.com/google.ads.googleads.{version}.errors.GoogleAdsFailure"
    return code, {
        "error": {
            "code": code,
            "message": text,
            "status": refusal.status,
            "details": [{"@type": kind, **details}],
        }
    }


# --- OAuth ------------------------------------------------------------------------------------


async def _token(world: World, request: web.Request) -> web.Response:
    try:
        form: dict[str, Any] = (
            await _body(request)
            if request.content_type == "application/json"
            else dict(await request.post())
        )
        if request.headers.get("Authorization", "").startswith("Basic "):
            basic = BasicAuth.decode(request.headers["Authorization"])
            form = {"client_id": basic.login, "client_secret": basic.password, **form}
        error = _refused(form)
    except (GoogleAdsRefusal, ValueError):
        error = 400, "invalid_request", "The request could not be read."
    if error:
        status, code, text = error
        return web.json_response({"error": code, "error_description": text}, status=status)
    scope = _scope(form)
    answer = {
        "access_token": google_tokens(world).mint(scope),
        "expires_in": 3599,
        "token_type": "Bearer",
    }
    if form["grant_type"] == "refresh_token":
        answer["scope"] = scope
    return web.json_response(answer)


def _scope(form: Mapping[str, Any]) -> str:
    """The scopes of the token that a form asks for: a service account's claim, or as many of what
    the user has consented to as are asked for (all, without a word)."""
    if form["grant_type"] != "refresh_token":
        return str(claims_of(str(form["assertion"])).get("scope", ""))
    asked = str(form.get("scope") or "").split()
    return " ".join(scope for scope in _SCOPES if not asked or scope in asked)


def _refused(form: dict[str, Any]) -> tuple[int, str, str] | None:
    grant = form.get("grant_type", "")
    if not grant:
        return 400, "invalid_request", "Required parameter is missing: grant_type"
    if grant == "urn:ietf:params:oauth:grant-type:jwt-bearer":
        return _bad_assertion(str(form.get("assertion", "")))
    if grant != "refresh_token":
        return 400, "unsupported_grant_type", f"Invalid grant_type: {grant}"
    if form.get("client_id") != CLIENT[0]:
        return 401, "invalid_client", "The OAuth client was not found."
    if form.get("client_secret") != CLIENT[1]:
        return 401, "invalid_client", "Unauthorized"
    if not form.get("refresh_token"):
        return 400, "invalid_request", "Missing required parameter: refresh_token"
    if form["refresh_token"] != REFRESH_TOKEN:
        return 400, "invalid_grant", "Token has been expired or revoked."
    return None


def _bad_assertion(assertion: str) -> tuple[int, str, str] | None:
    """A service account's JWT is taken at its word: the sandbox holds no public keys."""
    try:
        claims = claims_of(assertion)
        issuer, until = claims["iss"], float(claims["exp"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        return 400, "invalid_grant", "Invalid JWT: token must be a valid JWT."
    if not issuer or until < datetime.now(UTC).timestamp():
        return (
            400,
            "invalid_grant",
            (
                "Invalid JWT: Token must be a short-lived token (60 minutes) "
                "and in a reasonable timeframe."
            ),
        )
    return None
