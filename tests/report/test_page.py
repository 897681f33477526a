"""The page in a real browser: it shows what it was told, and names are never more than text.

One published world with hostile names, one server, one browser for all tests.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from include import warehouse
from include.registry import SOURCES
from include.report import document, views
from include.report.service import STATIC
from include.run import Run
from include.settings import Settings
from tests.report.accessible import fits_and_is_accessible
from tests.report.looking import printed_pages
from tests.report.serving import served
from tests.sql.publishing import World, came, row_of, spent
from tests.sql.scripted_month import add_a_lead, do_several, first_world
from tests.sql.worlds import AS_OF, build, fill

HERE = Path(__file__).parent
PUBLISHED_AT = AS_OF + timedelta(hours=1)
HOSTILE = {
    "10": "</script><script>document.title='owned'</script>",
    "20": "<img src=x onerror=document.title='owned'> {b} {a|x} {marker|y} ${1} %s",
    "30": '=HYPERLINK("http://x.example") \u202eevil\u202c שלום 🎉🏳️‍🌈 "\'><b>',
    "40": "W" * 300,
}
DEAL = "<svg onload=document.title='owned'>\u0007 O1"
LOST = "<b>O7</b> lost"
SHOWN = (
    "overview",
    "channels",
    "cohorts",
    "funnel",
    "audience",
    "goals",
    "forecast",
    "advice",
    "budget",
    "models",
    "journeys",
    "health",
    "unplaced",
)
YEAR = "from_month=2025-11&to_month=2026-10"
OPENED = (
    "overview",
    *(f"{view}?{YEAR}" for view in SHOWN),
    "journeys?opportunity_id=O1",
    "journeys?person_id=L1",
    f"channels?{YEAR}&platform=google_ads&account_id=1&campaign_id=10",
)


def _world() -> World:
    """The scripted month, won deals and all, its campaigns and a deal named by somebody hostile."""
    world = first_world()
    add_a_lead(world)
    do_several(world)
    for row in world["stg_campaigns"]:
        if row["campaign_id"] != "20":
            named = {**world["stg_campaign_history"][0], **row}
            named.pop("campaign_type", None)
            world["stg_campaign_history"].append(named)  # once it bore what its links say
        row["campaign_name"] = HOSTILE[row["campaign_id"]]
    long = {"platform": "facebook_ads", "account_id": "1", "campaign_id": "40"}
    world["stg_campaigns"].append({**long, "campaign_name": HOSTILE["40"]})
    world["stg_campaign_daily"].append(spent("facebook_ads", "40", "2026-10-06", "33.335", "EUR"))
    world["stg_crm_leads"].append({"lead_id": "L9", **came(HOSTILE["20"], "2026-10-07")})
    row_of(world, "stg_crm_opportunities", "O1")["opportunity_name"] = DEAL
    # The company had a deal before, of somebody else, which it lost.
    world["stg_crm_leads"].append(
        {"lead_id": "L7", "converted_account_id": "A1", **came("Brand", "2026-09-02")}
        | {"converted_opportunity_id": "O7"}
    )
    world["stg_crm_opportunities"].append(
        {"opportunity_id": "O7", "crm_account_id": "A1", "opportunity_name": LOST, "amount": "70",
         "is_closed": True, "close_date": "2026-09-08", "created_at": "2026-09-03T10:00:00Z"}
    )  # fmt: skip
    world["seed_goals"] = [
        {"metric": "won_revenue", "channel": "All", "period": "quarter", "currency_code": "EUR",
         "first_day": "2026-10-01", "value": "9200"},
        {"metric": "leads", "channel": "Paid Search", "period": "month", "currency_code": None,
         "first_day": "2026-11-01", "value": "60"},
    ]  # fmt: skip
    return world


@pytest.fixture(scope="module")
def settings(new_settings: Callable[[str], Settings]) -> Settings:
    settings = new_settings("duckdb")
    warehouse.prepare(settings, SOURCES)
    fill(settings, _world())
    build(settings)
    warehouse.publish(settings, Run("the page's", AS_OF, PUBLISHED_AT))
    return settings


@pytest.fixture(scope="module")
def address(settings: Settings) -> Iterator[str]:
    """Where the page is served, without Airflow's login."""
    with served(settings) as address:
        yield address


