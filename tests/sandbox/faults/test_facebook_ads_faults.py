"""Faults that Meta's API was seen with, numbered as in the list of faults of the sandbox's README:
what arrives is complete and right, or the load fails with a sentence."""

import json
import logging
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from include.sources import SourceRefused, SourceUnavailable, Window
from include.sources.facebook_ads import FACEBOOK_ADS
from include.sources.facebook_ads_graph import is_list
from tests.sandbox.facebook_data import CUT, FILES, LATE
from tests.sandbox.facebook_reading import (
    EAST,
    MOVED,
    NOBODY,
    NORTH,
    REPORTS,
    STREAMS,
    calls,
    connected,
    read,
    rows,
)
from tests.sandbox.running import Sandbox

RUN_PAGE = r"/\d+/insights$"
TOO_MUCH = {
    "kind": "status",
    "status": 400,
    "body": {"error": {"code": 100, "error_subcode": 1487534, "message": "Too much data"}},
}
BY_RUN = ["campaign_daily", "ad_daily", "conversion_daily"]
ONE_DAY = Window(LATE, LATE)


@pytest.fixture(scope="module")
def served(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture
def sandbox(served: Sandbox) -> Sandbox:
    served.reset()
    return served


@pytest.fixture(scope="module")
def right(served: Sandbox) -> dict[str, list[dict[str, Any]]]:
    """The rows of every stream without a fault."""
    served.reset()
    return {stream: rows(served, stream) for stream in STREAMS}


def starts(sandbox: Sandbox) -> list[str]:
    """What each report run was asked for."""
    return [call["query"] for call in calls(sandbox, "POST", "/insights")]


def days_of(query: str) -> tuple[str, str]:
    found = re.search(r'"since":"([^"]+)","until":"([^"]+)"', query)
    assert found
    return found[1], found[2]


def page_sizes(sandbox: Sandbox) -> list[str]:
    return [
        re.search(r"limit=(\d+)", call["query"])[1]  # type: ignore[index]
        for call in calls(sandbox, "GET")
        if re.search(RUN_PAGE, call["path"])
    ]


@pytest.mark.parametrize("preset", ["meta-reduce-data", "meta-too-large-as-transient"])
@pytest.mark.parametrize("stream", BY_RUN)
def test_fault_01_03_too_much_on_the_second_page(
    sandbox: Sandbox, right: dict[str, Any], stream: str, preset: str
) -> None:
    """However it is labelled: a smaller page, and never the same again."""
    sandbox.set_faults([{"preset": preset}])
    assert rows(sandbox, stream, page=60) == right[stream]
    sizes = page_sizes(sandbox)
    assert sizes[:3] == ["60", "60", "30"]
    assert set(sizes[2:]) == {"30"}


def test_fault_02_too_much_for_the_job(sandbox: Sandbox, right: dict[str, Any]) -> None:
    sandbox.set_faults([{"preset": "meta-job-too-large"}])
    assert rows(sandbox, "ad_daily") == right["ad_daily"]
    assert [days_of(query) for query in starts(sandbox)] == [
        ("2026-10-20", "2026-11-18"),
        ("2026-10-20", "2026-11-03"),
        ("2026-11-04", "2026-11-18"),
    ]


# What each rung of the ladder refuses, from the widest question to the narrowest.
MORE_THAN_A_DAY = r'"since":"([^"]+)","until":"(?!\1)'
MORE_THAN_A_CAMPAIGN = r"^(?!.*filtering)|campaign\.id.*value\":\[[^\]]*,"
ANY_CAMPAIGN = r"^(?!.*filtering)|campaign\.id"
ANY_AD_SET = r"^(?!.*filtering)|campaign\.id|adset\.id"
MORE_THAN_AN_AD = r"^(?!.*filtering)|campaign\.id|adset\.id|ad\.id.*value\":\[[^\]]*,"
MORE_THAN_TWO_FIELDS = r"(spend|impressions|clicks|actions),(spend|impressions|clicks|actions),"


@pytest.mark.parametrize(
    "refused",
    [
        [MORE_THAN_A_DAY],
        [MORE_THAN_A_DAY, MORE_THAN_A_CAMPAIGN],
        [MORE_THAN_A_DAY, ANY_CAMPAIGN],
        [MORE_THAN_A_DAY, ANY_AD_SET],
        [MORE_THAN_A_DAY, MORE_THAN_AN_AD],
        [MORE_THAN_A_DAY, MORE_THAN_AN_AD, MORE_THAN_TWO_FIELDS],
    ],
    ids=["days", "campaigns", "ad-sets", "ads", "one-ad", "fields"],
)
def test_fault_02_the_ladder_ends_below_what_meta_serves(
    sandbox: Sandbox, refused: list[str]
) -> None:
    days = Window(LATE - timedelta(1), LATE)
    wanted = rows(sandbox, "ad_daily", window=days)
    assert len(wanted) == 10
    sandbox.set_faults(
        [{"match": {"method": "POST", "query": pattern}, "do": TOO_MUCH} for pattern in refused]
    )
    assert rows(sandbox, "ad_daily", window=days) == wanted


def test_fault_02_campaigns_are_asked_for_fewer_fields_at_last(
    sandbox: Sandbox, right: dict[str, Any]
) -> None:
    refused = [MORE_THAN_A_DAY, MORE_THAN_A_CAMPAIGN, MORE_THAN_TWO_FIELDS]
    sandbox.set_faults(
        [{"match": {"method": "POST", "query": pattern}, "do": TOO_MUCH} for pattern in refused]
    )
    found = rows(sandbox, "campaign_daily", window=ONE_DAY)
    assert found == [row for row in right["campaign_daily"] if row["date_day"] == LATE]


def test_fault_02_one_ad_too_large_names_it(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"match": {"method": "POST"}, "do": TOO_MUCH}])
    with pytest.raises(
        SourceUnavailable, match=r"account 1, 2026-11-10, by ad \(1111\), not even spend alone"
    ):
        read(sandbox, "ad_daily", window=ONE_DAY)


