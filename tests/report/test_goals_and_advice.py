"""The views of goals and of advice: each row is the marts', summed and picked apart here."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient

from include import warehouse
from include.settings import Settings
from tests.report.reading import ask, reader

GOAL = ("metric", "channel", "period", "first_day")


@pytest.fixture(scope="module")
def settings(evidence: Callable[[str], Settings]) -> Settings:
    return evidence("duckdb")


@pytest.fixture(scope="module")
def client(settings: Settings) -> TestClient:
    return reader(settings)


def mart(settings: Settings, name: str) -> list[dict[str, Any]]:
    return warehouse.read_marts(settings, f"select * from marts.{name}")  # noqa: S608


def _same(told: Any, value: Any) -> bool:
    if isinstance(value, Decimal):
        return told is not None and Decimal(told) == value
    return told == (value if value is None or isinstance(value, str | bool | int) else str(value))


def test_each_goal_stands_as_on_its_last_whole_day(settings: Settings, client: TestClient) -> None:
    latest = {
        tuple(str(row[name]) for name in GOAL): row
        for row in mart(settings, "mart_goal_pacing")
        if row["is_latest"]
    }
    told = ask(client, "goals")["goals"]
    assert {tuple(row[name] for name in GOAL) for row in told} == set(latest)
    for row in told:
        wanted = latest[tuple(row[name] for name in GOAL)]
        assert all(_same(value, wanted[name]) for name, value in row.items()), (row, wanted)


def test_only_goals_that_run_are_drawn_day_by_day(settings: Settings, client: TestClient) -> None:
    """As of 20 November: the year's and the month of November; the first quarter is over."""
    told = ask(client, "goals")
    running = {tuple(row[name] for name in GOAL) for row in told["days"]}
    assert ("visitors", "All", "month", "2026-11-01") in running
    assert ("won_revenue", "All", "quarter", "2026-01-01") not in running
    assert ("spend", "Paid Search", "year", "2026-01-01") in running
    days = [row for row in told["days"] if row["metric"] == "spend"]
    assert [row["date_day"] for row in days] == sorted(row["date_day"] for row in days)
    assert len(days) == 365


def test_a_channel_has_its_own_goals_and_those_of_all(client: TestClient) -> None:
    told = ask(client, "goals", channel="Email")["goals"]
    assert {row["channel"] for row in told} == {"All", "Email"}


def test_a_plan_has_a_line_a_channel_with_people_rounded_up(
    settings: Settings, client: TestClient
) -> None:
    rows = mart(settings, "mart_goal_plan")
    told = ask(client, "goals")["plan"]
    assert {row["planned_channel"] for row in told} == {row["planned_channel"] for row in rows}
    for row in told:
        of_place = {r["metric"]: r for r in rows if r["planned_channel"] == row["planned_channel"]}
        assert Decimal(row["needed_revenue_base"]) == of_place["won_revenue"]["needed"]
        leads = of_place.get("leads", {}).get("needed")
        assert row["needed_leads"] == (None if leads is None else math.ceil(leads))


def test_advice_is_the_marts_of_what_still_spends(settings: Settings, client: TestClient) -> None:
    told = ask(client, "advice")
    for name, table, key in (
        ("channels", "mart_channel_advice", ("channel",)),
        ("campaigns", "mart_campaign_advice", ("platform", "account_id", "campaign_id")),
    ):
        rows = {
            tuple(row[each] for each in key): row
            for row in mart(settings, table)
            if name == "channels" or row["is_running"]
        }
        assert {tuple(row[each] for each in key) for row in told[name]} == set(rows)
        for row in told[name]:
            wanted = rows[tuple(row[each] for each in key)]
            assert all(
                _same(value, wanted[column]) for column, value in row.items() if column in wanted
            ), (row, wanted)
    assert told["channels"]
