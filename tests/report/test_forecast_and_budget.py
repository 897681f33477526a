"""The views of the forecast, the budget and advice's record: the marts' rows, added up here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.testclient import TestClient

from include.contracts.budget_marts import MOST_CHANGES, SCENARIOS
from include.contracts.outlook_marts import FORECAST_METRICS
from include.settings import Settings
from tests.report.accessible import fits_and_is_accessible
from tests.report.planting import CHANNELS
from tests.report.reading import ask, reader
from tests.report.serving import served


@pytest.fixture(scope="module")
def client(foreseen: Settings) -> TestClient:
    return reader(foreseen)


@pytest.fixture
def page(browser: Browser, foreseen: Settings) -> Iterator[Page]:
    context = browser.new_context(locale="en-US", reduced_motion="reduce")
    with served(foreseen) as address:
        page = context.new_page()
        page.goto(f"{address}#budget")
        page.wait_for_selector("table[data-table=plan]")
        yield page
    context.close()


@pytest.mark.parametrize(("channel", "size"), [(None, 40), ("Email", 10)])
def test_a_month_has_its_bounds_and_what_such_forecasts_were_off(
    client: TestClient, channel: str | None, size: int
) -> None:
    given = {"channel": channel} if channel else {}
    told = ask(client, "forecast", **given)["months"]
    assert len(told) == 13 * len(FORECAST_METRICS)
    for row in told:
        horizon = row["horizon"]
        made = size + horizon * (1 if channel else 2)
        assert [Decimal(row[f"forecast{end}"]) for end in ("_low", "", "_high")] == [
            made - 1, made, made + 1
        ]  # fmt: skip
        assert Decimal(row["wape"]) == Decimal(f"0.{10 + horizon}")
        assert row["channel"] == (channel or "All")


def test_the_next_twelve_months_are_added_up_by_channel(client: TestClient) -> None:
    """Months 2 to 13, 1 + ... of them 90: twelve times the size, and 90."""
    told = {row["channel"]: row for row in ask(client, "forecast")["channels"]}
    assert list(told) == ["All", "Paid Search", "Email"]
    for channel, size in CHANNELS.items():
        for name in ("leads", "opportunities", "customers", "won_revenue_base", "spend_base"):
            assert Decimal(told[channel][name]) == 12 * size + 90
            assert Decimal(told["All"][name]) == 12 * 40 + 180
    only = ask(client, "forecast", channel="Email")["channels"]
    assert [row["channel"] for row in only] == ["All", "Email"]


def test_a_history_too_short_is_said_so(evidence: Callable[[str], Settings]) -> None:
    told = ask(reader(evidence("duckdb")), "forecast")
    assert told["channels"] == []
    assert all(row["why_not"] and row["forecast"] is None for row in told["months"])
    assert told["months"]


def test_every_plan_is_there_for_the_choices_of_the_page(client: TestClient) -> None:
    told = ask(client, "budget")["plan"]
    assert [(row["most_change"], row["scenario"], row["channel"]) for row in told] == [
        (change, scenario, channel)
        for change in MOST_CHANGES
        for scenario in SCENARIOS
        for channel in ("All", "Paid Search")
    ]
    for row in told:
        step = SCENARIOS.index(row["scenario"])
        assert Decimal(row["planned_spend_base"]) == 1000 + 100 * step + row["most_change"]


def test_experiments_are_of_campaigns_that_are_large_enough(client: TestClient) -> None:
    told = ask(client, "budget")["tests"]
    assert [row["campaign_id"] for row in told] == ["2", "1"]


def test_the_record_counts_what_was_right_of_what_claimed_something(client: TestClient) -> None:
    told = ask(client, "advice")["record"]
    assert [(row["level"], row["channel"], row["is_right"]) for row in told] == [
        ("channel", "Paid Search", False),
        ("channel", "Email", None),
        ("campaign", "Paid Search", True),
    ]
    assert {(row["advice_judged"], row["advice_right"], row["matches"]) for row in told} == {
        (2, 1, 3)
    }
    (only,) = ask(client, "advice", channel="Email")["record"]
    assert (only["advice_judged"], only["advice_right"]) == (0, 0)


def test_budget_and_bound_are_chosen_by_keyboard(page: Page) -> None:
    def proposed() -> str:
        return page.locator("table[data-table=plan] tbody tr:first-child td").nth(1).inner_text()

    assert proposed().splitlines()[0] == "1,250"
    slider = page.locator("#budget-scenario")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "more 20 %"
    assert proposed().splitlines() == ["1,450", "+45 %"]
    page.select_option("#budget-change", "100")
    assert proposed().splitlines() == ["1,500", "+50 %"]
    assert "more 20 %, 100" in page.locator(".remark:has(.stands)").inner_text()
    assert page.locator("table[data-table=tests] b").count() == 0
    assert "<b>large</b>" in page.locator("table[data-table=tests]").inner_text()


@pytest.mark.parametrize("view", ["forecast", "budget", "advice"])
def test_what_is_planted_fits_and_is_read_by_everybody(page: Page, view: str) -> None:
    page.goto(page.url.partition("#")[0] + f"#{view}")
    page.wait_for_selector(f"#main[data-shown='{view}']")
    charts = page.locator(".chart")
    assert charts.count() == (len(FORECAST_METRICS) if view == "forecast" else 0)
    for chart in charts.all():
        expect(chart).to_have_attribute("data-drawn", "true")
    for months in page.locator("details.rows > summary").all():
        months.click()
    fits_and_is_accessible(page)
