"""Rows of the staging tables from what LinkedIn gave: pure, and total.

LinkedIn's words differ from ours: its campaign group is our campaign, its campaign our ad group,
its creative our ad.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from include.sources import Account, Record, Row
from include.sources.linkedin_ads_login import NAME
from include.sources.url_templates import UTM, produced

ZONE = "UTC"

# Metrics that count conversions, and what Campaign Manager calls them. A total stands beside its
# parts (after a click, after a view) and its subsets.
CONVERSIONS = {
    "externalWebsiteConversions": "Website conversions",
    "externalWebsitePostClickConversions": "Website conversions after a click",
    "externalWebsitePostViewConversions": "Website conversions after a view",
    "viralExternalWebsiteConversions": "Website conversions of shared ads",
    "oneClickLeads": "Leads",
    "viralOneClickLeads": "Leads of shared ads",
    "qualifiedLeads": "Qualified leads",
    "validWorkEmailLeads": "Leads with a work e-mail",
    "leadGenerationMailContactInfoShares": "Leads of message ads",
    "leadGenerationMailInterestedClicks": "Clicks of interest in message ads",
    "talentLeads": "Talent leads",
    "jobApplications": "Job applications",
    "postClickJobApplications": "Job applications after a click",
    "postViewJobApplications": "Job applications after a view",
    "jobApplyClicks": "Clicks to apply for a job",
    "registrations": "Event registrations",
    "postClickRegistrations": "Event registrations after a click",
    "postViewRegistrations": "Event registrations after a view",
    "viralRegistrations": "Event registrations of shared ads",
}
CONVERSION_VALUE = "conversionValueInLocalCurrency"


def rows(account: Account, stream: str, records: Iterable[Record]) -> Iterator[Row]:
    """Rows of the stream's staging table, from what extract gave."""
    if stream == "conversion_daily":
        for record in records:
            yield from _conversion_days(account, record)
        return
    shape = {
        "accounts": _account,
        "campaigns": _campaign,
        "ad_groups": _ad_group,
        "ads": _ad,
        "campaign_daily": _campaign_day,
        "account_daily": _day,
        "ad_daily": _ad_day,
        "lead_forms": _lead,
    }[stream]
    for record in records:
        yield shape(account, record)


def number_of(urn: Any) -> str | None:
    """The number at a URN's end: `urn:li:sponsoredCampaign:123` is 123."""
    return str(urn).rsplit(":", 1)[-1] if urn else None


def _account(account: Account, record: Record) -> Row:
    return {
        "platform": NAME,
        "account_id": str(record["id"]),
        "account_name": record.get("name"),
        "account_status": record.get("status"),
        "currency_code": record.get("currency"),
        "time_zone": ZONE,
    }


def _campaign(account: Account, record: Record) -> Row:
    schedule = record.get("runSchedule") or {}
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "campaign_id": str(record["id"]),
        "campaign_name": record.get("name"),
        "campaign_status": record.get("status"),
        "campaign_type": None,
        "objective": record.get("objectiveType"),
        "start_date": _day_of(schedule.get("start")),
        "end_date": _day_of(schedule.get("end")),
    }


def _ad_group(account: Account, record: Record) -> Row:
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "campaign_id": number_of(record.get("campaignGroup")),
        "ad_group_id": str(record["id"]),
        "ad_group_name": record.get("name"),
        "ad_group_status": record.get("status"),
        "ad_group_type": record.get("type"),
    }


def _ad(account: Account, record: Record) -> Row:
    """``record`` joins a creative with what stands above it and what it shows."""
    creative, campaign = record["creative"], record.get("campaign") or {}
    ids = {
        "campaign_id": number_of(campaign.get("campaignGroup")),
        "ad_group_id": number_of(creative["campaign"]),
        "ad_id": number_of(creative["id"]),
    }
    macros = {
        **ids,
        "account_id": account.account_id,
        "account_name": account.account_name,
        "campaign_name": (record.get("campaignGroup") or {}).get("name"),
        "ad_group_name": campaign.get("name"),
        "ad_name": creative.get("name"),
    }
    form = str((creative.get("leadgenCallToAction") or {}).get("destination") or "")
    return {
        "platform": NAME,
        "account_id": account.account_id,
        **ids,
        "form_id": number_of(form) if "orm:" in form else None,
        "ad_name": creative.get("name"),
        "ad_status": creative.get("intendedStatus"),
        "ad_type": campaign.get("format"),
        **produced(
            _landing_page(creative, record.get("post") or {}),
            suffixes=map(_suffix, record.get("trackingParameters") or ()),
            macros=macros,
        ),
    }


