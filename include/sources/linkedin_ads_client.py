"""A log-in to LinkedIn's advertising API, over plain HTTP: LinkedIn's own client drops page tokens,
raises nothing and has no time-out.

Versioning: https://learn.microsoft.com/en-us/linkedin/marketing/versioning; errors: https://learn.
microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling; limits: https://learn.
microsoft.com/en-us/linkedin/shared/api-guide/concepts/rate-limits.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from decimal import Decimal
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

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
    SourceQuotaExhausted,
    SourceRefused,
    SourceUnavailable,
    is_wanted,
    patiently,
    wait,
)
from include.sources.linkedin_ads_login import NAME, AccessToken
from include.sources.versions import version_asked_for

HOST = "https://api.linkedin.com"
TOKEN_URL = "https://www.linkedin.com/oauth/v2/accessToken"
AT_ONCE = 4

_TIMEOUT = (10, 120)  # seconds to connect, to the next byte
_BODY_SECONDS, _BODY_BYTES = 300, 256 * 2**20
_LONGEST_QUERY = 4_000  # longer ones travel as the body of a POST
_PAGE, _COUNT = 1_000, 100
_REPEATS = 3  # how often a page may come again before the pages lead nowhere
_FRESH_TOKEN_WAITS = (0, 2, 8)  # first waits: a new token may be refused until LinkedIn knows it
_REVOKED = "65601"

decoded = msgspec.json.Decoder(float_hook=Decimal).decode

log = logging.getLogger(__name__)
T = TypeVar("T")
Decode = Callable[[bytes], Any]
Check = Callable[[Record], bool]


class _Report(msgspec.Struct):
    """A report's answer, its elements not looked into yet: thousands of them as objects would be
    the most of a load's memory."""

    elements: list[msgspec.Raw]


_report = msgspec.json.Decoder(_Report).decode


class _Unauthorized(Exception):
    """The access token was refused."""


class _Absent(SourceRefused):
    """There is no such thing, or (``is_forbidden``) this log-in may not see it."""

    def __init__(self, message: str, *, is_forbidden: bool) -> None:
        super().__init__(message)
        self.is_forbidden = is_forbidden


