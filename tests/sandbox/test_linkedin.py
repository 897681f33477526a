"""LinkedIn's wire as clients see it: finders, analytics, versions, tokens and refusals."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.sandbox.linkedin_data import (
    DOLLAR,
    EURO,
    FILES,
    FULL_AT,
    FULL_FILES,
    account_urn,
    campaign_urn,
    creative_urn,
    group,
    group_urn,
)
from tests.sandbox.running import Sandbox

TOKEN = {
    "grant_type": "refresh_token",
    "client_id": "sandbox-linkedin-client",
    "client_secret": "sandbox-linkedin-secret",
    "refresh_token": "sandbox-linkedin-refresh",
}
NOVEMBER = "dateRange=(start:(year:2026,month:11,day:1),end:(year:2026,month:11,day:30))"
ACCOUNTS = f"accounts=List({quote(account_urn(EURO), safe='')})"


class Api:
    """A plain HTTPS client of the sandbox that sends queries as they are written."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.base = sandbox.https
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = sandbox.ca_file
        self.headers = {
            "Authorization": "Bearer sandbox-linkedin-token",
            "LinkedIn-Version": "202610",
            "X-Restli-Protocol-Version": "2.0.0",
        }

    def get(self, path: str, **headers: str | None) -> requests.Response:
        sent = {**self.headers, **{key.replace("_", "-"): value for key, value in headers.items()}}
        return self.session.get(
            self.base + path,
            timeout=20,
            headers={key: value for key, value in sent.items() if value},
        )

    def elements(self, query: str) -> list[dict[str, Any]]:
        answer = self.get(f"/rest/adAnalytics?{query}")
        assert answer.status_code == 200, answer.text
        return answer.json()["elements"]

    def token(self, **changes: str) -> requests.Response:
        return self.session.post(
            f"{self.base}/oauth/v2/accessToken", data={**TOKEN, **changes}, timeout=20
        )


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[Api]:
    yield Api(sandbox)
    sandbox.reset()


def analytics(
    pivot: str = "CAMPAIGN",
    granularity: str = "DAILY",
    fields: str = "pivotValues,dateRange,costInLocalCurrency",
    facet: str = ACCOUNTS,
    dates: str = NOVEMBER,
) -> str:
    return (
        f"q=analytics&pivot={pivot}&timeGranularity={granularity}&{dates}&{facet}&fields={fields}"
    )


