"""Who may call the Salesforce API, in which version, and how it says no.

Status codes and errors: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
"""

import base64
import binascii
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from html import escape, unescape
from re import DOTALL, search
from typing import Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from aiohttp import web

from include.sandbox.dataset import World
from include.sandbox.salesforce_org import Org, org
from include.sandbox.soql import SoqlError
from include.sandbox.tokens import Tokens

CLIENT_ID, CLIENT_SECRET = "sandbox-salesforce-client", "sandbox-salesforce-secret"
REFRESH_TOKEN = "sandbox-salesforce-refresh"
USER, PASSWORD, SECURITY_TOKEN = "admin@sandbox.example", "sandbox-password", "sandboxtoken"
FIRST_VERSION, LAST_VERSION = 56, 68
LAST_SOAP_LOGIN = 64
DAILY_REQUESTS = 100_000
MAX_URI = 16_384
USER_ID = "0055g00000SNDBXAA0"
_MY_DOMAIN = "sandbox.my.salesforce.com"
_LOGIN_HOSTS = ("login.salesforce.com", "test.salesforce.com")
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ApiHandler = Callable[[web.Request, Org, str], Awaitable[web.StreamResponse]]


class Access:
    """The sessions of one world, and how many calls they made."""

    def __init__(self) -> None:
        self.tokens = Tokens("00D5g000000SNDB!AQ")
        self.calls = 0


_ACCESS: WeakKeyDictionary[World, Access] = WeakKeyDictionary()


def access(world: World) -> Access:
    """The sessions of a world, shared by REST and Bulk."""
    return _ACCESS.setdefault(world, Access())


def error(status: int, code: str, message: str) -> web.Response:
    """An error in the API's form: a JSON list."""
    return web.json_response([{"message": message, "errorCode": code}], status=status)


def bearer(request: web.Request) -> str:
    """The access token a call carries, or an empty text."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else ""


def known_version(text: str) -> str | None:
    """`68.0` for a path's `v68.0` if that version is served."""
    number, dot, minor = text.removeprefix("v").partition(".")
    served = number.isdecimal() and FIRST_VERSION <= int(number) <= LAST_VERSION
    return f"{number}.0" if text.startswith("v") and served and (dot, minor) == (".", "0") else None


