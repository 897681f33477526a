"""The real Google Ads SDK against the sandbox: what it reads, what it is refused."""

# ruff: noqa: S608 (Google Ads queries are no SQL)
import json
import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox import forked_programs
from tests.sandbox.google_data import CLIENT, CLOSED, FILES, LONE, MANAGER, OTHER, campaign, day
from tests.sandbox.running import Sandbox, environment

# Runs in a process of its own: gRPC reads its roots once, before the first channel.
SDK = """
import json, sys
from google.protobuf.json_format import MessageToDict
from google.ads.googleads.client import GoogleAdsClient
from google.ads.googleads.errors import GoogleAdsException
from google.oauth2.credentials import Credentials
import grpc, google.api_core.exceptions

given = json.load(sys.stdin)
credentials = Credentials(None, refresh_token=given["refresh_token"], client_id=given["login"],
                          client_secret=given["password"], token_uri=given["token_uri"])
clients = {}
for call in given["calls"]:
    version = call.get("version", "v26")
    login = call.get("login_customer_id", given["manager"])
    key = (version, login, call.get("developer_token"))
    if key not in clients:
        endpoint = {"endpoint": given["endpoint"]} if given["endpoint"] else {}
        clients[key] = GoogleAdsClient(
            credentials=credentials, use_proto_plus=False, version=version,
            developer_token=call.get("developer_token", given["developer_token"]),
            login_customer_id=login, **endpoint)
    client = clients[key]
    try:
        if call["method"] == "customers":
            service = client.get_service("CustomerService")
            found = list(service.list_accessible_customers(timeout=20).resource_names)
        elif call["method"] == "fields":
            service = client.get_service("GoogleAdsFieldService")
            found = [MessageToDict(field) for field in
                     service.search_google_ads_fields(query=call["query"])]
        else:
            service = client.get_service("GoogleAdsService")
            request = {"customer_id": call["customer"], "query": call["query"],
                       **call.get("request", {})}
            found = {"rows": [], "pages": 0}
            if call["method"] == "stream":
                for page in service.search_stream(request=request, timeout=20):
                    found["rows"] += [MessageToDict(row) for row in page.results]
                    found["mask"] = list(page.field_mask.paths)
                    found["pages"] += 1
                    found["request_id"] = page.request_id
                    if page.HasField("summary_row"):
                        found["summary"] = MessageToDict(page.summary_row)
            else:
                for row in service.search(request=request, timeout=20):
                    found["rows"].append(MessageToDict(row))
        answer = {"ok": found}
    except GoogleAdsException as refusal:
        error = MessageToDict(type(refusal.failure).pb(refusal.failure))["errors"][0]
        answer = {"status": refusal.error.code().name, "error": error["errorCode"],
                  "message": error["message"], "request_id": refusal.request_id}
    except grpc.RpcError as error:
        answer = {"status": error.code().name}
    except google.api_core.exceptions.GoogleAPICallError as error:
        trailing = dict(error.errors[0].trailing_metadata()) if error.errors else {}
        answer = {"status": error.grpc_status_code.name, "trailing": sorted(trailing)}
    except Exception as error:
        answer = {"raised": type(error).__name__, "message": str(error)}
    print(json.dumps(answer))
"""


def run_sdk(sandbox: Sandbox, calls: list[dict[str, Any]], **changes: Any) -> list[dict[str, Any]]:
    given = {**sandbox.connection("google_ads"), "manager": MANAGER, "calls": calls, **changes}
    variables = changes.pop("variables", sandbox.variables)
    inherited = {key: value for key, value in environment().items() if "proxy" not in key.lower()}
    done = forked_programs.run(SDK, json.dumps(given), {**inherited, **variables})
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.reset()


def stream(query: str, customer: str = CLIENT, **more: Any) -> dict[str, Any]:
    return {"method": "stream", "customer": customer, "query": query, **more}


