"""A log-in to LinkedIn's advertising API, over plain HTTP: LinkedIn's own client drops page tokens,
raises nothing and has no time-out.

Versioning: https://learn.microsoft.com/en-us/linkedin/marketing/versioning; log-in: https://learn.
microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens; errors: https://
learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.utils import get_environ_proxies

from include.settings import LOOPBACK_HOSTS, Settings
from include.sources import (
    Record,
    SourceQuotaExhausted,
    SourceRefused,
    SourceUnavailable,
    patiently,
)
from include.sources.versions import version_in_use

NAME = "linkedin_ads"
DEFAULT_VERSION = version_in_use("linkedin_ads")
HOST = "https://api.linkedin.com"
TOKEN_URL = "https://www.linkedin.com/oauth/v2/accessToken"

_TIMEOUT = (10, 120)  # seconds to connect, to the next byte
_BODY_SECONDS, _BODY_BYTES = 300, 256 * 2**20
_LONGEST_QUERY = 4_000  # longer ones travel as the body of a POST
_PAGE = 1_000
_REPEATS = 3  # how often the same page token may come before it is a circle
_WARN_DAYS = 30  # before a refresh token's year ends
_FRESH_TOKEN_WAITS = (0, 1, 4)  # seconds: a new token may be refused until LinkedIn knows it

log = logging.getLogger(__name__)


class _Unauthorized(Exception):
    """The access token was refused."""


class Client:
    """One log-in to LinkedIn.

    Raises SourceRefused when the connection lacks something, names a host that is not LinkedIn's,
    or is refused by LinkedIn; SourceUnavailable when the token endpoint cannot be reached.
    """

    def __init__(self, credentials: Mapping[str, str], settings: Settings) -> None:
        self._settings = settings
        self._given = dict(credentials)
        self._host = _checked(credentials.get("host") or HOST, "api.linkedin.com", settings)
        self._token_url = _checked(
            credentials.get("token_url") or TOKEN_URL, "www.linkedin.com", settings
        )
        self._version = credentials.get("api_version") or DEFAULT_VERSION
        self.wanted = [
            part.strip().rsplit(":", 1)[-1]
            for part in credentials.get("account_ids", "").split(",")
            if part.strip()
        ]
        self._session = requests.Session()
        self._session.trust_env = False  # .netrc would replace the token; the rest is set here
        self._session.verify = settings.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._session.proxies.update(get_environ_proxies(self._host))
        if credentials.get("refresh_token"):
            self._token = patiently(self._refresh, self._settings.retry_seconds)
        else:
            self._token = _needed(credentials, "access_token")

    def one(self, path: str) -> Record:
        """A single entity."""
        return self._get(path, "")

    def pages(self, path: str, query: str) -> Iterator[Record]:
        """Every element of a finder that pages by token.

        Raises SourceUnavailable when the pages lead in a circle.
        """
        token, seen = "", Counter[str]()
        while True:
            page = self._get(
                path, f"{query}&pageSize={_PAGE}{token and '&pageToken=' + quote(token, safe='')}"
            )
            yield from _elements(page)
            metadata = page.get("metadata")
            token = str(metadata.get("nextPageToken") or "") if isinstance(metadata, dict) else ""
            if not token:
                return
            seen[token] += 1
            if seen[token] > _REPEATS:
                raise SourceUnavailable("LinkedIn's pages lead in a circle")

    def elements(self, path: str, query: str) -> list[Record]:
        """The elements of a finder that does not page."""
        return _elements(self._get(path, query))

    def _get(self, path: str, query: str) -> Record:
        try:
            return patiently(lambda: self._asked(path, query), self._settings.retry_seconds)
        except _Unauthorized as refusal:
            error: Exception = refusal
        if not self._given.get("refresh_token"):
            raise SourceRefused(
                f"LinkedIn refuses the access token of the connection {NAME} ({error}); renew it, "
                "or fill in refresh_token"
            ) from None
        self._token = patiently(self._refresh, self._settings.retry_seconds)
        for seconds in _FRESH_TOKEN_WAITS:
            time.sleep(seconds)
            try:
                return patiently(lambda: self._asked(path, query), self._settings.retry_seconds)
            except _Unauthorized as refusal:
                error = refusal
        raise SourceRefused(
            f"LinkedIn refuses the log-in of the connection {NAME} ({error}) even with a fresh "
            "token; let the member authorize the application again"
        ) from None

    def _asked(self, path: str, query: str) -> Record:
        """One call. Texts in ``query`` are encoded already: `(),:` must arrive as they are."""
        headers = {
            "Authorization": f"Bearer {self._token}",
            "LinkedIn-Version": self._version,
            "X-Restli-Protocol-Version": "2.0.0",
        }
        if len(query) > _LONGEST_QUERY:
            tunnel = {
                "X-HTTP-Method-Override": "GET",
                "Content-Type": "application/x-www-form-urlencoded",
            }
            status, body, wait = self._send(
                "POST", f"{self._host}/rest/{path}", headers={**headers, **tunnel}, data=query
            )
        else:
            url = f"{self._host}/rest/{path}?{query}".rstrip("?")
            status, body, wait = self._send("GET", url, headers=headers)
        if status == 200 and isinstance(body, dict):
            return body
        raise self._meant(path, status, body, wait)

    def _send(self, method: str, url: str, **options: Any) -> tuple[int, Any, float | None]:
        """Status, decoded body (None when it is not JSON) and Retry-After in seconds.

        Messages of `requests` repeat whole URLs; the kind of failure is what a person needs.
        """
        origin = urlsplit(url).netloc
        try:
            with self._session.request(
                method, url, timeout=_TIMEOUT, allow_redirects=False, stream=True, **options
            ) as response:
                text = _whole(response)
        except requests.exceptions.SSLError:
            raise SourceRefused(
                f"The certificate of {origin} is not trusted here; set CLOSED_LOOP_CA_FILE to the "
                "CA's file if your network inspects TLS"
            ) from None
        except requests.RequestException as error:
            raise SourceUnavailable(
                f"LinkedIn cannot be reached at {origin} ({type(error).__name__})"
            ) from None
        try:
            body = json.loads(text, parse_float=Decimal)
        except ValueError:
            body = None
        seconds = response.headers.get("Retry-After", "")
        return response.status_code, body, float(seconds) if seconds.isdecimal() else None

    def _meant(self, path: str, status: int, body: Any, wait: float | None) -> Exception:
        """What an answer other than the one asked for means for us."""
        body = body if isinstance(body, dict) else {}
        code, message = str(body.get("code", "")), str(body.get("message", ""))[:300]
        said = f"{status} {code} {message}".strip()
        if status == 401:
            return _Unauthorized(said)
        if status == 426:
            return SourceRefused(
                f"LinkedIn no longer serves version {self._version} of its API; set api_version of "
                f"the connection {NAME} to one of the last twelve months (YYYYMM)"
            )
        if status == 429 and "DAY" in message:
            return SourceQuotaExhausted(
                f"LinkedIn's daily allowance for this application is used up ({said}); it renews "
                "at midnight UTC",
                wait,
            )
        if status in (200, 408, 429) or status >= 500:
            return SourceUnavailable(
                f"LinkedIn answered {said or 'what is not JSON'} to {path}", wait
            )
        if status == 403:
            return SourceRefused(
                f"LinkedIn lets this log-in not read {path}; give the member a role on the ad "
                "account, and the application r_ads and r_ads_reporting"
            )
        return SourceRefused(f"LinkedIn refused {path} ({said})")

    def _refresh(self) -> str:
        """A fresh access token."""
        form = {
            "grant_type": "refresh_token",
            "client_id": _needed(self._given, "login"),
            "client_secret": _needed(self._given, "password"),
            "refresh_token": self._given["refresh_token"],
        }
        status, body, wait = self._send("POST", self._token_url, data=form)
        body = body if isinstance(body, dict) else {}
        if status == 200 and body.get("access_token"):
            seconds = body.get("refresh_token_expires_in")
            if isinstance(seconds, int) and seconds < _WARN_DAYS * 86_400:
                log.warning(
                    "The refresh_token of the connection %s expires in %d days; let the member "
                    "authorize the application again before that",
                    NAME,
                    seconds // 86_400,
                )
            return str(body["access_token"])
        if status in (400, 401, 403):
            raise SourceRefused(
                f"LinkedIn refused the log-in of the connection {NAME} "
                f"({body.get('error', status)}); check its login (client id), password (client "
                "secret) and refresh_token, which lives for a year"
            )
        raise SourceUnavailable(f"LinkedIn's token endpoint answered {status}", wait)


def _whole(response: requests.Response) -> bytes:
    """The body, unless it does not end."""
    deadline, body = time.monotonic() + _BODY_SECONDS, bytearray()
    for chunk in response.iter_content(1 << 16):
        body += chunk
        if len(body) > _BODY_BYTES or time.monotonic() > deadline:
            raise requests.ConnectionError("the answer does not end")
    return bytes(body)


def _elements(body: Record) -> list[Record]:
    elements = body.get("elements")
    if not isinstance(elements, list):
        raise SourceUnavailable("LinkedIn gave an answer without elements")
    return elements


def _needed(credentials: Mapping[str, str], name: str) -> str:
    value = credentials.get(name)
    if not value:
        what = {
            "login": " (client id)",
            "password": " (client secret)",
            "access_token": " and no refresh_token",
        }.get(name, "")
        raise SourceRefused(f"The connection {NAME} has no {name}{what}: fill it in there")
    return value


def _checked(url: str, expected: str, settings: Settings) -> str:
    """Credentials go to LinkedIn over TLS alone, or to the sandbox on this machine."""
    parts = urlsplit(url if "//" in url else f"https://{url}")
    if parts.scheme == "https" and parts.hostname == expected:
        return parts.geturl().rstrip("/")
    if settings.is_sandbox and parts.scheme == "https" and parts.hostname in LOOPBACK_HOSTS:
        return parts.geturl().rstrip("/")
    raise SourceRefused(
        f"{parts.hostname or url!r} in the connection {NAME} is not {expected}; leave host and "
        "token_url empty (a sandbox needs CLOSED_LOOP_SANDBOX=1)"
    )
