"""A log-in to the GA4 Data API through Google's own client, and complete answers to its reports.

Time-outs, retries, log-in and redaction are ours, as for every source; calls, messages and errors
are the client's. https://developers.google.com/analytics/devguides/reporting/data/v1/errors,
https://developers.google.com/analytics/devguides/reporting/data/v1/quotas
"""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from include.settings import Settings
from include.sources import (
    Account,
    Login,
    Measure,
    SourceQuotaExhausted,
    SourceRefused,
    SourceUnavailable,
)
from include.sources.google_login import LogIn, TokenRefused, check_host

NAME = "google_analytics"
ENDPOINT = "analyticsdata.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/analytics.readonly"
VERSION = "v1beta"
AT_ONCE = 4

_CALL_SECONDS = 300
_PAGE = 10_000  # rows of an answer; the API gives 250,000 at the most
_LARGEST_ANSWER = 256 * 2**20
_HOUR_SECONDS = 3_600
_BUSY = {"UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "UNKNOWN", "ABORTED", "CANCELLED"}
# Tokens a property has left, by the name of our measure:
# https://developers.google.com/analytics/devguides/reporting/data/v1/quotas
_QUOTAS = {
    "daily_tokens": "tokens_per_day",
    "hourly_tokens": "tokens_per_hour",
    "project_hourly_tokens": "tokens_per_project_per_hour",
}

log = logging.getLogger(__name__)
Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer to a report: its rows, by their dimensions' values, and what it says of
    itself."""

    rows: Mapping[Texts, Texts]
    time_zone: str
    currency_code: str
    is_thresholded: bool
    has_other_row: bool
    is_sampled: bool


class Client:
    """One log-in to GA4. Any number of threads may use it.

    Raises SourceRefused when the connection lacks something, names a host that is not Google's or a
    property that is no number, or is refused by Google; SourceUnavailable when the token endpoint
    cannot be reached.
    """

    def __init__(self, credentials: Mapping[str, str], settings: Settings) -> None:
        self.history_start = settings.history_start
        self._call_seconds = min(_CALL_SECONDS, max(10, settings.retry_seconds / 4))
        endpoint = credentials.get("endpoint") or credentials.get("host") or ENDPOINT
        check_host(NAME, endpoint, settings)
        self._endpoint = endpoint.removeprefix("https://").rstrip("/")
        self._ca_file = settings.ca_file
        self._properties = [
            _number(part) for part in credentials.get("property_ids", "").split(",") if part.strip()
        ]
        self._lock = threading.Lock()
        self._used: Counter[str] = Counter()
        self._left: dict[str, int] = {}
        self._service: Any = None
        self._access = LogIn(
            NAME, "GA4", SCOPE, credentials, settings, lambda: self._count("requests")
        )

    def accounts(self) -> list[Account]:
        """The properties that the connection names, none if it names none. The Data API tells a
        property's zone and currency with every report, and its name nowhere."""
        return [self._account(number) for number in self._properties]

    def _account(self, number: str) -> Account:
        answer = self.report(number, (), ("sessions",), "yesterday", "yesterday")
        return Account(number, None, answer.currency_code, answer.time_zone)

    def usage(self) -> list[Measure]:
        """Requests made, and tokens spent; allowed is what they were with what was left then."""
        with self._lock:
            used, left = Counter(self._used), dict(self._left)
        return [
            Measure("requests", Decimal(used["requests"])),
            *(
                Measure(name, Decimal(used[name]), Decimal(used[name] + left[name]))
                for name in _QUOTAS
                if name in left
            ),
        ]

    def look(self) -> Login:
        """What Google says of the log-in."""
        told = self._access.info()
        scopes = tuple(str(told["scope"]).split()) if told.get("scope") else None
        remarks = []
        if scopes is not None and not {SCOPE, SCOPE.removesuffix(".readonly")} & set(scopes):
            remarks.append(f"The refresh token was not granted {SCOPE}; make a new one with it")
        if not self._properties:
            remarks.append(
                f"property_ids of the connection {NAME} names no property, so nothing is read"
            )
        return Login(
            api_version=VERSION,
            user=told.get("email") or self._access.service_account,
            scopes=scopes,
            remarks=tuple(remarks),
        )

    def report(
        self,
        number: str,
        dimensions: Sequence[str],
        metrics: Sequence[str],
        first: str,
        last: str,
    ) -> Answer:
        """Every row of a report on some days, page by page.

        Raises SourceUnavailable when pages do not come to as many rows as the answer says it has.
        """
        rows: dict[Texts, Texts] = {}
        came, told = 0, set()
        flags = [False, False, False]
        while True:
            page = self._page(number, dimensions, metrics, first, last, came)
            for row in page.rows:
                key = tuple(value.value for value in row.dimension_values)
                rows[key] = tuple(value.value for value in row.metric_values)
            came += len(page.rows)
            told.add(page.row_count)
            said = page.metadata
            flags = [
                flags[0] or said.subject_to_thresholding,
                flags[1] or said.data_loss_from_other_row,
                flags[2] or len(said.sampling_metadatas) > 0,
            ]
            for reason in said.data_truncation_reasons:
                log.warning("GA4 property %s: %s", number, reason.data_truncation_message)
            if not page.rows or came >= page.row_count:
                break
        if told != {len(rows)}:
            raise SourceUnavailable(
                f"GA4 property {number}, {first} to {last}: {len(rows)} rows came of "
                f"{' or '.join(map(str, sorted(told)))}; nothing of them is used"
            )
        return Answer(rows, said.time_zone, said.currency_code, *flags)

    def _page(
        self,
        number: str,
        dimensions: Sequence[str],
        metrics: Sequence[str],
        first: str,
        last: str,
        offset: int,
    ) -> Any:
        from google.analytics.data_v1beta import types

        request = types.RunReportRequest(
            property=f"properties/{number}",
            dimensions=[types.Dimension(name=name) for name in dimensions],
            metrics=[types.Metric(name=name) for name in metrics],
            date_ranges=[types.DateRange(start_date=first, end_date=last)],
            # Pages fit together only in one order.
            order_bys=[
                types.OrderBy(dimension=types.OrderBy.DimensionOrderBy(dimension_name=name))
                for name in dimensions
            ],
            limit=_PAGE,
            offset=offset,
            return_property_quota=True,
        )
        answer = types.RunReportResponse.pb(
            self._access.asked(lambda token: self._call(request, token))
        )
        with self._lock:
            for name, field in _QUOTAS.items():
                status = getattr(answer.property_quota, field)
                self._used[name] += status.consumed
                self._left[name] = status.remaining
        return answer

    def _call(self, request: Any, token: str) -> Any:
        from google.api_core.exceptions import GoogleAPICallError

        self._count("requests")
        try:
            return self._data_api().run_report(
                request,
                retry=None,
                timeout=self._call_seconds,
                metadata=(("authorization", f"Bearer {token}"),),
            )
        except GoogleAPICallError as error:
            raise _meant(error) from None

    def _data_api(self) -> Any:
        """Google's client over a channel of ours. None is open before the first call: one must not
        be when a process forks."""
        import grpc
        from google.analytics.data_v1beta import BetaAnalyticsDataClient
        from google.analytics.data_v1beta.services.beta_analytics_data.transports import (
            BetaAnalyticsDataGrpcTransport,
        )

        with self._lock:
            if self._service is None:
                roots = Path(self._ca_file).read_bytes() if self._ca_file else None
                channel = grpc.secure_channel(
                    self._endpoint,
                    grpc.ssl_channel_credentials(roots),
                    options=[("grpc.max_receive_message_length", _LARGEST_ANSWER)],
                )
                self._service = BetaAnalyticsDataClient(
                    transport=BetaAnalyticsDataGrpcTransport(host=self._endpoint, channel=channel)
                )
            return self._service

    def _count(self, name: str) -> None:
        with self._lock:
            self._used[name] += 1


def _number(text: str) -> str:
    """A property's number, with or without `properties/`. Raises SourceRefused."""
    number = text.strip().removeprefix("properties/")
    if not re.fullmatch(r"[0-9]{1,20}", number):
        raise SourceRefused(
            f"{text.strip()!r} in property_ids of the connection {NAME} is not a property's number "
            "(Admin > Property details shows it; G-… is a measurement id)"
        )
    return number


def _meant(error: Any) -> Exception:
    """What a refusal means for us: wait, stop until the allowance is renewed, or ask a person."""
    code = error.grpc_status_code
    status = code.name if code is not None else "UNKNOWN"
    said = f"{status}: {str(error.message)[:300]}"
    if status == "RESOURCE_EXHAUSTED":
        if "per day" in error.message or "24 hours" in error.message:
            return SourceQuotaExhausted(
                f"GA4's tokens for this property are used up for the day ({said}); they renew at "
                "midnight in California"
            )
        if "concurrent" in error.message:
            return SourceUnavailable(f"GA4 is asked by too many at once ({said})")
        return SourceUnavailable(f"GA4's tokens for the hour are used up ({said})", _HOUR_SECONDS)
    if status == "UNAUTHENTICATED":
        return TokenRefused(said)
    if status == "PERMISSION_DENIED":
        if error.reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT":
            return SourceRefused(
                f"GA4 lets this log-in read nothing ({said}); make a refresh token with the scope "
                f"{SCOPE} for the connection {NAME}"
            )
        if error.reason == "SERVICE_DISABLED":
            return SourceRefused(
                f"The Google Analytics Data API is not enabled in the project of the connection "
                f"{NAME} ({said}); enable it under APIs & Services > Library"
            )
        return SourceRefused(
            f"GA4 lets this log-in not read the property ({said}); give its user the role Viewer "
            f"(Admin > Property access management), or correct property_ids of the connection "
            f"{NAME}"
        )
    if status in _BUSY:
        return SourceUnavailable(f"GA4 does not answer ({said})")
    return SourceRefused(f"GA4 refused ({said})")