@pytest.mark.parametrize("preset", ["meta-job-stuck", "meta-job-never-starts"])
def test_11_fault_04_a_job_that_never_ends(sandbox: Sandbox, preset: str) -> None:
    sandbox.set_faults([{"preset": preset}])
    with pytest.raises(SourceUnavailable, match=r"account 1, .* in time: the report stands at Job"):
        read(sandbox, "campaign_daily", retry_seconds=1)
    days = [days_of(query) for query in starts(sandbox)]
    assert days[0] == days[1] == ("2026-10-20", "2026-11-18"), "it is started once more"
    assert days[2] == ("2026-10-20", "2026-11-03"), "and then split"
    assert len(days) < 8


@pytest.mark.parametrize("preset", ["meta-job-failed", "meta-job-skipped"])
@pytest.mark.parametrize("times", [1, 2])
def test_11_fault_04_a_job_that_fails(
    sandbox: Sandbox, right: dict[str, Any], preset: str, times: int
) -> None:
    """Also at 100 %: started once more, then split."""
    sandbox.set_faults([{"preset": preset, "times": times}])
    assert rows(sandbox, "campaign_daily") == right["campaign_daily"]
    assert len(starts(sandbox)) == {1: 2, 2: 4}[times]


@pytest.mark.parametrize("stream", STREAMS)
def test_9_fault_05_throttled_for_an_hour(sandbox: Sandbox, stream: str) -> None:
    sandbox.set_faults([{"preset": "meta-throttled"}])
    with pytest.raises(SourceUnavailable, match=r"17/2446079: .* limit reached") as caught:
        read(sandbox, stream)
    assert caught.value.retry_after == 3600
    assert len(sandbox.log()) == 1, "an account that is throttled is left alone"


@pytest.mark.parametrize("preset", ["meta-empty-page", "meta-short-page"])
@pytest.mark.parametrize("stream", REPORTS)
def test_5_fault_06_a_page_empty_or_short_before_the_last(
    sandbox: Sandbox, right: dict[str, Any], stream: str, preset: str
) -> None:
    pages = "act_1/insights$" if stream == "account_daily" else RUN_PAGE
    sandbox.set_faults([{"preset": preset, "match": {"path": pages}, "nth": 1}])
    assert rows(sandbox, stream, page=20) == right[stream]
    assert [call["fault"] for call in sandbox.log() if call["fault"]] == [
        {"meta-empty-page": "empty_page", "meta-short-page": "short_page"}[preset]
    ]


@pytest.mark.parametrize(
    "rule",
    [
        {"preset": "html-502"},
        {"preset": "non-json-200"},
        {"preset": "truncated-200"},
        {"do": {"kind": "truncate", "hang_up": True}},
        {"do": {"kind": "drop"}},
    ],
    ids=["html-502", "non-json-200", "truncated-200", "hang-up", "drop"],
)
@pytest.mark.parametrize("stream", STREAMS)
def test_7_fault_07_something_else_in_the_answers_place(
    sandbox: Sandbox, right: dict[str, Any], stream: str, rule: dict[str, Any]
) -> None:
    asked = len(clean_calls(sandbox, stream))
    sandbox.set_faults([{**rule, "match": {"api": "meta"}, "nth": [1, asked]}])
    assert rows(sandbox, stream) == right[stream]
    assert len(sandbox.log()) == asked + (1 if asked == 1 else 2)