class Client:
    """One log-in to LinkedIn, for any number of threads; ``at_once`` requests are under way at the
    most, whoever makes them.

    ``wanted``: the accounts the connection names. ``reads_lead_forms``: unless the connection says
    ``no`` under ``lead_forms``; LinkedIn admits applications to them separately. Raises
    SourceRefused when the connection lacks something, says neither yes nor no there, names a host
    that is not LinkedIn's, or is refused by LinkedIn; SourceUnavailable when the token endpoint
    cannot be reached.
    """

    def __init__(self, credentials: Mapping[str, str], settings: Settings) -> None:
        self.settings = settings
        self.version = version_asked_for(NAME, credentials.get("api_version"))
        self.wanted = [
            part.strip().rsplit(":", 1)[-1]
            for part in credentials.get("account_ids", "").split(",")
            if part.strip()
        ]
        self.reads_lead_forms = is_wanted(NAME, "lead_forms", credentials)
        self.at_once = max(1, settings.concurrent_requests.get(NAME, AT_ONCE))
        self._host = _checked(credentials.get("host") or HOST, "api.linkedin.com", settings)
        token_url = _checked(
            credentials.get("token_url") or TOKEN_URL, "www.linkedin.com", settings
        )
        self._slots = threading.BoundedSemaphore(self.at_once)
        self._counting = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._forbidden: set[str] = set()
        self._session = requests.Session()
        self._session.mount("https://", HTTPAdapter(pool_maxsize=self.at_once))
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.trust_env = False  # .netrc would replace the token; the rest is set here
        self._session.verify = settings.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._session.proxies.update(get_environ_proxies(self._host))
        self._token = AccessToken(credentials, settings, token_url, self._send)

    def look(self) -> Login:
        """What LinkedIn says of this log-in."""
        return patiently(
            lambda: self._token.look(self.version),
            self.settings.retry_seconds,
            self.settings.retry_first_wait,
        )

    def usage(self) -> list[Measure]:
        """Requests made, in all and by resource: LinkedIn's daily limits are each resource's own,
        and no answer tells how much of them is left."""
        with self._counting:
            made = sorted(self._requests.items())
        return [
            Measure("requests", Decimal(sum(count for _, count in made))),
            *(Measure(f"{resource}_requests", Decimal(count)) for resource, count in made),
        ]

    def together(self, calls: Iterable[Callable[[], T]]) -> list[T]:
        """What each call returns, in order, as many at a time as may be under way."""
        with ThreadPoolExecutor(self.at_once) as pool:
            pending = [pool.submit(copy_context().run, call) for call in calls]
            try:
                return [each.result() for each in pending]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def get(self, path: str, is_it: Check, query: str = "", method: str | None = None) -> Record:
        """An answer. Texts in ``query`` are encoded already: `(),:` must arrive as they are.

        An object that is not what ``is_it`` says is no answer, whatever its status: LinkedIn is
        asked again. ``method`` is Rest.li's word for the call where the address does not tell it.
        """

        def decode(text: bytes) -> Record:
            answer = _object(text)
            if not is_it(answer):
                raise ValueError("something else than was asked for")
            return answer

        answer: Record = self._answer(path, query, method, decode)
        return answer

    def _answer(self, path: str, query: str, method: str | None, decode: Decode) -> Any:
        used = self._token.value
        try:
            return self._patiently(path, query, method, decode)
        except _Unauthorized as refusal:
            error: Exception = refusal
        if self._token.can_be_renewed:
            self._token.renew(used)
        elif _REVOKED not in str(error):
            raise self._refused_token(error) from None
        for waits in _FRESH_TOKEN_WAITS:
            wait(waits * self.settings.retry_first_wait)
            try:
                return self._patiently(path, query, method, decode)
            except _Unauthorized as refusal:
                error = refusal
        raise self._refused_token(error) from None

    def report(self, query: str) -> list[msgspec.Raw]:
        """The elements of a report, each to be taken out by ``element_of``."""
        answer: _Report = self._answer("adAnalytics", query, None, _report)
        return answer.elements

    def maybe(
        self, path: str, is_it: Check, query: str = "", method: str | None = None
    ) -> Record | None:
        """An answer, or None where there is none or this log-in may not see it."""
        try:
            return self.get(path, is_it, query, method)
        except _Absent as absence:
            if absence.is_forbidden and self._is_news(_resource(path)):
                log.warning("%s; what it would tell stays unknown", absence)
            return None

    def _is_news(self, resource: str) -> bool:
        with self._counting:
            is_news = resource not in self._forbidden
            self._forbidden.add(resource)
        return is_news

    def listed(self, path: str, query: str, size: int = _PAGE) -> Iterator[Record]:
        """Every element of a finder that pages by token, once each, proved complete.

        Their ids are read once more at the end: LinkedIn gives no total with which to compare.
        Raises SourceUnavailable when the two differ or the pages lead in a circle.
        """
        found = set()
        for record in self._pages(path, query, size):
            found.add(record["id"])
            yield record
        again = {record["id"] for record in self._pages(path, f"{query}&fields=id", size)}
        if found != again:
            raise SourceUnavailable(
                f"LinkedIn listed {len(found)} {_resource(path)} of {path} and then "
                f"{len(again)}, of which {len(found ^ again)} are not in both; nothing of it is "
                "used"
            )

    def counted(self, path: str, query: str) -> Iterator[Record]:
        """Every element of a finder that pages by `start` and `count`, once each, as many as its
        total says. Raises SourceUnavailable when the total changes or cannot be reached."""
        found: set[Any] = set()
        total, barren = None, 0
        while total is None or len(found) < total:
            page = self.get(path, _is_page, f"{query}&count={_COUNT}&start={len(found)}", "FINDER")
            paging = page.get("paging")
            said = paging.get("total") if isinstance(paging, dict) else None
            if not isinstance(said, int) or (total is not None and said != total):
                raise SourceUnavailable(
                    f"LinkedIn counted {total} elements of {path} and then {said}; nothing of it "
                    "is used"
                )
            total = said
            fresh = {record["id"]: record for record in page["elements"]}
            fresh = {key: record for key, record in fresh.items() if key not in found}
            yield from fresh.values()
            found.update(fresh)
            barren = 0 if fresh else barren + 1
            if barren > _REPEATS:
                raise SourceUnavailable(
                    f"LinkedIn counts {total} elements of {path} and shows {len(found)}"
                )
        if len(found) != total:
            raise SourceUnavailable(
                f"LinkedIn counts {total} elements of {path} and shows {len(found)}"
            )

    def _pages(self, path: str, query: str, size: int) -> Iterator[Record]:
        token, seen, found = "", Counter[str](), set()
        while True:
            at = f"&pageToken={quote(token, safe='')}" if token else ""
            page = self.get(path, _is_page, f"{query}&pageSize={size}{at}", "FINDER")
            for record in page["elements"]:
                if record["id"] not in found:
                    found.add(record["id"])
                    yield record
            metadata = page.get("metadata")
            token = str(metadata.get("nextPageToken") or "") if isinstance(metadata, dict) else ""
            if not token:
                return
            seen[token] += 1
            if seen[token] > _REPEATS:
                raise SourceUnavailable(f"LinkedIn's pages of {path} lead in a circle")

    def _patiently(self, path: str, query: str, method: str | None, decode: Decode) -> Any:
        return patiently(
            lambda: self._asked(path, query, method, decode),
            self.settings.retry_seconds,
            self.settings.retry_first_wait,
        )

    def _asked(self, path: str, query: str, method: str | None, decode: Decode) -> Any:
        headers = {
            "Authorization": f"Bearer {self._token.value}",
            "LinkedIn-Version": self.version,
            "X-Restli-Protocol-Version": "2.0.0",
        }
        if method:
            headers["X-RestLi-Method"] = method
        if len(query) > _LONGEST_QUERY:
            tunnel = {
                "X-HTTP-Method-Override": "GET",
                "Content-Type": "application/x-www-form-urlencoded",
            }
            url = f"{self._host}/rest/{path}"
            status, body, pause = self._send(
                "POST", url, decode, headers={**headers, **tunnel}, data=query
            )
        else:
            url = f"{self._host}/rest/{path}?{query}".rstrip("?")
            status, body, pause = self._send("GET", url, decode, headers=headers)
        if status == 200 and body is not None:
            return body
        raise self._meant(path, status, body, pause)

    def _send(
        self, method: str, url: str, decode: Decode | None = None, **options: Any
    ) -> tuple[int, Any, float | None]:
        """Status, body (None when it is not what ``decode`` takes, an object unless it says
        otherwise; errors are objects) and Retry-After in seconds.

        Messages of `requests` repeat whole URLs; the kind of failure is what a person needs.
        """
        parts = urlsplit(url)
        with self._counting:
            self._requests[_resource(parts.path)] += 1
        try:
            with (
                self._slots,
                self._session.request(
                    method, url, timeout=_TIMEOUT, allow_redirects=False, stream=True, **options
                ) as response,
            ):
                text = _whole(response, min(_BODY_SECONDS, self.settings.retry_seconds))
        except requests.exceptions.SSLError:
            raise SourceRefused(
                f"The certificate of {parts.netloc} is not trusted here; set CLOSED_LOOP_CA_FILE "
                "to the CA's file if your network inspects TLS"
            ) from None
        except (OSError, requests.RequestException, HTTPError) as error:
            raise SourceUnavailable(
                f"LinkedIn cannot be reached at {parts.netloc} ({type(error).__name__})"
            ) from None
        try:
            body = decode(text) if decode and response.status_code == 200 else _object(text)
        except (ValueError, RecursionError):
            body = None
        seconds = response.headers.get("Retry-After", "")
        return response.status_code, body, float(seconds) if seconds.isdecimal() else None

    def _refused_token(self, error: Exception) -> SourceRefused:
        if not self._token.can_be_renewed:
            return SourceRefused(
                f"LinkedIn refuses the access token of the connection {NAME} ({error}); renew it, "
                "or fill in refresh_token"
            )
        return SourceRefused(
            f"LinkedIn refuses the log-in of the connection {NAME} ({error}) even with a fresh "
            "token; let the member authorize the application again"
        )

    def _meant(self, path: str, status: int, body: Any, pause: float | None) -> Exception:
        """What an answer other than the one asked for means for us."""
        body = body if isinstance(body, dict) else {}
        code, message = str(body.get("code", "")), str(body.get("message", ""))[:300]
        said = f"{status} {code} {message}".strip()
        if status == 401:
            return _Unauthorized(f"{body.get('serviceErrorCode', '')} {said}".strip())
        if status == 426:
            return SourceRefused(
                f"LinkedIn no longer serves version {self.version} of its API; set api_version of "
                f"the connection {NAME} to one of the last twelve months (YYYYMM)"
            )
        if status == 429 and "DAY" in message:
            return SourceQuotaExhausted(
                f"LinkedIn's daily allowance for this application is used up ({said}); it renews "
                "at midnight UTC",
                pause,
            )
        if status in (200, 408, 429) or status >= 500:
            return SourceUnavailable(
                f"LinkedIn answered {said or 'what is not JSON'} to {path}", pause
            )
        if status == 403:
            if path.startswith("lead"):
                return _Absent(
                    f"LinkedIn lets this log-in not read {path}; have the application admitted to "
                    "the Lead Sync API (r_marketing_leadgen_automation), or write lead_forms: no "
                    f"into the connection {NAME}",
                    is_forbidden=True,
                )
            scopes = "r_organization_social" if path == "posts" else "r_ads and r_ads_reporting"
            return _Absent(
                f"LinkedIn lets this log-in not read {path}; give the member a role on the ad "
                f"account, and the application {scopes}",
                is_forbidden=True,
            )
        if status == 404:
            return _Absent(f"LinkedIn has no {path}", is_forbidden=False)
        return SourceRefused(f"LinkedIn refused {path} ({said})")


