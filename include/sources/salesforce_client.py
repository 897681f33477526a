"""Calls to one Salesforce org: retried, counted, in a session that is renewed when it ends.

They are ours, not simple-salesforce's: it has no time-out, retries nothing, crashes on answers that
are not its JSON, and never renews a session for Bulk.
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any, TypeVar
from urllib.parse import urlencode, urlsplit

import requests

from include.settings import Settings
from include.sources import (
    Measure,
    Record,
    SourceQuotaExhausted,
    SourceRefused,
    SourceUnavailable,
    patiently,
)
from include.sources.salesforce_session import (
    Connection,
    log_in,
    my_domain,
    retry_after,
    spooled,
    unreachable,
)
from include.sources.versions import version_asked_for, version_in_use

DEFAULT_VERSION = version_in_use("salesforce")
MAX_URI = 16_000
"""Salesforce takes URIs of 16,384 bytes, host included."""

_SESSIONS = 3  # that may end under one call
_STUCK_PAGES = 5  # in a row that bring nothing or lead to themselves
_BUSY = ("SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "UNABLE_TO_LOCK_ROW")
_API_USAGE = re.compile(r"(?:^|;)\s*api-usage=(\d+)/(\d+)")

T = TypeVar("T")


class SessionEnded(Exception):
    """The session died, and the locators of its queries with it."""


class LocatorLost(Exception):
    """A query's next page cannot be had any more."""


class TooSlow(Exception):
    """The query ran into the org's own time limit."""


class FieldGone(Exception):
    """A field that describe showed cannot be selected any more."""


class NoSuchObject(SourceRefused):
    """The org, or this login's view of it, has no such object."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the API, whole: its body in ``file``, at its beginning."""

    status: int
    headers: Mapping[str, str]
    file: IO[bytes]

    def json(self) -> Any:
        """The body as JSON, numbers with a fraction as Decimal. ValueError if it is none."""
        return json.loads(self.file.read(), parse_float=Decimal)