@dataclass
class Reader:
    """Somebody before the page: what they see, what they were told, what went wrong."""

    page: Page
    address: str
    wrong: list[str] = field(default_factory=list)

    def open(self, place: str) -> dict[str, Any]:
        """Go to a view; what the server tells of it."""
        self.page.goto(f"{self.address}#{place}")
        return self.shown(place.partition("?")[0])

    def shown(self, view: str) -> dict[str, Any]:
        """What the server tells of the view that the address names, once it is shown."""
        self.page.wait_for_function(
            """(view) => {
                const {dataset} = document.getElementById("main");
                return dataset.shown === view && dataset.place === location.hash;
            }""",
            arg=view,
        )
        asked = self.page.url.partition("#")[2].partition("?")[2]
        asked = re.sub(r"&?(list|sort)=[^&]*", "", asked)  # the page's own affair
        with urlopen(f"{self.address}data/{view}?{asked}") as answer:
            told: dict[str, Any] = json.load(answer)
        return told


@pytest.fixture(scope="module")
def seated(browser: Browser, address: str) -> Reader:
    """One reader for all tests: what the browser has read once need not be read again."""
    context = browser.new_context(locale="en-US", reduced_motion="reduce", accept_downloads=True)
    context.set_default_timeout(60_000)
    opened = context.new_page()
    reader = Reader(opened, address)
    opened.on(
        "console",
        lambda said: reader.wrong.append(said.text) if said.type in ("error", "warning") else None,
    )
    opened.on("pageerror", lambda error: reader.wrong.append(str(error)))
    return reader


@pytest.fixture
def reader(seated: Reader) -> Reader:
    """Somebody who comes to the page two hours after the publish."""
    seated.page.goto("about:blank")
    seated.page.set_viewport_size({"width": 1280, "height": 800})
    seated.page.clock.set_fixed_time(PUBLISHED_AT + timedelta(hours=2))
    seated.wrong.clear()
    return seated


def test_views_are_those_of_the_server() -> None:
    assert set(views.VIEWS) == {*SHOWN, "choices"}


@pytest.mark.parametrize("folder", [STATIC / "vendor" / "echarts", HERE / "axe"])
def test_what_is_vendored_is_what_was_published(folder: Path) -> None:
    sums = dict(line.split()[::-1] for line in (folder / "SHA256SUMS.txt").read_text().splitlines())
    others = {"SHA256SUMS.txt", "README.txt"}
    assert set(sums) == {path.name for path in folder.iterdir()} - others
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


def test_the_report_opens_without_a_network_and_prints_to_three_pages(
    browser: Browser, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(document.render(settings)[1], encoding="utf-8")
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    expect(page.get_by_role("heading", name="What marketing cost and brought")).to_be_visible()
    assert printed_pages(page) <= 3
    page.set_viewport_size({"width": 390, "height": 800})
    beyond = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).length"
    assert page.locator("html, section").evaluate_all(beyond) == 0
    context.close()
    assert asked == [file.as_uri()]


@pytest.mark.parametrize("place", OPENED)
def test_26_every_view_is_sound_exact_accessible_and_fits(reader: Reader, place: str) -> None:
    told = reader.open(place)
    for chart in reader.page.locator(".chart").all():
        expect(chart).to_have_attribute("data-drawn", "true")
    assert reader.page.locator("main script, main img, main b b, main svg[onload]").count() == 0
    assert "owned" not in reader.page.title()
    _holds_only_what_was_told(reader, place, told)
    fits_and_is_accessible(reader.page)
    assert not reader.wrong, reader.wrong


def test_26_hostile_names_are_read_as_they_were_written(reader: Reader) -> None:
    texts = ""
    for view in ("channels", "journeys"):
        reader.open(f"{view}?{YEAR}")
        texts += reader.page.locator("main").inner_text()
    for name in (*HOSTILE.values(), DEAL):
        seen = re.sub(r"[\s\u0007]+", "", name)
        assert seen in re.sub(r"[\s\u0007]+", "", texts), name


def _number(text: str) -> Decimal:
    """A number as en-US writes it; what stands around it is left out."""
    digits = re.sub(r"[^0-9.\-]", "", text.replace("\u2212", "-"))
    return Decimal(digits)


