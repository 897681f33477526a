"""The sandbox's listeners: HTTPS, plain HTTP, TLS gRPC and the CONNECT proxy, on loopback only.

Contract of an API module (`meta`, `google_rest`, `linkedin`, `salesforce`, `salesforce_bulk`): it
has `routes(world) -> list[web.RouteDef]`; one aiohttp application serves all of them on HTTPS and
HTTP, so paths must not collide. The part of the module's name before `_` is the `api` of fault
plans and of the request log. A handler finds in `request["fault"]` the `do` of a fault its API has
a form of its own for (faults.API_KINDS), else None; every other fault has been dealt with.

`google_grpc` has `add_services(server, world, faults)`. The interceptor below deals with `delay`,
`drop` and `grpc_status`; a handler finds the others in `CURRENT_FAULT.get()`.
"""

import asyncio
import importlib
import json
import re
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import grpc
from aiohttp import web

from include.sandbox.certificates import make_certificates
from include.sandbox.dataset import World, clock_of
from include.sandbox.faults import API_KINDS, Fault, FaultPlanError, Faults
from include.sandbox.proxy import ConnectProxy

HTTP_APIS = ("meta", "google_rest", "linkedin", "salesforce", "salesforce_bulk")
CURRENT_FAULT: ContextVar[Fault | None] = ContextVar("sandbox_fault", default=None)

