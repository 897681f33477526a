"""Faults that Google Ads was seen with, numbered as in the list of faults of the sandbox's README:
what arrives is complete and right, or the load fails with a sentence."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from include import planning
from include.run import Run
from include.settings import load_settings
from include.sources import (
    SourceQuotaExhausted,
    SourceRefused,
    SourceUnavailable,
    Window,
)
from include.sources.google_ads import GOOGLE_ADS
from tests.sandbox.google_data import CLIENT, FILES, OTHER, campaign, customer, day
from tests.sandbox.google_reading import (
    LARGE,
    LARGE_FILES,
    NOVEMBER,
    STREAM_FILES,
    account_of,
    calls,
    connect,
    rows,
)
from tests.sandbox.running import Sandbox

TOKEN = {"api": "google", "path": "/token$"}
BOTH = Window(date(2026, 11, 1), date(2026, 11, 2))


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(STREAM_FILES)


@pytest.fixture(scope="module")
def large(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(LARGE_FILES)


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox, large: Sandbox) -> Iterator[None]:
    yield
    sandbox.reset()
    large.reset()


def is_complete(found: list[dict[str, Any]]) -> bool:
    """Whether every campaign of the large world is there on both days, once, with its spend."""
    spent = {(row["campaign_id"], row["date_day"].day): row["spend"] for row in found}
    return len(found) == 2 * len(LARGE) and spent == {
        (str(number), day): Decimal(number) / 10**6 for number in LARGE for day in (1, 2)
    }


def daily(sandbox: Sandbox) -> list[Any]:
    """The streams of figures asked for."""
    return [call for call in calls(sandbox, "metrics.") if "SearchStream" in call["path"]]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html", "status": 502},
        {"kind": "html", "status": 200},
        {"kind": "truncate"},
        {"kind": "truncate", "hang_up": True},
        {"kind": "drop"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_7_10_fault_07_something_else_in_the_place_of_a_token(
    sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    sandbox.set_faults([{"match": TOKEN, "nth": 1, "do": fault}])
    assert len(rows(connect(sandbox), "account_daily")) == 2
    assert len(calls(sandbox, "/token")) == 2


def test_7_fault_07_a_token_that_comes_byte_by_byte_does_not_hold_the_load(
    sandbox: Sandbox,
) -> None:
    slow = {"kind": "trickle", "bytes": 1, "seconds": 1}
    sandbox.set_faults([{"match": TOKEN, "nth": 1, "do": slow}])
    began = time.monotonic()
    assert len(rows(connect(sandbox, 30), "account_daily")) == 2
    assert time.monotonic() - began < 60, "it would take minutes"


RESTATED: dict[str, list[dict[str, Any]]] = {
    "google/customers": [{"customer": customer(CLIENT, "Shop")}],
    "google/campaigns": [campaign("11", "Brand")],
    "google/daily_metrics": [
        {**day("2026-11-01", 3_000_000, conversions=0), "_known_until": "2026-11-18"},
        {**day("2026-11-01", 2_500_000, conversions=2), "_known_from": "2026-11-18"},
        {**day("2026-11-02", 1_000_000), "_known_until": "2026-11-18"},
    ],
}


def planned(
    sandbox: Sandbox, stream: str, as_of: str, loaded: dict[date, datetime]
) -> list[Window]:
    """The windows asked for at an instant, of an account of which these days were loaded (with
    the stream that proves them: both are asked for the same days)."""
    instant = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
    run = Run("test", instant, instant)
    settings = load_settings({**sandbox.variables, "CLOSED_LOOP_HISTORY_START": "2026-11-01"})
    asked = planning.requests_for(
        GOOGLE_ADS,
        account_of(connect(sandbox), CLIENT),
        dict.fromkeys(("campaign_daily", "account_daily"), planning.Loaded(days=loaded)),
        settings,
        run,
    )
    return [each.window for each in asked if each.stream == stream and each.window]


def test_18_fault_08_conversions_come_late_and_spend_goes(
    serve_data: Callable[..., Sandbox],
) -> None:
    restated = serve_data(RESTATED, as_of="2026-11-15")
    before = rows(connect(restated), "campaign_daily", NOVEMBER)
    assert [(row["spend"], row["reported_conversions"]) for row in before] == [
        (Decimal(3), 0),
        (Decimal(1), Decimal("0.1")),
    ]
    restated.set_clock("2026-11-30")
    loaded = {row["date_day"]: datetime(2026, 11, 15, 12, tzinfo=UTC) for row in before}
    [window] = planned(restated, "campaign_daily", "2026-11-30T12:00", loaded)
    assert window == Window(date(2026, 11, 1), date(2026, 11, 29)), (
        "both could still be restated when loaded"
    )
    [after] = rows(connect(restated), "campaign_daily", window)
    assert (after["date_day"].day, after["spend"], after["reported_conversions"]) == (
        1,
        Decimal("2.5"),
        2,
    )


def test_fault_10_an_account_ahead_of_utc_and_days_of_23_and_25_hours(
    serve_data: Callable[..., Sandbox],
) -> None:
    dates = ["2026-03-07", "2026-03-08", "2026-03-09", "2026-10-31", "2026-11-01", "2026-11-02"]
    world = serve_data(
        {
            "google/customers": [
                {"customer": customer(CLIENT, "Tokyo", timeZone="Asia/Tokyo")},
                {"customer": customer(OTHER, "New York")},
            ],
            "google/daily_metrics": [
                *(day(each, 1_000_000, owner=OTHER) for each in dates),
                day("2026-11-20", 2_000_000),
                day("2026-11-21", 3_000_000),
            ],
        },
        "--as-of",
        "2026-11-20T16:30:00+00:00",  # 01:30 of the 21st in Tokyo
    )
    [window] = planned(world, "campaign_daily", "2026-11-20T16:30", {})
    assert window.last == date(2026, 11, 20), "today has begun there, and is left for tomorrow"
    client = connect(world)
    assert [row["spend"] for row in rows(client, "campaign_daily", window)] == [Decimal(2)]
    year = Window(date(2026, 1, 1), date(2026, 11, 19))
    found = rows(client, "campaign_daily", year, account_of(client, OTHER))
    assert [row["date_day"].isoformat() for row in found] == dates
    assert {row["spend"] for row in found} == {Decimal(1)}


def test_10_fault_14_an_access_token_expires_mid_stream(large: Sandbox) -> None:
    large.set_faults([{"preset": "google-token-expires-mid-stream"}])
    assert is_complete(rows(connect(large), "campaign_daily"))
    assert len(daily(large)) == 2
    assert len(calls(large, "/token")) == 2


def test_10_fault_14_four_requests_renew_one_token_once(large: Sandbox) -> None:
    client = connect(large)
    account = account_of(client)
    large.set_faults([{"preset": "google-token-expires-mid-stream"}])
    large_before = len(calls(large, "/token"))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: rows(client, "campaign_daily", account=account), range(4)))
    assert [is_complete(each) for each in found] == [True] * 4
    assert len(calls(large, "/token")) == large_before + 1


def test_fault_15_a_page_token_expires(large: Sandbox) -> None:
    client = connect(large)
    account = account_of(client)
    large.set_faults([{"preset": "google-page-token-expires"}])
    found = rows(client, "campaigns", account=account)
    assert {row["campaign_id"] for row in found} == {str(number) for number in LARGE}
    assert len(found) == len(LARGE)
    assert len(calls(large, "FROM campaign ")) == 4, "the list is begun anew, not gone on with"


def test_fault_16_an_account_that_is_not_enabled_stops_no_other(
    serve_data: Callable[..., Sandbox],
) -> None:
    world = serve_data(FILES)
    client = connect(world)
    accounts = {account.account_id: account for account in GOOGLE_ADS.discover(client)}
    world.set_faults(
        [
            {
                "preset": "google-account-not-enabled",
                "match": {"api": "google", "query": f"^{CLIENT}"},
            }
        ]
    )
    with pytest.raises(
        SourceRefused, match=r"not enabled, or closed .*leave it out of customer_ids"
    ):
        rows(client, "account_daily", account=accounts[CLIENT])
    assert len(rows(client, "account_daily", account=accounts[OTHER])) == 1
    assert len(calls(world, f" {CLIENT} ")) <= 1, "asked once, for it does not pass"


def test_fault_17_a_stream_is_dropped_mid_way(large: Sandbox) -> None:
    large.set_faults([{"preset": "google-stream-dropped"}])
    assert is_complete(rows(connect(large), "campaign_daily"))
    assert len(daily(large)) == 2


def test_fault_17_a_stream_that_breaks_off_again_is_asked_for_in_halves(large: Sandbox) -> None:
    large.set_faults([{"preset": "google-stream-dropped", "nth": [1, 2]}])
    assert is_complete(rows(connect(large), "campaign_daily", BOTH))
    asked = [call["query"].partition("BETWEEN ")[2].partition(" PARAM")[0] for call in daily(large)]
    assert asked == [
        "'2026-11-01' AND '2026-11-02'",
        "'2026-11-01' AND '2026-11-02'",
        "'2026-11-01' AND '2026-11-01'",
        "'2026-11-02' AND '2026-11-02'",
    ]


def test_8_fault_17_streams_that_always_break_off_end_in_a_sentence(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"preset": "google-stream-dropped", "nth": "every"}])
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match="does not answer"):
        rows(connect(sandbox, 4), "campaign_daily")
    assert time.monotonic() - began < 60
    assert len(daily(sandbox)) < 20


def test_7_fault_17_a_stream_that_hangs_is_given_up_and_begun_anew(large: Sandbox) -> None:
    client = connect(large, 40)
    account = account_of(client)
    large.set_faults([{"preset": "google-stream-hangs"}])
    began = time.monotonic()
    assert is_complete(rows(client, "campaign_daily", account=account))
    assert 10 <= time.monotonic() - began < 60
    assert len(daily(large)) == 2


def test_9_fault_18_a_throttle_is_waited_out(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"preset": "google-throttled"}])
    assert len(rows(connect(sandbox), "account_daily")) == 2
    first, second = (datetime.fromisoformat(call["at"]) for call in daily(sandbox))
    assert (second - first).total_seconds() >= 2


def test_9_fault_18_a_daily_quota_stops_at_once(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"preset": "google-daily-quota"}])
    with pytest.raises(SourceQuotaExhausted, match=r"allowance .* is used up") as refusal:
        rows(connect(sandbox), "account_daily")
    assert refusal.value.retry_after == 30_000
    assert len(daily(sandbox)) == 1


def test_fault_also_two_tasks_share_one_refresh_token(large: Sandbox) -> None:
    large.set_faults([{"preset": "google-token-expires-mid-stream", "nth": [1, 2]}])
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: rows(connect(large), "campaign_daily"), range(2)))
    assert [is_complete(each) for each in found] == [True, True]


@pytest.mark.parametrize("status", [302, 307])
def test_39_fault_also_a_redirect_gets_no_token(sandbox: Sandbox, status: int) -> None:
    elsewhere = {"Location": f"{sandbox.http}/stolen"}
    sandbox.set_faults(
        [{"match": TOKEN, "do": {"kind": "status", "status": status, "headers": elsewhere}}]
    )
    with pytest.raises(SourceUnavailable, match="token endpoint"):
        connect(sandbox, 1)
    assert calls(sandbox, "/stolen") == []


def test_22_fault_also_an_empty_account(serve_data: Callable[..., Sandbox]) -> None:
    client = connect(serve_data({"google/customers": [{"customer": customer(CLIENT, "New")}]}))
    found = {stream.name: len(rows(client, stream.name)) for stream in GOOGLE_ADS.streams}
    assert found == {name: int(name == "accounts") for name in found}


@pytest.mark.parametrize(
    ("what", "change"), [("currency", {"currencyCode": "EUR"}), ("time zone", {"timeZone": "UTC"})]
)
def test_fault_also_an_account_changes_its_currency_or_zone(
    serve_data: Callable[..., Sandbox], what: str, change: dict[str, str]
) -> None:
    was, now = customer(CLIENT, "Shop"), customer(CLIENT, "Shop", **change)
    world = serve_data(
        {
            "google/customers": [
                {"customer": was, "_known_until": "2026-11-20T12:30:00Z"},
                {"customer": now, "_known_from": "2026-11-20T12:30:00Z"},
            ],
            "google/daily_metrics": [day("2026-11-01", 1_000_000)],
        }
    )
    planned_for = account_of(connect(world))
    world.set_clock("2026-11-20T13:00:00Z")
    client = connect(world)
    with pytest.raises(SourceUnavailable, match=f"{CLIENT} changed its {what} from .* run the DAG"):
        rows(client, "account_daily", account=planned_for)
    present = account_of(client)
    assert present == replace(
        planned_for, currency_code=now["currencyCode"], time_zone=now["timeZone"]
    )
    [row] = rows(client, "account_daily", account=present)
    assert row["currency_code"] == now["currencyCode"]


def test_4_fault_also_a_page_served_twice_is_read_anew(large: Sandbox) -> None:
    client = connect(large)
    account = account_of(client)
    match = {"api": "google", "query": "FROM campaign "}
    large.set_faults([{"match": match, "nth": 1, "do": {"kind": "duplicate_page"}}])
    found = rows(client, "campaigns", account=account)
    assert sorted(row["campaign_id"] for row in found) == [str(number) for number in LARGE]


def test_4_fault_also_a_message_that_comes_twice_is_not_counted_twice(large: Sandbox) -> None:
    large.set_faults(
        [{"match": {"query": "metrics."}, "nth": 1, "do": {"kind": "duplicate_page", "after": 1}}]
    )
    with pytest.raises(SourceUnavailable, match=r"campaign_daily from 2026-11-01 .* the total is"):
        rows(connect(large), "campaign_daily")


def test_5_fault_also_an_empty_page_is_not_the_end(large: Sandbox) -> None:
    client = connect(large)
    account = account_of(client)
    large.set_faults(
        [
            {"match": {"query": "FROM campaign "}, "nth": 1, "do": {"kind": "empty_page"}},
            {"match": {"query": "metrics."}, "nth": 1, "do": {"kind": "empty_page"}},
        ]
    )
    assert len(rows(client, "campaigns", account=account)) == len(LARGE)
    large.set_faults([{"match": {"query": "metrics."}, "do": {"kind": "empty_page"}}])
    assert is_complete(rows(client, "campaign_daily", account=account))
