"""Ten choices a view in a real browser: what stands there is what SQL on the marts says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from include.settings import Settings
from tests.report.by_sql import VIEWS, Marts, ten
from tests.report.looking import BY_HAND, Look
from tests.report.serving import served


@pytest.fixture(scope="module")
def look(browser: Browser, foreseen: Settings) -> Iterator[Look]:
    """Somebody before the page over the world of evidence, and the marts themselves."""
    with served(foreseen) as address:
        context = browser.new_context(locale="en-US", reduced_motion="reduce")
        yield Look(context.new_page(), address, Marts(foreseen.home))
        context.close()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_shows_what_sql_on_the_marts_says_for_ten_choices(look: Look, view: str) -> None:
    seen = look.seen
    for given in ten(look.marts, view):
        look.open(view, given)
    assert look.seen - seen > 10


@pytest.mark.parametrize(("view", "control", "link"), BY_HAND)
def test_a_view_filtered_by_hand_drilled_and_taken_out_says_the_same(
    look: Look, view: str, control: str | None, link: str | None
) -> None:
    look.open(view, {})
    assert look.exports()
    if control:
        look.choose(control)
        look.exports()
    if link:
        look.open(view, {})
        look.drill(link)


def test_the_budget_and_the_bound_that_a_reader_sets_say_the_same(look: Look) -> None:
    look.open("budget", {})
    look.frame.select_option("#budget-change", "100")
    for _ in range(2):
        look.frame.press("#budget-scenario", "ArrowRight")
    look.marts.split = ("more 20 %", 100)
    look.agrees()
