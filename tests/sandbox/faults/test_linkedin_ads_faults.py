"""Faults that LinkedIn's API was seen with, numbered as in the list of faults of the sandbox's
README: what arrives is complete and right, or the load fails with a sentence."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from include.sources import SourceRefused, SourceUnavailable, Window
from include.sources.linkedin_ads import LINKEDIN_ADS
from tests.sandbox.linkedin_data import (
    DOLLAR,
    EURO,
    FULL_AT,
    FULL_FILES,
    NOVEMBER_1,
    STREAM_FILES,
    account,
    campaign,
    day,
    group,
    response,
)
from tests.sandbox.linkedin_reading import (
    ANALYTICS,
    NOVEMBER,
    account_of,
    calls,
    connect,
    extracted,
    rows,
    settings,
)
from tests.sandbox.running import ROOT, Sandbox, environment

STREAMS = [stream.name for stream in LINKEDIN_ADS.streams]
REPORTS = ["campaign_daily", "account_daily", "ad_daily", "conversion_daily"]
NOV_2 = date(2026, 11, 2)
ONE = Window(NOV_2, NOV_2)
FIGURES = {
    "account_daily": [Decimal("0.30"), Decimal("9.880001")],
    "campaign_daily": [Decimal("0.30"), Decimal("8.88"), Decimal("1.000001")],
    "ad_daily": [Decimal("0.10"), Decimal("0.20"), Decimal("8.88")],
}


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(STREAM_FILES)


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.reset()


def spend(sandbox: Sandbox, stream: str, **changes: Any) -> list[Decimal]:
    return [row["spend"] for row in rows(sandbox, stream, **changes)]


@pytest.mark.parametrize(
    "preset",
    ["linkedin-html-502", "linkedin-non-json-200", "linkedin-truncated-200", "linkedin-hang-up"],
)
@pytest.mark.parametrize("stream", list(FIGURES))
def test_7_fault_07_something_else_in_the_answers_place(
    sandbox: Sandbox, stream: str, preset: str
) -> None:
    sandbox.set_faults([{"preset": preset}])
    assert spend(sandbox, stream) == FIGURES[stream]
    assert len(calls(sandbox, "adAnalytics")) == 3, "one answer is asked for again"


@pytest.mark.parametrize("stream", STREAMS)
def test_7_fault_07_without_end_is_a_sentence(sandbox: Sandbox, stream: str) -> None:
    client = connect(sandbox, env={"CLOSED_LOOP_RETRY_SECONDS": "1"})
    chosen = account_of(client, EURO)
    sandbox.set_faults(
        [{"match": {"api": "linkedin", "path": "^/rest/"}, "do": {"kind": "html", "status": 200}}]
    )
    with pytest.raises(SourceUnavailable, match="LinkedIn answered 200 to "):
        extracted(client, chosen, stream)


def test_7_fault_07_an_answer_that_trickles_is_not_waited_for_to_its_end(sandbox: Sandbox) -> None:
    """Each byte comes in time, the answer never does."""
    client = connect(sandbox, env={"CLOSED_LOOP_RETRY_SECONDS": "1"})
    chosen = account_of(client, EURO)
    sandbox.set_faults([{"match": ANALYTICS, "do": {"kind": "trickle", "seconds": 0.05}}])
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match=r"cannot be reached at .* \(ConnectionError\)"):
        extracted(client, chosen, "account_daily")
    assert time.monotonic() - began < 10, "whole it would take 20 seconds and more"


def test_18_fault_08_spend_restated_down_and_conversions_that_come_late(
    serve_data: Callable[..., Sandbox],
) -> None:
    def told(until: str, since: str | None, cost: str, leads: int, **more: Any) -> dict[str, Any]:
        known = {"_known_until": until} if since is None else {"_known_from": since}
        return {**day("2026-11-02", cost, oneClickLeads=leads), **known, **more}

    served = serve_data(
        {
            "linkedin/accounts": [account(EURO, "EUR")],
            "linkedin/analytics": [
                told("2026-11-10", None, "9.99", 0),
                told("", "2026-11-10", "4.00", 3),
                {**day("2026-11-03", "7", 702, 602), "_known_until": "2026-11-10"},
                {
                    **day("2026-11-03", "0", 702, 602, impressions=0, clicks=0),
                    "_known_from": "2026-11-10",
                },
            ],
        }
    )
    served.set_clock("2026-11-09")
    before = rows(served, "campaign_daily")
    assert [(row["spend"], row["reported_conversions"]) for row in before] == [
        (Decimal("9.99"), 0),
        (Decimal("7"), 0),
    ]
    served.set_clock("2026-11-11")
    after = rows(served, "campaign_daily")
    assert [(row["spend"], row["reported_conversions"]) for row in after] == [(Decimal("4.00"), 3)]
    assert [
        (row["conversion_action_id"], row["reported_conversions"])
        for row in rows(served, "conversion_daily")
    ] == [("oneClickLeads", 3)]
    assert LINKEDIN_ADS.look_back_days >= 30


@pytest.fixture(scope="module")
def full(serve_data: Callable[..., Sandbox]) -> Sandbox:
    """What FULL_FILES holds, and 14,999 creatives of one campaign on the 3rd."""
    more = [day("2026-11-03", "0.01", 9_003, 9_003, number, DOLLAR) for number in range(1, 15_000)]
    return serve_data(
        {**FULL_FILES, "linkedin/analytics": [*FULL_FILES["linkedin/analytics"], *more]}
    )


@pytest.mark.parametrize("count", [14_999, 15_000, 15_001])
def test_6_fault_19_an_account_with_as_many_rows_as_an_answer_holds(
    full: Sandbox, count: int
) -> None:
    full.reset()
    full.set_clock(FULL_AT[count])
    found = rows(full, "campaign_daily")
    assert len({(row["campaign_id"], row["date_day"]) for row in found}) == len(found) == count
    assert sum(row["spend"] for row in found) == Decimal("0.01") * count


@pytest.mark.parametrize(
    ("number", "count", "asked"),
    [
        # One campaign, 14,999 ads: an answer that is not full is whole.
        (3, 14_999, 2),
        # Two campaigns, 15,001 ads: full; then the day's campaigns, then each campaign.
        (1, 15_001, 1 + 2 + 2 * 2),
    ],
)
def test_6_fault_19_a_full_day_is_split_by_campaigns(
    full: Sandbox, number: int, count: int, asked: int
) -> None:
    full.reset()
    one = Window(date(2026, 11, number), date(2026, 11, number))
    found = rows(full, "ad_daily", DOLLAR, one)
    assert len({row["ad_id"] for row in found}) == len(found) == count
    assert len(calls(full, "adAnalytics")) == asked


def test_6_fault_19_a_full_day_of_one_campaign_is_refused_by_name(full: Sandbox) -> None:
    full.reset()
    with pytest.raises(
        SourceRefused,
        match=rf"15000 rows, and account {DOLLAR} .* on 2026-11-02 in campaign 9003 alone",
    ):
        rows(full, "ad_daily", DOLLAR, Window(date(2026, 11, 1), date(2026, 11, 3)))


def test_6_fault_19_campaigns_that_no_list_names_are_split_as_well(
    serve_data: Callable[..., Sandbox],
) -> None:
    served = serve_data(
        {
            "linkedin/accounts": [account(EURO, "EUR")],
            "linkedin/analytics": [
                day("2026-11-02", "0.01", 701 + number % 3, 601, number)
                for number in range(1, 16_001)
            ],
        }
    )
    found = rows(served, "ad_daily", window=ONE)
    assert len({(row["ad_group_id"], row["ad_id"]) for row in found}) == len(found) == 16_000


@pytest.mark.parametrize("stream", REPORTS)
def test_fault_19_never_more_than_twenty_fields(sandbox: Sandbox, stream: str) -> None:
    rows(sandbox, stream)
    asked = calls(sandbox, "adAnalytics")
    assert asked
    for call in asked:
        assert call["status"] == 200
        assert len(call["query"].split("fields=")[1].split("&")[0].split(",")) <= 20


def test_12_fault_20_a_version_that_ends_is_a_plain_sentence(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"preset": "linkedin-version-ends"}])
    with pytest.raises(SourceRefused, match="no longer serves version 202611 of its API; set api"):
        rows(sandbox, "campaign_daily")
    assert len(calls(sandbox, "adAnalytics")) == 1, "asking again would not help"


def test_9_fault_20_429_under_concurrency_is_waited_out(sandbox: Sandbox) -> None:
    client = connect(sandbox, env={"CLOSED_LOOP_RETRY_SECONDS": "60"})
    chosen = account_of(client, EURO)
    sandbox.set_faults([{"preset": "linkedin-throttle-concurrency"}])
    windows = [Window(each, each) for each in NOVEMBER.days()[:6]]

    def read(window: Window) -> list[dict[str, Any]]:
        return extracted(client, chosen, "campaign_daily", window)

    with ThreadPoolExecutor(6) as pool:
        found = [record for records in pool.map(read, windows) for record in records]
    assert len(found) == 3
    assert 429 in {call["status"] for call in calls(sandbox, "adAnalytics")}


def test_10_fault_20_a_living_token_called_revoked(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"preset": "linkedin-false-revoked"}])
    assert spend(sandbox, "account_daily") == FIGURES["account_daily"]
    assert len(calls(sandbox, "accessToken")) == 2, "at the log-in, and once more"


def test_fault_20_a_living_token_called_revoked_that_cannot_be_renewed(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"preset": "linkedin-false-revoked"}])
    found = spend(sandbox, "account_daily", refresh_token="", access_token="sandbox-linkedin-token")
    assert found == FIGURES["account_daily"]
    assert calls(sandbox, "accessToken") == []


def test_10_fault_20_429_at_the_token_endpoint(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"preset": "linkedin-token-throttle"}])
    assert spend(sandbox, "account_daily") == FIGURES["account_daily"]
    assert [call["status"] for call in calls(sandbox, "accessToken")] == [429, 200]


def test_10_fault_also_one_refresh_for_all_threads(sandbox: Sandbox) -> None:
    client = connect(sandbox)
    chosen = account_of(client, EURO)
    sandbox.set_faults([{"match": ANALYTICS, "nth": 1, "do": {"kind": "expire_token"}}])
    windows = [Window(each, each) for each in NOVEMBER.days()[:8]]

    def read(window: Window) -> list[dict[str, Any]]:
        return extracted(client, chosen, "campaign_daily", window)

    with ThreadPoolExecutor(8) as pool:
        assert len([record for records in pool.map(read, windows) for record in records]) == 3
    assert len(calls(sandbox, "accessToken")) == 2, "at the log-in, and once for all eight"


_TASK = """
import json, sys
from include.settings import load_settings
from include.sources.linkedin_ads import LINKEDIN_ADS
print("ready", flush=True)
sys.stdin.readline()
client = LINKEDIN_ADS.connect(json.loads(sys.argv[1]), load_settings())
print(len(LINKEDIN_ADS.discover(client)))
"""


def test_fault_also_tasks_that_share_one_refresh_token(
    serve_data: Callable[..., Sandbox],
) -> None:
    """Each refresh kills the token it used; four processes set out with the same one."""
    served = serve_data(STREAM_FILES)
    served.set_faults(
        [
            {
                "preset": "linkedin-rotating-refresh-token",
                "do": {"kind": "rotate_token", "seconds": 0.5},
            }
        ]
    )
    home = settings(served).home
    given = json.dumps(served.connection("linkedin_ads"))
    tasks = [
        subprocess.Popen(
            [sys.executable, "-c", _TASK, given],
            cwd=ROOT,
            env=environment(**served.variables, CLOSED_LOOP_HOME=str(home)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for task in tasks:
        assert task.stdout is not None
        assert task.stdout.readline() == "ready\n"
    for task in tasks:
        assert task.stdin is not None
        task.stdin.write("go\n")
        task.stdin.flush()
    for task in tasks:
        said, complained = task.communicate(timeout=60)
        assert (task.returncode, said.strip()) == (0, "2"), complained
        assert "AQrefresh-" not in complained
    assert [call["status"] for call in calls(served, "accessToken")] == [200] * 4


@pytest.mark.parametrize("path", ["/rest/", "/oauth/v2/accessToken"])
def test_39_fault_also_a_redirect_takes_no_token_along(sandbox: Sandbox, path: str) -> None:
    elsewhere = f"{sandbox.http}/steal"
    sandbox.set_faults(
        [
            {
                "match": {"api": "linkedin", "path": path},
                "do": {"kind": "status", "status": 307, "headers": {"Location": elsewhere}},
            }
        ]
    )
    with pytest.raises((SourceRefused, SourceUnavailable), match="307"):
        connect(sandbox, env={"CLOSED_LOOP_RETRY_SECONDS": "1"}).get("adAccounts", "q=search")
    assert not [call for call in sandbox.log() if "steal" in call["path"]]


@pytest.mark.parametrize("seconds", [-5_184_000, 0, 10**12])
def test_20_fault_also_clocks_that_disagree(sandbox: Sandbox, seconds: int) -> None:
    """No clock of ours decides whether a token lives: a token is renewed when it is refused."""
    sandbox.set_faults(
        [
            {
                "match": {"api": "linkedin", "path": "accessToken"},
                "do": {
                    "kind": "status",
                    "status": 200,
                    "body": {
                        "access_token": "sandbox-linkedin-token",
                        "expires_in": seconds,
                        "refresh_token_expires_in": 31_536_000,
                    },
                },
            }
        ]
    )
    assert spend(sandbox, "account_daily") == FIGURES["account_daily"]
    assert len(calls(sandbox, "accessToken")) == 1


def test_22_fault_also_an_empty_account_is_empty_and_no_failure(
    serve_data: Callable[..., Sandbox],
) -> None:
    served = serve_data({"linkedin/accounts": [account(EURO, "EUR")]})
    found = {stream: rows(served, stream) for stream in STREAMS}
    assert [stream for stream in STREAMS if found[stream]] == ["accounts"]


def test_fault_also_a_currency_that_changes(serve_data: Callable[..., Sandbox]) -> None:
    """Rows bear the currency the account has as they are read, and so do their totals."""
    served = serve_data(
        {
            "linkedin/accounts": [
                {**account(EURO, "EUR"), "_known_until": "2026-11-10"},
                {**account(EURO, "GBP"), "_known_from": "2026-11-10"},
            ],
            "linkedin/analytics": [day("2026-11-02", "1")],
        }
    )
    for clock, currency in (("2026-11-09", "EUR"), ("2026-11-11", "GBP")):
        served.set_clock(clock)
        for stream in ("accounts", "campaign_daily", "account_daily", "ad_daily"):
            assert {row["currency_code"] for row in rows(served, stream)} == {currency}, stream


@pytest.fixture(scope="module")
def large(serve_data: Callable[..., Sandbox]) -> Sandbox:
    """More of everything than fits into a page."""
    minute = timedelta(minutes=1) // timedelta(milliseconds=1)
    creative = STREAM_FILES["linkedin/creatives"][0]
    return serve_data(
        {
            **STREAM_FILES,
            "linkedin/campaign_groups": [group(number) for number in range(1, 1_501)],
            "linkedin/campaigns": [campaign(701, 601)],
            "linkedin/creatives": [
                {**creative, "id": f"urn:li:sponsoredCreative:{number}"}
                for number in range(1_000, 1_150)
            ],
            "linkedin/lead_form_responses": [
                response(number, NOVEMBER_1 + number * minute, 901, "X", f"x{number}@x.example")
                for number in range(250)
            ],
        }
    )


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_4_fault_also_a_page_served_twice(large: Sandbox, nth: int) -> None:
    for stream, path, count in (
        ("campaigns", "adCampaignGroups", 1_500),
        ("ads", "creatives", 150),
        ("lead_forms", "leadFormResponses", 250),
    ):
        for kind in ("duplicate_page", "empty_page", "short_page"):
            large.set_faults([{"match": {"path": f"{path}$"}, "nth": nth, "do": {"kind": kind}}])
            found = rows(large, stream)
            key = LINKEDIN_ADS.stream(stream).table.key[-1]
            assert len({row[key] for row in found}) == len(found) == count, (stream, kind)


@pytest.mark.parametrize(
    ("stream", "path"), [("campaigns", "adCampaignGroups"), ("lead_forms", "leadFormResponses")]
)
def test_5_fault_also_pages_that_lead_nowhere(large: Sandbox, stream: str, path: str) -> None:
    large.reset()
    large.set_faults([{"match": {"path": f"{path}$"}, "do": {"kind": "empty_page"}}])
    with pytest.raises(SourceUnavailable, match=r"lead in a circle|counts 250 elements .* shows 0"):
        rows(large, stream)
    assert len(calls(large, path)) <= 5
