"""A browser that logs in to Airflow and opens the page by Airflow's own menu."""

from __future__ import annotations

from playwright.sync_api import Browser, Frame, Page

from tests.report.by_sql import Marts
from tests.report.looking import Look


def enter(browser: Browser, address: str, user: str, password: str, marts: Marts) -> Look:
    """Somebody who has logged in and sees the page in its frame within Airflow's UI."""
    page = browser.new_context(locale="en-US", reduced_motion="reduce").new_page()
    page.set_default_timeout(180_000)  # Airflow's first answers take long on a busy machine
    page.goto(address)
    page.locator("input[name=username]").fill(user)
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit]").click()
    page.goto(f"{address}/plugin/closed-loop")
    return Look(_framed(page), f"{address}/closed-loop/", marts)


def _framed(page: Page) -> Frame:
    frame = page.locator("iframe").element_handle().content_frame()
    assert frame is not None
    frame.wait_for_selector("main[data-shown]")
    return frame
