"""Facebook Ads: campaign spend by day, account totals to prove it, campaigns and accounts.

Insights: https://developers.facebook.com/docs/marketing-api/insights
"""

from __future__ import annotations

import logging
import time
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
from include.sources import (
    Account,
    Record,
    Request,
    Row,
    Source,
    SourceRefused,
    SourceUnavailable,
    Stream,
    Tagging,
    Window,
)
from include.sources.facebook_ads_graph import Graph, TooMuchData

log = logging.getLogger(__name__)

NAME = "facebook_ads"
LOOK_BACK_DAYS = 28
RETENTION_DAYS = 1120  # 37 months, of which the shortest has 1,123 days

ACCOUNT_FIELDS = ("account_id", "name", "currency", "timezone_name", "account_status")
CAMPAIGN_FIELDS = (
    "id",
    "name",
    "effective_status",
    "buying_type",
    "objective",
    "start_time",
    "stop_time",
    "updated_time",
)
METRIC_FIELDS = ("account_id", "account_currency", "spend", "impressions", "clicks")
CAMPAIGN_METRIC_FIELDS = (
    "campaign_id",
    "campaign_name",
    *METRIC_FIELDS,
    "inline_link_clicks",
    "actions",
    "action_values",
)
STATUSES = ("ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES")
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

_PAGE = 500
_FIRST_LOOK, _LONGEST_LOOK = 0.05, 15.0  # seconds between looks at a report run


class _RunFailed(Exception):
    """A report run ended without a report, or did not end in time."""


def connect(credentials: Mapping[str, str], settings: Settings) -> Graph:
    """A login with the connection's access token. Raises SourceRefused when it lacks one."""
    return Graph(credentials, settings)


def discover(client: Graph) -> list[Account]:
    """The ad accounts the connection names, else all that its token may read."""
    fields = ",".join(ACCOUNT_FIELDS)
    if client.account_ids:
        records = [client.get(f"act_{name}", fields=fields) for name in client.account_ids]
    else:
        records = [
            record
            for page in client.pages("me/adaccounts", _PAGE, fields=fields)
            for record in page
        ]
    found = {record["account_id"]: _account(record) for record in records}
    return [found[name] for name in sorted(found)]


def extract(client: Graph, account: Account, request: Request) -> Iterator[Record]:
    """Raw records of one stream, as the Graph API gives them.

    Daily streams yield insights rows; a row that comes twice is dropped, one that comes twice with
    other figures raises SourceUnavailable.
    """
    node = f"act_{account.account_id}"
    if request.stream == "accounts":
        yield client.get(node, fields=",".join(ACCOUNT_FIELDS))
    elif request.stream == "campaigns":
        yield from _campaigns(client, node)
    else:
        assert request.window is not None
        report = _report if request.stream == "campaign_daily" else _totals
        yield from _once(report(client, node, request.window), "campaign_id", "date_start")


def _campaigns(client: Graph, node: str) -> Iterator[Record]:
    """Every campaign, deleted and archived ones included: an edge hides them unless asked. Held
    against Meta's own count, asked for apart.

    https://developers.facebook.com/docs/marketing-api/best-practices/storing_adobjects
    """
    edge = f"{node}/campaigns"
    filtering = [{"field": "campaign.effective_status", "operator": "IN", "value": STATUSES}]
    pages = client.pages(edge, _PAGE, fields=",".join(CAMPAIGN_FIELDS), filtering=filtering)
    found = list(_once((record for page in pages for record in page), "id"))
    counted = client.get(edge, fields="id", limit=1, summary="total_count", filtering=filtering)
    count = (counted.get("summary") or {}).get("total_count")
    if isinstance(count, int) and len(found) < count:
        raise SourceUnavailable(
            f"Facebook counts {count} campaigns of {node} but gave {len(found)} of them"
        )
    yield from found


def _totals(client: Graph, node: str, window: Window) -> Iterator[Record]:
    """The account's own totals by day, asked for apart from the campaigns' as their control."""
    try:
        rows = [
            row
            for page in client.pages(
                f"{node}/insights",
                _PAGE,
                level="account",
                time_increment=1,
                fields=",".join(METRIC_FIELDS),
                time_range=_range(window),
            )
            for row in page
        ]
    except TooMuchData as error:
        rows = [row for half in _halves(window, error) for row in _totals(client, node, half)]
    yield from rows