def test_daily_metrics_are_summed_exactly_to_the_grain_asked_for(sandbox: Sandbox) -> None:
    dates = "segments.date BETWEEN '2026-11-01' AND '2026-11-03'"
    grains = {
        "campaign": "campaign.id, segments.date",
        "customer": "customer.id, segments.date",
        "ad_group": "ad_group.id, segments.date",
        "ad_group_ad": "ad_group_ad.ad.id, segments.date",
    }
    found = run_sdk(
        sandbox,
        [
            stream(
                f"SELECT {fields}, metrics.cost_micros, metrics.conversions FROM {resource} "
                f"WHERE {dates} ORDER BY segments.date, {fields.split(',')[0]}"
            )
            for resource, fields in grains.items()
        ],
    )
    spent = {
        resource: [
            (row["segments"]["date"], int(row["metrics"]["costMicros"]))
            for row in answer["ok"]["rows"]
        ]
        for resource, answer in zip(grains, found, strict=True)
    }
    assert spent == {
        "campaign": [
            ("2026-11-01", 3_000_003),
            ("2026-11-02", 2_500_000),
            ("2026-11-02", 7_000_000),
            ("2026-11-02", 500_000),
        ],
        "customer": [("2026-11-01", 3_000_003), ("2026-11-02", 10_000_000)],
        "ad_group": [
            ("2026-11-01", 1_000_001),
            ("2026-11-01", 2_000_002),
            ("2026-11-02", 2_500_000),
        ],
        "ad_group_ad": [("2026-11-01", 1_000_001), ("2026-11-02", 2_500_000)],
    }
    conversions = found[1]["ok"]["rows"][1]["metrics"]["conversions"]
    assert Decimal(str(conversions)) == Decimal("0.3"), "no binary drift in sums"
    assert found[0]["ok"]["mask"] == [
        "campaign.id",
        "segments.date",
        "metrics.cost_micros",
        "metrics.conversions",
    ]


def test_entities_without_metrics_appear_only_without_segments(sandbox: Sandbox) -> None:
    dates = "segments.date BETWEEN '2026-11-01' AND '2026-11-03'"
    whole, split, bare = run_sdk(
        sandbox,
        [
            stream(f"SELECT campaign.id, metrics.cost_micros FROM campaign WHERE {dates}"),
            stream(
                f"SELECT campaign.id, segments.month, metrics.cost_micros FROM campaign "
                f"WHERE {dates}"
            ),
            stream("SELECT campaign.name, campaign.status, campaign.start_date_time FROM campaign"),
        ],
    )
    costs = {row["campaign"]["id"]: row["metrics"]["costMicros"] for row in whole["ok"]["rows"]}
    assert costs == {"11": "5500003", "12": "7000000", "13": "500000", "14": "0"}
    assert [(row["campaign"]["id"], row["segments"]["month"]) for row in split["ok"]["rows"]] == [
        ("11", "2026-11-01"),
        ("12", "2026-11-01"),
        ("13", "2026-11-01"),
    ]
    names = {row["campaign"]["name"]: row["campaign"]["status"] for row in bare["ok"]["rows"]}
    assert names == {
        "Brand 100% new": "ENABLED",
        "Max": "PAUSED",
        "Gone": "REMOVED",
        "Never ran": "ENABLED",
    }
    assert bare["ok"]["rows"][0]["campaign"]["startDateTime"] == "2025-01-01 00:00:00"
    assert "customer" not in bare["ok"]["rows"][0]


def test_an_earlier_clock_shows_the_earlier_world(sandbox: Sandbox) -> None:
    query = (
        "SELECT campaign.name, segments.date, metrics.cost_micros FROM campaign WHERE "
        "segments.date = '2026-11-02' AND campaign.id = 11"
    )
    now = run_sdk(sandbox, [stream(query)])[0]["ok"]["rows"][0]
    sandbox.set_clock("2026-11-04")
    then = run_sdk(sandbox, [stream(query)])[0]["ok"]["rows"][0]
    assert (now["campaign"]["name"], now["metrics"]["costMicros"]) == ("Brand 100% new", "2500000")
    assert (then["campaign"]["name"], then["metrics"]["costMicros"]) == ("Brand", "3000000")


