"""Our Facebook source against the sandbox and its faults."""

import json
import logging
import re
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

from include.sandbox.faults import PRESETS
from include.settings import Settings, load_settings
from include.sources import Account, Record, Request, SourceRefused, SourceUnavailable, Window
from include.sources.facebook_ads import FACEBOOK_ADS, connect, discover, extract, parse
from tests.sandbox.meta_data import FILES as SMALL
from tests.sandbox.running import ROOT, Sandbox, environment, waits_between

TOKEN, SECRET = "sandbox-meta-token", "sandbox-meta-secret"
FIRST, DAYS, CAMPAIGNS = date(2026, 9, 1), 80, 15
WHOLE = Window(FIRST, FIRST + timedelta(DAYS - 1))
ONE_DAY = Window(FIRST, FIRST)
RUN_PAGE = {"api": "meta", "method": "GET", "path": r"/\d+/insights$"}

# 1,200 campaign-days: three pages of a report.
FILES = {
    **SMALL,
    "meta/campaigns": [
        {
            "id": str(100 + n),
            "account_id": "1",
            "name": f"Campaign {n}",
            "objective": "X",
            "effective_status": "ARCHIVED" if n == 3 else "ACTIVE",
        }
        for n in range(CAMPAIGNS)
    ],
    "meta/adsets": [],
    "meta/ads": [],
    "meta/insights": [
        {
            "account_id": "1",
            "campaign_id": str(100 + n),
            "spend": f"{n}.{day % 100:02d}",
            "date_start": str(FIRST + timedelta(day)),
            "date_stop": str(FIRST + timedelta(day)),
            "impressions": "100",
            "clicks": "1",
        }
        for n in range(CAMPAIGNS)
        for day in range(DAYS)
    ],
}
ORACLE = {
    (line["campaign_id"], line["date_start"]): line["spend"] for line in FILES["meta/insights"]
}


