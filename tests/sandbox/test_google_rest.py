"""Google Ads over REST, and the OAuth token endpoint, as tools without the SDK see them."""

# ruff: noqa: S608 (Google Ads queries are no SQL)
import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.sandbox.google_data import CLIENT, FILES, LONE, MANAGER, campaign
from tests.sandbox.running import Sandbox

TOKEN = {
    "grant_type": "refresh_token",
    "client_id": "sandbox-google-client",
    "client_secret": "sandbox-google-secret",
    "refresh_token": "sandbox-google-refresh",
}


class Api:
    """A plain HTTPS client of the sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.base = sandbox.https
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = sandbox.ca_file
        self.headers = {
            "developer-token": "sandbox-developer-token",
            "login-customer-id": MANAGER,
            "Authorization": f"Bearer {self.token(TOKEN).json()['access_token']}",
        }

    def token(self, form: dict[str, str], path: str = "/token") -> requests.Response:
        return self.session.post(self.base + path, data=form, timeout=20)

    def post(self, path: str, body: dict[str, Any], **headers: str) -> requests.Response:
        return self.session.post(
            self.base + path, json=body, timeout=20, headers={**self.headers, **headers}
        )

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.base + path, headers=self.headers, timeout=20)

    def rows(self, query: str) -> list[dict[str, Any]]:
        answer = self.post(f"/v26/customers/{CLIENT}/googleAds:searchStream", {"query": query})
        assert answer.status_code == 200, answer.text
        return [row for page in answer.json() for row in page.get("results", [])]


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture(scope="module")
def api(sandbox: Sandbox) -> Api:
    return Api(sandbox)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("campaign.status IN ('PAUSED', 'REMOVED')", {"12", "13"}),
        ("campaign.status NOT IN (PAUSED, REMOVED)", {"11", "14"}),
        ("campaign.status = PAUSED", {"12"}),
        ("campaign.name LIKE '%100[%]%'", {"11"}),
        ("campaign.name NOT LIKE 'brand%'", {"12", "13", "14"}),
        ("campaign.name REGEXP_MATCH '(Max|Go).*'", {"12", "13"}),
        ("campaign.id >= 12 AND campaign.id < 14", {"12", "13"}),
        ("campaign.id BETWEEN 12 AND 13", {"12", "13"}),
        ("campaign.tracking_url_template IS NOT NULL", set()),
        ("campaign.resource_name = 'customers/1234567890/campaigns/14'", {"14"}),
        ("metrics.cost_micros > 5000000", {"11", "12"}),
        ("segments.date DURING YESTERDAY AND metrics.clicks = 0", {"11", "12", "13", "14"}),
        ("segments.date DURING TODAY AND metrics.clicks > 0", {"11"}),
    ],
)
def test_conditions(api: Api, where: str, found: set[str]) -> None:
    rows = api.rows(f"SELECT campaign.id FROM campaign WHERE {where}")
    assert {row["campaign"]["id"] for row in rows} == found


def test_the_answer_is_the_json_form_of_the_stream(api: Api) -> None:
    query = (
        "SELECT campaign.id, campaign.name, segments.date, metrics.cost_micros, "
        "metrics.conversions FROM campaign WHERE segments.date = '2026-11-02' "
        "AND campaign.id = 12"
    )
    answer = api.post(f"/v23/customers/{CLIENT}/googleAds:searchStream", {"query": query})
    (page,) = answer.json()
    assert page.pop("requestId")
    assert page == {
        "results": [
            {
                "campaign": {
                    "resourceName": "customers/1234567890/campaigns/12",
                    "id": "12",
                    "name": "Max",
                },
                "metrics": {"costMicros": "7000000", "conversions": 0.1},
                "segments": {"date": "2026-11-02"},
            }
        ],
        "fieldMask": "campaign.id,campaign.name,segments.date,metrics.costMicros,"
        "metrics.conversions",
    }
    assert answer.headers["request-id"]


def test_search_and_accessible_customers(api: Api) -> None:
    assert api.get("/v26/customers:listAccessibleCustomers").json() == {
        "resourceNames": [f"customers/{MANAGER}", f"customers/{LONE}"]
    }
    found = api.post(
        f"/v26/customers/{CLIENT}/googleAds:search",
        {
            "query": "SELECT campaign.id FROM campaign ORDER BY campaign.id LIMIT 2",
            "searchSettings": {"returnTotalResultsCount": True},
        },
    ).json()
    assert [row["campaign"]["id"] for row in found["results"]] == ["11", "12"]
    assert found["totalResultsCount"] == "4", "the limit does not count"
    field = api.get("/v26/googleAdsFields/metrics.cost_micros").json()
    assert (field["dataType"], field["category"]) == ("INT64", "METRIC")


def test_refusals_have_the_real_form(api: Api) -> None:
    path = f"/v26/customers/{CLIENT}/googleAds"
    query = {"query": "SELECT campaign.nome FROM campaign"}
    single = api.post(f"{path}:search", query)
    (streamed,) = api.post(f"{path}:searchStream", query).json()
    assert single.status_code == 400
    error = single.json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    (detail,) = error["details"]
    assert detail["@type"] == (
        "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure"
    )
    assert detail["errors"] == [
        {
            "errorCode": {"queryError": "UNRECOGNIZED_FIELD"},
            "message": "Unrecognized field in the query: 'campaign.nome'.",
        }
    ]
    assert streamed["error"]["details"][0]["errors"] == detail["errors"]

    unknown = api.post(f"{path}:search", query, Authorization="Bearer nonsense")
    assert (unknown.status_code, unknown.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    old = api.post(f"/v19/customers/{CLIENT}/googleAds:search", query)
    assert old.json()["error"]["details"][0]["errors"][0]["errorCode"] == {
        "requestError": "UNSUPPORTED_VERSION"
    }
    odd = api.post(f"{path}:search", {"query": "SELECT campaign.id FROM campaign", "nome": 1})
    assert odd.status_code == 400


def test_bodies_that_cannot_be_read_are_refused(api: Api) -> None:
    for body in (b"\xff", b"[]", b"5", b"{"):
        answer = api.session.post(
            f"{api.base}/v26/customers/{CLIENT}/googleAds:search",
            data=body,
            headers={**api.headers, "Content-Type": "application/json"},
            timeout=20,
        )
        assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
        answer = api.session.post(
            f"{api.base}/token", data=body, headers={"Content-Type": "application/json"}, timeout=20
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_what_is_not_served_is_not_found(api: Api) -> None:
    missing = api.post(f"/v26/customers/{CLIENT}/campaigns:mutate", {"operations": []})
    assert (missing.status_code, missing.json()) == (
        404,
        {"error": {"code": 404, "message": "Method not found.", "status": "NOT_FOUND"}},
    )


def test_a_failure_of_its_own_is_internal(serve_data: Callable[..., Sandbox]) -> None:
    odd = Api(serve_data({**FILES, "google/campaigns": [campaign("11", "Odd", status={"a": 1})]}))
    path, query = f"/v26/customers/{CLIENT}/googleAds", "SELECT campaign.status FROM campaign"
    whole = odd.post(f"{path}:search", {"query": query})
    [streamed] = odd.post(f"{path}:searchStream", {"query": query}).json()
    for error in (whole.json()["error"], streamed["error"]):
        assert (whole.status_code, error["code"], error["status"]) == (500, 500, "INTERNAL")
        [detail] = error["details"]
        assert detail["errors"][0]["errorCode"] == {"internalError": "INTERNAL_ERROR"}


def test_rows_are_lost_and_numbers_altered_over_rest_too(api: Api, sandbox: Sandbox) -> None:
    path = f"/v26/customers/{CLIENT}/googleAds"
    days = "segments.date BETWEEN '2026-11-02' AND '2026-11-03'"
    query = {
        "query": f"SELECT campaign.id, metrics.cost_micros FROM campaign WHERE {days}",
        "searchSettings": {"returnTotalResultsCount": True},
    }
    right = api.post(f"{path}:search", query).json()
    streamed = {"query": query["query"], "summaryRowSetting": "SUMMARY_ROW_WITH_RESULTS"}
    whole = api.post(f"{path}:searchStream", streamed).json()

    def faulty(answer: str, body: dict[str, Any], **do: Any) -> Any:
        sandbox.set_faults([{"match": {"api": "google", "path": "[sS]earch"}, "do": do}])
        found = api.post(f"{path}:{answer}", body).json()
        sandbox.set_faults([])
        return found

    lost = faulty("search", query, kind="lose_rows")
    assert ("results" in lost, lost["totalResultsCount"]) == (False, right["totalResultsCount"])
    altered = faulty("search", query, kind="alter_number", which=2)
    costs = [row["metrics"]["costMicros"] for row in right["results"]]
    assert [row["metrics"]["costMicros"] for row in altered["results"]] == [
        cost if place != 1 else str(int(cost) + 1) for place, cost in enumerate(costs)
    ]
    told = int(whole[-1]["summaryRow"]["metrics"]["costMicros"])
    last = faulty("searchStream", streamed, kind="alter_number", which=len(costs) + 1)
    assert last[-1]["summaryRow"]["metrics"]["costMicros"] == str(told + 1)
    twice = faulty("searchStream", streamed, kind="duplicate_page")
    assert [len(page.get("results", ())) for page in twice] == [len(costs), len(costs), 0]


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"refresh_token": "revoked"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
    ],
)
def test_the_token_endpoint_refuses(
    api: Api, changes: dict[str, str], status: int, error: str
) -> None:
    answer = api.token({**TOKEN, **changes})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


def jwt(**claims: Any) -> str:
    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256'})}.{part(claims)}.c2lnbmF0dXJl"


def test_every_token_path_and_grant_mints_a_token_that_works(api: Api) -> None:
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assertion = jwt(iss="robot@project.example", exp=int(time.time()) + 600)
    minted = [api.token(TOKEN, path) for path in ("/token", "/oauth2/v4/token", "/o/oauth2/token")]
    minted.append(api.token({"grant_type": grant, "assertion": assertion}))
    for answer in minted:
        assert (answer.json()["expires_in"], answer.json()["token_type"]) == (3599, "Bearer")
        found = api.post(
            f"/v26/customers/{CLIENT}/googleAds:search",
            {"query": "SELECT customer.id FROM customer"},
            Authorization=f"Bearer {answer.json()['access_token']}",
        )
        assert found.json()["results"][0]["customer"]["id"] == CLIENT
    stale = jwt(iss="robot@project.example", exp=int(time.time()) - 10)
    for wrong in (stale, "nonsense"):
        answer = api.token({"grant_type": grant, "assertion": wrong})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
