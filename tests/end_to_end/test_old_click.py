"""A click id from 18 months ago finds its campaign, because it was harvested when it could be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import Home
from tests.sandbox.google_data import CLIENT, campaign, customer, day
from tests.sandbox.running import Sandbox, write_data_set

pytestmark = pytest.mark.campaign

THEN, NOW = "2025-06-01", "2026-11-20"
GCLID = "Cj0KCQjw18monthsago_wcB"


def click(gclid: str, date: str) -> dict[str, Any]:
    return {
        "customer": {"id": CLIENT},
        "campaign": {"id": "11"},
        "adGroup": {"id": "111"},
        "clickView": {"gclid": gclid, "adGroupAd": f"customers/{CLIENT}/adGroupAds/111~1111"},
        "segments": {"date": date, "device": "DESKTOP", "adNetworkType": "SEARCH"},
    }


def lead(number: int, gclid: str, created: str) -> dict[str, Any]:
    return {
        "Id": f"00Q5g000000000{number}AAA",
        "LastName": "Example",
        "Company": "Example Ltd",
        "Email": f"lead{number}@firm{number}.example",
        "LeadSource": "Web",
        "Status": "Open - Not Contacted",
        "GCLID__c": gclid,
        "CreatedDate": created,
        "_known_from": created,
    }


@pytest.fixture(scope="module")
def sandbox(serve: Callable[..., Sandbox], tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    files = {
        "google/customers": [{"customer": customer(CLIENT, "Shop")}],
        "google/campaigns": [campaign("11", "Brand")],
        "google/ad_groups": [
            {"customer": {"id": CLIENT}, "campaign": {"id": "11"},
             "adGroup": {"id": "111", "name": "Exact", "status": "ENABLED"}}
        ],
        "google/ads": [
            {"customer": {"id": CLIENT}, "campaign": {"id": "11"}, "adGroup": {"id": "111"},
             "adGroupAd": {"status": "ENABLED", "ad": {"id": "1111", "name": "Ad"}}}
        ],
        "google/daily_metrics": [
            {**day(date, 5_000_000, group="111", ad="1111"), "_known_from": known}
            for date, known in (("2025-05-20", "2025-05-21"), ("2026-11-10", "2026-11-11"))
        ],
        "google/click_views": [click(GCLID, "2025-05-20"), click("Cj0Other_wcB", "2025-05-20")],
        "salesforce/Lead": [lead(1, GCLID, "2026-11-18T10:00:00Z")],
    }  # fmt: skip
    return serve(write_data_set(tmp_path_factory.mktemp("old") / "data", files))


def night(home: Home, sandbox: Sandbox, day: str) -> None:
    """Google and the CRM as of a day; the marts."""
    home.night(sandbox, "google_ads,salesforce", CLOSED_LOOP_AS_OF=day)


def touch(home: Home) -> dict[str, Any]:
    """The one touch of the marts."""
    (row,) = home.marts(
        """
        select platform, account_id, campaign_id, match_method, channel from marts.fct_touchpoints
        """
    )
    return row


def test_a_click_harvested_18_months_ago_finds_its_campaign(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    home = Home(tmp_path / "faithful")
    sandbox.set_clock(THEN)
    night(home, sandbox, THEN)
    sandbox.set_clock(NOW)
    night(home, sandbox, NOW)
    found = touch(home)
    assert (found["platform"], found["account_id"]) == ("google_ads", CLIENT)
    assert (found["campaign_id"], found["match_method"]) == ("11", "stored_click")
    assert found["channel"] == "Paid Search"
    night(home, sandbox, NOW)
    assert touch(home) == found, "a later night forgot the click"


def test_without_that_night_the_network_no_longer_tells(tmp_path: Path, sandbox: Sandbox) -> None:
    home = Home(tmp_path / "late")
    sandbox.set_clock(NOW)
    night(home, sandbox, NOW)
    found = touch(home)
    assert (found["platform"], found["campaign_id"]) == ("google_ads", None)
    assert found["channel"] == "Paid Search"
