"""Every figure of the views of returns, cohorts, funnel and models, against a second reckoning.

Two dozen invented companies, published as one on each engine; a dozen choices a view, whatever they
meet: currencies, credits that lower a day, deals that closed before they were opened, no touch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from include import warehouse
from include.contracts.choices import ATTRIBUTION_MODELS
from include.registry import SOURCES
from include.report import document, parameters, views
from include.run import Run
from include.settings import Settings
from include.warehouse.engine import Session
from include.warehouse.published import published
from tests.conftest import ENGINES
from tests.opinion import invented
from tests.report.reckoning import FACTS, PLACES, Reckoning, Row
from tests.sql.worlds import AS_OF, build, fill

AS_OF_DATE = date(2026, 11, 20)
WHOLE = {"from_month": "2023-12", "to_month": "2026-11"}
CHOICES: tuple[dict[str, str], ...] = (
    {},
    WHOLE | {"model": "linear"},
    WHOLE | {"currency_code": "USD"},
    WHOLE | {"currency_code": "EUR", "model": "u_shaped"},
    WHOLE | {"currency_code": "JPY", "platform": "google_ads", "model": "time_decay"},
    WHOLE | {"channel": "Paid Search", "model": "w_shaped"},
    WHOLE | {"channel": "Email", "model": "last_touch"},
    WHOLE | {"platform": "facebook_ads", "model": "full_path"},
    WHOLE | {"platform": "unmatched"},
    WHOLE | {"platform": "unattributed", "model": "markov"},
    WHOLE | {"platform": "crm", "model": "shapley"},
    {"from_month": "2026-01", "to_month": "2026-01"},
    {"from_month": "2019-01", "to_month": "2019-06"},
)


def _world() -> dict[str, list[dict[str, Any]]]:
    """The companies, with ads that carry half of what their campaigns spend."""
    pack = invented.packed(invented.drawn(24, 6, notes_instants=False))
    ads = {(ad["platform"], ad["campaign_id"]): ad for ad in pack["stg_ads"]}
    pack["stg_ad_daily"] = [
        {name: row[name] for name in ("currency_code", "date_day", "clicks", "impressions")}
        | ads[row["platform"], row["campaign_id"]]
        | {"spend": row["spend"] / 2}
        for row in pack["stg_campaign_daily"]
        if (row["platform"], row["campaign_id"]) in ads
    ]
    for table, rows in _guide().items():
        pack[table] = pack[table] + rows
    pack["mart_changes"] = _changes()
    return pack | _visits()


def _visits() -> dict[str, list[dict[str, Any]]]:
    """Visits of two months, by one way of a channel with people and one of a channel without."""
    told = {
        "platform": "google_analytics",
        "account_id": "7",
        "visit_campaign": "(not set)",
        "visit_campaign_id": "(not set)",
        "engaged_sessions": 0,
        "new_users": 0,
        "key_events": 0,
        "is_thresholded": False,
        "has_other_row": False,
        "is_sampled": False,
    }
    ways = {"google": "organic", "cfo.example": "affiliate"}
    months = [
        told
        | {"visit_source": source, "visit_medium": medium, "way_key": source}
        | {"visit_month": f"2026-0{month}-01", "sessions": 90 * month, "users": 70 * month}
        for source, medium in ways.items()
        for month in (1, 2)
    ]
    day = {"date_day": "2026-01-01", "visit_key": "a", "landing_page": "/", "users": 70}
    total = {"platform", "account_id", "sessions", "engaged_sessions", "users", "new_users"}
    days = [{name: value for name, value in months[0].items() if name != "visit_month"} | day]
    return {
        "stg_visit_properties": [{"platform": "google_analytics", "account_id": "7"}],
        "stg_visitors_monthly": months,
        "stg_visits_daily": days,
        "stg_visit_totals_daily": [
            {name: row[name] for name in row.keys() & (total | {"key_events", "date_day"})}
            | {"is_thresholded": False, "is_sampled": False}
            for row in days
        ],
    }


def _changes() -> list[dict[str, Any]]:
    """What two publishes moved: the campaign worked by hand, and its channel."""
    guide = {"platform": "linkedin_ads", "account_id": "guide", "campaign_id": "1"}
    channel = {"channel": "Paid Social"}
    return [
        place
        | {
            "run_id": "earlier",
            "publish_number": number,
            "mart": "mart_campaign_roi_monthly" if place is guide else "mart_channel_roi_monthly",
            "row_key": f"a row of {figure}",
            "figure": figure,
            "month": "2026-01-01",
            "old_value": "0",
            "new_value": delta,
            "delta": delta,
            "causes": "spend_restated",
            "evidence": "spend_restated: linkedin_ads/guide/1/2026-01-05",
            "changed_at": AS_OF,
        }
        for number, place, figure, delta in (
            (1, guide, "spend_base", "9999"),
            (2, channel, "spend_base", "8888"),
            (2, guide, "roi", "7777"),
            (2, guide, "leads", "600"),
            (2, guide, "customers", "5"),
            (2, guide, "spend_base", "-40"),
            (2, guide, "won_revenue_base", "30"),
        )
    ]


def _guide() -> dict[str, list[dict[str, Any]]]:
    """A campaign worked by hand below: who came by it when, and the deal they brought."""
    campaign = {"platform": "linkedin_ads", "account_id": "guide", "campaign_id": "1"}
    deals = (
        ("G1", "2026-01-05", "100", "2026-02-10"),
        ("G2", "2026-01-05", "250", "2026-04-01"),
        ("G3", "2026-02-05", "500", None),
    )
    return {
        "stg_campaigns": [campaign | {"campaign_name": "Guide"}],
        "stg_campaign_daily": [
            campaign
            | {
                "currency_code": "EUR",
                "date_day": day,
                "spend": spend,
                "reported_conversions": "2.5",
            }
            for day, spend in (("2026-01-05", "300"), ("2026-02-05", "50"), ("2026-02-06", "50"))
        ],
        "stg_crm_leads": [
            {
                "lead_id": f"lead of {deal}",
                "utm_source": "linkedin",
                "utm_id": "1",
                "converted_opportunity_id": deal,
                "created_at": f"{day}T10:00:00Z",
            }
            for deal, day, _, _ in deals
        ],
        "stg_crm_opportunities": [
            {
                "opportunity_id": deal,
                "opportunity_type": "New Business",
                "amount": amount,
                "is_closed": closed is not None,
                "is_won": closed is not None,
                "close_date": closed or "2026-12-31",
                "created_at": f"{day}T12:00:00Z",
            }
            for deal, day, amount, closed in deals
        ],
    }


@dataclass(frozen=True)
class Shown:
    """The page's tables and the facts behind them, of one engine."""

    settings: Settings
    session: Session
    facts: dict[str, list[Row]]

    def each(self, view: str, *more: dict[str, str]) -> Iterator[tuple[Any, Reckoning, str]]:
        """For every choice: ``of(table)`` as rows, the reckoning, and what was chosen."""
        for given in (*CHOICES, *more):
            is_to_day = views.VIEWS[view].is_to_day
            values = parameters.chosen(given, AS_OF_DATE, is_to_day=is_to_day)
            reading = views.Reading(self.session, values)

            def of(name: str, reading: views.Reading = reading) -> list[Row]:
                answered = reading.of(views.VIEWS[view].tables[name])
                return [dict(zip(answered.columns, row, strict=True)) for row in answered.rows]

            yield of, Reckoning(self.facts, values), f"{view} for {given}"


