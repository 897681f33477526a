"""What is wrong with a connection is said in words, each misconfiguration in its own.

All cases run in one process of their own, as a task does: gRPC reads its roots once a process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.sandbox import google_data, linkedin_data, meta_data, salesforce_data
from tests.sandbox.google_data import CLOSED, MANAGER
from tests.sandbox.running import ROOT, Sandbox, environment

CHECK = """
import json, sys
from datetime import UTC, datetime
from include import connections
from include.registry import source_named
from include.run import Run
from include.settings import load_settings

noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
for line in sys.stdin:
    case = json.loads(line)
    found = connections.check(
        load_settings(), source_named(case["source"]), case["credentials"], Run("", noon, noon)
    ).to_json()
    print(json.dumps({**found, "rendered": connections.render([found])}), flush=True)
"""


@dataclass(frozen=True)
class Wrong:
    """A connection that is not as it should be, and the words that must be said of it."""

    source: str
    words: tuple[str, ...]
    changes: dict[str, str] = field(default_factory=dict)
    faults: tuple[dict[str, Any], ...] = ()


def graph_refusal(code: int, message: str) -> dict[str, Any]:
    body = {"error": {"code": code, "type": "OAuthException", "message": message}}
    return {
        "match": {"api": "meta"},
        "do": {"kind": "status", "status": 403, "body": body},
    }


WRONG = {
    "no token": Wrong(
        "facebook_ads", ("facebook_ads has no password", "ads_read"), {"password": ""}
    ),
    "wrong token": Wrong(
        "facebook_ads",
        ("refused the access token", "Cannot parse", "write a fresh one into its password"),
        {"password": "EAAwrong"},
    ),
    "expired token": Wrong(
        "facebook_ads",
        ("whose time is over", "write a fresh one into its password"),
        faults=({"match": {"api": "meta"}, "do": {"kind": "expire_token"}},),
    ),
    "missing permission": Wrong(
        "facebook_ads",
        ("give the system user", "the permission ads_read on the ad account"),
        faults=(graph_refusal(200, "(#200) Ad account owner has NOT grant ads_read permission"),),
    ),
    "wrong app secret": Wrong(
        "facebook_ads", ("refused the app_secret", "of the app which"), {"app_secret": "wrong-one"}
    ),
    "lead forms neither wanted nor not": Wrong(
        "facebook_ads",
        ("lead_forms in the extra of the connection facebook_ads is neither yes nor no",),
        {"lead_forms": "none"},
    ),
    "account out of reach": Wrong(
        "facebook_ads", ("act_99", "check account_ids"), {"account_ids": "99"}
    ),
    "Graph version over": Wrong(
        "facebook_ads",
        ("no longer serves version v12.0", "remove api_version"),
        {"api_version": "v12.0"},
    ),
    "no host of Meta": Wrong(
        "facebook_ads",
        ("'evil.example', which is not Meta's", "leave it empty"),
        {"host": "https://evil.example"},
    ),
    "wrong developer token": Wrong(
        "google_ads",
        ("refuses the developer token", "correct developer_token"),
        {"developer_token": "wrong-one"},
    ),
    "wrong manager": Wrong(
        "google_ads",
        ("USER_PERMISSION_DENIED", "login_customer_id"),
        {"login_customer_id": "1111111111"},
    ),
    "manager as account": Wrong(
        "google_ads", (f"{MANAGER} in customer_ids", "is a manager"), {"customer_ids": MANAGER}
    ),
    "closed account": Wrong(
        "google_ads", (f"{CLOSED} (which is CANCELED)",), {"customer_ids": CLOSED}
    ),
    "unknown account": Wrong(
        "google_ads",
        ("no open account 1111111111 to", "check customer_ids"),
        {"customer_ids": "1111111111"},
    ),
    "wrong client secret": Wrong(
        "google_ads", ("invalid_client", "client secret"), {"password": "wrong-one"}
    ),
    "refresh token revoked": Wrong(
        "google_ads", ("invalid_grant", "make a new one"), {"refresh_token": "wrong-one"}
    ),
    "no such Google version": Wrong(
        "google_ads", ("no API version 'v12'", "correct api_version"), {"api_version": "v12"}
    ),
    "LinkedIn version over": Wrong(
        "linkedin_ads",
        ("no longer serves version 202301", "set api_version"),
        {"api_version": "202301"},
    ),
    "wrong LinkedIn secret": Wrong(
        "linkedin_ads", ("no such application", "client secret"), {"password": "wrong-one"}
    ),
    "LinkedIn authorization over": Wrong(
        "linkedin_ads",
        ("has ended or was revoked", "let the member authorize the application again"),
        {"refresh_token": "wrong-one"},
    ),
    "no role on the account": Wrong(
        "linkedin_ads",
        ("give the member a role on the ad account", "r_ads"),
        faults=(
            {
                "match": {"api": "linkedin", "path": "/rest/"},
                "do": {
                    "kind": "status",
                    "status": 403,
                    "body": {"status": 403, "code": "ACCESS_DENIED", "message": "Not enough"},
                },
            },
        ),
    ),
    "no My Domain of Salesforce": Wrong(
        "salesforce",
        ("points to fernhill.example", "write the org's My Domain URL"),
        {"host": "https://fernhill.example"},
    ),
    "nobody at the host": Wrong(
        "salesforce",
        ("cannot be reached at https://localhost:1", "check again later"),
        {"host": "https://localhost:1"},
    ),
    "no such app in the org": Wrong(
        "salesforce", ("not the consumer key of an app of this org",), {"login": "wrong-one"}
    ),
    "wrong consumer secret": Wrong(
        "salesforce", ("its password is not the consumer secret",), {"password": "wrong-one"}
    ),
    "Salesforce version over": Wrong(
        "salesforce", ("does not serve the API version", "v20.0"), {"api_version": "20.0"}
    ),
    "object not readable": Wrong(
        "salesforce",
        ("Opportunity", "read access"),
        faults=(
            {
                "match": {"api": "salesforce", "path": "/sobjects/Opportunity/describe"},
                "do": {
                    "kind": "status",
                    "status": 404,
                    "body": [{"errorCode": "NOT_FOUND", "message": "no such object"}],
                },
            },
        ),
    ),
}


DISABLED = {
    "id": "act_77", "account_id": "77", "name": "Mars", "currency": "USD",
    "timezone_name": "Europe/Berlin", "account_status": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    files: dict[str, Any] = {}
    for each in (meta_data, google_data, linkedin_data, salesforce_data):
        files |= each.FILES
    files["meta/ad_accounts"] = [*files["meta/ad_accounts"], DISABLED]
    return serve_data(files)


Check = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def check(sandbox: Sandbox) -> Iterator[Check]:
    """``check(source, **changes)`` is what is found out about a connection so changed."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHECK],
        cwd=ROOT,
        env=environment(**{**sandbox.variables, "CLOSED_LOOP_RETRY_SECONDS": "12"}),
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def ask(source: str, **changes: str) -> dict[str, Any]:
        credentials = {**sandbox.connection(source), **changes}
        process.stdin.write(json.dumps({"source": source, "credentials": credentials}) + "\n")
        process.stdin.flush()
        found: dict[str, Any] = json.loads(process.stdout.readline())
        return found

    yield ask
    process.stdin.close()
    process.wait(timeout=30)
    process.stdout.close()


