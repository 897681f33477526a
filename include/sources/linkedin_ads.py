"""LinkedIn Ads: what campaigns and accounts cost each day, and the campaigns themselves.

LinkedIn's words differ from ours: its campaign group is our campaign, its campaign our ad group.
Reports: https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/
ads-reporting. Days are UTC days, amounts the account's currency. A report does not page and is cut
at 15,000 elements in silence, so a full answer is asked for again in parts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from include.contracts.staging import (
    STG_ACCOUNT_DAILY,
    STG_AD_ACCOUNTS,
    STG_CAMPAIGN_DAILY,
    STG_CAMPAIGNS,
)
from include.settings import Settings
from include.sources import (
    Account,
    Record,
    Request,
    Row,
    Source,
    SourceRefused,
    Stream,
    Tagging,
    Window,
)
from include.sources.linkedin_ads_client import NAME, Client

FULL = 15_000
ZONE = "UTC"

_GROUPS_AT_ONCE = 500
_EVERY_STATUS = (
    "search=(status:(values:List(ACTIVE,ARCHIVED,CANCELED,DRAFT,PAUSED,PENDING_DELETION,REMOVED)))"
)
_FIELDS = (
    "pivotValues,dateRange,costInLocalCurrency,costInUsd,impressions,clicks,"
    "externalWebsiteConversions,oneClickLeads,conversionValueInLocalCurrency"
)

log = logging.getLogger(__name__)


def connect(credentials: Mapping[str, str], settings: Settings) -> Client:
    """Logs in. See Client for what it raises."""
    return Client(credentials, settings)


def discover(client: Client) -> list[Account]:
    """The ad accounts the member has a role on, or those of them the connection names."""
    found = {}
    for record in client.pages("adAccounts", "q=search"):
        if record.get("test"):
            log.warning("LinkedIn account %s is a test account and is left out", record["id"])
            continue
        found[str(record["id"])] = Account(
            str(record["id"]), record.get("name"), record["currency"], ZONE, record.get("status")
        )
    if missing := [number for number in client.wanted if number not in found]:
        raise SourceRefused(
            f"LinkedIn shows no account {', '.join(missing)} to this log-in; check account_ids of "
            f"the connection {NAME}"
        )
    return [
        account for number, account in found.items() if not client.wanted or number in client.wanted
    ]


def extract(client: Client, account: Account, request: Request) -> Iterator[Record]:
    """Raw accounts, campaign groups and analytics elements; amounts are text, as LinkedIn's are."""
    if request.stream == "accounts":
        yield client.one(f"adAccounts/{account.account_id}")
    elif request.window is None:
        yield from _groups(client, account)
    else:
        pivot = "CAMPAIGN_GROUP" if request.stream == "campaign_daily" else "ACCOUNT"
        yield from analytics(client, account, pivot, request.window)


def _groups(client: Client, account: Account) -> Iterator[Record]:
    """Campaign groups of every status: without asking, LinkedIn hides deleted ones."""
    return client.pages(
        f"adAccounts/{account.account_id}/adCampaignGroups", f"q=search&{_EVERY_STATUS}"
    )


def analytics(
    client: Client, account: Account, pivot: str, window: Window, groups: list[str] | None = None
) -> Iterator[Record]:
    """Daily elements of a pivot over days, complete.

    A full answer is asked for again in halves: of the days, then of the account's campaign groups.
    Raises SourceRefused when a single day of a single group is still full.
    """
    elements = client.elements("adAnalytics", _query(account, pivot, window, groups))
    if len(elements) < FULL:
        yield from elements
        return
    days = window.days()
    if len(days) > 1:
        middle = days[len(days) // 2]
        for part in (Window(window.first, middle - timedelta(1)), Window(middle, window.last)):
            yield from analytics(client, account, pivot, part, groups)
        return
    if groups is None:
        groups = [str(record["id"]) for record in _groups(client, account)]
        size = _GROUPS_AT_ONCE
    elif len(groups) > 1:
        size = -(-len(groups) // 2)
    else:
        raise SourceRefused(
            f"LinkedIn cuts its answer at {FULL} rows, and account {account.account_id} has as "
            f"many on {window.first} in campaign group {groups[0]} alone; that day cannot be read "
            "complete"
        )
    for start in range(0, len(groups), size):
        yield from analytics(client, account, pivot, window, groups[start : start + size])


def _query(account: Account, pivot: str, window: Window, groups: list[str] | None) -> str:
    first, last = (
        f"(year:{day.year},month:{day.month},day:{day.day})" for day in (window.first, window.last)
    )
    if groups is None:
        facet = f"accounts=List({_urn('sponsoredAccount', account.account_id)})"
    else:
        urns = ",".join(_urn("sponsoredCampaignGroup", group) for group in groups)
        facet = f"campaignGroups=List({urns})"
    return (
        f"q=analytics&pivot={pivot}&timeGranularity=DAILY&dateRange=(start:{first},end:{last})"
        f"&{facet}&fields={_FIELDS}"
    )


def _urn(kind: str, number: str) -> str:
    return quote(f"urn:li:{kind}:{number}", safe="")


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
    return {
        "platform": NAME,
        "account_id": str(record["id"]),
        "account_name": record.get("name"),
        "account_status": record.get("status"),
        "currency_code": record.get("currency"),
        "time_zone": ZONE,
    }


def _campaign_row(account: Account, record: Record) -> Row:
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
    """LinkedIn claims conversions on websites and leads of its own forms; both are reported."""
    return {
        **_day(account, record),
        "campaign_id": record["pivotValues"][0].rsplit(":", 1)[-1],
        "reported_conversions": _sum(
            record.get("externalWebsiteConversions"), record.get("oneClickLeads")
        ),
        "reported_conversions_value": _amount(record.get("conversionValueInLocalCurrency")),
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


def _day_of(milliseconds: Any) -> Any:
    """The UTC day of an instant in milliseconds since 1970."""
    if not isinstance(milliseconds, int):
        return milliseconds
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)).date()


LINKEDIN_ADS = Source(
    name=NAME,
    title="LinkedIn Ads",
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
        utm_sources=("linkedin", "linkedin.com", "li", "linkedin_ads", "linkedin-ads"),
        click_id="li_fat_id",
        campaign_id_parameters=("utm_id",),
    ),
)