def costs(elements: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    return [
        (
            element["pivotValues"][0].rsplit(":", 1)[1],
            element["dateRange"]["start"]["day"],
            element["costInLocalCurrency"],
        )
        for element in elements
    ]


@pytest.mark.parametrize(
    ("pivot", "found"),
    [
        ("ACCOUNT", [("512345", 1, "0.30"), ("512345", 2, "9.880001")]),
        ("CAMPAIGN_GROUP", [("601", 1, "0.30"), ("601", 2, "8.88"), ("602", 2, "1.000001")]),
        ("CAMPAIGN", [("701", 1, "0.30"), ("701", 2, "8.88"), ("702", 2, "1.000001")]),
        ("CREATIVE", [("801", 1, "0.10"), ("802", 1, "0.20"), ("801", 2, "8.88")]),
    ],
)
def test_amounts_are_summed_exactly_for_each_pivot(
    api: Api, pivot: str, found: list[tuple[str, int, str]]
) -> None:
    assert costs(api.elements(analytics(pivot))) == found


def test_time_granularities(api: Api) -> None:
    dates = "dateRange=(start:(year:2026,month:10,day:15),end:(year:2026,month:11,day:20))"
    ranges = {
        granularity: [
            (
                tuple(element["dateRange"]["start"].values()),
                tuple(element["dateRange"]["end"].values()),
                element["costInLocalCurrency"],
            )
            for element in api.elements(analytics("ACCOUNT", granularity, dates=dates))
        ]
        for granularity in ("MONTHLY", "YEARLY", "ALL")
    }
    assert ranges == {
        "MONTHLY": [
            ((2026, 10, 15), (2026, 10, 31), "0.10"),
            ((2026, 11, 1), (2026, 11, 20), "10.180001"),
        ],
        "YEARLY": [((2026, 10, 15), (2026, 11, 20), "10.280001")],
        "ALL": [((2026, 10, 15), (2026, 11, 20), "10.280001")],
    }


def test_without_fields_only_impressions_and_clicks_come(api: Api) -> None:
    query = analytics("ACCOUNT", "ALL").replace(
        "&fields=pivotValues,dateRange,costInLocalCurrency", ""
    )
    assert api.elements(query) == [{"impressions": 40, "clicks": 4}]


def test_elements_whose_figures_are_all_zero_are_left_out(api: Api) -> None:
    assert len(api.elements(analytics(fields="dateRange,pivotValues,oneClickLeads"))) == 1
    assert len(api.elements(analytics(fields="dateRange,pivotValues"))) == 3


def test_statistics_group_by_up_to_three(api: Api) -> None:
    query = (
        f"q=statistics&pivots=List(CAMPAIGN_GROUP,CREATIVE)&timeGranularity=ALL&{NOVEMBER}"
        f"&{ACCOUNTS}&fields=pivotValues,oneClickLeads,clicks"
    )
    assert api.elements(query) == [
        {"pivotValues": [group_urn(601), creative_urn(801)], "oneClickLeads": 0, "clicks": 2},
        {"pivotValues": [group_urn(601), creative_urn(802)], "oneClickLeads": 2, "clicks": 1},
    ]


def test_facets_narrow_and_what_cannot_be_read_is_empty(api: Api) -> None:
    one = quote(campaign_urn(702), safe="")
    assert costs(api.elements(analytics(facet=f"campaigns=List({one})"))) == [
        ("702", 2, "1.000001")
    ]
    assert costs(api.elements(analytics(facet=f"{ACCOUNTS}&campaigns=List({one})"))) == [
        ("702", 2, "1.000001")
    ]
    assert api.elements(analytics(facet="accounts=List(urn%3Ali%3AsponsoredAccount%3A9)")) == []


def test_an_earlier_clock_shows_the_earlier_world(sandbox: Sandbox, api: Api) -> None:
    sandbox.set_clock("2026-11-04")
    assert ("701", 2, "9.99") in costs(api.elements(analytics()))
    groups = api.get(f"/rest/adAccounts/{EURO}/adCampaignGroups?q=search").json()["elements"]
    assert groups[0]["name"] == "Group 601"


def test_the_spellings_of_other_clients(api: Api) -> None:
    found = api.elements(analytics())
    first = (
        "q=analytics&pivot=CAMPAIGN&timeGranularity=DAILY&dateRange.start.day=1"
        "&dateRange.start.month=11&dateRange.start.year=2026&dateRange.end.day=30"
        "&dateRange.end.month=11&dateRange.end.year=2026"
        f"&accounts[0]={quote(account_urn(EURO))}&fields=pivotValues,dateRange,costInLocalCurrency"
    )
    wrapped = analytics("(value:CAMPAIGN)", "(value:DAILY)")
    assert api.elements(first) == found
    assert api.elements(first.replace("[", "%5B").replace("]", "%5D")) == found
    assert api.elements(wrapped) == found
    tunnelled = api.session.post(
        f"{api.base}/rest/adAnalytics",
        data=analytics(),
        timeout=20,
        headers={
            **api.headers,
            "X-HTTP-Method-Override": "GET",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    assert tunnelled.json()["elements"] == found


def test_structure_that_was_escaped_is_text_and_refused(api: Api) -> None:
    query = analytics(dates=quote(NOVEMBER, safe="="))
    answer = api.get(f"/rest/adAnalytics?{query}")
    assert answer.status_code == 400
    assert answer.json()["errorDetails"]["inputErrors"][0] == {
        "code": "PARAM_INVALID",
        "description": "Invalid value for param; wrong type or other syntax error",
        "input": {"inputPath": {"fieldPath": "dateRange"}},
    }
    bare = analytics(facet="accounts=List(urn:li:sponsoredAccount:1)")
    assert api.get(f"/rest/adAnalytics?{bare}").status_code == 400


TWENTY = (
    "pivotValues,dateRange,impressions,clicks,likes,comments,shares,follows,reactions,sends,"
    "opens,costInUsd,costInLocalCurrency,oneClickLeads,videoViews,videoStarts,downloadClicks,"
    "cardClicks,cardImpressions,actionClicks"
)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (analytics("PLANET"), "pivot"),
        (analytics("MEMBER_SHOE_SIZE"), "pivot"),
        (analytics(granularity="WEEKLY"), "timeGranularity"),
        (analytics(fields="spend"), "fields"),
        (analytics(fields=f"{TWENTY},totalEngagements"), "fields"),
        (analytics(facet="x=1"), "accounts"),
        (analytics(facet="accounts=List()"), "accounts"),
        (analytics(dates="dateRange=(end:(year:2026,month:1,day:1))"), "dateRange"),
        (analytics(dates="dateRange=(start:(year:2026,month:2,day:30))"), "dateRange"),
        (analytics().replace("q=analytics", "q=search"), "q"),
    ],
)
def test_what_analytics_refuses(api: Api, query: str, field: str) -> None:
    answer = api.get(f"/rest/adAnalytics?{query}")
    assert answer.status_code == 400
    body = answer.json()
    assert body["status"] == 400
    assert body["errorDetails"]["inputErrors"][0]["input"]["inputPath"]["fieldPath"] == field


def test_twenty_fields_pass(api: Api) -> None:
    assert len(TWENTY.split(",")) == 20
    assert len(api.elements(analytics(fields=TWENTY))) == 3


def test_accounts_and_what_is_below_them(api: Api) -> None:
    def names(path: str) -> list[Any]:
        answer = api.get(path)
        assert answer.status_code == 200, answer.text
        return [element["id"] for element in answer.json()["elements"]]

    below = f"/rest/adAccounts/{EURO}"
    assert names("/rest/adAccounts?q=search") == [EURO, DOLLAR]
    assert names("/rest/adAccounts?q=search&search=(status:(values:List(ACTIVE)))") == [EURO]
    assert names("/rest/adAccounts?q=search&search.status.values[0]=CANCELED") == [DOLLAR]
    assert names(f"{below}/adCampaignGroups?q=search") == [601, 602]
    assert names(
        f"{below}/adCampaignGroups?q=search&search=(status:(values:List(REMOVED,PAUSED)))"
    ) == [602, 604]
    assert names(
        f"{below}/adCampaigns?q=search&search=(campaignGroup:(values:List("
        f"{quote(group_urn(602), safe='')})))"
    ) == [702]
    assert names(f"{below}/creatives?q=criteria") == [creative_urn(801), creative_urn(802)]
    assert api.get(below).json()["currency"] == "EUR"
    assert api.get(f"{below}/adCampaigns/701").json()["name"] == "Campaign 701"
    assert api.get(f"{below}/creatives/{quote(creative_urn(802), safe='')}").json()["id"] == (
        creative_urn(802)
    )
    assert api.get(f"{below}?fields=id,name").json() == {"id": EURO, "name": f"Account {EURO}"}
    for path, status in [
        ("/rest/adAccounts/9", 403),
        (f"{below}/adCampaigns/9", 404),
        ("/rest/adAccounts", 400),
        ("/rest/adAccounts?q=search&pageSize=1001", 400),
        (f"{below}/creatives?q=criteria&pageSize=101", 400),
        ("/rest/adAccounts?q=search&count=1&start=0", 200),
        ("/rest/adAccounts?q=search&begin=0", 400),
        ("/rest/adLibrary", 404),
        ("/rest/adAccounts?q=search&search=(nome:(values:List(a)))", 400),
        ("/rest/adAccounts?q=search&pageToken=nonsense", 400),
    ]:
        assert api.get(path).status_code == status, path


@pytest.mark.parametrize("pivot", ["MEMBER_SENIORITY", "MEMBER_COUNTRY_V2", "COMPANY", "SHARE"])
def test_pivots_without_data_are_empty(api: Api, pivot: str) -> None:
    assert api.elements(analytics(pivot)) == []
    wrong = api.get(f"/rest/adAnalytics?q=analytics&pivot={pivot}&timeGranularity=DAILY&{NOVEMBER}")
    assert wrong.status_code == 400, "what else is wrong is refused all the same"


def test_entities_are_had_by_their_ids(api: Api) -> None:
    """https://linkedin.github.io/rest.li/spec/protocol#batch-get"""
    found = api.get(f"/rest/adAccounts?ids=List({EURO},9)&fields=id,name").json()
    assert found["results"] == {str(EURO): {"id": EURO, "name": f"Account {EURO}"}}
    assert found["statuses"] == {str(EURO): 200, "9": 404}
    assert found["errors"]["9"]["status"] == 404
    below = f"/rest/adAccounts/{EURO}"
    campaigns = api.get(f"{below}/adCampaigns?ids=List(701,702)", X_RestLi_Method="BATCH_GET")
    assert sorted(campaigns.json()["results"]) == ["701", "702"]
    urn = creative_urn(801)
    creatives = api.get(f"{below}/creatives?ids=List({quote(urn, safe='')})").json()
    assert creatives["results"][urn]["id"] == urn
    for wrong in ("ids=List()", "ids=5", "ids=List((a:b))"):
        assert api.get(f"/rest/adAccounts?{wrong}").status_code == 400, wrong


def test_what_is_not_served_is_told_in_json(api: Api) -> None:
    old = api.get("/v2/adAccountsV2")
    assert (old.status_code, old.json()["code"]) == (404, "RESOURCE_NOT_FOUND")
    deleted = api.session.delete(f"{api.base}/rest/adAccounts/{EURO}", headers=api.headers)
    assert (deleted.status_code, deleted.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    posted = api.session.post(
        f"{api.base}/rest/adAccounts",
        data=b"\xff",
        headers={**api.headers, "X-HTTP-Method-Override": "GET"},
    )
    assert (posted.status_code, posted.json()["code"]) == (400, "ILLEGAL_ARGUMENT")


def test_a_failure_of_its_own_is_told_in_json(api: Api) -> None:
    deep = "(a:" * 1_200 + "b" + ")" * 1_200  # deeper than the reader can follow
    answer = api.session.post(
        f"{api.base}/rest/adAccounts",
        data=f"q=search&search={deep}",
        headers={**api.headers, "X-HTTP-Method-Override": "GET"},
    )
    assert (answer.status_code, answer.json()["status"]) == (500, 500)


def test_pages_follow_the_token_and_faulty_pages_do_not_lose_it(
    sandbox: Sandbox, serve_data: Callable[..., Sandbox]
) -> None:
    large = serve_data(
        {
            "linkedin/accounts": FILES["linkedin/accounts"],
            "linkedin/campaign_groups": [group(number) for number in range(1, 2501)],
        }
    )
    api = Api(large)

    def read() -> tuple[list[int], int]:
        ids, calls, token = [], 0, ""
        while calls < 20:
            answer = api.get(
                f"/rest/adAccounts/{EURO}/adCampaignGroups?q=search&pageSize=1000"
                f"{token and '&pageToken=' + quote(token)}"
            ).json()
            ids += [element["id"] for element in answer["elements"]]
            calls += 1
            if not (token := answer["metadata"].get("nextPageToken", "")):
                break
        return ids, calls

    assert read() == (list(range(1, 2501)), 3)
    for kind, calls in (("empty_page", 4), ("short_page", 3), ("duplicate_page", 4)):
        large.set_faults([{"match": {"api": "linkedin"}, "nth": 2, "do": {"kind": kind}}])
        ids, made = read()
        assert sorted(set(ids)) == list(range(1, 2501)), kind
        assert made == calls, kind
        assert (len(ids) == 2500) is (kind != "duplicate_page")


def test_versions(api: Api) -> None:
    path = "/rest/adAccounts?q=search"
    missing, old = api.get(path, LinkedIn_Version=None), api.get(path, LinkedIn_Version="202309")
    assert (missing.status_code, missing.json()["code"]) == (400, "VERSION_MISSING")
    assert (old.status_code, old.json()) == (
        426,
        {
            "status": 426,
            "code": "NONEXISTENT_VERSION",
            "message": "Requested version 20230901 is not active",
        },
    )
    assert api.get(path, LinkedIn_Version="202511").status_code == 200


def test_tokens(sandbox: Sandbox, api: Api) -> None:
    path = "/rest/adAccounts?q=search"
    minted = api.token().json()
    assert (minted["expires_in"], minted["refresh_token_expires_in"]) == (5_184_000, 31_536_000)
    bearer = f"Bearer {minted['access_token']}"
    assert api.get(path, Authorization=bearer).status_code == 200
    known = api.session.post(
        f"{api.base}/oauth/v2/introspectToken",
        timeout=20,
        data={**TOKEN, "token": minted["access_token"]},
    ).json()
    assert (known["active"], known["status"], known["auth_type"]) == (True, "active", "3L")
    for changes, status, error in [
        ({"refresh_token": "x"}, 400, "invalid_grant"),
        ({"client_secret": "x"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, 401, "access_denied"),
        ({"grant_type": "password"}, 400, "invalid_request"),
    ]:
        answer = api.token(**changes)
        assert (answer.status_code, answer.json()["error"]) == (status, error)
    for header, code in [(None, 65604), ("Bearer nonsense", 65600)]:
        answer = api.get(path, Authorization=header)
        assert (answer.status_code, answer.json()["serviceErrorCode"]) == (401, code)
    sandbox.set_faults([{"match": {"api": "linkedin"}, "nth": 1, "do": {"kind": "expire_token"}}])
    for _ in range(2):
        answer = api.get(path, Authorization=bearer)
        assert (answer.json()["code"], answer.json()["serviceErrorCode"]) == (
            "REVOKED_ACCESS_TOKEN",
            65601,
        )
    sandbox.set_faults([{"match": {"api": "linkedin"}, "do": {"kind": "quota", "daily": True}}])
    answer = api.get(path)
    assert (answer.status_code, "DAY limit" in answer.json()["message"]) == (429, True)


def test_a_long_query_is_refused_unless_it_is_tunnelled(api: Api) -> None:
    many = ",".join(quote(campaign_urn(number), safe="") for number in range(701, 901))
    query = analytics(facet=f"campaigns=List({many})")
    assert api.get(f"/rest/adAnalytics?{query}").status_code == 414
    tunnelled = api.session.post(
        f"{api.base}/rest/adAnalytics",
        data=query,
        timeout=20,
        headers={**api.headers, "X-HTTP-Method-Override": "GET"},
    )
    assert len(tunnelled.json()["elements"]) == 4, "703 of the other account is named as well"


@pytest.fixture(scope="module")
def full(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FULL_FILES)


@pytest.mark.parametrize("rows", [14_999, 15_000, 15_001])
def test_answers_are_cut_at_15000_elements_without_a_word(full: Sandbox, rows: int) -> None:
    full.set_clock(FULL_AT[rows])
    elements = Api(full).elements(analytics("CAMPAIGN_GROUP"))
    assert len(elements) == min(rows, 15_000)
    cost = sum(Decimal(element["costInLocalCurrency"]) for element in elements)
    assert cost == Decimal("0.01") * len(elements)


def test_default_hosts_through_the_proxy(sandbox: Sandbox) -> None:
    session = requests.Session()
    session.trust_env = False
    session.verify = sandbox.ca_file
    session.proxies = {"https": sandbox.proxy_variables["HTTPS_PROXY"]}
    token = session.post("https://www.linkedin.com/oauth/v2/accessToken", data=TOKEN, timeout=20)
    answer = session.get(
        f"https://api.linkedin.com/rest/adAnalytics?{analytics()}",
        timeout=20,
        headers={
            "Authorization": f"Bearer {token.json()['access_token']}",
            "LinkedIn-Version": "202610",
            "X-Restli-Protocol-Version": "2.0.0",
        },
    )
    assert len(answer.json()["elements"]) == 3
