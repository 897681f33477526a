"""A log-in to Google Ads through Google's own SDK.

The SDK brings the protocol and the messages; time-outs, retries, log-in and redaction are ours: it
has no time-out and retries nothing. https://developers.google.com/google-ads/api/docs/
best-practices/understand-api-errors
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies

from include.settings import LOOPBACK_HOSTS, Settings
from include.sources import (
    Account,
    SourceQuotaExhausted,
    SourceRefused,
    SourceUnavailable,
    patiently,
)
from include.sources.versions import version_in_use

NAME = "google_ads"
DEFAULT_VERSION = version_in_use("google_ads")
ENDPOINT = "googleads.googleapis.com"
TOKEN_URI = "https://oauth2.googleapis.com/token"

_SCOPE = "https://www.googleapis.com/auth/adwords"
_CALL_SECONDS, _TOKEN_SECONDS = 300, 60
_QUOTA_SECONDS = 3_600  # a wait longer than this is a daily allowance, not a throttle
_OPEN = {"ENABLED", "SUSPENDED", "UNKNOWN", "UNSPECIFIED"}  # states in which reports are served
_CLIENTS = (
    "SELECT customer_client.id, customer_client.descriptive_name, customer_client.currency_code, "
    "customer_client.time_zone, customer_client.manager, customer_client.status "
    "FROM customer_client"
)

log = logging.getLogger(__name__)
T = TypeVar("T")


class _Expired(Exception):
    """The access token was refused; a fresh one may do."""


class _NotEnabled(SourceRefused):
    """The customer's account is not open, or is closed."""


class Client:
    """One log-in to Google Ads.

    Raises SourceRefused when the connection lacks something, names a host that is not Google's, or
    is refused by Google; SourceUnavailable when the token endpoint cannot be reached.
    """

    def __init__(self, credentials: Mapping[str, str], settings: Settings) -> None:
        if settings.ca_file:  # gRPC reads this once, before the first channel of the process
            os.environ.setdefault("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", settings.ca_file)
        self._settings = settings
        self._version = _known_version(credentials.get("api_version") or DEFAULT_VERSION)
        self._endpoint = credentials.get("endpoint") or credentials.get("host") or ENDPOINT
        _check_host(self._endpoint, settings)
        self._developer_token = _needed(credentials, "developer_token")
        self.login = _digits(credentials.get("login_customer_id", ""))
        self.wanted = [
            _digits(part) for part in credentials.get("customer_ids", "").split(",") if part.strip()
        ]
        token_uri = credentials.get("token_uri") or TOKEN_URI
        _check_host(token_uri, settings)
        self._session = _session(token_uri, settings)
        self._credentials = _google_credentials(credentials, token_uri)
        self._services: dict[tuple[str, str | None], Any] = {}
        self._known: dict[str, tuple[Account, str]] | None = None
        patiently(self._refresh, settings.retry_seconds)

    def accounts(self) -> list[Account]:
        """Every account that can be read, managers left out; closed ones are named in the log."""
        known = self._accounts()
        if missing := [number for number in self.wanted if number not in known]:
            raise SourceRefused(
                f"Google Ads shows no open account {', '.join(missing)} to this log-in; check "
                f"customer_ids of the connection {NAME}"
            )
        return [
            account
            for number, (account, _) in known.items()
            if not self.wanted or number in self.wanted
        ]

    def rows(self, account_id: str, query: str) -> list[Any]:
        """The rows of a query over one account, complete or not at all."""
        login = self.login or self._accounts()[account_id][1]
        return self._search(account_id, query, login)

    def _accounts(self) -> dict[str, tuple[Account, str]]:
        """Accounts by id, each with the customer through which it is reached."""
        if self._known is None:
            self._known = {}
            for root in [self.login] if self.login else self._roots():
                for number, account in self._below(root).items():
                    self._known.setdefault(number, (account, root))
        return self._known

    def _roots(self) -> list[str]:
        """Customers this log-in has direct access to."""
        names = self._call(
            "CustomerService",
            None,
            lambda service, timeout: list(
                service.list_accessible_customers(retry=None, timeout=timeout).resource_names
            ),
        )
        return [name.rsplit("/", 1)[1] for name in names]

    def _below(self, root: str) -> dict[str, Account]:
        try:
            rows = self._search(root, _CLIENTS, root)
        except _NotEnabled as refusal:
            log.warning("%s", refusal)
            return {}
        found = {}
        for row in rows:
            client = row.customer_client
            status = enum_name(client, "status")
            if client.manager:
                continue
            if status not in _OPEN:
                log.warning("Google Ads account %d is %s and is left out", client.id, status)
                continue
            found[str(client.id)] = Account(
                str(client.id),
                client.descriptive_name or None,
                client.currency_code,
                client.time_zone,
                status,
            )
        return found

    def _search(self, customer: str, query: str, login: str) -> list[Any]:
        def read(service: Any, timeout: float) -> list[Any]:
            # A stream may break off after rows came: they count only once it has ended.
            stream = service.search_stream(
                request={"customer_id": customer, "query": query}, retry=None, timeout=timeout
            )
            return [row for page in stream for row in page.results]

        return self._call("GoogleAdsService", login, read)

    def _call(self, name: str, login: str | None, call: Callable[[Any, float], T]) -> T:
        def once() -> T:
            from google.ads.googleads.errors import GoogleAdsException
            from google.api_core.exceptions import GoogleAPICallError
            from grpc import RpcError

            if not self._credentials.valid:
                self._refresh()
            try:
                return call(self._service(name, login), _CALL_SECONDS)
            except (GoogleAdsException, GoogleAPICallError, RpcError) as error:
                raise _meant(_Trouble.of(error, self._version)) from None

        try:
            return patiently(once, self._settings.retry_seconds)
        except _Expired:
            patiently(self._refresh, self._settings.retry_seconds)
        try:
            return patiently(once, self._settings.retry_seconds)
        except _Expired as error:
            raise SourceRefused(
                f"Google Ads refuses the log-in of the connection {NAME} ({error}); renew its "
                "refresh_token"
            ) from None

    def _service(self, name: str, login: str | None) -> Any:
        """A service of the SDK; both it and its client must be kept, or the channel is closed."""
        from google.ads.googleads.client import GoogleAdsClient

        if (name, login) not in self._services:
            client = GoogleAdsClient(
                credentials=self._credentials,
                developer_token=self._developer_token,
                endpoint=self._endpoint,
                login_customer_id=login,
                use_proto_plus=False,
                version=self._version,
            )
            self._services[name, login] = client.get_service(name), client
        return self._services[name, login][0]

    def _refresh(self) -> None:
        """A fresh access token. https://developers.google.com/identity/protocols/oauth2"""
        from google.auth.exceptions import GoogleAuthError, RefreshError
        from google.auth.transport.requests import Request as Transport

        def transport(*args: Any, **options: Any) -> Any:
            options["timeout"] = _TOKEN_SECONDS
            return Transport(self._session)(*args, **options)

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
                f"Google refused the log-in of the connection {NAME} ({reason}); check its login "
                "(OAuth client id), password (client secret) and refresh_token"
            ) from None
        except GoogleAuthError as error:
            raise SourceUnavailable(
                f"Google's token endpoint cannot be reached ({type(error).__name__})"
            ) from None


