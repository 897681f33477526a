"""Ten choices a view in a real browser: what stands there is what SQL on the marts says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from include.settings import Settings
from tests.report.by_sql import VIEWS, Marts, ten
from tests.report.looking import Look
from tests.report.serving import served


@pytest.fixture(scope="module")
def look(browser: Browser, evidence: Callable[[str], Settings]) -> Iterator[Look]:
    """Somebody before the page over the world of evidence, and the marts themselves."""
    settings = evidence("duckdb")
    with served(settings) as address:
        context = browser.new_context(locale="en-US", reduced_motion="reduce")
        yield Look(context.new_page(), address, Marts(settings.home))
        context.close()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_shows_what_sql_on_the_marts_says_for_ten_choices(look: Look, view: str) -> None:
    seen = look.seen
    for given in ten(look.marts, view):
        look.open(view, given)
    assert look.seen - seen > 10


@pytest.mark.parametrize(
    ("view", "control", "link"),
    [
        ("overview", "channel", "table[data-table=channels] tbody a.drill"),
        ("channels", "platform", "table[data-table=campaigns] tbody a.drill"),
        ("cohorts", "model", None),
        ("funnel", "channel", "table[data-table=channels] a.drill"),
        ("audience", "channel", "table[data-table=briefs] a.drill"),
        ("models", "from", "table[data-table=channels] a.drill"),
        ("journeys", "model", "table[data-table=found] a.drill"),
        ("health", "platform", None),
        ("unplaced", "from", "table[data-table=deals] a.drill"),
    ],
)
def test_a_view_filtered_by_hand_drilled_and_taken_out_says_the_same(
    look: Look, view: str, control: str, link: str | None
) -> None:
    look.open(view, {})
    assert look.exports()
    look.choose(control)
    look.exports()
    if link:
        look.open(view, {})
        look.drill(link)
