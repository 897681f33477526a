"""What a line of each file of a data set must carry (README.md describes the whole form)."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


Check = tuple[Callable[[Any], bool], str]
_TEXT: Check = (_is_text, "a non-empty text")
_DAY: Check = (_is_day, "a day as YYYY-MM-DD")
_NUMBER: Check = (_is_number, "a number")
_INT: Check = (_is_int, "a whole number")
_OBJECT: Check = (_is_object, "an object")
_LIST: Check = (_is_list, "a list")

# What a line of each file must carry. Dotted names are nested. `key` names the record: lines that
# share it are its versions and must not be known at the same time; files of daily facts have none,
# several lines of a day are summed.
_FORM: dict[str, tuple[dict[str, Check], tuple[str, ...]]] = {
    "meta/ad_accounts": (
        {
            "id": _TEXT,
            "account_id": _TEXT,
            "name": _TEXT,
            "currency": _TEXT,
            "timezone_name": _TEXT,
        },
        ("id",),
    ),
    "meta/campaigns": ({"id": _TEXT, "account_id": _TEXT, "name": _TEXT}, ("id",)),
    "meta/adsets": (
        {"id": _TEXT, "account_id": _TEXT, "campaign_id": _TEXT, "name": _TEXT},
        ("id",),
    ),
    "meta/ads": (
        {"id": _TEXT, "account_id": _TEXT, "campaign_id": _TEXT, "name": _TEXT},
        ("id",),
    ),
    "meta/insights": (
        {"account_id": _TEXT, "campaign_id": _TEXT, "date_start": _DAY, "spend": _NUMBER},
        (),
    ),
    "meta/lead_forms": ({"id": _TEXT, "name": _TEXT}, ("id",)),
    "meta/leads": (
        {
            "id": _TEXT,
            "account_id": _TEXT,
            "form_id": _TEXT,
            "created_time": _TEXT,
            "field_data": _LIST,
        },
        ("id",),
    ),
    "google/customers": ({"customer": _OBJECT, "customer.id": _TEXT}, ("customer.id",)),
    "google/campaigns": (
        {"customer.id": _TEXT, "campaign.id": _TEXT, "campaign.name": _TEXT},
        ("customer.id", "campaign.id"),
    ),
    "google/ad_groups": (
        {"customer.id": _TEXT, "campaign.id": _TEXT, "adGroup.id": _TEXT},
        ("customer.id", "adGroup.id"),
    ),
    "google/ads": (
        {"customer.id": _TEXT, "campaign.id": _TEXT, "adGroup.id": _TEXT, "adGroupAd.ad.id": _TEXT},
        ("customer.id", "adGroup.id", "adGroupAd.ad.id"),
    ),
    "google/daily_metrics": (
        {"customer.id": _TEXT, "campaign.id": _TEXT, "segments.date": _DAY, "metrics": _OBJECT},
        (),
    ),
    "google/conversions": (
        {
            "customer.id": _TEXT,
            "campaign.id": _TEXT,
            "segments.date": _DAY,
            "segments.conversionAction": _TEXT,
            "metrics": _OBJECT,
        },
        (),
    ),
    "google/click_views": (
        {"customer.id": _TEXT, "clickView.gclid": _TEXT, "segments.date": _DAY},
        (),
    ),
    "ga4/properties": ({"name": _TEXT, "timeZone": _TEXT, "currencyCode": _TEXT}, ("name",)),
    "ga4/sessions": ({"property": _TEXT, "date": _DAY, "user": _TEXT, "metrics": _OBJECT}, ()),
    "linkedin/accounts": ({"id": _INT, "name": _TEXT, "currency": _TEXT}, ("id",)),
    "linkedin/campaign_groups": ({"id": _INT, "account": _TEXT, "name": _TEXT}, ("id",)),
    "linkedin/campaigns": ({"id": _INT, "account": _TEXT, "name": _TEXT}, ("id",)),
    "linkedin/creatives": ({"id": _TEXT, "account": _TEXT, "campaign": _TEXT}, ("id",)),
    "linkedin/tracking_parameters": (
        {"adEntity": _OBJECT},
        ("adEntity.sponsoredCampaign", "adEntity.sponsoredAccount"),
    ),
    "linkedin/posts": ({"id": _TEXT}, ("id",)),
    "linkedin/lead_forms": ({"id": _INT, "name": _TEXT}, ("id",)),
    "linkedin/lead_form_responses": (
        {
            "id": _TEXT,
            "owner": _OBJECT,
            "submittedAt": _INT,
            "versionedLeadGenFormUrn": _TEXT,
            "formResponse": _OBJECT,
        },
        ("id",),
    ),
    "linkedin/analytics": (
        {"account": _TEXT, "campaign": _TEXT, "date": _DAY, "costInLocalCurrency": _NUMBER},
        (),
    ),
}
_SOBJECT = re.compile(r"salesforce/([A-Za-z][A-Za-z0-9_]*)")
_SOBJECT_FORM: tuple[dict[str, Check], tuple[str, ...]] = ({"Id": _TEXT}, ("Id",))


def form_of(path: str) -> tuple[dict[str, Check], tuple[str, ...]] | None:
    """The required fields with their checks, and the key, of `folder/name`; None: no such file."""
    return _FORM.get(path) or (_SOBJECT_FORM if _SOBJECT.fullmatch(path) else None)
