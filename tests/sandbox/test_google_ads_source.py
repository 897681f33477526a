"""Our Google Ads source against the sandbox: complete rows once, or a sentence on what to do.

Every case runs in a process of its own, as a task does: gRPC reads its roots once a process.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.sandbox import forked_programs
from tests.sandbox.google_data import CLIENT, CLOSED, FILES, LONE, MANAGER, OTHER, campaign, day
from tests.sandbox.running import Sandbox, environment

SOURCE = """
import json, logging, sys
logging.basicConfig(level=logging.DEBUG, force=True)
from datetime import date
from include.settings import load_settings
from include.sources import *
from include.sources.google_ads import GOOGLE_ADS as source

for case in json.load(sys.stdin):
    try:
        client = source.connect(case["credentials"], load_settings())
        accounts = {account.account_id: account for account in source.discover(client)}
        answer = {"accounts": [[a.account_id, a.currency_code, a.time_zone] for a in
                               accounts.values()]}
        if "stream" in case:
            if case.get("anew"):
                client = source.connect(case["credentials"], load_settings())
            account = accounts[case["account"]]
            window = case.get("window") and Window(*map(date.fromisoformat, case["window"]))
            records = list(source.extract(client, account, Request(case["stream"], window)))
            answer["records"] = records
            answer["rows"] = list(source.parse(account, case["stream"], records))
    except (SourceRefused, SourceUnavailable) as error:
        answer = {"raised": type(error).__name__, "says": str(error),
                  "retry_after": getattr(error, "retry_after", None)}
    print(json.dumps(answer, default=str))
