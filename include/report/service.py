"""The page over HTTP: GET alone, every route behind the reader's login, one build an answer."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from include.report import parameters, views
from include.report.columns import described
from include.report.export import csv_of
from include.settings import Settings
from include.warehouse import WarehouseError
from include.warehouse.published import Published

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
VARIES = {"Vary": "Accept-Encoding"}
KEPT_BYTES = 64 * 2**20
"""How much of the answers already given is kept, compressed, to be given again."""
_ENTRY_BYTES = 1000
"""About what an answer takes to be kept beside its body."""


def page(settings: Settings, published: Callable[[], Published], login: Sequence[Any]) -> FastAPI:
    """The page as an application to mount.

    ``published`` gives the marts to read, asked once and at the first request. ``login`` are the
    dependencies that refuse who has not logged in; they stand before every route.
    """
    app = FastAPI(
        title="Closed Loop", dependencies=login, docs_url=None, redoc_url=None, openapi_url=None
    )
    files = _files()
    version = hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()[:16]
    compressed = {name: gzip.compress(body, mtime=0) for name, body in files.items()}
    document = _document(files, version)
    answers = _Answers(settings, published, version)

    app.add_middleware(_Guard)

    @app.get("/", include_in_schema=False)
    def index() -> Response:
        """The page itself: one document, which asks for the rest."""
        return Response(
            document,
            media_type=TYPES[".html"],
            headers={"Cache-Control": "no-cache"},
            background=BackgroundTask(answers.expect),
        )

    @app.get("/static/{asked}/{name:path}")
    def static(request: Request, asked: str, name: str) -> Response:
        """A file of the page, by the version it is of, so it may be kept for ever."""
        if name not in files or asked != version:
            return _sentence(404, "there is no such file")
        headers = {"Cache-Control": "private, max-age=31536000, immutable"}
        return _sent(request, compressed[name], TYPES[Path(name).suffix], headers)

    @app.get("/data/{view}")
    def data(request: Request, view: str) -> Response:
        """All tables of a view, as JSON."""
        return answers.give(request, view, None)

    @app.get("/csv/{view}/{table}")
    def exported(request: Request, view: str, table: str) -> Response:
        """One table of a view, as CSV."""
        return answers.give(request, view, table)

    return app


class _Guard:
    """Middleware that puts HEADERS on every answer, refusals too.

    https://www.starlette.io/middleware/#pure-asgi-middleware
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, guarded)


class _Answers:
    """Answers by build, view and choices; those given before are kept while their build stands."""

    def __init__(
        self, settings: Settings, published: Callable[[], Published], version: str
    ) -> None:
        self._settings = settings
        self._published = published
        self._version = version
        self._opened: Published | None = None
        self._opening = threading.Lock()
        self._kept = _Kept()
        self._met = ""

    def give(self, request: Request, view: str, table: str | None) -> Response:
        if view not in views.VIEWS or (table is not None and table not in views.VIEWS[view].tables):
            return _sentence(404, "there is no such view or table")
        try:
            given = parameters.once(request.query_params.multi_items())
            known = request.headers.getlist("if-none-match")
            tag, body, name = self._made(view, table, given, known)
        except parameters.BadParameter as error:
            return _sentence(400, str(error))
        except WarehouseError as error:
            return _sentence(503, str(error))
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if body is None:
            answer = Response(status_code=304, headers=headers | VARIES)
        elif table is None:
            answer = _sent(request, body, "application/json", headers)
        else:
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
            answer = _sent(request, body, "text/csv; charset=utf-8", headers)
        if tag != self._met:
            self._met = tag
            answer.background = BackgroundTask(self.expect)
        return answer

    def expect(self) -> None:
        """Make what each view shows when nothing is chosen: while a browser still reads the scripts
        of a page just opened, and when somebody meets a build first."""
        with suppress(WarehouseError):  # who asks is told
            for view in views.VIEWS:  # the first two are what a page asks at once
                self._made(view, None, {})

    def _made(
        self, view: str, table: str | None, given: dict[str, str], known: Sequence[str] = ()
    ) -> tuple[str, bytes | None, str]:
        """The tag of the build that stands, the answer packed, and what a file of it is called.

        No answer where ``known`` names the tag.
        """
        with self._marts().read() as session:
            build = views.build_of(session)
            as_of = views.as_of_date(build, self._settings.reporting_zone)
            values = parameters.chosen(
                given, as_of, build.first_month, is_to_day=views.VIEWS[view].is_to_day
            )
            tag = self._tag(build)
            name = _file_name(self._settings, view, table, values, build) if table else ""
            if _is_known(tag, known):
                return tag, None, name
            key = (view, table or "", *(f"{name}={values[name]}" for name in sorted(values)))

            def make() -> bytes:
                made = (
                    _json(self._settings, session, build, view, values)
                    if table is None
                    else _csv(self._settings, session, view, table, values)
                )
                return gzip.compress(made, compresslevel=5, mtime=0)

            return tag, self._kept.get(tag, key, make), name

    def _marts(self) -> Published:
        with self._opening:
            if self._opened is None:
                self._opened = self._published()
            return self._opened

    def _tag(self, build: views.Build) -> str:
        """A weak tag: it stands for the same answer in every encoding."""
        told = f"{build} {self._version} {self._settings.reporting_currency}"
        return f'W/"{hashlib.sha256(told.encode()).hexdigest()[:24]}"'