@pytest.fixture(scope="module", params=ENGINES)
def shown(
    request: pytest.FixtureRequest, new_settings: Callable[[str], Settings]
) -> Iterator[Shown]:
    settings = new_settings(request.param)
    warehouse.prepare(settings, SOURCES)
    fill(settings, _world())
    build(settings)
    warehouse.publish(settings, Run("night", AS_OF, AS_OF + timedelta(hours=1)))
    with published(settings).read() as session:
        facts = {name: session.rows(f"select * from marts.{name}") for name in FACTS}  # noqa: S608
        yield Shown(settings, session, facts)


def _same(found: list[Row], expected: list[Row], keys: tuple[str, ...], what: str) -> None:
    """The same rows by their keys, and in each the figures that the reckoning tells."""
    ours = {tuple(row[name] for name in keys): row for row in expected}
    theirs = {tuple(row[name] for name in keys): row for row in found}
    assert len(theirs) == len(found), f"{what}: a row stands there twice"
    assert set(theirs) == set(ours), f"{what}: other rows"
    for key, row in ours.items():
        told = {name: theirs[key][name] for name in row}
        assert told == row, f"{what} at {key}"


def _campaigns(shown: Shown) -> list[dict[str, str]]:
    """The choice of campaigns: whose ads have people, that have ads, that have credits."""
    names = ("platform", "account_id", "campaign_id")
    first = {row["first_touchpoint_id"] for row in shown.facts["fct_people"]}
    touched = [row for row in shown.facts["fct_touchpoints"] if row["touchpoint_id"] in first]
    kinds = (
        [row for row in touched if row["ad_group_id"]],
        shown.facts["fct_ad_performance_daily"],
        shown.facts["fct_attribution"],
    )
    found = []
    for rows in kinds:
        keys = {tuple(row[name] for name in names) for row in rows if row["campaign_id"]}
        found += sorted(keys)[:2]
    return [WHOLE | {"model": "linear", **dict(zip(names, key, strict=True))} for key in found]