def _holds_only_what_was_told(reader: Reader, place: str, told: dict[str, Any]) -> None:
    """Every figure is one of the answer, to the last digit, and is shown rounded rightly."""
    view = place.partition("?")[0]
    reader.page.evaluate("document.querySelectorAll('button.more').forEach((more) => more.click())")
    rows = reader.page.evaluate(
        """[...document.querySelectorAll("main table[data-table] tbody tr")].map((row) => [
            row.closest("table").dataset.table,
            [...row.querySelectorAll("data[data-column]")].map(
                (one) => [one.dataset.column, one.value, one.textContent])])"""
    )
    assert rows or view in ("unplaced", "forecast")
    for name, figures in rows:
        table = told["tables"][name]
        kinds = {column["name"]: column["kind"] for column in table["columns"]}
        if not set(kinds).issuperset(column for column, _, _ in figures):
            continue  # models across: each cell is a row of the answer
        records = [dict(zip(kinds, map(_as_text, record), strict=True)) for record in table["rows"]]
        wanted = {column: value for column, value, _ in figures}
        assert any(wanted.items() <= record.items() for record in records), (name, wanted)
        for column, value, text in figures:
            if kinds[column] in ("count", "number", "money", "percent", "times"):
                exact = Decimal(value) * (100 if kinds[column] == "percent" else 1)
                shown = _number(text)
                half = Decimal(5).scaleb(int(shown.as_tuple().exponent) - 1)
                assert abs(shown - exact) <= half, (name, column, value, text)
    tiles = reader.page.locator("main [data-figure]")
    assert bool(tiles.count()) == (view in ("overview", "funnel"))
    if tiles.count():
        for tile in tiles.all():
            total = told["tables"][tile.get_attribute("data-of") or "total"]
            (record,) = total["rows"]
            names = [column["name"] for column in total["columns"]]
            exact = record[names.index(tile.get_attribute("data-figure") or "")]
            assert tile.get_attribute("value") == _as_text(exact)


@pytest.mark.parametrize(
    "chosen",
    [
        "",
        "model=linear",
        "channel=Paid%20Search",
        "platform=google_ads&model=w_shaped",
        "model=last_touch&account_id=1&campaign_id=10",
        "platform=google_ads&currency_code=EUR",
    ],
)
def test_the_deals_behind_a_figure_add_up_to_it(address: str, chosen: str) -> None:
    told = {}
    for view, name in (("overview", "total"), ("journeys", "credited")):
        with urlopen(f"{address}data/{view}?{YEAR}&{chosen}") as answer:
            table = json.load(answer)["tables"][name]
        names = [column["name"] for column in table["columns"]]
        told[name] = [dict(zip(names, row, strict=True)) for row in table["rows"]]
    (total,) = told["total"]
    won = [deal for deal in told["credited"] if deal["basis"] == "won"]
    left = [deal for deal in told["credited"] if deal["basis"] == "open"]
    assert _sum(won, "credited_amount") == Decimal(total["won_revenue"])
    assert _sum(left, "credited_amount") == Decimal(total["open_pipeline"])
    customers = [deal for deal in won if deal["is_new_customer"]]
    assert abs(_sum(customers, "weight") - Decimal(total["customers"])) <= Decimal("0.0001")
    assert chosen or (won and left)
    for view in ("overview", "journeys"):
        with urlopen(f"{address}data/{view}?{YEAR}&{chosen}") as answer:
            table = json.load(answer)["tables"]["closed"]
        names = [column["name"] for column in table["columns"]]
        told[view] = [dict(zip(names, row, strict=True)) for row in table["rows"]]
    for month in told["overview"]:
        own = [
            deal for deal in told["journeys"] if deal["close_date"][:7] == month["close_month"][:7]
        ]
        assert _sum(own, "credited_amount") == Decimal(month["won_revenue"])
        assert abs(_sum(own, "weight") - Decimal(month["deals"])) <= Decimal("0.0001")
    assert chosen or told["journeys"]


def _sum(deals: list[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(deal[name]) for deal in deals), Decimal(0))


