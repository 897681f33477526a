"""From Facebook's raw records to staging rows: pure, so that landed batches can be replayed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from include.sources import Account, Record, Row
from include.sources.facebook_ads_objects import form_of, landing_page_of
from include.sources.personal import EMAIL_DOMAIN, EMAIL_HASH
from include.sources.url_templates import UTM, produced

NAME = "facebook_ads"

# Meta's own totals over website, app and lead forms. Their parts are listed beside them in
# `actions`, so the two must not be added up.
CONVERSIONS = (
    "lead",
    "purchase",
    "complete_registration",
    "contact_total",
    "schedule_total",
    "start_trial_total",
    "submit_application_total",
    "subscribe_total",
)
# What people do with the ad itself; `actions` lists it beside conversions.
ENGAGEMENT = frozenset(
    {
        "checkin",
        "comment",
        "landing_page_view",
        "like",
        "link_click",
        "onsite_conversion.post_net_comment",
        "onsite_conversion.post_net_like",
        "onsite_conversion.post_net_save",
        "onsite_conversion.post_save",
        "onsite_conversion.post_unlike",
        "outbound_click",
        "page_engagement",
        "photo_view",
        "post",
        "post_engagement",
        "post_interaction_gross",
        "post_interaction_net",
        "post_reaction",
        "rsvp",
        "video_view",
    }
)
ACCOUNT_STATUSES = {
    1: "ACTIVE",
    2: "DISABLED",
    3: "UNSETTLED",
    7: "PENDING_RISK_REVIEW",
    8: "PENDING_SETTLEMENT",
    9: "IN_GRACE_PERIOD",
    100: "PENDING_CLOSURE",
    101: "CLOSED",
}


def parse(account: Account, stream: str, records: Iterable[Record]) -> Iterator[Row]:
    """Staging rows of one stream's raw records. Days are the account's own, as Meta gives them."""
    if stream == "conversion_daily":
        for record in records:
            yield from _conversions(account, record)
        return
    row_of = _ROWS[stream]
    for record in records:
        yield row_of(account, record)


def _account_row(account: Account, record: Record) -> Row:
    return {
        "platform": NAME,
        "account_id": record.get("account_id"),
        "account_name": record.get("name"),
        "account_status": status_of(record),
        "currency_code": record.get("currency"),
        "time_zone": record.get("timezone_name"),
    }


def _campaign_row(account: Account, record: Record) -> Row:
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "campaign_id": record.get("id"),
        "campaign_name": record.get("name"),
        "campaign_status": record.get("effective_status"),
        "campaign_type": record.get("buying_type"),
        "objective": record.get("objective"),
        "start_date": _day(record.get("start_time")),
        "end_date": _day(record.get("stop_time")),
    }


def _ad_group_row(account: Account, record: Record) -> Row:
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "campaign_id": record.get("campaign_id"),
        "ad_group_id": record.get("id"),
        "ad_group_name": record.get("name"),
        "ad_group_status": record.get("effective_status"),
        "ad_group_type": record.get("optimization_goal"),
    }


def _ad_row(account: Account, record: Record) -> Row:
    creative = record.get("creative") or {}
    macros = {
        "campaign_id": record.get("campaign_id"),
        "campaign_name": (record.get("campaign") or {}).get("name"),
        "ad_group_id": record.get("adset_id"),
        "ad_group_name": (record.get("adset") or {}).get("name"),
        "ad_id": record.get("id"),
        "ad_name": record.get("name"),
    }
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "campaign_id": record.get("campaign_id"),
        "ad_group_id": record.get("adset_id"),
        "ad_id": record.get("id"),
        "form_id": form_of(creative),
        "ad_name": record.get("name"),
        "ad_status": record.get("effective_status"),
        "ad_type": creative.get("object_type"),
        **produced(landing_page_of(creative), suffixes=(creative.get("url_tags"),), macros=macros),
    }


def _campaign_day(account: Account, record: Record) -> Row:
    return {
        **_metrics(account, record),
        "campaign_id": record.get("campaign_id"),
        "reported_conversions": _claimed(record.get("actions")),
        "reported_conversions_value": _claimed(record.get("action_values")),
    }


def _ad_day(account: Account, record: Record) -> Row:
    return {
        **_campaign_day(account, record),
        "ad_group_id": record.get("adset_id"),
        "ad_id": record.get("ad_id"),
    }


def _conversions(account: Account, record: Record) -> Iterator[Row]:
    """A campaign's day by action type, engagement with the ad itself aside."""
    values = {
        each.get("action_type"): each.get("value") for each in record.get("action_values", ())
    }
    counts = {each.get("action_type"): each.get("value") for each in record.get("actions", ())}
    for kind in counts | values:
        if kind in ENGAGEMENT:
            continue
        yield {
            "platform": NAME,
            "account_id": account.account_id,
            "campaign_id": record.get("campaign_id"),
            "conversion_action_id": kind,
            "conversion_action_name": kind,
            "currency_code": record.get("account_currency") or account.currency_code,
            "date_day": _day(record.get("date_start")),
            "reported_conversions": _number(counts.get(kind, "0")),
            "reported_conversions_value": _number(values.get(kind)),
        }