def test_returns_are_what_the_facts_say_at_every_level(shown: Shown) -> None:
    campaigns = _campaigns(shown)
    assert campaigns
    seen = 0
    for of, reckoning, what in shown.each("channels", *campaigns):
        for table in ("total", "networks", "channels", "platforms", "campaigns"):
            expected = reckoning.returns(table)
            _same(of(table), expected, PLACES[table], f"{table} of {what}")
            seen += len(expected)
    assert seen > 300


def test_ads_and_invoices_are_what_the_facts_say(shown: Shown) -> None:
    rows: list[Row] = []
    for of, reckoning, what in shown.each("channels", *_campaigns(shown)):
        keys = ("platform", "account_id", "ad_group_id", "ad_id")
        _same(of("ad_groups"), reckoning.ads("ad_groups"), keys[:3], f"ad groups of {what}")
        _same(of("ads"), reckoning.ads("ads"), keys, f"ads of {what}")
        rows += of("ads")
        billed = [row for row in reckoning.billed() if row["spend"]]
        keys = ("currency_code", "platform", "account_id")
        _same(of("billed"), billed, keys, f"billed of {what}")
    assert any(row["spend"] for row in rows)
    assert any(row["leads"] for row in rows)


def test_the_days_behind_a_campaigns_spend_add_up_to_it(shown: Shown) -> None:
    seen = 0
    for of, reckoning, what in shown.each("channels", *_campaigns(shown)):
        wanted, currency = reckoning.values["campaign_id"], reckoning.values["currency_code"]
        names = ("spend", "spend_base", "currency_code", "fx_rate", "first_loaded_at")
        keys = ("platform", "account_id", "campaign_id", "date_day")
        expected = [
            {name: row[name] for name in (*keys, *names)}
            for row in reckoning.chosen(reckoning.spent())
            if wanted and currency in (None, row["currency_code"])
        ]
        days = of("days")
        _same(days, expected, keys, f"days of {what}")
        if wanted and currency is None and days:
            (total,) = of("total")
            assert sum(row["spend_base"] for row in days) == total["spend"], what
            seen += len(days)
    assert seen


def test_the_deals_behind_the_opportunities_are_as_many(shown: Shown) -> None:
    stages = set()
    for of, reckoning, what in shown.each("journeys"):
        deals = reckoning.chosen(reckoning.opportunities())
        expected = [
            {name: row[name] for name in ("opportunity_id", "amount_base", "is_won", "is_closed")}
            for row in deals
        ]
        _same(of("opportunities"), expected, ("opportunity_id",), f"deals of {what}")
        assert {row["matches"] for row in of("opportunities")} <= {len(deals)}, what
        assert sum(row["opportunities"] for row in reckoning.returns("total")) == len(deals), what
        stages |= {(row["is_won"], row["is_closed"]) for row in of("opportunities")}
    assert len(stages) == 3  # won, lost, open


