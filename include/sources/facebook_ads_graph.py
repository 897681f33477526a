"""A session with Meta's Graph API.

The calls are made without the vendor's SDK: it has no time-out, retries nothing, takes an HTML page
for success, reads every answer twice, and its cursor stops at an empty page though more follow.
https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from include.settings import LOOPBACK_HOSTS, Settings
from include.sources import (
    Login,
    Measure,
    Record,
    SourceRefused,
    SourceUnavailable,
    for_header,
    is_wanted,
    patiently,
)
from include.sources.facebook_ads_usage import shares_used, wait_asked_for
from include.sources.versions import version_asked_for, version_in_use

log = logging.getLogger(__name__)

DEFAULT_HOST = "https://graph.facebook.com"
DEFAULT_VERSION = version_in_use("facebook_ads")

_TIMEOUT = (10, 120)  # seconds to connect, to the next byte
_BODY_SECONDS, _BODY_BYTES = 300, 256 * 2**20
_LONGEST_QUERY = 4000  # beyond it the parameters go into a body
_EMPTY_PAGES = 20
_SMALLEST_PAGE = 25
_REPORT_PAGE = 5000

_THROTTLED = {4, 17, 32, 341, 613, 80014, *range(80000, 80009)}
_TRANSIENT = {1, 2}
_TOO_MUCH = {1487534, 1504018, 1504038, 1504044}
_PERMISSION = {3, 10, 294, *range(200, 300)}
_EXPIRED, _TOO_OLD, _VERSION_ENDED, _NOT_SHOWN = 463, 3018, 2635, (100, 33)

Check = Callable[[Record], bool]

_decoded = msgspec.json.Decoder(float_hook=str).decode


class NotShown(SourceRefused):
    """The login may not see the object; what else it asks for it may get. ``said``: Meta's words,
    for who knows better what the object is."""

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message)
        self.said = said


class TooMuchData(Exception):
    """Meta cannot serve so much at once: ask for less, repeating does not help."""


class Graph:
    """One login to the Graph API; may be used by several threads at once.

    ``reads_lead_forms``: unless the connection says ``no`` under ``lead_forms``, for reading what
    people filled in takes permissions that reading spend does not.
    ``report_page`` is how many rows a page of a report is asked for; it is halved for good once
    Meta finds that too much. Raises SourceRefused when the connection lacks its token, holds one
    that was damaged, says neither yes nor no there, or names a host that is not Meta's or a version
    that is none.
    """

    def __init__(self, credentials: Mapping[str, str], settings: Settings) -> None:
        if not credentials.get("password"):
            raise SourceRefused(
                "The connection facebook_ads has no password; write a system user's access token "
                "with the permission ads_read there"
            )
        self.settings = settings
        self.reads_lead_forms = is_wanted("facebook_ads", "lead_forms", credentials)
        self.version = version_asked_for("facebook_ads", credentials.get("api_version"))
        if not re.fullmatch(r"v\d+\.\d+", self.version):
            raise SourceRefused(
                f"{self.version!r} is no Graph API version; correct api_version of the connection "
                f"facebook_ads, for example {DEFAULT_VERSION}"
            )
        origin = _checked_origin(credentials.get("host") or DEFAULT_HOST, settings)
        self.account_ids = tuple(
            part.strip().removeprefix("act_")
            for part in (credentials.get("account_ids") or "").split(",")
            if part.strip()
        )
        self.report_page = _REPORT_PAGE
        self._base = f"{origin}/{self.version}"
        self._token, self._app_id, self._secret = (
            for_header("facebook_ads", name, credentials.get(name) or "")
            for name in ("password", "app_id", "app_secret")
        )
        self._proof = ""
        if self._secret:
            proof = hmac.new(self._secret.encode(), self._token.encode(), hashlib.sha256)
            self._proof = proof.hexdigest()
        self._session = _session(settings, origin)
        self._lock = threading.Lock()
        self._requests = 0
        self._used: dict[str, Decimal] = {}

    def get(self, path: str, is_it: Check, /, **params: Any) -> Record:
        """One GET; transient failures are retried, and so is an answer that is not what ``is_it``
        says, whatever its status. Raises TooMuchData beside the source's own."""
        return self._patiently(lambda: self._call("GET", path, params, is_it))

    def post(self, path: str, is_it: Check, /, **params: Any) -> Record:
        """One POST, as ``get``."""
        return self._patiently(lambda: self._call("POST", path, params, is_it))

    def report_pages(self, path: str, **params: Any) -> Iterator[list[Record]]:
        """The pages of a report, as large as Meta has served them so far."""
        for page in self._answers(path, self.report_page, params, is_report=True):
            yield page["data"]

    def pages(self, path: str, limit: int, **params: Any) -> Iterator[list[Record]]:
        """The pages of an edge, of ``limit`` objects at first."""
        for page in self._answers(path, limit, params):
            yield page["data"]

    def counted(self, path: str, limit: int, **params: Any) -> Iterator[tuple[list[Record], Any]]:
        """The pages of an edge, each with Meta's own count of all its objects (None: untold)."""
        for page in self._answers(path, limit, {**params, "summary": "total_count"}):
            yield page["data"], (page.get("summary") or {}).get("total_count")

    def usage(self) -> list[Measure]:
        """Requests made, and the highest share of each allowance that Meta's headers told of.

        https://developers.facebook.com/docs/graph-api/overview/rate-limiting
        """
        with self._lock:
            shares = sorted(self._used.items())
            return [
                Measure("requests", Decimal(self._requests)),
                *(Measure(name, share, Decimal(100)) for name, share in shares),
            ]

    def login(self) -> Login:
        """Whose token it is, what it may do and when it ends: from debug_token where the connection
        names its app and the app's secret, else from the permissions alone.

        https://developers.facebook.com/docs/graph-api/reference/debug_token
        """
        user = self.get("me", lambda answer: "id" in answer, fields="name")
        expires_at, remarks = None, []
        if self._app_id and self._secret:
            token = self._described()
            scopes = tuple(token.get("scopes") or ())
            expires_at = _instant(token.get("expires_at"))
            if str(token.get("app_id")) != self._app_id:
                remarks.append(
                    f"The access token belongs to the app {token.get('app_id')}, not to "
                    f"{self._app_id}, which the connection facebook_ads names; correct app_id and "
                    "app_secret"
                )
            if ends := _instant(token.get("data_access_expires_at")):
                remarks.append(
                    f"Meta lets this token read data until {ends:%Y-%m-%d}; make a new one before"
                )
        else:
            granted = self.get("me/permissions", is_list)["data"]
            scopes = tuple(
                entry.get("permission") for entry in granted if entry.get("status") == "granted"
            )
        if self.reads_lead_forms and "leads_retrieval" not in scopes:
            remarks.append(
                "The access token lacks leads_retrieval; filled lead forms cannot be read without: "
                "grant it, or write lead_forms: no into the connection's extra to leave them out"
            )
        return Login(self.version, user.get("name"), tuple(sorted(scopes)), expires_at,
                     tuple(remarks))  # fmt: skip

    def _described(self) -> Record:
        """What Meta says of the token. Both tokens travel in a body and a header."""
        params = {"method": "GET", "input_token": self._token}
        bearer = f"{self._app_id}|{self._secret}"
        answer = self._patiently(
            lambda: self._call("POST", "debug_token", params, _is_of_token, bearer)
        )
        token = answer["data"]
        if not token.get("is_valid"):
            raise SourceRefused(
                "Facebook says that the access token of the connection facebook_ads is not valid; "
                "write a fresh one into its password"
            )
        return dict(token)

    def _answers(
        self, path: str, limit: int, params: Mapping[str, Any], is_report: bool = False
    ) -> Iterator[Record]:
        """The answers of an edge until there is no `next`, which alone ends a list: pages may be
        empty or short before. A page that is too much is asked for again at half the size.

        Only the cursor is taken from `next`: its URL carries a token, and could name any host.
        https://developers.facebook.com/docs/graph-api/results
        """
        after: dict[str, str] = {}
        seen: set[str] = set()
        empty = 0
        while True:
            try:
                page = self.get(
                    path, is_list if is_report else _is_edge, limit=limit, **params, **after
                )
            except TooMuchData:
                if limit <= _SMALLEST_PAGE:
                    raise
                limit = max(_SMALLEST_PAGE, limit // 2)
                if is_report:
                    self.report_page = min(self.report_page, limit)
                continue
            yield page
            cursor = _next_cursor(page)
            if cursor is None:
                return
            empty = 0 if page["data"] else empty + 1
            if cursor in seen or not cursor or empty > _EMPTY_PAGES:
                raise SourceUnavailable(f"Facebook's pages of {path} do not end")
            seen.add(cursor)
            after = {"after": cursor}

    def _patiently(self, call: Callable[[], Record]) -> Record:
        return patiently(call, self.settings.retry_seconds, self.settings.retry_first_wait)

    def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any],
        is_it: Check,
        bearer: str | None = None,
    ) -> Record:
        """One call, tried once."""
        plain = {name: _plain(value) for name, value in params.items()}
        if self._proof and bearer is None:
            plain["appsecret_proof"] = self._proof
        if method == "GET" and len(urlencode(plain)) > _LONGEST_QUERY:
            method, plain = "POST", {**plain, "method": "GET"}
        with self._lock:
            self._requests += 1
        try:
            response = self._session.request(
                method,
                f"{self._base}/{path}",
                params=plain if method == "GET" else None,
                data=None if method == "GET" else plain,
                headers={"Authorization": f"Bearer {bearer or self._token}"},
                timeout=_TIMEOUT,
                allow_redirects=False,
                stream=True,
            )
            text = self._body(response)
        except (OSError, requests.RequestException, HTTPError) as failure:
            raise SourceUnavailable(
                f"Facebook could not be reached ({type(failure).__name__})"
            ) from None
        self._note_usage(response.headers)
        try:
            body = _decoded(text)
        except (ValueError, RecursionError):
            body = None
        error = body.get("error") if isinstance(body, dict) else None
        if isinstance(error, dict):
            raise self._failure(response, error)
        if response.status_code != 200 or not isinstance(body, dict):
            raise SourceUnavailable(
                f"Facebook answered {response.status_code} with something that is not JSON"
            )
        if not is_it(body):
            raise SourceUnavailable(
                f"Facebook answered {path} with something else than what was asked for"
            )
        return body

    def _body(self, response: requests.Response) -> bytes:
        """The whole body, within its bounds of time and size however slowly it comes."""
        deadline = time.monotonic() + min(_BODY_SECONDS, self.settings.retry_seconds)
        body = bytearray()
        with response:
            while chunk := response.raw.read1(1 << 18, decode_content=True):
                body += chunk
                if len(body) > _BODY_BYTES or time.monotonic() > deadline:
                    raise requests.ConnectionError("the answer does not end")
        return bytes(body)

    def _note_usage(self, headers: Mapping[str, str]) -> None:
        shares = shares_used(headers)
        with self._lock:
            for name, share in shares.items():
                self._used[name] = max(share, self._used.get(name, share))

    def _failure(self, response: requests.Response, error: Mapping[str, Any]) -> Exception:
        """What an error answer means: https://developers.facebook.com/docs/marketing-api/error-reference"""
        code, subcode = error.get("code"), error.get("error_subcode")
        said = self._redacted(str(error.get("message") or "no reason"))
        name = f"{code}/{subcode}" if subcode else f"{code}"
        told = f"Facebook answered {response.status_code}, error {name}: {said}"
        if subcode in _TOO_MUCH or "reduce the amount of data" in said.lower():
            return TooMuchData(told)
        if code in (190, 102, 104):
            over = ", whose time is over," if subcode == _EXPIRED else ""
            return SourceRefused(
                f"Facebook refused the access token of the connection facebook_ads{over} (error "
                f"{name}: {said}); write a fresh one into its password"
            )
        if code == _VERSION_ENDED:
            return SourceRefused(
                f"Facebook no longer serves version {self.version} of its API (error {name}: the "
                "request itself must change); remove api_version from the connection facebook_ads, "
                f"which then means {DEFAULT_VERSION}"
            )
        if "appsecret_proof" in said:
            return SourceRefused(
                f"Facebook refused the app_secret of the connection facebook_ads (error {name}: "
                f"{said}); write that of the app which made the access token there"
            )
        if (code, subcode) == _NOT_SHOWN:
            return NotShown(
                f"Facebook shows this login no such object (error {name}: {said}); check "
                "account_ids of the connection facebook_ads, and give its system user the "
                "permission ads_read on the ad account",
                f"error {name}: {said}",
            )
        if code in _THROTTLED:
            return SourceUnavailable(told, wait_asked_for(response.headers))
        is_of_leads = "leads_retrieval" in said
        if is_of_leads or code in _PERMISSION or (code == 100 and "permission" in said.lower()):
            return NotShown(
                f"Facebook refused the access (error {name}: {said}); give the system user of the "
                "connection facebook_ads the permission ads_read on the ad account",
                f"error {name}: {said}",
            )
        if code == _TOO_OLD:
            return SourceRefused(
                f"{told}; Facebook keeps 37 months, ask for later days: the request itself must "
                "change, repeating it will not help"
            )
        if error.get("is_transient") or code in _TRANSIENT or response.status_code >= 500:
            return SourceUnavailable(told)
        if code is None:
            return SourceUnavailable(
                f"Facebook answered {response.status_code} with something that is not JSON"
            )
        return SourceRefused(f"{told}; the request itself must change, repeating it will not help")

    def _redacted(self, text: str) -> str:
        for word in (self._token, self._secret, self._proof):
            text = text.replace(word, "…") if word else text
        return text[:500]