def _as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def test_choices_stand_in_the_address_and_the_back_button_takes_them_back(reader: Reader) -> None:
    everything = reader.open("overview")
    reader.page.locator("#choose-channel").select_option("Paid Search")
    expect(reader.page.locator(".chips")).to_contain_text("Paid Search")
    search = reader.shown("overview")
    assert search["chosen"]["channel"] == "Paid Search"
    assert search["tables"]["total"]["rows"] != everything["tables"]["total"]["rows"]
    reader.page.locator("#choose-model").select_option("linear")
    expect(reader.page).to_have_url(re.compile("model=linear.*channel=Paid"))
    reader.page.get_by_role("button", name="This quarter").click()
    expect(reader.page).to_have_url(re.compile("from_month=2026-10&to_month=2026-11"))
    chosen = reader.shown("overview")["chosen"]
    assert (chosen["model"], chosen["from_month"]) == ("linear", "2026-10-01")
    reader.page.get_by_role("link", name="Funnel").click()
    assert reader.shown("funnel")["chosen"]["channel"] == "Paid Search"
    for _ in range(4):
        reader.page.go_back()
    assert reader.shown("overview")["chosen"] == everything["chosen"]
    expect(reader.page.locator(".chips")).to_have_count(0)
    assert not reader.wrong, reader.wrong


def test_a_link_is_copied_with_its_months_and_closes_with_its_view(reader: Reader) -> None:
    reader.open("overview")
    reader.page.get_by_role("button", name="Link").click()
    dialog = reader.page.get_by_role("dialog")
    address = dialog.locator("input").input_value()
    assert address.endswith("#overview?from_month=2026-10&to_month=2026-10")
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    reader.open("overview?from_month=2026-10")
    expect(dialog).to_have_count(0)
    reader.page.get_by_role("button", name="Last quarter").click()
    chosen = reader.shown("overview")["chosen"]
    assert (chosen["from_month"], chosen["to_month"]) == ("2026-07-01", "2026-09-01")
    assert not reader.wrong, reader.wrong


def test_why_no_change_is_told_stands_in_its_place(reader: Reader) -> None:
    def said(figure: str) -> str:
        tile = reader.page.locator(".tile", has=reader.page.locator(f"[data-figure={figure}]"))
        return tile.locator(".change, .still").inner_text()

    reader.open("overview?from_month=2026-10&to_month=2026-11")
    assert said("spend") == "nothing before"
    early = reader.page.locator(".remark.caution", has_text="of the first touch")
    told = early.locator(".trust").inner_text()
    assert told.startswith("Can these months be trusted? ✓ spend and deals: yes")
    assert "return: not yet, 1 of these 2 months is too early" in told
    comparable = early.get_by_role("link", name="Oct 2026")
    assert comparable.get_attribute("href") == "#overview"
    early.get_by_role("link", name="The last 12 that can be judged").click()
    chosen = reader.shown("overview")["chosen"]
    assert (chosen["from_month"], chosen["to_month"]) == ("2025-10-01", "2026-09-01")
    assert early.count() == 0
    assert "return: yes" in reader.page.locator(".remark.info .trust").inner_text()
    reader.open("overview?from_month=2026-10&to_month=2026-10")
    assert "%" in said("spend")
    assert "Can this month be trusted?" in early.inner_text()
    assert "return: not yet, it is too early" in early.inner_text()
    assert said("roi").startswith("so far")
    found = reader.page.evaluate(
        """async (held) => {
            const page = document.querySelector("script[type=module]").src;
            const { comparison } = await import(new URL("comparison.js", page));
            const tables = { comparison: { records: [held] } };
            const chosen = { to_month: "2026-11-01" };
            const { note, whyNot } = comparison({ chosen, by_default: {}, tables });
            const [, link] = note();
            return [whyNot({ name: "roi", grows: true }), link.textContent, link.hash];
        }""",
        {
            "hindrance": "month_not_over",
            "growing_hindrance": "month_not_over",
            "whole_month": "2026-10-01",
            "months": 12,
        },
    )
    assert found[:2] == ["month not over", "Nov 2025 – Oct 2026"]
    assert found[2].startswith("#overview?from_month=2025-11&to_month=2026-10")


def test_figures_that_still_grow_are_marked_in_tables_and_campaigns_bear_their_network(
    reader: Reader,
) -> None:
    chosen = "from_month=2026-10&to_month=2026-11"
    grows = {"overview": "Customers", "channels": "Won revenue", "models": "Linear"}
    for view, name in grows.items():
        reader.open(f"{view}?{chosen}")
        heads = reader.page.locator("table[data-table=channels] th")
        expect(heads.filter(has_text=name).locator("[data-mark=early]")).to_have_count(1)
        assert heads.filter(has_text="Spend").locator("[data-mark=early]").count() == 0
    campaigns = reader.page.locator("table[data-table=campaigns] tbody tr")
    expect(campaigns.filter(has_text=HOSTILE["10"]).locator("td").first).to_have_text("Google Ads")


