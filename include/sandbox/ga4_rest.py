"""The GA4 Data API over REST, under analyticsdata.googleapis.com:
https://developers.google.com/analytics/devguides/reporting/data/v1/rest.

The form of a request is checked as Google's gateway checks it: a name that no message has is
refused, with the place it stands at, before the method sees the request.
"""

import json
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from include.sandbox import ga4_report
from include.sandbox.dataset import World
from include.sandbox.ga4_access import Ga4Refusal, authorize, not_served, violation
from include.sandbox.google_faults import hang

_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_REALM = 'Bearer realm="https://accounts.google.com/"'
_NOT_SERVED = ("runPivotReport", "batchRunPivotReports", "runRealtimeReport")


def routes(world: World) -> list[web.RouteDef]:
    """Routes of reports, metadata and compatibility; of methods that are known and not served."""

    def answering(
        method: str, answer: Callable[[web.Request, dict[str, Any]], Any]
    ) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            extra: dict[str, str] = {}
            try:
                authorize(world, headers, method, request.get("fault"))
                as_number = "enum-encoding=int" in request.query.get("$alt", "")
                message = answer(request, await _body(request))
                await hang(request.get("fault"))
                content = _told(MessageToDict(message, use_integers_for_enums=as_number))
                status = 200
            except Ga4Refusal as refusal:
                status, content = refusal.http_status, _error(refusal)
                if status == 401:
                    missing = bool(refusal.details)
                    extra["WWW-Authenticate"] = (
                        _REALM if missing else f'{_REALM}, error="invalid_token"'
                    )
            except Exception:
                traceback.print_exc()
                status = 500
                content = _error(Ga4Refusal("Internal error encountered.", "INTERNAL"))
            text = json.dumps(content, ensure_ascii=False)
            return web.Response(
                status=status, text=text, content_type="application/json", headers=extra
            )

        return handle

    def run(request: web.Request, body: dict[str, Any]) -> Any:
        message = _message("RunReportRequest", body, request)
        return ga4_report.run_report(world, message, request.get("fault"))

    def batch(request: web.Request, body: dict[str, Any]) -> Any:
        message = _message("BatchRunReportsRequest", body, request)
        return ga4_report.batch_run_reports(world, message, request.get("fault"))

    def metadata(request: web.Request, body: dict[str, Any]) -> Any:
        return ga4_report.get_metadata(world, f"{_name(request)}/metadata")

    def check(request: web.Request, body: dict[str, Any]) -> Any:
        message = _message("CheckCompatibilityRequest", body, request)
        return ga4_report.check_compatibility(world, message)

    def unserved(request: web.Request, body: dict[str, Any]) -> Any:
        raise not_served(f"The method {request.path.rpartition(':')[2]}")

    one = "/v1beta/properties/{property:[^/:]+}"
    return [
        web.post(f"{one}:runReport", answering("RunReport", run)),
        web.post(f"{one}:batchRunReports", answering("BatchRunReports", batch)),
        web.get(f"{one}/metadata", answering("GetMetadata", metadata)),
        web.post(f"{one}:checkCompatibility", answering("CheckCompatibility", check)),
        *(
            web.post(f"{one}:{method}", answering(method[0].upper() + method[1:], unserved))
            for method in _NOT_SERVED
        ),
    ]


def _name(request: web.Request) -> str:
    return f"properties/{request.match_info['property']}"


def _error(refusal: Ga4Refusal) -> dict[str, Any]:
    error = {
        "code": refusal.http_status,
        "message": refusal.message,
        "status": refusal.status,
        **({"details": refusal.details} if refusal.details else {}),
    }
    return {"error": error}


def _told(content: dict[str, Any]) -> dict[str, Any]:
    """The answer in JSON. A zero is left out, but not of a quota."""
    for held in (content, *content.get("reports", ())):
        for status in held.get("propertyQuota", {}).values():
            for name in ("consumed", "remaining"):
                status.setdefault(name, 0)
    return content


async def _body(request: web.Request) -> dict[str, Any]:
    text = (await request.read()).decode("utf-8", "replace")
    if not text.strip():
        return {}
    try:
        body = json.loads(text)
    except ValueError as error:
        raise _malformed([violation(f"Invalid JSON payload received. {error}")]) from error
    if not isinstance(body, dict):
        reason = 'Invalid JSON payload received. Unknown name "": Root element must be a message.'
        raise _malformed([violation(reason)])
    return body


def _malformed(violations: list[dict[str, Any]]) -> Ga4Refusal:
    return Ga4Refusal(
        "\n".join(one["description"] for one in violations),
        details=[{"@type": _BAD_REQUEST, "fieldViolations": violations}],
    )


def _message(name: str, body: dict[str, Any], request: web.Request) -> Any:
    """The request message of a body. Raises Ga4Refusal for names and values it cannot have."""
    message = ga4_report.message(name)()
    if faults := list(_faults(body, message.DESCRIPTOR, "")):
        raise _malformed(faults)
    try:
        ParseDict(body, message)
    except (ParseError, ValueError, TypeError) as error:
        raise _malformed([violation(f"Invalid JSON payload received. {error}")]) from error
    message.property = _name(request)
    return message


def _faults(body: dict[str, Any], descriptor: Any, place: str) -> Iterator[dict[str, Any]]:
    """Names that a message does not have and enumerations without the value, with their place."""
    known = {name: field for field in descriptor.fields for name in (field.json_name, field.name)}
    for name, value in body.items():
        field = known.get(name)
        if field is None:
            at = f" at '{place}'" if place else ""
            text = f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'
            yield violation(text, place)
            continue
        here = f"{place}.{field.name}" if place else field.name
        entries = enumerate(value) if isinstance(value, list) else [(None, value)]
        for number, entry in entries:
            spot = here if number is None else f"{here}[{number}]"
            if isinstance(entry, dict) and field.message_type is not None:
                yield from _faults(entry, field.message_type, spot)
            elif isinstance(entry, str) and _is_no_value(field.enum_type, entry):
                kind = field.enum_type.full_name
                text = f"Invalid value at '{spot}' (type.googleapis.com/{kind}), \"{entry}\""
                yield violation(text, spot)


def _is_no_value(enumeration: Any, name: str) -> bool:
    return enumeration is not None and name not in enumeration.values_by_name