def test_deals_without_an_amount_are_named_and_counted(shown: Shown) -> None:
    bare = {row["opportunity_id"] for row in shown.facts["fct_opportunities"] if not row["amount"]}
    unknown = {
        row["opportunity_id"] for row in shown.facts["fct_opportunities"] if row["amount"] is None
    }
    assert unknown < bare  # one of nothing is an amount
    seen = 0
    for of, reckoning, what in shown.each("journeys"):
        deals = of("credited")
        assert {row["opportunity_id"] for row in deals if not row["has_amount"]} == unknown & {
            row["opportunity_id"] for row in reckoning.chosen(reckoning.credits())
        }, what
        for basis in ("won", "open"):
            own = [row for row in deals if row["basis"] == basis]
            count = sum(not row["has_amount"] for row in own)
            assert {row["deals_without_amount"] for row in own} <= {count}, what
            seen += count
    assert seen


def test_the_overview_tells_months_and_what_closed_in_them(shown: Shown) -> None:
    for of, reckoning, what in shown.each("overview"):
        for table in ("total", "months", "networks", "channels"):
            _same(of(table), reckoning.returns(table), PLACES[table], f"{table} of {what}")
        for table in ("networks", "channels"):
            judged, told = reckoning.judged(table, AS_OF_DATE), of(f"judged_{table}")
            _same(told, judged, PLACES[table], f"{table} old enough of {what}")
        _same(of("paid"), reckoning.paid(), (), f"paid of {what}")
        _same(of("evidence"), reckoning.evidence(), (), f"evidence of {what}")
        _same(of("closed"), reckoning.closed(), ("close_month",), f"closed of {what}")


def test_the_overview_tells_the_state_of_the_books_and_what_moved(shown: Shown) -> None:
    books = shown.session.rows("select * from marts.mart_reconciliation")
    health = shown.session.rows("select * from marts.mart_data_health")
    seen: Counter[str] = Counter()
    for of, reckoning, what in shown.each("overview"):
        values = reckoning.values
        verdicts = Counter(
            row["verdict"]
            for row in books
            if values["from_month"] <= row["month"] <= values["to_month"]
            and row["model"] in (values["model"], "none")
        )
        assert {row["verdict"]: row["checks"] for row in of("checks")} == verdicts, what
        for status in ("missing", "restating"):
            days = Counter(
                (row["source"], row["account_id"])
                for row in health
                if row["status"] == status
                and values["from_month"] <= row["date_day"].replace(day=1) <= values["to_month"]
                and values["platform"] in (None, row["source"])
            )
            told = {(row["source"], row["account_id"]): row["days"] for row in of(status)}
            assert told == days, what
            seen[status] += len(days)
        assert [(row["figure"], row["delta"], row["campaign_name"]) for row in of("changes")] == [
            ("spend_base", -40, "Guide"),
            ("won_revenue_base", 30, "Guide"),
            ("customers", 5, "Guide"),
        ]
    assert seen["missing"]


def test_the_period_before_is_as_long_and_just_before(shown: Shown) -> None:
    values = parameters.chosen({"from_month": "2026-01", "to_month": "2026-03"}, AS_OF_DATE)
    table = views.VIEWS["overview"].tables["channels"]
    before = views.Reading(shown.session, values).of(table).before
    given = {"from_month": "2025-10", "to_month": "2025-12"}
    earlier = views.Reading(shown.session, parameters.chosen(given, AS_OF_DATE)).of(table).rows
    assert before == earlier
    assert before