def _session(token_uri: str, settings: Settings) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # .netrc would replace the credentials; what else it brings is here
    session.verify = settings.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or True
    session.proxies.update(get_environ_proxies(token_uri))
    session.max_redirects = 0
    return session


def _google_credentials(credentials: Mapping[str, str], token_uri: str) -> Any:
    if key := credentials.get("json_key"):
        from google.oauth2 import service_account

        try:
            info = {**json.loads(key), "token_uri": token_uri}
            return service_account.Credentials.from_service_account_info(
                info, scopes=[_SCOPE], subject=credentials.get("impersonated_email") or None
            )
        except ValueError:
            raise SourceRefused(
                f"json_key of the connection {NAME} is not the JSON of a service account's key"
            ) from None
    from google.oauth2.credentials import Credentials

    return Credentials(
        None,
        refresh_token=_needed(credentials, "refresh_token"),
        token_uri=token_uri,
        client_id=_needed(credentials, "login"),
        client_secret=_needed(credentials, "password"),
    )


def _needed(credentials: Mapping[str, str], name: str) -> str:
    value = credentials.get(name)
    if not value:
        what = {"login": " (OAuth client id)", "password": " (OAuth client secret)"}.get(name, "")
        raise SourceRefused(f"The connection {NAME} has no {name}{what}: fill it in there")
    return value


def _digits(text: str) -> str:
    number = text.strip().replace("-", "")
    if number and not (number.isdecimal() and len(number) == 10):
        raise SourceRefused(
            f"{text.strip()!r} in the connection {NAME} is not a customer id of 10 digits"
        )
    return number


def _known_version(version: str) -> str:
    from importlib.util import find_spec

    if not version.replace("v", "", 1).isdecimal() or not find_spec(
        f"google.ads.googleads.{version}"
    ):
        raise SourceRefused(
            f"The installed google-ads package has no API version {version!r}; correct api_version "
            f"of the connection {NAME} (default {DEFAULT_VERSION})"
        )
    return version


