"""Meta's real SDK against the sandbox: filled lead forms, totals over a report, and what faults do
to a page."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.leadgenform import LeadgenForm
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from include.sandbox.meta_page import figures
from tests.sandbox.facebook_data import FILES
from tests.sandbox.running import Sandbox

DAY = {"since": "2026-10-21", "until": "2026-10-21"}  # the second day: leads 2, clicks 6 an ad


@pytest.fixture(scope="module")
def served(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture
def api(served: Sandbox) -> FacebookAdsApi:
    served.reset()
    session = FacebookSession("1000000001", "sandbox-meta-secret", "sandbox-meta-token", timeout=20)
    session.GRAPH = served.http
    return FacebookAdsApi(session, api_version="v26.0")


def page(api: FacebookAdsApi, **params: Any) -> dict[str, Any]:
    asked = {"level": "ad", "time_range": DAY, "fields": "ad_id,spend,actions", **params}
    return dict(api.call("GET", ("act_1", "insights"), params=asked).json())


def test_leads_of_an_ad_and_of_a_form(api: FacebookAdsApi) -> None:
    of_ad = Ad("1112", api=api).get_leads(fields=["created_time", "field_data", "form_id"])
    leads = list(of_ad)
    assert [lead["id"] for lead in leads] == ["801", "802", "804", "805"], "kept for 90 days"
    assert of_ad.total() == 4
    assert leads[1]["field_data"] == [{"name": "work_email", "values": ["bob@example.org"]}]
    form = LeadgenForm("702", api=api)
    assert form.api_get(fields=["name"])["name"] == "Demo"
    assert [lead["id"] for lead in form.get_leads()] == ["803"]


def test_leads_are_filtered_by_the_second(api: FacebookAdsApi) -> None:
    def since(operator: str, seconds: int) -> list[str]:
        rule = {"field": "time_created", "operator": operator, "value": seconds}
        leads = Ad("1112", api=api).get_leads(params={"filtering": [rule]})
        return [lead["id"] for lead in leads]

    second = 1793505600  # 2026-11-01 04:00:00 UTC
    assert since("GREATER_THAN", second - 1) == ["802", "804", "805"]
    assert since("GREATER_THAN", second) == ["804", "805"]
    assert since("LESS_THAN", second) == ["801"]


def test_a_field_that_leads_do_not_have_is_refused(api: FacebookAdsApi) -> None:
    with pytest.raises(FacebookRequestError) as caught:
        list(Ad("1112", api=api).get_leads(fields=["email"]))
    assert caught.value.api_error_code() == 100


def test_a_report_is_totalled_over_all_its_pages(api: FacebookAdsApi) -> None:
    asked = page(api, limit=1, summary=["spend", "actions", "cpc"])
    assert len(asked["data"]) == 1
    # Five ads' second day: 11 + 12 + 21 + 11 + 11, and a day and a cent each; 21 + 22 + 31 … clicks
    assert asked["summary"]["spend"] == "71.05"
    assert asked["summary"]["cpc"] == f"{Decimal('71.05') / Decimal(116):.6f}"
    assert {each["action_type"]: each["value"] for each in asked["summary"]["actions"]} == {
        "lead": "10",
        "link_click": "30",
        "offsite_conversion.fb_pixel_lead": "5",
    }
    assert set(page(api, default_summary=True)["summary"]) == {
        "spend",
        "actions",
        "date_start",
        "date_stop",
    }
    assert "summary" not in page(api)
    with pytest.raises(FacebookRequestError, match="not valid for summary param"):
        page(api, summary=["nope"])


def test_a_report_run_is_totalled_too(api: FacebookAdsApi) -> None:
    run = AdAccount("act_1", api=api).get_insights(
        fields=["spend"], params={"level": "campaign", "time_range": DAY}, is_async=True
    )
    path = (run["report_run_id"], "insights")
    api.call("GET", (run["report_run_id"],))
    api.call("GET", (run["report_run_id"],))
    answer = api.call("GET", path, params={"limit": 1, "summary": ["spend"]}).json()
    assert answer["summary"]["spend"] == "72.30", "1.25 of it without an ad"


def test_a_page_loses_its_rows_and_keeps_its_link(served: Sandbox, api: FacebookAdsApi) -> None:
    whole = page(api, limit=2)
    served.set_faults([{"nth": 1, "do": {"kind": "lose_rows"}}])
    lost = page(api, limit=2)
    assert lost["data"] == []
    assert lost["paging"]["next"] == whole["paging"]["next"]


def test_one_figure_at_a_time_is_altered(served: Sandbox, api: FacebookAdsApi) -> None:
    whole = page(api, limit=2, summary=["spend"])
    count = len(list(figures(whole)))
    assert count == 2 * (1 + 3) + 1, "spend and three actions a row, and the total"
    seen = []
    for which in range(1, count + 2):
        served.set_faults([{"nth": 1, "do": {"kind": "alter_number", "which": which}}])
        altered = page(api, limit=2, summary=["spend"])
        pairs = zip(figures(whole), figures(altered), strict=True)
        changed = [Decimal(b[j]) - Decimal(a[i]) for (a, i), (b, j) in pairs if a[i] != b[j]]
        assert changed == ([1] if which <= count else [])
        seen.append(json.dumps(altered, sort_keys=True))
    assert len(set(seen)) == count + 1


def test_actions_are_fewer_beside_many_fields(served: Sandbox, api: FacebookAdsApi) -> None:
    served.set_faults([{"preset": "meta-fewer-actions"}])
    assert [len(row["actions"]) for row in page(api)["data"]] == [3] * 5
    many = "ad_id,campaign_id,adset_id,spend,impressions,clicks,actions"
    assert [len(row["actions"]) for row in page(api, fields=many)["data"]] == [2] * 5