"""
NOVEMBER = ["2026-11-01", "2026-11-19"]


def run_source(sandbox: Sandbox, *cases: dict[str, Any], **variables: str) -> list[dict[str, Any]]:
    given = [
        {**case, "credentials": {**sandbox.connection("google_ads"), **case.get("credentials", {})}}
        for case in cases
    ]
    here = environment(**{**sandbox.variables, "CLOSED_LOOP_RETRY_SECONDS": "20", **variables})
    done = forked_programs.run(SOURCE, json.dumps(given), here)
    assert done.exit_code == 0, done.stderr
    secrets = {
        case["credentials"].get(name)
        for case in given
        for name in ("password", "refresh_token", "developer_token")
    } - {"", None}
    assert [secret for secret in (*secrets, "ya29.") if secret in done.stderr] == []
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.reset()


def read(stream: str, account: str = CLIENT, **more: Any) -> dict[str, Any]:
    window = None if stream in ("accounts", "campaigns") else NOVEMBER
    return {"stream": stream, "account": account, "window": window, **more}


def test_open_accounts_are_found_below_every_root(sandbox: Sandbox) -> None:
    everywhere, below, named = run_source(
        sandbox,
        {"credentials": {"login_customer_id": ""}},
        {"credentials": {"login_customer_id": MANAGER}},
        {"credentials": {"login_customer_id": "", "customer_ids": f"234-567-8901, {LONE}"}},
    )
    found = {account[0] for account in everywhere["accounts"]}
    assert found == {CLIENT, OTHER, LONE}, f"{MANAGER} is a manager, {CLOSED} is closed"
    assert below["accounts"] == [[CLIENT, "USD", "America/New_York"], [OTHER, "JPY", "Asia/Tokyo"]]
    assert {account[0] for account in named["accounts"]} == {OTHER, LONE}


@pytest.mark.parametrize("login", ["", MANAGER])
def test_campaigns_of_each_day_add_up_to_the_accounts_total(sandbox: Sandbox, login: str) -> None:
    credentials = {"login_customer_id": login}
    parts, totals, foreign = run_source(
        sandbox,
        read("campaign_daily", anew=True, credentials=credentials),
        read("account_daily", credentials=credentials),
        read("account_daily", OTHER, credentials=credentials),
    )
    spent = {(row["campaign_id"], row["date_day"]): row["spend"] for row in parts["rows"]}
    assert spent == {
        ("11", "2026-11-01"): "3.000003",
        ("11", "2026-11-02"): "2.500000",
        ("12", "2026-11-02"): "7.000000",
        ("13", "2026-11-02"): "0.500000",
    }
    assert {row["date_day"]: row["spend"] for row in totals["rows"]} == {
        "2026-11-01": "3.000003",
        "2026-11-02": "10.000000",
    }
    assert foreign["rows"][0] == {
        "platform": "google_ads",
        "account_id": OTHER,
        "currency_code": "JPY",
        "date_day": "2026-11-01",
        "spend": "900.000000",
        "impressions": 100,
        "clicks": 5,
    }
    assert {row["reported_conversions"] for row in parts["rows"]} == {"0.1", "0.2"}


def test_campaigns_come_with_their_present_names_removed_ones_too(sandbox: Sandbox) -> None:
    campaigns, accounts = run_source(sandbox, read("campaigns"), read("accounts"))
    assert [
        (row["campaign_id"], row["campaign_name"], row["campaign_status"], row["campaign_type"])
        for row in campaigns["rows"]
    ] == [
        ("11", "Brand 100% new", "ENABLED", "SEARCH"),
        ("12", "Max", "PAUSED", "PERFORMANCE_MAX"),
        ("13", "Gone", "REMOVED", "SEARCH"),
        ("14", "Never ran", "ENABLED", "SEARCH"),
    ]
    assert campaigns["rows"][0]["start_date"] == "2025-01-01"
    assert accounts["rows"] == [
        {
            "platform": "google_ads",
            "account_id": CLIENT,
            "account_name": "Shop",
            "account_status": "ENABLED",
            "currency_code": "USD",
            "time_zone": "America/New_York",
        }
    ]


def test_5_a_stream_that_breaks_off_yields_complete_rows_once(
    serve_data: Callable[..., Sandbox],
) -> None:
    numbers = range(10_001, 20_051)  # more than one page of 10,000
    large = serve_data(
        {
            "google/customers": FILES["google/customers"],
            "google/campaigns": [campaign(str(number), f"C{number}") for number in numbers],
            "google/daily_metrics": [day("2026-11-01", number, str(number)) for number in numbers],
        }
    )
    large.set_faults(
        [
            {
                "match": {"api": "google", "path": "SearchStream", "query": "segments.date"},
                "nth": [1, 3],
                "do": {"kind": "grpc_status", "code": "UNAVAILABLE", "after": 1},
            }
        ]
    )
    (answer,) = run_source(large, read("campaign_daily"))
    assert len(answer["rows"]) == 10_050
    assert len({row["campaign_id"] for row in answer["rows"]}) == 10_050
    assert sum(Decimal(row["spend"]) for row in answer["rows"]) == Decimal(sum(numbers)) / 10**6
    broken = [call for call in large.log() if call["fault"] == "grpc_status"]
    assert len(broken) == 1


STREAM = {"api": "google", "path": "SearchStream", "query": "segments.date"}


def test_8_9_a_throttle_is_waited_out_for_as_long_as_it_says(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"match": STREAM, "nth": 1, "do": {"kind": "quota", "seconds": 2}}])
    (answer,) = run_source(sandbox, read("account_daily"))
    assert len(answer["rows"]) == 2
    calls = [call for call in sandbox.log() if "segments.date" in call["query"]]
    assert len(calls) == 2
    first, second = (datetime.fromisoformat(call["at"]) for call in calls)
    assert (second - first).total_seconds() >= 2


def test_9_a_daily_allowance_stops_at_once(sandbox: Sandbox) -> None:
    sandbox.set_faults(
        [{"match": STREAM, "do": {"kind": "quota", "daily": True, "seconds": 30_000}}]
    )
    (answer,) = run_source(sandbox, read("account_daily"))
    assert (answer["raised"], answer["retry_after"]) == ("SourceQuotaExhausted", 30_000)
    assert len([call for call in sandbox.log() if "segments.date" in call["query"]]) == 1


def test_10_an_expired_token_is_refreshed_once_and_the_call_replayed_once(sandbox: Sandbox) -> None:
    sandbox.set_faults([{"match": STREAM, "nth": 1, "do": {"kind": "expire_token"}}])
    (answer,) = run_source(sandbox, read("account_daily"))
    assert len(answer["rows"]) == 2
    assert len([call for call in sandbox.log() if call["path"] == "/token"]) == 2
    sandbox.reset()
    sandbox.set_faults([{"match": STREAM, "do": {"kind": "expire_token"}}])
    (answer,) = run_source(sandbox, read("account_daily"))
    assert answer["raised"] == "SourceRefused"
    assert "renew its refresh_token" in answer["says"]
    assert len([call for call in sandbox.log() if "segments.date" in call["query"]]) == 2


WRONG: list[tuple[dict[str, str], str, str]] = [
    ({"refresh_token": "canary-wrong"}, "SourceRefused", "invalid_grant"),
    ({"password": "canary-wrong"}, "SourceRefused", "invalid_client"),
    ({"developer_token": "canary-wrong"}, "SourceRefused", "correct developer_token"),
    *(
        (
            {"developer_token": f"canary-wrong{sign}canary-wrong"},
            "SourceRefused",
            "developer_token of the connection google_ads holds",
        )
        for sign in ("\n", "é", " ")
    ),
    ({"login_customer_id": "١٢٣٤٥٦٧٨٩٠"}, "SourceRefused", "10 digits"),
    ({"password": "canary-wrong\né"}, "SourceRefused", "invalid_client"),
    ({"refresh_token": "canary-wrong\né"}, "SourceRefused", "invalid_grant"),
    ({"developer_token": ""}, "SourceRefused", "has no developer_token"),
    ({"refresh_token": ""}, "SourceRefused", "has no refresh_token"),
    ({"login_customer_id": "5555555555"}, "SourceRefused", "USER_PERMISSION_DENIED"),
    ({"login_customer_id": "12"}, "SourceRefused", "10 digits"),
    ({"customer_ids": CLOSED}, "SourceRefused", f"no open account {CLOSED}"),
    ({"api_version": "v9"}, "SourceRefused", "api_version"),
    ({"endpoint": "ads.example.com"}, "SourceRefused", "not a host of Google"),
    ({"token_uri": "http://localhost:1/token"}, "SourceRefused", "not a host of Google"),
    ({"json_key": "{}"}, "SourceRefused", "json_key"),
    ({"endpoint": "localhost:1"}, "SourceUnavailable", "does not answer"),
    ({"token_uri": "https://localhost:1/token"}, "SourceUnavailable", "token endpoint"),
]


@pytest.fixture(scope="module")
def refusals(sandbox: Sandbox) -> list[dict[str, Any]]:
    """What the source says to each wrong connection, all in one process."""
    return run_source(
        sandbox,
        *({"credentials": changes} for changes, _, _ in WRONG),
        CLOSED_LOOP_RETRY_SECONDS="2",
    )


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_is_wrong_is_said_in_a_sentence_without_secrets(
    sandbox: Sandbox, refusals: list[dict[str, Any]], number: int
) -> None:
    (changes, kind, part), answer = WRONG[number], refusals[number]
    assert (answer.get("raised"), part in answer.get("says", "")) == (kind, True), answer
    secrets = {**sandbox.connection("google_ads"), **changes}
    for name in ("password", "refresh_token", "developer_token"):
        assert not secrets[name] or secrets[name] not in answer["says"]
    assert "Traceback" not in answer["says"]
    assert "\n" not in answer["says"]


def test_a_service_account_may_log_in(sandbox: Sandbox) -> None:
    key = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )
    info = {
        "type": "service_account",
        "client_email": "robot@project.example",
        "private_key": key,
        "private_key_id": "1",
        "token_uri": "https://example.com/token",
    }
    (answer,) = run_source(
        sandbox,
        read(
            "account_daily",
            credentials={
                "json_key": json.dumps(info),
                "login": "",
                "password": "",
                "refresh_token": "",
            },
        ),
    )
    assert len(answer["rows"]) == 2
    assert "jwt-bearer" in sandbox.log()[0]["query"]


def test_39_the_sandbox_is_no_host_without_the_switch(sandbox: Sandbox) -> None:
    (answer,) = run_source(sandbox, {}, CLOSED_LOOP_SANDBOX="")
    assert answer["raised"] == "SourceRefused"
    assert "CLOSED_LOOP_SANDBOX" in answer["says"]
    assert sandbox.log() == []