REFUSED = {
    "SELECT campaign.nome FROM campaign": ("UNRECOGNIZED_FIELD", "campaign.nome"),
    "SELECT campaign.start_date FROM campaign": ("UNRECOGNIZED_FIELD", "campaign.start_date"),
    "SELECT Campaign.id FROM campaign": ("BAD_FIELD_NAME", "Campaign.id"),
    "SELECT campaign.id FROM campaigns": ("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", "campaigns"),
    "SELECT metrics.cost_micros, segments.conversion_action FROM campaign "
    "WHERE segments.date = '2026-11-01'": (
        "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE",
        "metrics.cost_micros",
    ),
    "SELECT ad_group.type_ FROM ad_group": ("UNRECOGNIZED_FIELD", "ad_group.type_"),
    "SELECT ad_group.id FROM campaign": ("PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE", "AD_GROUP"),
    "SELECT campaign.network_settings FROM campaign": (
        "PROHIBITED_FIELD_IN_SELECT_CLAUSE",
        "network_settings",
    ),
    "SELECT campaign.id, segments.date, metrics.clicks FROM campaign": (
        "EXPECTED_FILTERS_ON_DATE_RANGE",
        "segments.date",
    ),
    "SELECT campaign.id FROM campaign WHERE segments.date > '2026-01-01'": (
        "EXPECTED_FILTERS_ON_DATE_RANGE",
        "segments.date",
    ),
    "SELECT campaign.id FROM campaign WHERE segments.date BETWEEN '2026-02-01' AND '2026-01-01'": (
        "DATE_RANGE_TOO_NARROW",
        "after",
    ),
    "SELECT campaign.id FROM campaign WHERE segments.date = '01/02/2026'": (
        "INVALID_DATE_FORMAT",
        "01/02/2026",
    ),
    "SELECT campaign.id FROM campaign WHERE segments.date DURING LAST_90_DAYS": (
        "INVALID_VALUE_WITH_DURING_OPERATOR",
        "LAST_90_DAYS",
    ),
    "SELECT campaign.id FROM campaign WHERE segments.device = MOBILE": (
        "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE",
        "segments.device",
    ),
    "SELECT campaign.id FROM campaign WHERE campaign.status = ACTIVE": (
        "BAD_ENUM_CONSTANT",
        "ACTIVE",
    ),
    "SELECT campaign.id FROM campaign WHERE campaign.name = Brand": ("INVALID_STRING_VALUE", ""),
    "SELECT campaign.id FROM campaign WHERE campaign.id LIKE '1%'": ("OPERATOR_FIELD_MISMATCH", ""),
    "SELECT campaign.id FROM campaign WHERE campaign.name = 'x": ("STRING_NOT_TERMINATED", ""),
    "SELECT campaign.id FROM campaign WHERE campaign.id IN ()": (
        "PROHIBITED_EMPTY_LIST_IN_CONDITION",
        "",
    ),
    "SELECT campaign.id FROM campaign LIMIT 0": ("LIMIT_VALUE_TOO_LOW", ""),
    "SELECT campaign.id FROM campaign WHERE segments.date > '9999-12-31' "
    "AND segments.date < '0001-01-01'": ("DATE_RANGE_TOO_NARROW", ""),
    "SELECT campaign.id FROM campaign WHERE metrics.clicks > NaN": ("BAD_NUMBER", "NaN"),
    "SELECT campaign.id FROM campaign WHERE campaign.name LIKE 5": (
        "INVALID_VALUE_WITH_LIKE_OPERATOR",
        "campaign.name",
    ),
    "SELECT campaign.id FROM campaign WHERE campaign.name REGEXP_MATCH 5": (
        "INVALID_STRING_VALUE",
        "campaign.name",
    ),
    # https://developers.google.com/google-ads/api/docs/query/ordering-limiting
    **{
        f"SELECT campaign.id FROM campaign ORDER BY {name}": (
            "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE",
            name,
        )
        for name in ("segments.date", "segments.device", "metrics.clicks", "customer.id")
    },
    "SELECT ad_group_ad.ad.id FROM ad_group_ad ORDER BY ad_group_ad.ad.final_urls": (
        "PROHIBITED_FIELD_IN_ORDER_BY_CLAUSE",
        "final_urls",
    ),
    "SELECT campaign.id FROM campaign; SELECT": ("UNEXPECTED_INPUT", ""),
    "SELECT campaign.id": ("EXPECTED_FROM", ""),
    "campaign.id FROM campaign": ("EXPECTED_SELECT", ""),
    "SELECT customer_client.id, metrics.clicks FROM customer_client": (
        "PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE",
        "metrics.clicks",
    ),
    "SELECT click_view.gclid FROM click_view": ("EXPECTED_FILTERS_ON_DATE_RANGE", ""),
    "SELECT click_view.gclid FROM click_view WHERE segments.date DURING LAST_7_DAYS": (
        "DATE_RANGE_TOO_WIDE",
        "one day",
    ),
    "SELECT click_view.gclid FROM click_view WHERE segments.date = '2026-06-01'": (
        "BAD_VALUE",
        "90 days",
    ),
}


