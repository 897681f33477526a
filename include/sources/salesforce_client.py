"""A session with one Salesforce org, through simple-salesforce.

The SDK brings login and calls; time-outs, retries, paging and redaction are ours: it has no
time-out, retries nothing, and crashes on answers that are not its JSON.
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
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

if TYPE_CHECKING:
    from simple_salesforce import Salesforce

DEFAULT_VERSION = version_in_use("salesforce")

_TIMEOUT = (10, 130)  # seconds to connect, to the next byte; a query may take two minutes
_BODY_SECONDS, _BODY_BYTES = 300, 256 * 2**20
_STUCK_PAGES = 5  # in a row that bring nothing or lead to themselves
_HOSTS = (".salesforce.com", ".salesforce.mil")
_REFUSED_LOGINS = (
    "invalid_client", "invalid_client_id", "invalid_grant", "inactive_user", "inactive_org",
    "unsupported_grant_type", "invalid_app_access", "invalid_assertion",
)  # fmt: skip
_BUSY = ("SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "UNABLE_TO_LOCK_ROW", "CONCURRENT_REQUESTS")

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


class _Session(requests.Session):
    """Never follows a redirect, never waits for ever, never reads without end."""

    def __init__(self, settings: Settings, origin: str) -> None:
        super().__init__()
        self.trust_env = False  # .netrc would replace the token; what else it brings is set here
        self.verify = settings.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or True
        self.proxies.update(get_environ_proxies(origin))
        self.retry_after: float | None = None

    def request(  # type: ignore[override]
        self, method: str, url: str, **options: Any
    ) -> requests.Response:
        options = {"timeout": _TIMEOUT, **options, "allow_redirects": False}
        return super().request(method, url, **options)

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
        seconds = response.headers.get("Retry-After", "")
        self.retry_after = float(seconds) if seconds.isdecimal() else None
        return response


class _LoginHost(HTTPAdapter):
    """Sends logins, which the SDK addresses to salesforce.com, to the connection's host."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self._origin = origin

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        request.url = self._origin + urlsplit(request.url or "").path
        return super().send(request, *args, **options)


class Client:
    """One org, logged in.

    Raises SourceRefused when the connection lacks something, names a host that is not
    Salesforce's, or is refused by Salesforce.
    """

    def __init__(self, credentials: Mapping[str, str], settings: Settings) -> None:
        self.settings = settings
        self._credentials = dict(credentials)
        self._version = credentials.get("api_version") or DEFAULT_VERSION
        self._origin = _checked_origin(_needed(credentials, "host", "My Domain URL"), settings)
        self._session = _Session(settings, self._origin)
        self._sf: Salesforce
        self.log_in()

    def log_in(self) -> None:
        """A new session in place of the old one."""
        from simple_salesforce import Salesforce

        token, host = patiently(self._new_session, self.settings.retry_seconds)
        self._sf = Salesforce(
            session_id=token,
            instance_url=_checked_origin(f"https://{host}", self.settings),
            version=self._version,
            session=self._session,
            parse_float=Decimal,
            object_pairs_hook=None,
        )

    def _new_session(self) -> tuple[str, str]:
        """(access token, host) by client credentials, or by JWT when the connection has a key.

        https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm
        https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm
        """
        from simple_salesforce.exceptions import SalesforceAuthenticationFailed
        from simple_salesforce.login import SalesforceLogin

        given = self._credentials
        options: dict[str, Any] = {"consumer_key": _needed(given, "login", "consumer key")}
        if given.get("private_key"):
            options["privatekey"] = given["private_key"]
            options["username"] = _needed(given, "username", "the user's name")
            options["domain"] = "test" if ".sandbox." in self._origin else "login"
        else:
            options["consumer_secret"] = _needed(given, "password", "consumer secret")
            options["domain"] = "my"
        with _Session(self.settings, self._origin) as session, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the SDK's advice to open a browser
            session.mount("https://", _LoginHost(self._origin))
            try:
                token, host = SalesforceLogin(session=session, **options)
            except SalesforceAuthenticationFailed as failure:
                if failure.code in _REFUSED_LOGINS:
                    raise SourceRefused(
                        "Salesforce refused the login of the connection salesforce "
                        f"({failure.code}: {failure.auth_message}); check its login (consumer "
                        "key), password (consumer secret) and host (My Domain URL)"
                    ) from None
                raise SourceUnavailable(
                    f"Salesforce's login answered {failure.code}", session.retry_after
                ) from None
            except (requests.RequestException, ValueError) as error:
                raise _unreachable(error, self._origin) from None
            except (AttributeError, TypeError):  # JSON, but no answer to a login
                token, host = None, None
        if not token or not host:
            raise SourceUnavailable("Salesforce's login gave no token")
        return token, host

    def describe(self, name: str) -> dict[str, Any]:
        """An object's describe. Raises NoSuchObject."""
        described: dict[str, Any] | None = self._renewing(
            lambda sf: sf.restful(f"sobjects/{name}/describe")
        )
        if not described or "fields" not in described:
            raise SourceUnavailable(f"Salesforce's describe of {name} is none")
        return described

    def rows(self, soql: str, *, deleted: bool = False) -> list[Record]:
        """The rows of a query that fits one page; ``deleted`` shows tombstones too."""
        records: list[Record] = self._renewing(
            lambda sf: sf.query(soql, include_deleted=deleted)["records"]
        )
        return records

    def count(self, name: str, where: str, *, deleted: bool) -> int:
        """How many records match, counted by Salesforce. ``where`` is empty or begins a clause."""
        soql = f"SELECT COUNT() FROM {name}{where}"  # noqa: S608 (SOQL of our own names)
        answer = self._renewing(lambda sf: sf.query(soql, include_deleted=deleted)["totalSize"])
        return int(answer)

    def pages(self, soql: str, *, deleted: bool) -> Iterator[list[Record]]:
        """A query's pages in the session it began in.

        Raises SessionEnded or LocatorLost when the rest cannot be had: begin again.
        """
        path = ""
        stuck = 0
        while True:
            page = self._answer(partial(_page, soql, deleted, path))
            try:
                records, is_done = page["records"], page["done"]
                following = "" if is_done else str(page["nextRecordsUrl"])
            except (KeyError, TypeError):
                raise SourceUnavailable("Salesforce gave a page that is none") from None
            yield records
            if is_done:
                return
            stuck = stuck + 1 if not records or following == path else 0
            if stuck > _STUCK_PAGES:
                raise SourceUnavailable("Salesforce's pages lead in a circle")
            if not following.startswith("/services/data/v"):
                raise SourceRefused("Salesforce's next page lies outside its API; not followed")
            path = following

    def _renewing(self, call: Callable[[Salesforce], T]) -> T:
        """A call's answer, once more in a new session if the old one has ended."""
        try:
            return self._answer(call)
        except SessionEnded:
            self.log_in()
        try:
            return self._answer(call)
        except SessionEnded:
            raise SourceUnavailable("Salesforce ended a session that it had just begun") from None

    def _answer(self, call: Callable[[Salesforce], T]) -> T:
        """A call's answer, retried while Salesforce is busy or breaks off."""

        def once() -> T:
            from simple_salesforce.exceptions import SalesforceError

            try:
                return call(self._sf)
            except SalesforceError as error:
                raise _meant(error, self._session.retry_after) from None
            except (requests.RequestException, ValueError) as error:
                raise _unreachable(error, self._origin) from None

        return patiently(once, self.settings.retry_seconds)