def session_refusal(world: World, request: web.Request) -> web.Response | None:
    """What a call without a living session is told."""
    if not bearer(request):
        return error(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
    if not access(world).tokens.accepts(bearer(request)):
        return error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    return None


async def json_object(request: web.Request) -> dict[str, Any] | None:
    """The JSON object of a body; None for anything else."""
    try:
        content = await request.json()
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


async def json_body(request: web.Request) -> dict[str, Any]:
    """The JSON object of a body. Raises SoqlError, which `guarded` answers, for anything else."""
    content = await json_object(request)
    if content is None:
        raise SoqlError("JSON_PARSER_ERROR", "The request body is not a JSON object")
    return content


def guarded(world: World, handler: ApiHandler) -> Handler:
    """The handler behind what every call passes: version, session, quota, length of the URI."""
    state = access(world)

    async def handle(request: web.Request) -> web.StreamResponse:
        if len(request.raw_path) > MAX_URI:
            return web.Response(status=414, text="<h1>URI Too Long</h1>", content_type="text/html")
        version = known_version(request.match_info["version"])
        if version is None:
            return error(404, "NOT_FOUND", "The requested resource does not exist")
        fault = request.get("fault") or {}
        if fault.get("kind") == "expire_token":
            state.tokens.expire(bearer(request))
        if refusal := session_refusal(world, request):
            return refusal
        if fault.get("kind") == "quota":
            return error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        state.calls += 1
        try:
            response = await handler(request, org(world), version)
        except SoqlError as refused:
            response = error(400, refused.code, refused.message)
        response.headers["Sforce-Limit-Info"] = f"api-usage={state.calls}/{DAILY_REQUESTS}"
        return response

    return handle


def instance_url(request: web.Request) -> str:
    """Where a session that began with this call lives."""
    host = request.host
    return f"https://{_MY_DOMAIN}" if host in _LOGIN_HOSTS else f"{request.scheme}://{host}"


def login_routes(world: World) -> list[web.RouteDef]:
    """The OAuth token endpoint, revocation, and SOAP login."""
    state = access(world)

    async def token(request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        refusal = _refusal(request, form)
        if refusal:
            code, description = refusal
            return web.json_response({"error": code, "error_description": description}, status=400)
        organization = next(iter(org(world).rows("Organization")))["Id"]
        here = instance_url(request)
        answer = {
            "access_token": state.tokens.mint(),
            "signature": base64.b64encode(b"sandbox").decode(),
            "scope": "api id",
            "instance_url": here,
            "id": f"{here}/id/{organization}/{USER_ID}",
            "token_type": "Bearer",
            "issued_at": str(int(world.clock.timestamp() * 1000)),
        }
        return web.json_response(answer)

    async def revoke(request: web.Request) -> web.Response:
        form = {**request.query, **{k: str(v) for k, v in (await request.post()).items()}}
        if not state.tokens.accepts(form.get("token", "")):
            return web.json_response(
                {"error": "unsupported_token_type",
                 "error_description": "this token type is not supported"},
                status=400,
            )  # fmt: skip
        state.tokens.expire(form["token"])
        return web.Response()

    async def userinfo(request: web.Request) -> web.Response:
        if not state.tokens.accepts(bearer(request)):
            return web.Response(status=403, text="Bad_OAuth_Token")
        organization = next(iter(org(world).rows("Organization")))["Id"]
        here = instance_url(request)
        return web.json_response({
            "sub": f"{here}/id/{organization}/{USER_ID}",
            "user_id": USER_ID,
            "organization_id": organization,
            "preferred_username": USER,
            "nickname": "admin",
            "name": "Sandbox Admin",
            "email": USER,
            "email_verified": True,
            "zoneinfo": world.dataset.time_zone,
            "user_type": "STANDARD",
            "active": True,
        })  # fmt: skip

    async def soap_login(request: web.Request) -> web.Response:
        version = request.match_info["version"]
        text = (await request.read()).decode("utf-8", "replace")
        if (
            not version.partition(".")[0].isdecimal()
            or int(version.partition(".")[0]) > LAST_SOAP_LOGIN
        ):
            return _soap_fault("UNSUPPORTED_API_VERSION", "SOAP API login() is not supported in "
                                                          f"API version {version}")  # fmt: skip
        if (_element(text, "username"), _element(text, "password")) not in (
            (USER, PASSWORD + SECURITY_TOKEN), (USER, PASSWORD),
        ):  # fmt: skip
            return _soap_fault(
                "INVALID_LOGIN",
                "Invalid username, password, security token; or user locked out.",
            )
        organization = next(iter(org(world).rows("Organization")))["Id"]
        server = f"{instance_url(request)}/services/Soap/u/{version}/{organization[:15]}"
        return web.Response(
            content_type="text/xml",
            text=_SOAP.format(
                f"<loginResponse><result><serverUrl>{escape(server)}</serverUrl>"
                f"<sessionId>{state.tokens.mint()}</sessionId><userId>{USER_ID}</userId>"
                "</result></loginResponse>"
            ),
        )

    return [
        web.post("/services/oauth2/token", token),
        web.post("/services/oauth2/revoke", revoke),
        web.get("/services/oauth2/userinfo", userinfo),
        web.post("/services/Soap/u/{version}", soap_login),
    ]


def _refusal(request: web.Request, form: Mapping[str, str]) -> tuple[str, str] | None:
    """(error, description) if the token endpoint says no."""
    grant = form.get("grant_type", "")
    if grant == _JWT_GRANT:
        return _assertion_refusal(request, form.get("assertion", ""))
    if grant not in ("client_credentials", "password", "refresh_token"):
        return "unsupported_grant_type", "grant type not supported"
    client_id, secret = form.get("client_id"), form.get("client_secret")
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            pair = ("", "", "")
        client_id, secret = unquote(pair[0]), unquote(pair[2])
    if client_id != CLIENT_ID:
        return "invalid_client_id", "client identifier invalid"
    if secret != CLIENT_SECRET:
        return "invalid_client", "invalid client credentials"
    if grant == "client_credentials" and request.host in _LOGIN_HOSTS:
        return "invalid_grant", "request not supported on this domain"
    if grant == "password":
        given = form.get("username"), form.get("password")
        if given not in ((USER, PASSWORD + SECURITY_TOKEN), (USER, PASSWORD)):
            return "invalid_grant", "authentication failure"
    if grant == "refresh_token" and form.get("refresh_token") != REFRESH_TOKEN:
        return "invalid_grant", "expired access/refresh token"
    return None


def _assertion_refusal(request: web.Request, assertion: str) -> tuple[str, str] | None:
    """Checks a JWT's claims; the signature is taken as that of the app's certificate."""
    try:
        body = assertion.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        expires = float(claims.get("exp", 0))
    except (ValueError, IndexError, AttributeError):
        return "invalid_grant", "invalid assertion"
    audiences = [f"https://{host}" for host in (*_LOGIN_HOSTS, request.host)]
    if claims.get("iss") != CLIENT_ID:
        return "invalid_client_id", "client identifier invalid"
    if claims.get("aud") not in audiences:
        return "invalid_grant", "audience is invalid"
    if claims.get("sub") != USER:
        return "invalid_grant", "user hasn't approved this consumer"
    if expires < time.time():
        return "invalid_grant", "expired authorization code"
    return None


_SOAP = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:fault.partner.soap.sforce.com" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>{}</soapenv:Body>'
    "</soapenv:Envelope>"
)


def _soap_fault(code: str, message: str) -> web.Response:
    fault = (
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {escape(message)}"
        f"</faultstring><detail><sf:LoginFault><sf:exceptionCode>{code}</sf:exceptionCode>"
        f"<sf:exceptionMessage>{escape(message)}</sf:exceptionMessage></sf:LoginFault></detail>"
        "</soapenv:Fault>"
    )
    return web.Response(status=500, text=_SOAP.format(fault), content_type="text/xml")


def _element(text: str, name: str) -> str | None:
    found = search(rf"<(?:\w+:)?{name}>(.*?)</(?:\w+:)?{name}>", text, DOTALL)
    return unescape(found[1]) if found else None
