"""Reads streams of the sandbox's Google Ads as a load does, for the tests of the source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from include.settings import load_settings
from include.sources import Account, Request, Window
from include.sources.google_ads import GOOGLE_ADS
from include.sources.google_ads_client import Client
from tests.sandbox.google_data import CLIENT, FILES, MANAGER, campaign, customer, day
from tests.sandbox.running import Sandbox

Row = dict[str, Any]
NOVEMBER = Window(date(2026, 11, 1), date(2026, 11, 19))
FIRST = Window(date(2026, 11, 1), date(2026, 11, 1))

_HEAD, _MIDDLE = "9000000000", "9000000002"


def group(number: str, camp: str = "11", **more: Any) -> Row:
    return {
        "customer": {"id": CLIENT},
        "campaign": {"id": camp},
        "adGroup": {
            "id": number,
            "name": f"Group {number}",
            "status": "ENABLED",
            "type": "SEARCH_STANDARD",
            **more,
        },
    }


def ad(number: str, of: str = "111", status: str = "ENABLED", **more: Any) -> Row:
    return {
        "customer": {"id": CLIENT},
        "campaign": {"id": "11"},
        "adGroup": {"id": of},
        "adGroupAd": {
            "status": status,
            "ad": {
                "id": number,
                "type": "RESPONSIVE_SEARCH_AD",
                "finalUrls": ["https://shop.example/a"],
                **more,
            },
        },
    }


STREAM_FILES: dict[str, list[Row]] = {
    **FILES,
    "google/customers": [
        {"customer": customer(_HEAD, "Holding", manager=True), "clients": [MANAGER, _MIDDLE]},
        {"customer": customer(_MIDDLE, "Agency", manager=True), "clients": [CLIENT]},
        {"customer": customer(MANAGER, "Group", manager=True), "clients": [_MIDDLE]},
        {"customer": customer(CLIENT, "Shop", finalUrlSuffix="utm_source=google&utm_medium=cpc")},
    ],
    "google/campaigns": [
        campaign("11", "Brand", finalUrlSuffix="utm_source=google&utm_id={campaignid}"),
        campaign("12", "Max", advertisingChannelType="PERFORMANCE_MAX", status="PAUSED"),
        campaign("13", "Gone", status="REMOVED"),
    ],
    "google/ad_groups": [
        group("111", trackingUrlTemplate="{lpurl}?utm_content={creative}&utm_term={_season}"),
        group("112", status="REMOVED"),
    ],
    "google/ads": [
        ad("1111", urlCustomParameters=[{"key": "season", "value": "autumn"}]),
        ad("1112", status="REMOVED", finalUrlSuffix="utm_source=own", name="Old"),
    ],
    "google/daily_metrics": [
        day("2026-11-01", 1_000_001, group="111", ad="1111"),
        day("2026-11-01", 2_000_002, group="111", ad="1112"),
        day("2026-11-02", 3_000_000, group="111", ad="1111", conversions=0.7),
        day("2026-11-02", 7_000_000, "12"),
    ],
}

# 10,050 campaigns with an ad each, over two days: lists of two pages, streams of three messages.
LARGE = range(10_001, 20_051)
LARGE_FILES: dict[str, list[Row]] = {
    "google/customers": FILES["google/customers"],
    "google/campaigns": [campaign(str(number), f"C{number}") for number in LARGE],
    "google/daily_metrics": [
        day(date, number, str(number)) for date in ("2026-11-01", "2026-11-02") for number in LARGE
    ],
}


def connect(sandbox: Sandbox, patience: int = 60, **credentials: str) -> Client:
    """A client that retries for so many seconds; one call may take a quarter, ten at least."""
    settings = load_settings({**sandbox.variables, "CLOSED_LOOP_RETRY_SECONDS": str(patience)})
    return GOOGLE_ADS.connect({**sandbox.connection("google_ads"), **credentials}, settings)


def account_of(client: Client, account_id: str = CLIENT) -> Account:
    [found] = [each for each in GOOGLE_ADS.discover(client) if each.account_id == account_id]
    return found


def rows(
    client: Client, stream: str, window: Window | None = None, account: Account | None = None
) -> list[Row]:
    """A stream's rows, its records having gone through JSON as landing does it."""
    account = account or account_of(client)
    if GOOGLE_ADS.stream(stream).kind != "daily":
        window = None
    elif window is None:
        window = FIRST if stream == "clicks" else NOVEMBER
    records = list(GOOGLE_ADS.extract(client, account, Request(stream, window)))
    landed = json.loads(json.dumps(records))
    return list(GOOGLE_ADS.parse(account, stream, landed))


def calls(sandbox: Sandbox, part: str) -> list[Mapping[str, Any]]:
    """The calls whose path and query hold a text."""
    return [call for call in sandbox.log() if part in f"{call['path']} {call['query']}"]
