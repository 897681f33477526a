"""The pictures of the README: ``make screenshots``, after a ``make run``.

Serves what the home (``CLOSED_LOOP_HOME``) has published, looks at it in Debian's chromium and
writes the pictures to ``include/report/screenshots/``. The page is told that it is two hours after
the publish, so that pictures of one build are the same on any day.
"""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from include.report import document
from include.report.views import build_of
from include.settings import load_settings
from include.warehouse.published import published
from tests.report.serving import served

FOLDER = Path(__file__).parents[2] / "include" / "report" / "screenshots"
# file → the place on the page, the scheme, the height of what is shown
VIEWS = {
    "overview": ("overview", "light", 800),
    "channels": ("channels?channel=Paid%20Social", "light", 800),
    "cohorts": ("cohorts", "dark", 860),
    "audience": ("audience", "light", 860),
    "forecast": ("forecast", "dark", 860),
    "journey": ("journeys?opportunity_id={deal}", "light", 900),
}
IS_SHOWN = """() => document.getElementById("main").dataset.place === location.hash
    && [...document.querySelectorAll(".chart")].every((chart) => chart.dataset.drawn)"""
# A won deal of many steps, the same for the same data.
DEAL = """
    select opportunity_id
    from marts.fct_attribution
    where basis = 'won' and model = 'linear'
    group by opportunity_id
    order by count(*) desc, opportunity_id
    limit 1
"""


def _take(browser: Browser, address: str) -> None:
    settings = load_settings()
    with published(settings).read() as session:
        ((deal,),) = session.answer(DEAL)[1]
        published_at = build_of(session).published_at
    for name, (place, scheme, height) in VIEWS.items():
        context = browser.new_context(
            locale="en-US",
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
            viewport={"width": 1280, "height": height},
        )
        page = context.new_page()
        page.clock.set_fixed_time(published_at + timedelta(hours=2))
        page.goto(f"{address}#{place.format(deal=deal)}")
        page.wait_for_function(IS_SHOWN)
        page.screenshot(path=FOLDER / f"{name}.png")
        context.close()
    page = browser.new_page(viewport={"width": 820, "height": 920})
    page.set_content(document.render(settings)[1])
    page.screenshot(path=FOLDER / "report.png")


if __name__ == "__main__":
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        sys.exit("pictures want chromium on the PATH; install it: apt-get install chromium")
    FOLDER.mkdir(exist_ok=True)
    with served(load_settings()) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        _take(browser, address)
        browser.close()
    for picture in sorted(FOLDER.iterdir()):
        size = picture.stat().st_size // 1024
        sys.stdout.write(f"{picture.relative_to(FOLDER.parents[2])}  {size} kB\n")