def test_what_the_query_language_refuses(sandbox: Sandbox) -> None:
    found = run_sdk(sandbox, [stream(query) for query in REFUSED])
    for (query, (code, part)), answer in zip(REFUSED.items(), found, strict=True):
        assert answer.get("error") == {"queryError": code}, (query, answer)
        assert answer["status"] == "INVALID_ARGUMENT"
        assert part in answer["message"], query
        assert answer["request_id"]


def test_who_may_ask_what(sandbox: Sandbox) -> None:
    query = "SELECT customer.id, customer.time_zone FROM customer"
    calls = {
        "below the manager": stream(query),
        "without the manager": stream(query, login_customer_id=None),
        "by another login": stream(query, login_customer_id=LONE),
        "lone": stream(query, LONE, login_customer_id=None),
        "unknown": stream(query, "5555555555"),
        "malformed": stream(query, "123-456-7890"),
        "closed": stream(query, CLOSED),
        "developer token": stream(query, developer_token="wrong"),
        "manager without metrics": stream(query, MANAGER),
        "manager with metrics": stream("SELECT metrics.clicks FROM customer", MANAGER),
    }
    found = dict(zip(calls, run_sdk(sandbox, list(calls.values())), strict=True))
    assert found["below the manager"]["ok"]["rows"][0]["customer"] == {
        "resourceName": "customers/1234567890",
        "id": CLIENT,
        "timeZone": "America/New_York",
    }
    assert "ok" in found["lone"]
    assert "ok" in found["manager without metrics"]
    for name, status, code in [
        (
            "without the manager",
            "PERMISSION_DENIED",
            {"authorizationError": "USER_PERMISSION_DENIED"},
        ),
        ("by another login", "PERMISSION_DENIED", {"authorizationError": "USER_PERMISSION_DENIED"}),
        ("unknown", "PERMISSION_DENIED", {"authorizationError": "USER_PERMISSION_DENIED"}),
        ("malformed", "INVALID_ARGUMENT", {"requestError": "INVALID_CUSTOMER_ID"}),
        ("closed", "PERMISSION_DENIED", {"authorizationError": "CUSTOMER_NOT_ENABLED"}),
        ("developer token", "UNAUTHENTICATED", {"authenticationError": "DEVELOPER_TOKEN_INVALID"}),
        (
            "manager with metrics",
            "INVALID_ARGUMENT",
            {"queryError": "REQUESTED_METRICS_FOR_MANAGER"},
        ),
    ]:
        assert (found[name]["status"], found[name]["error"]) == (status, code), name


def test_dates_may_be_as_far_off_as_there_are_days(sandbox: Sandbox) -> None:
    queries = [
        f"SELECT campaign.id, metrics.clicks FROM campaign WHERE segments.date {days}"
        for days in ("= '0001-01-01'", "BETWEEN '0001-01-01' AND '9999-12-31'")
    ]
    never, ever = run_sdk(sandbox, [stream(query) for query in queries])
    assert sum(int(row["metrics"]["clicks"]) for row in never["ok"]["rows"]) == 0
    assert sum(int(row["metrics"]["clicks"]) for row in ever["ok"]["rows"]) > 0


def test_a_failure_of_its_own_is_internal(serve_data: Callable[..., Sandbox]) -> None:
    odd = serve_data({**FILES, "google/campaigns": [campaign("11", "Odd", status={"no": "enum"})]})
    [found] = run_sdk(odd, [stream("SELECT campaign.status FROM campaign")])
    assert found["status"] == "INTERNAL"
    [found] = run_sdk(
        odd,
        [{"method": "search", "customer": CLIENT, "query": "SELECT campaign.status FROM campaign"}],
    )
    assert found["status"] == "INTERNAL"