@pytest.fixture(scope="module")
def found(sandbox: Sandbox, check: Check) -> dict[str, dict[str, Any]]:
    """What was found out about each wrong connection."""
    answers = {}
    for name, wrong in WRONG.items():
        sandbox.set_faults(wrong.faults)
        answers[name] = check(wrong.source, **wrong.changes)
    sandbox.reset()
    return answers


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_what_to_do(found: dict[str, dict[str, Any]], name: str) -> None:
    wrong, answer = WRONG[name], found[name]
    said = " ".join(answer["wrong"])
    assert answer["verdict"] == "does not work"
    assert wrong.source in said or "account" in said, said
    for words in wrong.words:
        assert words in said, said
    assert "Traceback" not in said
    assert f"### {wrong.source}: does not work" in answer["rendered"]


def test_no_two_misconfigurations_read_alike(found: dict[str, dict[str, Any]]) -> None:
    sentences = [" ".join(answer["wrong"]) for answer in found.values()]
    assert len(set(sentences)) == len(WRONG) >= 10


def test_no_secret_is_in_what_is_found_out(
    sandbox: Sandbox, found: dict[str, dict[str, Any]]
) -> None:
    for name, wrong in WRONG.items():
        given = {**sandbox.connection(wrong.source), **wrong.changes}
        said = json.dumps(found[name])
        for key in ("password", "refresh_token", "developer_token", "app_secret"):
            assert not given.get(key) or given[key] not in said, (name, key)


