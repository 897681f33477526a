"""Our Google Analytics source against the sandbox: complete rows once, or a sentence on what to do.

Every case runs in a process of its own, as a task does: gRPC reads its roots once a process.
Expected figures are added up by hand from ga4_data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox import forked_programs
from tests.sandbox.ga4_data import FILES, FULL, OTHER, PROPERTY, SHY, visits
from tests.sandbox.running import Sandbox, environment

SOURCE = """
import json, logging, sys
logging.basicConfig(level=logging.DEBUG, force=True)
from datetime import date
from include.settings import load_settings
from include.sources import *
from include.sources.google_analytics import GOOGLE_ANALYTICS as source

for case in json.load(sys.stdin):
    try:
        client = source.connect(case["credentials"], load_settings())
        accounts = {account.account_id: account for account in source.discover(client)}
        answer = {"accounts": [[a.account_id, a.currency_code, a.time_zone] for a in
                               accounts.values()]}
        if "stream" in case:
            account = accounts[case["account"]]
            window = case["window"] and Window(*map(date.fromisoformat, case["window"]))
            records = list(source.extract(client, account, Request(case["stream"], window)))
            landed = json.loads(json.dumps(records))
            answer["rows"] = list(source.parse(account, case["stream"], landed))
        answer["usage"] = {m.name: [str(m.used), m.allowed and str(m.allowed)]
                           for m in source.usage(client)}
        if case.get("look"):
            login = source.look_at_login(client)
            answer["login"] = [login.api_version, login.scopes, login.remarks]
    except (SourceRefused, SourceUnavailable) as error:
        answer = {"raised": type(error).__name__, "says": str(error),
                  "retry_after": getattr(error, "retry_after", None)}
    print(json.dumps(answer, default=str))
