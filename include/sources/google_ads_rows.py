"""Rows of the staging tables, out of the records that Google Ads' extract gave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from include.sources import Account, Record, Row
from include.sources.google_ads_login import NAME
from include.sources.url_templates import produced

_ENDLESS = date(2037, 12, 30)  # the end Google gives a campaign that has none


def parse(account: Account, stream: str, records: Iterable[Record]) -> Iterator[Row]:
    """Rows of the stream's staging table, from what extract gave.

    Clicks without a click id (those of app campaigns) make no row: nothing could ever find them.
    """
    shape = _ROWS[stream]
    for record in records:
        row = shape(account, record)
        if row is not None:
            yield row


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


def _manager_row(account: Account, record: Record) -> Row:
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "manager_account_id": record["customer"]["id"],
        "manager_account_name": record["customer"].get("descriptiveName") or None,
        "levels_above": _count(record["customerClient"].get("level")),
    }


def _foretold(landing_page: Any, macros: Record, *levels: Record) -> Row:
    """What visits will carry; levels from the most specific up to the account's.

    Tracking templates and final URL suffixes of the lowest level that has one apply, custom
    parameters of all levels: https://developers.google.com/google-ads/api/docs/ads/upgraded-urls/
    serving-url-rules. Those of keywords, sitelinks and asset groups are not known here.
    """
    custom = {
        f"_{each['key']}": each.get("value")
        for level in reversed(levels)
        for each in level.get("urlCustomParameters") or ()
    }
    return dict(
        produced(
            landing_page,
            templates=[level.get("trackingUrlTemplate") for level in levels],
            suffixes=[level.get("finalUrlSuffix") for level in levels],
            macros={**custom, **macros},
        )
    )


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
        **_foretold(
            None,
            {"account_id": account.account_id, "campaign_id": held["id"]},
            held,
            record.get("customer") or {},
        ),
        "start_date": _day_of(held.get("startDateTime")),
        "end_date": None if ends == _ENDLESS else ends,
    }


def _ad_group_row(account: Account, record: Record) -> Row:
    held = record["adGroup"]
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "campaign_id": record["campaign"]["id"],
        "ad_group_id": held["id"],
        "ad_group_name": held.get("name") or None,
        "ad_group_status": held.get("status"),
        "ad_group_type": held.get("type"),
    }


def _ad_row(account: Account, record: Record) -> Row:
    campaign, group, ad = record["campaign"], record["adGroup"], record["adGroupAd"]["ad"]
    ids = {
        "account_id": account.account_id,
        "campaign_id": campaign["id"],
        "ad_group_id": group["id"],
        "ad_id": ad["id"],
    }
    pages = ad.get("finalUrls") or [None]
    return {
        "platform": NAME,
        **ids,
        "ad_name": ad.get("name") or None,
        "ad_status": record["adGroupAd"].get("status"),
        "ad_type": ad.get("type"),
        **_foretold(pages[0], ids, ad, group, campaign, record.get("customer") or {}),
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


def _conversions(record: Record) -> Row:
    metrics = record["metrics"]
    return {
        "reported_conversions": _number(metrics.get("conversions")),
        "reported_conversions_value": _number(metrics.get("conversionsValue")),
    }


def _campaign_day(account: Account, record: Record) -> Row:
    row = _day(account, record)
    row["campaign_id"] = record["campaign"]["id"]
    row.update(_conversions(record))
    return row


def _ad_day(account: Account, record: Record) -> Row:
    row = _campaign_day(account, record)
    row["ad_group_id"] = record["adGroup"]["id"]
    row["ad_id"] = record["adGroupAd"]["ad"]["id"]
    return row


def _conversion_day(account: Account, record: Record) -> Row:
    segments = record["segments"]
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "campaign_id": record["campaign"]["id"],
        "conversion_action_id": segments["conversionAction"].rsplit("/", 1)[-1],
        "conversion_action_name": segments.get("conversionActionName") or None,
        "currency_code": account.currency_code,
        "date_day": _day_of(segments["date"]),
        **_conversions(record),
    }


def _click(account: Account, record: Record) -> Row | None:
    view = record["clickView"]
    if not view.get("gclid"):
        return None
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "campaign_id": record["campaign"]["id"],
        "ad_group_id": record["adGroup"].get("id") or None,
        "ad_id": (view.get("adGroupAd") or "").rpartition("~")[2] or None,
        "click_id": view["gclid"],
        "keyword": (view.get("keywordInfo") or {}).get("text") or None,
        "date_day": _day_of(record["segments"]["date"]),
    }


_ROWS: dict[str, Callable[[Account, Record], Row | None]] = {
    "accounts": _account_row,
    "managers": _manager_row,
    "campaigns": _campaign_row,
    "ad_groups": _ad_group_row,
    "ads": _ad_row,
    "campaign_daily": _campaign_day,
    "account_daily": _day,
    "ad_daily": _ad_day,
    "conversion_daily": _conversion_day,
    "clicks": _click,
}


def _from_micros(value: Any) -> Any:
    """Millionths as an amount, exactly; what is no number stays as it stands."""
    try:
        return Decimal(value).scaleb(-6)
    except (InvalidOperation, TypeError):
        return value


def _number(value: Any) -> Any:
    try:
        return None if value is None else Decimal(value)
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
