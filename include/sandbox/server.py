"""The sandbox's listeners: HTTPS, plain HTTP, TLS gRPC and the CONNECT proxy, on loopback only.

The proxy alone may be told to listen elsewhere, for clients in other containers: it reaches nothing
but the HTTPS and gRPC listeners beside it.

Contract of an API module (`meta`, `google_rest`, `ga4_rest`, `linkedin`, `salesforce`,
`salesforce_bulk`, `salesforce_bulk1`): it has `routes(world) -> list[web.RouteDef]`; one aiohttp
application serves all of them on HTTPS and HTTP, so paths must not collide. The name beside it in
HTTP_APIS is the `api` of fault plans and of the request log. A handler finds in `request["fault"]`
the `do` of a fault its API has a form of its own for (faults.API_KINDS), else None; every other
fault has been dealt with.

`google_grpc` and `ga4_grpc` have `add_services(server, world)`. The interceptor deals with `delay`,
`drop` and `grpc_status`; a handler finds the others in `wire.CURRENT_FAULT.get()`.
"""

import asyncio
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from aiohttp import web

from include.sandbox import (
    ga4_grpc,
    ga4_rest,
    google_grpc,
    google_rest,
    linkedin,
    meta,
    salesforce,
    salesforce_bulk,
    salesforce_bulk1,
)
from include.sandbox.certificates import Certificates, make_certificates
from include.sandbox.dataset import World, clock_of
from include.sandbox.faults import FaultPlanError, Faults
from include.sandbox.proxy import ConnectProxy
from include.sandbox.ready import ready_line
from include.sandbox.refusals import api_of_path, own_words
from include.sandbox.wire import GrpcFaults, RequestLog, http_faults

HTTP_APIS = (
    ("meta", meta),
    ("google", google_rest),
    ("ga4", ga4_rest),
    ("linkedin", linkedin),
    ("salesforce", salesforce),
    ("salesforce", salesforce_bulk),
    ("salesforce", salesforce_bulk1),
)

_LOOPBACK = "127.0.0.1"
_MAX_LINE = 65_536  # the real APIs take URLs of 16 KB and more; each refuses in its own words
_STOPPING = (signal.SIGTERM, signal.SIGINT)


def application(world: World, faults: Faults, log: RequestLog) -> web.Application:
    """One application with every API's routes, the fault middleware and the control endpoint."""
    apis: dict[Any, str] = {}

    def api_of(request: web.Request) -> str:
        return apis.get(request.match_info.route) or api_of_path(request)

    middlewares = [http_faults(faults, log, api_of), own_words(world, api_of)]
    app = web.Application(middlewares=middlewares, client_max_size=64 * 2**20)
    for api, module in HTTP_APIS:
        for route in app.add_routes(module.routes(world)):
            apis[route] = api
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
            return web.json_response({"error": 'Send {"as_of": day or ISO instant}.'}, status=400)
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
    world: World,
    faults: Faults,
    ports: Ports,
    announce: Callable[[dict[str, Any]], None],
    proxy_host: str = _LOOPBACK,
) -> None:
    """Listens until SIGTERM or SIGINT; calls `announce` with the ready line once all answer.

    Raises PortBusyError when a port is taken (or ``proxy_host`` is no address of this machine).
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def asked_to_stop(*_: object) -> None:
        # Asked again while it stops, a closing loop would answer with a trace.
        for number in _STOPPING:
            signal.signal(number, signal.SIG_IGN)
        loop.call_soon_threadsafe(stop.set)

    for number in _STOPPING:
        signal.signal(number, asked_to_stop)
    log = RequestLog()
    runner = web.AppRunner(
        application(world, faults, log),
        access_log=None,
        max_line_size=_MAX_LINE,
        max_field_size=_MAX_LINE,
    )
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
                proxy_port = await proxy.start(ports.proxy, proxy_host)
            except OSError as error:
                raise _busy(ports.proxy) from error
            bound = {
                "https": https,
                "grpc": grpc_port,
                "http": http,
                "proxy": proxy_port,
                "control": http,
            }
            announce(ready_line(world, bound, str(certificates.ca_file)))
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
    world: World, faults: Faults, log: RequestLog, port: int, certificates: Certificates
) -> tuple[Any, int]:
    server = grpc.aio.server(
        interceptors=[GrpcFaults(faults, log)],
        options=[("grpc.so_reuseport", 0), ("grpc.max_send_message_length", -1)],
    )
    google_grpc.add_services(server, world)
    ga4_grpc.add_services(server, world)
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
