"""The real, unmodified client of the GA4 Data API against the sandbox: over gRPC and over REST it
reads the same, and both are refused alike. Expected figures are added up by hand from ga4_data."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sandbox import ga4_report
from include.sandbox.dataset import DataSet, World
from include.sandbox.ga4_schema import channel_group
from tests.sandbox.ga4_data import FILES, FULL, OTHER, PROPERTY, SHY
from tests.sandbox.running import Sandbox, environment, write_data_set

READONLY = "https://www.googleapis.com/auth/analytics.readonly"
# Runs in a process of its own: gRPC reads its roots once, before the first channel.
SDK = """
import json, sys
from google.analytics.data_v1beta import BetaAnalyticsDataClient
from google.api_core.exceptions import GoogleAPICallError
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials
from google.protobuf.json_format import MessageToDict
from requests import RequestException

given = json.load(sys.stdin)
told = {}
for transport, endpoint in given["endpoints"].items():
    if "account" in given:
        credentials = service_account.Credentials.from_service_account_info(given["account"])
    else:
        credentials = Credentials(None, refresh_token=given["refresh_token"],
                                  client_id=given["login"], client_secret=given["password"],
                                  token_uri=given["token_uri"], scopes=given["scopes"])
    client = BetaAnalyticsDataClient(credentials=credentials, transport=transport,
                                     client_options={"api_endpoint": endpoint} if endpoint else {})
    told[transport] = answers = {}
    for name, (method, request) in given["calls"].items():
        try:
            seconds = given.get("seconds", {}).get(name, 20)
            answer = getattr(client, method)(request=request, timeout=seconds)
            answers[name] = MessageToDict(type(answer).pb(answer))
        except GoogleAPICallError as error:
            message = error.message.partition(given["cut"])[2] or error.message
            answers[name] = {"code": error.code.value, "message": message,
                             "reason": error.reason}
        except RequestException:
            answers[name] = {"code": "no answer"}
