"""Our LinkedIn source against the sandbox: complete rows once, or a sentence on what to do."""

import time
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

import pytest

from include.sources import (
    Account,
    SourceQuotaExhausted,
    SourceRefused,
    SourceUnavailable,
    Window,
)
from include.sources.linkedin_ads import LINKEDIN_ADS
from include.sources.linkedin_ads_reports import Report, read
from tests.sandbox.linkedin_data import (
    DOLLAR,
    EURO,
    FILES,
    FULL_AT,
    FULL_FILES,
    account,
    group,
)
from tests.sandbox.linkedin_reading import ANALYTICS, account_of, calls, connect, rows
from tests.sandbox.running import Sandbox


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.reset()


def test_accounts(sandbox: Sandbox) -> None:
    found = LINKEDIN_ADS.discover(connect(sandbox))
    assert found == [
        Account(str(EURO), f"Account {EURO}", "EUR", "UTC", "ACTIVE"),
        Account(str(DOLLAR), f"Account {DOLLAR}", "USD", "UTC", "CANCELED"),
    ]
    named = LINKEDIN_ADS.discover(connect(sandbox, account_ids=f"urn:li:sponsoredAccount:{DOLLAR}"))
    assert [each.account_id for each in named] == [str(DOLLAR)]


def test_campaign_groups_are_our_campaigns(sandbox: Sandbox) -> None:
    found = rows(sandbox, "campaigns", window=None)
    assert [
        (row["campaign_id"], row["campaign_name"], row["campaign_status"]) for row in found
    ] == [
        ("601", "Group 601 (new) 100%", "ACTIVE"),
        ("602", "Group 602", "PAUSED"),
        ("604", "Group 604", "REMOVED"),
    ]
    assert rows(sandbox, "accounts", window=None)[0]["currency_code"] == "EUR"


def test_campaigns_of_each_day_add_up_to_the_accounts_total(sandbox: Sandbox) -> None:
    parts, totals = rows(sandbox, "campaign_daily"), rows(sandbox, "account_daily")
    assert {(row["campaign_id"], row["date_day"].day): row["spend"] for row in parts} == {
        ("601", 1): Decimal("0.30"),
        ("601", 2): Decimal("8.88"),
        ("602", 2): Decimal("1.000001"),
    }
    assert {row["date_day"].day: row["spend"] for row in totals} == {
        1: Decimal("0.30"),
        2: Decimal("9.880001"),
    }
    assert parts[0]["reported_conversions"] == 2


@pytest.fixture(scope="module")
def full(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FULL_FILES)


@pytest.mark.parametrize("count", [14_999, 15_000, 15_001])
def test_no_answer_is_asked_for_that_may_be_cut(full: Sandbox, count: int) -> None:
    full.reset()
    full.set_clock(FULL_AT[count])
    found = rows(full, "campaign_daily")
    assert len({(row["campaign_id"], row["date_day"]) for row in found}) == len(found) == count
    assert sum(row["spend"] for row in found) == Decimal("0.01") * count
    assert len(calls(full, "adAnalytics")) <= 6, "a total, and few parts, none of them full"


def creatives(full: Sandbox, window: Window) -> list[str]:
    client = connect(full)
    chosen = account_of(client, DOLLAR)
    report = Report(("CREATIVE",), ("costInLocalCurrency", "impressions"))
    return [element["pivotValues"][0] for element in read(client, chosen, report, window)]


def test_a_full_day_is_split_by_campaigns(full: Sandbox) -> None:
    found = creatives(full, Window(date(2026, 11, 1), date(2026, 11, 1)))
    assert len(set(found)) == len(found) == 15_001


def test_6_a_full_day_of_one_campaign_is_refused_by_name(full: Sandbox) -> None:
    with pytest.raises(SourceRefused, match=r"2026-11-02 in campaign 9003 alone"):
        creatives(full, Window(date(2026, 11, 1), date(2026, 11, 2)))


