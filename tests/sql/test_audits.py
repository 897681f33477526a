"""Every audit is silent on a sound world and fires on a mutation made for it, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from include import warehouse
from include.registry import SOURCES
from include.settings import Settings
from include.warehouse.engine import engine_of
from tests.conftest import ENGINES
from tests.sql.sound_world import WORLD
from tests.sql.worlds import VERSION, build, fill

MUTATIONS: dict[str, tuple[str, str]] = {
    "spend_fact_equals_staged_spend": (
        "build.fct_ad_spend_daily",
        "delete from {table} where date_day = date '2026-01-11'",
    ),
    "spend_entered_by_hand_is_spread_to_the_cent": (
        "build.int_manual_spend",
        "update {table} set spend = spend + 0.01 where date_day = date '2026-11-24'",
    ),
    "ad_facts_equal_what_is_staged": (
        "build.fct_conversions_daily",
        "delete from {table}",
    ),
    "ads_never_exceed_their_campaign": (
        "build.fct_ad_performance_daily",
        "update {table} set spend = spend + 0.02 where ad_id = '8'",
    ),
    "every_gap_at_ad_level_is_named": (
        "build.mart_ad_level_gaps_monthly",
        "delete from {table} where platform = 'google_ads'",
    ),
    "spend_equals_the_platforms_own_totals": (
        "staging.stg_account_daily",
        "update {table} set spend = spend + 0.01 where platform = 'facebook_ads'",
    ),
    "roi_marts_carry_all_spend": (
        "build.mart_channel_roi_monthly",
        "update {table} set spend_base = 0 where channel = 'Paid Social'",
    ),
    "won_revenue_credited_equals_the_crm": (
        "build.fct_attribution",
        "update {table} set amount = amount - 0.01 where opportunity_id = 'O1'",
    ),
    "open_pipeline_credited_equals_the_crm": (
        "build.fct_attribution",
        "delete from {table} where basis = 'open' and model = 'markov'",
    ),
    "weights_of_a_deal_sum_to_one": (
        "build.fct_attribution",
        "update {table} set weight = 0.9999999999 where opportunity_id = 'O1'",
    ),
    "every_won_or_open_deal_is_credited_once": (
        "build.fct_attribution",
        "update {table} set basis = 'open' where opportunity_id = 'O3'",
    ),
    "every_credit_stands_where_its_touch_stands": (
        "build.fct_attribution",
        "update {table} set channel = 'Direct' where opportunity_id = 'O1' and model = 'linear'",
    ),
    "the_first_touch_is_the_same_everywhere": (
        "build.fct_opportunities",
        "update {table} set first_touchpoint_id = 'lead:L4' where opportunity_id = 'O1'",
    ),
    "every_deal_is_in_the_opportunity_fact": (
        "build.fct_opportunities",
        "delete from {table} where opportunity_id = 'O4'",
    ),
    "every_living_record_is_one_person": (
        "build.int_person_ids",
        "delete from {table} where record_id = 'L4'",
    ),
    "every_lead_is_counted_once_across_channels": (
        "build.mart_campaign_roi_monthly",
        "update {table} set leads = leads + 1 where platform = 'crm'",
    ),
    "roi_marts_equal_the_facts": (
        "build.mart_campaign_roi_monthly",
        "update {table} set customers = customers + 1 where platform = 'google_ads' and leads = 1",
    ),
    "returns_by_model_equal_the_facts": (
        "build.mart_returns_by_model_monthly",
        "update {table} set won_deals = won_deals + 0.5 where model = 'linear' and won_deals = 1",
    ),
    "every_mart_row_has_its_dimension": (
        "build.dim_campaign",
        "delete from {table} where platform = 'crm' and campaign_id = 'V1'",
    ),
    "every_base_amount_has_a_rate_and_its_date": (
        "build.fct_opportunities",
        "update {table} set amount_base = amount, fx_rate = 1 where opportunity_id = 'O1'",
    ),
    "no_touch_is_credited_outside_its_models_window": (
        "staging.stg_crm_opportunities",
        "update {table} set created_at = timestamptz '2026-01-05 09:59:59+00' "
        "where opportunity_id = 'O1'",
    ),
    "our_own_people_have_no_touches": (
        "build.fct_people",
        "update {table} set is_internal = true where person_id = 'L1'",
    ),
    "every_reconciliation_agrees": (
        "build.mart_reconciliation",
        "update {table} set difference = 5, verdict = 'differs' where check_name = 'leads'",
    ),
    "every_lead_form_response_is_accounted_for": (
        "build.fct_touchpoints",
        "delete from {table} where evidence = 'lead_form'",
    ),
    "every_touch_entered_by_hand_is_accounted_for": (
        "build.fct_touchpoints",
        "delete from {table} where evidence = 'manual'",
    ),
    "every_mapped_activity_is_a_touch": (
        "build.fct_touchpoints",
        "delete from {table} where evidence = 'activity'",
    ),
    "the_utm_audit_equals_what_roi_marts_cannot_place": (
        "build.mart_utm_audit",
        "delete from {table} where finding = 'lead_source_alone'",
    ),
    "every_campaign_month_is_touched_or_in_the_utm_audit": (
        "build.mart_utm_audit",
        "update {table} set spend_base = 0 where finding like '%without_touch'",
    ),
    "every_harvested_click_finds_its_campaign": (
        "build.fct_touchpoints",
        "update {table} set campaign_id = '2' where touchpoint_id = 'lead:L5'",
    ),
    "stage_instants_are_from_where_they_say": (
        "build.fct_people",
        "update {table} set mql_at_from = 'record' where person_id = 'L5'",
    ),
    "revenue_by_close_month_equals_the_deals_won": (
        "build.mart_revenue_by_close_month",
        "update {table} set won_revenue_base = won_revenue_base + 0.01 "
        "where type_group = 'renewal'",
    ),
    "cycles_and_attribution_rates_count_every_deal_once": (
        "build.mart_sales_cycles_monthly",
        "update {table} set lost_deals = lost_deals + 1 where lost_deals = 1",
    ),
    "funnels_count_everyone_once_at_every_stage": (
        "build.mart_funnel_monthly",
        "update {table} set customers = customers + 1 where customers = 1",
    ),
    "segments_count_everyone_and_every_win_once": (
        "build.mart_segment_funnel",
        "update {table} set won_deals = won_deals + 1 where won_deals = 1",
    ),
    "contents_begin_every_touched_deal_once": (
        "build.mart_content_performance",
        "update {table} set begun_opportunities = begun_opportunities + 1 where begun_people = 1",
    ),
    "every_person_has_one_brief_with_all_touches": (
        "build.mart_lead_brief",
        "delete from {table} where touches = 1",
    ),
    "cohort_outlooks_begin_with_what_is_known": (
        "build.mart_cohort_outlook",
        "update {table} set customers = customers + 1 where customers = 1",
    ),
    "stage_delays_count_everyone_once": (
        "build.mart_stage_delays",
        "update {table} set people = people + 1 where channel = 'All' and age_days = 0",
    ),
    "forecasts_add_up_over_channels": (
        "build.mart_forecast_monthly",
        "update {table} set horizon = 2 where horizon = 1",
    ),
    "outcomes_of_months_equal_the_facts": (
        "build.mart_outcomes_monthly",
        "update {table} set actual = actual + 0.01 where metric = 'won_revenue'",
    ),
    "paths_hold_every_deal_and_touch_once": (
        "build.mart_paths",
        "update {table} set amount_base = amount_base - 0.01 where outcome = 'lost'",
    ),
    "journeys_hold_every_touch_and_stage_once": (
        "build.mart_person_journeys",
        "update {table} set occurred_at = occurred_at + interval '1 second' "
        "where touchpoint_id = 'member:M1'",
    ),
    "account_journeys_hold_every_step_of_people_and_deals_once": (
        "build.mart_account_journeys",
        "delete from {table} where label = 'won'",
    ),
    "restatements_add_up_to_the_ledgers": (
        "ops.restatements",
        "insert into {table} values ('google_ads', '1', '1', 'batch 2', 'batch 1', 'USD', "
        "date '2026-01-10', 1, 99, 100.008, 1.008, timestamptz '2026-01-12 06:00:00+00', "
        "timestamptz '2026-01-12 06:00:00+00')",
    ),
    "goals_are_spread_over_their_days_to_the_cent": (
        "build.mart_goal_pacing",
        "update {table} set target_day = target_day - 0.01 where date_day = date '2026-03-31'",
    ),
    "advice_is_given_of_all_spend_and_none_to_pause_what_is_young": (
        "build.mart_campaign_advice",
        "update {table} set verdict = 'pause' where spend_base = 0 or untagged_months > 0",
    ),
    "budget_plans_add_up_and_keep_to_their_bounds": (
        "build.mart_budget_plan",
        "update {table} set planned_spend_base = planned_spend_base + 1 where channel = 'All'",
    ),
    "visitors_equal_what_is_staged": (
        "build.mart_visitors_daily",
        "delete from {table} where visit_key = 'a'",
    ),
    "the_marts_know_their_as_of": (
        "build.int_as_of",
        "update {table} set as_of_at = null",
    ),
}


@pytest.fixture(scope="module", params=ENGINES)
def world(request: pytest.FixtureRequest, new_settings: Callable[[str], Settings]) -> Settings:
    """The sound world, built; a test leaves it as it was."""
    settings = new_settings(request.param)
    warehouse.prepare(settings, SOURCES)
    fill(settings, WORLD)
    build(settings)
    return settings


@contextmanager
def _spoiled(settings: Settings, table: str, statement: str) -> Iterator[None]:
    """A copy of the table in its place, spoiled; the table itself afterwards."""
    schema, name = table.split(".")
    rows = f"select * from {table}"  # noqa: S608
    with engine_of(settings).write("prepare") as session:
        session.run(f"alter table {table} rename to sound_{name}")
        session.run(f"create table {table} as select * from {schema}.sound_{name}")  # noqa: S608
        before = session.rows(rows)
        session.run(statement.format(table=table))
        after = session.rows(rows)
    try:
        assert sorted(map(repr, before)) != sorted(map(repr, after)), "the mutation changed nothing"
        yield
    finally:
        with engine_of(settings).write("prepare") as session:
            session.run(f"drop table {table}")
            session.run(f"alter table {schema}.sound_{name} rename to {name}")


def test_every_audit_has_its_mutation() -> None:
    assert set(MUTATIONS) == set(warehouse.models.audits())


def test_i4_i5_audits_are_silent_on_a_sound_world_and_each_fires_on_its_mutation(
    world: Settings,
) -> None:
    warehouse.require_clean(world, warehouse.models.audits(), VERSION)
    for name, (table, statement) in MUTATIONS.items():
        with _spoiled(world, table, statement):
            assert warehouse.audit(world, name).wrong_count > 0, f"{name} did not fire"


def test_a_touch_after_the_close_of_a_deal_closed_before_its_creation_fires(
    world: Settings,
) -> None:
    earlier = "timestamptz '2026-01-05 09:59:59+00'"
    statement = f"update {{table}} set closed_at = {earlier} where opportunity_id = 'O1'"  # noqa: S608
    with _spoiled(world, "build.int_deals", statement):
        found = warehouse.audit(world, "no_touch_is_credited_outside_its_models_window").rows
    assert {row["opportunity_id"] for row in found} == {"O1"}
    assert "last_touch" in {row["model"] for row in found}
    assert "first_touch" not in {row["model"] for row in found}


def test_29_a_missing_rate_fires_the_audit_and_is_never_one_to_one(sql_settings: Settings) -> None:
    rates = [row for row in WORLD["seed_currency_rates"] if row["rate_date"] != "2026-03-02"]
    fill(sql_settings, WORLD | {"seed_currency_rates": rates})
    build(sql_settings)
    found = warehouse.audit(sql_settings, "every_base_amount_has_a_rate_and_its_date")
    assert {row["row_key"] for row in found.rows} == {"O1"}
    assert {row["amount_base"] for row in found.rows} == {None}


def test_the_crms_rates_are_held_to_the_crm(sql_settings: Settings) -> None:
    """0.8 dollars a euro until a day on which nothing is known any more: O1 closed after it."""
    crm_rates = {
        "stg_settings": [
            {
                "reporting_currency": "EUR",
                "reporting_zone": "Europe/Berlin",
                "rates": "crm",
                "attribution_look_back_days": 730,
            }
        ],
        "stg_crm_currencies": [
            {"currency_code": "EUR", "conversion_rate": "1", "is_corporate": True}
        ],
    }
    name = "every_base_amount_has_a_rate_and_its_date"
    for valid_to, wrong in ((None, set()), ("2026-03-01", {"O1"})):
        rate = {
            "exchange_rate_id": "R1",
            "currency_code": "USD",
            "valid_from_date": "2026-01-01",
            "valid_to_date": valid_to,
            "conversion_rate": "0.8",
        }
        fill(sql_settings, WORLD | crm_rates | {"stg_crm_exchange_rates": [rate]})
        build(sql_settings)
        rows = warehouse.audit(sql_settings, name).rows
        assert {row["row_key"] for row in rows} == wrong
        for row in rows:
            assert str(row["what_to_do"]).startswith(
                "CLOSED_LOOP_RATES is crm, and the CRM has no dated exchange rate of USD for that "
                "day: enter it in the CRM under Manage Currencies, or set CLOSED_LOOP_RATES=seed"
            )
    spend = warehouse.read(
        sql_settings,
        "select sum(spend_base) as spend from build.fct_ad_spend_daily "
        "where platform = 'google_ads'",
    )
    assert spend == [{"spend": Decimal("168.76")}]
    with _spoiled(
        sql_settings,
        "build.fct_ad_performance_daily",
        "update {table} set fx_rate = 1, spend_base = spend where ad_id = '8'",
    ):
        found = warehouse.audit(sql_settings, name)
        assert {row["mart"] for row in found.rows} == {
            "fct_opportunities",
            "fct_attribution",
            "fct_ad_performance_daily",
        }


def test_a_crm_without_dated_rates_is_told_with_what_to_do(sql_settings: Settings) -> None:
    """An org of one currency keeps neither currencies nor rates, not even of the reporting one."""
    settings = {
        "reporting_currency": "EUR",
        "reporting_zone": "Europe/Berlin",
        "rates": "crm",
        "attribution_look_back_days": 730,
    }
    corporate = {"currency_code": "EUR", "conversion_rate": "1", "is_corporate": True}
    name = "every_base_amount_has_a_rate_and_its_date"
    for currencies, lacking in (([], "EUR"), ([corporate], "USD")):
        fill(sql_settings, WORLD | {"stg_settings": [settings], "stg_crm_currencies": currencies})
        build(sql_settings)
        with pytest.raises(
            warehouse.WarehouseError,
            match=f"CLOSED_LOOP_RATES is crm, and .* exchange rate of {lacking} for that day: "
            "enter it .* or set CLOSED_LOOP_RATES=seed",
        ):
            warehouse.require_clean(sql_settings, [name], VERSION)


def test_an_ad_or_an_account_without_its_dimension_is_seen(world: Settings) -> None:
    name = "every_mart_row_has_its_dimension"
    for dimension in ("dim_ad", "dim_ad_group", "dim_ad_account"):
        with _spoiled(world, f"build.{dimension}", "delete from {table}"):
            found = warehouse.audit(world, name)
            assert dimension in {row["dimension"] for row in found.rows}


def test_a_step_that_is_gone_or_there_twice_and_a_month_without_days_are_seen(
    world: Settings,
) -> None:
    journeys = "journeys_hold_every_touch_and_stage_once"
    for statement in (
        "delete from {table} where label = 'mql'",
        "insert into {table} select * from {table} where touchpoint_id = 'lead:L1'",
        "update {table} set person_id = 'L2' where touchpoint_id = 'lead:L1'",
        "update {table} set step_number = step_number + 1 where person_id = 'L1'",
    ):
        with _spoiled(world, "build.mart_person_journeys", statement):
            assert warehouse.audit(world, journeys).wrong_count > 0, statement
    with _spoiled(world, "build.mart_paths", "delete from {table} where outcome = 'open'"):
        assert warehouse.audit(world, "paths_hold_every_deal_and_touch_once").wrong_count == 1
    with _spoiled(world, "build.dim_date", "delete from {table} where date_day >= '2026-03-01'"):
        found = warehouse.audit(world, "every_mart_row_has_its_dimension")
        assert {"mart_revenue_by_close_month", "mart_sales_cycles_monthly"} <= {
            row["mart"] for row in found.rows
        }


def test_visitors_of_a_goal_are_those_of_its_months_and_of_a_week_no_more(world: Settings) -> None:
    """January had 3 visitors; how many of them fall into one of its weeks nobody counted."""
    name = "goals_are_spread_over_their_days_to_the_cent"
    more = (
        "update {table} set actual_day = actual_day + 0.5, actual_to_date = actual_to_date + 0.5 "
        "where metric = 'visitors' and first_day < date '2026-11-01' and is_latest"
    )
    with _spoiled(world, "build.mart_goal_pacing", more):
        assert [row["period"] for row in warehouse.audit(world, name).rows] == ["month"]
    with _spoiled(world, "build.mart_goal_pacing", more.replace("0.5", "3")):
        assert warehouse.audit(world, name).wrong_count == 2


def test_a_campaign_that_vanished_from_the_marts_is_seen(world: Settings) -> None:
    """Where one side of the comparison has no row at all, the audit still speaks."""
    for table in ("build.fct_ad_spend_daily", "staging.stg_campaign_daily"):
        with _spoiled(world, table, "delete from {table} where platform = 'facebook_ads'"):
            found = warehouse.audit(world, "spend_fact_equals_staged_spend")
            assert {row["platform"] for row in found.rows} == {"facebook_ads"}
    with _spoiled(world, "build.fct_ad_spend_daily", "delete from {table}"):
        assert warehouse.audit(world, "spend_equals_the_platforms_own_totals").wrong_count == 4
