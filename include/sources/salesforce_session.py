"""Connections to one Salesforce org, and logging in to it.

simple-salesforce brings the logins, JWT among them; time-outs, bounds and redaction are ours.
https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flows.htm
"""

from __future__ import annotations

import os
import tempfile
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from include.settings import LOOPBACK_HOSTS, Settings
from include.sources import SourceRefused, SourceUnavailable

_TIMEOUT = (10, 130)  # seconds to connect, to the next byte; a query may take two minutes
_BODY_SECONDS, _BODY_BYTES = 300, 256 * 2**20
_IN_MEMORY = 4 * 2**20  # of an answer that is written to a file beyond that
_HOSTS = (".salesforce.com", ".salesforce.mil")
_REFUSED_LOGINS = (
    "invalid_client", "invalid_client_id", "invalid_grant", "inactive_user", "inactive_org",
    "unsupported_grant_type", "invalid_app_access", "invalid_assertion",
)  # fmt: skip
# https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flow_errors.htm
_ADVICE = {
    "invalid_client_id": "its login is not the consumer key of an app of this org: check it, and "
    "that host is the My Domain URL of the org that has the app",
    "invalid_client": "its password is not the consumer secret of that app",
    "invalid_grant": "choose a Run As user in the app's client credentials flow, or check username "
    "and private_key",
    "inactive_user": "the user it logs in as is not active",
}


@dataclass(frozen=True, slots=True)
class Granted:
    """A session: its token, the address it lives at, and the scopes if the login tells them."""

    token: str
    instance: str
    scopes: tuple[str, ...] | None


class Connection(requests.Session):
    """Never follows a redirect, never waits for ever, never reads without end."""

    def __init__(self, settings: Settings, origin: str) -> None:
        super().__init__()
        self.trust_env = False  # .netrc would replace the token; what else it brings is set here
        self.verify = settings.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or True
        self.proxies.update(get_environ_proxies(origin))
        self.last: requests.Response | None = None
        self._origin = origin

    def request(  # type: ignore[override]
        self, method: str, url: str, **options: Any
    ) -> requests.Response:
        options = {"timeout": _TIMEOUT, **options, "allow_redirects": False}
        return super().request(method, url, **options)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """The answer with its body read, unless ``stream`` leaves that to ``spooled``."""
        response = super().send(request, **{**options, "stream": True})
        if response.is_redirect:
            response.close()
            raise SourceRefused(
                f"{self._origin} sends callers on to another address, which is not followed: "
                "write the org's present My Domain URL into the connection salesforce"
            )
        if not options.get("stream"):
            with spooled(response) as body:
                response._content = body.read()
            self.last = response
        return response


def spooled(response: requests.Response) -> IO[bytes]:
    """The body of an answer, at its beginning; on disk when it is long."""
    body = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (the caller closes it)
    deadline, length = time.monotonic() + _BODY_SECONDS, 0
    for chunk in response.iter_content(1 << 16):
        body.write(chunk)
        length += len(chunk)
        if length > _BODY_BYTES or time.monotonic() > deadline:
            response.close()
            body.close()
            raise requests.ConnectionError("the answer does not end")
    body.seek(0)
    return body


class _LoginHost(HTTPAdapter):
    """Sends logins, which the SDK addresses to salesforce.com, to the connection's host."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self._origin = origin

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        request.url = self._origin + urlsplit(request.url or "").path
        return super().send(request, *args, **options)


def log_in(credentials: Mapping[str, str], settings: Settings) -> Granted:
    """A new session by client credentials, or by JWT when the connection has a key.

    Raises SourceRefused when the connection lacks something, names a host that is not
    Salesforce's, or is refused by Salesforce; SourceUnavailable when it does not answer.

    https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm
    https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm
    """
    from simple_salesforce.exceptions import SalesforceAuthenticationFailed
    from simple_salesforce.login import SalesforceLogin

    origin = my_domain(credentials, settings)
    options: dict[str, Any] = {"consumer_key": _needed(credentials, "login", "consumer key")}
    if credentials.get("private_key"):
        options["privatekey"] = _checked_key(credentials["private_key"])
        options["username"] = _needed(credentials, "username", "the user's name")
        options["domain"] = "test" if ".sandbox." in origin else "login"
    else:
        options["consumer_secret"] = _needed(credentials, "password", "consumer secret")
        options["domain"] = "my"
    with Connection(settings, origin) as session, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK's advice to open a browser
        session.mount("https://", _LoginHost(origin))
        try:
            token, host = SalesforceLogin(session=session, **options)
        except SalesforceAuthenticationFailed as failure:
            if failure.code in _REFUSED_LOGINS:
                advice = _ADVICE.get(
                    failure.code,
                    "check its login (consumer key), password (consumer secret) and host (My "
                    "Domain URL)",
                )
                raise SourceRefused(
                    "Salesforce refused the login of the connection salesforce "
                    f"({failure.code}: {failure.auth_message}); {advice}"
                ) from None
            wait = retry_after(session.last.headers) if session.last is not None else None
            raise SourceUnavailable(f"Salesforce's login answered {failure.code}", wait) from None
        except (requests.RequestException, ValueError) as error:
            raise unreachable(error, origin) from None
        except (AttributeError, TypeError):  # JSON, but no answer to a login
            token, host = None, None
    if not token or not host or session.last is None:
        raise SourceUnavailable("Salesforce's login gave no token")
    granted = session.last.json().get("scope")  # which the SDK passes over
    scopes = tuple(sorted(str(granted).split())) if granted else None
    return Granted(token, _checked_origin(f"https://{host}", settings), scopes)


def my_domain(credentials: Mapping[str, str], settings: Settings) -> str:
    """The connection's host as ``https://host[:port]``; SourceRefused if it is not Salesforce's."""
    return _checked_origin(_needed(credentials, "host", "My Domain URL"), settings)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The wait in seconds that an answer asks for, if it does."""
    seconds = headers.get("Retry-After", "")
    return float(seconds) if seconds.isdecimal() else None


def unreachable(error: Exception, origin: str) -> SourceUnavailable | SourceRefused:
    """Messages of `requests` repeat whole URLs; the kind of failure is what a person needs."""
    if isinstance(error, requests.exceptions.SSLError):
        return SourceRefused(
            f"The certificate of {origin} is not trusted here; set CLOSED_LOOP_CA_FILE to the CA's "
            "file if your network inspects TLS"
        )
    if isinstance(error, ValueError) and not isinstance(error, requests.RequestException):
        return SourceUnavailable("Salesforce's answer was broken off, or is not what was asked for")
    return SourceUnavailable(f"Salesforce cannot be reached at {origin} ({type(error).__name__})")


def _needed(credentials: Mapping[str, str], name: str, what: str) -> str:
    value = credentials.get(name)
    if not value:
        raise SourceRefused(f"The connection salesforce has no {name}: fill in the {what} there")
    return value


def _checked_key(text: str) -> str:
    """A private key that can sign a JWT (RS256); SourceRefused if it is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        is_key = isinstance(load_pem_private_key(text.encode(), None), RSAPrivateKey)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it wants a pass phrase
        is_key = False
    if not is_key:
        raise SourceRefused(
            "private_key of the connection salesforce is no RSA key: write the whole PEM text "
            "there, without a pass phrase, from its BEGIN line to its END line (in JSON, line "
            "ends are written \\n)"
        )
    return text


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