print(json.dumps(told))
"""


def days(first: str, last: str, **name: str) -> dict[str, str]:
    return {"start_date": first, "end_date": last, **name}


def report(
    dimensions: str = "",
    metrics: str = "sessions",
    ranges: Any = ("2026-11-17", "2026-11-19"),
    of: str = PROPERTY,
    **more: Any,
) -> dict[str, Any]:
    """A request in the form that the client takes."""
    spans = [days(*ranges)] if isinstance(ranges, tuple) else ranges
    return {
        "property": of,
        "dimensions": [{"name": name} for name in dimensions.split()],
        "metrics": [{"name": name} for name in metrics.split()],
        "date_ranges": spans,
        **more,
    }


def only(name: str, **test: Any) -> dict[str, Any]:
    return {"filter": {"field_name": name, **test}}


def rows(answer: dict[str, Any], part: str = "rows") -> list[tuple[str, ...]]:
    """Every row as a tuple: dimensions, then metrics."""
    return [
        tuple(
            cell.get("value", "")
            for kind in ("dimensionValues", "metricValues")
            for cell in row.get(kind, ())
        )
        for row in answer.get(part, ())
    ]


EMAIL = only("sessionMedium", string_filter={"value": "EMAIL"})
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "by source": ("run_report", report(
        "sessionSourceMedium sessionCampaignName sessionDefaultChannelGroup",
        "sessions totalUsers activeUsers newUsers engagedSessions")),
    "ratios": ("run_report", report(
        "date", "engagementRate bounceRate averageSessionDuration screenPageViews eventCount",
        order_bys=[{"dimension": {"dimension_name": "date"}}])),
    "users of all days": ("run_report", report("", "totalUsers activeUsers")),
    "users by day": ("run_report", report("date", "totalUsers activeUsers")),
    "first": ("run_report", report("firstUserSource sessionSource", "totalUsers")),
    "pages": ("run_report", report("landingPage landingPagePlusQueryString", "sessions",
                                   dimension_filter=only(
                                       "landingPage", string_filter={
                                           "match_type": "BEGINS_WITH", "value": "/demo"}))),
    "key events": ("run_report", report("date source", "keyEvents keyEvents:generate_lead "
                                        "keyEvents:sign_up")),
    "no email": ("run_report", report("sessionMedium", "sessions",
                                      dimension_filter={"not_expression": EMAIL})),
    "all kinds": ("run_report", report("country", "sessions", dimension_filter={
        "and_group": {"expressions": [
            {"or_group": {"expressions": [
                only("country", in_list_filter={"values": ["germany", "FRANCE"]}),
                only("country", empty_filter={})]}},
            only("date", numeric_filter={"operation": "LESS_THAN", "value": {
                "int64_value": 20261119}}),
            {"not_expression": only("sessionSource", string_filter={
                "match_type": "FULL_REGEXP", "value": "b.ng"})},
        ]}}, metric_filter=only("eventCount", between_filter={
            "from_value": {"int64_value": 15}, "to_value": {"double_value": 71.5}}))),
    "page 2": ("run_report", report("sessionSource", "sessions", limit=2, offset=1,
                                    order_bys=[{"metric": {"metric_name": "sessions"}},
                                               {"dimension": {"dimension_name": "sessionSource"},
                                                "desc": True}])),
    "two ranges": ("run_report", report("sessionSource", "sessions totalUsers", [
        days("2026-11-17", "2026-11-17", name="before"), days("2daysAgo", "yesterday")],
        dimension_filter=EMAIL, metric_aggregations=["TOTAL", "MAXIMUM", "MINIMUM"])),
    "expressions": ("run_report", {
        **report(), "dimensions": [
            {"name": "low", "dimension_expression": {
                "lower_case": {"dimension_name": "sessionSource"}}},
            {"name": "both", "dimension_expression": {"concatenate": {
                "dimension_names": ["sessionMedium", "country"], "delimiter": "+"}}}],
        "metrics": [{"name": "visits", "expression": "sessions"}],
        "dimension_filter": only("low", string_filter={"value": "news", "case_sensitive": True})}),
    "dimensions alone": ("run_report", report("sessionMedium", "")),
    "nothing": ("run_report", report("date", "sessions", ("2020-01-01", "2020-01-02"))),
    "empty rows": ("run_report", report("sessionSource", "engagedSessions", keep_empty_rows=True)),
    "tokyo": ("run_report", report("date", "sessions", ("today", "today"), OTHER,
                                   currency_code="GBP", return_property_quota=True)),
    "other row": ("run_report", report("landingPage", "sessions", of=FULL)),
    "other row filtered": ("run_report", report("landingPage", "sessions", of=FULL,
                                                dimension_filter=only("landingPage", string_filter={
                                                    "value": "/1"}))),
    "withheld": ("run_report", report("sessionSource", "sessions totalUsers", of=SHY)),
    "not withheld": ("run_report", report("sessionSource", "sessions", of=SHY)),
    "batch": ("batch_run_reports", {"property": PROPERTY, "requests": [
        report("", "sessions"), report("", "newUsers", of="")]}),
    "metadata": ("get_metadata", {"name": f"{PROPERTY}/metadata"}),
    "all have": ("get_metadata", {"name": "properties/0/metadata"}),
    "compatible": ("check_compatibility", {
        "property": PROPERTY, "dimensions": [{"name": "source"}],
        "metrics": [{"name": "keyEvents"}], "compatibility_filter": "COMPATIBLE"}),
    "not mine": ("run_report", report(of="properties/999")),
    "misspelled": ("run_report", report("sessionSorce")),
    "no such metric": ("run_report", report("", "keyEvents:download")),
    "incompatible": ("run_report", report("source", "sessions")),
    "cannot be added": ("check_compatibility", {
        "property": PROPERTY, "dimensions": [{"name": "source"}],
        "metrics": [{"name": "sessions"}]}),
    "pivot": ("run_pivot_report", {"property": PROPERTY}),
}  # fmt: skip


def run_sdk(
    sandbox: Sandbox, calls: dict[str, Any], endpoints: dict[str, str] | None = None, **changes: Any
) -> dict[str, dict[str, Any]]:
    """What the client tells over each transport, by the name of the call."""
    own = sandbox.connection("google_analytics")
    direct = {"grpc": own["endpoint"], "rest": f"localhost:{sandbox.ports['https']}"}
    given_ = {**own, "scopes": [READONLY], "calls": calls, "endpoints": endpoints or direct}
    given_["cut"] = "enum-encoding%3Dint: "
    variables = changes.pop("variables", sandbox.variables)
    inherited = {key: value for key, value in environment().items() if "proxy" not in key.lower()}
    done = subprocess.run(
        [sys.executable, "-c", SDK],
        input=json.dumps({**given_, **changes}),
        env={**inherited, **variables},
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return told


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture(scope="module")
def told(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    return run_sdk(sandbox, CALLS)


@pytest.fixture(scope="module")
def answers(told: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What the client reads over gRPC; over REST it reads the same."""
    return told["grpc"]


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.reset()


def test_both_transports_tell_the_same(told: dict[str, dict[str, Any]]) -> None:
    assert set(told["grpc"]) == set(told["rest"]) == set(CALLS)
    for name, answer in told["grpc"].items():
        if "code" in answer:
            continue
        other = told["rest"][name]
        for one in (answer, other):
            one.pop("propertyQuota", None)
        assert answer == other, name