def test_more_than_twenty_fields_are_never_asked_for(sandbox: Sandbox) -> None:
    rows(sandbox, "campaign_daily")
    asked = calls(sandbox, "adAnalytics")[0]["query"].split("fields=")[1].split("&")[0]
    assert 2 < len(asked.split(",")) <= 20


def test_faulty_pages_lose_nothing(serve_data: Callable[..., Sandbox]) -> None:
    served = serve_data(
        {
            "linkedin/accounts": [account(EURO, "EUR")],
            "linkedin/campaign_groups": [group(n) for n in range(1, 2_501)],
        }
    )
    for kind in ("empty_page", "short_page", "duplicate_page"):
        served.set_faults(
            [
                {
                    "match": {"api": "linkedin", "path": "adCampaignGroups"},
                    "nth": 2,
                    "do": {"kind": kind},
                }
            ]
        )
        found = rows(served, "campaigns", window=None)
        assert {row["campaign_id"] for row in found} == {str(n) for n in range(1, 2_501)}, kind
    served.set_faults(
        [{"match": {"api": "linkedin", "path": "adCampaignGroups"}, "do": {"kind": "empty_page"}}]
    )
    with pytest.raises(SourceUnavailable, match="circle"):
        rows(served, "campaigns", window=None)


def test_7_8_storms_broken_bodies_and_dropped_connections_are_waited_out(sandbox: Sandbox) -> None:
    for do in (
        {"kind": "status", "status": 503},
        {"kind": "html", "status": 502},
        {"kind": "html", "status": 200},
        {"kind": "truncate"},
        {"kind": "truncate", "hang_up": True},
        {"kind": "drop"},
        {"kind": "quota"},
    ):
        sandbox.reset()
        sandbox.set_faults([{"match": ANALYTICS, "nth": 1, "do": do}])
        assert len(rows(sandbox, "account_daily")) == 2, do
        assert len(calls(sandbox, "adAnalytics")) == 3, do


def test_8_9_a_throttle_is_waited_out_for_as_long_as_it_says(sandbox: Sandbox) -> None:
    sandbox.set_faults(
        [
            {
                "match": ANALYTICS,
                "nth": 1,
                "do": {
                    "kind": "status",
                    "status": 429,
                    "headers": {"Retry-After": "2"},
                    "body": {"status": 429, "message": "Resource level throttle limit is reached."},
                },
            }
        ]
    )
    began = time.monotonic()
    assert len(rows(sandbox, "account_daily")) == 2
    assert time.monotonic() - began >= 2


def test_9_a_daily_allowance_stops_at_once(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"match": ANALYTICS, "do": {"kind": "quota", "daily": True}}])
    with pytest.raises(SourceQuotaExhausted, match="midnight UTC"):
        rows(sandbox, "account_daily")
    assert len(calls(sandbox, "adAnalytics")) == 1


def test_10_a_revoked_token_is_refreshed_once_and_the_call_replayed(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"match": ANALYTICS, "nth": 1, "do": {"kind": "expire_token"}}])
    assert len(rows(sandbox, "account_daily")) == 2
    assert len(calls(sandbox, "accessToken")) == 2
    sandbox.reset()
    false_alarm = {
        "kind": "status",
        "status": 401,
        "body": {
            "status": 401,
            "serviceErrorCode": 65601,
            "code": "REVOKED_ACCESS_TOKEN",
            "message": "The token used in the request has been revoked by the user",
        },
    }
    sandbox.set_faults([{"match": ANALYTICS, "nth": [1, 2], "do": false_alarm}])
    assert len(rows(sandbox, "account_daily")) == 2
    assert len(calls(sandbox, "accessToken")) == 2


def test_the_token_endpoint_may_throttle(sandbox: Sandbox) -> None:
    sandbox.set_faults(
        [
            {
                "match": {"api": "linkedin", "path": "accessToken"},
                "nth": 1,
                "do": {"kind": "status", "status": 429},
            }
        ]
    )
    assert len(LINKEDIN_ADS.discover(connect(sandbox))) == 2


