"""The report says what the marts say, in words that nobody else's names can turn into markup."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from include import warehouse
from include.report import document, summary
from include.settings import Settings
from tests.conftest import ENGINES
from tests.report.evidence_world import HOSTILE

PERIOD = {"first": date(2025, 11, 1), "last": date(2026, 10, 1)}


class Reader(HTMLParser):
    """Every table as rows of texts, by the heading before it; the tiles; all text; all tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.text = ""
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self._heading = ""
        self._into: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= set(attrs)
        if tag == "h2":
            self._heading = ""
        elif tag == "tr":
            self.tables.setdefault(self._heading, []).append([])
        elif tag in ("th", "td"):
            self.tables[self._heading][-1].append("")
        self._into = [tag] if tag in ("h2", "th", "td") else self._into

    def handle_endtag(self, tag: str) -> None:
        if self._into == [tag]:
            self._into = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._into == ["h2"]:
            self._heading += data
        elif self._into:
            self.tables[self._heading][-1][-1] += data


def shown(value: Decimal | int | None) -> str:
    """A whole amount as the report writes it."""
    if value is None:
        return "–"
    whole = Decimal(value).quantize(Decimal(1), ROUND_HALF_EVEN)
    return f"{whole:,}".replace("-", "−")


@pytest.fixture(params=ENGINES)
def settings(
    request: pytest.FixtureRequest, evidence: Callable[[str], Settings], tmp_path: Path
) -> Settings:
    """The world of evidence, published; what is written goes to a folder of this test's."""
    made = evidence(request.param)
    if made.warehouse_url.startswith("duckdb:"):
        for name in ("marts.duckdb", "ops.duckdb"):
            (tmp_path / name).symlink_to(made.home / name)
    return replace(made, home=tmp_path)


def test_channels_and_their_total_equal_the_marts(settings: Settings) -> None:
    read = Reader(document.render(settings)[1])
    header, *rows = read.tables["Channels"]
    marts = warehouse.read_marts(
        settings,
        "select channel, sum(spend_base) as spend, sum(leads) as leads, "
        "sum(opportunities) as opportunities, sum(customers) as customers, "
        "sum(won_revenue_base) as won from marts.mart_channel_roi_monthly "
        "where cohort_month between :first and :last group by channel",
        PERIOD,
    )
    expected = {
        row["channel"]: [
            shown(row[name]) for name in ("spend", "leads", "opportunities", "customers", "won")
        ]
        for row in marts
    }
    assert expected
    assert {row[0]: row[1:6] for row in rows} == expected
    assert header[:3] == ["Channel", "Spend", "Leads"]


def test_ad_networks_equal_the_marts(settings: Settings) -> None:
    header, *rows = Reader(document.render(settings)[1]).tables["Ad networks"]
    marts = warehouse.read_marts(
        settings,
        "select platform, sum(spend_base) as spend, sum(leads) as leads, "
        "sum(opportunities) as opportunities, sum(customers) as customers, "
        "sum(won_revenue_base) as won from marts.mart_campaign_roi_monthly "
        "where cohort_month between :first and :last group by platform",
        PERIOD,
    )
    assert {row[0]: row[1:6] for row in rows} == {
        document.NAMES.get(row["platform"], row["platform"]): [
            shown(row[name]) for name in ("spend", "leads", "opportunities", "customers", "won")
        ]
        for row in marts
        if row["spend"] != 0
    }
    assert header[:3] == ["Network", "Spend", "Leads"]


def test_a_campaign_is_marked_where_its_spend_has_no_tagged_touch(settings: Settings) -> None:
    read = Reader(document.render(settings)[1])
    spent = warehouse.read_marts(
        settings,
        "select coalesce(roi.campaign_name, roi.campaign_id) as name, "
        "count(distinct audit.cohort_month) as months "
        "from marts.mart_campaign_roi_monthly as roi left join marts.mart_utm_audit as audit "
        "on roi.platform = audit.platform and roi.account_id = audit.account_id "
        "and roi.campaign_id = audit.campaign_id and roi.cohort_month = audit.cohort_month "
        "where roi.spend_base <> 0 and roi.cohort_month between :first and :last group by 1",
        PERIOD,
    )
    told = {
        row[0].partition(" ‡ ")[0]: row[0].partition(" ‡ ")[2]
        for heading in ("Campaigns that return most", "Campaigns that return least")
        for row in read.tables[heading][1:]
    }
    assert told == {
        row["name"]: f"{row['months']} month{'s' * (row['months'] > 1)} without a tagged touch"
        if row["months"]
        else ""
        for row in spent
    }
    assert any(told.values())
    assert "it may be a tagging fault" in read.text


def test_what_the_cohorts_old_enough_cost_and_brought_is_said_in_a_sentence(
    settings: Settings,
) -> None:
    read = Reader(document.render(settings)[1])
    _, *cohorts, _ = read.tables["Each month's spend, and what it has brought since"]
    early = [row for row in cohorts if "†" in row[0]]
    judged = [row for row in cohorts if row not in early]
    if judged and early:
        count = "is" if len(judged) == 1 else "are"
        assert f"Of the {len(cohorts)} cohorts {len(judged)} {count} old enough" in read.text
    else:
        assert bool(early) == ("cohorts are too young to judge" in read.text)


