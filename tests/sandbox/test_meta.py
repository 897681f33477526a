"""Meta's real SDK against the sandbox: what it reads, what it is refused, what the sums come to."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.adobjects.campaign import Campaign
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sandbox import meta_insights
from include.sandbox.dataset import DataSet, World
from include.sandbox.meta_graph import field_list, objects
from include.sandbox.meta_report import report
from tests.sandbox.meta_data import DAYS, FILES, FIRST
from tests.sandbox.running import ROOT, Sandbox, environment, write_data_set

WHOLE = {"since": str(FIRST), "until": str(FIRST + timedelta(DAYS - 1))}
PAUSED = "Überraschung – 50%"


@pytest.fixture(scope="module")
def served(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture
def sandbox(served: Sandbox) -> Sandbox:
    served.reset()
    return served


def sdk(
    sandbox: Sandbox,
    token: str = "sandbox-meta-token",
    version: str = "v26.0",
    secret: str | None = "sandbox-meta-secret",
) -> FacebookAdsApi:
    session = FacebookSession("1000000001", secret, token, timeout=20)
    session.GRAPH = sandbox.http
    return FacebookAdsApi(session, api_version=version)


def account(sandbox: Sandbox, **how: Any) -> AdAccount:
    return AdAccount("act_1", api=sdk(sandbox, **how))


def error_of(call: Callable[[], Any]) -> tuple[int, int, int | None, str]:
    """HTTP status, code, subcode and message of the error a call ends in."""
    with pytest.raises(FacebookRequestError) as caught:
        call()
    error = caught.value
    return (
        error.http_status(),
        error.api_error_code(),
        error.api_error_subcode(),
        error.api_error_message(),
    )


def spend_in_data(account_id: str, days: Mapping[str, str], **ids: str) -> Decimal:
    """The oracle: the sum of the latest known lines, straight from the data set."""
    return sum(
        (
            Decimal(line["spend"])
            for line in FILES["meta/insights"]
            if line["account_id"] == account_id
            and "_known_until" not in line
            and days["since"] <= line["date_start"] <= days["until"]
            and all(line.get(key) == value for key, value in ids.items())
        ),
        Decimal(0),
    )


@pytest.mark.parametrize("level", ["account", "campaign"])
def test_insights_at_once_sum_to_the_data(sandbox: Sandbox, level: str) -> None:
    rows = account(sandbox).get_insights(
        fields=["spend"],
        params={"level": level, "time_increment": 1, "time_range": WHOLE, "limit": 7},
    )
    assert sum(Decimal(row["spend"]) for row in rows) == spend_in_data("1", WHOLE)


def test_a_report_run_is_polled_and_paged(sandbox: Sandbox) -> None:
    run = account(sandbox).get_insights(
        fields=["campaign_id", "spend", "actions"],
        is_async=True,
        params={"level": "campaign", "time_increment": 1, "time_range": WHOLE},
    )
    assert [run.api_get()[AdReportRun.Field.async_status] for _ in range(3)] == [
        "Job Running",
        "Job Completed",
        "Job Completed",
    ]
    assert run[AdReportRun.Field.async_percent_completion] == 100
    rows = list(run.get_result(params={"limit": 20}))
    for campaign in ("11", "12", "13"):
        total = sum(Decimal(row["spend"]) for row in rows if row["campaign_id"] == campaign)
        assert total == spend_in_data("1", WHOLE, campaign_id=campaign) > 0
    assert len({(row["campaign_id"], row["date_start"]) for row in rows}) == len(rows)
    assert len([call for call in sandbox.log() if call["path"].endswith("/insights")]) > 3


def test_a_run_cannot_be_read_before_it_is_complete(sandbox: Sandbox) -> None:
    run = account(sandbox).get_insights(fields=["spend"], params={}, is_async=True)
    assert error_of(lambda: list(run.get_result()))[:2] == (400, 2601)


def test_lines_without_an_ad_count_for_campaign_and_account_only(sandbox: Sandbox) -> None:
    rows = list(
        account(sandbox).get_insights(
            fields=["ad_id", "ad_name", "adset_name", "spend"],
            params={"level": "ad", "time_range": WHOLE},
        )
    )
    assert {row["ad_id"]: (row["adset_name"], row["ad_name"]) for row in rows} == {
        "1111": ("Set A", "Ad A"),
        "1121": ("Set B", "Ad B"),
    }
    assert sum(Decimal(row["spend"]) for row in rows) == spend_in_data("1", WHOLE, campaign_id="11")


@pytest.mark.parametrize(
    ("increment", "first_days"),
    [
        ("all_days", ["2026-10-01"]),
        ("monthly", ["2026-10-01", "2026-11-01"]),
        (20, ["2026-10-01", "2026-10-21", "2026-11-10"]),
    ],
)
def test_time_increments_cut_the_range(
    sandbox: Sandbox, increment: Any, first_days: list[str]
) -> None:
    rows = list(
        account(sandbox).get_insights(
            fields=["spend"], params={"time_increment": increment, "time_range": WHOLE}
        )
    )
    assert [row["date_start"] for row in rows] == first_days
    assert rows[-1]["date_stop"] == WHOLE["until"]
    for row in rows:
        days = {"since": row["date_start"], "until": row["date_stop"]}
        assert Decimal(row["spend"]) == spend_in_data("1", days)


def test_presets_follow_the_accounts_own_day(sandbox: Sandbox) -> None:
    api = sdk(sandbox)

    def days(identifier: str) -> list[str]:
        return [
            row["date_start"]
            for row in AdAccount(identifier, api=api).get_insights(
                fields=["spend"], params={"date_preset": "last_3d", "time_increment": 1}
            )
        ]

    sandbox.set_clock("2026-11-15T18:00:00Z")
    assert days("act_1") == ["2026-11-12", "2026-11-13", "2026-11-14"]
    assert days("act_2") == ["2026-11-13", "2026-11-14", "2026-11-15"]


def test_restated_spend_and_names_follow_the_clock(sandbox: Sandbox) -> None:
    seen = []
    for clock in ("2026-11-19T23:59:59Z", "2026-11-20T00:00:00Z"):
        sandbox.set_clock(clock)
        rows = account(sandbox).get_insights(
            fields=["spend"], params={"time_range": {"since": "2026-11-19", "until": "2026-11-19"}}
        )
        seen.append([row["spend"] for row in rows])
    assert seen == [["1.10"], ["3.30"]]


def test_filters_and_sorting(sandbox: Sandbox) -> None:
    def campaigns(filtering: list[dict[str, Any]], **more: Any) -> list[str]:
        return [
            row["campaign_id"]
            for row in account(sandbox).get_insights(
                fields=["campaign_id", "spend"],
                params={"level": "campaign", "time_range": WHOLE, "filtering": filtering, **more},
            )
        ]

    def only(field: str, operator: str, value: Any) -> list[str]:
        return campaigns([{"field": field, "operator": operator, "value": value}])

    assert campaigns([]) == ["11", "12", "13"]
    assert campaigns([], sort=["spend_ascending"]) == ["13", "12", "11"]
    assert only("campaign.id", "IN", ["12", "13"]) == ["12", "13"]
    assert only("campaign.effective_status", "IN", ["DELETED"]) == ["13"]
    assert only("campaign.name", "CONTAIN", "überraschung") == ["12"]
    assert only("spend", "GREATER_THAN", 500) == ["11", "12"]
    total = list(
        account(sandbox).get_insights(
            fields=["spend"],
            params={
                "time_range": WHOLE,
                "filtering": [{"field": "campaign.id", "operator": "IN", "value": ["12"]}],
            },
        )
    )
    assert Decimal(total[0]["spend"]) == spend_in_data("1", WHOLE, campaign_id="12")
    # A level before a metric says nothing more: it is the row's.
    assert only("campaign.spend", "GREATER_THAN", 500) == ["11", "12"]
    assert only("ad.impressions", "GREATER_THAN", 0) == ["11", "12", "13"]
    assert only("spend", "IN_RANGE", [0, 500]) == ["13"]


def test_a_filter_on_actions_leaves_the_rows(sandbox: Sandbox) -> None:
    def actions(*filtering: dict[str, Any]) -> list[list[str]]:
        rows = account(sandbox).get_insights(
            fields=["campaign_id", "actions"],
            params={"level": "campaign", "time_range": WHOLE, "filtering": list(filtering)},
        )
        return [[entry["action_type"] for entry in row.get("actions", [])] for row in rows]

    whole = actions()
    assert any("lead" in row and len(row) > 1 for row in whole)
    kept = actions({"field": "action_type", "operator": "IN", "value": ["lead"]})
    assert kept == [[name for name in row if name == "lead"] for row in whole]


def test_objects_are_filtered_by_what_is_above_them(sandbox: Sandbox) -> None:
    def ads(field: str, operator: str, value: Any) -> list[str]:
        rule = {"field": field, "operator": operator, "value": value}
        return [ad["id"] for ad in account(sandbox).get_ads(params={"filtering": [rule]})]

    assert ads("adset.name", "EQUAL", "Set B") == ["1121"]
    assert ads("campaign.name", "CONTAIN", "renamed") == ["1111", "1121"]
    assert ads("name", "CONTAIN", "Ad A") == ["1111"]


@pytest.mark.parametrize(
    ("edge", "params", "words"),
    [
        ("insights", {"filtering": [{"field": "nope", "operator": "IN", "value": ["x"]}]},
         "Filtering field nope with operation in is not supported"),
        ("insights", {"filtering": [{"field": "ad.nope", "operator": "IN", "value": ["x"]}]},
         "Filtering field ad.nope"),
        ("insights", {"filtering": [{"field": "page.id", "operator": "IN", "value": ["x"]}]},
         "Filtering field page.id"),
        ("insights", {"filtering": [{"field": "spend", "operator": "LIKE", "value": 1}]},
         "filtering[0][operator] must be one of"),
        ("insights", {"filtering": [{"field": "spend", "operator": "IN_RANGE", "value": 5}]},
         "filtering[0][value] must be an array of two numbers"),
        ("insights", {"filtering": [{"field": "spend", "operator": "IN_RANGE", "value": [5]}]},
         "filtering[0][value] must be an array of two numbers"),
        ("insights", {"filtering": [{"field": "spend", "operator": "EQUAL"}]},
         "filtering[0][value] is required"),
        ("insights", {"filtering": [{"field": "spend", "operator": "LESS_THAN",
                                     "value": {"a": 1}}]}, "must be a number"),
        ("insights", {"filtering": [{"field": "ad.effective_status", "operator": "IN",
                                     "value": ["BOGUS"]}]},
         "filtering[0][value][0] must be one of"),
        ("insights", {"summary": [[]]}, "Param summary must be an array of strings"),
        ("insights", {"summary": [{"field": None}]}, "Param summary must be an array of strings"),
        ("insights", {"breakdowns": [None]}, "Param breakdowns must be an array of strings"),
        ("campaigns", {"effective_status": ["BOGUS"]}, "effective_status[0] must be one of"),
        ("campaigns", {"filtering": [{"field": "nope", "operator": "IN", "value": ["x"]}]},
         "Filtering field nope"),
        ("campaigns", {"filtering": [{"field": "ad.name", "operator": "EQUAL", "value": "x"}]},
         "Filtering field ad.name"),
        ("campaigns", {"limit": "²"}, "Param limit"),
        ("campaigns", {"fields": "ads.limit(x){id}"}, "Param limit"),
        ("", {"batch": [None]}, "Param batch[0] must be an object"),
        ("", {"batch": [5]}, "Param batch[0] must be an object"),
    ],
)  # fmt: skip
def test_parameters_it_cannot_follow_are_refused(
    sandbox: Sandbox, edge: str, params: dict[str, Any], words: str
) -> None:
    texts = {key: value if isinstance(value, str) else json.dumps(value)
             for key, value in params.items()}  # fmt: skip
    form = {"access_token": "sandbox-meta-token", "method": "GET" if edge else "POST", **texts}
    path = f"act_1/{edge}" if edge else ""
    answer = requests.post(f"{sandbox.http}/v26.0/{path}", data=form, timeout=20)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100), answer.text
    assert words in answer.json()["error"]["message"]


def test_a_failure_of_its_own_spoils_one_entry_of_a_batch_alone(sandbox: Sandbox) -> None:
    deep = "ads{" * 2_000  # deeper than the parser can follow
    batch = [{"method": "GET", "relative_url": url} for url in (f"act_1?fields={deep}", "me")]
    form = {"access_token": "sandbox-meta-token", "batch": json.dumps(batch)}
    first, second = requests.post(f"{sandbox.http}/v26.0/", data=form, timeout=20).json()
    error = json.loads(first["body"])["error"]
    assert (first["code"], error["code"], error["is_transient"]) == (500, 1, False)
    assert second["code"] == 200


def test_paths_without_a_version_are_unknown(sandbox: Sandbox) -> None:
    for path, host in (("nothing", "graph.facebook.com"), ("me/adaccounts", "127.0.0.1")):
        answer = requests.get(f"{sandbox.http}/{path}", headers={"Host": host}, timeout=20)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, 2500)


def test_objects_and_edges(sandbox: Sandbox) -> None:
    api = sdk(sandbox)
    accounts = list(User("me", api=api).get_ad_accounts(fields=["name", "currency"]))
    assert [(one["id"], one["currency"]) for one in accounts] == [
        ("act_1", "USD"),
        ("act_2", "JPY"),
    ]
    edge = account(sandbox).get_campaigns(fields=["name", "effective_status"])
    assert [row["name"] for row in edge] == ["Brand renamed", PAUSED]
    assert edge.total() == 2
    deleted = account(sandbox).get_campaigns(
        fields=["name"], params={"effective_status": ["DELETED"]}
    )
    assert [row["name"] for row in deleted] == ["Gone"]
    campaign = Campaign("11", api=api).api_get(fields=["name", "objective"])
    assert dict(campaign) == {"id": "11", "name": "Brand renamed", "objective": "OUTCOME_LEADS"}
    assert [row["name"] for row in Campaign("11", api=api).get_ad_sets(fields=["name"])] == [
        "Set A",
        "Set B",
    ]
    ads = {ad["id"]: ad["creative"]["id"] for ad in account(sandbox).get_ads(fields=["creative"])}
    assert ads == {"1111": "9001", "1121": "9002"}
    creatives = list(account(sandbox).get_ad_creatives(fields=["url_tags"]))
    assert creatives[0]["url_tags"] == "utm_campaign={{campaign.id}}"
    assert len(creatives) == 2
    nested = api.call("GET", ("11",), params={"fields": "name,adsets.limit(1){id,ads{name}}"})
    assert nested.json()["adsets"]["data"] == [
        {"id": "111", "ads": {"data": [{"name": "Ad A", "id": "1111"}]}}
    ]


def test_edges_a_data_set_has_nothing_of_are_empty(sandbox: Sandbox) -> None:
    assert list(account(sandbox).get_custom_conversions()) == []
    assert list(Ad("1111", api=sdk(sandbox)).get_leads()) == []


def test_a_long_query_may_be_posted(sandbox: Sandbox) -> None:
    answer = requests.post(
        f"{sandbox.http}/v26.0/11",
        timeout=10,
        data={"method": "GET", "fields": "name", "access_token": "sandbox-meta-token"},
    )
    assert answer.json() == {"id": "11", "name": "Brand renamed"}


def test_a_batch_answers_each_call(sandbox: Sandbox) -> None:
    api, found = sdk(sandbox), []
    batch = api.new_batch()
    for identifier in ("1111", "1121", "404"):
        Ad(identifier, api=api).api_get(
            fields=["name"],
            batch=batch,
            success=lambda answer: found.append(answer.json()["name"]),
            failure=lambda answer: found.append(answer.error().api_error_subcode()),
        )
    assert batch.execute() is None
    assert found == ["Ad A", "Ad B", 33]


def test_what_the_real_api_refuses_is_refused(sandbox: Sandbox) -> None:
    insights = account(sandbox).get_insights

    def refused(fields: list[str], **params: Any) -> tuple[int, int, int | None, str]:
        return error_of(lambda: insights(fields=fields, params=params))

    assert refused(["nope"])[3].startswith("(#100) nope is not valid for fields param")
    assert refused(["spend"], level="planet")[:2] == (400, 100)
    assert refused(["spend"], date_preset="someday")[1] == 100
    assert refused(["spend"], breakdowns=["age"])[:3] == (400, 100, 1349125)
    assert "must be one of" in refused(["spend"], action_attribution_windows=["28d_view"])[3]
    assert refused(["spend"], time_range={"since": "2026-11-02", "until": "2026-11-01"})[1] == 100
    assert refused(["spend"], time_range={"since": "2023-10-19", "until": "2026-11-01"})[1] == 3018
    assert insights(
        fields=["spend"],
        params={
            "time_range": {"since": "2023-10-20", "until": "2026-11-01"},
            "action_attribution_windows": ["7d_click", "1d_view"],
        },
    )
    assert refused(["spend"], after="garbage", limit=1)[1] == 100
    assert error_of(lambda: account(sandbox, token="stolen", secret=None).api_get())[1] == 190
    assert error_of(lambda: account(sandbox, secret="wrong").api_get())[3].startswith(
        "Invalid appsecret_proof"
    )
    assert error_of(lambda: account(sandbox, version="v19.0").api_get())[1] == 2635
    assert error_of(lambda: account(sandbox, version="v99.0").api_get())[1] == 2500
    assert error_of(lambda: Campaign("404", api=sdk(sandbox)).api_get())[1:3] == (100, 33)
    assert (
        "node type (Campaign)"
        in error_of(lambda: Campaign("11", api=sdk(sandbox)).api_get(fields=["nope"]))[3]
    )
    assert (
        error_of(lambda: Campaign("11", api=sdk(sandbox)).api_update(params={"name": "x"}))[0]
        == 403
    )


def test_faults_in_metas_own_form(sandbox: Sandbox) -> None:
    rule = {"match": {"api": "meta"}, "nth": 1}
    sandbox.set_faults([{**rule, "do": {"kind": "expire_token"}}])
    assert error_of(account(sandbox).api_get)[:3] == (400, 190, 463)
    sandbox.set_faults([{**rule, "do": {"kind": "quota", "minutes": 3}}])
    with pytest.raises(FacebookRequestError) as caught:
        account(sandbox).get_insights(fields=["spend"])
    assert (caught.value.api_error_code(), caught.value.api_error_subcode()) == (17, 2446079)
    usage = json.loads(caught.value.http_headers()["x-business-use-case-usage"])
    assert usage["1"][0]["estimated_time_to_regain_access"] == 3


def test_a_token_may_come_as_a_bearer_and_usage_headers_come_back(sandbox: Sandbox) -> None:
    answer = requests.get(
        f"{sandbox.http}/v25.0/act_1/insights",
        timeout=10,
        headers={"Authorization": "Bearer sandbox-meta-token"},
    )
    assert answer.ok
    assert {
        "x-app-usage",
        "x-ad-account-usage",
        "x-business-use-case-usage",
        "x-fb-ads-insights-throttle",
    } <= {name.lower() for name in answer.headers}
    assert answer.headers["facebook-api-version"] == "v25.0"
    missing = requests.get(f"{sandbox.http}/v25.0/me", timeout=10).json()["error"]
    assert (missing["code"], missing["type"]) == (104, "OAuthException")
    known = requests.get(
        f"{sandbox.http}/v25.0/debug_token",
        timeout=10,
        params={"access_token": "sandbox-meta-token", "input_token": "sandbox-meta-token"},
    ).json()["data"]
    assert (known["is_valid"], "ads_read" in known["scopes"]) == (True, True)


ON_DEFAULT_HOSTS = """
import json
from facebook_business.api import FacebookAdsApi
from facebook_business.adobjects.adaccount import AdAccount
api = FacebookAdsApi.init("1000000001", "sandbox-meta-secret", "sandbox-meta-token",
                          crash_log=False)
