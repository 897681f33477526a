"""LinkedIn's wire beyond reports and campaigns: lead forms and their answers, tracking parameters,
posts, rotating refresh tokens, throttling by concurrency, answers that are distorted."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.linkedin_data import (
    DOLLAR,
    EURO,
    NOVEMBER_1,
    STREAM_FILES,
    account,
    account_urn,
    campaign_urn,
    day,
)
from tests.sandbox.running import Sandbox
from tests.sandbox.test_linkedin import Api, analytics

OWNER = f"owner=(sponsoredAccount:{quote(account_urn(EURO), safe='')})"
RESPONSES = f"/rest/leadFormResponses?q=owner&{OWNER}&leadType=(leadType:SPONSORED)"


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(STREAM_FILES)


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[Api]:
    yield Api(sandbox)
    sandbox.reset()


def read(api: Api, path: str, status: int = 200) -> dict[str, Any]:
    answer = api.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


def numbers(answer: dict[str, Any]) -> list[str]:
    return [element["id"][-1] for element in answer["elements"]]


def test_answers_page_by_start_and_count_and_tell_their_total(api: Api) -> None:
    whole = read(api, RESPONSES)
    assert whole["paging"] == {"start": 0, "count": 10, "links": [], "total": 5}
    assert numbers(whole) == ["1", "2", "3", "4", "5"]
    assert "form" not in whole["elements"][0]
    part = read(api, f"{RESPONSES}&count=2&start=3")
    assert (numbers(part), part["paging"]["total"]) == (["4", "5"], 5)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (f"&submittedAtTimeRange=(start:{NOVEMBER_1},end:{NOVEMBER_1 + 6})", ["2", "3"]),
        (f"&submittedAtTimeRange=(start:{NOVEMBER_1},end:{NOVEMBER_1 + 5})", ["2"]),
        ("&limitedToTestLeads=true", ["3"]),
        ("&limitedToTestLeads=false", ["1", "2", "3", "4", "5"]),
        (
            "&versionedLeadGenFormUrn="
            + quote("urn:li:versionedLeadGenForm:(urn:li:leadGenForm:902,1)", safe=""),
            ["3"],
        ),
    ],
)
def test_answers_are_narrowed(api: Api, more: str, found: list[str]) -> None:
    assert numbers(read(api, RESPONSES + more)) == found


def test_the_form_comes_along_for_who_asks_for_it(api: Api) -> None:
    fields = "id,form:(id,name,hiddenFields,content)"
    found = read(api, f"{RESPONSES}&count=4&fields={fields}")["elements"]
    assert set(found[0]) == {"id", "form"}
    assert found[0]["form"]["content"]["questions"][1]["predefinedField"] == "EMAIL"
    assert set(found[3]) == {"id"}, "a form that is not there is not made up"


def test_forms(api: Api) -> None:
    found = read(api, f"/rest/leadForms?q=owner&{OWNER}")
    assert [form["id"] for form in found["elements"]] == [901, 902]
    assert read(api, "/rest/leadForms/902")["name"] == "Form 902"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/rest/leadFormResponses?q=owner&leadType=(leadType:SPONSORED)", 400),
        (RESPONSES.replace("q=owner", "q=search"), 400),
        (RESPONSES.replace("SPONSORED", "BOUGHT"), 400),
        (RESPONSES.replace(f"A{EURO}", "A9"), 403),
        (f"{RESPONSES}&count=1001", 400),
        (f"{RESPONSES}&colour=red", 400),
        ("/rest/leadForms/9", 404),
        ("/rest/posts?ids=List()", 400),
        ("/rest/adTrackingParameters/(adEntity:urn)", 404),
        ("/rest/adTrackingParameters/nothing", 400),
    ],
)
def test_what_is_refused(api: Api, path: str, status: int) -> None:
    assert api.get(path).status_code == status


def test_tracking_parameters_by_their_complex_key(api: Api) -> None:
    def found(kind: str, urn: str, status: int = 200) -> dict[str, Any]:
        key = f"(adEntity:({kind}:{quote(urn, safe='')}))"
        return read(api, f"/rest/adTrackingParameters/{key}", status)

    of_campaign = found("sponsoredCampaign", campaign_urn(701))
    assert of_campaign["dynamicValueParameters"] == {"utm_campaign": "CAMPAIGN_GROUP_ID"}
    assert found("sponsoredAccount", account_urn(EURO))["customValueParameters"] == {
        "utm_source": "whole"
    }
    assert found("sponsoredAccount", account_urn(DOLLAR), 404)["code"] == "RESOURCE_NOT_FOUND"


def test_posts_by_their_urns(api: Api) -> None:
    urns = ",".join(quote(urn, safe="") for urn in ("urn:li:share:1", "urn:li:ugcPost:2"))
    found = read(api, f"/rest/posts?ids=List({urns})")
    assert list(found["results"]) == ["urn:li:share:1"]
    assert found["errors"]["urn:li:ugcPost:2"]["status"] == 404


def test_removed_creatives_hide_until_their_status_is_asked_for(api: Api) -> None:
    def found(query: str) -> list[str]:
        path = f"/rest/adAccounts/{EURO}/creatives?q=criteria{query}"
        return [element["id"][-3:] for element in read(api, path)["elements"]]

    assert found("") == ["801", "802"]
    assert found("&intendedStatuses=List(REMOVED,ARCHIVED)") == ["802", "803"]


def test_conversions_are_a_pivot(serve_data: Callable[..., Sandbox]) -> None:
    urn = "urn:lla:llaPartnerConversion:1"
    served = serve_data(
        {
            "linkedin/accounts": [account(EURO, "EUR")],
            "linkedin/analytics": [
                day("2026-11-01", "1", conversion=urn, externalWebsiteConversions=2),
                day("2026-11-01", "1", externalWebsiteConversions=1),
            ],
        }
    )
    fields = "pivotValues,externalWebsiteConversions"
    assert Api(served).elements(analytics("CONVERSION", "ALL", fields)) == [
        {"pivotValues": [urn], "externalWebsiteConversions": 2}
    ]
    assert Api(served).elements(analytics("ACCOUNT", "ALL", fields)) == [
        {"pivotValues": [account_urn(EURO)], "externalWebsiteConversions": 3}
    ]


def test_a_refresh_token_may_be_replaced_by_its_use(serve_data: Callable[..., Sandbox]) -> None:
    served = serve_data(STREAM_FILES)
    api = Api(served)
    served.set_faults([{"preset": "linkedin-rotating-refresh-token"}])
    replaced = api.token().json()["refresh_token"]
    assert api.token().json()["error"] == "invalid_grant"
    assert api.token(refresh_token=replaced).status_code == 200


def test_who_asks_twice_at_once_is_throttled(sandbox: Sandbox, api: Api) -> None:
    sandbox.set_faults([{"preset": "linkedin-throttle-concurrency"}])
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.get("/rest/adAccounts?q=search"), range(4)))
    assert 429 in {answer.status_code for answer in answers}
    assert api.get("/rest/adAccounts?q=search").status_code == 200


def test_rows_lost_and_numbers_altered(sandbox: Sandbox, api: Api) -> None:
    fields = "pivotValues,dateRange,costInLocalCurrency,impressions"
    path = f"/rest/adAnalytics?{analytics('ACCOUNT', 'ALL', fields)}"
    whole = read(api, path)["elements"][0]

    def distorted(**do: Any) -> list[dict[str, Any]]:
        sandbox.set_faults([{"match": {"api": "linkedin"}, "nth": 1, "do": do}])
        return read(api, path)["elements"]

    assert distorted(kind="lose_rows") == []
    assert distorted(kind="alter_number") == [{**whole, "costInLocalCurrency": "11.180001"}]
    assert distorted(kind="alter_number", which=2) == [
        {**whole, "impressions": whole["impressions"] + 1}
    ]
    assert distorted(kind="alter_number", which=3) == [whole]
    groups = f"/rest/adAccounts/{EURO}/adCampaignGroups?q=search&pageSize=1"
    sandbox.set_faults([{"match": {"api": "linkedin"}, "nth": 1, "do": {"kind": "lose_rows"}}])
    page = read(api, groups)
    assert page["elements"] == []
    assert page["metadata"]["nextPageToken"]