def test_every_view_is_in_sight_and_offers_only_the_choices_it_uses(reader: Reader) -> None:
    reader.page.set_viewport_size({"width": 1024, "height": 800})
    reader.open("advice")
    tabs = reader.page.get_by_role("navigation", name="Views").get_by_role("link").all()
    assert len(tabs) == len(SHOWN)
    for tab in tabs:
        box = tab.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 1024
    offered = "(all) => all.map((one) => one.id)"
    choices = reader.page.locator("#choices select, #choices button")
    of_advice = ["choose-channel", "choose-platform", "choose-account", "choose-campaign"]
    assert choices.evaluate_all(offered) == of_advice
    assert reader.page.locator("#choices :disabled").count() == 0


def test_a_wide_table_on_a_phone_keeps_its_names_and_says_there_is_more(reader: Reader) -> None:
    reader.page.set_viewport_size({"width": 390, "height": 800})
    reader.open(f"channels?{YEAR}")
    campaigns = reader.page.locator(".tabled", has=reader.page.locator("[data-table=campaigns]"))
    expect(campaigns.locator(".hint")).to_be_visible()
    campaigns.locator(".wide").evaluate("(wide) => { wide.scrollLeft = wide.scrollWidth; }")
    expect(campaigns.locator(".hint")).to_be_hidden()
    place = campaigns.locator("tbody th").first.bounding_box()
    assert place is not None
    assert 0 <= place["x"] < 30


def test_where_nothing_was_spent_nothing_has_a_cost(reader: Reader) -> None:
    reader.open(f"channels?{YEAR}")
    table = reader.page.locator("table[data-table=campaigns]")
    expect(table.get_by_role("button", name="Status")).to_be_visible()
    row = reader.page.locator("table[data-table=campaigns] tbody tr").filter(
        has_text="Paid Search, no campaign known"
    )
    assert Decimal(row.locator("[data-column=leads]").get_attribute("value") or "") == 3
    assert row.get_by_title("Nothing was spent here").count() == 4  # CPL, CAC, ROAS, ROI


def test_spend_without_a_tagged_touch_is_marked_and_leads_to_what_could_not_be_placed(
    reader: Reader,
) -> None:
    """The campaign with the long name cost 33.335 in October, and nobody bears its tags."""
    reader.open(f"channels?{YEAR}")
    table = reader.page.locator("table[data-table=campaigns]")
    marks = table.locator("tbody tr", has_text=HOSTILE["40"]).locator("[data-mark=untagged]")
    expect(marks).to_have_text("! 1 month without a tagged touch")
    assert table.locator("tbody tr", has_text=HOSTILE["10"]).locator("[data-mark]").count() == 0
    table.get_by_role("link", name=HOSTILE["40"]).click()
    reader.shown("channels")
    caution = reader.page.locator("main .remark.caution", has_text="tagging fault")
    expect(caution).to_contain_text("€33.34 was spent in 1 month without a tagged touch")
    caution.get_by_role("link").click()
    told = reader.shown("unplaced")
    names = [column["name"] for column in told["tables"]["findings"]["columns"]]
    (finding,) = told["tables"]["findings"]["rows"]
    assert finding[names.index("finding")] == "campaign_without_touch"
    assert Decimal(finding[names.index("spend_base")]) == Decimal("33.335")


def test_what_is_counted_and_in_which_zone_is_said_in_plain_words(reader: Reader) -> None:
    reader.open("overview?currency_code=USD")
    expect(reader.page.locator("#books .when")).to_contain_text("GMT+1")
    closed = reader.page.locator("section.card", has_text="Revenue by the month it closed")
    expect(closed).to_contain_text("renewals and expansions are left out")
    roi = reader.page.locator(".tile", has_text="ROI")
    expect(roi).to_contain_text("Some is booked in other currencies")
    reader.open(f"funnel?{YEAR}")
    expect(reader.page.locator("main .stages")).to_contain_text("People on a deal won")
    nobody_counted = reader.page.locator("main .remark", has_text="How many visitors came")
    expect(nobody_counted).to_contain_text("the funnel begins with leads")
    reader.open(f"channels?{YEAR}")
    for evidence in reader.page.locator("details.evidence").all():
        evidence.locator("summary").click()
    told = reader.page.locator("details.evidence dl").all_inner_texts()
    assert "empty where there is nothing to divide by" in "".join(told)
    assert "NULL" not in "".join(told)
    assert not reader.wrong, reader.wrong


