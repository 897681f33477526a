"""A log-in to Google Ads, and complete answers to its queries.

Time-outs, retries, log-in and redaction are ours. Retry what is worth it, stop at a used-up
allowance, ask a person for the rest: https://developers.google.com/google-ads/api/docs/
best-practices/understand-api-errors, https://developers.google.com/google-ads/api/docs/
best-practices/quotas
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from include.settings import LOOPBACK_HOSTS, Settings
from include.sources import (
    Account,
    Login,
    Measure,
    SourceQuotaExhausted,
    SourceRefused,
    SourceUnavailable,
    patiently,
)
from include.sources.google_ads_query import Query, response_type
from include.sources.google_ads_wire import Spool, Trouble, Wire, enum_name
from include.sources.versions import version_in_use

NAME = "google_ads"
DEFAULT_VERSION = version_in_use(NAME)
ENDPOINT = "googleads.googleapis.com"
TOKEN_URI = "https://oauth2.googleapis.com/token"

_SCOPE = "https://www.googleapis.com/auth/adwords"
_CALL_SECONDS, _TOKEN_SECONDS, _TOKEN_BYTES = 300, 60, 2**20
_QUOTA_SECONDS = 3_600  # a wait longer than this is a daily allowance, not a throttle
_BREAKS = 2  # a stream that broke off so often is asked for in halves
_OPEN = {"ENABLED", "SUSPENDED", "UNKNOWN", "UNSPECIFIED"}  # states in which reports are served
_CLIENTS = Query(
    tuple(
        f"customer_client.{name}"
        for name in (
            "id",
            "descriptive_name",
            "currency_code",
            "time_zone",
            "manager",
            "status",
            "test_account",
        )
    ),
    "customer_client",
)
_ABOVE = Query(
    ("customer.id", "customer.descriptive_name", "customer_client.id", "customer_client.level"),
    "customer_client",
)
_MONEY = Query(("customer.currency_code", "customer.time_zone"), "customer")
_REFUSED = {  # what to do when the token endpoint says no
    "invalid_client": "check its login (OAuth client id) and its password (client secret)",
    "invalid_grant": "its refresh_token has expired or was revoked; make a new one",
    "unauthorized_client": "its refresh_token was made for another OAuth client; make a new one",
}

log = logging.getLogger(__name__)
T = TypeVar("T")


class BrokenOff(Exception):
    """A stream broke off again and again after rows had come; fewer days may get through."""


class Client:
    """One log-in to Google Ads. Any number of threads may use it.

    Raises SourceRefused when the connection lacks something, names a host that is not Google's, or
    is refused by Google; SourceUnavailable when the token endpoint cannot be reached.
    """

    def __init__(self, credentials: Mapping[str, str], settings: Settings) -> None:
        self._patience = settings.retry_seconds
        # So that a call that hangs leaves time to ask again.
        self._call_seconds = min(_CALL_SECONDS, max(5, settings.retry_seconds / 4))
        version = _known_version(credentials.get("api_version") or DEFAULT_VERSION)
        endpoint = credentials.get("endpoint") or credentials.get("host") or ENDPOINT
        _check_host(endpoint, settings)
        developer_token = _needed(credentials, "developer_token")
        self.login = _digits(credentials.get("login_customer_id", ""))
        self.wanted = [
            _digits(part) for part in credentials.get("customer_ids", "").split(",") if part.strip()
        ]
        token_uri = credentials.get("token_uri") or TOKEN_URI
        _check_host(token_uri, settings)
        self._token_uri = token_uri
        self._session = _Session(token_uri, settings)
        self._credentials = _google_credentials(credentials, token_uri)
        self._wire = Wire(endpoint, version, developer_token, settings.ca_file)
        self._renewing, self._looking, self._checking = (threading.RLock() for _ in range(3))
        self._known: dict[str, tuple[Account, str]] | None = None
        self._managers: dict[str, str] = {}
        self._closed: dict[str, str] = {}
        self._money: dict[str, tuple[str, str]] = {}
        self._all_are_tests = False
        self._token()

    # what can be read

    def accounts(self) -> list[Account]:
        """Every account that can be read, managers left out; closed ones are named in the log."""
        known = self._accounts()
        if missing := [number for number in self.wanted if number not in known]:
            if managers := [number for number in missing if number in self._managers]:
                raise SourceRefused(
                    f"{', '.join(managers)} in customer_ids of the connection {NAME} is a manager "
                    "account, which has no campaigns of its own; list the accounts below it, or "
                    "leave customer_ids empty for all of them"
                )
            named = ", ".join(
                f"{number} (which is {self._closed[number]})" if number in self._closed else number
                for number in missing
            )
            raise SourceRefused(
                f"Google Ads shows no open account {named} to this log-in; check customer_ids of "
                f"the connection {NAME}"
            )
        return [
            account
            for number, (account, _) in known.items()
            if not self.wanted or number in self.wanted
        ]

    def above(self, account_id: str) -> Iterator[Any]:
        """A row of customer_client for each manager above the account that this log-in reaches."""
        self._accounts()
        for manager, root in self._managers.items():
            query = replace(_ABOVE, where=f"customer_client.id = {account_id}")
            yield from self._listed(manager, query, root)

    def usage(self) -> list[Measure]:
        """Requests, and operations as Google counts them against a developer token's day:
        https://developers.google.com/google-ads/api/docs/best-practices/quotas"""
        used = self._wire.used
        return [Measure(name, Decimal(used[name])) for name in ("requests", "operations")]

    def look(self) -> Login:
        """What Google says of the log-in. The developer token's access level it never tells: a
        token that may read test accounts alone is refused by the first other account."""
        self._accounts()
        told = self._token_info()
        scopes = tuple(str(told["scope"]).split()) if told.get("scope") else None
        remarks = []
        if scopes is not None and _SCOPE not in scopes:
            remarks.append(f"The refresh token was not granted {_SCOPE}; make a new one with it")
        if self._all_are_tests:
            remarks.append("Every account is a test account, which never has figures")
        return Login(
            api_version=self._wire.version,
            user=told.get("email") or getattr(self._credentials, "service_account_email", None),
            scopes=scopes,
            remarks=tuple(remarks),
        )

    def _token_info(self) -> Mapping[str, Any]:
        """What the token endpoint's neighbour says of the access token; nothing if it does not."""
        self._wire.count("requests")
        try:
            answer = self._session.post(
                urljoin(self._token_uri, "tokeninfo"),
                data={"access_token": self._token()},
                timeout=_TOKEN_SECONDS,
            ).json()
        except (requests.RequestException, ValueError):
            return {}
        return answer if isinstance(answer, dict) else {}

    # complete answers

    def listed(self, account_id: str, query: Query) -> Iterator[Any]:
        """The rows of a query without figures, complete or not at all."""
        return self._listed(account_id, query, self._way_to(account_id))

    def reported(self, account: Account, query: Query, can_be_halved: bool) -> Spool:
        """The answer to a query with figures, its summary row in the last message.

        The spool is the caller's to close. Raises BrokenOff, if the query can be halved, when the
        stream broke off twice.
        """
        login = self._way_to(account.account_id)
        self._check_money(account)
        message = response_type(self._wire.version, "SearchGoogleAdsStreamRequest")(
            customer_id=account.account_id, query=query.text, summary_row_setting=3
        )
        broken = 0

        def read(token: str) -> Spool:
            nonlocal broken
            spool = Spool()
            try:
                # A stream may break off after rows came: they count only once it has ended.
                self._wire.stream(message, token, login, self._call_seconds, spool)
            except Trouble as trouble:
                came, meaning = spool.count, _meant(trouble)
                spool.__exit__()
                if came or trouble.status == "DEADLINE_EXCEEDED":
                    broken += isinstance(meaning, SourceUnavailable)
                if can_be_halved and broken == _BREAKS:
                    raise BrokenOff(str(meaning)) from None
                raise meaning from None
            return spool

        return self._asked(read)

    def pages(self, spool: Spool, query: Query) -> Iterator[Any]:
        """The messages of what `reported` gave."""
        return spool.messages(query.answer(self._wire.version, "SearchGoogleAdsStreamResponse"))

    def _listed(self, customer: str, query: Query, login: str) -> Iterator[Any]:
        with self._asked(lambda token: self._list(customer, query, login, token)) as spool:
            for page in spool.messages(self._page_class(query)):
                yield from page.results

    def _page_class(self, query: Query) -> Any:
        return query.answer(self._wire.version, "SearchGoogleAdsResponse")

    def _list(self, customer: str, query: Query, login: str, token: str) -> Spool:
        """Every page, from the first: a page token that has expired is of no use any more.

        https://developers.google.com/google-ads/api/docs/reporting/paging
        """
        page_class = self._page_class(query)
        message = response_type(self._wire.version, "SearchGoogleAdsRequest")(
            customer_id=customer, query=query.text
        )
        message.search_settings.return_total_results_count = True
        spool, came, told, tokens = Spool(), 0, set(), set()
        try:
            while message.page_token not in tokens:
                tokens.add(message.page_token)
                answer = self._wire.ask(
                    "GoogleAdsService", "Search", message, token, login, self._call_seconds
                )
                page = page_class.FromString(answer)
                spool.add(answer)
                came += len(page.results)
                told.add(page.total_results_count)
                message.page_token = page.next_page_token
                if not page.next_page_token:
                    break
            if told != {came}:
                raise SourceUnavailable(
                    f"Google Ads account {customer}: {came} rows came of "
                    f"{' or '.join(map(str, sorted(told)))} that answer: {query.text}"
                )
        except Trouble as trouble:
            spool.__exit__()
            raise _meant(trouble) from None
        except SourceUnavailable:
            spool.__exit__()
            raise
        return spool

    def _asked(self, call: Callable[[str], T]) -> T:
        """What a call with an access token gives, tried patiently; a token that is refused is
        renewed once."""
        token = self._token()
        try:
            return patiently(lambda: call(token), self._patience)
        except _Expired:
            fresh = self._token(refused=token)
        try:
            return patiently(lambda: call(fresh), self._patience)
        except _Expired as error:
            raise SourceRefused(
                f"Google Ads refuses the log-in of the connection {NAME} ({error}); renew its "
                "refresh_token"
            ) from None

    # accounts

    def _way_to(self, account_id: str) -> str:
        """The customer through which an account is reached."""
        return self.login or self._accounts()[account_id][1]

    def _accounts(self) -> dict[str, tuple[Account, str]]:
        """Accounts by id, each with the customer through which it is reached."""
        with self._looking:
            if self._known is None:
                known: dict[str, tuple[Account, str]] = {}
                tests = []
                for root in [self.login] if self.login else self._roots():
                    for account, is_test in self._below(root):
                        known.setdefault(account.account_id, (account, root))
                        tests.append(is_test)
                self._all_are_tests = bool(tests) and all(tests)
                self._known = known
            return self._known

    def _roots(self) -> list[str]:
        """Customers this log-in has direct access to."""
        types = self._wire.types("customer_service")
        message = types.ListAccessibleCustomersRequest.pb()()

        def ask(token: str) -> list[str]:
            try:
                answer = self._wire.ask(
                    "CustomerService",
                    "ListAccessibleCustomers",
                    message,
                    token,
                    None,
                    self._call_seconds,
                )
            except Trouble as trouble:
                raise _meant(trouble) from None
            found = types.ListAccessibleCustomersResponse.pb().FromString(answer)
            return list(found.resource_names)

        return [name.rsplit("/", 1)[1] for name in self._asked(ask)]

    def _below(self, root: str) -> list[tuple[Account, bool]]:
        """The open accounts below a customer, and whether each is a test account."""
        try:
            rows = list(self._listed(root, _CLIENTS, root))
        except _NotEnabled as refusal:
            log.warning("%s", refusal)
            return []
        found = []
        for row in rows:
            client = row.customer_client
            status = enum_name(client, "status")
            if status not in _OPEN:
                log.warning("Google Ads account %d is %s and is left out", client.id, status)
                self._closed[str(client.id)] = status
            elif client.manager:
                self._managers.setdefault(str(client.id), root)
            else:
                account = Account(
                    str(client.id),
                    client.descriptive_name or None,
                    client.currency_code,
                    client.time_zone,
                    status,
                )
                found.append((account, client.test_account))
        return found

    def _check_money(self, account: Account) -> None:
        """Amounts and days are given in the account's currency and zone as they are now: those of
        an account that changed either since it was planned would be taken for something else."""
        with self._checking:
            if account.account_id not in self._money:
                (row,) = self.listed(account.account_id, _MONEY)
                held = row.customer
                self._money[account.account_id] = held.currency_code, held.time_zone
        for what, now, before in zip(
            ("currency", "time zone"),
            self._money[account.account_id],
            (account.currency_code, account.time_zone),
            strict=True,
        ):
            if now != before:
                raise SourceUnavailable(
                    f"Google Ads account {account.account_id} changed its {what} from {before} to "
                    f"{now} while it was being loaded; run the DAG again"
                )

    # log-in

    def _token(self, refused: str | None = None) -> str:
        """A living access token; one for all threads, renewed by the first that needs it."""
        with self._renewing:
            held = self._credentials
            if not held.valid or held.token == refused:
                patiently(self._refresh, self._patience)
            return str(held.token)

    def _refresh(self) -> None:
        """A fresh access token. https://developers.google.com/identity/protocols/oauth2"""
        from google.auth.exceptions import GoogleAuthError, RefreshError
        from google.auth.transport.requests import Request as Transport

        def transport(*args: Any, **options: Any) -> Any:
            options["timeout"] = _TOKEN_SECONDS
            self._wire.count("requests")
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
                f"Google refused the log-in of the connection {NAME} ({reason}): "
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
        self._seconds = min(_TOKEN_SECONDS, max(5, settings.retry_seconds / 4))

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


