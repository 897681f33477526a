"""The page over HTTP: GET alone, every route behind the reader's login, one build an answer."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

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
KEPT_BYTES = 64 * 2**20
"""How much of the answers already given is kept, compressed, to be given again."""


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
    answers = _Answers(settings, published, version)

    @app.middleware("http")
    async def guard(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response

    @app.get("/", include_in_schema=False)
    def index() -> Response:
        """The page itself: one document, which asks for the rest."""
        text = files["page.html"].replace(b"{version}", version.encode())
        return Response(text, media_type=TYPES[".html"], headers={"Cache-Control": "no-cache"})

    @app.get("/static/{asked}/{name:path}")
    def static(asked: str, name: str) -> Response:
        """A file of the page, by the version it is of, so it may be kept for ever."""
        if name not in files or asked != version:
            return _sentence(404, "there is no such file")
        return Response(
            files[name],
            media_type=TYPES[Path(name).suffix],
            headers={"Cache-Control": "private, max-age=31536000, immutable"},
        )

    @app.get("/data/{view}")
    def data(request: Request, view: str) -> Response:
        """All tables of a view, as JSON."""
        return answers.give(request, view, None)

    @app.get("/csv/{view}/{table}")
    def exported(request: Request, view: str, table: str) -> Response:
        """One table of a view, as CSV."""
        return answers.give(request, view, table)

    return app


class _Answers:
    """Answers by build, view and choices; those given before are kept while their build stands."""

    def __init__(
        self, settings: Settings, published: Callable[[], Published], version: str
    ) -> None:
        self._settings = settings
        self._published = published
        self._version = version
        self._opened: Published | None = None
        self._kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def give(self, request: Request, view: str, table: str | None) -> Response:
        if view not in views.VIEWS or (table and table not in views.VIEWS[view].tables):
            return _sentence(404, "there is no such view or table")
        try:
            if self._opened is None:
                self._opened = self._published()
            with self._opened.read() as session:
                build = views.build_of(session)
                as_of = views.as_of_date(build, self._settings.reporting_zone)
                values = parameters.chosen(dict(request.query_params), as_of)
                tag = self._tag(build)
                if request.headers.get("if-none-match") == tag:
                    return Response(status_code=304, headers={"ETag": tag})
                used = views.used_by(views.VIEWS[view])
                key = (tag, view, table or "", *(f"{n}={values[n]}" for n in sorted(used)))
                body = self._kept_body(key)
                if body is None:
                    made = (
                        _json(self._settings, session, build, view, values)
                        if table is None
                        else _csv(self._settings, session, view, table, values)
                    )
                    body = gzip.compress(made, compresslevel=5, mtime=0)
                    self._keep(key, body)
        except parameters.BadParameter as error:
            return _sentence(400, str(error))
        except WarehouseError as error:
            return _sentence(503, str(error))
        headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
        else:
            body = gzip.decompress(body)
        if table is None:
            return Response(body, media_type="application/json", headers=headers)
        headers["Content-Disposition"] = f'attachment; filename="closed-loop-{view}-{table}.csv"'
        return Response(body, media_type="text/csv; charset=utf-8", headers=headers)

    def _tag(self, build: views.Build) -> str:
        told = f"{build.run_id} {build.publish_number} {build.published_at} {self._version}"
        return f'"{hashlib.sha256(told.encode()).hexdigest()[:24]}"'

    def _kept_body(self, key: tuple[str, ...]) -> bytes | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: tuple[str, ...], body: bytes) -> None:
        with self._lock:
            for old in [old for old in self._kept if old[0] != key[0]]:
                del self._kept[old]
            self._kept[key] = body
            while sum(map(len, self._kept.values())) > KEPT_BYTES:
                self._kept.popitem(last=False)


def _json(
    settings: Settings, session: Any, build: views.Build, name: str, values: dict[str, Any]
) -> bytes:
    view = views.VIEWS[name]
    currency = values["currency_code"] or settings.reporting_currency
    reading = views.Reading(session, values)
    tables = {}
    for table_name, table in view.tables.items():
        answered = reading.of(table)
        tables[table_name] = {
            "columns": described(answered.columns, currency, settings.reporting_currency),
            "rows": answered.rows,
            "before": answered.before,
        }
    told = {
        "view": name,
        "question": view.question,
        "build": {
            "run_id": build.run_id,
            "publish_number": build.publish_number,
            "as_of_at": build.as_of_at,
            "as_of_date": views.as_of_date(build, settings.reporting_zone),
            "published_at": build.published_at,
        },
        "reporting_currency": settings.reporting_currency,
        "reporting_zone": settings.reporting_zone,
        "chosen": values,
        "uses": sorted(views.used_by(view)),
        "tables": tables,
    }
    return json.dumps(told, default=views.plain, ensure_ascii=False, allow_nan=False).encode(
        errors="replace"
    )


def _csv(settings: Settings, session: Any, view: str, name: str, values: dict[str, Any]) -> bytes:
    answered = views.Reading(session, values).of(views.VIEWS[view].tables[name])
    currency = values["currency_code"] or settings.reporting_currency
    headers = []
    for told in described(answered.columns, currency, settings.reporting_currency):
        headers.append(f"{told['label']} ({told['unit']})" if told["unit"] else told["label"])
    return csv_of([header or "" for header in headers], answered.rows)


def _files() -> dict[str, bytes]:
    """Every file of the page by its path, read once."""
    return {
        path.relative_to(STATIC).as_posix(): path.read_bytes()
        for path in sorted(STATIC.rglob("*"))
        if path.is_file()
    }


def _sentence(status: int, text: str) -> Response:
    return JSONResponse({"detail": text}, status_code=status)
