"""What happens to calls on the wire whatever their API: the log, and the faults of a plan."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import grpc
from aiohttp import web
from google.protobuf.json_format import MessageToDict

from include.sandbox.faults import API_KINDS, Fault, Faults

CURRENT_FAULT: ContextVar[Fault | None] = ContextVar("sandbox_fault", default=None)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HTML = (
    "<!DOCTYPE html><html><head><title>Sorry, something went wrong.</title></head>"
    "<body><h1>Sorry, something went wrong.</h1><p>We're working on getting this fixed as soon as "
    "we can.</p></body></html>"
)
_SECRETS = re.compile(
    r"((?:access_token|input_token|fb_exchange_token|appsecret_proof|client_secret|refresh_token|"
    r"assertion|password|code)\"?\s*[=:>]\s*\"?)[^&\s\"<]+"
)


class RequestLog:
    """Every call the sandbox answered, in order, for tests to read. Secrets are masked."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def add(
        self, *, api: str, method: str, path: str, query: str, status: Any, fault: Fault | None
    ) -> dict[str, Any]:
        """`status` is the HTTP status (0: connection dropped) or the gRPC code's name (None while
        it is being answered). Gives the entry."""
        entry = {
            "n": len(self.entries) + 1,
            "at": datetime.now(UTC).isoformat(),
            "api": api,
            "method": method,
            "path": path,
            "query": _SECRETS.sub(r"\1…", query),
            "status": status,
            "fault": fault["kind"] if fault else None,
        }
        self.entries.append(entry)
        return entry


async def _asked(request: web.Request) -> str:
    """The decoded query string and body, which fault plans match and the log shows."""
    text = unquote_plus(request.rel_url.raw_query_string)
    if request.can_read_body and not request.content_type.startswith("multipart/"):
        body = (await request.read()).decode("utf-8", "replace")[:20_000]
        if request.content_type == "application/x-www-form-urlencoded":
            body = unquote_plus(body)
        text = f"{text}&{body}" if text else body
    return text


async def _truncated(
    request: web.Request, response: web.StreamResponse, fault: Fault
) -> web.StreamResponse:
    """Half of the body. With `hang_up` the declared length is the whole one's and the connection
    closes early; without, the short body is declared as if it were whole."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    whole = response.body
    part = whole[: fault.get("bytes", len(whole) // 2)]
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    if not fault.get("hang_up"):
        return web.Response(status=response.status, headers=headers, body=part)
    short = web.StreamResponse(status=response.status, headers=headers)
    short.content_length = len(whole)
    await short.prepare(request)
    await short.write(part)
    if request.transport:
        request.transport.close()
    return short


async def _trickled(
    request: web.Request, response: web.StreamResponse, fault: Fault
) -> web.StreamResponse:
    """The right body in pieces of `bytes` (1), `seconds` (1) apart."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    body, size = response.body, fault.get("bytes", 1)
    slow = web.StreamResponse(status=response.status, headers=response.headers)
    slow.content_length = len(body)
    await slow.prepare(request)
    for first in range(0, len(body), size):
        await slow.write(body[first : first + size])
        await asyncio.sleep(fault.get("seconds", 1))
    return slow


async def _faulty(request: web.Request, handler: Handler, fault: Fault) -> web.StreamResponse:
    kind = fault["kind"]
    if kind == "drop":
        if request.transport:
            request.transport.abort()
        return web.Response(status=500)
    if kind == "status":
        body = fault.get("body", "")
        return web.Response(
            status=fault.get("status", 500),
            text=body if isinstance(body, str) else json.dumps(body),
            headers={"Content-Type": "application/json", **fault.get("headers", {})},
        )
    if kind == "html":
        return web.Response(
            status=fault.get("status", 502), text=fault.get("body", _HTML), content_type="text/html"
        )
    if kind == "delay":
        await asyncio.sleep(fault.get("seconds", 1))
    response = await handler(request)
    if kind == "truncate":
        return await _truncated(request, response, fault)
    if kind == "trickle":
        return await _trickled(request, response, fault)
    return response