def _object(text: bytes) -> Record:
    """A JSON object; ValueError for anything else."""
    body = decoded(text)
    if not isinstance(body, dict):
        raise ValueError("no object")
    return body


def has(name: str, number: str) -> Check:
    """Whether an answer bears that number, or a URN that ends with it, under a name."""
    return lambda answer: str(answer.get(name)).rsplit(":", 1)[-1] == number


def _is_page(answer: Record) -> bool:
    """Whether an answer is a finder's: a list of objects, each with an id."""
    elements = answer.get("elements")
    return isinstance(elements, list) and all(
        isinstance(each, dict) and isinstance(each.get("id"), int | str) for each in elements
    )


def element_of(raw: msgspec.Raw) -> Record:
    """An element of a report; SourceUnavailable for what is none."""
    element = decoded(raw)
    if isinstance(element, dict):
        pivots, days = element.get("pivotValues"), element.get("dateRange")
        if (
            isinstance(pivots, list)
            and all(type(each) is str for each in pivots)
            and isinstance(days, dict)
            and isinstance(days.get("start"), dict)
        ):
            return element
    raise SourceUnavailable(
        "LinkedIn gave a report an element that tells not of what and when it is"
    )


def _resource(path: str) -> str:
    """The resource a path names: the last part that is no key."""
    return next((part for part in reversed(path.split("/")) if part.isalpha()), path)


def _whole(response: requests.Response, seconds: float) -> bytes:
    """The body, within its bounds of time and size however slowly it comes."""
    deadline, body = time.monotonic() + seconds, bytearray()
    while chunk := response.raw.read1(1 << 18, decode_content=True):
        body += chunk
        if len(body) > _BODY_BYTES or time.monotonic() > deadline:
            raise requests.ConnectionError("the answer does not end")
    return bytes(body)


def _checked(url: str, expected: str, settings: Settings) -> str:
    """Credentials go to LinkedIn over TLS alone, or to a sandbox on loopback."""
    parts = urlsplit(url if "//" in url else f"https://{url}")
    if parts.scheme == "https" and parts.hostname == expected:
        return parts.geturl().rstrip("/")
    if settings.is_sandbox and parts.scheme == "https" and parts.hostname in LOOPBACK_HOSTS:
        return parts.geturl().rstrip("/")
    raise SourceRefused(
        f"{parts.hostname or url!r} in the connection {NAME} is not {expected}; leave host and "
        "token_url empty (a sandbox needs CLOSED_LOOP_SANDBOX=1)"
    )