class Client:
    """One org, logged in. Threads share its session, each over a connection of its own.

    Raises SourceRefused when the connection lacks something, names a host that is not
    Salesforce's, or is refused by Salesforce.
    """

    def __init__(self, credentials: Mapping[str, str], settings: Settings) -> None:
        self.settings = settings
        self.version = version_asked_for("salesforce", credentials.get("api_version"))
        if not re.fullmatch(r"\d+\.0", self.version):
            raise SourceRefused(
                f"{self.version!r} is no version of Salesforce's API; correct api_version of the "
                f"connection salesforce, for example {DEFAULT_VERSION}"
            )
        self.scopes: tuple[str, ...] | None = None
        self._credentials = dict(credentials)
        self._origin = my_domain(credentials, settings)
        self._connections = threading.local()
        self._lock = threading.Lock()
        self._requests = 0
        self._allowance: tuple[Decimal, Decimal] | None = None
        self._described: dict[str, dict[str, Any]] = {}
        self._token, self._instance = "", ""
        self.renew("")

    # -- the session ------------------------------------------------------------------------

    @property
    def token(self) -> str:
        """The session as it stands."""
        return self._token

    def renew(self, token: str) -> None:
        """A new session in place of ``token``, unless another thread has got one already."""
        with self._lock:
            if self._token == token:
                granted = patiently(
                    lambda: log_in(self._credentials, self.settings),
                    self.settings.retry_seconds,
                    self.settings.retry_first_wait,
                )
                self._instance, self.scopes = granted.instance, granted.scopes
                self._token = granted.token

    # -- calls ------------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        read: Callable[[Answer], T],
    ) -> T:
        """What ``read`` makes of the answer to one call, retried while Salesforce is busy or breaks
        off, or ``read`` raises SourceUnavailable or ValueError.

        ``path`` is relative to the API's version, or absolute on the org's host. A session that has
        ended is renewed, but one given as ``token``: then SessionEnded is raised.
        """
        if not path.startswith("/"):
            path = f"/services/data/v{self.version}/{path}"
        url = f"{path}?{urlencode(parameters)}" if parameters else path
        if token:
            return self._patiently(method, url, token, body, read)
        for _ in range(_SESSIONS):
            session = self._token
            try:
                return self._patiently(method, url, session, body, read)
            except SessionEnded:
                self.renew(session)
        raise SourceUnavailable("Salesforce ends sessions that it has just begun")

    def _patiently(
        self,
        method: str,
        url: str,
        token: str,
        body: Mapping[str, Any] | None,
        read: Callable[[Answer], T],
    ) -> T:
        def once() -> T:
            try:
                with self._connection().request(
                    method,
                    self._instance + url,
                    headers={"Authorization": f"Bearer {token}"},
                    json=body,
                    stream=True,
                ) as response:
                    answer = Answer(response.status_code, response.headers, spooled(response))
                self._count(answer)
                if answer.status >= 300:
                    with answer.file:
                        raise _meant(answer, urlsplit(url).path)
                return read(answer)
            except (requests.RequestException, ValueError) as error:
                raise unreachable(error, self._origin) from None

        return patiently(once, self.settings.retry_seconds, self.settings.retry_first_wait)

    def _connection(self) -> Connection:
        if not hasattr(self._connections, "session"):
            self._connections.session = Connection(self.settings, self._origin)
        session: Connection = self._connections.session
        return session

    def _count(self, answer: Answer) -> None:
        """https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm"""
        told = _API_USAGE.search(answer.headers.get("Sforce-Limit-Info", ""))
        with self._lock:
            self._requests += 1
            if told:
                self._allowance = Decimal(told[1]), Decimal(told[2])

    def used(self) -> list[Measure]:
        """Requests made, and how much of the org's daily allowance is used, by whomever."""
        measures = [Measure("requests", Decimal(self._requests))]
        if self._allowance:
            measures.append(Measure("daily_requests", *self._allowance))
        return measures

    # -- what is asked ----------------------------------------------------------------------

    def describe(self, name: str, *, anew: bool = False) -> dict[str, Any]:
        """An object's describe, asked for once unless ``anew``. Raises NoSuchObject."""
        if anew or name not in self._described:
            path = f"sobjects/{name}/describe"
            self._described[name] = self.call("GET", path, read=lambda it: _describe(it, name))
        return self._described[name]

    def rows(self, soql: str, *, deleted: bool = False) -> list[Record]:
        """The rows of a query that fits one page; ``deleted`` shows tombstones too."""
        return self._first(soql, deleted, lambda records: records)

    def row(self, soql: str, *, deleted: bool = False) -> Record:
        """The one row of a query that always has one, such as totals."""

        def only(records: list[Record]) -> Record:
            if len(records) != 1:
                raise SourceUnavailable("Salesforce gave no totals where totals were asked for")
            return records[0]

        return self._first(soql, deleted, only)

    def _first(self, soql: str, deleted: bool, take: Callable[[list[Record]], T]) -> T:
        return self.call(
            "GET",
            _resource(deleted),
            parameters={"q": soql},
            read=lambda answer: take(_page(answer)[0]),
        )

    def pages(self, soql: str, *, deleted: bool) -> Iterator[list[Record]]:
        """A query's pages in the session it began in.

        Raises SessionEnded or LocatorLost when the rest cannot be had: begin again.
        """
        token = self._token
        path, parameters = _resource(deleted), {"q": soql}
        stuck = 0
        while True:
            records, following = self.call(
                "GET", path, token=token, parameters=parameters, read=_page
            )
            yield records
            if not following:
                return
            stuck = stuck + 1 if not records or following == path else 0
            if stuck > _STUCK_PAGES:
                raise SourceUnavailable("Salesforce's pages lead in a circle")
            if not following.startswith("/services/data/v"):
                raise SourceRefused("Salesforce's next page lies outside its API; not followed")
            path, parameters = following, {}

    def user(self) -> str | None:
        """The id of the user the session acts as; None where its scopes do not show it.

        https://help.salesforce.com/s/articleView?id=sf.remoteaccess_using_userinfo_endpoint.htm
        """
        try:
            told = self.call("GET", "/services/oauth2/userinfo", read=_json)
        except (SourceRefused, SourceUnavailable):
            return None
        return str(told["user_id"]) if isinstance(told, dict) and "user_id" in told else None


