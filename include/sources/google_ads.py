"""Google Ads: what campaigns and accounts cost each day, and the campaigns themselves.

Reports: https://developers.google.com/google-ads/api/docs/reporting/overview. Amounts come as
micros of the account's currency; days are those of the account's time zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from include.contracts.staging import (
    STG_ACCOUNT_DAILY,
    STG_AD_ACCOUNTS,
    STG_CAMPAIGN_DAILY,
    STG_CAMPAIGNS,
)
from include.settings import Settings
from include.sources import Account, Record, Request, Row, Source, Stream, Tagging, Window
from include.sources.google_ads_client import NAME, Client, enum_name

_DAYS_AT_ONCE = 31  # one stream is read whole before it counts, so it must fit into memory
_ENDLESS = date(2037, 12, 30)  # the end Google gives a campaign that has none

_ACCOUNT = (
    "SELECT customer.id, customer.descriptive_name, customer.currency_code, customer.time_zone, "
    "customer.status FROM customer"
)
_CAMPAIGNS = (  # no condition: paused and removed ones come too
    "SELECT campaign.id, campaign.name, campaign.status, campaign.advertising_channel_type, "
    "campaign.start_date_time, campaign.end_date_time, campaign.tracking_url_template, "
    "campaign.final_url_suffix FROM campaign"
)
_CAMPAIGN_DAILY = (
    "SELECT campaign.id, segments.date, metrics.cost_micros, metrics.impressions, metrics.clicks, "
    "metrics.conversions, metrics.conversions_value FROM campaign "
    "WHERE segments.date BETWEEN '{first}' AND '{last}'"
)
_ACCOUNT_DAILY = (
    "SELECT segments.date, metrics.cost_micros, metrics.impressions, metrics.clicks FROM customer "
    "WHERE segments.date BETWEEN '{first}' AND '{last}'"
)


def connect(credentials: Mapping[str, str], settings: Settings) -> Client:
    """Logs in. See Client for what it raises."""
    return Client(credentials, settings)


def discover(client: Client) -> list[Account]:
    """The open accounts below every customer the log-in reaches, or those the connection names."""
    return client.accounts()


def extract(client: Client, account: Account, request: Request) -> Iterator[Record]:
    """Raw rows in the JSON form of Google's REST interface; int64 as text, doubles as Decimal.

    Daily streams are read a month at a time: a month that breaks off is read again whole.
    """
    if request.window is None:
        query, shape = (
            (_ACCOUNT, _account_record)
            if request.stream == "accounts"
            else (_CAMPAIGNS, _campaign_record)
        )
        yield from map(shape, client.rows(account.account_id, query))
        return
    query = _CAMPAIGN_DAILY if request.stream == "campaign_daily" else _ACCOUNT_DAILY
    for part in _months(request.window):
        rows = client.rows(account.account_id, query.format(first=part.first, last=part.last))
        yield from map(_daily_record, rows)


def _months(window: Window) -> Iterator[Window]:
    first = window.first
    while first <= window.last:
        last = min(first + timedelta(_DAYS_AT_ONCE - 1), window.last)
        yield Window(first, last)
        first = last + timedelta(1)


def _account_record(row: Any) -> Record:
    held = row.customer
    return {
        "customer": {
            "id": str(held.id),
            "descriptiveName": held.descriptive_name,
            "currencyCode": held.currency_code,
            "timeZone": held.time_zone,
            "status": enum_name(held, "status"),
        }
    }


def _campaign_record(row: Any) -> Record:
    held = row.campaign
    return {
        "campaign": {
            "id": str(held.id),
            "name": held.name,
            "status": enum_name(held, "status"),
            "advertisingChannelType": enum_name(held, "advertising_channel_type"),
            "startDateTime": held.start_date_time,
            "endDateTime": held.end_date_time,
            "trackingUrlTemplate": held.tracking_url_template,
            "finalUrlSuffix": held.final_url_suffix,
        }
    }


def _daily_record(row: Any) -> Record:
    held = row.metrics
    metrics = {
        "costMicros": str(held.cost_micros),
        "impressions": str(held.impressions),
        "clicks": str(held.clicks),
    }
    if not row.campaign.id:
        return {"segments": {"date": row.segments.date}, "metrics": metrics}
    return {
        "campaign": {"id": str(row.campaign.id)},
        "segments": {"date": row.segments.date},
        "metrics": {
            **metrics,
            "conversions": Decimal(repr(held.conversions)),
            "conversionsValue": Decimal(repr(held.conversions_value)),
        },
    }


def parse(account: Account, stream: str, records: Iterable[Record]) -> Iterator[Row]:
    """Rows of the stream's staging table, from what extract gave."""
    shape = {
        "accounts": _account_row,
        "campaigns": _campaign_row,
        "campaign_daily": _campaign_day,
        "account_daily": _day,
    }[stream]
    for record in records:
        yield shape(account, record)


def _account_row(account: Account, record: Record) -> Row:
    held = record["customer"]
    return {
        "platform": NAME,
        "account_id": held["id"],
        "account_name": held.get("descriptiveName") or None,
        "account_status": held.get("status"),
        "currency_code": held.get("currencyCode") or None,
        "time_zone": held.get("timeZone") or None,
    }


def _campaign_row(account: Account, record: Record) -> Row:
    held = record["campaign"]
    ends = _day_of(held.get("endDateTime"))
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "campaign_id": held["id"],
        "campaign_name": held.get("name") or None,
        "campaign_status": held.get("status"),
        "campaign_type": held.get("advertisingChannelType"),
        "objective": None,
        "start_date": _day_of(held.get("startDateTime")),
        "end_date": None if ends == _ENDLESS else ends,
    }


def _day(account: Account, record: Record) -> Row:
    metrics = record["metrics"]
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "currency_code": account.currency_code,
        "date_day": _day_of(record["segments"]["date"]),
        "spend": _from_micros(metrics["costMicros"]),
        "impressions": _count(metrics["impressions"]),
        "clicks": _count(metrics["clicks"]),
    }


def _campaign_day(account: Account, record: Record) -> Row:
    return {
        **_day(account, record),
        "campaign_id": record["campaign"]["id"],
        "reported_conversions": record["metrics"].get("conversions"),
        "reported_conversions_value": record["metrics"].get("conversionsValue"),
    }


def _from_micros(value: Any) -> Any:
    """Millionths as an amount, exactly; what is no number stays as it stands."""
    try:
        return Decimal(value).scaleb(-6)
    except (InvalidOperation, TypeError):
        return value


def _count(value: Any) -> Any:
    try:
        return int(value)
    except (ValueError, TypeError):
        return value


def _day_of(value: Any) -> Any:
    """The day of ``2026-01-31`` or ``2026-01-31 00:00:00``; None for none."""
    try:
        return date.fromisoformat(value[:10]) if value else None
    except (ValueError, TypeError):
        return value


GOOGLE_ADS = Source(
    name=NAME,
    title="Google Ads",
    kind="ads",
    connect=connect,
    discover=discover,
    extract=extract,
    parse=parse,
    streams=(
        Stream("accounts", STG_AD_ACCOUNTS, "snapshot"),
        Stream("campaigns", STG_CAMPAIGNS, "snapshot"),
        Stream("campaign_daily", STG_CAMPAIGN_DAILY, "daily"),
        Stream("account_daily", STG_ACCOUNT_DAILY, "daily", controls="campaign_daily"),
    ),
    look_back_days=30,
    tagging=Tagging(
        utm_sources=("google", "adwords", "googleads", "google_ads", "google-ads"),
        click_id="gclid",
        campaign_id_parameters=("utm_id", "gad_campaignid"),
    ),
)