def test_a_deals_journey_folds_what_else_its_company_did(reader: Reader) -> None:
    told = reader.open("journeys?opportunity_id=O1")
    of = [column["name"] for column in told["tables"]["steps"]["columns"]]
    steps = [dict(zip(of, row, strict=True)) for row in told["tables"]["steps"]["rows"]]
    beside = [step for step in steps if not step["is_concerned"]]
    assert {step["person_id"] for step in beside} == {"L7", None}
    assert {step["opportunity_id"] for step in beside} == {"O7", None}
    own = {(step["person_id"], step["opportunity_id"]) for step in steps if step["is_concerned"]}
    assert own == {("L1", None), (None, "O1")}
    timeline = reader.page.locator("ol.timeline").first
    lines = timeline.locator("[data-steps]")
    counts = [int(line.get_attribute("data-steps") or 0) for line in lines.all()]
    assert sum(counts) == len(steps)
    folded = timeline.locator("details")
    expect(folded).to_have_count(1)
    expect(folded.locator("summary")).to_have_text(
        f"{folded.locator('li').count()} steps of another person and another deal"
        " of the company, Sep 2026"
    )
    expect(folded.get_by_text("Another deal lost")).to_be_hidden()
    folded.locator("summary").press("Enter")
    expect(folded.get_by_text("Another deal lost")).to_be_visible()
    folded.get_by_role("link", name=LOST).first.click()
    assert reader.shown("journeys")["chosen"]["opportunity_id"] == "O7"
    assert not reader.wrong, reader.wrong


def test_a_month_of_revenue_leads_to_the_deals_closed_in_it(reader: Reader) -> None:
    reader.open("overview")
    card = reader.page.locator("section.card").filter(has_text="Revenue by the month it closed")
    card.get_by_text("These months as a table").click()
    card.locator("table[data-table=closed] tbody a").first.click()
    told = reader.shown("journeys")
    assert told["chosen"]["from_month"] == told["chosen"]["to_month"]
    first = reader.page.locator("main section.card").first
    assert first.locator("tbody tr").count() == len(told["tables"]["closed"]["rows"]) > 0
    expect(first).to_contain_text("Won: deals closed in")


def test_a_channel_leads_down_to_a_campaigns_ads_and_back_up(reader: Reader) -> None:
    reader.open("overview")
    reader.page.locator("table[data-table=channels]").get_by_role(
        "link", name="Paid Search"
    ).click()
    campaigns = reader.page.locator("table[data-table=campaigns]")
    campaigns.get_by_role("link", name=HOSTILE["10"]).click()
    crumbs = reader.page.get_by_role("navigation", name="Where you are")
    expect(crumbs).to_contain_text(HOSTILE["10"])
    told = reader.shown("channels")
    assert told["chosen"]["campaign_id"] == "10"
    assert {"ad_groups", "ads"} <= set(told["tables"])
    crumbs.get_by_role("link", name="All channels").click()
    expect(crumbs).to_have_count(0)
    assert reader.shown("channels")["chosen"]["campaign_id"] is None


def test_a_new_place_begins_at_its_top_and_one_gone_back_to_where_it_was_left(
    reader: Reader,
) -> None:
    reader.page.set_viewport_size({"width": 1280, "height": 400})
    reader.open(f"channels?{YEAR}")
    campaign = reader.page.locator("table[data-table=campaigns]").get_by_role("link").first
    campaign.scroll_into_view_if_needed()
    left = reader.page.evaluate("scrollY")
    assert left > 400
    campaign.click()
    reader.shown("channels")
    assert reader.page.evaluate("scrollY") == 0
    reader.page.go_back()
    reader.shown("channels")
    assert reader.page.evaluate("scrollY") == left


