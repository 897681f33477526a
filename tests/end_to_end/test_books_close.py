"""On the generated company: every cent, every deal and every first touch against its truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from include.contracts.choices import ATTRIBUTION_MODELS
from tests.conftest import IS_FULL
from tests.end_to_end.conftest import Home, totals, truth
from tests.sandbox.running import Sandbox

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(1800 if IS_FULL else 600)]

# A third of the default company has every kind of evidence and every account; the whole of it has
# its minutes in `make campaigns`. Whoever came twice is known of each.
SCALE, CAME_TWICE = (1.0, 10) if IS_FULL else (0.3, 2)

# What the CRM does not hold, by the generator's own word for what became of the evidence.
CAUSES = {
    "alias_needed": "a hand-written campaign tag that no campaign bears; an alias would mend it",
    "ambiguous_name": "two campaigns of the platform bear the name",
    "campaign_name_before_rename": "tagged with a name the campaign no longer bears",
    "channel_only": "tagged with source and medium, without a campaign",
    "click_id_too_old": "a click id alone, older than the platform keeps",
    "cookie_lost": "the form was filled on a later visit that bore no tags",
    "lead_form_too_old": "a form of the network's own, older than it keeps; a picklist value",
    "lead_source_only": "a picklist value alone",
    "no_person": "nobody is known for the deal",
    "none": "the first touch left no trace",
    "outside_lookback": "every touch is older than the look-back",
    "touch_after_creation": "every touch came after the deal was opened",
    "unexpanded_macro": "the network's placeholder was never filled in",
}


@pytest.fixture(scope="module")
def company(generated: Callable[..., Path]) -> Path:
    return generated(scale=SCALE)


@pytest.fixture(scope="module")
def home(
    company: Path, serve: Callable[..., Sandbox], tmp_path_factory: pytest.TempPathFactory
) -> Home:
    home = Home(tmp_path_factory.mktemp("books"))
    home.night(serve(company))
    return home


def test_i5_spend_equals_the_truth_by_platform_account_currency_and_month(
    home: Home, company: Path
) -> None:
    spent = truth(company, "spend")
    assert len({row["account_id"] for row in spent}) == 6
    for row in spent:
        row["month"] = row["date"][:7]
    keys = ("platform", "account_id", "currency", "month")
    ours = home.marts(
        """
        select platform, account_id, currency_code as currency,
            substr(cast(date_day as text), 1, 7) as month, sum(spend) as spend
        from marts.fct_ad_spend_daily group by 1, 2, 3, 4
        """
    )
    wanted = {key: value for key, value in totals(spent, keys, "spend").items() if value}
    assert {k: v for k, v in totals(ours, keys, "spend").items() if v} == wanted


def test_spend_equals_the_truth_by_campaign_and_day(home: Home, company: Path) -> None:
    keys = ("platform", "account_id", "campaign_id", "date")
    ours = home.marts(
        """
        select platform, account_id, campaign_id, cast(date_day as text) as date, spend
        from marts.fct_ad_spend_daily
        """
    )
    spent = totals(truth(company, "spend"), keys, "spend")
    assert {k: v for k, v in totals(ours, keys, "spend").items() if v} == {
        k: v for k, v in spent.items() if v
    }


def test_won_deals_and_revenue_equal_the_truth(home: Home, company: Path) -> None:
    keys = ("month", "currency", "type_group")
    ours = home.marts(
        """
        select substr(cast(close_date as text), 1, 7) as month, currency_code as currency,
            type_group, count(*) as deals, sum(amount) as revenue
        from marts.fct_opportunities where is_won group by 1, 2, 3
        """
    )
    won = truth(company, "won")
    assert sum(row["deals"] for row in won) > 500 * SCALE
    assert totals(ours, keys, "deals") == totals(won, keys, "deals")
    assert totals(ours, keys, "revenue") == totals(won, keys, "revenue")


def test_i5_credited_revenue_equals_won_revenue_to_the_cent(home: Home, company: Path) -> None:
    credited = home.marts(
        """
        select credit.model, deal.currency_code as currency, sum(credit.amount) as revenue
        from marts.fct_attribution as credit
        inner join marts.fct_opportunities as deal using (opportunity_id)
        where credit.basis = 'won' group by 1, 2
        """
    )
    won = totals(truth(company, "won"), ("currency",), "revenue")
    assert totals(credited, ("model", "currency"), "revenue") == {
        (model, currency): revenue
        for model in ATTRIBUTION_MODELS
        for (currency,), revenue in won.items()
    }


def test_every_deal_has_weights_of_exactly_one(home: Home) -> None:
    wrong = home.marts(
        """
        select opportunity_id, model, sum(weight) as weight from marts.fct_attribution
        group by 1, 2 having sum(weight) <> 1
        """
    )
    assert wrong == []


def test_first_touch_agrees_with_the_truth_wherever_the_crm_kept_the_evidence(
    home: Home, company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deals = {row["opportunity_id"]: row for row in truth(company, "opportunities")}
    ours = home.marts(
        """
        select opportunity_id, first_touch_channel as channel, first_touch_platform as platform,
            first_touch_campaign_id as campaign_id
        from marts.fct_opportunities
        """
    )
    living = {name for name, deal in deals.items() if deal["status"] != "deleted"}
    assert {row["opportunity_id"] for row in ours} == living

    fields = ("channel", "platform", "campaign_id")
    confusion: Counter[tuple[str, str]] = Counter()
    causes: Counter[str] = Counter()
    kept = 0
    for row in ours:
        deal = deals[row["opportunity_id"]]
        found = tuple(row[name] for name in fields)
        true = tuple((deal["first_touch"] or {}).get(name) for name in fields)
        concluded = tuple((deal["expected"] or {}).get(name) for name in fields)
        assert found == concluded, (deal, row)
        confusion[true[0] or "unknown", found[0]] += 1
        if found == true:
            kept += 1
        else:
            causes[deal["evidence"]] += 1
    with capsys.disabled():
        print("\ntrue channel → channel found: deals")
        for (true_channel, channel), deals_there in sorted(confusion.items()):
            print(f"  {true_channel:20} → {channel:20} {deals_there:5}")
        print(f"as it truly was: {kept} of {len(ours)}; the rest by cause:")
        for cause, count in causes.most_common():
            print(f"  {count:5}  {CAUSES[cause]}")
    assert set(causes) <= set(CAUSES)
    assert kept > len(ours) / 2


def test_every_person_of_the_truth_is_one_row_under_its_earliest_record(
    home: Home, company: Path
) -> None:
    people = [row for row in truth(company, "people") if not row["is_deleted"]]
    ours = home.marts(
        """
        select person_id, is_internal, first_touch_channel as channel,
            first_touch_campaign_id as campaign_id
        from marts.fct_people
        """
    )
    found = {row["person_id"]: row for row in ours}
    assert len(found) == len(ours)
    assert set(found) == {row["person_id"] for row in people}
    for person in people:
        row = found[person["person_id"]]
        assert row["is_internal"] == person["is_internal"], person
        if not person["is_internal"]:
            concluded = person["expected"]["channel"], person["expected"]["campaign_id"]
            assert (row["channel"], row["campaign_id"]) == concluded, person
    kinds = {person["evidence"] for person in people}
    assert {"click_id_harvestable", "click_id_too_old", "lead_form", "lead_form_too_old"} < kinds


# What the delivered rules must make of the words of the invented company, by hand.
SECTORS = {
    "Manufacturing": "Manufacturing", "Chemicals": "Manufacturing",
    "Transportation": "Transport and logistics", "Healthcare": "Healthcare",
    "Energy": "Energy and utilities", "Retail": "Retail and consumer", "Technology": "Technology",
    "Construction": "Construction", "Media": "Services", "Consulting": "Services",
    "Finance": "Financial services", "Insurance": "Financial services",
}  # fmt: skip
REGIONS = {
    "Germany": "DACH", "Austria": "DACH", "Switzerland": "DACH", "France": "France",
    "United Kingdom": "UK and Ireland", "United States": "North America",
}  # fmt: skip
SENIORITY = {
    "CFO": "Executive", "COO": "Executive", "Managing Director": "Executive",
    "VP Finance": "Director", "Finance Director": "Director", "Head of Controlling": "Director",
    "Head of IT": "Director", "FP&A Manager": "Manager", "Team Lead Finance": "Manager",
    "Controller": "Specialist", "Business Analyst": "Specialist", "Accountant": "Specialist",
}  # fmt: skip
NEEDS = {
    "product_interest": ("product", {
        "Planning and Budgeting": "Planning", "Group Consolidation": "Consolidation",
        "Cash Forecasting": "Forecasting", "Management Reporting": "Reporting",
    }),
    "pain_point": ("problem", {
        "Planning in spreadsheets": "Spreadsheets", "The close takes too long": "Takes too long",
        "Figures are wrong": "Wrong figures", "Too many entities": "Many entities",
        "Cash is not in sight": "Cash in sight",
    }),
    "urgency": ("timeframe", {
        "Now": "Now", "This quarter": "This quarter", "This year": "This year",
        "No date yet": "No date",
    }),
}  # fmt: skip


def test_segments_and_their_funnel_equal_the_truth(home: Home, company: Path) -> None:
    audience = truth(company, "audience")
    ours = {
        row["person_id"]: row
        for row in home.marts("select * from marts.fct_people where not is_internal")
    }
    assert set(ours) == {said["person_id"] for said in audience}
    segments: dict[tuple[str, str], set[str]] = defaultdict(set)
    for said in audience:
        row, size = ours[said["person_id"]], said["employees"]
        expected = {
            "company_size": "small" if size < 100 else "medium" if size < 1_000 else "large",
            "sector": SECTORS[said["industry"]],
            "region": REGIONS[said["country"]],
            "seniority": SENIORITY[said["title"]],
        }
        for dimension, (field, words) in NEEDS.items():
            # Of whom no form says it, what they chose may; else nobody knows.
            told = words[said[field]] if said[field] else row[dimension]
            expected[dimension] = told or "unknown"
        for dimension, segment in expected.items():
            assert (row[dimension] or "unknown") == segment, said
            segments[dimension, segment].add(said["person_id"])
    on_deals = {"open": set(), "won": set(), "lost": set()}  # type: dict[str, set[str]]
    for deal in truth(company, "opportunities"):
        if deal["status"] in on_deals:
            on_deals[deal["status"]].update(deal["people"])
    found = {
        (row["dimension"], row["segment"]): (row["leads"], row["opportunities"], row["customers"])
        for row in home.marts(
            """
            select dimension, segment, cast(sum(leads) as bigint) as leads,
                cast(sum(opportunities) as bigint) as opportunities,
                cast(sum(customers) as bigint) as customers
            from marts.mart_segment_funnel group by dimension, segment
            having sum(leads) > 0  -- a deal that nobody is known for is of nobody's segment
            """
        )
    }
    stages = (set(ours), set().union(*on_deals.values()), on_deals["won"])
    assert found == {
        segment: tuple(len(people & stage) for stage in stages)
        for segment, people in segments.items()
    }
    assert {dimension for dimension, _ in found} == {
        "sector", "company_size", "region", "seniority", *NEEDS,
    }  # fmt: skip


def test_the_reporting_amounts_bear_a_rate_each(home: Home) -> None:
    unconverted = home.marts(
        """
        select count(*) as wrong from marts.fct_ad_spend_daily
        where fx_rate is null or fx_rate_date is null
            or (currency_code <> 'EUR' and fx_rate = 1)
        """
    )
    assert unconverted[0]["wrong"] == 0


def test_channel_roi_adds_up_to_the_facts(home: Home) -> None:
    roi = home.marts("select sum(spend_base) as spend from marts.mart_channel_roi_monthly")
    spent = home.marts("select sum(spend_base) as spend from marts.fct_ad_spend_daily")
    assert abs(roi[0]["spend"] - spent[0]["spend"]) < Decimal("0.01")


# Evidence of an ad campaign that the CRM or the network still holds.
KEPT = {"campaign_id", "campaign_name", "click_id_harvestable", "lead_form"}
# Which finding of mart_utm_audit the truth foretells for a first touch without one. A bare visit
# and one with a vague LeadSource are one to the generator; so are no touch at all and none in time.
BARE, TOO_LATE = "no tags", "no touch in time"
FINDINGS = {
    "alias_needed": "unknown_campaign",
    "ambiguous_name": "ambiguous_campaign",
    "campaign_name_before_rename": "unknown_campaign",
    "click_id_too_old": "click_id_alone",
    "cookie_lost": BARE,
    "direct": BARE,
    "lead_form_too_old": BARE,
    "lead_source_only": BARE,
    "no_person": "no_person",
    "none": TOO_LATE,
    "outside_lookback": "touches_before_look_back",
    "referrer_only": "referrer_alone",
    "touch_after_creation": TOO_LATE,
    "unexpanded_macro": "unexpanded_macro",
}

# Where the first touch left no trace and a later one did, it is the later one's rule that tells.
LATER = {"crm_campaign": None, "lead_source": BARE, "direct": BARE, "utm": "unpaid_tags"}


def _foretold(line: dict[str, Any]) -> str | None:
    """The finding under which a deal or person without an ad campaign must stand; None: a
    response to a program of the CRM, which is a campaign."""
    evidence, first, expected = line["evidence"], line["first_touch"], line["expected"]
    if evidence == "crm_campaign":
        return None
    if evidence == "channel_only":
        return "no_campaign_tag" if first["platform"] else "unpaid_tags"
    if evidence == "none" and expected["channel"] != "Unattributed":
        return "a later touch speaks"
    return FINDINGS[evidence]


def test_utm_audit_names_in_money_and_leads_all_that_left_no_evidence_of_a_campaign(
    home: Home, company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Campaigns are those of the truth wherever evidence was left; the rest stands in the audit
    under the cause that the truth tells, to the cent: nothing is left unexplained."""
    deals = {row["opportunity_id"]: row for row in truth(company, "opportunities")}
    people = {row["person_id"]: row for row in truth(company, "people")}
    ours = home.marts(
        """
        select opportunity_id, first_touch_platform as platform,
            first_touch_account_id as account_id, first_touch_campaign_id as campaign_id,
            first_touch_match_method as method,
            case when type_group = 'new_business' then 'new' else 'other' end as business,
            case when is_won or not is_closed then coalesce(amount_base, 0) else 0 end as money
        from marts.fct_opportunities
        """
    )
    foretold: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    later: Decimal = Decimal(0)
    found = kept = 0
    for row in ours:
        deal = deals[row["opportunity_id"]]
        place = [row[name] for name in ("platform", "account_id", "campaign_id")]
        if deal["evidence"] in KEPT:
            kept += 1
            found += place == [deal["first_touch"][n] for n in ("platform", "account_id")] + [
                deal["first_touch"]["campaign_id"]
            ]
            continue
        assert row["campaign_id"] is None, (deal, row)
        finding = _foretold(deal)
        if finding == "a later touch speaks":
            finding = LATER[row["method"]]
            later += row["money"]
        if finding:
            foretold[finding, row["business"]] += row["money"]
    assert found == kept > 500 * SCALE

    named = home.marts(
        """
        select
            case
                when finding in ('direct', 'lead_source_alone') then 'no tags'
                when finding in ('no_touch', 'touches_after_creation') then 'no touch in time'
                else finding
            end as finding,
            sum(won_revenue_base + open_pipeline_base) as new,
            sum(other_won_revenue_base + other_open_pipeline_base) as other,
            sum(leads) as leads
        from marts.mart_utm_audit where finding not like '%without_touch' group by 1
        """
    )
    audited = {(row["finding"], kind): row[kind] for row in named for kind in ("new", "other")}
    unexplained = {
        key: audited.get(key, 0) - foretold.get(key, 0) for key in audited.keys() | foretold.keys()
    }
    assert {key: value for key, value in unexplained.items() if value} == {}

    leads: Counter[str] = Counter()
    for row in home.marts(
        """
        select person_id, first_touch_campaign_id as campaign_id,
            first_touch_match_method as method
        from marts.fct_people where not is_internal
        """
    ):
        person = people[row["person_id"]]
        if person["evidence"] in KEPT:
            assert row["campaign_id"] == person["first_touch"]["campaign_id"], person
            continue
        assert row["campaign_id"] is None, person
        finding = _foretold(person)
        if finding == "a later touch speaks":
            finding = LATER[row["method"]]
        if finding:
            leads[finding] += 1
    assert {row["finding"]: row["leads"] for row in named if row["leads"]} == dict(leads)
    with capsys.disabled():
        print(f"\ncampaigns as in truth: {found} of {kept} deals that left evidence")
        print("euros of deals that left none, by what mart_utm_audit calls it:")
        for (finding, business), money in sorted(foretold.items()):
            print(f"  {money:14,.2f}  {finding}, {business} business")
        print(f"  {later:14,.2f}  of them of later touches; unexplained: 0")


