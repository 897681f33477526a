"""A session with Meta's Graph API, through the facebook-business SDK.

The SDK brings the calls; time-outs, retries, paging and redaction are ours: it has no time-out,
retries nothing, takes an HTML page for success, and its cursor stops at an empty page though more
follow. https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.utils import get_environ_proxies

from include.settings import LOOPBACK_HOSTS, Settings
from include.sources import Record, SourceRefused, SourceUnavailable, patiently
from include.sources.versions import version_in_use

log = logging.getLogger(__name__)

DEFAULT_HOST = "https://graph.facebook.com"
DEFAULT_VERSION = version_in_use("facebook_ads")

_TIMEOUT = (10, 120)  # seconds to connect, to the next byte
_BODY_SECONDS, _BODY_BYTES = 300, 256 * 2**20
_LONGEST_WAIT = 3600
_EMPTY_PAGES = 20
_SMALLEST_PAGE = 25

_THROTTLED = {4, 17, 32, 341, 613, 80014, *range(80000, 80009)}
_TRANSIENT = {1, 2}
_TOO_MUCH = {1487534, 1504018, 1504038, 1504044}
_PERMISSION = {3, 10, 294, *range(200, 300)}


class TooMuchData(Exception):
    """Meta cannot serve so much at once: ask for less, repeating does not help."""


class _Session(requests.Session):
    """Bears the token in a header, follows no redirect, never reads without end."""

    def __init__(self, settings: Settings, origin: str, token: str) -> None:
        super().__init__()
        self.trust_env = False  # .netrc would replace the token; what else it brings is set here
        self.verify = settings.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or True
        self.proxies.update(get_environ_proxies(origin))
        self.headers["Authorization"] = f"Bearer {token}"

    def request(  # type: ignore[override]
        self, method: str, url: str, **options: Any
    ) -> requests.Response:
        return super().request(method, url, **{**options, "allow_redirects": False})

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        response = super().send(request, **{**options, "stream": True})
        deadline = time.monotonic() + _BODY_SECONDS
        body = bytearray()
        for chunk in response.iter_content(1 << 16):
            body += chunk
            if len(body) > _BODY_BYTES or time.monotonic() > deadline:
                response.close()
                raise requests.ConnectionError("the answer does not end")
        response._content = bytes(body)
        return response


class Graph:
    """One login to the Graph API.

    Raises SourceRefused when the connection lacks its token or names a host that is not Meta's.
    """

    def __init__(self, credentials: Mapping[str, str], settings: Settings) -> None:
        from facebook_business.api import FacebookAdsApi
        from facebook_business.session import FacebookSession

        token = credentials.get("password") or ""
        if not token:
            raise SourceRefused(
                "The connection facebook_ads has no password; write a system user's access token "
                "with the permission ads_read there"
            )
        origin = _checked_origin(credentials.get("host") or DEFAULT_HOST, settings)
        secret = credentials.get("app_secret") or None
        session = FacebookSession(credentials.get("app_id"), secret, token, timeout=_TIMEOUT)
        session.GRAPH = origin
        session.requests = _Session(settings, origin, token)
        if secret:
            session.requests.params = {"appsecret_proof": session.appsecret_proof}
        self.settings = settings
        self.account_ids = tuple(
            part.strip().removeprefix("act_")
            for part in (credentials.get("account_ids") or "").split(",")
            if part.strip()
        )
        self._version = credentials.get("api_version") or DEFAULT_VERSION
        self._secrets = [
            word for word in (token, secret, session.__dict__.get("appsecret_proof")) if word
        ]
        self._api = FacebookAdsApi(session, api_version=self._version)

    def get(self, path: str, **params: Any) -> Record:
        """One GET; transient failures are retried. Raises TooMuchData beside the source's own."""
        return patiently(lambda: self._call("GET", path, params), self.settings.retry_seconds)

    def post(self, path: str, **params: Any) -> Record:
        """One POST; transient failures are retried."""
        return patiently(lambda: self._call("POST", path, params), self.settings.retry_seconds)

    def pages(self, path: str, limit: int, **params: Any) -> Iterator[list[Record]]:
        """The pages of an edge until there is no `next`, which alone ends a list: pages may be
        empty or short before. A page that is too much is asked for again at half the size.

        Only the cursor is taken from `next`: its URL carries a token, and could name any host.
        https://developers.facebook.com/docs/graph-api/results
        """
        after: dict[str, str] = {}
        seen: set[str] = set()
        empty = 0
        while True:
            try:
                page = self.get(path, limit=limit, **params, **after)
            except TooMuchData:
                if limit <= _SMALLEST_PAGE:
                    raise
                limit = max(_SMALLEST_PAGE, limit // 2)
                continue
            rows = page.get("data")
            if not isinstance(rows, list):
                raise SourceUnavailable(f"Facebook answered {path} without a list of data")
            yield rows
            cursor = _next_cursor(page)
            if cursor is None:
                return
            empty = 0 if rows else empty + 1
            if cursor in seen or not cursor or empty > _EMPTY_PAGES:
                raise SourceUnavailable(f"Facebook's pages of {path} do not end")
            seen.add(cursor)
            after = {"after": cursor}

    def _call(self, method: str, path: str, params: Mapping[str, Any]) -> Record:
        from facebook_business.exceptions import FacebookError, FacebookRequestError

        try:
            response = self._api.call(method, (path,), params=dict(params))
        except FacebookRequestError as error:
            raise self._failure(error) from None
        except requests.RequestException as error:
            raise SourceUnavailable(
                f"Facebook could not be reached ({type(error).__name__})"
            ) from None
        except FacebookError:
            raise SourceRefused(
                f"{self._version!r} is no Graph API version; correct api_version of the connection "
                f"facebook_ads, for example {DEFAULT_VERSION}"
            ) from None
        except (TypeError, AttributeError, KeyError):  # the SDK met an answer that is no JSON
            raise SourceUnavailable("Facebook answered something that is not JSON") from None
        try:
            body = json.loads(response.body(), parse_float=Decimal)
        except (TypeError, ValueError):
            body = None
        if response.status() != 200 or not isinstance(body, dict):
            raise SourceUnavailable(
                f"Facebook answered {response.status()} with something that is not JSON"
            )
        return body

    def _failure(self, error: Any) -> Exception:
        """What an error answer means: https://developers.facebook.com/docs/marketing-api/error-reference"""
        code, subcode = error.api_error_code(), error.api_error_subcode()
        said = self._redacted(error.api_error_message() or "no reason")
        name = f"{code}/{subcode}" if subcode else f"{code}"
        told = f"Facebook answered {error.http_status()}, error {name}: {said}"
        if subcode in _TOO_MUCH or "reduce the amount of data" in said.lower():
            return TooMuchData(told)
        if code in (190, 102, 104):
            return SourceRefused(
                f"Facebook refused the access token of the connection facebook_ads (error {name}: "
                f"{said}); write a fresh one into its password"
            )
        if code in _THROTTLED:
            return SourceUnavailable(told, _wait_asked_for(error.http_headers()))
        if code in _PERMISSION:
            return SourceRefused(
                f"Facebook refused the access (error {name}: {said}); give the system user of the "
                "connection facebook_ads the permission ads_read on the ad account"
            )
        if error.api_transient_error() or code in _TRANSIENT or error.http_status() >= 500:
            return SourceUnavailable(told)
        if code is None:
            return SourceUnavailable(
                f"Facebook answered {error.http_status()} with something that is not JSON"
            )
        return SourceRefused(f"{told}; the request itself must change, repeating it will not help")

    def _redacted(self, text: str) -> str:
        for word in self._secrets:
            text = text.replace(word, "…")
        return text[:500]


def _next_cursor(page: Record) -> str | None:
    """The cursor of the next page; None on the last, "" when `next` stands without one."""
    paging = page.get("paging") or {}
    if "next" not in paging:
        return None
    cursor = (paging.get("cursors") or {}).get("after")
    return str(cursor or (parse_qs(urlsplit(paging["next"]).query).get("after") or [""])[0])


def _wait_asked_for(headers: Any) -> float | None:
    """Seconds until an exhausted account may be asked again, one hour at most.

    https://developers.facebook.com/docs/graph-api/overview/rate-limiting
    """
    names = {str(name).lower(): value for name, value in dict(headers or {}).items()}
    try:
        usage = json.loads(names.get("x-business-use-case-usage") or "{}")
        minutes = [
            float(entry.get("estimated_time_to_regain_access") or 0)
            for entries in usage.values()
            for entry in entries
        ]
    except (ValueError, TypeError, AttributeError):
        return None
    longest = max(minutes, default=0) * 60
    return min(longest, _LONGEST_WAIT) or None


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
