"""What each of Facebook's streams holds, from the sandbox to the staging row."""

import hashlib
import hmac
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from include.contracts.shape import Table
from include.sources import Measure, SourceRefused, SourceUnavailable, Window
from include.sources.facebook_ads import FACEBOOK_ADS
from include.sources.facebook_ads_rows import Rows
from tests.sandbox.facebook_data import ADS, FILES, INSIGHTS
from tests.sandbox.facebook_reading import (
    AUTUMN,
    EAST,
    REPORTS,
    STREAMS,
    calls,
    connected,
    read,
    rows,
)
from tests.sandbox.running import Sandbox

PRESENT = [line for line in INSIGHTS if "_known_until" not in line and line["account_id"] == "1"]


@pytest.fixture(scope="module")
def served(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture
def sandbox(served: Sandbox) -> Sandbox:
    served.reset()
    return served


def summed(name: str, **ids: str) -> Decimal:
    """What the data set says, as known at the clock."""
    lines = (line for line in PRESENT if all(line.get(key) == ids[key] for key in ids))
    return sum((Decimal(line.get(name, "0")) for line in lines), Decimal(0))


@pytest.mark.parametrize("stream", STREAMS)
def test_every_row_fits_its_table(sandbox: Sandbox, stream: str) -> None:
    table: Table = FACEBOOK_ADS.stream(stream).table
    found = rows(sandbox, stream)
    assert found
    keys = [tuple(row[name] for name in table.key) for row in found]
    assert len(set(keys)) == len(keys)
    assert all(set(row) <= set(table.column_names) for row in found)


def test_ads_are_read_with_their_ad_group_and_campaign(sandbox: Sandbox) -> None:
    found = {row["ad_id"]: row for row in rows(sandbox, "ads")}
    assert {ad: row["ad_status"] for ad, row in found.items()} == {
        "1111": "ACTIVE",
        "1112": "DELETED",
        "1121": "ADSET_PAUSED",
        "1211": "ARCHIVED",
        "1311": "DISAPPROVED",
    }
    assert {ad: (row["ad_group_id"], row["campaign_id"]) for ad, row in found.items()} == {
        ad["id"]: (ad["adset_id"], ad["campaign_id"]) for ad in ADS if ad["account_id"] == "1"
    }
    assert {ad: row["form_id"] for ad, row in found.items() if row["form_id"]} == {"1112": "701"}
    paper = found["1111"]
    assert (paper["landing_page_url"], paper["utm_source"], paper["utm_medium"]) == (
        "https://example.com/paper?utm_medium=paid",
        "facebook",
        "paid",
    )
    assert (paper["utm_campaign"], paper["utm_content"]) == ("11", "Paper")
    assert paper["utm_term"] == "{{site_source_name}}", "a click decides it"


def test_ad_groups_of_every_status_are_read(sandbox: Sandbox) -> None:
    found = {row["ad_group_id"]: row for row in rows(sandbox, "ad_groups")}
    assert {group: row["ad_group_status"] for group, row in found.items()} == {
        "111": "ACTIVE",
        "112": "CAMPAIGN_PAUSED",
        "121": "DELETED",
        "131": "ARCHIVED",
    }
    assert found["111"]["ad_group_type"] == "LINK_CLICKS"


def test_ad_days_add_up_to_the_data_and_stay_below_their_campaigns(sandbox: Sandbox) -> None:
    ads, campaigns = rows(sandbox, "ad_daily"), rows(sandbox, "campaign_daily")
    for ad in ("1111", "1112", "1121", "1211", "1311"):
        spend = sum(row["spend"] for row in ads if row["ad_id"] == ad)
        assert spend == summed("spend", ad_id=ad) > 0
    for campaign in ("11", "12", "13"):
        assert sum(row["spend"] for row in ads if row["campaign_id"] == campaign) == sum(
            row["spend"] for row in campaigns if row["campaign_id"] == campaign
        )
    bare = [row for row in campaigns if row["campaign_id"] == "14"]
    assert [row["spend"] for row in bare] == [Decimal("1.25")] * 3
    assert not [row for row in ads if row["campaign_id"] == "14"]


def test_conversions_are_told_by_type_without_engagement(sandbox: Sandbox) -> None:
    found = rows(sandbox, "conversion_daily")
    assert {row["conversion_action_id"] for row in found} == {
        "lead",
        "offsite_conversion.fb_pixel_lead",
    }
    day = date(2026, 10, 21)  # the second day: two leads an ad, three ads in campaign 11
    assert {
        row["conversion_action_id"]: (
            row["reported_conversions"],
            row["reported_conversions_value"],
        )
        for row in found
        if row["campaign_id"] == "11" and row["date_day"] == day
    } == {
        "lead": (Decimal(6), Decimal("64.50")),
        "offsite_conversion.fb_pixel_lead": (Decimal(3), None),
    }


def test_36_filled_forms_keep_no_personal_data(sandbox: Sandbox) -> None:
    client = connected(sandbox)
    records = read(sandbox, "lead_forms", client=client)
    key = client.settings.hash_key()
    by_id = {record["id"]: record for record in records}
    assert sorted(by_id) == ["801", "802", "803", "804", "805"], "90 days are kept"
    hashes = {
        identifier: hmac.new(key, address.encode(), hashlib.sha256).hexdigest()
        for identifier, address in [
            ("801", "ada@example.com"),
            ("802", "bob@example.org"),
            ("803", "eve@example.net"),
        ]
    }
    assert {i: r["email_hash"] for i, r in by_id.items() if "email_hash" in r} == hashes
    assert by_id["801"]["email_domain"] == "example.com"
    assert by_id["801"]["utm_source"] == "fb"
    told = repr(records).lower()
    for written in ("ada+", "ada@", "lovelace", "0100", "bob@", "eve@", "nobody", "field_data"):
        assert written not in told
    assert [i for i, r in by_id.items() if r["is_test"]] == ["805"]


def test_filled_forms_name_their_ad_form_and_day(sandbox: Sandbox) -> None:
    found = {row["response_id"]: row for row in rows(sandbox, "lead_forms")}
    assert {
        i: (row["campaign_id"], row["ad_group_id"], row["ad_id"], row["form_name"])
        for i, row in found.items()
        if i in ("801", "803")
    } == {
        "801": ("11", "111", "1112", "White paper"),
        "803": ("12", "121", "1211", "Demo"),
    }
    assert found["801"]["submitted_at"] == datetime(2026, 11, 1, 3, 59, 59, tzinfo=UTC)
    assert [str(found[i]["date_day"]) for i in ("801", "802", "803", "804")] == [
        "2026-10-31",
        "2026-11-01",
        "2026-11-01",
        "2026-11-02",
    ]


def test_only_ads_that_may_open_a_form_are_asked_for_leads(sandbox: Sandbox) -> None:
    read(sandbox, "lead_forms")
    assert [call["path"] for call in calls(sandbox, "GET", "/leads")] == [
        "/v26.0/1112/leads",
        "/v26.0/1211/leads",
    ]


def test_leads_that_are_missing_are_noticed_without_a_count(sandbox: Sandbox) -> None:
    """Where Meta tells no count of an edge, its ids are read again."""
    answer: dict[str, Any] = {"data": [{"id": "801", "form_id": "701"}]}
    sandbox.set_faults(
        [
            {
                "match": {"path": "/1112/leads$"},
                "nth": 1,
                "do": {"kind": "status", "status": 200, "body": answer},
            }
        ]
    )
    with pytest.raises(SourceUnavailable, match="counts 4 leads of 1112 but gave 1 of them"):
        read(sandbox, "lead_forms")


def test_a_missing_permission_for_leads_is_named(sandbox: Sandbox) -> None:
    refusal = {"error": {"code": 200, "message": "(#200) Requires leads_retrieval permission"}}
    sandbox.set_faults(
        [
            {
                "match": {"path": "/leads$"},
                "do": {"kind": "status", "status": 403, "body": refusal},
            }
        ]
    )
    with pytest.raises(
        SourceRefused, match="the permission leads_retrieval, or write lead_forms: no"
    ):
        read(sandbox, "lead_forms")
    assert read(sandbox, "lead_forms", lead_forms="no") == []
    assert rows(sandbox, "campaign_daily", lead_forms="no")


def unseen(path: str) -> list[dict[str, Any]]:
    said = "Unsupported get request. Object with ID '702' does not exist or cannot be loaded"
    error = {"code": 100, "error_subcode": 33, "message": said}
    answer = {"kind": "status", "status": 400, "body": {"error": error}}
    return [{"match": {"path": path}, "do": answer}]


def test_a_form_that_is_gone_is_said_to_be_gone_and_costs_its_name_alone(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.set_faults(unseen("/702$"))
    found = {row["response_id"]: row["form_name"] for row in rows(sandbox, "lead_forms")}
    assert (found["801"], found["803"]) == ("White paper", None)
    (told,) = [text for text in caplog.messages if "702" in text]
    assert "The lead form 702 was deleted, or belongs to a Page that" in told
    assert "its answers are kept, its name is not" in told
    assert "to the system user" in told
    assert "ads_read" not in told
    assert "account_ids" not in told


def test_leads_of_a_page_out_of_sight_say_what_to_do(sandbox: Sandbox) -> None:
    sandbox.set_faults(unseen("/1211/leads$"))
    with pytest.raises(SourceRefused) as refused:
        read(sandbox, "lead_forms")
    told = str(refused.value)
    for words in (
        "of the ad 1211",
        "was deleted",
        "Page",
        "Leads Access Manager",
        "lead_forms: no",
    ):
        assert words in told, told
    assert "ads_read" not in told


@pytest.mark.parametrize("stream", REPORTS)
def test_an_account_ahead_of_utc_keeps_its_own_days_and_currency(
    sandbox: Sandbox, stream: str
) -> None:
    found = rows(sandbox, stream, EAST)
    assert {row["date_day"] for row in found} == set(AUTUMN.days())
    assert {row["currency_code"] for row in found} == {"JPY"}


def test_the_login_tells_user_scopes_and_end(sandbox: Sandbox) -> None:
    look = FACEBOOK_ADS.look_at_login
    assert look is not None
    login = look(connected(sandbox))
    assert (login.api_version, login.user, login.expires_at) == (
        "v26.0",
        "Sandbox System User",
        None,
    )
    assert login.scopes == ("ads_management", "ads_read", "business_management", "leads_retrieval")
    assert login.remarks == ()
    assert calls(sandbox, "POST", "/debug_token"), "the token does not travel in a URL"
    without_app = look(connected(sandbox, app_id="", app_secret=""))
    assert without_app.scopes == login.scopes
    described = {
        "data": {
            "app_id": "7",
            "is_valid": True,
            "scopes": ["ads_read"],
            "expires_at": 1800000000,
            "data_access_expires_at": 1790000000,
        }
    }
    body = {"kind": "status", "status": 200, "body": described}
    sandbox.set_faults([{"match": {"path": "/debug_token$"}, "do": body}])
    ending = look(connected(sandbox))
    assert ending.expires_at == datetime(2027, 1, 15, 8, tzinfo=UTC)
    assert [remark.split("; ")[0] for remark in ending.remarks] == [
        "The access token belongs to the app 7, not to 1000000001, which the connection "
        "facebook_ads names",
        "Meta lets this token read data until 2026-09-21",
        "The access token lacks leads_retrieval",
    ]
    assert len(look(connected(sandbox, lead_forms="no")).remarks) == 2
    described["data"]["is_valid"] = False
    sandbox.set_faults([{"match": {"path": "/debug_token$"}, "do": body}])
    with pytest.raises(SourceRefused, match="is not valid; write a fresh one"):
        look(connected(sandbox))


def test_what_is_used_of_the_api_is_told(sandbox: Sandbox) -> None:
    client = connected(sandbox)
    read(sandbox, "account_daily", client=client)
    assert FACEBOOK_ADS.usage is not None
    assert FACEBOOK_ADS.usage(client) == [
        Measure("requests", Decimal(2)),
        Measure("account_usage_percent", Decimal(1), Decimal(100)),
        Measure("app_usage_percent", Decimal(1), Decimal(100)),
        Measure("business_usage_percent", Decimal(1), Decimal(100)),
        Measure("insights_usage_percent", Decimal("0.1"), Decimal(100)),
    ]


def test_one_client_serves_many_threads(sandbox: Sandbox) -> None:
    client = connected(sandbox, page=7)
    windows = [Window(day, day) for day in AUTUMN.days()[:12]]
    with ThreadPoolExecutor(6) as pool:
        read_at_once = list(
            pool.map(lambda days: read(sandbox, "ad_daily", window=days, client=client), windows)
        )
    assert [len(found) for found in read_at_once] == [5] * 12
    assert FACEBOOK_ADS.usage is not None
    assert FACEBOOK_ADS.usage(client)[0].used == len(sandbox.log())


def test_the_number_of_rows_costs_no_memory_but_their_keys() -> None:
    held = Rows("here", "ad_id", ("spend",), AUTUMN)
    tracemalloc.start()
    for page in range(100):
        held.add(
            [
                {
                    "ad_id": f"{page}-{n}",
                    "date_start": "2026-11-01",
                    "spend": "0.01",
                    "more": f"{page}-{n}-" * 50,
                }
                for n in range(1000)
            ]
        )
    read_again = sum(1 for _ in held)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    held.close()
    assert read_again == held.count == 100_000
    assert peak < 30 * 2**20, "the rows alone are more than 30 MB"