_LOOPBACK = "127.0.0.1"
_HTML = (
    "<!DOCTYPE html><html><head><title>Sorry, something went wrong.</title></head>"
    "<body><h1>Sorry, something went wrong.</h1><p>We're working on getting this fixed as soon as "
    "we can.</p></body></html>"
)
_SECRETS = re.compile(
    r"((?:access_token|input_token|fb_exchange_token|appsecret_proof|client_secret|refresh_token|"
    r"assertion|password|code)\"?\s*[=:>]\s*\"?)[^&\s\"<]+"
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RequestLog:
    """Every call the sandbox answered, in order, for tests to read. Secrets are masked."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def add(
        self, *, api: str, method: str, path: str, query: str, status: Any, fault: Fault | None
    ) -> None:
        """`status` is the HTTP status (0: connection dropped) or the gRPC code's name."""
        self.entries.append(
            {
                "n": len(self.entries) + 1,
                "at": datetime.now(UTC).isoformat(),
                "api": api,
                "method": method,
                "path": path,
                "query": _SECRETS.sub(r"\1…", query),
                "status": status,
                "fault": fault["kind"] if fault else None,
            }
        )


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
    return response


def application(world: World, faults: Faults, log: RequestLog) -> web.Application:
    """One application with every API's routes, the fault middleware and the control endpoint."""
    apis: dict[Any, str] = {}

    @web.middleware
    async def apply_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/__sandbox__/"):
            return await handler(request)
        api = apis.get(request.match_info.route, "unknown")
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
            log.add(api=api, method=request.method, path=request.path, query=query,
                    status=0 if dropped else status, fault=fault)
        return response

    app = web.Application(middlewares=[apply_faults], client_max_size=64 * 2**20)
    for name in HTTP_APIS:
        try:
            module = importlib.import_module(f"include.sandbox.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"include.sandbox.{name}":
                raise
            continue
        for route in app.add_routes(module.routes(world)):
            apis[route] = name.partition("_")[0]
    app.add_routes(_control_routes(world, faults, log))
    return app


def _control_routes(world: World, faults: Faults, log: RequestLog) -> list[web.RouteDef]:
    """The endpoint with which tests steer a running sandbox."""

    def health() -> web.Response:
        return web.json_response({"ok": True, "as_of": world.clock.isoformat()})

    async def get_health(request: web.Request) -> web.Response:
        return health()

    async def get_log(request: web.Request) -> web.Response:
        return web.json_response(log.entries)

    async def delete_log(request: web.Request) -> web.Response:
        log.entries.clear()
        return health()

    async def put_clock(request: web.Request) -> web.Response:
        try:
            world.clock = clock_of((await request.json())["as_of"])
        except (ValueError, KeyError, TypeError):
            return web.json_response({"error": "Send {\"as_of\": day or ISO instant}."}, status=400)
        return health()

    async def put_faults(request: web.Request) -> web.Response:
        try:
            faults.replace(await request.json())
        except (FaultPlanError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return health()

    async def delete_faults(request: web.Request) -> web.Response:
        faults.replace([])
        return health()

    return [
        web.get("/__sandbox__/health", get_health),
        web.get("/__sandbox__/log", get_log),
        web.delete("/__sandbox__/log", delete_log),
        web.put("/__sandbox__/clock", put_clock),
        web.put("/__sandbox__/faults", put_faults),
        web.delete("/__sandbox__/faults", delete_faults),
    ]


class _GrpcFaults(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Logs every gRPC call and applies the faults of the wire."""

    def __init__(self, faults: Faults, log: RequestLog) -> None:
        self._faults, self._log = faults, log

    async def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = await continuation(details)
        if handler is None:
            return None
        path = details.method

        async def before(request: Any, context: Any) -> Fault | None:
            query = f"{getattr(request, 'customer_id', '')} {getattr(request, 'query', '')}".strip()
            fault = self._faults.pick(api="google", method="GRPC", path=path, query=query)
            self._log.add(api="google", method="GRPC", path=path, query=query,
                          status=_grpc_code(fault).name if fault else "OK", fault=fault)
            CURRENT_FAULT.set(fault if fault and fault["kind"] in API_KINDS else None)
            if fault and fault["kind"] == "delay":
                await asyncio.sleep(fault.get("seconds", 1))
            if _breaks(fault) and not fault.get("after"):
                await _abort(context, fault)
            return fault

        async def unary(request: Any, context: Any) -> Any:
            fault = await before(request, context)
            if _breaks(fault):
                await _abort(context, fault)
            return await handler.unary_unary(request, context)

        async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
            fault = await before(request, context)
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


def _breaks(fault: Any) -> bool:
    return fault is not None and fault["kind"] in ("drop", "grpc_status")


def _grpc_code(fault: Fault) -> grpc.StatusCode:
    if not _breaks(fault):
        return grpc.StatusCode.OK
    return grpc.StatusCode[fault.get("code", "UNAVAILABLE")]


async def _abort(context: Any, fault: Any) -> None:
    """`after` messages of the stream have gone out by then (0 unless the fault says)."""
    await context.abort(_grpc_code(fault), fault.get("details", "Socket closed"))


@dataclass(frozen=True)
class Ports:
    """Ports to listen on; 0 takes a free one."""

    https: int = 0
    http: int = 0
    grpc: int = 0
    proxy: int = 0


class PortBusyError(Exception):
    """A port asked for cannot be had; the message is one sentence."""


async def serve(
    world: World, faults: Faults, ports: Ports, announce: Callable[[dict[str, Any]], None]
) -> None:
    """Listens until SIGTERM or SIGINT; calls `announce` with the ready line once all answer.

    Raises PortBusyError when a port is taken.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    log = RequestLog()
    runner = web.AppRunner(application(world, faults, log), access_log=None)
    server, proxy = None, None
    with tempfile.TemporaryDirectory(prefix="closed-loop-sandbox-") as folder:
        certificates = make_certificates(Path(folder))
        try:
            await runner.setup()
            https = await _listen(runner, ports.https, certificates.server_context())
            http = await _listen(runner, ports.http, None)
            server, grpc_port = await _grpc_server(world, faults, log, ports.grpc, certificates)
            proxy = ConnectProxy(https, grpc_port)
            try:
                proxy_port = await proxy.start(ports.proxy)
            except OSError as error:
                raise _busy(ports.proxy) from error
            bound = {"https": https, "grpc": grpc_port, "http": http, "proxy": proxy_port,
                     "control": http}
            announce(_ready_line(world, bound, str(certificates.ca_file)))
            await stop.wait()
        finally:
            if proxy:
                await proxy.stop()
            if server:
                await server.stop(0)
            await runner.cleanup()


def _busy(port: int) -> PortBusyError:
    return PortBusyError(f"Port {port} is in use: stop what listens there or choose another.")


async def _listen(runner: web.AppRunner, port: int, context: Any) -> int:
    site = web.TCPSite(runner, _LOOPBACK, port, ssl_context=context, shutdown_timeout=1)
    try:
        await site.start()
    except OSError as error:
        raise _busy(port) from error
    bound: int = runner.addresses[-1][1]
    return bound


async def _grpc_server(
    world: World, faults: Faults, log: RequestLog, port: int, certificates: Any
) -> tuple[Any, int | None]:
    try:
        google_grpc = importlib.import_module("include.sandbox.google_grpc")
    except ModuleNotFoundError as error:
        if error.name != "include.sandbox.google_grpc":
            raise
        return None, None
    server = grpc.aio.server(
        interceptors=[_GrpcFaults(faults, log)],
        options=[("grpc.so_reuseport", 0), ("grpc.max_send_message_length", -1)],
    )
    google_grpc.add_services(server, world, faults)
    key, chain = certificates.key_file.read_bytes(), certificates.chain_file.read_bytes()
    try:
        bound = server.add_secure_port(
            f"{_LOOPBACK}:{port}", grpc.ssl_server_credentials([(key, chain)])
        )
    except RuntimeError as error:
        raise _busy(port) from error
    if not bound:
        raise _busy(port)
    await server.start()
    return server, bound


def _ready_line(world: World, ports: dict[str, Any], ca_file: str) -> dict[str, Any]:
    trust = {
        name: ca_file
        for name in ("CLOSED_LOOP_CA_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
                     "SSL_CERT_FILE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH")
    }
    proxy = f"http://{_LOOPBACK}:{ports['proxy']}"
    return {
        "ready": True,
        "as_of": world.clock.isoformat(),
        "ports": ports,
        "ca_file": ca_file,
        "variables": {
            **trust,
            "CLOSED_LOOP_SANDBOX": "1",
            "CLOSED_LOOP_AS_OF": world.clock.isoformat(),
            **_connections(world, ports),
        },
        "proxy_variables": {
            **trust, "HTTPS_PROXY": proxy, "https_proxy": proxy, "grpc_proxy": proxy,
        },
    }


def _connections(world: World, ports: dict[str, Any]) -> dict[str, str]:
    """Airflow connections, as environment variables, for the direct routes."""
    secure = f"https://localhost:{ports['https']}"
    managers = [
        record["customer"]["id"]
        for record in world.records("google/customers")
        if record["customer"].get("manager")
    ]
    connections: dict[str, dict[str, Any]] = {
        "facebook_ads": {
            "host": f"http://{_LOOPBACK}:{ports['http']}",
            "login": "",
            "password": "sandbox-meta-token",
            "extra": {"app_id": "1000000001", "app_secret": "sandbox-meta-secret"},
        },
        "google_ads": {
            "host": "",
            "login": "sandbox-google-client",
            "password": "sandbox-google-secret",
            "extra": {
                "refresh_token": "sandbox-google-refresh",
                "developer_token": "sandbox-developer-token",
                **({"login_customer_id": managers[0]} if managers else {}),
                "token_uri": f"{secure}/token",
                "endpoint": f"localhost:{ports['grpc']}",
            },
        },
        "linkedin_ads": {
            "host": secure,
            "login": "sandbox-linkedin-client",
            "password": "sandbox-linkedin-secret",
            "extra": {
                "refresh_token": "sandbox-linkedin-refresh",
                "token_url": f"{secure}/oauth/v2/accessToken",
            },
        },
        "salesforce": {
            "host": secure,
            "login": "sandbox-salesforce-client",
            "password": "sandbox-salesforce-secret",
            "extra": {},
        },
    }
    return {
        f"AIRFLOW_CONN_{name.upper()}": json.dumps({"conn_type": "generic", **connection})
        for name, connection in connections.items()
    }