@pytest.fixture(scope="module")
def served(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture
def sandbox(served: Sandbox) -> Sandbox:
    served.reset()
    return served


def settings_for(sandbox: Sandbox, retry_seconds: int = 20) -> Settings:
    return load_settings({**sandbox.variables, "CLOSED_LOOP_RETRY_SECONDS": str(retry_seconds)})


def read(
    sandbox: Sandbox,
    stream: str = "campaign_daily",
    window: Window = WHOLE,
    retry_seconds: int = 20,
    **credentials: str,
) -> list[Record]:
    """Everything one stream of the first account holds, by the real source."""
    client = connect(
        {**sandbox.connection("facebook_ads"), **credentials}, settings_for(sandbox, retry_seconds)
    )
    client.report_page = 500
    account = Account("1", "North", "USD", "America/New_York")
    is_daily = FACEBOOK_ADS.stream(stream).kind == "daily"
    return list(extract(client, account, Request(stream, window if is_daily else None)))


def spend_of(records: list[Record]) -> dict[tuple[str, str], str]:
    found = {(row["campaign_id"], row["date_start"]): row["spend"] for row in records}
    assert len(found) == len(records), "a row came twice"
    return found


def calls(sandbox: Sandbox, ending: str = "") -> list[dict[str, Any]]:
    return [call for call in sandbox.log() if call["path"].endswith(ending)]


def answering(body: Any, status: int = 200, **rule: Any) -> dict[str, Any]:
    """A fault rule that answers with a body."""
    return {"do": {"kind": "status", "status": status, "body": body}, **rule}


def graph_error(code: int, subcode: int | None = None, message: str = "No.", **more: Any) -> Any:
    return {
        "error": {
            "message": message,
            "code": code,
            "error_subcode": subcode,
            "type": "OAuthException",
            **more,
        }
    }


def test_every_campaign_day_is_read_and_proved_by_the_accounts_totals(sandbox: Sandbox) -> None:
    records = read(sandbox)
    assert spend_of(records) == ORACLE
    account = Account("1", "North", "USD", "America/New_York")
    totals = {
        row["date_day"]: row["spend"]
        for row in parse(account, "account_daily", read(sandbox, "account_daily"))
    }
    sums: dict[date, Decimal] = {}
    for row in parse(account, "campaign_daily", records):
        sums[row["date_day"]] = sums.get(row["date_day"], Decimal(0)) + row["spend"]
    assert totals == sums
    assert len(totals) == DAYS


def test_accounts_are_those_the_token_may_read_or_the_connection_names(sandbox: Sandbox) -> None:
    login = sandbox.connection("facebook_ads")
    settings = settings_for(sandbox)
    assert [
        (a.account_id, a.currency_code, a.time_zone, a.account_status)
        for a in discover(connect(login, settings))
    ] == [("1", "USD", "America/New_York", "ACTIVE"), ("2", "JPY", "Asia/Tokyo", "ACTIVE")]
    named = discover(connect({**login, "account_ids": " act_2, "}, settings))
    assert [account.account_id for account in named] == ["2"]
    with pytest.raises(SourceRefused, match="act_77"):
        discover(connect({**login, "account_ids": "77"}, settings))


def test_archived_campaigns_are_read_too(sandbox: Sandbox) -> None:
    statuses = {row["id"]: row["effective_status"] for row in read(sandbox, "campaigns")}
    assert len(statuses) == CAMPAIGNS
    assert statuses["103"] == "ARCHIVED"


def test_campaigns_that_are_missing_from_the_list_are_noticed(sandbox: Sandbox) -> None:
    rows = [{"id": str(100 + n), "name": "x"} for n in range(CAMPAIGNS - 1)]
    sandbox.set_faults([answering({"data": rows}, nth=1)])
    with pytest.raises(SourceUnavailable, match="counts 15 campaigns of act_1 but gave 14"):
        read(sandbox, "campaigns")


@pytest.mark.parametrize("preset", ["meta-empty-page", "meta-short-page"])
def test_an_empty_or_short_page_with_next_loses_no_row(sandbox: Sandbox, preset: str) -> None:
    sandbox.set_faults([{"preset": preset, "match": RUN_PAGE}])
    assert spend_of(read(sandbox)) == ORACLE
    assert [call["fault"] for call in sandbox.log()].count(PRESETS[preset][0]["do"]["kind"]) == 1


def test_the_sdks_own_cursor_loses_the_rows_behind_an_empty_page(sandbox: Sandbox) -> None:
    session = FacebookSession("1000000001", SECRET, TOKEN, timeout=20)
    session.GRAPH = sandbox.http
    sandbox.set_faults([{"preset": "meta-empty-page"}])
    rows = AdAccount("act_1", api=FacebookAdsApi(session, api_version="v26.0")).get_insights(
        fields=["spend"],
        params={
            "level": "campaign",
            "time_increment": 1,
            "limit": 500,
            "time_range": {"since": "2026-09-01", "until": "2026-11-19"},
        },
    )
    assert len(list(rows)) == 500


def test_4_a_page_served_twice_gives_each_row_once(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.set_faults([{"match": RUN_PAGE, "nth": 2, "do": {"kind": "duplicate_page"}}])
    assert spend_of(read(sandbox)) == ORACLE
    assert "500 records twice" in caplog.text


def test_4_a_row_that_comes_twice_with_other_figures_is_no_answer(sandbox: Sandbox) -> None:
    rows = [
        {"campaign_id": "100", "date_start": "2026-09-01", "spend": spend} for spend in ("1", "2")
    ]
    sandbox.set_faults([answering({"data": rows}, match=RUN_PAGE)])
    with pytest.raises(SourceUnavailable, match="100, 2026-09-01 twice with different figures"):
        read(sandbox)


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "rule",
    [
        {"preset": "html-502"},
        {"preset": "non-json-200"},
        {"preset": "truncated-200", "match": {"api": "meta"}},
        {"do": {"kind": "truncate", "hang_up": True}},
        {"do": {"kind": "drop"}},
        {"do": {"kind": "status", "status": 503, "body": "Service Unavailable"}},
        answering(
            graph_error(2, message="An unexpected error has occurred", is_transient=True), 500
        ),
    ],
    ids=["html-502", "non-json-200", "truncated-200", "cut-200", "drop", "text-503", "transient"],
)
def test_8_what_passes_is_tried_again_and_leaves_no_trace(
    sandbox: Sandbox, rule: dict[str, Any], nth: int
) -> None:
    sandbox.set_faults([{"match": {"api": "meta"}, **rule, "nth": nth}])
    assert spend_of(read(sandbox, window=ONE_DAY)) == {
        key: spend for key, spend in ORACLE.items() if key[1] == str(FIRST)
    }
    assert [call["n"] for call in sandbox.log() if call["fault"]] == [nth]


def test_8_a_storm_ends_in_a_reason_after_bounded_tries(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"preset": "html-502", "nth": "every"}])
    with pytest.raises(SourceUnavailable, match="502 with something that is not JSON"):
        read(sandbox, "accounts", retry_seconds=2)
    asked = sandbox.log()
    assert 2 <= len(asked) <= 3, "half a second, one: the next would be beyond two"
    for waited, least in zip(waits_between(asked), (0.5, 1), strict=False):
        assert waited >= least


