"""Journeys, data health, what could not be placed: each figure worked by hand or summed apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient

from include import warehouse
from include.report import views
from include.settings import Settings
from tests.conftest import ENGINES
from tests.report.evidence_world import CANARY, DECIDER, FORMULA, HOSTILE, QUOTES, SCRIPT, STRANGE
from tests.report.reading import ask, reader

YEARS = {"from_month": "2024-01", "to_month": "2026-11"}
CHOICES: tuple[dict[str, str], ...] = (
    {},
    YEARS,
    {**YEARS, "platform": "google_ads", "account_id": "1", "model": "linear"},
    {**YEARS, "channel": "Paid Search"},
    {**YEARS, "source": "facebook_ads", "campaign_id": "2"},
    {**YEARS, "currency_code": "USD", "campaign_id": "unattributed"},
    {"search": "o", "opportunity_id": "O1"},
    {"search": SCRIPT[:40], "person_id": "L5"},
    {"search": STRANGE[:14], "opportunity_id": "O6"},
    {"search": QUOTES, "opportunity_id": "O2", "model": "shapley"},
)


@pytest.fixture(scope="module")
def clients(evidence: Callable[[str], Settings]) -> dict[str, TestClient]:
    """The page over the world of evidence, by engine."""
    return {engine: reader(evidence(engine)) for engine in ENGINES}


@pytest.fixture(scope="module")
def client(clients: dict[str, TestClient]) -> TestClient:
    return clients["duckdb"]


def mart(evidence: Callable[[str], Settings], name: str) -> list[dict[str, Any]]:
    """A mart whole, for sums made apart from the page's queries."""
    return warehouse.read_marts(evidence("duckdb"), f"select * from marts.{name}")  # noqa: S608


@pytest.mark.parametrize("chosen", CHOICES, ids=lambda chosen: "&".join(map(str, chosen.values())))
@pytest.mark.parametrize("view", sorted(views.VIEWS))
def test_both_engines_give_one_answer(
    clients: dict[str, TestClient], view: str, chosen: dict[str, str]
) -> None:
    duckdb, postgresql = (clients[engine].get(f"/data/{view}", params=chosen) for engine in ENGINES)
    assert duckdb.status_code == 200, duckdb.text
    assert duckdb.json() == postgresql.json()


@pytest.mark.parametrize("view", sorted(views.VIEWS))
def test_36_no_payload_and_no_operator_reaches_the_page(
    clients: dict[str, TestClient], view: str
) -> None:
    for client in clients.values():
        for name in (None, *views.VIEWS[view].tables):
            path = f"/data/{view}" if name is None else f"/csv/{view}/{name}"
            text = client.get(path, params=YEARS).text
            assert "@person" not in text
            assert CANARY not in text
            assert DECIDER not in text


def test_26_hostile_names_come_as_they_are_in_json(client: TestClient) -> None:
    found = ask(client, "journeys", search="O")["found"]
    assert {row["name"] for row in found} >= set(HOSTILE)
    answer = client.get("/data/journeys", params={"search": SCRIPT})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("lost ONE", ["O4"]),
        (SCRIPT, ["O2", "O6", "L6"]),
        ("  evil.EXAMPLE ", ["L6"]),
        ("Österreich", ["O5"]),
        ("%", ["O5", "O1"]),
        ("_", ["O1", "O5"]),
        ("O6", ["O6"]),
        ("nobody", []),
        ("fernhill.example", []),  # our own
        (FORMULA, ["O3"]),
        ("\\", []),
    ],
)
def test_a_search_finds_parts_of_names_domains_and_ids(
    clients: dict[str, TestClient], search: str, expected: list[str]
) -> None:
    for client in clients.values():
        found = ask(client, "journeys", search=search)["found"]
        assert sorted(row["id"] for row in found) == sorted(expected)
        matches = Counter(row["kind"] for row in found)
        assert all(row["matches"] == matches[row["kind"]] for row in found)


def test_lists_of_deals_tell_network_and_campaign_of_the_first_touch(
    clients: dict[str, TestClient],
) -> None:
    for client in clients.values():
        told = ask(client, "journeys", **YEARS)
        for name in ("closed", "credited", "opportunities"):
            places = {
                row["opportunity_id"]: (
                    row["first_touch_platform"],
                    row["first_touch_campaign_name"],
                )
                for row in told[name]
            }
            assert places["O1"] == ("google_ads", "Brand"), name
        assert places["O5"] == (None, None)  # nobody is on it