def test_a_table_is_sorted_by_keyboard_and_the_address_remembers(reader: Reader) -> None:
    told = reader.open(f"channels?{YEAR}")
    button = reader.page.locator("table[data-table=campaigns] thead").get_by_role(
        "button", name="Spend"
    )
    expect(button).to_have_text("Spend EUR")
    button.focus()
    reader.page.keyboard.press("Enter")
    first = reader.page.locator(
        "table[data-table=campaigns] tbody tr:first-child [data-column=spend]"
    )
    spend = [column["name"] for column in told["tables"]["campaigns"]["columns"]].index("spend")
    largest = max(Decimal(row[spend]) for row in told["tables"]["campaigns"]["rows"])
    assert Decimal(first.get_attribute("value") or "") == largest
    expect(reader.page).to_have_url(re.compile("sort=campaigns.spend.down"))
    reader.page.reload()
    expect(reader.page.locator("th[aria-sort=descending]")).to_contain_text("Spend")


def test_a_table_goes_out_as_csv_and_a_chart_as_png(reader: Reader) -> None:
    reader.open(f"channels?{YEAR}&channel=Paid%20Search")
    with reader.page.expect_download() as taken:
        reader.page.locator("a[data-csv=campaigns]").last.click()
    assert taken.value.suggested_filename == (
        "closed-loop_channels-campaigns_2025-11_2026-10_first-touch_EUR_Paid-Search_build-1.csv"
    )
    with urlopen(f"{reader.address}csv/channels/campaigns?{YEAR}&channel=Paid%20Search") as answer:
        assert Path(taken.value.path()).read_bytes() == answer.read()
    reader.page.evaluate(
        """() => {
            const write = CanvasRenderingContext2D.prototype.fillText;
            CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
                (window.written ??= []).push(text);
                write.call(this, text, ...where);
            };
        }"""
    )
    with reader.page.expect_download() as taken:
        reader.page.get_by_role("button", name="PNG").first.click()
    written = " ".join(reader.page.evaluate("window.written"))
    assert "ago" not in written  # a picture is looked at later
    assert "publish 1" in written
    assert Path(taken.value.path()).read_bytes().startswith(b"\x89PNG")
    assert taken.value.suggested_filename.startswith("closed-loop-")
    assert not reader.wrong, reader.wrong


def test_33_old_figures_are_red_by_their_own_data(reader: Reader) -> None:
    reader.open("overview")
    expect(reader.page.locator("#books")).to_contain_text("The books close")
    reader.page.clock.set_fixed_time(PUBLISHED_AT + timedelta(hours=37))
    reader.open("health")
    expect(reader.page.locator("#books.alarm")).to_contain_text("The figures are old")
    expect(reader.page.locator("main .remark.alarm")).to_contain_text("Airflow may have stopped")


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("overview?from_month=1999-01&to_month=1999-02", "There is no data of Jan 1999 – Feb 1999"),
        ("channels?platform=facebook_ads&channel=Paid%20Search", "filters exclude each other"),
        ("funnel?channel=Nowhere", "There is no channel Nowhere"),
        ("unplaced?channel=Nowhere", "There is no channel Nowhere"),
        ("unplaced?from_month=1999-01&to_month=1999-02", "There is no data of Jan 1999 – Feb 1999"),
        ("overview?currency_code=ZZZ", "Nothing was ever booked in ZZZ"),
        ("nonsense", "No view goes by “nonsense”"),
    ],
)
def test_why_there_is_nothing_to_show_is_said(reader: Reader, place: str, sentence: str) -> None:
    reader.page.goto(f"{reader.address}#{place}")
    expect(reader.page.locator("main")).to_contain_text(sentence)
    assert not reader.wrong, reader.wrong


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, '{"detail": "Not authenticated"}', "Log in again"),
        (503, '{"detail": "nothing has been published yet"}', "No books yet"),
        (400, '{"detail": "from_month must be a month"}', "from_month must be a month"),
        (500, "<h1>oops</h1>", "The server does not answer"),
    ],
)
def test_what_cannot_be_shown_is_said(
    reader: Reader, status: int, body: str, sentence: str
) -> None:
    reader.page.route("**/data/overview*", lambda route: route.fulfill(status=status, body=body))
    reader.page.goto(f"{reader.address}#overview")
    expect(reader.page.get_by_role("alert")).to_contain_text(sentence)
    if status != 400:
        reader.page.unroute("**/data/overview*")
        reader.page.get_by_role("button", name="Try again").click()
        reader.shown("overview")