@pytest.mark.parametrize(("days", "is_told"), [(29, True), (31, False)])
def test_10_a_refresh_token_near_its_end_is_told_of(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, days: int, is_told: bool
) -> None:
    sandbox.set_faults(
        [
            {
                "match": {"api": "linkedin", "path": "accessToken"},
                "do": {
                    "kind": "status",
                    "status": 200,
                    "body": {
                        "access_token": "sandbox-linkedin-token",
                        "expires_in": 5_184_000,
                        "refresh_token_expires_in": days * 86_400,
                    },
                },
            }
        ]
    )
    assert len(LINKEDIN_ADS.discover(connect(sandbox))) == 2
    assert (f"expires in {days} days" in caplog.text) is is_told


@pytest.mark.parametrize(
    ("changes", "kind", "part"),
    [
        ({"refresh_token": "canary-wrong"}, SourceRefused, "invalid_grant"),
        ({"password": "canary-wrong"}, SourceRefused, "invalid_client"),
        ({"login": ""}, SourceRefused, "has no login"),
        ({"refresh_token": ""}, SourceRefused, "no refresh_token"),
        ({"refresh_token": "", "access_token": "canary-wrong"}, SourceRefused, "renew it"),
        *(
            (
                {"refresh_token": "", "access_token": f"canary-wrong{sign}canary-wrong"},
                SourceRefused,
                "access_token of the connection linkedin_ads holds",
            )
            for sign in ("\n", "é", " ")
        ),
        ({"password": "canary-wrong\né"}, SourceRefused, "invalid_client"),
        ({"refresh_token": "canary-wrong\né"}, SourceRefused, "invalid_grant"),
        ({"api_version": "202309"}, SourceRefused, "no longer serves version 202309"),
        ({"account_ids": "9"}, SourceRefused, "no account 9"),
        ({"host": "https://api.example.com"}, SourceRefused, "is not api.linkedin.com"),
        ({"host": "http://localhost:1"}, SourceRefused, "is not api.linkedin.com"),
        ({"token_url": "https://example.com/t"}, SourceRefused, "is not www.linkedin.com"),
        ({"host": "https://localhost:1"}, SourceUnavailable, "cannot be reached"),
        ({"token_url": "https://localhost:1/t"}, SourceUnavailable, "cannot be reached"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_without_secrets(
    sandbox: Sandbox, changes: dict[str, str], kind: type[Exception], part: str
) -> None:
    with pytest.raises(kind) as caught:
        LINKEDIN_ADS.discover(connect(sandbox, env={"CLOSED_LOOP_RETRY_SECONDS": "1"}, **changes))
    said = str(caught.value)
    assert part in said
    assert "\n" not in said
    given = {**sandbox.connection("linkedin_ads"), **changes}
    for name in ("password", "refresh_token", "access_token"):
        assert not given.get(name) or given[name] not in said
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_35_no_secret_reaches_the_log(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    rows(sandbox, "campaign_daily")
    given = sandbox.connection("linkedin_ads")
    assert "adAnalytics" in caplog.text, "the log says what was asked"
    for secret in (given["password"], given["refresh_token"], "AQsandbox-"):
        assert secret not in caplog.text


def test_39_a_redirect_is_not_followed(sandbox: Sandbox) -> None:
    sandbox.set_faults(
        [
            {
                "match": ANALYTICS,
                "do": {
                    "kind": "status",
                    "status": 302,
                    "headers": {"Location": "https://example.com/steal"},
                },
            }
        ]
    )
    with pytest.raises(SourceRefused, match="302"):
        rows(sandbox, "account_daily")


def test_39_the_sandbox_is_no_host_without_the_switch(sandbox: Sandbox) -> None:
    with pytest.raises(SourceRefused, match="CLOSED_LOOP_SANDBOX"):
        connect(sandbox, env={"CLOSED_LOOP_SANDBOX": ""})
    assert sandbox.log() == []
