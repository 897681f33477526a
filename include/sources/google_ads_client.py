"""A log-in to Google Ads, and complete answers to its queries.

Time-outs, retries, log-in and redaction are ours. Retry what is worth it, stop at a used-up
allowance, ask a person for the rest: https://developers.google.com/google-ads/api/docs/
best-practices/understand-api-errors, https://developers.google.com/google-ads/api/docs/
best-practices/quotas
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from include.settings import Settings
from include.sources import (
    Account,
    Login,
    Measure,
    SourceQuotaExhausted,
    SourceRefused,
    SourceUnavailable,
    for_header,
)
from include.sources.google_ads_login import (
    ENDPOINT,
    NAME,
    SCOPE,
    digits,
    known_version,
)
from include.sources.google_ads_query import Query, response_type
from include.sources.google_ads_wire import Spool, Trouble, Wire, enum_name
from include.sources.google_login import LogIn, TokenRefused, check_host, needed
from include.sources.versions import version_asked_for

_CALL_SECONDS = 300
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
log = logging.getLogger(__name__)


class BrokenOff(Exception):
    """A stream broke off again and again after rows had come; fewer days may get through."""


class Client:
    """One log-in to Google Ads. Any number of threads may use it.

    Raises SourceRefused when the connection lacks something, names a host that is not Google's, or
    is refused by Google; SourceUnavailable when the token endpoint cannot be reached.
    """

    def __init__(self, credentials: Mapping[str, str], settings: Settings) -> None:
        # So that a call that hangs leaves time to ask again.
        self._call_seconds = min(_CALL_SECONDS, max(10, settings.retry_seconds / 4))
        version = known_version(version_asked_for(NAME, credentials.get("api_version")))
        endpoint = credentials.get("endpoint") or credentials.get("host") or ENDPOINT
        check_host(NAME, endpoint, settings)
        developer_token = for_header(
            NAME, "developer_token", needed(NAME, credentials, "developer_token")
        )
        self.login = digits(credentials.get("login_customer_id", ""))
        self.wanted = [
            digits(part) for part in credentials.get("customer_ids", "").split(",") if part.strip()
        ]
        endpoint = endpoint.removeprefix("https://").rstrip("/")  # as gRPC writes addresses
        self._wire = Wire(endpoint, version, developer_token, settings.ca_file)
        self._access = LogIn(
            NAME, "Google Ads", SCOPE, credentials, settings, lambda: self._wire.count("requests")
        )
        self._looking, self._checking = threading.RLock(), threading.RLock()
        self._known: dict[str, tuple[Account, str]] | None = None
        self._managers: dict[str, str] = {}
        self._closed: dict[str, str] = {}
        self._money: dict[str, tuple[str, str]] = {}
        self._all_are_tests = False

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
        told = self._access.info()
        scopes = tuple(str(told["scope"]).split()) if told.get("scope") else None
        remarks = []
        if scopes is not None and SCOPE not in scopes:
            remarks.append(f"The refresh token was not granted {SCOPE}; make a new one with it")
        if self._all_are_tests:
            remarks.append("Every account is a test account, which never has figures")
        return Login(
            api_version=self._wire.version,
            user=told.get("email") or self._access.service_account,
            scopes=scopes,
            remarks=tuple(remarks),
        )

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

        return self._access.asked(read)

    def pages(self, spool: Spool, query: Query) -> Iterator[Any]:
        """The messages of what `reported` gave."""
        return spool.messages(query.answer(self._wire.version, "SearchGoogleAdsStreamResponse"))

    def _listed(self, customer: str, query: Query, login: str) -> Iterator[Any]:
        with self._access.asked(lambda token: self._list(customer, query, login, token)) as spool:
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

        return [name.rsplit("/", 1)[1] for name in self._access.asked(ask)]

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


# --- what went wrong --------------------------------------------------------------------------


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
        return TokenRefused(str(trouble))
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
