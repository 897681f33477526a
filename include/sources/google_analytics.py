"""Google Analytics 4: the visits of a property by day, by the way they came and the page they began
on, and how many people they were.

Reports: https://developers.google.com/analytics/devguides/reporting/data/v1/basics; fields: https://
developers.google.com/analytics/devguides/reporting/data/v1/api-schema. An account is a property;
days and months are of its zone. Sessions and key events add up; users do not, so they are asked by
day and, once more, by month.

GA4 withholds rows of few users where users are asked for (thresholds), tells the rarest of very
many combinations as one row, (other), and may answer from a sample. What it withholds is asked
again without users, so that sessions and key events are whole; the rest is marked on the rows,
never mended: https://support.google.com/analytics/answer/9383630,
https://support.google.com/analytics/answer/13331684
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from include.contracts.visit_staging import (
    STG_VISIT_PROPERTIES,
    STG_VISIT_TOTALS_DAILY,
    STG_VISITORS_MONTHLY,
    STG_VISITS_DAILY,
)
from include.settings import Settings
from include.sources import (
    Account,
    Login,
    Measure,
    Record,
    Request,
    Row,
    Source,
    SourceUnavailable,
    Stream,
)
from include.sources.google_analytics_client import AT_ONCE, NAME, Client

_WAY = ("sessionSource", "sessionMedium", "sessionCampaignName", "sessionCampaignId")
_SESSIONS = {
    "sessions": "sessions",
    "engagedSessions": "engaged_sessions",
    "keyEvents": "key_events",
}
_USERS = {"totalUsers": "users", "newUsers": "new_users"}
_COLUMNS = {**_SESSIONS, **_USERS}
_FIRST_DAY = date(2015, 8, 14)  # no report begins earlier


@dataclass(frozen=True)
class Report:
    """What a stream asks for: its dimensions, the first of which is the time."""

    dimensions: tuple[str, ...]


_REPORTS = {
    "visits_daily": Report(("date", *_WAY, "landingPage")),
    "totals_daily": Report(("date",)),
    "visitors_monthly": Report(("yearMonth", *_WAY)),
}


def connect(credentials: Mapping[str, str], settings: Settings) -> Client:
    """Logs in. See Client for what it raises."""
    return Client(credentials, settings)


def discover(client: Client) -> list[Account]:
    """The properties that the connection names."""
    return client.accounts()


def usage(client: Client) -> list[Measure]:
    """Requests made and tokens spent."""
    return client.usage()


def look_at_login(client: Client) -> Login:
    """Version, granted scopes, and what should be mended although reading works."""
    return client.look()


def extract(client: Client, account: Account, request: Request) -> Iterator[Record]:
    """Rows of reports, figures as text; users None where GA4 withholds them.

    Raises SourceUnavailable when the property's zone is no longer the one it was planned with.
    """
    if request.stream == "properties":
        yield {"timeZone": account.time_zone, "currencyCode": account.currency_code}
        return
    dimensions = _REPORTS[request.stream].dimensions
    if request.window:
        first, last = str(request.window.first), str(request.window.last)
    else:
        first, last = str(client.history_start or _FIRST_DAY), "yesterday"

    def asked(
        metrics: Sequence[str],
    ) -> tuple[dict[tuple[str, ...], dict[str, str | None]], Record]:
        answer = client.report(account.account_id, dimensions, metrics, first, last)
        if answer.time_zone != account.time_zone:
            raise SourceUnavailable(
                f"GA4 property {account.account_id} changed its time zone from "
                f"{account.time_zone} to {answer.time_zone} while it was being loaded; run the DAG "
                "again"
            )
        marks = {
            "subjectToThresholding": answer.is_thresholded,
            "dataLossFromOtherRow": answer.has_other_row,
            "isSampled": answer.is_sampled,
        }
        figures: dict[tuple[str, ...], dict[str, str | None]] = {
            key: dict(zip(metrics, texts, strict=True)) for key, texts in answer.rows.items()
        }
        return figures, marks

    rows, marks = asked((*_SESSIONS, *_USERS))
    if marks["subjectToThresholding"]:
        whole, others = asked(tuple(_SESSIONS))
        unknown: dict[str, str | None] = dict.fromkeys(_USERS)
        rows = {key: {**unknown, **rows.get(key, {}), **whole[key]} for key in whole}
        marks = {name: marks[name] or others[name] for name in marks}
    for key, figures in rows.items():
        yield {
            "dimensionValues": dict(zip(dimensions, key, strict=True)),
            "metricValues": figures,
            **marks,
        }


def parse(account: Account, stream: str, records: Iterable[Record]) -> Iterator[Row]:
    """Rows of the stream's table."""
    place = {"platform": NAME, "account_id": account.account_id}
    for record in records:
        if stream == "properties":
            yield {
                **place,
                "currency_code": record["currencyCode"],
                "time_zone": record["timeZone"],
            }
            continue
        values, figures = record["dimensionValues"], record["metricValues"]
        row: Row = {
            **place,
            **{column: figures[name] for name, column in _COLUMNS.items()},
            "is_thresholded": record["subjectToThresholding"],
            "is_sampled": record["isSampled"],
        }
        if stream == "visitors_monthly":
            row["visit_month"] = _day(values["yearMonth"] + "01")
        else:
            row["date_day"] = _day(values["date"])
        if stream != "totals_daily":
            row |= _way(values)
            row["has_other_row"] = record["dataLossFromOtherRow"]
        if stream == "visits_daily":
            row["landing_page"] = values["landingPage"]
            row["visit_key"] = _digest([*(values[name] for name in _WAY), values["landingPage"]])
        yield row


def _way(values: Mapping[str, str]) -> Row:
    """How a visit came, in the words of GA4, and a key of it: names may be longer than a key."""
    told = [values[name] for name in _WAY]
    source, medium, campaign, campaign_id = told
    return {
        "way_key": _digest(told),
        "visit_campaign_id": campaign_id,
        "visit_source": source,
        "visit_medium": medium,
        "visit_campaign": campaign,
    }


def _digest(values: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(values).encode()).hexdigest()[:32]


def _day(text: str) -> str:
    """A day as ISO writes it; what is none is passed on as it stands."""
    if len(text) == 8 and text.isdecimal():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text


# Days are processed for 24 to 48 hours, and key events credited anew for up to 7 days after:
# https://support.google.com/analytics/answer/9333790. Sessions are estimates (HyperLogLog++, within
# 5 % in 99 of 100 cases): https://developers.google.com/analytics/blog/2022/hll. Aggregated reports
# know no end of retention.
GOOGLE_ANALYTICS = Source(
    name=NAME,
    title="Google Analytics",
    kind="analytics",
    connect=connect,
    discover=discover,
    extract=extract,
    parse=parse,
    streams=(
        Stream("properties", STG_VISIT_PROPERTIES, "snapshot"),
        Stream("visits_daily", STG_VISITS_DAILY, "daily", window_days=92),
        Stream(
            "totals_daily",
            STG_VISIT_TOTALS_DAILY,
            "daily",
            controls="visits_daily",
            proves=("sessions", "key_events"),
            tolerated_share=Decimal("0.05"),
        ),
        Stream("visitors_monthly", STG_VISITORS_MONTHLY, "snapshot"),
    ),
    look_back_days=8,
    concurrent_requests=AT_ONCE,
    usage=usage,
    look_at_login=look_at_login,
    is_optional=True,
)