def _session(settings: Settings, origin: str) -> requests.Session:
    """Bears no token of itself and follows no redirect; one connection for each thread."""
    session = requests.Session()
    session.trust_env = False  # .netrc would replace the token; what else it brings is set here
    session.verify = settings.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or True
    session.proxies.update(get_environ_proxies(origin))
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=32))
    return session


def has_id(name: str) -> Check:
    """Whether an answer is the object of that id."""
    return lambda answer: str(answer.get("id")) == name


def is_list(answer: Record) -> bool:
    """Whether an answer is a page: a list of objects, and what leads to the next one."""
    rows, paging = answer.get("data"), answer.get("paging") or {}
    return (
        isinstance(rows, list)
        and all(isinstance(row, dict) for row in rows)
        and isinstance(answer.get("summary") or {}, dict)
        and isinstance(paging, dict)
        and isinstance(paging.get("cursors") or {}, dict)
        and isinstance(paging.get("next", ""), str)
    )


def _is_edge(answer: Record) -> bool:
    """Whether an answer is a page of objects, each with an id."""
    return is_list(answer) and all(isinstance(row.get("id"), int | str) for row in answer["data"])


def _is_of_token(answer: Record) -> bool:
    return isinstance(answer.get("data"), dict)


def _plain(value: Any) -> str:
    """A parameter as the Graph API reads it: lists and objects are JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _next_cursor(page: Record) -> str | None:
    """The cursor of the next page; None on the last, "" when `next` stands without one."""
    paging = page.get("paging") or {}
    if "next" not in paging:
        return None
    cursor = (paging.get("cursors") or {}).get("after")
    return str(cursor or (parse_qs(urlsplit(paging["next"]).query).get("after") or [""])[0])


def _instant(seconds: Any) -> datetime | None:
    """A moment given in Unix seconds; None for 0, which means never."""
    if not isinstance(seconds, int) or not seconds:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def _checked_origin(host: str, settings: Settings) -> str:
    """The base URL, if it is Meta's own, or loopback while the sandbox is in use."""
    parts = urlsplit(host if "://" in host else f"https://{host}")
    name = (parts.hostname or "").lower()
    is_metas = parts.scheme == "https" and (
        name == "facebook.com" or name.endswith(".facebook.com")
    )
    if not is_metas and not (settings.is_sandbox and name in LOOPBACK_HOSTS):
        raise SourceRefused(
            f"The connection facebook_ads names the host {name or host!r}, which is not Meta's; "
            f"leave it empty for {DEFAULT_HOST}"
        )
    return f"{parts.scheme}://{parts.netloc}"