def clean_calls(sandbox: Sandbox, stream: str) -> list[dict[str, Any]]:
    rows(sandbox, stream)
    asked = sandbox.log()
    sandbox.reset()
    return asked


def test_7_fault_07_an_answer_that_trickles(sandbox: Sandbox) -> None:
    """Each byte comes in time, the answer never does."""
    sandbox.set_faults([{"do": {"kind": "trickle", "seconds": 0.05}}])
    with pytest.raises(SourceUnavailable, match=r"could not be reached \(ConnectionError\)"):
        read(sandbox, "accounts", retry_seconds=1)
    assert len(sandbox.log()) <= 2


def on(sandbox: Sandbox, clock: str, day: date, stream: str = "campaign_daily") -> tuple[Any, ...]:
    """Campaign 11's spend and conversions of a day, as known at a clock."""
    sandbox.set_clock(clock)
    (row,) = (
        row for row in rows(sandbox, stream, window=Window(day, day)) if row["campaign_id"] == "11"
    )
    return row["spend"], row["reported_conversions"], row["reported_conversions_value"]


def test_18_fault_08_conversions_come_late_and_spend_is_cut(sandbox: Sandbox) -> None:
    """Ads 1112 and 1121 stay as they were; ad 1111 changes on 19 November."""
    assert on(sandbox, "2026-11-18T12:00:00Z", LATE) == (Decimal("107.63"), 2, Decimal("83.00"))
    assert on(sandbox, "2026-11-20T12:00:00Z", LATE) == (Decimal("107.63"), 3, Decimal("124.50"))
    before = on(sandbox, "2026-11-18T12:00:00Z", CUT)
    after = on(sandbox, "2026-11-20T12:00:00Z", CUT)
    assert before[0] - after[0] == Decimal("99.99")
    assert before[1] - after[1] == 3, "three conversions went with the spend"
    ads = rows(sandbox, "ad_daily", window=Window(CUT, CUT))
    assert [row["spend"] for row in ads if row["ad_id"] == "1111"] == [Decimal(0)]