def test_the_journey_of_a_deal_is_its_companys_with_touches_tied_and_credited(
    client: TestClient,
) -> None:
    told = ask(client, "journeys", opportunity_id="O1")
    (deal,) = told["deal"]
    assert (deal["opportunity_name"], deal["amount"], deal["amount_base"]) == (
        QUOTES,
        "1000.00",
        "833.33",
    )
    assert deal["first_touch_campaign_name"] == "Brand"
    steps = [(step["occurred_at"], step["kind"], step["label"]) for step in told["steps"]]
    assert steps == [
        ("2026-01-05T10:00:00Z", "touch", "website"),
        ("2026-01-05T10:00:00Z", "stage", "lead"),
        ("2026-02-01T00:00:00Z", "stage", "opportunity"),
        ("2026-02-01T00:00:00Z", "deal", "opened"),
        ("2026-03-03T22:59:59Z", "stage", "customer"),
        ("2026-03-03T22:59:59Z", "deal", "won"),
    ]
    touch = told["steps"][0]
    assert (touch["campaign_name"], touch["match_method"], touch["sales_stage"]) == (
        "Brand",
        "utm_campaign",
        "before_lead",
    )
    assert touch["is_credited"]
    assert touch["is_first_touch"]
    assert [step["is_of_deal"] for step in told["steps"]] == [False] * 3 + [True, False, True]
    assert all(step["is_concerned"] for step in told["steps"])
    assert len(told["credits"]) == 12
    assert {(row["touchpoint_id"], row["amount_base"]) for row in told["credits"]} == {
        ("lead:L1", "833.33")
    }
    (evidence,) = told["touches"]
    assert (evidence["utm_campaign"], evidence["other_matches"]) == ("Brand", "utm: Organic Search")


def test_the_journey_of_a_deal_without_a_company_is_that_of_its_people(client: TestClient) -> None:
    steps = ask(client, "journeys", opportunity_id="O2")["steps"]
    assert [(step["person_id"], step["kind"], step["label"]) for step in steps] == [
        ("L2", "touch", "other"),
        ("L2", "stage", "lead"),
        ("L2", "stage", "opportunity"),
        (None, "deal", "opened"),
    ]
    assert [step["is_credited"] for step in steps] == [True, False, False, False]
    alone = ask(client, "journeys", opportunity_id="O3")["steps"]
    assert [(step["kind"], step["label"]) for step in alone] == [
        ("deal", "opened"),
        ("deal", "won"),
    ]


def test_a_touch_that_came_too_late_is_named_as_an_alternative(client: TestClient) -> None:
    told = ask(client, "journeys", opportunity_id="O6")
    assert told["deal"][0]["alternatives"] == (
        "lead:L6 Paid Search 2026-01-06: after the deal was created"
    )
    assert [row["utm_campaign"] for row in told["touches"]] == [FORMULA]
    assert not any(step["is_first_touch"] for step in told["steps"])


def test_a_person_has_a_journey_and_our_own_have_none(client: TestClient) -> None:
    told = ask(client, "journeys", person_id="L5")
    (person,) = told["person"]
    assert person["first_touch_channel"] == "Paid Social"
    assert [(step["kind"], step["label"]) for step in told["steps"]] == [
        ("touch", "other"),
        ("touch", "website"),
        ("stage", "lead"),
        ("stage", "mql"),
    ]
    assert {row["match_method"] for row in told["touches"]} == {"lead_form", "stored_click"}
    assert told["deal"] == told["credits"] == []
    assert all(step["is_concerned"] for step in told["steps"])
    internal = ask(client, "journeys", person_id="L3")
    assert not any(internal[name] for name in ("deal", "person", "steps", "credits", "touches"))


def test_health_tells_how_far_each_account_is_loaded(client: TestClient) -> None:
    told = ask(client, "health")
    sources = {(row["source"], row["account_id"]): row for row in told["sources"]}
    facebook = sources["facebook_ads", "1"]
    assert facebook["account_name"] == SCRIPT
    assert [facebook[name] for name in ("days_loaded", "days_empty", "days_missing")] == [1, 1, 1]
    assert (facebook["last_day"], facebook["rows_rejected"]) == ("2026-11-18", 3)
    assert facebook["hours_behind"] == "24.0000"  # account_daily's last load
    crm = sources["salesforce", "00D"]
    assert (crm["days_loaded"], crm["hours_behind"]) == (1, "0.0000")
    grid = {
        (row["date_day"], row["status"]) for row in told["days"] if row["source"] == "facebook_ads"
    }
    assert grid == {
        ("2026-11-17", "restating"),
        ("2026-11-18", "empty"),
        ("2026-11-19", "missing"),
    }
    assert {row["currency_code"] for row in told["days"] if row["source"] == "facebook_ads"} == {
        "EUR"
    }


def test_the_grid_is_of_the_last_120_days_of_the_chosen_months(client: TestClient) -> None:
    days = [
        row["date_day"] for row in ask(client, "health", **YEARS, platform="google_ads")["days"]
    ]
    assert (len(days), days[0], days[-1]) == (120, "2026-07-23", "2026-11-19")
    days = [
        row["date_day"]
        for row in ask(client, "health", from_month="2026-02", to_month="2026-02")["days"]
        if row["source"] == "google_ads"
    ]
    assert days == [f"2026-02-{number:02}" for number in range(1, 29)]