# --- what went wrong --------------------------------------------------------------------------


class _Expired(Exception):
    """The access token was refused; a fresh one may do."""


class _NotEnabled(SourceRefused):
    """The customer's account is not open, or is closed."""


def _meant(trouble: Trouble) -> Exception:
    """What trouble means for us: wait, stop until the allowance is renewed, or ask a person."""
    status, codes = trouble.status, set(trouble.codes)
    if status == "RESOURCE_EXHAUSTED" or "RESOURCE_TEMPORARILY_EXHAUSTED" in codes:
        if (trouble.wait or 0) > _QUOTA_SECONDS:
            return SourceQuotaExhausted(
                f"Google Ads' allowance for this developer token is used up ({trouble})",
                trouble.wait,
            )
        return SourceUnavailable(f"Google Ads throttles ({trouble})", trouble.wait)
    if "CUSTOMER_NOT_ENABLED" in codes:
        return _NotEnabled(
            f"Google Ads account is not enabled, or closed ({trouble}); open it, or leave it out "
            f"of customer_ids of the connection {NAME}"
        )
    if "DEVELOPER_TOKEN_NOT_APPROVED" in codes:
        return SourceRefused(
            "Google Ads lets this developer token read test accounts alone "
            "(DEVELOPER_TOKEN_NOT_APPROVED); apply for Basic Access in the manager's API Center"
        )
    if codes & {
        "DEVELOPER_TOKEN_INVALID",
        "DEVELOPER_TOKEN_PROHIBITED",
        "DEVELOPER_TOKEN_PARAMETER_MISSING",
    }:
        return SourceRefused(
            f"Google Ads refuses the developer token ({trouble}); correct developer_token of the "
            f"connection {NAME}"
        )
    if status == "UNAUTHENTICATED":
        return _Expired(str(trouble))
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
    if not codes or codes & {
        "INTERNAL_ERROR",
        "TRANSIENT_ERROR",
        "DEADLINE_EXCEEDED",
        "EXPIRED_PAGE_TOKEN",
    }:
        return SourceUnavailable(f"Google Ads does not answer ({trouble})", trouble.wait)
    return SourceRefused(f"Google Ads refused ({trouble})")
