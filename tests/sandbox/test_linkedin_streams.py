"""Our LinkedIn streams against the sandbox: ads and where they lead, figures by ad and by kind of
conversion, the answers to lead forms; the log-in, its token, and what is used of the API."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from include.settings import load_settings
from include.sources import SourceRefused, Window
from include.sources.linkedin_ads import LINKEDIN_ADS
from include.sources.personal import hashed
from tests.sandbox.linkedin_data import (
    EURO,
    STREAM_FILES,
    account,
    campaign,
    campaign_urn,
    creative_urn,
    day,
    group,
)
from tests.sandbox.linkedin_reading import (
    NOVEMBER,
    account_of,
    calls,
    connect,
    extracted,
    rows,
    settings,
)
from tests.sandbox.running import Sandbox


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(STREAM_FILES)


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.reset()


def test_campaigns_are_our_ad_groups_removed_ones_included(sandbox: Sandbox) -> None:
    assert [
        (row["ad_group_id"], row["campaign_id"], row["ad_group_name"], row["ad_group_status"])
        for row in rows(sandbox, "ad_groups")
    ] == [
        ("701", "601", "Campaign 701", "ACTIVE"),
        ("702", "602", "Campaign 702", "ACTIVE"),
        ("704", "602", "Old 704", "REMOVED"),
    ]


def test_ads_know_where_they_lead_and_what_their_visitors_carry(sandbox: Sandbox) -> None:
    named = [
        "campaign_id", "ad_group_id", "ad_id", "form_id", "ad_status", "landing_page_url",
        "utm_source", "utm_campaign", "utm_content", "utm_term",
    ]  # fmt: skip
    assert [[row[name] for name in named] for row in rows(sandbox, "ads")] == [
        ["601", "701", "801", None, "ACTIVE", "https://example.com/a?utm_term=own",
         "linkedin", "601", None, "own"],
        ["601", "701", "802", "901", "ARCHIVED", "https://example.com/text",
         "linkedin", "601", None, None],
        ["602", "704", "803", None, "REMOVED", None, "whole", None, "803", None],
    ]  # fmt: skip
    asked = calls(sandbox, "adTrackingParameters")
    assert len(asked) == 3, "once an account and once a campaign"


def test_what_a_login_may_not_see_of_ads_is_unknown_and_no_failure(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.set_faults(
        [
            {
                "match": {"api": "linkedin", "path": "/rest/(posts|adTracking)"},
                "do": {"kind": "status", "status": 403, "body": {"status": 403}},
            }
        ]
    )
    assert [(row["ad_id"], row["landing_page_url"]) for row in rows(sandbox, "ads")] == [
        ("801", None),
        ("802", "https://example.com/text"),
        ("803", None),
    ]
    told = [line for line in caplog.messages if "stays unknown" in line]
    assert len(told) == 2, "once for tracking parameters, once for posts"
    assert "r_organization_social; what it would tell" in "".join(told)


def test_a_version_that_knows_no_tracking_by_account_is_not_asked(sandbox: Sandbox) -> None:
    found = rows(sandbox, "ads", api_version="202607")
    assert [row["utm_source"] for row in found] == ["linkedin", "linkedin", None]


def test_ads_of_each_day_stand_below_their_campaign(sandbox: Sandbox) -> None:
    named = ("campaign_id", "ad_group_id", "ad_id", "spend", "reported_conversions")
    found = rows(sandbox, "ad_daily")
    assert [(row["date_day"].day, *(row[name] for name in named)) for row in found] == [
        (1, "601", "701", "801", Decimal("0.10"), 0),
        (1, "601", "701", "802", Decimal("0.20"), 2),
        (2, "601", "701", "801", Decimal("8.88"), 0),
    ]


def test_conversions_by_kind_come_in_requests_of_twenty_fields(
    serve_data: Callable[..., Sandbox],
) -> None:
    served = serve_data(
        {
            "linkedin/accounts": [account(EURO, "EUR")],
            "linkedin/analytics": [
                day(
                    "2026-11-01",
                    "1",
                    externalWebsiteConversions=3,
                    externalWebsitePostClickConversions=2,
                    externalWebsitePostViewConversions=1,
                    conversionValueInLocalCurrency="12.50",
                ),
                day("2026-11-01", "1", creative=802, externalWebsiteConversions=1),
                day("2026-11-02", "1", viralRegistrations=7),
                day("2026-11-02", "1", 702, 602, oneClickLeads=5),
                day("2026-11-03", "1"),
            ],
        }
    )
    found = rows(served, "conversion_daily")
    assert {
        (row["date_day"].day, row["campaign_id"], row["conversion_action_id"]): (
            row["reported_conversions"],
            row["reported_conversions_value"],
        )
        for row in found
    } == {
        (1, "601", "externalWebsiteConversions"): (4, Decimal("12.50")),
        (1, "601", "externalWebsitePostClickConversions"): (2, None),
        (1, "601", "externalWebsitePostViewConversions"): (1, None),
        (2, "601", "viralRegistrations"): (7, None),
        (2, "602", "oneClickLeads"): (5, None),
    }
    assert len(found) == 5
    asked = calls(served, "adAnalytics")
    assert len(asked) == 4, "two requests for the totals, two for the days"
    for call in asked:
        fields = call["query"].split("fields=")[1].split("&")[0].split(",")
        assert len(fields) <= 20
        assert fields[:2] == ["pivotValues", "dateRange"]


def test_36_answers_to_lead_forms_come_without_what_people_wrote(sandbox: Sandbox) -> None:
    client = connect(sandbox)
    chosen = account_of(client, EURO)
    records = extracted(client, chosen, "lead_forms")
    text = json.dumps(records)
    for personal in ("Ann", "ann", "bob", "CFO", "MpGcnvaU", "@"):
        assert personal not in text
    key = client.settings.hash_key()
    found = list(LINKEDIN_ADS.parse(chosen, "lead_forms", records))
    assert [(row["response_id"], row["email_hash"], row["email_domain"]) for row in found] == [
        ("response-00002", hashed("ann@example.com", key)["email_hash"], "example.com"),
        ("response-00003", hashed("bob@firm.example", key)["email_hash"], "firm.example"),
        ("response-00004", hashed("who@example.com", key)["email_hash"], "example.com"),
    ]
    first = found[0]
    assert (first["campaign_id"], first["ad_group_id"], first["ad_id"]) == ("601", "701", "801")
    assert (first["form_id"], first["form_name"], first["utm_campaign"]) == (
        "901",
        "Form 901",
        "hidden",
    )
    assert first["submitted_at"] == datetime(2026, 11, 1, tzinfo=UTC)
    assert [row["is_test"] for row in found] == [False, True, False]
    assert found[2]["form_id"] == "903", "a form that is gone is known by its id"


def test_answers_whose_form_is_gone_are_counted_in_the_log(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    rows(sandbox, "lead_forms")
    told = [text for text in caplog.messages if "form" in text]
    assert told == [
        f"1 of the 3 answers of LinkedIn account {EURO} come without the questions of their form "
        "(903), which was deleted or is not shown to this log-in: what looks like an e-mail "
        "address was taken for the person's; 0 of them hold none"
    ]
    assert "who@" not in caplog.text


def test_a_day_of_answers_ends_where_the_next_begins(sandbox: Sandbox) -> None:
    def on(number: int) -> list[str]:
        one = Window(date(2026, 11, number), date(2026, 11, number))
        return [row["response_id"][-1] for row in rows(sandbox, "lead_forms", window=one)]

    assert (on(1), on(2), on(3)) == (["2", "3"], ["4"], [])


def test_lead_forms_that_are_refused_say_what_to_do(sandbox: Sandbox) -> None:
    sandbox.set_faults(
        [
            {
                "match": {"api": "linkedin", "path": "leadFormResponses"},
                "do": {"kind": "status", "status": 403, "body": {"status": 403}},
            }
        ]
    )
    with pytest.raises(SourceRefused, match=r"Lead Sync API .*or write lead_forms: no"):
        rows(sandbox, "lead_forms")
    assert rows(sandbox, "lead_forms", lead_forms="no") == []


def test_the_login_tells_scopes_and_end(sandbox: Sandbox) -> None:
    found = LINKEDIN_ADS.look_at_login(connect(sandbox))
    assert found.api_version == "202611"
    assert found.scopes[:2] == ("r_ads", "r_ads_reporting")
    assert found.remarks == ()
    left = found.expires_at - datetime.now(UTC)
    assert 364 <= left.days <= 365, "the refresh token's year, not the access token's 60 days"
    alone = LINKEDIN_ADS.look_at_login(
        connect(sandbox, refresh_token="", access_token="sandbox-linkedin-token")
    )
    assert (alone.expires_at - datetime.now(UTC)).days in (59, 60)
    bare = LINKEDIN_ADS.look_at_login(
        connect(
            sandbox, refresh_token="", access_token="sandbox-linkedin-token", login="", password=""
        )
    )
    assert (bare.scopes, bare.expires_at) == (None, None)


def test_the_login_says_which_scope_is_missing(sandbox: Sandbox) -> None:
    body = {"active": True, "created_at": 1_700_000_000, "scope": "rw_ads,r_ads_reporting"}
    sandbox.set_faults(
        [
            {
                "match": {"api": "linkedin", "path": "introspectToken"},
                "do": {"kind": "status", "status": 200, "body": body},
            }
        ]
    )
    assert LINKEDIN_ADS.look_at_login(connect(sandbox)).remarks == (
        "The scope r_marketing_leadgen_automation is not granted, so the answers to lead forms "
        "cannot be read",
        "The scope r_organization_social is not granted, so the landing pages of sponsored posts "
        "cannot be read",
    )


def test_a_dead_token_is_said_to_be_dead(sandbox: Sandbox) -> None:
    client = connect(sandbox, refresh_token="", access_token="canary-unknown")
    with pytest.raises(SourceRefused, match=r"access token .* is expired"):
        LINKEDIN_ADS.look_at_login(client)


def test_usage_counts_requests_by_resource(sandbox: Sandbox) -> None:
    client = connect(sandbox)
    chosen = account_of(client, EURO)
    extracted(client, chosen, "campaign_daily")
    assert {each.name: each.used for each in LINKEDIN_ADS.usage(client)} == {
        "requests": 5,
        "accessToken_requests": 1,
        "adAccounts_requests": 2,
        "adAnalytics_requests": 2,
    }


def test_no_more_requests_are_under_way_than_allowed(sandbox: Sandbox) -> None:
    """The sandbox refuses a fifth request under way; twelve windows are asked for at once."""
    client = connect(sandbox)
    chosen = account_of(client, EURO)
    sandbox.set_faults([{"match": {"api": "linkedin"}, "do": {"kind": "quota", "concurrent": 4}}])
    days = [Window(each, each) for each in NOVEMBER.days()[:12]]

    def read(window: Window) -> list[dict[str, Any]]:
        return extracted(client, chosen, "campaign_daily", window)

    with ThreadPoolExecutor(12) as pool:
        found = [record for records in pool.map(read, days) for record in records]
    assert len(found) == 3
    assert {call["status"] for call in calls(sandbox, "adAnalytics")} == {200}
    assert LINKEDIN_ADS.concurrent_requests == 4


def test_settings_say_how_many_requests_may_be_under_way(sandbox: Sandbox) -> None:
    few = connect(sandbox, env={"CLOSED_LOOP_CONCURRENT_REQUESTS": '{"linkedin_ads": 1}'})
    sandbox.set_faults([{"match": {"api": "linkedin"}, "do": {"kind": "quota", "concurrent": 1}}])
    assert len(extracted(few, account_of(few, EURO), "ads")) == 3
    assert {call["status"] for call in calls(sandbox, "/rest/")} == {200, 404}


def test_a_long_window_is_read_in_few_answers_none_of_them_full(
    serve_data: Callable[..., Sandbox],
) -> None:
    """A thousand creatives on forty days: 40,000 rows, of which 15,000 fit into an answer."""
    served = serve_data(
        {
            "linkedin/accounts": [account(EURO, "EUR")],
            "linkedin/campaign_groups": [group(601)],
            "linkedin/campaigns": [campaign(701, 601)],
            "linkedin/analytics": [
                day(f"2026-{10 + n // 30}-{1 + n % 30:02}", "0.01", creative=creative)
                for n in range(40)
                for creative in range(1_000)
                if creative or n
            ],
        }
    )
    window = Window(date(2026, 10, 1), date(2026, 11, 19))
    found = rows(served, "ad_daily", window=window)
    keys = {(row["ad_id"], row["date_day"]) for row in found}
    assert len(keys) == len(found) == 999 * 40
    assert sum(row["spend"] for row in found) == Decimal("0.01") * 999 * 40
    assert len(calls(served, "adAnalytics")) <= 6


def test_a_rotated_refresh_token_outlives_the_process(
    serve_data: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture
) -> None:
    served = serve_data(STREAM_FILES)
    served.set_faults([{"preset": "linkedin-rotating-refresh-token"}])
    chosen = settings(served)
    given = served.connection("linkedin_ads")
    for _ in range(3):
        caplog.clear()
        client = LINKEDIN_ADS.connect(given, chosen)
        assert len(LINKEDIN_ADS.discover(client)) == 2
        assert "holds an outdated refresh_token" in caplog.text
        assert "AQrefresh-" not in caplog.text
    kept = chosen.home / "tokens" / "linkedin_ads.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    assert LINKEDIN_ADS.look_at_login(client).remarks == (
        f"The connection linkedin_ads holds an outdated refresh_token; the living one is kept in "
        f"{kept}: write it into the connection",
    )
    living = json.loads(kept.read_text())["refresh_token"]
    caplog.clear()
    served.set_faults([])
    renewed = LINKEDIN_ADS.connect({**given, "refresh_token": living}, chosen)
    assert len(LINKEDIN_ADS.discover(renewed)) == 2
    assert "outdated" not in caplog.text, "a connection that was mended is taken at its word"


def test_a_home_that_cannot_keep_tokens_is_told_before_one_is_used(
    sandbox: Sandbox, tmp_path: Any
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    chosen = load_settings({**sandbox.variables, "CLOSED_LOOP_HOME": str(blocked)})
    with pytest.raises(SourceRefused, match="cannot be used to keep a refresh token"):
        LINKEDIN_ADS.connect(sandbox.connection("linkedin_ads"), chosen)
    assert calls(sandbox, "accessToken") == []


def test_records_name_what_they_join(sandbox: Sandbox) -> None:
    client = connect(sandbox)
    first = extracted(client, account_of(client, EURO), "ads")[0]
    assert first["creative"]["id"] == creative_urn(801)
    assert f"urn:li:sponsoredCampaign:{first['campaign']['id']}" == campaign_urn(701)