def _report(client: Graph, node: str, window: Window) -> Iterator[Record]:
    """Campaigns by day through a report run. One that fails is started once more; then the window
    is cut in two. https://developers.facebook.com/docs/marketing-api/insights/best-practices"""
    try:
        try:
            rows = _run(client, node, window)
        except _RunFailed as failed:
            log.warning("%s %s: %s; starting it once more", node, _range(window), failed)
            rows = _run(client, node, window)
    except (TooMuchData, _RunFailed) as error:
        rows = [row for half in _halves(window, error) for row in _report(client, node, half)]
    yield from rows


def _run(client: Graph, node: str, window: Window) -> list[Record]:
    started = client.post(
        f"{node}/insights",
        level="campaign",
        time_increment=1,
        fields=",".join(CAMPAIGN_METRIC_FIELDS),
        time_range=_range(window),
    )
    run = started.get("report_run_id")
    if not run:
        raise SourceUnavailable("Facebook started a report without naming it")
    _await(client, str(run))
    return [row for page in client.pages(f"{run}/insights", _PAGE) for row in page]


def _await(client: Graph, run: str) -> None:
    """Looks at a report run until it is complete. Raises _RunFailed.

    https://developers.facebook.com/docs/marketing-api/reference/ad-report-run
    """
    deadline = time.monotonic() + client.settings.retry_seconds
    pause = _FIRST_LOOK
    while True:
        state = client.get(run)
        status = state.get("async_status")
        if status == "Job Completed" and state.get("async_percent_completion") == 100:
            return
        if status in ("Job Failed", "Job Skipped"):
            raise _RunFailed(f"the report ended as {status}")
        if time.monotonic() + pause > deadline:
            raise _RunFailed(
                f"the report stands at {status} after {client.settings.retry_seconds} s"
            )
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_LOOK)


def _halves(window: Window, error: Exception) -> tuple[Window, Window]:
    """Raises SourceUnavailable for a window of one day, which has no halves."""
    days = (window.last - window.first).days
    if days == 0:
        raise SourceUnavailable(
            f"Facebook cannot report {window.first}, not even alone: {error}"
        ) from None
    middle = window.first + timedelta(days // 2)
    return Window(window.first, middle), Window(middle + timedelta(1), window.last)


def _range(window: Window) -> dict[str, str]:
    return {"since": window.first.isoformat(), "until": window.last.isoformat()}


def _once(records: Iterable[Record], *key: str) -> Iterator[Record]:
    """Each record once: Meta at times serves a page twice."""
    seen: dict[tuple[Any, ...], Record] = {}
    repeated = 0
    for record in records:
        name = tuple(record.get(part) for part in key)
        if name not in seen:
            seen[name] = record
            yield record
        elif seen[name] == record:
            repeated += 1
        else:
            raise SourceUnavailable(
                f"Facebook gave {', '.join(str(part) for part in name if part)} twice with "
                "different figures: they moved while being read"
            )
    if repeated:
        log.warning("Facebook gave %d records twice; each is kept once", repeated)


def parse(account: Account, stream: str, records: Iterable[Record]) -> Iterator[Row]:
    """Staging rows of one stream's raw records. Days are the account's own, as Meta gives them."""
    for record in records:
        if stream == "campaign_daily":
            yield {
                **_metrics(account, record),
                "campaign_id": record.get("campaign_id"),
                "reported_conversions": _claimed(record.get("actions")),
                "reported_conversions_value": _claimed(record.get("action_values")),
            }
        elif stream == "account_daily":
            yield _metrics(account, record)
        elif stream == "campaigns":
            yield {
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
        else:
            yield {
                "platform": NAME,
                "account_id": record.get("account_id"),
                "account_name": record.get("name"),
                "account_status": _status(record),
                "currency_code": record.get("currency"),
                "time_zone": record.get("timezone_name"),
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


def _account(record: Record) -> Account:
    if missing := [
        name for name in ("account_id", "currency", "timezone_name") if not record.get(name)
    ]:
        raise SourceRefused(
            f"Facebook shows the account {record.get('name') or record.get('id')} without its "
            f"{missing[0]}; give the system user of the connection facebook_ads the permission "
            "ads_read on it"
        )
    return Account(
        account_id=record["account_id"],
        account_name=record.get("name"),
        currency_code=record["currency"],
        time_zone=record["timezone_name"],
        account_status=_status(record),
    )


def _status(record: Record) -> str | None:
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


FACEBOOK_ADS = Source(
    name=NAME,
    title="Facebook Ads",
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
    look_back_days=LOOK_BACK_DAYS,
    retention_days=RETENTION_DAYS,
    tagging=Tagging(
        utm_sources=("facebook", "facebook.com", "fb", "ig", "instagram", "instagram.com", "meta"),
        campaign_id_parameters=("utm_id", "campaign_id", "adset_id", "ad_id"),
    ),
)