def test_8_9_a_wait_beyond_our_patience_is_left_to_the_scheduler(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"do": {"kind": "quota", "minutes": 7}}])
    with pytest.raises(SourceUnavailable, match="User request limit reached") as caught:
        read(sandbox)
    assert caught.value.retry_after == 7 * 60
    assert len(sandbox.log()) == 1
    sandbox.set_faults([{"do": {"kind": "quota", "minutes": 90}}])
    with pytest.raises(SourceUnavailable) as longer:
        read(sandbox)
    assert longer.value.retry_after == 3600


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            graph_error(190, 463, "Error validating access token: Session has expired"),
            "refused the access token of the connection facebook_ads",
        ),
        (graph_error(200, None, "Ad account owner has NOT grant ads_read"), "permission ads_read"),
        (graph_error(10, None, "Application does not have permission"), "permission ads_read"),
        (graph_error(100, None, "(#100) foo is not valid for fields param"), "must change"),
        (graph_error(3018, None, "(#3018) beyond 37 months"), "must change"),
        (graph_error(2635, None, "deprecated version of the Ads API"), "must change"),
    ],
)
def test_10_a_refusal_is_told_at_once_and_never_retried(
    sandbox: Sandbox, body: Any, sentence: str
) -> None:
    sandbox.set_faults([answering(body, 400)])
    with pytest.raises(SourceRefused, match=sentence):
        read(sandbox)
    assert len(sandbox.log()) == 1


def test_10_a_token_that_expires_mid_run_is_refused(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"match": RUN_PAGE, "nth": 2, "do": {"kind": "expire_token"}}])
    with pytest.raises(SourceRefused, match="access token of the connection facebook_ads"):
        read(sandbox)


@pytest.mark.parametrize(
    "body",
    [
        graph_error(1, None, "Please reduce the amount of data you're asking for, then retry"),
        graph_error(2, 1504044, "Service temporarily unavailable", is_transient=True),
    ],
)
def test_too_much_on_a_page_makes_smaller_pages(sandbox: Sandbox, body: Any) -> None:
    sandbox.set_faults([answering(body, 500, match=RUN_PAGE, nth=2)])
    assert spend_of(read(sandbox)) == ORACLE
    asked = [call["query"] for call in calls(sandbox) if re.search(RUN_PAGE["path"], call["path"])]
    assert ["limit=500" in query for query in asked[:3]] == [True, True, False]
    assert all("limit=250" in query for query in asked[2:])


def test_too_much_for_a_job_makes_smaller_windows(sandbox: Sandbox) -> None:
    sandbox.set_faults(
        [
            answering(
                graph_error(100, 1487534, "Too much data was requested"),
                400,
                match={"method": "POST"},
                nth=[1, 2],
            )
        ]
    )
    assert spend_of(read(sandbox)) == ORACLE
    assert len([call for call in sandbox.log() if call["method"] == "POST"]) == 2 + 3


def test_11_a_job_that_fails_is_started_once_more_and_then_split(sandbox: Sandbox) -> None:
    failed = {"id": "6", "async_status": "Job Failed", "async_percent_completion": 100}
    look = {"method": "GET", "path": r"/v26.0/\d+$"}
    sandbox.set_faults([answering(failed, match=look, nth=1)])
    assert spend_of(read(sandbox)) == ORACLE
    assert len([call for call in sandbox.log() if call["method"] == "POST"]) == 2
    sandbox.reset()
    sandbox.set_faults([answering(failed, match=look, nth=[1, 2])])
    assert spend_of(read(sandbox)) == ORACLE
    assert len([call for call in sandbox.log() if call["method"] == "POST"]) == 4


def test_11_a_job_that_never_ends_is_given_up_naming_the_day(sandbox: Sandbox) -> None:
    stuck = {"id": "6", "async_status": "Job Not Started", "async_percent_completion": 0}
    sandbox.set_faults([answering(stuck, match={"method": "GET", "path": r"/v26.0/\d+$"})])
    with pytest.raises(SourceUnavailable, match=r"2026-09-01, .* in time: .* Job Not Started"):
        read(sandbox, window=ONE_DAY, retry_seconds=1)


@pytest.mark.parametrize(
    "paging",
    [
        {"cursors": {"after": "same"}, "next": "https://graph.facebook.com/x"},
        {"next": "https://graph.facebook.com/x"},
    ],
)
def test_5_pages_that_never_end_are_no_answer(sandbox: Sandbox, paging: Any) -> None:
    sandbox.set_faults([answering({"data": [], "paging": paging}, match=RUN_PAGE)])
    with pytest.raises(SourceUnavailable, match="do not end"):
        read(sandbox)


def test_39_the_link_to_the_next_page_is_never_followed(sandbox: Sandbox) -> None:
    page = {
        "data": [{"campaign_id": "0", "date_start": "2026-09-01", "spend": "0"}],
        "paging": {"next": "https://evil.example/?access_token=x&after=MC4wZD"},
    }
    sandbox.set_faults([answering(page, match=RUN_PAGE, nth=1)])
    assert spend_of(read(sandbox)) == {**ORACLE, ("0", "2026-09-01"): "0"}
    assert "after=MC4wZD" in calls(sandbox, "/insights")[2]["query"]