def test_cohorts_equal_the_marts_and_add_up(settings: Settings) -> None:
    read = Reader(document.render(settings)[1])
    _, *rows, total = read.tables["Each month's spend, and what it has brought since"]
    marts = warehouse.read_marts(
        settings,
        "select cohort_month, sum(spend_base) as spend, sum(leads) as leads, "
        "sum(won_revenue_base) as won, sum(open_pipeline_base) as pipeline "
        "from marts.mart_channel_roi_monthly where cohort_month between :first and :last "
        "group by cohort_month order by cohort_month",
        PERIOD,
    )
    expected = [
        [
            row["cohort_month"].strftime("%B %Y"),
            *(shown(row[name]) for name in ("spend", "leads", "won", "pipeline")),
        ]
        for row in marts
    ]
    assert [[row[0].removesuffix(" †"), *row[1:3], *row[4:6]] for row in rows] == expected
    sums = [sum(row[name] for row in marts) for name in ("spend", "leads", "won", "pipeline")]
    assert [*total[1:3], *total[4:6]] == [shown(value) for value in sums]


def test_the_year_ahead_has_the_next_month_quarters_and_their_sum(foreseen: Settings) -> None:
    """Planted: 40 and twice the horizon of each metric, one less to one more, 12 % off."""
    _, *rows = Reader(document.render(foreseen)[1]).tables["The year ahead"]
    metrics = ["Spend", "Leads", "Opportunities", "New customers", "Won revenue"]
    figures = ["44", "43 to 45", "12 %", "138", "156", "174", "192", "660"]
    assert rows[:5] == [[metric, *figures] for metric in metrics]


def test_goals_that_run_and_how_advice_turned_out_equal_the_marts(foreseen: Settings) -> None:
    read = Reader(document.render(foreseen)[1])
    (spent,) = warehouse.read_marts(
        foreseen,
        "select sum(spend_base) as spend from marts.fct_ad_spend_daily "
        "inner join marts.dim_campaign using (platform, account_id, campaign_id) "
        "where channel = 'Paid Search' and date_day between '2026-01-01' and '2026-11-19'",
    )
    (goal,) = (row for row in read.tables["The year ahead"] if row[0].startswith("Spend, "))
    assert goal[:3] == ["Spend, Paid Search", "2026-12-31", "100"]
    assert goal[3] == shown(Decimal(100) * 323 / 365), "due by 19 November"
    assert goal[4].split()[0] == shown(spent["spend"])
    assert goal[4].split()[1] == "✗", "spend of the world of evidence does not agree"
    assert "1 of 2 that claimed something were right" in read.text


def test_what_is_not_foreseen_or_set_is_said(settings: Settings) -> None:
    read = Reader(document.render(settings)[1])
    (why_not,) = warehouse.read_marts(
        settings,
        "select distinct why_not from marts.mart_forecast_monthly where why_not is not null",
    )
    assert f"no forecast, for {why_not['why_not']}." in read.text
    assert "none is old enough yet to be judged" in read.text


def test_the_month_under_way_stands_apart(settings: Settings) -> None:
    (begun,) = warehouse.read_marts(
        settings,
        "select sum(spend_base) as spend, sum(leads) as leads from marts.mart_channel_roi_monthly "
        "where cohort_month = :month",
        {"month": date(2026, 11, 1)},
    )
    so_far = f"{shown(begun['spend'])} EUR and {shown(begun['leads'])} leads so far"
    text = Reader(document.render(settings)[1]).text
    assert f"November 2026 is not over and stands apart: {so_far}" in text


def test_books_that_do_not_close_are_said_not_to(settings: Settings) -> None:
    """Of the world of evidence one account-day's total differs from its campaigns' spend."""
    read = Reader(document.render(settings)[1])
    counts = warehouse.read_marts(settings, "select count(*) as n from marts.mart_reconciliation")
    assert f"✗ The books do not close: 1 of {counts[0]['n']} comparisons" in read.text
    assert "1 account-day since 2026-11-17 may still change" in read.text
    spend = [row for row in read.tables["Where every figure comes from"][1:] if "spend" in row[1]]
    assert [row[6].split()[-1] for row in spend].count("differs") == 1
    assert re.search(r"Spend\s+✗", read.text), "the tile of spend says so too"


def test_26_names_stay_text(settings: Settings) -> None:
    text = document.render(settings)[1]
    read = Reader(text)
    assert not read.tags & {"script", "img", "link", "iframe", "object", "a"}
    assert {
        name for name, _ in read.attributes if name.startswith("on") or name == "style"
    } == set()
    told = [name for name in HOSTILE if name in read.text]
    assert told, "a hostile name is shown, so the rule was tried"


def test_nothing_is_fetched(settings: Settings) -> None:
    text = document.render(settings)[1]
    assert not {name for name, _ in Reader(text).attributes} & {"src", "href", "srcset", "action"}
    assert "url(" not in text
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in text


def test_each_build_keeps_its_report(settings: Settings) -> None:
    newest = document.write(settings)
    number, text = document.render(settings)
    assert newest == settings.home / "report.html"
    assert newest.read_text() == text
    assert [file.name for file in (settings.home / "reports").iterdir()] == [f"{number:06d}.html"]
    assert (settings.home / "reports" / f"{number:06d}.html").read_text() == text


def test_the_summary_is_of_the_warehouse_that_was_published_and_names_it(
    settings: Settings,
) -> None:
    """Whoever prints it is told no connection, and may have another warehouse by its settings."""
    text = summary.write(settings)
    assert (settings.home / "summary.txt").read_text() == text
    (spend,) = warehouse.read_marts(
        settings, "select sum(spend_base) as s from marts.mart_channel_roi_monthly"
    )
    assert f"{spend['s']:,.2f}" in text
    assert " 1 account-day since 2026-11-17 may still change" in text
    *_, marts = text.splitlines()
    if settings.warehouse_url.startswith("duckdb:"):
        assert marts == f"Marts: {settings.marts_file}, schema marts"
    else:
        assert re.fullmatch(r"Marts: PostgreSQL, closed_loop_\d+ at .+, schema marts", marts)