def test_a_change_is_told_where_both_periods_can_be_judged(shown: Shown) -> None:
    periods = (
        ("2024-06", "2024-07"),
        ("2026-10", "2026-10"),
        ("2026-10", "2026-11"),
        ("2025-01", "2025-02"),
    )
    choices = [{"from_month": begin, "to_month": end} for begin, end in periods]
    seen = set()
    for of, reckoning, what in shown.each("overview", *choices):
        expected = reckoning.comparison(AS_OF_DATE)
        _same(of("comparison"), [expected], (), f"comparison of {what}")
        seen.add((expected["hindrance"], expected["growing_hindrance"]))
    assert seen == {
        ("nothing_before", "nothing_before"),
        ("month_not_over", "month_not_over"),
        (None, "too_early"),
        (None, None),
    }


def test_the_books_begin_with_the_first_month_that_cost_anything(shown: Shown) -> None:
    reckoning = Reckoning(shown.facts, parameters.chosen(WHOLE, AS_OF_DATE))
    first = min(row["cohort_month"] for row in reckoning.spent() if row["spend"])
    assert views.build_of(shown.session).first_month == first


def test_the_report_tells_changes_of_whole_months(shown: Shown) -> None:
    """November is not over on its twentieth day: the twelve months end with October."""
    now, before = (
        Reckoning(shown.facts, parameters.chosen(months, AS_OF_DATE)).returns("total")[0]
        for months in (
            {"from_month": "2025-11", "to_month": "2026-10"},
            {"from_month": "2024-11", "to_month": "2025-10"},
        )
    )
    change = (now["spend"] - before["spend"]) / before["spend"] * 100
    text = document.render(shown.settings)[1]
    assert f"{change:+,.0f} % on the 12 months before".replace("-", "−") in text


def test_cohorts_add_up_and_break_even_where_the_facts_say(shown: Shown) -> None:
    seen: list[Row] = []
    for of, reckoning, what in shown.each("cohorts", WHOLE | {"account_id": "guide"}):
        cohorts = of("cohorts")
        _same(cohorts, reckoning.cohorts(AS_OF_DATE), ("cohort_month",), what)
        revenue = reckoning.cohort_revenue(AS_OF_DATE)
        _same(of("revenue"), revenue, ("cohort_month", "months_since"), f"revenue of {what}")
        assert [tuple(row.values()) for row in of("typical")] == [reckoning.typical()], what
        seen += cohorts
    assert {row["is_too_early"] for row in seen} == {True, False}
    assert any(row["break_even_months"] is not None for row in seen)


def test_the_funnel_counts_and_times_the_people_of_the_facts(shown: Shown) -> None:
    keys: dict[str, tuple[str, ...]] = {
        "total": (),
        "channels": ("channel",),
        "months": ("cohort_month",),
    }
    for of, reckoning, what in shown.each("funnel", *_campaigns(shown)):
        for table, key in keys.items():
            _same(of(table), reckoning.funnel(table), key, f"{table} of {what}")


def test_every_model_stands_beside_first_touch(shown: Shown) -> None:
    figures = ("deals", "won_revenue", "open_pipeline", "first_touch_won_revenue")
    differs = 0
    for of, reckoning, what in shown.each("models", *_campaigns(shown)):
        for table in ("channels", "campaigns"):
            places = PLACES[table]
            found = of(table)
            expected = reckoning.models(table, ATTRIBUTION_MODELS)
            told = {tuple(row[name] for name in places) for row in found}
            credited = {
                tuple(row[name] for name in places)
                for row in expected
                if any(row[name] for name in figures)
            }
            assert credited <= told or len(told) == 100, f"{table} of {what}"
            nothing = [row for row in found if tuple(row[n] for n in places) not in credited]
            assert not any(row[name] for row in nothing for name in figures), what
            _same(
                [row for row in found if tuple(row[n] for n in places) in credited],
                [row for row in expected if tuple(row[n] for n in places) in credited & told],
                (*places, "model"),
                f"{table} of {what}",
            )
            differs += sum(bool(row["first_touch_difference"]) for row in found)
    assert differs > 50