def test_accounts_below_a_manager(sandbox: Sandbox) -> None:
    query = (
        "SELECT customer_client.id, customer_client.level, customer_client.manager, "
        "customer_client.status, customer_client.currency_code FROM customer_client"
    )
    roots, tree, alone = run_sdk(
        sandbox, [{"method": "customers"}, stream(query, MANAGER), stream(query, CLIENT)]
    )
    assert roots["ok"] == [f"customers/{MANAGER}", f"customers/{LONE}"]
    clients = [row["customerClient"] for row in tree["ok"]["rows"]]
    assert [(row["id"], row["level"], row["manager"], row["status"]) for row in clients] == [
        (MANAGER, "0", True, "ENABLED"),
        (CLIENT, "1", False, "ENABLED"),
        (OTHER, "1", False, "ENABLED"),
        (CLOSED, "1", False, "CANCELED"),
    ]
    assert [row["customerClient"]["id"] for row in alone["ok"]["rows"]] == [CLIENT]


def test_clicks_of_one_day(sandbox: Sandbox) -> None:
    query = (
        "SELECT click_view.gclid, click_view.keyword_info.text, campaign.id, segments.device, "
        "metrics.clicks FROM click_view WHERE segments.date = '2026-11-01'"
    )
    rows = run_sdk(sandbox, [stream(query)])[0]["ok"]["rows"]
    assert [row["clickView"]["gclid"] for row in rows] == ["Gclid-0", "Gclid-1"]
    assert rows[0] == {
        "campaign": {"resourceName": "customers/1234567890/campaigns/11", "id": "11"},
        "clickView": {
            "resourceName": "customers/1234567890/clickViews/2026-11-01~Gclid-0",
            "gclid": "Gclid-0",
            "keywordInfo": {"text": "shoes"},
        },
        "metrics": {"clicks": "1"},
        "segments": {"device": "MOBILE"},
    }


def test_conversions_are_told_apart_by_their_action(sandbox: Sandbox) -> None:
    fields = "segments.conversion_action_name, metrics.conversions, metrics.conversions_value"
    dates = "segments.date BETWEEN '2026-11-01' AND '2026-11-03'"
    action = f"customers/{CLIENT}/conversionActions/71"
    queries = [
        f"SELECT campaign.id, segments.date, {fields} FROM campaign WHERE {dates}",
        f"SELECT {fields} FROM customer WHERE {dates}",
        f"SELECT ad_group.id, {fields} FROM ad_group WHERE {dates} "
        f"AND segments.conversion_action = '{action}'",
    ]
    queries[2] = queries[2].replace(fields, f"segments.conversion_action, {fields}")
    found = run_sdk(sandbox, [stream(query) for query in queries])
    campaigns, account, groups = (
        [
            (row.get("campaign", row.get("adGroup", {})).get("id"), row["metrics"])
            for row in answer["ok"]["rows"]
        ]
        for answer in found
    )

    def figures(conversions: float, value: float) -> dict[str, float]:
        return {"conversions": conversions, "conversionsValue": value}

    assert campaigns == [
        ("11", figures(1.5, 30.25)),
        ("11", figures(1, 0)),
        ("12", figures(0.3, 6.05)),
    ]
    assert account == [(None, figures(1.8, 36.3)), (None, figures(1, 0))]
    assert groups == [("111", figures(1.5, 30.25))]


def test_what_the_data_set_has_no_file_for_is_empty(sandbox: Sandbox) -> None:
    found = run_sdk(
        sandbox,
        [
            stream(f"SELECT {resource}.resource_name FROM {resource}")
            for resource in ("campaign_budget", "keyword_view", "ad_group_criterion", "asset")
        ],
    )
    assert [answer["ok"]["rows"] for answer in found] == [[]] * 4
    [changes, events, named] = run_sdk(
        sandbox,
        [
            stream(
                f"SELECT {day.split('.')[0]}.resource_name FROM {day.split('.')[0]} "
                f"WHERE {day} DURING LAST_14_DAYS LIMIT 10"
            )
            for day in (
                "change_status.last_change_date_time",
                "change_event.change_date_time",
                "change_status.resource_type",
            )
        ],
    )
    assert changes["ok"]["rows"] == events["ok"]["rows"] == []
    assert "ok" not in named


def test_every_version_of_the_package_is_served(sandbox: Sandbox) -> None:
    query = "SELECT campaign.name, campaign.start_date_time FROM campaign ORDER BY campaign.id DESC"
    found = run_sdk(
        sandbox, [stream(query, version=version) for version in ("v23", "v24", "v25", "v26")]
    )
    assert [answer["ok"]["rows"][0]["campaign"]["name"] for answer in found] == ["Never ran"] * 4