def test_visits_visitors_and_their_rates_equal_the_truth_by_channel_and_month(
    home: Home, company: Path
) -> None:
    """Sessions and key events to the last; people too, but that GA4 counts them once for each way
    they came, and so twice the few who came by two campaigns of one channel in one month."""
    ours = {
        (row["month"], row["channel"]): row
        for row in home.marts(
            """
            select visits.*, funnel.visitors as funnel_visitors,
                substr(cast(visits.visit_month as text), 1, 7) as month
            from marts.mart_visitors_monthly as visits
            inner join marts.mart_funnel_monthly as funnel
                on visits.channel = funnel.channel and visits.visit_month = funnel.cohort_month
            """
        )
    }
    wanted = {
        (row["month"], row["channel"]): row for row in truth(company, "visitors") if row["sessions"]
    }
    assert len(wanted) > 200
    assert ours.keys() == wanted.keys()
    twice = 0
    for key, true in wanted.items():
        row = ours[key]
        assert (row["sessions"], row["key_events"]) == (true["sessions"], true["key_events"]), key
        assert row["funnel_visitors"] == row["visitors"] >= true["users"], key
        if row["visitors"] == true["users"]:
            assert abs(row["lead_rate"] - Decimal(true["lead_rate"])) <= Decimal("0.000001"), key
        twice += row["visitors"] - true["users"]
    assert twice == CAME_TWICE
