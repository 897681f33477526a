"""Nights as the world goes by and one load at their end: the same marts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Home
from tests.sandbox.running import Sandbox

pytestmark = pytest.mark.campaign

EARLIER = ("2026-08-15", "2026-10-31")
RETOLD = {
    "ad days": (
        "select platform, account_id, campaign_id, date_day, currency_code, spend, spend_base, "
        "impressions, clicks, reported_conversions, reported_conversions_value "
        "from marts.fct_ad_spend_daily order by 1, 2, 3, 4"
    ),
    "ads' days": (
        "select platform, account_id, campaign_id, ad_group_id, ad_id, date_day, spend, "
        "spend_base, impressions, clicks from marts.fct_ad_performance_daily "
        "order by 1, 2, 3, 4, 5, 6"
    ),
    "deals": (
        "select opportunity_id, primary_person_id, type_group, stage_group, people_rule, "
        "currency_code, close_date, amount, amount_base, people, is_closed, is_won, "
        "created_at, closed_at from marts.fct_opportunities order by 1"
    ),
    "credit": (
        "select opportunity_id, model, basis, sum(amount) as amount, sum(weight) as weight "
        "from marts.fct_attribution group by 1, 2, 3 order by 1, 2, 3"
    ),
    "stages of people": (
        "select person_id, lead_at, mql_at, sql_at, opportunity_at, customer_at "
        "from marts.fct_people order by 1"
    ),
}
"""What the sources tell again at any later time. Names of the day, click views and lead forms are
told for a while only: whoever was there knows more."""


@pytest.fixture(scope="module")
def sandbox(generated: Callable[..., Path], serve: Callable[..., Sandbox]) -> Sandbox:
    return serve(generated(scale=0.05, months=7))


@pytest.fixture(scope="module")
def at_once(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("once"))
    home.night(sandbox)
    return home


def test_18_an_earlier_day_first_changes_nothing_that_the_sources_tell_again(
    at_once: Home, sandbox: Sandbox, tmp_path: Path
) -> None:
    step_by_step = Home(tmp_path)
    last = sandbox.variables["CLOSED_LOOP_AS_OF"]
    try:
        for day in EARLIER:
            sandbox.set_clock(day)
            step_by_step.night(sandbox, CLOSED_LOOP_AS_OF=day)
            for what, sql in RETOLD.items():
                assert step_by_step.marts(sql) != at_once.marts(sql), f"{what} stood still"
    finally:
        sandbox.set_clock(last)
    step_by_step.night(sandbox)
    for what, sql in RETOLD.items():
        assert step_by_step.marts(sql) == at_once.marts(sql), what
    _knows_more_touches_and_none_less(step_by_step, at_once)
    causes = {
        cause
        for row in step_by_step.marts("select distinct causes from ops.mart_changes")
        for cause in row["causes"].split(", ")
    }
    assert causes >= {"late_lead", "late_deal", "deal_edited", "spend_restated"}
    assert causes.isdisjoint({"unexplained", "seed_edited", "setting_edited", "code_version"})


def _knows_more_touches_and_none_less(step_by_step: Home, at_once: Home) -> None:
    sql = "select touchpoint_id, evidence, match_method from marts.fct_touchpoints"
    late = {row["touchpoint_id"]: row for row in at_once.marts(sql)}
    early = {row["touchpoint_id"]: row for row in step_by_step.marts(sql)}
    assert late.keys() < early.keys()
    assert {early[each]["evidence"] for each in early.keys() - late.keys()} == {"lead_form"}
    by_click = [
        {each for each, row in rows.items() if row["match_method"] == "stored_click"}
        for rows in (late, early)
    ]
    assert by_click[0] < by_click[1]


def test_a_second_night_asks_only_for_what_may_be_restated(at_once: Home, sandbox: Sandbox) -> None:
    before = at_once.fingerprint()
    first = {path.name for path in at_once.path.glob("landing/*/*/campaign_daily/*")}
    at_once.night(sandbox)
    assert at_once.fingerprint() == before
    look_back = {"facebook_ads": 28, "google_ads": 30, "linkedin_ads": 30}
    windows = {}
    for path in at_once.path.glob("landing/*/*/campaign_daily/*/manifest.json"):
        if path.parent.name not in first:
            window = json.loads(path.read_text())["window"]
            windows[path.parts[-5], path.parts[-4]] = window
    assert len(windows) == 6
    for (source, _), (start, end) in windows.items():
        assert (date.fromisoformat(end) - date.fromisoformat(start)).days + 1 == look_back[source]
