"""Answers of status 200 that are JSON and not what was asked for: asked for again, and what arrives
is whole and right; without end they are a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from include.sources import Row, SourceUnavailable
from include.sources.facebook_ads import FACEBOOK_ADS
from include.sources.salesforce import SALESFORCE
from tests.sandbox import (
    facebook_data,
    facebook_reading,
    linkedin_data,
    linkedin_reading,
    salesforce_data,
    salesforce_reading,
)
from tests.sandbox.running import Sandbox

NOTHING = ("{}", '{"error":"x"}', '{"error":{"code":7}}', '{"elements":[]}', "[]", "null")


def fault(path: str, body: str, times: int) -> list[dict[str, Any]]:
    """A plan: what is found at a path (a pattern) is answered so many times by something else."""
    do = {"kind": "status", "status": 200, "body": body}
    return [{"match": {"path": path}, "nth": 1, "times": times, "do": do}]


def asked_again(sandbox: Sandbox, read: Callable[[], list[Row]], path: str, body: str) -> None:
    """What a source reads is the same when one answer at a path says something else."""
    sandbox.reset()
    right = read()
    assert right
    sandbox.set_faults(fault(path, body, times=1))
    assert read() == right
    assert any(call["fault"] for call in sandbox.log()), "the plan was never in force"


# -- LinkedIn ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def linkedin(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(linkedin_data.STREAM_FILES)


ONE_OBJECT = [
    ("accounts", f"adAccounts/{linkedin_data.EURO}$"),
    ("ads", "adTrackingParameters.*sponsoredAccount"),
    ("ads", "adTrackingParameters.*sponsoredCampaign"),
    ("ads", "rest/posts"),
]
NO_LIST = ('{"elements":[null]}', '{"elements":[[]]}', '{"elements":[{}]}', '{"elements":{}}')
LISTS = [
    ("campaigns", "adCampaignGroups$"),
    ("ad_groups", "adCampaigns$"),
    ("ads", "creatives$"),
    ("lead_forms", "leadFormResponses$"),
]


@pytest.mark.parametrize(
    ("stream", "path", "body"),
    [(stream, path, body) for stream, path in ONE_OBJECT for body in NOTHING]
    + [(stream, path, body) for stream, path in LISTS for body in NO_LIST],
)
def test_7_linkedin_is_asked_again(
    linkedin: Sandbox, stream: str, path: str, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOSED_LOOP_HASH_KEY", "one for both readings")
    asked_again(linkedin, lambda: linkedin_reading.rows(linkedin, stream), path, body)


@pytest.mark.parametrize(("stream", "path"), ONE_OBJECT + LISTS)
def test_7_linkedin_without_end_is_a_sentence(linkedin: Sandbox, stream: str, path: str) -> None:
    linkedin.reset()
    client = linkedin_reading.connect(linkedin, env={"CLOSED_LOOP_RETRY_SECONDS": "1"})
    account = linkedin_reading.account_of(client, linkedin_data.EURO)
    linkedin.set_faults(fault(path, '{"elements":[{}]}', times=1000))
    with pytest.raises(SourceUnavailable, match="LinkedIn answered 200 to "):
        linkedin_reading.extracted(client, account, stream)


@pytest.mark.parametrize(
    "element",
    ["null", "[]", "{}", '{"pivotValues":[7],"dateRange":{"start":{}}}', '{"pivotValues":["x"]}'],
)
@pytest.mark.parametrize("stream", ["account_daily", "ad_daily"])
def test_linkedin_reports_of_no_elements_are_a_sentence(
    linkedin: Sandbox, stream: str, element: str
) -> None:
    linkedin.reset()
    linkedin.set_faults(fault("adAnalytics", f'{{"elements":[{element}]}}', times=1000))
    with pytest.raises(SourceUnavailable, match="an element that tells not of what and when it is"):
        linkedin_reading.rows(linkedin, stream)


@pytest.mark.parametrize("stream", ["accounts", "creatives"])
def test_linkedin_elements_without_what_they_belong_to_are_a_sentence(
    linkedin: Sandbox, stream: str
) -> None:
    linkedin.reset()
    path, stream, lack = {
        "accounts": ("rest/adAccounts$", "accounts", "without its currency"),
        "creatives": ("creatives$", "ads", "without its campaign"),
    }[stream]
    linkedin.set_faults(fault(path, '{"elements":[{"id":1}]}', times=1000))
    with pytest.raises(SourceUnavailable, match=lack):
        linkedin_reading.rows(linkedin, stream)


# -- Facebook ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def facebook(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(facebook_data.FILES)


NO_PAGE = (
    "{}",
    '{"data":null}',
    '{"data":[null]}',
    '{"data":[[]]}',
    '{"data":[],"paging":5}',
    '{"data":[],"paging":{"next":5}}',
    '{"data":[],"paging":{"next":"https://x.example/","cursors":5}}',
    '{"data":[],"summary":5}',
)
PAGES = [
    ("campaigns", "act_1/campaigns$"),
    ("ad_groups", "act_1/adsets$"),
    ("ads", "act_1/ads$"),
    ("account_daily", "act_1/insights$"),
]


@pytest.mark.parametrize(
    ("stream", "path", "body"),
    [(stream, path, body) for stream, path in PAGES for body in NO_PAGE]
    + [(stream, path, '{"data":[{}]}') for stream, path in PAGES if path[-9:] != "insights$"]
    + [("accounts", "act_1$", body) for body in NOTHING if "code" not in body]
    + [("campaign_daily", path, "{}") for path in ("act_1/insights$", r"/\d{5,}$")],
)
def test_7_facebook_is_asked_again(facebook: Sandbox, stream: str, path: str, body: str) -> None:
    asked_again(facebook, lambda: facebook_reading.rows(facebook, stream), path, body)


@pytest.mark.parametrize("body", ['{"data":[{}]}', *NO_PAGE])
def test_facebook_accounts_that_are_none_are_a_sentence(facebook: Sandbox, body: str) -> None:
    facebook.reset()
    client = facebook_reading.connected(facebook, retry_seconds=1)
    facebook.set_faults(fault("me/adaccounts$", body, times=1000))
    with pytest.raises(SourceUnavailable, match="me/adaccounts with something else than"):
        FACEBOOK_ADS.discover(client)


# -- Salesforce -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def salesforce(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(salesforce_data.FILES)


@pytest.mark.parametrize(
    "body",
    [
        '{"records":[null],"done":true,"totalSize":1}',
        '{"records":[{}],"done":true,"totalSize":1}',
        '{"records":[[]],"done":true,"totalSize":1}',
        '{"records":null,"done":true,"totalSize":1}',
        '{"records":{},"done":true,"totalSize":1}',
    ],
)
@pytest.mark.parametrize("path", ["/query$", "/queryAll$"])
def test_7_salesforce_is_asked_again(
    salesforce: Sandbox, tmp_path: Path, path: str, body: str
) -> None:
    salesforce.reset()
    settings = salesforce_reading.settings_for(salesforce, tmp_path)
    client, account = salesforce_reading.connected(salesforce, settings)
    right = salesforce_reading.read(client, account, "leads")
    assert right
    salesforce.set_faults(fault(path, body, times=1))
    assert SALESFORCE.discover(client) == [account]
    assert salesforce_reading.read(client, account, "leads") == right
    assert any(call["fault"] for call in salesforce.log()), "the plan was never in force"


@pytest.mark.parametrize("body", ['{"fields":null}', '{"fields":[null]}', '{"fields":[{}]}', "[]"])
def test_7_a_describe_that_is_none_is_asked_for_again(
    salesforce: Sandbox, tmp_path: Path, body: str
) -> None:
    settings = salesforce_reading.settings_for(salesforce, tmp_path)

    def read() -> list[Row]:
        client, account = salesforce_reading.connected(salesforce, settings)
        return salesforce_reading.read(client, account, "leads")

    asked_again(salesforce, read, "Lead/describe$", body)