def _page(soql: str, deleted: bool, path: str, sf: Salesforce) -> Any:
    if path:
        return sf.query_more(path, identifier_is_url=True)
    return sf.query(soql, include_deleted=deleted)


def _meant(error: Any, retry_after: float | None) -> Exception:
    """What an error answer means for us.

    https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
    """
    content = error.content
    first = content[0] if isinstance(content, list) and content else None
    first = first if isinstance(first, dict) else {}
    code = str(first.get("errorCode", ""))
    message = str(first.get("message", "")).strip().split("\n")[-1]
    if error.status == 401 or code in ("INVALID_SESSION_ID", "INVALID_AUTH_HEADER"):
        return SessionEnded(message)
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
    if error.status >= 500 or error.status in (420, 429) or code in _BUSY or not code:
        return SourceUnavailable(f"Salesforce answered {error.status} {code}".strip(), retry_after)
    if code == "NOT_FOUND":
        return NoSuchObject(
            f"Salesforce has no {urlsplit(error.url).path}: the API version is not served, or the "
            "connection's user may not see the object"
        )
    return SourceRefused(f"Salesforce refused ({code}: {message})")


def _unreachable(error: Exception, origin: str) -> SourceUnavailable | SourceRefused:
    """Messages of `requests` repeat whole URLs; the kind of failure is what a person needs."""
    if isinstance(error, requests.exceptions.SSLError):
        return SourceRefused(
            f"The certificate of {origin} is not trusted here; set CLOSED_LOOP_CA_FILE to the CA's "
            "file if your network inspects TLS"
        )
    if isinstance(error, requests.JSONDecodeError):
        return SourceUnavailable("Salesforce's answer was broken off, or is not JSON")
    return SourceUnavailable(f"Salesforce cannot be reached at {origin} ({type(error).__name__})")


def _needed(credentials: Mapping[str, str], name: str, what: str) -> str:
    value = credentials.get(name)
    if not value:
        raise SourceRefused(f"The connection salesforce has no {name}: fill in the {what} there")
    return value


def _checked_origin(text: str, settings: Settings) -> str:
    """`https://host[:port]` of a host that may be given the credentials."""
    parts = urlsplit(text if "://" in text else f"https://{text}")
    host = parts.hostname or ""
    is_ours = settings.is_sandbox and host in LOOPBACK_HOSTS
    if parts.scheme != "https" or parts.username or not (host.endswith(_HOSTS) or is_ours):
        raise SourceRefused(
            f"The connection salesforce points to {host or 'no host'}, which is not an https "
            "address of salesforce.com: write the org's My Domain URL, https://<name>"
            ".my.salesforce.com"
        )
    return f"https://{parts.netloc}"