def test_what_was_set_aside_restated_or_held_is_told_with_why(client: TestClient) -> None:
    told = ask(client, "health")
    assert [(row["reason"], row["rows"], row["spend"]) for row in told["rejected"]] == [
        ("clicks exceeds impressions", 2, "10.000000"),
        ("account_id is empty", 1, None),
        ("spend is not a number", 1, None),
    ]
    assert [
        (row["campaign_name"], row["old_spend"], row["new_spend"], row["matches"])
        for row in told["restated"]
    ] == [(STRANGE, "35.000000", "30.000000", 2), (STRANGE, "40.000000", "35.000000", 2)]
    assert [(row["field_name"], row["change"]) for row in told["schema_changes"]] == [
        ("Quelle__c", "retyped")
    ]
    assert [(row["used"], row["used_share"]) for row in told["api_usage"]] == [
        ("125.0000", "0.125000")
    ]
    assert [(row["status"], row["date_day"]) for row in told["holds"]] == [
        ("open", "2026-11-17"),
        ("approved", "2026-11-18"),
    ]
    assert [(row["model_name"], row["seconds"]) for row in told["model_runs"]] == [
        ("x", "4.0000"),
        ("fct_people", "1.0000"),
    ]


def test_comparisons_are_all_counted_and_what_agrees_is_listed_for_one_model(
    evidence: Callable[[str], Settings], client: TestClient
) -> None:
    every = mart(evidence, "mart_reconciliation")
    told = ask(client, "health", from_month="2024-01", to_month="2026-12", model="linear")
    counted = Counter((row["check_name"], row["source"], row["verdict"]) for row in every)
    assert counted == Counter(
        {
            (row["check_name"], row["source"], verdict): row[verdict]
            for row in told["checks"]
            for verdict in ("agrees", "differs", "unproved")
            if row[verdict]
        }
    )
    listed = [
        row for row in every if row["verdict"] != "agrees" or row["model"] in ("none", "linear")
    ]
    assert len(told["control"]) == len(listed) < len(every)
    places = [("differs", "unproved", "agrees").index(row["verdict"]) for row in told["control"]]
    assert places == sorted(places)
    assert (told["control"][0]["check_name"], told["control"][0]["difference"]) == (
        "platform_spend",
        "-1.000000",
    )
    elsewhere = ask(client, "health", from_month="2024-01", to_month="2024-01")
    assert [row["verdict"] for row in elsewhere["control"]] == ["differs"]


def test_findings_are_the_audits_sums_in_money_and_each_says_what_would_mend_it(
    evidence: Callable[[str], Settings], client: TestClient
) -> None:
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    amounts = ("spend_base", "won_revenue_base", "open_pipeline_base", "leads", "touches")
    for row in mart(evidence, "mart_utm_audit"):
        for name in amounts:
            sums[row["finding"]][name] += row[name]
    told = ask(client, "unplaced", **YEARS)
    assert len(sums) > 5
    assert {
        row["finding"]: {n: Decimal(row[n]) for n in amounts} for row in told["findings"]
    } == sums
    assert all(row["remedy"] for row in told["findings"])
    by_tags: dict[str, Decimal] = defaultdict(Decimal)
    for row in told["tags"]:
        by_tags[row["finding"]] += Decimal(row["leads"])
    assert by_tags == {finding: each["leads"] for finding, each in sums.items()}


def test_every_finding_there_may_be_has_a_remedy() -> None:
    from include.contracts.marts import MART_TABLES

    (audit,) = (table for table in MART_TABLES if table.name == "mart_utm_audit")
    named = audit.column("finding").one_of
    assert named
    text = views.query("unplaced_findings")
    assert [finding for finding in named if f"finding = '{finding}'" not in text] == []


def test_deals_without_a_touch_stand_with_the_audits_reason(
    evidence: Callable[[str], Settings], client: TestClient
) -> None:
    told = ask(client, "unplaced", **YEARS)["deals"]
    assert [(row["opportunity_id"], row["finding"], row["matches"]) for row in told] == [
        ("O5", "no_person", 3),
        ("O3", "no_person", 3),
        ("O6", "touches_after_creation", 3),
    ]
    pipeline = sum(
        row["open_pipeline_base"]
        for row in mart(evidence, "mart_utm_audit")
        if row["platform"] == "unattributed"
    )
    assert pipeline == sum(Decimal(row["amount_base"]) for row in told if not row["is_won"])


def test_gaps_at_ad_level_are_summed_over_months(
    evidence: Callable[[str], Settings], client: TestClient
) -> None:
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in mart(evidence, "mart_ad_level_gaps_monthly"):
        sums[row["reason"], row["platform"], row["campaign_id"]] += row["spend_gap"]
    told = ask(client, "unplaced", **YEARS)["gaps"]
    assert told[0]["reason"] == "unexplained"
    assert sums == {
        (row["reason"], row["platform"], row["campaign_id"]): Decimal(row["spend_gap"])
        for row in told
    }
    assert ask(client, "unplaced", **YEARS)["unpriced"] == []