def test_39_redirects_are_not_followed(sandbox: Sandbox) -> None:
    sandbox.set_faults(
        [
            {
                "do": {
                    "kind": "status",
                    "status": 302,
                    "body": "",
                    "headers": {"Location": f"{sandbox.http}/elsewhere"},
                }
            }
        ]
    )
    with pytest.raises(SourceUnavailable, match="answered 302"):
        read(sandbox, "accounts", retry_seconds=1)
    assert calls(sandbox, "/elsewhere") == []


@pytest.mark.parametrize(
    "host",
    [
        "https://evil.example",
        "http://graph.facebook.com",
        "https://facebook.com.evil.example",
        "http://evil.example@127.0.0.2:80",
        "graph.facebook.com.evil.example",
    ],
)
def test_39_other_hosts_are_refused_before_anything_is_sent(sandbox: Sandbox, host: str) -> None:
    with pytest.raises(SourceRefused, match="which is not Meta's"):
        read(sandbox, host=host)


def test_39_loopback_needs_the_sandbox_switch(sandbox: Sandbox) -> None:
    with pytest.raises(SourceRefused, match="which is not Meta's"):
        connect(sandbox.connection("facebook_ads"), load_settings({}))


def test_a_connection_that_lacks_something_is_told_what(sandbox: Sandbox) -> None:
    with pytest.raises(SourceRefused, match="has no password"):
        read(sandbox, password="")
    with pytest.raises(SourceRefused, match="is no Graph API version"):
        read(sandbox, api_version="latest")
    with pytest.raises(SourceRefused, match="access token"):
        read(sandbox, password="wrong", app_secret="")


@pytest.mark.parametrize("sign", ["\n", "\r\n", "é", "\u200b", "…", " ", "\0"])
@pytest.mark.parametrize("name", ["password", "app_id", "app_secret"])
def test_a_secret_that_cannot_travel_is_named_not_shown(
    sandbox: Sandbox, name: str, sign: str
) -> None:
    client = {"app_id": "1000000001", "app_secret": SECRET, "password": TOKEN}
    client[name] = f"canary-one{sign}canary-two"
    with pytest.raises(SourceRefused) as refused:
        read(sandbox, **client)
    told = "".join(traceback.format_exception(refused.value))
    assert f"{name} of the connection facebook_ads holds" in told
    assert "copy it there once more" in told
    assert "canary" not in told


def failures(sandbox: Sandbox) -> Iterator[tuple[list[dict[str, Any]], dict[str, str]]]:
    """Plans and credentials that end in an error, in every way an error can arise."""
    echo = graph_error(190, None, f"Malformed access token {TOKEN}")
    yield [answering(echo, 400)], {}
    yield [answering(graph_error(1, None, f"Debug {TOKEN} {SECRET}"), 500)], {}
    yield [{"do": {"kind": "drop"}}], {}
    yield [{"do": {"kind": "html", "body": f"<p>error {TOKEN}</p>"}}], {}
    yield [{"do": {"kind": "truncate"}}], {}
    yield [], {"host": "http://127.0.0.1:9"}
    yield [], {"host": "https://localhost:9"}


def test_35_no_secret_is_in_any_error_or_log(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    proof = FacebookSession("1", SECRET, TOKEN).appsecret_proof
    for plan, credentials in failures(sandbox):
        sandbox.set_faults(plan)
        with pytest.raises((SourceUnavailable, SourceRefused)) as caught:
            read(sandbox, "accounts", retry_seconds=1, **credentials)
        told = "".join(traceback.format_exception(caught.value))
        for secret in (TOKEN, SECRET, proof):
            assert secret not in told, plan
    for record in caplog.records:
        if record.name.startswith("include."):
            assert not {TOKEN, SECRET, proof} & set(record.getMessage().split())
    assert TOKEN not in caplog.text


ON_DEFAULT_HOST = """
import json, sys
from include.settings import load_settings
from include.sources import Request
from include.sources.facebook_ads import connect, discover, extract
client = connect({"host": "", "password": sys.argv[1]}, load_settings())
print(json.dumps([list(extract(client, account, Request("accounts")))
                  for account in discover(client)]))
"""


def test_it_reaches_the_default_host_through_a_proxy(sandbox: Sandbox) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ON_DEFAULT_HOST, TOKEN],
        cwd=ROOT,
        text=True,
        capture_output=True,
        env=environment(**sandbox.proxy_variables),
        timeout=60,
        check=True,
    )
    assert [records[0]["id"] for records in json.loads(done.stdout)] == ["act_1", "act_2"]