class _Kept:
    """Answers of one build, those asked for last, up to KEPT_BYTES.

    Who asks for what another is just making waits for that one.
    """

    def __init__(self) -> None:
        self._tag = ""
        self._bodies: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._size = 0
        self._coming: dict[tuple[str, ...], Future[bytes]] = {}
        self._lock = threading.Lock()

    def get(self, tag: str, key: tuple[str, ...], make: Callable[[], bytes]) -> bytes:
        with self._lock:
            if tag != self._tag:
                self._tag, self._size = tag, 0
                self._bodies.clear()
            if (body := self._bodies.get(key)) is not None:
                self._bodies.move_to_end(key)
                return body
            coming = self._coming.get((tag, *key))
            if coming is None:
                mine = self._coming[(tag, *key)] = Future()
        if coming is not None:
            return coming.result()
        try:
            body = make()
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(body)
        finally:
            with self._lock:
                del self._coming[(tag, *key)]
        self._keep(tag, key, body)
        return body

    def _keep(self, tag: str, key: tuple[str, ...], body: bytes) -> None:
        with self._lock:
            if tag != self._tag or key in self._bodies:
                return
            self._bodies[key] = body
            self._size += len(body) + _ENTRY_BYTES
            while self._size > KEPT_BYTES:
                self._size -= len(self._bodies.popitem(last=False)[1]) + _ENTRY_BYTES


def _is_known(tag: str, told: Sequence[str]) -> bool:
    """Whether If-None-Match names the tag, compared weakly (RFC 9110, 13.1.2)."""
    named = {each.strip().removeprefix("W/") for line in told for each in line.split(",")}
    return bool(named & {"*", tag.removeprefix("W/")})


def _sent(request: Request, body: bytes, media_type: str, headers: dict[str, str]) -> Response:
    """A compressed body as it is where the reader takes it so, else in full."""
    headers = headers | VARIES
    if _takes_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return Response(body, media_type=media_type, headers=headers)


def _takes_gzip(accepted: str) -> bool:
    """Whether Accept-Encoding allows gzip (RFC 9110, 12.5.3)."""
    for each in accepted.lower().split(","):
        coding, _, weight = each.replace(" ", "").partition(";q=")
        if coding in ("gzip", "x-gzip", "*"):
            return weight.strip("0.") != "" if weight else True
    return False


def _json(
    settings: Settings, session: Any, build: views.Build, name: str, values: dict[str, Any]
) -> bytes:
    view = views.VIEWS[name]
    currency = values["currency_code"] or settings.reporting_currency
    reading = views.Reading(session, values)
    reading.ask(view.tables.values())
    tables = {}
    for table_name, table in view.tables.items():
        answered = reading.of(table)
        tables[table_name] = {
            "columns": described(answered.columns, currency, settings.reporting_currency),
            "rows": answered.rows,
            "before": answered.before,
            "marts": views.marts_of(table),
        }
    as_of = views.as_of_date(build, settings.reporting_zone)
    usual = parameters.chosen({}, as_of, build.first_month, is_to_day=view.is_to_day)
    told = {
        "view": name,
        "question": view.question,
        "build": {
            "run_id": build.run_id,
            "publish_number": build.publish_number,
            "as_of_at": build.as_of_at,
            "as_of_date": as_of,
            "published_at": build.published_at,
        },
        "reporting_currency": settings.reporting_currency,
        "reporting_zone": settings.reporting_zone,
        "chosen": values,
        "by_default": {name: usual[name] for name in ("from_month", "to_month")},
        "is_to_day": view.is_to_day,
        "uses": sorted(views.used_by(view)),
        "tables": tables,
    }
    return json.dumps(told, default=views.plain, ensure_ascii=False, allow_nan=False).encode(
        errors="replace"
    )


def _csv(settings: Settings, session: Any, view: str, name: str, values: dict[str, Any]) -> bytes:
    reading = views.Reading(session, values, is_whole=True)
    answered = reading.of(views.VIEWS[view].tables[name])
    currency = values["currency_code"] or settings.reporting_currency
    headers = []
    for told in described(answered.columns, currency, settings.reporting_currency):
        headers.append(f"{told['label']} ({told['unit']})" if told["unit"] else told["label"])
    return csv_of([header or "" for header in headers], answered.rows)


def _file_name(
    settings: Settings, view: str, table: str, values: dict[str, Any], build: views.Build
) -> str:
    """What a table is called as a file: all that was chosen for it, and the build it is of."""
    used = views.used_in(views.VIEWS[view].tables[table])
    said = {name: str(value) for name, value in values.items() if name in used and value}
    for month in said.keys() & {"from_month", "to_month"}:
        said[month] = said[month][:7]
    if "currency_code" in used:
        said["currency_code"] = values["currency_code"] or settings.reporting_currency
    order = ("from_month", "to_month", "model", "currency_code")
    told = [said.pop(name) for name in order if name in said]
    parts = [f"{view}-{table}", *told, *said.values()]
    safe = [re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-")[:40] for part in parts]
    return "_".join(["closed-loop", *filter(None, safe), f"build-{build.publish_number}.csv"])


def _files() -> dict[str, bytes]:
    """Every file of the page by its path, read once."""
    return {
        path.relative_to(STATIC).as_posix(): path.read_bytes()
        for path in sorted(STATIC.rglob("*"))
        if path.is_file()
    }


def _document(files: dict[str, bytes], version: str) -> bytes:
    """The page's one document. It names every script, so none waits for who imports it."""
    preloads = "\n".join(
        f'<link rel="modulepreload" href="static/{{version}}/{name}">'
        for name in files
        if name.endswith(".js")
    )
    text = files["page.html"].decode().replace("{preloads}", preloads)
    return text.replace("{version}", version).encode()


def _sentence(status: int, text: str) -> Response:
    return JSONResponse({"detail": text}, status_code=status)