def _check_host(url: str, settings: Settings) -> None:
    """Credentials go to Google over TLS alone, or to the sandbox on this machine."""
    parts = urlsplit(url if "//" in url else f"https://{url}")
    host = parts.hostname or ""
    if parts.scheme == "https" and (
        host.endswith(".googleapis.com") or host == "accounts.google.com"
    ):
        return
    if settings.is_sandbox and parts.scheme == "https" and host in LOOPBACK_HOSTS:
        return
    raise SourceRefused(
        f"{host or url!r} in the connection {NAME} is not a host of Google; leave endpoint and "
        "token_uri empty (a sandbox needs CLOSED_LOOP_SANDBOX=1)"
    )


# --- trouble ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Trouble:
    """An error of gRPC, of the SDK or of Google Ads, in one form; ``wait`` in seconds."""

    status: str
    codes: tuple[str, ...] = ()
    message: str = ""
    wait: float | None = None

    @classmethod
    def of(cls, error: Any, version: str) -> _Trouble:
        from importlib import import_module

        if hasattr(error, "failure"):
            call, held = error.error, type(error.failure).pb(error.failure)
        else:  # the SDK hands INTERNAL and RESOURCE_EXHAUSTED on without their details
            call, held = getattr(error, "response", None) or error, None
            key = f"google.ads.googleads.{version}.errors.googleadsfailure-bin"
            trailing = call.trailing_metadata() if hasattr(call, "trailing_metadata") else None
            if encoded := dict(trailing or ()).get(key):
                errors = import_module(f"google.ads.googleads.{version}.errors.types.errors")
                held = errors.GoogleAdsFailure.pb().FromString(encoded)
        status = call.code().name if callable(getattr(call, "code", None)) else "UNKNOWN"
        codes, message, wait = [], "", None
        for item in held.errors if held is not None else ():
            group = item.error_code.WhichOneof("error_code")
            if group:
                codes.append(enum_name(item.error_code, group))
            message = message or item.message
            delay = item.details.quota_error_details.retry_delay.ToTimedelta()
            wait = max(wait or 0, delay.total_seconds()) or None
        return cls(status, tuple(codes), message, wait)


def _meant(trouble: _Trouble) -> Exception:
    """What trouble means for us: wait, stop until the allowance is renewed, or ask a person."""
    status, codes = trouble.status, set(trouble.codes)
    said = f"{', '.join(trouble.codes) or status}: {trouble.message}".rstrip(": ")
    if status == "RESOURCE_EXHAUSTED" or "RESOURCE_TEMPORARILY_EXHAUSTED" in codes:
        if (trouble.wait or 0) > _QUOTA_SECONDS:
            return SourceQuotaExhausted(
                f"Google Ads' allowance for this developer token is used up ({said})", trouble.wait
            )
        return SourceUnavailable(f"Google Ads throttles ({said})", trouble.wait)
    if "CUSTOMER_NOT_ENABLED" in codes:
        return _NotEnabled(f"Google Ads account is not enabled, or closed ({said})")
    if codes & {
        "DEVELOPER_TOKEN_INVALID",
        "DEVELOPER_TOKEN_NOT_APPROVED",
        "DEVELOPER_TOKEN_PROHIBITED",
        "DEVELOPER_TOKEN_PARAMETER_MISSING",
    }:
        return SourceRefused(
            f"Google Ads refuses the developer token ({said}); correct developer_token of the "
            f"connection {NAME}"
        )
    if status == "UNAUTHENTICATED":
        return _Expired(said)
    if codes & {"USER_PERMISSION_DENIED"}:
        return SourceRefused(
            "Google Ads lets this log-in not read the account (USER_PERMISSION_DENIED); give it "
            f"access, or name the manager above in login_customer_id of the connection {NAME}"
        )
    if status == "UNIMPLEMENTED" or "UNSUPPORTED_VERSION" in codes:
        return SourceRefused(
            f"Google Ads no longer serves this API version; set api_version of the connection "
            f"{NAME} to a newer one"
        )
    if not codes or codes & {"INTERNAL_ERROR", "TRANSIENT_ERROR", "DEADLINE_EXCEEDED"}:
        return SourceUnavailable(f"Google Ads does not answer ({said})", trouble.wait)
    return SourceRefused(f"Google Ads refused ({said})")


def enum_name(message: Any, field: str) -> str:
    """The name of an enum's value; one this version does not know stays a number."""
    number = getattr(message, field)
    values = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    return str(values[number].name) if number in values else str(number)
