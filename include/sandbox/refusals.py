"""What each API says where none of its handlers speaks: of paths and methods that are not served,
and of a failure nobody foresaw. Each says it in its own form, as clients expect it.
"""

import re
import traceback
from collections.abc import Callable
from html import escape
from typing import Any

from aiohttp import web

from include.sandbox import salesforce_access
from include.sandbox.dataset import World
from include.sandbox.meta_graph import GraphError, unknown_failure
from include.sandbox.wire import Handler

_HOSTS = (
    ("meta", ".facebook.com"),
    ("linkedin", ".linkedin.com"),
    ("ga4", ".analyticsdata.googleapis.com"),
    ("google", ".googleapis.com"),
    ("google", ".google.com"),
    ("salesforce", ".salesforce.com"),
)
_PATHS = (
    ("salesforce", re.compile("/services(/|$)")),
    ("linkedin", re.compile("/(rest|v2|oauth/v2)(/|$)")),
    ("meta", re.compile(r"/v\d+\.\d+(/|$)")),
    ("google", re.compile(r"/v\d\d(/|$)")),
    ("ga4", re.compile(r"/v1(alpha|beta)(/|$)")),
    ("meta", re.compile(r"/(me|act_\d+|\d+|debug_token)(/|$)")),  # without a version
)


def api_of_path(request: web.Request) -> str:
    """The API that a host or, on loopback, a path belongs to; "unknown" for neither."""
    host = f".{request.host.partition(':')[0].lower()}"
    by_host = (api for api, suffix in _HOSTS if host.endswith(suffix))
    by_path = (api for api, pattern in _PATHS if pattern.match(request.path))
    return next(by_host, None) or next(by_path, "unknown")


def own_words(world: World, api_of: Callable[[web.Request], str]) -> Any:
    """A middleware that says in the API's form what the router and the interpreter would say."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        api = api_of(request)
        try:
            return await handler(request)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as refused:
            allowed: list[str] = sorted(getattr(refused, "allowed_methods", ()))
            own = _not_served(world, api, request, allowed)
            if own is None:
                raise
            return own
        except web.HTTPException:
            raise
        except Exception:
            if api == "unknown":
                raise
            traceback.print_exc()
            return failure(api, request.path)

    return answer


def failure(api: str, path: str) -> web.Response:
    """The API's answer to an error of its own."""
    if api == "meta":
        error = unknown_failure()
        return web.json_response(error.body, status=error.status)
    if api == "linkedin":
        return _linkedin(500, "INTERNAL_SERVER_ERROR", "Internal Server Error")
    if api in ("google", "ga4"):
        return _google(500, "INTERNAL", "Internal error encountered.")
    if path.startswith("/services/async/"):
        return _bulk1(500, "Unknown", "An unexpected error occurred.")
    return salesforce_access.error(
        500,
        "UNKNOWN_EXCEPTION",
        "An unexpected error occurred. Please include this ErrorId if you contact support: "
        "1000000000-1 (1000000000)",
    )


def _not_served(
    world: World, api: str, request: web.Request, allowed: list[str]
) -> web.Response | None:
    if api == "meta":
        error = GraphError(f"Unknown path components: {request.path}", 2500)
        return web.json_response(error.body, status=error.status)
    if api == "linkedin" and allowed:
        return _linkedin(405, "METHOD_NOT_ALLOWED", f"Method {request.method} is not allowed")
    if api == "linkedin":
        return _linkedin(404, "RESOURCE_NOT_FOUND", f"No virtual resource found for {request.path}")
    if api == "google":
        return _google(404, "NOT_FOUND", "Method not found.")
    if api == "ga4":  # Google's front end: no JSON, and never 405
        page = f"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>{escape(request.path)}"
        return web.Response(status=404, text=page, content_type="text/html")
    if api != "salesforce":
        return None
    if request.path.startswith("/services/async/"):
        return _bulk1(400, "InvalidUrl", f"Invalid URL: {request.path}")
    if request.path.startswith("/services/data/") and (
        refusal := salesforce_access.session_refusal(world, request)
    ):
        return refusal
    if allowed:
        return salesforce_access.error(
            405,
            "METHOD_NOT_ALLOWED",
            f"HTTP Method '{request.method}' not allowed. Allowed are {','.join(allowed)}",
        )
    return salesforce_access.error(404, "NOT_FOUND", "The requested resource does not exist")


def _linkedin(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"status": status, "code": code, "message": message}, status=status)


def _google(status: int, name: str, message: str) -> web.Response:
    error = {"code": status, "message": message, "status": name}
    return web.json_response({"error": error}, status=status)


def _bulk1(status: int, code: str, message: str) -> web.Response:
    body = {"exceptionCode": code, "exceptionMessage": message}
    return web.json_response(body, status=status)