@pytest.mark.parametrize("stream", ["campaign_daily", "ad_daily"])
def test_fault_09_actions_are_incomplete_beside_many_fields(
    sandbox: Sandbox, right: dict[str, Any], stream: str, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.set_faults([{"preset": "meta-fewer-actions"}])
    assert rows(sandbox, stream) == right[stream]
    assert "asking for actions apart" in caplog.text
    fields = [re.search("fields=([^&]+)", query)[1] for query in starts(sandbox)]  # type: ignore[index]
    assert [field.split("account_currency,")[1] for field in fields] == [
        "spend,impressions,clicks,actions,action_values",
        "spend,impressions,clicks",
        "actions",
        "action_values",
    ]


def test_fault_09_actions_that_stay_incomplete_are_no_answer(sandbox: Sandbox) -> None:
    sandbox.set_faults(
        [{"preset": "meta-fewer-actions", "do": {"kind": "fewer_actions", "fields": 1}}]
    )
    with pytest.raises(
        SourceUnavailable,
        match=r"account 1, 2026-10-20 to 2026-11-18, by campaign: the rows read add up to "
        r"action_values of lead 0, but Facebook's total is 5250.00",
    ):
        read(sandbox, "conversion_daily")


@pytest.mark.parametrize("stream", [*REPORTS, "lead_forms"])
def test_fault_10_days_of_23_and_25_hours_share_nothing_and_lose_nothing(
    sandbox: Sandbox, right: dict[str, Any], stream: str
) -> None:
    """Each day alone gives what all days together do; 1 November has 25 hours in New York."""
    days = Window(date(2026, 10, 31), date(2026, 11, 3)).days()
    by_day = {day: rows(sandbox, stream, window=Window(day, day)) for day in days}
    alone = [row for day in days for row in by_day[day] if row["date_day"] == day]
    key = FACEBOOK_ADS.stream(stream).table.key
    together = [row for row in right[stream] if row["date_day"] in days]
    assert sorted(map(repr, alone)) == sorted(map(repr, together))
    assert len({tuple(row[name] for name in key) for row in alone}) == len(alone)


def test_fault_10_an_account_ahead_of_utc_has_its_yesterday(sandbox: Sandbox) -> None:
    """At 15:30 UTC on 18 November it is the 19th in Tokyo: the 18th is over there."""
    sandbox.set_clock("2026-11-18T15:30:00Z")
    day = Window(date(2026, 11, 18), date(2026, 11, 18))
    assert [row["campaign_id"] for row in rows(sandbox, "campaign_daily", EAST, window=day)] == [
        "21"
    ]
    today = Window(date(2026, 11, 19), date(2026, 11, 19))
    assert rows(sandbox, "campaign_daily", EAST, window=today) == []


def test_fault_11_a_day_that_was_read_too_early_is_whole_when_read_again(
    serve_data: Callable[..., Sandbox],
) -> None:
    """Partial on its own day, and a late leak into yesterday: the control agrees each time."""
    day = {"account_id": "1", "campaign_id": "11", "date_start": "2026-11-18", "impressions": "9"}
    leaking = serve_data(
        {
            **FILES,
            "meta/insights": [
                {**day, "spend": "3.10", "_known_until": "2026-11-19T02:00:00Z"},
                {
                    **day,
                    "spend": "8.40",
                    "_known_from": "2026-11-19T02:00:00Z",
                    "_known_until": "2026-11-20T02:00:00Z",
                },
                {**day, "spend": "8.55", "_known_from": "2026-11-20T02:00:00Z"},
            ],
        }
    )
    window = Window(date(2026, 11, 18), date(2026, 11, 18))
    seen = []
    for clock in ("2026-11-18T20:00:00Z", "2026-11-19T12:00:00Z", "2026-11-20T12:00:00Z"):
        leaking.set_clock(clock)
        (campaign,) = rows(leaking, "campaign_daily", window=window)
        (account,) = rows(leaking, "account_daily", window=window)
        assert campaign["spend"] == account["spend"]
        seen.append(account["spend"])
    assert seen == [Decimal("3.10"), Decimal("8.40"), Decimal("8.55")]
    assert FACEBOOK_ADS.look_back_days == 28, "the days before are read again every night"


@pytest.mark.parametrize("stream", REPORTS)
def test_fault_12_more_than_37_months_back(sandbox: Sandbox, stream: str) -> None:
    day = date(2023, 10, 1)
    with pytest.raises(SourceRefused, match=r"3018: .* keeps 37 months, ask for later days"):
        read(sandbox, stream, window=Window(day, day))
    assert len(sandbox.log()) == 1, "repeating it does not help"
    assert FACEBOOK_ADS.retention_days is not None
    oldest = date(2026, 11, 20) - timedelta(FACEBOOK_ADS.retention_days)
    assert rows(sandbox, stream, window=Window(oldest, oldest)) == []


def test_12_fault_12_no_attribution_window_is_named_that_meta_removed(sandbox: Sandbox) -> None:
    """One that names a removed window is refused; ours names none, and Meta's own setting holds."""
    answer = requests.get(
        f"{sandbox.http}/v26.0/act_1/insights",
        params={
            "access_token": "sandbox-meta-token",
            "action_attribution_windows": json.dumps(["7d_view"]),
        },
        timeout=10,
    )
    assert answer.json()["error"]["code"] == 100
    sandbox.reset()
    for stream in REPORTS:
        assert read(sandbox, stream)
    assert not [call for call in sandbox.log() if "attribution" in call["query"]]


@pytest.mark.parametrize("stream", BY_RUN)
def test_10_fault_13_the_token_ends_mid_run(sandbox: Sandbox, stream: str) -> None:
    sandbox.set_faults([{"preset": "meta-token-expires"}])
    with pytest.raises(
        SourceRefused,
        match=r"refused the access token of the connection facebook_ads, whose time is over, "
        r".error 190/463: .* write a fresh one into its password",
    ):
        read(sandbox, stream)
    assert len(sandbox.log()) == 4, "a token that is dead is not tried again"


@pytest.mark.parametrize("stream", [*REPORTS, "campaigns", "ad_groups", "ads", "lead_forms"])
def test_fault_13_a_permission_is_missing(sandbox: Sandbox, stream: str) -> None:
    sandbox.set_faults([{"preset": "meta-permission-missing"}])
    with pytest.raises(SourceRefused, match=r"100/33: .* give its system user .* ads_read"):
        read(sandbox, stream)
    assert len(sandbox.log()) == 1


@pytest.mark.parametrize("stream", STREAMS)
def test_39_fault_also_a_redirect_that_would_carry_the_token_away(
    sandbox: Sandbox, stream: str
) -> None:
    away = {"kind": "status", "status": 302, "headers": {"Location": f"{sandbox.http}/elsewhere"}}
    sandbox.set_faults([{"do": away}])
    with pytest.raises(SourceUnavailable, match="answered 302"):
        read(sandbox, stream, retry_seconds=1)
    assert calls(sandbox, ending="/elsewhere") == []


@pytest.mark.parametrize("stream", STREAMS)
def test_22_fault_also_an_empty_account(sandbox: Sandbox, stream: str) -> None:
    found = rows(sandbox, stream, NOBODY)
    assert [row["account_id"] for row in found] == (["3"] if stream == "accounts" else [])


@pytest.mark.parametrize("stream", ["account_daily", "campaign_daily", "conversion_daily"])
def test_fault_also_an_account_changes_currency_and_zone(sandbox: Sandbox, stream: str) -> None:
    """A row bears the currency Meta names beside it, whatever the account was when it was found."""
    currencies = []
    for clock in ("2026-11-14", "2026-11-20"):
        sandbox.set_clock(clock)
        (row,) = rows(sandbox, stream, MOVED)
        currencies.append(row["currency_code"])
    assert currencies == ["USD", "EUR"]
    (account,) = rows(sandbox, "accounts", MOVED)
    assert (account["currency_code"], account["time_zone"]) == ("EUR", "Europe/Berlin")


@pytest.mark.parametrize("stream", STREAMS)
def test_4_fault_also_a_page_served_twice(
    sandbox: Sandbox, right: dict[str, Any], stream: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    pages = RUN_PAGE if stream in BY_RUN else r"/act_1/\w+$|/act_1$"
    twice = {"kind": "duplicate_page"}
    sandbox.set_faults([{"match": {"method": "GET", "path": pages}, "nth": 1, "do": twice}])
    assert rows(sandbox, stream, page=60) == right[stream]
    if stream not in ("accounts", "lead_forms"):
        assert "twice; each is kept once" in caplog.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("spend", "N/A"),
        ("spend", "NaN"),
        ("spend", "Infinity"),
        ("spend", None),
        ("spend", "1e30"),
        ("impressions", "-5"),
        ("impressions", -5),
        ("impressions", "1.5"),
        ("clicks", "many"),
        ("actions", [{"action_type": "lead", "value": "?"}]),
        ("action_values", [{"value": "1"}]),
    ],
)
def test_23_an_account_day_with_a_figure_that_cannot_be_fails_naming_it(
    sandbox: Sandbox, field: str, value: Any
) -> None:
    row = {"campaign_id": "11", "date_start": str(LATE), "spend": "1.00", field: value}
    page = {"kind": "status", "status": 200, "body": {"data": [row]}}
    sandbox.set_faults([{"match": {"path": RUN_PAGE}, "do": page}])
    with pytest.raises(
        SourceUnavailable,
        match=rf"account 1, 2026-11-10, .*: {field} of 11, 2026-11-10 is .*cannot",
    ):
        read(sandbox, "campaign_daily", NORTH, ONE_DAY)