def test_sessions_are_told_by_source_with_the_channels_of_google(answers: dict[str, Any]) -> None:
    answer = answers["by source"]
    assert rows(answer) == [
        ("News / email", "june", "Email", "18", "10", "4", "0", "7"),
        ("(direct) / (none)", "(direct)", "Direct", "1", "1", "1", "0", "1"),
        ("bing / organic", "(organic)", "Organic Search", "1", "1", "1", "1", "0"),
        ("facebook.com / referral", "(referral)", "Organic Social", "1", "1", "0", "0", "0"),
        ("google / cpc", "Brand", "Paid Search", "1", "1", "1", "1", "1"),
    ]
    assert (answer["rowCount"], answer["kind"]) == (5, "analyticsData#runReport")
    assert answer["metadata"] == {"currencyCode": "USD", "timeZone": "America/New_York"}
    assert [one["type"] for one in answer["metricHeaders"]] == ["TYPE_INTEGER"] * 5


def test_ratios_are_those_of_the_sums(answers: dict[str, Any]) -> None:
    # 17th: 14 sessions, 5 engaged, 60 + 5 + 12 × 20 seconds; 18th: 7, 4 and 30 + 6 × 10.
    assert rows(answers["ratios"]) == [
        ("20261117", "0.35714285714285715", "0.6428571428571429", "21.785714285714285", "24", "62"),
        ("20261118", "0.5714285714285714", "0.42857142857142855", "12.857142857142858", "11", "27"),
        ("20261119", "0", "1", "0", "0", "0"),
    ]
    kinds = [one["type"] for one in answers["ratios"]["metricHeaders"]]
    assert kinds == ["TYPE_FLOAT", "TYPE_FLOAT", "TYPE_SECONDS", "TYPE_INTEGER", "TYPE_INTEGER"]


def test_users_of_some_days_are_fewer_than_the_sum_of_the_days(answers: dict[str, Any]) -> None:
    assert rows(answers["users of all days"]) == [("13", "6")]  # Ann, Bob, Cat, ten readers
    assert sorted(rows(answers["users by day"])) == [
        ("20261117", "12", "6"), ("20261118", "7", "4"), ("20261119", "1", "0"),
    ]  # fmt: skip


def test_who_first_brought_a_user_stays_while_sessions_change(answers: dict[str, Any]) -> None:
    assert rows(answers["first"]) == [
        ("News", "News", "10"), ("bing", "bing", "1"), ("facebook.com", "facebook.com", "1"),
        ("google", "(direct)", "1"), ("google", "google", "1"),
    ]  # fmt: skip
    assert rows(answers["pages"]) == [("/demo", "/demo", "1"), ("/demo", "/demo?x=1", "1")]


def test_key_events_are_counted_by_name(answers: dict[str, Any]) -> None:
    answer = answers["key events"]
    assert rows(answer) == [("20261118", "(direct)", "1", "1", "0")]
    assert [one["type"] for one in answer["metricHeaders"]] == ["TYPE_FLOAT"] * 3


def test_filters_of_every_kind_are_kept_to(answers: dict[str, Any]) -> None:
    assert [row[0] for row in rows(answers["no email"])] == [
        "(none)", "cpc", "organic", "referral",
    ]  # fmt: skip
    # Of Germany 9 + 6 events; of those without a country 50 + 21.
    assert rows(answers["all kinds"]) == [("(not set)", "18"), ("Germany", "2")]


def test_pages_fit_together_and_know_the_number_of_rows(answers: dict[str, Any]) -> None:
    answer = answers["page 2"]
    assert rows(answer) == [("facebook.com", "1"), ("bing", "1")]
    assert answer["rowCount"] == 5


def test_ranges_are_told_apart_each_with_its_totals(answers: dict[str, Any]) -> None:
    answer = answers["two ranges"]
    assert [one["name"] for one in answer["dimensionHeaders"]] == ["sessionSource", "dateRange"]
    assert rows(answer) == [("News", "before", "12", "10"), ("News", "date_range_1", "6", "6")]
    for part, name in (("totals", "TOTAL"), ("maximums", "MAX"), ("minimums", "MIN")):
        assert rows(answer, part) == [
            (f"RESERVED_{name}", "before", "12", "10"),
            (f"RESERVED_{name}", "date_range_1", "6", "6"),
        ]


def test_expressions_rename_fold_and_join(answers: dict[str, Any]) -> None:
    answer = answers["expressions"]
    assert rows(answer) == [("news", "email+(not set)", "18")]
    assert answer["metricHeaders"] == [{"name": "visits", "type": "TYPE_INTEGER"}]