def test_the_choices_are_what_the_marts_hold(shown: Shown) -> None:
    reading = views.Reading(shown.session, parameters.chosen({}, AS_OF_DATE))
    told = {name: reading.of(table) for name, table in views.VIEWS["choices"].tables.items()}
    reckoning = Reckoning(shown.facts, parameters.chosen(WHOLE, AS_OF_DATE))
    everything = [
        *reckoning.spent(),
        *reckoning.people(),
        *reckoning.opportunities(),
    ]
    assert {name for (name,) in told["channels"].rows} == {row["channel"] for row in everything}
    assert {name for (name,) in told["platforms"].rows} == {row["platform"] for row in everything}
    places = {(row["platform"], row["account_id"], row["campaign_id"]) for row in everything}
    assert {row[:3] for row in told["campaigns"].rows} == places
    assert {row[:2] for row in told["accounts"].rows} == {place[:2] for place in places}
    currencies = {row["currency_code"] for row in (*reckoning.spent(), *reckoning.opportunities())}
    assert {code for (code,) in told["currencies"].rows} == currencies
    assert told["models"].rows[0] == ("first_touch",)
    assert {model for (model,) in told["models"].rows} == {*ATTRIBUTION_MODELS}
    first = min(row["cohort_month"] for row in everything)
    cohorts = reckoning.cohorts(AS_OF_DATE)
    judged = [row["cohort_month"] for row in cohorts if not row["is_too_early"]]
    (months,) = told["months"].rows
    assert months[:2] == (first, AS_OF_DATE.replace(day=1))
    # Of the months there are, those up to it are old enough, and no other.
    assert judged == [row["cohort_month"] for row in cohorts if row["cohort_month"] <= months[2]]


def test_no_figure_of_money_is_a_float(shown: Shown) -> None:
    for name in ("channels", "overview", "cohorts", "funnel", "models"):
        for table in views.VIEWS[name].tables.values():
            values = parameters.chosen(WHOLE | {"campaign_id": "10001"}, AS_OF_DATE)
            for row in views.Reading(shown.session, values).of(table).rows:
                assert not any(isinstance(value, float) for value in row), (name, row)


def test_a_cohort_breaks_even_in_the_month_that_pays_it_back(shown: Shown) -> None:
    """January cost 300 and has won 100 in February and 250 in April: 350, so 50 above its cost, and
    three months after it. February cost 100 and has a deal open."""
    given = {"from_month": "2026-01", "to_month": "2026-02", "account_id": "guide"}
    values = parameters.chosen(given, AS_OF_DATE)
    reading = views.Reading(shown.session, values)
    tables = views.VIEWS["cohorts"].tables
    answered = reading.of(tables["cohorts"])
    told = [dict(zip(answered.columns, row, strict=True)) for row in answered.rows]
    figures = ("spend", "leads", "opportunities", "won_revenue", "open_pipeline", "roi")
    assert [tuple(row[name] for name in figures) for row in told] == [
        (300, 2, 2, 350, 0, Decimal("0.166667")),
        (100, 1, 1, 0, 500, -1),
    ]
    assert [row["break_even_months"] for row in told] == [3, None]
    assert [row["age_days"] for row in told] == [323, 292]
    revenue = [row[1:] for row in reading.of(tables["revenue"]).rows]
    january, february = revenue[:11], revenue[11:]
    assert january[:5] == [
        (0, 0, 0, 0, 0, None),
        (1, 100, 100, Decimal("0.333333"), 0, None),
        (2, 0, 100, Decimal("0.333333"), 0, None),
        (3, 250, 350, Decimal("1.166667"), 0, None),
        (4, 0, 350, Decimal("1.166667"), 0, None),
    ]
    assert january[10] == (10, 0, 350, Decimal("1.166667"), None, None)
    # February stands beside January at February's age; its ninth month is not over.
    assert [row[3:] for row in february] == [
        *[(0, 1, 0), (0, 1, Decimal("0.333333")), (0, 1, Decimal("0.333333"))],
        *[(0, 1, Decimal("1.166667"))] * 6,
        (0, None, None),
    ]