def _filled_form(account: Account, record: Record) -> Row:
    submitted_at = _instant(record.get("created_time"))
    is_known = isinstance(submitted_at, datetime)
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "campaign_id": record.get("campaign_id"),
        "ad_group_id": record.get("adset_id"),
        "ad_id": record.get("ad_id"),
        "response_id": record.get("id"),
        "form_id": record.get("form_id"),
        EMAIL_HASH: record.get(EMAIL_HASH),
        EMAIL_DOMAIN: record.get(EMAIL_DOMAIN),
        "form_name": record.get("form_name"),
        **{name: record.get(name) for name in UTM},
        "date_day": submitted_at.astimezone(ZoneInfo(account.time_zone)).date()
        if is_known
        else None,
        "is_test": record.get("is_test"),
        "submitted_at": submitted_at,
    }


def _metrics(account: Account, record: Record) -> Row:
    """What campaign and account rows share. Meta leaves out counts that are zero, never spend."""
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "currency_code": record.get("account_currency") or account.currency_code,
        "date_day": _day(record.get("date_start")),
        "spend": _number(record.get("spend")),
        "impressions": _count(record.get("impressions", "0")),
        "clicks": _count(record.get("clicks", "0")),
    }


def status_of(record: Record) -> str | None:
    """Meta's word for the number: https://developers.facebook.com/docs/marketing-api/reference/ad-account"""
    number = record.get("account_status")
    return None if number is None else ACCOUNT_STATUSES.get(number, str(number))


def _claimed(actions: Any) -> Any:
    """The sum of the conversions among a row's actions; no actions are none claimed."""
    total = Decimal(0)
    for action in actions or ():
        if action.get("action_type") in CONVERSIONS:
            value = _number(action.get("value"))
            if not isinstance(value, Decimal):
                return value
            total += value
    return total


def _number(value: Any) -> Any:
    """A decimal where the text is one; else the value itself, for the contract to refuse."""
    try:
        return Decimal(value) if isinstance(value, str) else value
    except InvalidOperation:
        return value


def _count(value: Any) -> Any:
    """A whole number where the text is one; else the value itself, for the contract to refuse."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _day(moment: Any) -> Any:
    """The day of a day or an instant, both of which Meta writes in the account's zone."""
    try:
        return date.fromisoformat(moment[:10]) if isinstance(moment, str) else moment
    except ValueError:
        return moment


def _instant(moment: Any) -> Any:
    """A UTC instant where the text is one; else the value itself, for the contract to refuse."""
    try:
        return datetime.fromisoformat(moment).astimezone(UTC)
    except (ValueError, TypeError):
        return moment


_ROWS = {
    "accounts": _account_row,
    "campaigns": _campaign_row,
    "ad_groups": _ad_group_row,
    "ads": _ad_row,
    "campaign_daily": _campaign_day,
    "account_daily": _metrics,
    "ad_daily": _ad_day,
    "lead_forms": _filled_form,
}