def http_faults(faults: Faults, log: RequestLog, api_of: Callable[[web.Request], str]) -> Any:
    """A middleware that logs every call and applies the plan; `api_of` names a request's API."""

    @web.middleware
    async def apply_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/__sandbox__/"):
            return await handler(request)
        api = api_of(request)
        query = await _asked(request)
        fault = faults.pick(api=api, method=request.method, path=request.path, query=query)
        request["fault"] = fault if fault and fault["kind"] in API_KINDS else None
        status = 500
        try:
            if fault and not request["fault"]:
                response = await _faulty(request, handler, fault)
            else:
                response = await handler(request)
            status = response.status
        except web.HTTPException as answer:
            status = answer.status
            raise
        finally:
            dropped = fault is not None and fault["kind"] == "drop"
            log.add(
                api=api,
                method=request.method,
                path=request.path,
                query=query,
                status=0 if dropped else status,
                fault=fault,
            )
        return response

    return apply_faults


class GrpcFaults(grpc.aio.ServerInterceptor):
    """Logs every gRPC call and applies the faults of the wire."""

    def __init__(self, faults: Faults, log: RequestLog) -> None:
        self._faults, self._log = faults, log

    async def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = await continuation(details)
        if handler is None:
            return None
        path = details.method

        @asynccontextmanager
        async def call(request: Any, context: Any) -> AsyncIterator[Any]:
            api, query = _grpc_call(path, request)
            fault: Any = self._faults.pick(api=api, method="GRPC", path=path, query=query)
            CURRENT_FAULT.set(fault if fault and fault["kind"] in API_KINDS else None)
            # Before the answer: whoever has it may ask for the log at once.
            entry = self._log.add(
                api=api, method="GRPC", path=path, query=query, status=None, fault=fault
            )
            try:
                if fault and fault["kind"] == "delay":
                    await asyncio.sleep(fault.get("seconds", 1))
                if _breaks(fault) and not fault.get("after"):
                    await _abort(context, fault)
                yield fault
            finally:
                code = context.code() or grpc.StatusCode.OK
                entry["status"] = getattr(code, "name", str(code))

        async def unary(request: Any, context: Any) -> Any:
            async with call(request, context) as fault:
                if _breaks(fault):
                    await _abort(context, fault)
                return await handler.unary_unary(request, context)

        async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
            async with call(request, context) as fault:
                sent = 0
                async for message in handler.unary_stream(request, context):
                    if _breaks(fault) and sent == fault["after"]:
                        break
                    yield message
                    sent += 1
                if _breaks(fault):
                    await _abort(context, fault)

        if handler.unary_unary:
            return handler._replace(unary_unary=unary)
        if handler.unary_stream:
            return handler._replace(unary_stream=stream)
        return handler


def metadata_of(context: Any) -> dict[str, str]:
    """The texts a gRPC call brings in its metadata, names in lower case."""
    return {
        key.lower(): value for key, value in context.invocation_metadata() if isinstance(value, str)
    }


def _grpc_call(path: str, request: Any) -> tuple[str, str]:
    """The API of a gRPC call, and what it asks: what fault plans match and the log shows."""
    if path.startswith("/google.analytics."):
        return "ga4", json.dumps(MessageToDict(request), ensure_ascii=False)
    query = f"{getattr(request, 'customer_id', '')} {getattr(request, 'query', '')}"
    return "google", query.strip()


def _breaks(fault: Any) -> bool:
    return fault is not None and fault["kind"] in ("drop", "grpc_status")


async def _abort(context: Any, fault: Any) -> None:
    """Ends a call once `after` messages of the stream have gone out (0 unless the fault says)."""
    code = grpc.StatusCode[fault.get("code", "UNAVAILABLE")]
    await context.abort(code, fault.get("details", "Socket closed"))
