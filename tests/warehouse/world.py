"""A small ad network and a small CRM, whose answers a test writes down as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from include import landing, quality, warehouse
from include.contracts.crm_staging import STG_CRM_CAMPAIGN_MEMBERS, STG_CRM_FIELDS
from include.contracts.staging import (
    STG_ACCOUNT_DAILY,
    STG_AD_ACCOUNTS,
    STG_AD_DAILY,
    STG_CAMPAIGN_DAILY,
    STG_CAMPAIGN_HISTORY,
    STG_CAMPAIGNS,
)
from include.landing import Batch
from include.run import Run
from include.settings import Settings
from include.sources import Account, Record, Request, Row, Source, Stream, Tagging, Window
from include.warehouse.staging import Staged

ACCOUNT = Account("act_1", "One", "EUR", "Europe/Berlin", "ACTIVE")
ORG = Account("00D1", "Org", "EUR", "UTC")
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
FIRST = date(2026, 10, 1)


def run(number: int) -> Run:
    """The number-th nightly run."""
    at = START + timedelta(days=number)
    return Run(f"night {number}", at, at)


def _parse(account: Account, stream: str, records: Iterable[Record]) -> Iterator[Row]:
    yield from map(dict, records)


def _no(*_: Any) -> Any:
    raise AssertionError("a test's source is never asked")


NETWORK = Source(
    name="facebook_ads",
    title="Facebook Ads",
    kind="ads",
    connect=_no,
    discover=_no,
    extract=_no,
    parse=_parse,
    streams=(
        Stream("accounts", STG_AD_ACCOUNTS, "snapshot"),
        Stream("campaigns", STG_CAMPAIGNS, "snapshot", history=STG_CAMPAIGN_HISTORY),
        Stream("campaign_daily", STG_CAMPAIGN_DAILY, "daily"),
        Stream("account_daily", STG_ACCOUNT_DAILY, "daily", controls="campaign_daily"),
        Stream("ad_daily", STG_AD_DAILY, "daily"),
    ),
    look_back_days=28,
    tagging=Tagging(("facebook", "fb"), (), ("utm_id", "hsa_cam")),
)
CRM = Source(
    name="salesforce",
    title="Salesforce",
    kind="crm",
    connect=_no,
    discover=_no,
    extract=_no,
    parse=_parse,
    streams=(
        Stream("members", STG_CRM_CAMPAIGN_MEMBERS, "changes"),
        Stream("member_keys", STG_CRM_CAMPAIGN_MEMBERS, "keys"),
        Stream("fields", STG_CRM_FIELDS, "snapshot"),
    ),
    look_back_days=0,
)


def days(count: int, first: date = FIRST) -> Window:
    """A window of that many days."""
    return Window(first, first + timedelta(count - 1))


def spent(campaign_id: str, day: int, spend: str, **more: Any) -> Record:
    """What a campaign cost on the day-th day, from 0."""
    return {
        "platform": "facebook_ads",
        "account_id": ACCOUNT.account_id,
        "campaign_id": campaign_id,
        "currency_code": "EUR",
        "date_day": (FIRST + timedelta(day)).isoformat(),
        "spend": spend,
        "impressions": 100,
        "clicks": 3,
    } | more


def total(day: int, spend: str) -> Record:
    """What the account as a whole cost on the day-th day."""
    record = spent("", day, spend)
    del record["campaign_id"]
    return record


def campaign(campaign_id: str, campaign_name: str, status: str | None = None) -> Record:
    """A campaign as its network describes it."""
    return {
        "platform": "facebook_ads",
        "account_id": ACCOUNT.account_id,
        "campaign_id": campaign_id,
        "campaign_name": campaign_name,
        "campaign_status": status,
    }


def described(object_name: str, **fields: str) -> list[Record]:
    """An object's fields as the CRM describes them, each with its type."""
    return [
        {
            "object_name": object_name,
            "field_name": name,
            "field_type": field_type,
            "is_calculated": False,
            "is_custom": name.endswith("__c"),
        }
        for name, field_type in fields.items()
    ]


def member(key: str, modified: datetime, status: str = "Sent", **more: Any) -> Record:
    """A membership in a CRM campaign, created when the world began unless told otherwise."""
    return {
        "campaign_member_id": key,
        "crm_campaign_id": "701",
        "member_status": status,
        "has_responded": False,
        "is_deleted": False,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
        "modified_at": modified.isoformat(),
    } | more


def land(
    settings: Settings,
    source: Source,
    stream: str,
    night: int,
    records: Iterable[Record],
    window: Window | None = None,
    since: datetime | None = None,
) -> Batch:
    """Land what a source answered in one night."""
    account = ORG if source is CRM else ACCOUNT
    return landing.write_batch(
        settings, run(night), source.name, account, Request(stream, window, since), records
    )


def load(
    settings: Settings,
    source: Source,
    stream: str,
    night: int,
    records: Iterable[Record],
    window: Window | None = None,
    since: datetime | None = None,
) -> Staged:
    """Land, check and stage in one go."""
    batch = land(settings, source, stream, night, records, window, since)
    return stage(settings, source, [batch], night)


def stage(settings: Settings, source: Source, batches: Iterable[Batch], night: int) -> Staged:
    """Check and stage landed batches."""
    checked = [quality.check(settings, source, batch) for batch in batches]
    return warehouse.stage(settings, source, checked, run(night))


def spend_by_day(settings: Settings) -> dict[date, Decimal]:
    """Staged spend a day."""
    rows = warehouse.read(
        settings,
        "select date_day, sum(spend) as spend from staging.stg_campaign_daily group by date_day",
    )
    return {row["date_day"]: row["spend"] for row in rows}