def test_what_is_nothing_is_left_out(answers: dict[str, Any]) -> None:
    assert not {"rows", "rowCount"} & set(answers["nothing"])
    alone = answers["dimensions alone"]
    assert "metricHeaders" not in alone
    assert [row[0] for row in rows(alone)] == ["(none)", "cpc", "email", "organic", "referral"]
    assert ("bing", "0") in rows(answers["empty rows"])


def test_days_are_those_of_the_propertys_zone(answers: dict[str, Any]) -> None:
    answer = answers["tokyo"]  # the clock stands at 21:00 there, still the 20th
    assert rows(answer) == [("20261120", "1")]
    assert answer["metadata"] == {"currencyCode": "GBP", "timeZone": "Asia/Tokyo"}


def test_the_rarest_values_of_a_full_day_are_one_row_that_no_filter_opens(
    answers: dict[str, Any],
) -> None:
    answer = answers["other row"]
    assert rows(answer) == [("/4", "4"), ("(other)", "3"), ("/3", "3")]
    assert answer["metadata"]["dataLossFromOtherRow"] is True
    filtered = answers["other row filtered"]
    assert rows(filtered) == []
    assert filtered["metadata"]["dataLossFromOtherRow"] is True


def test_rows_of_few_users_are_withheld_where_users_are_asked_for(answers: dict[str, Any]) -> None:
    assert rows(answers["withheld"]) == [("y.example", "9", "10")]
    assert answers["withheld"]["metadata"]["subjectToThresholding"] is True
    assert len(rows(answers["not withheld"])) == 2
    assert "subjectToThresholding" not in answers["not withheld"]["metadata"]


def test_a_batch_answers_each_of_its_requests(answers: dict[str, Any]) -> None:
    assert [rows(one) for one in answers["batch"]["reports"]] == [[("22",)], [("2",)]]
    assert answers["batch"]["kind"] == "analyticsData#batchRunReports"


def test_metadata_tells_what_can_be_asked_for(answers: dict[str, Any]) -> None:
    own = {one["apiName"] for one in answers["metadata"]["metrics"]}
    common = {one["apiName"] for one in answers["all have"]["metrics"]}
    assert own - common == {"keyEvents:generate_lead", "keyEvents:sign_up"}
    dimensions = {one["apiName"]: one for one in answers["metadata"]["dimensions"]}
    assert dimensions["sessionDefaultChannelGroup"]["deprecatedApiNames"] == [
        "sessionDefaultChannelGrouping"
    ]


def test_what_goes_together_is_told_and_what_does_not_is_refused(answers: dict[str, Any]) -> None:
    allowed = answers["compatible"]
    metrics = {one["metricMetadata"]["apiName"] for one in allowed["metricCompatibilities"]}
    assert metrics == {"keyEvents"}
    dimensions = {
        one["dimensionMetadata"]["apiName"] for one in allowed["dimensionCompatibilities"]
    }
    assert {"date", "medium"} <= dimensions
    assert "sessionSource" not in dimensions
    assert answers["cannot be added"]["message"] == "The dimensions and metrics are incompatible."


SCHEMA = "https://developers.google.com/analytics/devguides/reporting/data/v1/api-schema "


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("not mine", 403, "User does not have sufficient permissions for this property. To "
         "learn more about Property ID, see https://developers.google.com/analytics/devguides/"
         "reporting/data/v1/property-id."),
        ("misspelled", 400, "Did you mean sessionSource? Field sessionSorce is not a valid "
         f"dimension. For a list of valid dimensions and metrics, see {SCHEMA}"),
        ("no such metric", 400, "Field keyEvents:download is not a valid metric.  For a list "
         f"of valid dimensions and metrics, see {SCHEMA}"),
        ("incompatible", 400, "Please remove sessions to make the request compatible for "
         "example. The request's dimensions & metrics are incompatible. To learn more, see "
         "https://ga-dev-tools.web.app/ga4/dimensions-metrics-explorer/"),
    ],
)  # fmt: skip
def test_refusals_are_those_of_google_over_both_transports(
    told: dict[str, dict[str, Any]], name: str, code: int, message: str
) -> None:
    for answer in told.values():
        assert (answer[name]["code"], answer[name]["message"]) == (code, message)


def test_what_the_sandbox_lacks_it_says(told: dict[str, dict[str, Any]]) -> None:
    assert told["grpc"]["pivot"]["code"] == 501
    assert told["rest"]["pivot"]["code"] == 501


def token(sandbox: Sandbox, **form: str) -> dict[str, Any]:
    """What the token endpoint answers."""
    own = sandbox.connection("google_analytics")
    asked = {
        "grant_type": "refresh_token", "client_id": own["login"], "client_secret": own["password"],
        "refresh_token": own["refresh_token"], **form,
    }  # fmt: skip
    found: dict[str, Any] = requests.post(f"{sandbox.http}/token", data=asked, timeout=20).json()
    return found