rows = AdAccount("act_1", api=api).get_insights(
    fields=["campaign_id", "spend"],
    params={"level": "campaign", "time_increment": 1, "limit": 10,
            "time_range": {"since": "2026-10-01", "until": "2026-11-19"}})
print(json.dumps([dict(row) for row in rows]))
"""


def test_the_unmodified_sdk_reads_it_on_its_default_host(sandbox: Sandbox) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ON_DEFAULT_HOSTS],
        cwd=ROOT,
        text=True,
        capture_output=True,
        env=environment(**sandbox.proxy_variables),
        timeout=60,
        check=True,
    )
    rows = json.loads(done.stdout)
    assert sum(Decimal(row["spend"]) for row in rows) == spend_in_data("1", WHOLE)


def test_nested_fields_are_read() -> None:
    fields = field_list("id, adsets.limit(5){name,ads{id}} ,creative{id}")
    assert [(item.name, [inner.name for inner in item.fields]) for item in fields] == [
        ("id", []),
        ("adsets", ["name", "ads"]),
        ("creative", ["id"]),
    ]
    assert fields[1].arguments == {"limit": "5"}


line = st.builds(
    lambda campaign, adset, day, cents, lead: {
        "account_id": "1",
        "campaign_id": campaign,
        "adset_id": f"{campaign}{adset}",
        "ad_id": f"{campaign}{adset}9",
        "date_start": str(date(2026, 10, 1) + timedelta(day)),
        "spend": str(Decimal(cents) / 100),
        "actions": [{"action_type": "lead", "value": lead}],
    },
    st.sampled_from("12"),
    st.sampled_from("345"),
    st.integers(0, 40),
    st.integers(-500, 10**9),
    st.sampled_from(["0", "1", "2.5"]),
)


@settings(max_examples=40)
@given(
    lines=st.lists(line, max_size=30),
    level=st.sampled_from(meta_insights.LEVELS),
    increment=st.sampled_from(["1", "7", "monthly", "all_days"]),
)
def test_sums_are_conserved_at_every_level_and_increment(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[dict[str, Any]],
    level: str,
    increment: str,
) -> None:
    folder: Path = tmp_path_factory.mktemp("sums")
    data = write_data_set(
        folder, {"meta/ad_accounts": FILES["meta/ad_accounts"], "meta/insights": lines}
    )
    world = World(DataSet(data))
    record = objects(world).by_kind["account"]["act_1"]
    asked = meta_insights.query(
        world,
        "account",
        record,
        {
            "level": level,
            "time_increment": increment,
            "fields": "spend,actions",
            "time_range": '{"since":"2026-10-01","until":"2026-11-19"}',
        },
    )
    rows = [json.loads(text) for text in report(world, asked)[:]]
    assert sum(Decimal(row["spend"]) for row in rows) == sum(Decimal(one["spend"]) for one in lines)
    assert sum(Decimal(action["value"]) for row in rows for action in row["actions"]) == sum(
        Decimal(one["actions"][0]["value"]) for one in lines
    )
