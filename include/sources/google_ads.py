"""Google Ads: accounts, campaigns, ad groups, ads, what each cost and brought by the day, clicks.

Reports: https://developers.google.com/google-ads/api/docs/reporting/overview. Amounts come as
micros of the account's currency; days are those of the account's time zone. Lists are held against
the count that comes with them, figures against the summary row, which Google adds up by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from math import isclose
from operator import attrgetter
from typing import Any

from include.contracts.staging import (
    STG_ACCOUNT_DAILY,
    STG_AD_ACCOUNT_HISTORY,
    STG_AD_ACCOUNT_MANAGERS,
    STG_AD_ACCOUNTS,
    STG_AD_DAILY,
    STG_AD_GROUP_HISTORY,
    STG_AD_GROUPS,
    STG_AD_HISTORY,
    STG_ADS,
    STG_CAMPAIGN_DAILY,
    STG_CAMPAIGN_HISTORY,
    STG_CAMPAIGNS,
    STG_CLICKS,
    STG_CONVERSION_DAILY,
)
from include.settings import Settings
from include.sources import (
    Account,
    Login,
    Measure,
    Record,
    Request,
    Source,
    SourceUnavailable,
    Stream,
    Tagging,
    Window,
)
from include.sources.google_ads_client import BrokenOff, Client
from include.sources.google_ads_login import NAME
from include.sources.google_ads_query import Query
from include.sources.google_ads_rows import parse
from include.sources.google_ads_wire import enum_name

_DAYS_AT_ONCE = 92  # what one answer is asked for; a stream that breaks off is begun anew
_KEPT_HEADS = 50_000


def _fields(of: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{of}.{name}" for name in names)


_TAGS = ("tracking_url_template", "final_url_suffix")
_OWN_TAGS = (*_TAGS, "url_custom_parameters")
# No conditions: paused and removed ones come too.
_LISTS = {
    "accounts": Query(
        _fields("customer", "id", "descriptive_name", "currency_code", "time_zone", "status"),
        "customer",
    ),
    "campaigns": Query(
        (
            *_fields("campaign", "id", "name", "status", "advertising_channel_type"),
            *_fields("campaign", "start_date_time", "end_date_time", *_OWN_TAGS),
            *_fields("customer", *_TAGS),
        ),
        "campaign",
    ),
    "ad_groups": Query(
        ("campaign.id", *_fields("ad_group", "id", "name", "status", "type")), "ad_group"
    ),
    "ads": Query(
        (
            "ad_group_ad.status",
            *_fields("ad_group_ad.ad", "id", "name", "type", "final_urls", *_OWN_TAGS),
            *_fields("ad_group", "id", *_OWN_TAGS),
            *_fields("campaign", "id", *_OWN_TAGS),
            *_fields("customer", *_TAGS),
        ),
        "ad_group_ad",
    ),
}
_COST = ("cost_micros", "impressions", "clicks")
_CONVERSIONS = ("conversions", "conversions_value")
_AD_IDS = ("campaign.id", "ad_group.id", "ad_group_ad.ad.id")
_ACTION = _fields(
    "segments", "conversion_action", "conversion_action_name", "conversion_action_category"
)
# What each daily stream asks for beside its day: fields, metrics, resource.
_REPORTS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "campaign_daily": (("campaign.id",), (*_COST, *_CONVERSIONS), "campaign"),
    "account_daily": ((), _COST, "customer"),
    "ad_daily": (_AD_IDS, (*_COST, *_CONVERSIONS), "ad_group_ad"),
    # Cost cannot be told apart by conversion action:
    # https://developers.google.com/google-ads/api/docs/conversions/reporting
    "conversion_daily": (("campaign.id", *_ACTION), _CONVERSIONS, "campaign"),
    # One day a query: https://developers.google.com/google-ads/api/fields/v26/click_view
    "clicks": (
        (
            *("campaign.id", "ad_group.id"),
            *_fields("click_view", "gclid", "ad_group_ad", "keyword_info.text"),
        ),
        ("clicks",),
        "click_view",
    ),
}
_JSON_NAMES = {
    "cost_micros": "costMicros",
    "impressions": "impressions",
    "clicks": "clicks",
    "conversions": "conversions",
    "conversions_value": "conversionsValue",
}


def connect(credentials: Mapping[str, str], settings: Settings) -> Client:
    """Logs in. See Client for what it raises."""
    return Client(credentials, settings)


def discover(client: Client) -> list[Account]:
    """The open accounts below every customer the log-in reaches, or those the connection names."""
    return client.accounts()


def usage(client: Client) -> list[Measure]:
    """Requests made, and operations as Google counts them."""
    return client.usage()


def look_at_login(client: Client) -> Login:
    """Version, granted scopes, and what should be mended although reading works."""
    return client.look()


def extract(client: Client, account: Account, request: Request) -> Iterator[Record]:
    """Raw rows in the JSON form of Google's REST interface; numbers as text.

    Raises SourceUnavailable when rows and total differ.
    """
    if request.window is None:
        if request.stream == "managers":
            yield from map(_manager_record, client.above(account.account_id))
            return
        shape = _LIST_RECORDS[request.stream]
        yield from map(shape, client.listed(account.account_id, _LISTS[request.stream]))
        return
    at_once = 1 if request.stream == "clicks" else _DAYS_AT_ONCE
    parts = _parts(request.window, at_once)[::-1]
    while parts:
        part = parts.pop()
        try:
            yield from _reported(client, account, request.stream, part)
        except BrokenOff:
            half = (len(part.days()) + 1) // 2
            parts += _parts(part, half)[::-1]


def _parts(window: Window, days: int) -> list[Window]:
    """A window cut into windows of at most so many days."""
    firsts = window.days()[::days]
    return [Window(first, min(first + timedelta(days - 1), window.last)) for first in firsts]


def _reported(client: Client, account: Account, stream: str, part: Window) -> Iterator[Record]:
    """The records of some days, held at their end against the total that came with them."""
    fields, names, resource = _REPORTS[stream]
    query = Query(
        (*fields, "segments.date", *_fields("metrics", *names)),
        resource,
        f"segments.date BETWEEN '{part.first}' AND '{part.last}'",
    )
    read, shape = _reader(names), _report_shape(stream, names)
    sums: list[Any] = [0] * len(names)
    total: Sequence[Any] | None = None
    came = False
    with client.reported(account, query, can_be_halved=part.first < part.last) as answer:
        for page in client.pages(answer, query):
            if page.HasField("summary_row"):
                total = read(page.summary_row.metrics)
            if not page.results:
                continue
            came = True
            columns = list(zip(*[read(row.metrics) for row in page.results], strict=True))
            sums = [held + sum(column) for held, column in zip(sums, columns, strict=True)]
            # repr is exact for a double, and a whole number's own text
            figures = zip(*(map(repr, column) for column in columns), strict=True)
            yield from shape(page.results, figures)
    if total is None and not came:
        return  # nothing happened on these days
    for name, summed, told in zip(names, sums, total or [None] * len(names), strict=True):
        if told is None or not _agree(summed, told):
            raise SourceUnavailable(
                f"Google Ads account {account.account_id}, {stream} from {part.first} to "
                f"{part.last}: the rows read add up to {summed} {name} but the total is {told}; "
                "none of them counts"
            )


def _agree(summed: float, told: float) -> bool:
    """Whole numbers to the last; fractions, which are doubles, as far as those can be added up."""
    if isinstance(told, int):
        return summed == told
    return isclose(summed, told, rel_tol=1e-10, abs_tol=0.005)


def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """A function that takes these metrics out of a message at once."""
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda metrics: (one(metrics),)
    return attrgetter(*names)


def _report_shape(
    stream: str, names: tuple[str, ...]
) -> Callable[[Iterable[Any], Iterable[tuple[str, ...]]], Iterator[Record]]:
    """A function that makes records of rows and their figures. What many rows share (the ids of an
    ad, a day) is made once."""
    head_of, key_of = _REPORT_HEADS[stream]
    day_of = attrgetter("segments.date")
    keys = tuple(_JSON_NAMES[name] for name in names)
    heads: dict[Any, Record] = {}
    days: dict[str, Record] = {}

    def records(rows: Iterable[Any], figures: Iterable[tuple[str, ...]]) -> Iterator[Record]:
        for row, key, day, texts in zip(
            rows, map(key_of, rows), map(day_of, rows), figures, strict=True
        ):
            head = heads.get(key)
            if head is None:
                if len(heads) == _KEPT_HEADS:
                    heads.clear()
                head = heads[key] = head_of(row)
            segments = days.get(day)
            if segments is None:
                segments = days[day] = {"date": day}
            metrics = dict(zip(keys, texts))  # noqa: B905 (as many of either)
            yield {"segments": segments, **head, "metrics": metrics}

    return records


def _campaign_head(row: Any) -> Record:
    return {"campaign": {"id": str(row.campaign.id)}}


def _ad_head(row: Any) -> Record:
    return {
        "campaign": {"id": str(row.campaign.id)},
        "adGroup": {"id": str(row.ad_group.id)},
        "adGroupAd": {"ad": {"id": str(row.ad_group_ad.ad.id)}},
    }


def _conversion_head(row: Any) -> Record:
    held = row.segments
    return {
        "campaign": {"id": str(row.campaign.id)},
        "segments": {
            "date": held.date,
            "conversionAction": held.conversion_action,
            "conversionActionName": held.conversion_action_name,
            "conversionActionCategory": enum_name(held, "conversion_action_category"),
        },
    }


def _click_head(row: Any) -> Record:
    held = row.click_view
    return {
        "campaign": {"id": str(row.campaign.id)},
        "adGroup": {"id": str(row.ad_group.id or "")},
        "clickView": {
            "gclid": held.gclid,
            "adGroupAd": held.ad_group_ad,
            "keywordInfo": {"text": held.keyword_info.text},
        },
    }


# How to make the shared part of a record, and what tells it from others.
_REPORT_HEADS: dict[str, tuple[Callable[[Any], Record], Callable[[Any], Any]]] = {
    "campaign_daily": (_campaign_head, attrgetter("campaign.id")),
    "account_daily": (lambda row: {}, lambda row: None),
    "ad_daily": (_ad_head, attrgetter("campaign.id", "ad_group.id", "ad_group_ad.ad.id")),
    "conversion_daily": (
        _conversion_head,
        attrgetter(
            "campaign.id",
            "segments.date",
            "segments.conversion_action",
            "segments.conversion_action_name",
        ),
    ),
    "clicks": (_click_head, attrgetter("click_view.gclid", "campaign.id", "ad_group.id")),
}


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


def _manager_record(row: Any) -> Record:
    held = row.customer_client
    return {
        "customer": {
            "id": str(row.customer.id),
            "descriptiveName": row.customer.descriptive_name,
        },
        "customerClient": {"id": str(held.id), "level": str(held.level)},
    }


def _tags(held: Any) -> Record:
    """The URL options of one level."""
    found = {
        "trackingUrlTemplate": held.tracking_url_template,
        "finalUrlSuffix": held.final_url_suffix,
    }
    if "url_custom_parameters" in held.DESCRIPTOR.fields_by_name:
        found["urlCustomParameters"] = [
            {"key": each.key, "value": each.value} for each in held.url_custom_parameters
        ]
    return found


def _campaign_record(row: Any) -> Record:
    held = row.campaign
    return {
        "customer": _tags(row.customer),
        "campaign": {
            "id": str(held.id),
            "name": held.name,
            "status": enum_name(held, "status"),
            "advertisingChannelType": enum_name(held, "advertising_channel_type"),
            "startDateTime": held.start_date_time,
            "endDateTime": held.end_date_time,
            **_tags(held),
        },
    }


def _ad_group_record(row: Any) -> Record:
    held = row.ad_group
    return {
        "campaign": {"id": str(row.campaign.id)},
        "adGroup": {
            "id": str(held.id),
            "name": held.name,
            "status": enum_name(held, "status"),
            "type": enum_name(held, "type"),
        },
    }


def _ad_record(row: Any) -> Record:
    held = row.ad_group_ad.ad
    return {
        "customer": _tags(row.customer),
        "campaign": {"id": str(row.campaign.id), **_tags(row.campaign)},
        "adGroup": {"id": str(row.ad_group.id), **_tags(row.ad_group)},
        "adGroupAd": {
            "status": enum_name(row.ad_group_ad, "status"),
            "ad": {
                "id": str(held.id),
                "name": held.name,
                "type": enum_name(held, "type"),
                "finalUrls": list(held.final_urls),
                **_tags(held),
            },
        },
    }


_LIST_RECORDS: dict[str, Callable[[Any], Record]] = {
    "accounts": _account_record,
    "campaigns": _campaign_record,
    "ad_groups": _ad_group_record,
    "ads": _ad_record,
}


# Conversions are counted on the day of the click, for windows of up to 90 days after it; 30 are the
# usual ones: https://support.google.com/google-ads/answer/3123169. Google names no number of
# concurrent requests, only a rate that it meters by account and developer token:
# https://developers.google.com/google-ads/api/docs/best-practices/rate-limits
GOOGLE_ADS = Source(
    name=NAME,
    title="Google Ads",
    kind="ads",
    connect=connect,
    discover=discover,
    extract=extract,
    parse=parse,
    streams=(
        Stream("accounts", STG_AD_ACCOUNTS, "snapshot", history=STG_AD_ACCOUNT_HISTORY),
        Stream("managers", STG_AD_ACCOUNT_MANAGERS, "snapshot"),
        Stream("campaigns", STG_CAMPAIGNS, "snapshot", history=STG_CAMPAIGN_HISTORY),
        Stream("ad_groups", STG_AD_GROUPS, "snapshot", history=STG_AD_GROUP_HISTORY),
        Stream("ads", STG_ADS, "snapshot", history=STG_AD_HISTORY),
        Stream("campaign_daily", STG_CAMPAIGN_DAILY, "daily"),
        Stream("account_daily", STG_ACCOUNT_DAILY, "daily", controls="campaign_daily"),
        Stream("ad_daily", STG_AD_DAILY, "daily"),
        Stream("conversion_daily", STG_CONVERSION_DAILY, "daily"),
        # Kept for 90 days; two short of that, for a load that runs past midnight.
        Stream(
            "clicks",
            STG_CLICKS,
            "daily",
            window_days=1,
            look_back_days=3,
            retention_days=88,
            granted_apart=True,
        ),
    ),
    look_back_days=30,
    tagging=Tagging(
        utm_sources=("google", "adwords", "googleads", "google_ads", "google-ads"),
        click_ids=("gclid", "gbraid", "wbraid"),
        campaign_id_parameters=("utm_id", "gad_campaignid"),
    ),
    concurrent_requests=4,
    usage=usage,
    look_at_login=look_at_login,
)