def test_a_connection_that_works_shows_its_accounts_and_what_was_read(check: Check) -> None:
    answer = check("google_ads")
    assert (answer["verdict"], answer["api_version"]) == ("works", "v26")
    accounts = {each["account_id"]: each for each in answer["accounts"]}
    japan = accounts[google_data.OTHER]
    assert (japan["currency_code"], japan["time_zone"]) == ("JPY", "Asia/Tokyo")
    first = answer["accounts"][0]["reads"]
    assert {"accounts", "campaigns", "campaign_daily", "account_daily", "clicks"} <= set(first)
    assert {outcome.split(",")[0] for outcome in first.values()} == {"read"}
    assert "| 2345678901 | Shop Japan | ENABLED | JPY | Asia/Tokyo |" in answer["rendered"]


GRANTED_APART = {
    # source: the stream, the second account, and the call that asks for it
    "linkedin_ads": (
        "lead_forms",
        str(linkedin_data.DOLLAR),
        {"api": "linkedin", "path": "leadFormResponses", "query": str(linkedin_data.DOLLAR)},
        {"kind": "status", "status": 403, "body": {"status": 403}},
    ),
    "facebook_ads": (
        "lead_forms",
        "2",
        {"api": "meta", "path": "/act_2/ads$"},
        graph_refusal(200, "(#200) Requires leads_retrieval permission")["do"],
    ),
    "google_ads": (
        "clicks",
        google_data.OTHER,
        {"api": "google", "query": f"(?s){google_data.OTHER}.*click_view"},
        {"kind": "grpc_status", "code": "PERMISSION_DENIED", "details": "click_view"},
    ),
}


@pytest.mark.parametrize("source", GRANTED_APART)
def test_what_is_granted_apart_is_tried_of_every_account(
    sandbox: Sandbox, check: Check, source: str
) -> None:
    stream, second, call, answer = GRANTED_APART[source]
    sandbox.set_faults([{"match": call, "do": answer}])
    found = check(source)
    sandbox.reset()
    accounts = [each["account_id"] for each in found["accounts"]]
    assert accounts.index(second) > 0
    reads = {each["account_id"]: set(each["reads"]) for each in found["accounts"]}
    assert reads[accounts[0]] > reads[second] == {"account_daily", stream}
    about = [each for each in found["wrong"] if f"account {second}, {stream}: " in each]
    assert len(about) == 1, found["wrong"]
    assert not [each for each in found["wrong"] if f"account {accounts[0]}," in each]


def test_10_scopes_and_the_end_of_the_login_are_told(check: Check) -> None:
    answer = check("linkedin_ads")
    assert "r_ads_reporting" in answer["scopes"]
    assert answer["expires_at"] is not None


def test_an_account_that_is_closed_or_keeps_odd_days_is_remarked_upon(
    sandbox: Sandbox, check: Check
) -> None:
    described = DISABLED | {"timezone_name": "Mars/Olympus_Mons"}
    answered = {"kind": "status", "status": 200, "body": described}
    sandbox.set_faults([{"match": {"api": "meta", "path": "/act_77$"}, "do": answered}])
    answer = check("facebook_ads", account_ids="77")
    sandbox.reset()
    assert answer["verdict"] == "does not work"
    said = " ".join([*answer["wrong"], *answer["remarks"]])
    assert "account 77 is DISABLED" in said
    assert "'Mars/Olympus_Mons', which is no IANA time zone" in said


def test_12_a_version_near_its_end_is_remarked_upon(check: Check) -> None:
    answer = check("google_ads", api_version="v23")
    assert answer["verdict"] == "works, with remarks"
    assert any("v23 ends on 2027-02-01" in remark for remark in answer["remarks"])