def test_field_metadata(sandbox: Sandbox) -> None:
    query = (
        "SELECT name, data_type, category, enum_values WHERE name IN "
        "('campaign.status', 'metrics.cost_micros')"
    )
    found = run_sdk(sandbox, [{"method": "fields", "query": query}])[0]["ok"]
    assert [(field["name"], field["dataType"], field["category"]) for field in found] == [
        ("campaign.status", "ENUM", "ATTRIBUTE"),
        ("metrics.cost_micros", "INT64", "METRIC"),
    ]
    assert "REMOVED" in found[0]["enumValues"]


def test_summary_row_is_the_total(sandbox: Sandbox) -> None:
    query = (
        "SELECT campaign.id, metrics.cost_micros, metrics.average_cpc FROM campaign WHERE "
        "segments.date DURING THIS_MONTH"
    )
    found = run_sdk(sandbox, [stream(query, request={"summary_row_setting": 3})])[0]["ok"]
    total = sum(int(row["metrics"]["costMicros"]) for row in found["rows"])
    assert total == 13_250_003
    assert found["summary"]["metrics"] == {"costMicros": "13250003", "averageCpc": 13_250_003 / 30}


def test_faults_look_as_in_the_wild(sandbox: Sandbox) -> None:
    query = stream("SELECT customer.id FROM customer")
    sandbox.set_faults(
        [
            {
                "match": {"api": "google", "path": "SearchStream"},
                "nth": 1,
                "do": {"kind": "quota", "seconds": 7},
            },
            {
                "match": {"api": "google", "path": "SearchStream"},
                "nth": 2,
                "do": {"kind": "grpc_status", "code": "UNAVAILABLE"},
            },
            {
                "match": {"api": "google", "path": "SearchStream"},
                "nth": 3,
                "do": {"kind": "expire_token"},
            },
        ]
    )
    quota, unavailable, expired, after = run_sdk(sandbox, [query] * 4)
    assert quota["status"] == "RESOURCE_EXHAUSTED"
    assert unavailable["status"] == "UNAVAILABLE"
    assert expired["error"] == after["error"] == {"authenticationError": "OAUTH_TOKEN_EXPIRED"}


@pytest.fixture(scope="module")
def large(serve_data: Callable[..., Sandbox]) -> Sandbox:
    files = {name: FILES[name] for name in ("google/customers",)}
    files["google/campaigns"] = [
        campaign(str(number), f"C{number}") for number in range(10_001, 20_051)
    ]
    files["google/daily_metrics"] = [
        day("2026-11-01", number, str(number)) for number in range(10_001, 20_051)
    ]
    return serve_data(files)


def test_pages_of_ten_thousand_rows(large: Sandbox) -> None:
    query = (
        "SELECT campaign.id, metrics.cost_micros, segments.date FROM campaign WHERE "
        "segments.date = '2026-11-01'"
    )
    whole, paged, sized, stale = run_sdk(
        large,
        [
            stream(query),
            {**stream(query), "method": "search"},
            {**stream(query), "method": "search", "request": {"page_size": 100}},
            {**stream(query), "method": "search", "request": {"page_token": "bm9uc2Vuc2U="}},
        ],
    )
    assert (whole["ok"]["pages"], len(whole["ok"]["rows"])) == (2, 10_050)
    assert paged["ok"]["rows"] == whole["ok"]["rows"]
    assert len({row["campaign"]["id"] for row in paged["ok"]["rows"]}) == 10_050
    assert sized["error"] == {"requestError": "PAGE_SIZE_NOT_SUPPORTED"}
    assert stale["error"] == {"requestError": "INVALID_PAGE_TOKEN"}


def test_the_sdk_on_its_default_hosts_through_the_proxy(sandbox: Sandbox) -> None:
    found = run_sdk(
        sandbox,
        [{"method": "customers"}, stream("SELECT campaign.name FROM campaign")],
        endpoint=None,
        token_uri="https://oauth2.googleapis.com/token",
        variables=sandbox.proxy_variables,
    )
    assert len(found[0]["ok"]) == 2
    assert len(found[1]["ok"]["rows"]) == 4
    assert {call["path"].split("/")[-1] for call in sandbox.log()} == {
        "token",
        "ListAccessibleCustomers",
        "SearchStream",
    }
    assert "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH" in sandbox.proxy_variables
    assert "grpc_proxy" not in os.environ, "the proxy is for the child alone"