@pytest.fixture(scope="module")
def bearer(sandbox: Sandbox) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(sandbox)['access_token']}"}


def ask(
    sandbox: Sandbox,
    headers: dict[str, str],
    body: Any,
    method: str = "runReport",
    of: str = PROPERTY,
) -> requests.Response:
    text = body if isinstance(body, str) else json.dumps(body)
    return requests.post(
        f"{sandbox.http}/v1beta/{of}:{method}", data=text, headers=headers, timeout=20
    )


EIGHT = ("date", "year", "month", "day", "yearMonth", "dayOfWeek", "country", "sessionSource")
SPAN = {"startDate": "2026-11-17", "endDate": "2026-11-19"}
PLAIN = {"metrics": [{"name": "sessions"}], "dateRanges": [SPAN]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dateRanges": []}, "A dateRange is required."),
        ({"dateRanges": [SPAN] * 5},
         "Requests are limited to 4 dateRanges.\n  This request contains 5 dateRanges."),
        ({"dateRanges": [{"startDate": "lately", "endDate": "today"}]},
         "Invalid startDate : lately. "
         "startDate must be YYYY-MM-DD, NdaysAgo, yesterday, or today."),
        ({"dateRanges": [{"startDate": "today", "endDate": "yesterday"}]},
         "start_date must be less than or equal to end_date. "
         "start_date = 2026-11-20 and end_date = 2026-11-19"),
        ({"dateRanges": [{"startDate": "2015-08-13", "endDate": "today"}]},
         "start_date = 2015-08-13 must be greater than 2015-08-13 and less than 3000-01-01."),
        ({"metrics": [{"name": "Visits"}, {"name": "More"}]},
         f"Field Visits is not a valid metric.  For a list of valid dimensions and metrics, "
         f"see {SCHEMA}"),
        ({"metrics": [{"name": f"m{n}", "expression": "sessions"} for n in range(11)]},
         "Requests are limited to 10 metrics within a nested request.\n"
         "  This request is for 11 metrics."),
        ({"dimensions": [{"name": name} for name in EIGHT],
          "dimensionFilter": {"orGroup": {"expressions": [
              {"filter": {"fieldName": n, "emptyFilter": {}}}
              for n in ("sessionMedium", "landingPage")]}}},
         "Requests are limited to 9 dimensions within a nested request.\n"
         "  This request is for 10 dimensions."),
        ({"metrics": [{"name": "sessions"}] * 2},
         "Duplicate metrics are not allowed. Found duplicate metrics: sessions"),
        ({"dimensions": [{"name": "date"}] * 2}, "Found duplicate dimensions: date"),
        ({"metrics": []},
         "Requests require dimensions and/or metrics. Most requests include both."),
        ({"limit": "-1"}, "limit must be positive. The API received limit = -1"),
        ({"offset": -2}, "offset must be positive. The API received offset = -2"),
        ({"orderBys": [{"metric": {"metricName": "newUsers"}}]},
         "Field newUsers exists in OrderBy but is not defined in input Dimensions/Metrics list"),
        ({"metricAggregations": ["COUNT"]},
         "Metric aggregation Count is not supported in ReportRequest."),
        ({"limitt": 1, "metricAggregations": ["SOME"]},
         'Invalid JSON payload received. Unknown name "limitt": Cannot find field.\n'
         "Invalid value at 'metric_aggregations[0]' (type.googleapis.com/"
         'google.analytics.data.v1beta.MetricAggregation), "SOME"'),
        ({"dateRanges": [{"start": "today"}]},
         "Invalid JSON payload received. Unknown name \"start\" at 'date_ranges[0]': "
         "Cannot find field."),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_followed_is_refused_in_googles_words(
    sandbox: Sandbox, bearer: dict[str, str], change: dict[str, Any], message: str
) -> None:
    answer = ask(sandbox, bearer, {**PLAIN, **change})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["message"] == message
    if "Invalid JSON" in message:
        violations = error["details"][0]["fieldViolations"]
        assert [one["description"] for one in violations] == message.split("\n")


def test_broken_bodies_and_unknown_paths_are_answered_as_googles_gateway_does(
    sandbox: Sandbox, bearer: dict[str, str]
) -> None:
    for body, said in (("{", "Invalid JSON payload received."), ("[]", "Root element must be")):
        answer = ask(sandbox, bearer, body)
        assert answer.status_code == 400
        assert said in answer.json()["error"]["message"]
    assert ask(sandbox, bearer, "").json()["error"]["message"] == "A dateRange is required."
    number = ask(sandbox, bearer, PLAIN, of="properties/UA-1-1").json()["error"]["message"]
    assert number.startswith("Invalid property ID: UA-1-1. A numeric Property ID is required.")
    nowhere = ask(sandbox, bearer, PLAIN, method="runNothing")
    assert (nowhere.status_code, nowhere.headers["Content-Type"]) == (
        404, "text/html; charset=utf-8",
    )  # fmt: skip
    assert (
        requests.get(f"{sandbox.http}/v1beta/{PROPERTY}:runReport", timeout=20).status_code == 404
    )


def test_who_may_not_read_is_told_why(sandbox: Sandbox, bearer: dict[str, str]) -> None:
    nobody = ask(sandbox, {}, "{")
    assert nobody.status_code == 401
    assert nobody.json()["error"]["details"][0]["reason"] == "CREDENTIALS_MISSING"
    assert nobody.headers["WWW-Authenticate"] == 'Bearer realm="https://accounts.google.com/"'
    stranger = ask(sandbox, {"Authorization": "Bearer ya29.stranger"}, PLAIN)
    assert (stranger.status_code, stranger.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert 'error="invalid_token"' in stranger.headers["WWW-Authenticate"]
    ads = token(sandbox, scope="https://www.googleapis.com/auth/adwords")["access_token"]
    refused = ask(sandbox, {"Authorization": f"Bearer {ads}"}, PLAIN)
    assert refused.status_code == 403
    assert refused.json()["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    assert ask(sandbox, bearer, PLAIN).status_code == 200


def test_tokens_of_the_quota_are_spent_and_come_back_with_the_hour(
    sandbox: Sandbox, bearer: dict[str, str]
) -> None:
    sandbox.set_clock("2026-11-25T09:30:00+00:00")
    body = {**PLAIN, "returnPropertyQuota": True}
    spent = [ask(sandbox, bearer, body, of=OTHER) for _ in range(4)]
    assert [one.status_code for one in spent] == [200, 200, 200, 429]
    left = [one.json()["propertyQuota"]["tokensPerProjectPerHour"] for one in spent[:3]]
    assert left == [{"consumed": 1, "remaining": number} for number in (2, 1, 0)]
    assert spent[3].json()["error"] == {
        "code": 429,
        "message": "Exhausted property tokens for a project per hour. These quota tokens will "
        "return in under an hour. To learn more, see https://developers.google.com/analytics/"
        "devguides/reporting/data/v1/quotas",
        "status": "RESOURCE_EXHAUSTED",
    }
    sandbox.set_clock("2026-11-25T10:00:00+00:00")
    later = ask(sandbox, bearer, body, of=OTHER).json()["propertyQuota"]
    assert later["tokensPerProjectPerHour"] == {"consumed": 1, "remaining": 2}
    assert later["tokensPerDay"] == {"consumed": 1, "remaining": 200_000 - 4}


def test_recent_days_are_told_anew(sandbox: Sandbox, bearer: dict[str, str]) -> None:
    body = {**PLAIN, "dateRanges": [{"startDate": "2026-11-19", "endDate": "2026-11-19"}]}
    seen = []
    for clock in ("2026-11-19", "2026-11-20", "2026-11-21"):
        sandbox.set_clock(clock)
        seen.append(rows(ask(sandbox, bearer, body).json()))
    assert seen == [[], [("1",)], [("3",)]]


FAULTS: dict[str, tuple[int, str]] = {
    "ga4-quota-hour": (429, "Exhausted property tokens for a project per hour."),
    "ga4-quota-day": (429, "Exhausted property tokens per day."),
    "ga4-quota-concurrent": (429, "Exhausted concurrent requests quota."),
    "ga4-permission-lost": (403, "User does not have sufficient permissions for this property."),
    "ga4-unavailable": (503, "The service is currently unavailable."),
}


def test_faults_of_the_data_are_told_in_the_metadata(
    sandbox: Sandbox, bearer: dict[str, str]
) -> None:
    body = {**PLAIN, "dimensions": [{"name": "sessionSource"}]}
    body["metrics"] = [{"name": "sessions"}, {"name": "totalUsers"}]

    def under(do: dict[str, Any]) -> dict[str, Any]:
        sandbox.set_faults([{"match": {"api": "ga4", "query": "sessionSource"}, "do": do}])
        found: dict[str, Any] = ask(sandbox, bearer, body).json()
        return found

    other = under({"kind": "other_row", "rows": 1})
    assert other["metadata"]["dataLossFromOtherRow"] is True
    assert sum(int(row[1]) for row in rows(other)) == 22
    assert "(other)" in {row[0] for row in rows(other)}
    few = under({"kind": "threshold", "users": 2})
    assert (rows(few), few["metadata"]["subjectToThresholding"]) == ([("News", "18", "10")], True)
    sampled = under({"kind": "sample"})["metadata"]["samplingMetadatas"]
    assert sampled == [{"samplesReadCount": "1000000", "samplingSpaceSize": "10000000"}]
    assert "rows" not in under({"kind": "lose_rows"})
    assert len(rows(under({"kind": "short_page"}))) == 2
    assert rows(under({"kind": "alter_number"}))[0] == ("News", "19", "10")


def test_a_service_account_reads_with_a_token_it_has_signed_itself(sandbox: Sandbox) -> None:
    """Its client asks no token endpoint."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    account = {
        "type": "service_account", "client_email": "reader@project.iam.gserviceaccount.com",
        "private_key": pem.decode(), "token_uri": "https://oauth2.googleapis.com/token",
    }  # fmt: skip
    told = run_sdk(sandbox, {"one": ("run_report", report("", "sessions"))}, account=account)
    assert rows(told["grpc"]["one"]) == rows(told["rest"]["one"]) == [("22",)]
    assert not [call for call in sandbox.log() if call["path"] == "/token"]


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "a", "sub": "a", "aud": "https://analyticsdata.googleapis.com/", "exp": 1},
        {"iss": "a", "sub": "b", "aud": "https://analyticsdata.googleapis.com/", "exp": 1e12},
        {"iss": "a", "sub": "a"},
    ],
)
def test_a_token_that_nobody_could_have_signed_is_refused(
    sandbox: Sandbox, claims: dict[str, Any]
) -> None:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    answer = ask(sandbox, {"Authorization": f"Bearer e30.{payload}.c2ln"}, PLAIN)
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


REFUSALS = {**FAULTS, "hang": (504, ""), "drop": (503, ""), "ga4-token-expires": (401, "Request")}
# Of each day the most frequent source stays: on the 17th and 18th News, on the 19th the only one.
MARKED: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, ...]]]] = {
    "threshold": ({"users": 10}, {"subjectToThresholding": True}, [("News", "18", "10")]),
    "other_row": (
        {"rows": 1},
        {"dataLossFromOtherRow": True},
        [("News", "18", "10"), ("(other)", "3", "2"), ("facebook.com", "1", "1")],
    ),
    "sample": (
        {},
        {"samplingMetadatas": [
            {"samplesReadCount": "1000000", "samplingSpaceSize": "10000000"}]},
        [("News", "18", "10"), ("(direct)", "1", "1"), ("bing", "1", "1"),
         ("facebook.com", "1", "1"), ("google", "1", "1")],
    ),
}  # fmt: skip


def test_faults_reach_the_client_over_both_transports(sandbox: Sandbox) -> None:
    """On the default hosts, through the proxy: the client knows of no sandbox."""
    names = ["sound", *MARKED, *REFUSALS]
    every = {name: [at, at + len(names)] for at, name in enumerate(names, 1)}
    sandbox.set_faults(
        [{"preset": name, "nth": every[name]} for name in REFUSALS if name.startswith("ga4-")]
        + [
            {"match": {"api": "ga4"}, "nth": every[kind], "do": {"kind": kind, **more}}
            for kind, (more, *_) in {**MARKED, "hang": ({},), "drop": ({},)}.items()
        ]
    )
    call = ("run_report", report("sessionSource", "sessions totalUsers"))
    told = run_sdk(
        sandbox, dict.fromkeys(names, call), {"grpc": "", "rest": ""},
        variables=sandbox.proxy_variables, token_uri="https://oauth2.googleapis.com/token",
        cut="int: ", seconds={"hang": 1},
    )  # fmt: skip
    assert {call["api"] for call in sandbox.log() if "unReport" in call["path"]} == {"ga4"}
    for transport, answers in told.items():
        assert len(rows(answers["sound"])) == 5
        for name, (_, said, left) in MARKED.items():
            assert rows(answers[name]) == left, (transport, name)
            assert said.items() <= answers[name]["metadata"].items(), (transport, name)
        for name, (code, message) in REFUSALS.items():
            if transport == "rest" and name in ("hang", "drop"):
                assert answers[name]["code"] == "no answer", name
            elif transport == "rest" and name == "ga4-token-expires":
                assert rows(answers[name]) == rows(answers["sound"])  # its client logs in anew
            else:
                assert answers[name]["code"] == code, (transport, name)
                assert answers[name]["message"].startswith(message), (transport, name)


@pytest.mark.parametrize(
    ("path", "line", "reason"),
    [
        ("ga4/properties", {"name": "1", "timeZone": "UTC", "currencyCode": "EUR"}, "properties/ "),
        ("ga4/properties", {"name": "properties/1", "timeZone": "Berlin", "currencyCode": "EUR"},
         "IANA zone"),
        ("ga4/sessions", {"property": "properties/1", "date": "2026-11-01", "user": "a",
                          "metrics": {"visits": 1}}, "metrics.visits is none of"),
        ("ga4/sessions", {"property": "properties/1", "date": "2026-11-01", "user": "a",
                          "metrics": {"sessions": -1}}, "0 or more"),
        ("ga4/sessions", {"property": "properties/1", "date": "2026-11-01", "user": "a",
                          "metrics": {}, "dimensions": {"landingPage": "/"}}, "Page is none of"),
    ],
)  # fmt: skip
def test_lines_that_cannot_be_served_are_refused(
    tmp_path: Path, path: str, line: dict[str, Any], reason: str
) -> None:
    folder = write_data_set(tmp_path, {path: [line]})
    with pytest.raises(Exception, match=rf"{path}.jsonl:1: .*{reason}"):
        DataSet(folder).validate()


@pytest.mark.parametrize(
    ("source", "medium", "campaign", "channel"),
    [
        ("(direct)", "(none)", "(direct)", "Direct"),
        ("google", "cpc", "Cross-network launch", "Cross-network"),
        ("bing", "ppc", "x", "Paid Search"),
        ("linkedin", "paid_social", "x", "Paid Social"),
        ("youtube.com", "cpv", "x", "Paid Video"),
        ("google", "display", "x", "Display"),
        ("softwareguide", "cpc", "x", "Paid Other"),
        ("lnkd.in", "referral", "x", "Organic Social"),
        ("duckduckgo", "organic", "x", "Organic Search"),
        ("cfo-weekly.example", "referral", "x", "Referral"),
        ("hubspot", "e-mail", "x", "Email"),
        ("fair-desk", "event", "x", "Unassigned"),
    ],
)
def test_channels_are_those_of_the_default_group(
    source: str, medium: str, campaign: str, channel: str
) -> None:
    assert channel_group(source, medium, campaign) == channel


# --- against a slow reader ----------------------------------------------------------------------

_SOURCES = ("(direct)", "google", "News")
_LINE = st.fixed_dictionaries(
    {
        "day": st.integers(0, 3),
        "user": st.sampled_from("abc"),
        "source": st.sampled_from(_SOURCES),
        "sessions": st.integers(0, 4),
        "people": st.integers(1, 5),
    }
)


@settings(max_examples=30)
@given(
    lines=st.lists(_LINE, max_size=12),
    by=st.lists(st.sampled_from(["date", "sessionSource"]), unique=True, max_size=2),
    span=st.tuples(st.integers(0, 3), st.integers(0, 3)).map(sorted),
    source=st.sampled_from((None, *_SOURCES)),
)
def test_sums_are_those_of_a_slow_reader(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[dict[str, Any]],
    by: list[str],
    span: list[int],
    source: str | None,
) -> None:
    start = date(2026, 11, 1)

    def day(line: dict[str, Any]) -> date:
        return start + timedelta(days=line["day"])

    written = [
        {"property": PROPERTY, "date": day(line).isoformat(), "user": line["user"],
         "dimensions": {"sessionSource": line["source"]},
         "metrics": {"sessions": line["sessions"], "totalUsers": line["people"]}}
        for line in lines
    ]  # fmt: skip
    files = {"ga4/properties": FILES["ga4/properties"][:1], "ga4/sessions": written}
    folder = write_data_set(tmp_path_factory.mktemp("random"), files)
    first, last = (start + timedelta(days=number) for number in span)
    request = report(" ".join(by), "sessions totalUsers", (str(first), str(last)))
    if source:
        request["dimension_filter"] = only("sessionSource", string_filter={"value": source})
    message = ParseDict(request, ga4_report.message("RunReportRequest")())
    answer = MessageToDict(ga4_report.run_report(World(DataSet(folder)), message))
    expected: dict[tuple[str, ...], tuple[int, dict[str, int]]] = {}
    for line in lines:
        if span[0] <= line["day"] <= span[1] and source in (None, line["source"]):
            named = {"date": day(line).strftime("%Y%m%d"), "sessionSource": line["source"]}
            key = tuple(named[name] for name in by)
            sessions, people = expected.get(key, (0, {}))
            most = max(people.get(line["user"], 0), line["people"])
            expected[key] = sessions + line["sessions"], {**people, line["user"]: most}
    assert sorted(rows(answer)) == sorted(
        (*key, str(sessions), str(sum(people.values())))
        for key, (sessions, people) in expected.items()
    )
    assert int(answer.get("rowCount", 0)) == len(expected)