def query_uri_length(soql: str) -> int:
    """How long a query's URI is, host and API path included."""
    return len(urlencode({"q": soql})) + 300


def _resource(deleted: bool) -> str:
    return "queryAll" if deleted else "query"


def _json(answer: Answer) -> Any:
    with answer.file:
        return answer.json()


def _page(answer: Answer) -> tuple[list[Record], str]:
    """A page's records, and the path of the next one if there is any."""
    page = _json(answer)
    try:
        records, is_done = page["records"], page["done"]
        following = "" if is_done else str(page["nextRecordsUrl"])
    except (KeyError, TypeError):
        raise SourceUnavailable("Salesforce gave a page that is none") from None
    if not isinstance(records, list) or not all(map(_is_record, records)):
        raise SourceUnavailable("Salesforce gave a page of what are no records")
    return records, following


def _is_record(record: Any) -> bool:
    """https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm"""
    return isinstance(record, dict) and "attributes" in record


def _describe(answer: Answer, name: str) -> dict[str, Any]:
    """An object's describe: its fields, each with name and type."""
    described = _json(answer)
    fields = described.get("fields") if isinstance(described, dict) else None
    if not isinstance(fields, list) or not all(
        isinstance(each, dict) and "name" in each and "type" in each for each in fields
    ):
        raise SourceUnavailable(f"Salesforce's describe of {name} is none")
    return dict(described)


def meaning(code: str, message: str) -> Exception | None:
    """What an error code means for us whatever call it answers; None: nothing in particular.

    https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
    """
    if code == "REQUEST_LIMIT_EXCEEDED" and "Concurrent" in message:
        return SourceUnavailable(f"Salesforce has too many requests under way ({message})")
    if code == "REQUEST_LIMIT_EXCEEDED":
        return SourceQuotaExhausted(
            "Salesforce's daily API allowance is used up (REQUEST_LIMIT_EXCEEDED); it renews over "
            "24 hours"
        )
    if code == "INVALID_QUERY_LOCATOR":
        return LocatorLost(message)
    if code == "QUERY_TIMEOUT":
        return TooSlow(message)
    if code == "INVALID_FIELD":
        return FieldGone(message)
    if code == "INVALID_TYPE":
        return NoSuchObject(f"Salesforce: {message}")
    return None


def _meant(answer: Answer, path: str) -> Exception:
    """What an error answer means for us."""
    try:
        content = answer.json()
    except ValueError:
        content = None
    first = content[0] if isinstance(content, list) and content else content
    first = first if isinstance(first, dict) else {}
    code = str(first.get("errorCode", ""))
    message = str(first.get("message", "")).strip().split("\n")[-1]
    if answer.status == 401 or code in ("INVALID_SESSION_ID", "INVALID_AUTH_HEADER"):
        return SessionEnded(message)
    if known := meaning(code, message):
        return known
    if answer.status >= 500 or answer.status in (420, 429) or code in _BUSY or not code:
        return SourceUnavailable(
            f"Salesforce answered {answer.status} {code}".strip(), retry_after(answer.headers)
        )
    if code == "NOT_FOUND" and re.fullmatch(r"/services/data/v[\d.]+/query(All)?/?", path):
        return SourceRefused(
            f"Salesforce does not serve the API version of {path}; remove api_version from the "
            f"connection salesforce, which then means {DEFAULT_VERSION}"
        )
    if code == "NOT_FOUND":
        return NoSuchObject(
            f"Salesforce shows this login no {path}; give the integration user of the connection "
            "salesforce read access to the object"
        )
    return SourceRefused(f"Salesforce refused ({code}: {message})")
