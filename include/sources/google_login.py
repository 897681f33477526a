"""The log-in to Google that its systems share: OAuth, and what a connection must hold.

https://developers.google.com/identity/protocols/oauth2
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from include.settings import LOOPBACK_HOSTS, Settings
from include.sources import SourceRefused, SourceUnavailable, patiently

T = TypeVar("T")

TOKEN_URI = "https://oauth2.googleapis.com/token"
_TOKEN_SECONDS, _TOKEN_BYTES = 60, 2**20
_REFUSED = {  # what to do when the token endpoint says no
    "invalid_client": "check its login (OAuth client id) and its password (client secret)",
    "invalid_grant": "its refresh_token has expired or was revoked; make a new one",
    "unauthorized_client": "its refresh_token was made for another OAuth client; make a new one",
}


class TokenRefused(Exception):
    """The access token was refused; a fresh one may do."""


class LogIn:
    """Living access tokens of the connection ``name`` to ``title``, one for all threads. ``scope``
    is what a service account asks for; `count` is told of every request made.

    Raises SourceRefused when the connection lacks something or Google refuses it, SourceUnavailable
    when the token endpoint cannot be reached.
    """

    def __init__(
        self,
        name: str,
        title: str,
        scope: str,
        credentials: Mapping[str, str],
        settings: Settings,
        count: Callable[[], None],
    ) -> None:
        self._name, self._title = name, title
        self._token_uri = credentials.get("token_uri") or TOKEN_URI
        check_host(name, self._token_uri, settings)
        self._patience = (settings.retry_seconds, settings.retry_first_wait)
        self._count = count
        self._session = _Session(self._token_uri, settings)
        self._credentials = _google_credentials(name, scope, credentials, self._token_uri)
        self._renewing = threading.Lock()
        self.token()

    @property
    def service_account(self) -> str | None:
        """The address of the service account, if it is one that logs in."""
        return getattr(self._credentials, "service_account_email", None)

    def token(self, refused: str | None = None) -> str:
        """A living access token, other than one that was refused; renewed by the first thread that
        needs it."""
        with self._renewing:
            held = self._credentials
            if not held.valid or held.token == refused:
                patiently(self._refresh, *self._patience)
            return str(held.token)

    def asked(self, call: Callable[[str], T]) -> T:
        """What a call with an access token gives, tried patiently; a token that is refused
        (TokenRefused) is renewed once."""
        token = self.token()
        try:
            return patiently(lambda: call(token), *self._patience)
        except TokenRefused:
            fresh = self.token(refused=token)
        try:
            return patiently(lambda: call(fresh), *self._patience)
        except TokenRefused as error:
            raise SourceRefused(
                f"{self._title} refuses the log-in of the connection {self._name} ({error}); renew "
                "its refresh_token"
            ) from None

    def info(self) -> Mapping[str, Any]:
        """What the token endpoint's neighbour says of the access token; nothing if it does not."""
        self._count()
        try:
            answer = self._session.post(
                urljoin(self._token_uri, "tokeninfo"),
                data={"access_token": self.token()},
                timeout=_TOKEN_SECONDS,
            ).json()
        except (requests.RequestException, ValueError):
            return {}
        return answer if isinstance(answer, dict) else {}

    def _refresh(self) -> None:
        """A fresh access token. https://developers.google.com/identity/protocols/oauth2"""
        from google.auth.exceptions import GoogleAuthError, RefreshError
        from google.auth.transport.requests import Request as Transport

        def transport(*args: Any, **options: Any) -> Any:
            options["timeout"] = _TOKEN_SECONDS
            self._count()
            answer = Transport(self._session)(*args, **options)
            if answer.status == 200 and not _is_object(answer.data):  # google-auth trips over it
                raise SourceUnavailable("Google's token endpoint gave no usable answer")
            return answer

        try:
            self._credentials.refresh(transport)
        except RefreshError as error:
            if error.retryable:
                raise SourceUnavailable("Google's token endpoint is busy") from None
            answer = error.args[1] if len(error.args) > 1 else None
            reason = answer.get("error") if isinstance(answer, dict) else None
            if not reason:
                raise SourceUnavailable("Google's token endpoint gave no usable answer") from None
            raise SourceRefused(
                f"Google refused the log-in of the connection {self._name} ({reason}): "
                + _REFUSED.get(
                    reason,
                    "check its login (OAuth client id), password (client secret), refresh_token",
                )
            ) from None
        except GoogleAuthError as error:
            raise SourceUnavailable(
                f"Google's token endpoint cannot be reached ({type(error).__name__})"
            ) from None


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


class _Session(requests.Session):
    """Follows no redirect, and reads no answer without end."""

    def __init__(self, token_uri: str, settings: Settings) -> None:
        super().__init__()
        self.trust_env = False  # .netrc would replace the credentials; what else it brings is here
        self.verify = settings.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or True
        self.proxies.update(get_environ_proxies(token_uri))
        self._seconds = min(_TOKEN_SECONDS, max(10, settings.retry_seconds / 4))

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        options |= {"stream": True, "allow_redirects": False}
        deadline = time.monotonic() + self._seconds
        response, body = super().send(request, **options), bytearray()
        try:
            while piece := response.raw.read1(_TOKEN_BYTES, decode_content=True):
                body += piece
                if len(body) > _TOKEN_BYTES or time.monotonic() > deadline:
                    raise requests.ConnectionError("the answer does not end")
        except HTTPError as error:
            raise requests.ConnectionError("the answer broke off") from error
        finally:
            response.close()
        response._content = bytes(body)
        return response


def _google_credentials(
    name: str, scope: str, credentials: Mapping[str, str], token_uri: str
) -> Any:
    if key := credentials.get("json_key"):
        from google.oauth2 import service_account

        try:
            info = {**json.loads(key), "token_uri": token_uri}
            return service_account.Credentials.from_service_account_info(
                info, scopes=[scope], subject=credentials.get("impersonated_email") or None
            )
        except ValueError:
            raise SourceRefused(
                f"json_key of the connection {name} is not the JSON of a service account's key"
            ) from None
    from google.oauth2.credentials import Credentials

    return Credentials(
        None,
        refresh_token=needed(name, credentials, "refresh_token"),
        token_uri=token_uri,
        client_id=needed(name, credentials, "login"),
        client_secret=needed(name, credentials, "password"),
    )


def needed(name: str, credentials: Mapping[str, str], what: str) -> str:
    """A value the connection ``name`` must hold. Raises SourceRefused."""
    value = credentials.get(what)
    if not value:
        means = {"login": " (OAuth client id)", "password": " (OAuth client secret)"}.get(what, "")
        raise SourceRefused(f"The connection {name} has no {what}{means}: fill it in there")
    return value


def check_host(name: str, url: str, settings: Settings) -> None:
    """Credentials go to Google over TLS alone, or to a sandbox on loopback."""
    parts = urlsplit(url if "//" in url else f"https://{url}")
    host = parts.hostname or ""
    if parts.scheme == "https" and (
        host.endswith(".googleapis.com") or host == "accounts.google.com"
    ):
        return
    if settings.is_sandbox and parts.scheme == "https" and host in LOOPBACK_HOSTS:
        return
    raise SourceRefused(
        f"{host or url!r} in the connection {name} is not a host of Google; leave endpoint and "
        "token_uri empty (a sandbox needs CLOSED_LOOP_SANDBOX=1)"
    )