def _landing_page(creative: Record, post: Record) -> Any:
    """Where the ad leads: the post's own landing page, the article it shares, the first card of a
    carousel; a text ad's or a spotlight's own."""
    content = post.get("content") or {}
    cards = (content.get("carousel") or {}).get("cards") or [{}]
    own = [part for part in (creative.get("content") or {}).values() if isinstance(part, dict)]
    candidates = (
        post.get("contentLandingPage"),
        (content.get("article") or {}).get("source"),
        cards[0].get("landingPage"),
        *(part.get("landingPage") for part in own),
    )
    return next(filter(None, candidates), None)


def _suffix(parameters: Mapping[str, Any] | None) -> str:
    """Tracking parameters as a query; a dynamic value is written as the macro it is."""
    held = parameters or {}
    fixed, dynamic = held.get("customValueParameters"), held.get("dynamicValueParameters")
    return "&".join(
        [
            *(f"{quote(key)}={quote(str(value))}" for key, value in (fixed or {}).items()),
            *(f"{quote(key)}={{{{{macro}}}}}" for key, macro in (dynamic or {}).items()),
        ]
    )


def _day(account: Account, record: Record) -> Row:
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "currency_code": account.currency_code,
        "date_day": _first_day(record),
        "spend": _amount(record.get("costInLocalCurrency")),
        "impressions": record.get("impressions"),
        "clicks": record.get("clicks"),
    }


def _campaign_day(account: Account, record: Record) -> Row:
    return {
        **_day(account, record),
        "campaign_id": number_of(record["pivotValues"][0]),
        **_claims(record),
    }


def _ad_day(account: Account, record: Record) -> Row:
    group, campaign, creative = record["pivotValues"]
    return {
        **_day(account, record),
        "campaign_id": number_of(group),
        "ad_group_id": number_of(campaign),
        "ad_id": number_of(creative),
        **_claims(record),
    }


def _claims(record: Record) -> Row:
    """LinkedIn claims conversions on websites and leads of its own forms; both are reported."""
    return {
        "reported_conversions": _sum(
            record.get("externalWebsiteConversions"), record.get("oneClickLeads")
        ),
        "reported_conversions_value": _amount(record.get(CONVERSION_VALUE)),
    }


def _conversion_days(account: Account, record: Record) -> Iterator[Row]:
    """A row per kind that counted anything; the value LinkedIn gives is that of website
    conversions."""
    for metric, name in CONVERSIONS.items():
        count = record.get(metric)
        value = (
            _amount(record.get(CONVERSION_VALUE)) if metric.startswith("externalWebsiteC") else None
        )
        if count or value:
            yield {
                "platform": NAME,
                "account_id": account.account_id,
                "campaign_id": number_of(record["pivotValues"][0]),
                "conversion_action_id": metric,
                "conversion_action_name": name,
                "currency_code": account.currency_code,
                "date_day": _first_day(record),
                "reported_conversions": _sum(count),
                "reported_conversions_value": value,
            }


def _lead(account: Account, record: Record) -> Row:
    submitted = _instant(record.get("submittedAt"))
    form = record.get("form") or {}
    hidden = {
        str(field.get("name")).strip().lower(): field.get("value")
        for field in form.get("hiddenFields") or ()
    }
    return {
        "platform": NAME,
        "account_id": account.account_id,
        "campaign_id": number_of(record.get("campaignGroup")),
        "ad_group_id": number_of(record.get("campaign")),
        "ad_id": number_of(record.get("creative")),
        "response_id": record["id"],
        "form_id": str(form["id"]) if form.get("id") else None,
        "email_hash": record.get("email_hash"),
        "email_domain": record.get("email_domain"),
        "form_name": form.get("name"),
        **{name: hidden.get(name) or None for name in UTM},
        "date_day": submitted.date() if isinstance(submitted, datetime) else submitted,
        "is_test": record.get("testLead"),
        "submitted_at": submitted,
    }


def _first_day(record: Record) -> Any:
    held = record["dateRange"]["start"]
    try:
        return date(held["year"], held["month"], held["day"])
    except (ValueError, TypeError):
        return str(held)


def _amount(value: Any) -> Any:
    """A decimal; what is no number stays as it stands."""
    try:
        return None if value is None else Decimal(value)
    except (InvalidOperation, TypeError):
        return value


def _sum(*parts: Any) -> Any:
    """The sum of the counts there are; the first that is none as it stands."""
    for part in parts:
        if part is not None and not isinstance(part, int):
            return part
    return Decimal(sum(part for part in parts if part is not None))


def _instant(milliseconds: Any) -> Any:
    """An instant from milliseconds since 1970; what is none stays as it stands."""
    if not isinstance(milliseconds, int):
        return milliseconds
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return milliseconds


def _day_of(milliseconds: Any) -> Any:
    """The UTC day of an instant in milliseconds since 1970."""
    found = _instant(milliseconds)
    return found.date() if isinstance(found, datetime) else found