"""
OURS, THEIRS, WIDE, FEW = (
    name.removeprefix("properties/") for name in (PROPERTY, OTHER, FULL, SHY)
)
THREE_DAYS = ["2026-11-17", "2026-11-19"]


def run_source(sandbox: Sandbox, *cases: dict[str, Any], **variables: str) -> list[dict[str, Any]]:
    given = [
        {
            **case,
            "credentials": {
                **sandbox.connection("google_analytics"),
                "property_ids": case.get("account", OURS),
                **case.get("credentials", {}),
            },
        }
        for case in cases
    ]
    here = environment(**{**sandbox.variables, "CLOSED_LOOP_RETRY_SECONDS": "20", **variables})
    done = forked_programs.run(SOURCE, json.dumps(given), here)
    assert done.exit_code == 0, done.stderr
    secrets = {
        case["credentials"][name] for case in given for name in ("password", "refresh_token")
    }
    assert [secret for secret in {*secrets, "ya29."} - {""} if secret in done.stderr] == []
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES, "--as-of", "2026-11-22T12:00:00Z")


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.reset()


def read(stream: str, account: str = OURS, **more: Any) -> dict[str, Any]:
    window = THREE_DAYS if stream.endswith("_daily") else None
    return {"stream": stream, "account": account, "window": window, **more}


def figures(row: dict[str, Any]) -> tuple[str, ...]:
    """Sessions, engaged ones, users, new users, key events."""
    names = ("sessions", "engaged_sessions", "users", "new_users", "key_events")
    return tuple(row[name] for name in names)


def test_properties_are_those_the_connection_names_with_their_own_zones(sandbox: Sandbox) -> None:
    both, none = run_source(
        sandbox,
        {"credentials": {"property_ids": f"{OURS}, {OTHER}"}, "look": True},
        {"credentials": {"property_ids": ""}, "look": True},
    )
    assert both["accounts"] == [
        [OURS, "USD", "America/New_York"],
        [THEIRS, "JPY", "Asia/Tokyo"],
    ]
    scope = "https://www.googleapis.com/auth/analytics.readonly"
    assert both["login"][0] == "v1beta"
    assert scope in both["login"][1]
    assert both["login"][2] == []
    assert none["accounts"] == []
    assert "names no property" in none["login"][2][0]


def test_visits_come_by_day_way_and_page_and_add_up_to_totals_asked_apart(
    sandbox: Sandbox,
) -> None:
    parts, totals = run_source(sandbox, read("visits_daily"), read("totals_daily"))
    found = {
        (row["date_day"], row["visit_source"], row["landing_page"]): figures(row)
        for row in parts["rows"]
    }
    assert found == {
        ("2026-11-17", "google", "/demo"): ("1", "1", "1", "1", "0"),
        ("2026-11-17", "bing", "/pricing"): ("1", "0", "1", "1", "0"),
        ("2026-11-17", "News", "/"): ("12", "4", "10", "0", "0"),
        ("2026-11-18", "(direct)", "/demo"): ("1", "1", "1", "0", "1"),
        ("2026-11-18", "News", "/"): ("6", "3", "6", "0", "0"),
        ("2026-11-19", "facebook.com", "/"): ("3", "0", "1", "0", "0"),
    }
    assert {row["date_day"]: figures(row) for row in totals["rows"]} == {
        "2026-11-17": ("14", "5", "12", "2", "0"),
        "2026-11-18": ("7", "4", "7", "0", "1"),
        "2026-11-19": ("3", "0", "1", "0", "0"),
    }
    (ad,) = [row for row in parts["rows"] if row["visit_source"] == "google"]
    assert (ad["visit_medium"], ad["visit_campaign"], ad["visit_campaign_id"]) == (
        "cpc", "Brand", "11",
    )  # fmt: skip
    assert not any(ad[name] for name in ("is_thresholded", "has_other_row", "is_sampled"))
    assert len({row["visit_key"] for row in parts["rows"]}) == 5, "the readers came one way twice"


def test_people_are_counted_once_a_month_and_way(sandbox: Sandbox) -> None:
    (answer,) = run_source(sandbox, read("visitors_monthly"))
    assert {row["visit_month"] for row in answer["rows"]} == {"2026-11-01"}
    assert {row["visit_source"]: figures(row) for row in answer["rows"]} == {
        "google": ("1", "1", "1", "1", "0"),
        "bing": ("1", "0", "1", "1", "0"),
        "News": ("18", "7", "10", "0", "0"),
        "(direct)": ("1", "1", "1", "0", "1"),
        "facebook.com": ("3", "0", "1", "0", "0"),
    }


def test_recent_days_are_restated_by_the_next_reading(sandbox: Sandbox) -> None:
    sandbox.set_clock("2026-11-20T12:00:00Z")
    (before,) = run_source(sandbox, read("totals_daily"))
    sandbox.set_clock("2026-11-22T12:00:00Z")
    (after,) = run_source(sandbox, read("totals_daily"))
    assert [answer["rows"][-1]["sessions"] for answer in (before, after)] == ["1", "3"]


def test_rows_withheld_for_their_few_users_keep_sessions_and_lose_users(sandbox: Sandbox) -> None:
    (answer,) = run_source(sandbox, read("visits_daily", FEW))
    assert {row["visit_source"]: figures(row) for row in answer["rows"]} == {
        "x.example": ("9", "0", None, None, "0"),
        "y.example": ("9", "0", "10", "0", "0"),
    }
    assert all(row["is_thresholded"] for row in answer["rows"])


def test_the_other_row_is_kept_and_marked(sandbox: Sandbox) -> None:
    parts, totals = run_source(sandbox, read("visits_daily", WIDE), read("totals_daily", WIDE))
    assert {(row["landing_page"], row["sessions"]) for row in parts["rows"]} == {
        ("/4", "4"), ("/3", "3"), ("(other)", "3"),
    }  # fmt: skip
    assert all(row["has_other_row"] for row in parts["rows"])
    assert [row["sessions"] for row in totals["rows"]] == ["10"]


def test_a_sample_is_marked(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"match": REPORT, "do": {"kind": "sample"}}])
    (answer,) = run_source(sandbox, read("totals_daily"))
    assert all(row["is_sampled"] for row in answer["rows"])


REPORT = {"api": "ga4", "path": "RunReport$"}


def reports(sandbox: Sandbox) -> int:
    return len([call for call in sandbox.log() if call["path"].endswith("RunReport")])


@pytest.mark.parametrize("kind", ["lose_rows", "short_page", "empty_page"])
def test_5_rows_that_do_not_come_are_missed(sandbox: Sandbox, kind: str) -> None:
    sandbox.set_faults([{"match": REPORT, "nth": 2, "do": {"kind": kind}}])
    (answer,) = run_source(sandbox, read("visits_daily"))
    assert len(answer["rows"]) == 6 if kind == "short_page" else "raised" in answer, answer
    if kind != "short_page":
        assert answer["raised"] == "SourceUnavailable"
        assert "0 rows came of 6" in answer["says"]


def test_a_long_answer_comes_whole_in_pages(serve_data: Callable[..., Sandbox]) -> None:
    many = serve_data(
        {
            "ga4/properties": FILES["ga4/properties"][:1],
            "ga4/sessions": [
                visits("2026-11-18", f"u{n}", "site", "referral", page=f"/{n}")
                for n in range(10_050)
            ],
        }
    )
    (answer,) = run_source(many, read("visits_daily"), CLOSED_LOOP_RETRY_SECONDS="60")
    assert reports(many) == 3, "the zone, two pages"
    pages = [row["landing_page"] for row in answer["rows"]]
    assert len(pages) == len(set(pages)) == 10_050
    assert sum(Decimal(row["sessions"]) for row in answer["rows"]) == 10_050


def test_9_tokens_of_the_hour_are_left_to_the_scheduler_and_those_of_the_day_stop(
    sandbox: Sandbox,
) -> None:
    said = {}
    for preset in ("ga4-quota-hour", "ga4-quota-day"):
        sandbox.clear_log()
        sandbox.set_faults([{"preset": preset}])
        (said[preset],) = run_source(sandbox, {})
        assert reports(sandbox) == 1
    assert said["ga4-quota-hour"]["raised"] == "SourceUnavailable"
    assert said["ga4-quota-hour"]["retry_after"] == 3_600
    assert said["ga4-quota-day"]["raised"] == "SourceQuotaExhausted"
    assert "midnight in California" in said["ga4-quota-day"]["says"]


@pytest.mark.parametrize("preset", ["ga4-quota-concurrent", "ga4-unavailable"])
def test_8_what_passes_is_asked_again(sandbox: Sandbox, preset: str) -> None:
    sandbox.set_faults([{"preset": preset}])
    (answer,) = run_source(sandbox, {}, CLOSED_LOOP_RETRY_FIRST_WAIT="0.05")
    assert answer["accounts"] == [[OURS, "USD", "America/New_York"]]
    assert reports(sandbox) == 2


def test_10_a_token_that_dies_is_renewed_once_and_a_role_taken_away_is_said(
    sandbox: Sandbox,
) -> None:
    sandbox.set_faults([{"preset": "ga4-token-expires"}])
    (answer,) = run_source(sandbox, read("totals_daily"))
    assert len(answer["rows"]) == 3
    sandbox.set_faults([{"preset": "ga4-permission-lost"}])
    (refused,) = run_source(sandbox, {})
    assert refused["raised"] == "SourceRefused"
    assert "role Viewer" in refused["says"]
    assert "google_analytics" in refused["says"]


@pytest.mark.parametrize(
    ("credentials", "says"),
    [
        ({"property_ids": "G-ABC123"}, "measurement id"),
        ({"refresh_token": ""}, "has no refresh_token"),
        ({"endpoint": "analytics.example.com"}, "not a host of Google"),
        ({"token_uri": "https://token.example.com/"}, "not a host of Google"),
    ],
)
def test_39_a_connection_that_cannot_be_is_refused_in_words(
    sandbox: Sandbox, credentials: dict[str, str], says: str
) -> None:
    (answer,) = run_source(sandbox, {"credentials": credentials})
    assert answer["raised"] == "SourceRefused"
    assert says in answer["says"]
    assert reports(sandbox) == 0


def test_what_a_load_spends_of_the_quota_is_told(sandbox: Sandbox) -> None:
    """The sandbox's price of these two reports is a token each."""
    (answer,) = run_source(sandbox, read("totals_daily"))
    assert answer["usage"]["requests"] == ["3", None], "a token, the zone, the report"
    assert answer["usage"]["hourly_tokens"][0] == "2"
    assert answer["usage"]["daily_tokens"][0] == "2"
    assert int(answer["usage"]["daily_tokens"][1]) <= 200_000