def test_5_a_total_that_cannot_be_read_is_no_proof(sandbox: Sandbox) -> None:
    for summary in ({"spend": "?"}, {"spend": "-1", "clicks": "-1"}, None):
        body: dict[str, Any] = {"data": [{"account_id": "1"}]}
        if summary is not None:
            body["summary"] = summary
        totals = {"kind": "status", "status": 200, "body": body}
        sandbox.set_faults([{"match": {"query": "summary"}, "do": totals}])
        with pytest.raises(
            SourceUnavailable, match=r"account 1, .*cannot be|no totals of account 1"
        ):
            read(sandbox, "campaign_daily")


def test_a_row_of_a_day_that_was_not_asked_for_is_no_answer(sandbox: Sandbox) -> None:
    row = {"campaign_id": "11", "date_start": "2026-11-09", "spend": "1.00"}
    page = {"kind": "status", "status": 200, "body": {"data": [row]}}
    sandbox.set_faults([{"match": {"path": RUN_PAGE}, "do": page}])
    with pytest.raises(SourceUnavailable, match="a row of 2026-11-09 came unasked"):
        read(sandbox, "campaign_daily", window=ONE_DAY)


def test_a_query_too_long_for_a_url_travels_in_a_body(sandbox: Sandbox) -> None:
    client = connected(sandbox)
    ids = [str(10**16 + number) for number in range(400)]
    found = client.get(
        "act_1/campaigns",
        is_list,
        fields="id",
        filtering=[{"field": "campaign.id", "operator": "IN", "value": [*ids, "11"]}],
    )
    assert [record["id"] for record in found["data"]] == ["11"]
    assert [call["method"] for call in sandbox.log()] == ["POST"]
