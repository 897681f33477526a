"""What stands on the page, as a browser has it, held against what the marts say by themselves."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode

from playwright.sync_api import Frame, Page

from include.report.columns import label
from tests.report.by_sql import Marts
from tests.report.expected import Expected
from tests.report.reckoning import Row

BY_HAND: tuple[tuple[str, str | None, str | None], ...] = (
    ("overview", "channel", "table[data-table=channels] tbody a.drill"),
    ("channels", "platform", "table[data-table=campaigns] tbody a.drill"),
    ("cohorts", "model", None),
    ("funnel", "channel", "table[data-table=channels] a.drill"),
    ("audience", "channel", "table[data-table=briefs] a.drill"),
    ("goals", "channel", None),
    ("advice", "channel", "table[data-table=channels] a.drill"),
    ("advice", "platform", "table[data-table=campaigns] a.drill"),
    ("budget", None, "table[data-table=tests] a.drill"),
    ("forecast", "channel", None),
    ("models", "from", "table[data-table=channels] a.drill"),
    ("journeys", "model", "table[data-table=closed] a.drill"),
    ("health", "platform", None),
    ("unplaced", "from", "table[data-table=deals] a.drill"),
)
"""Of each view a control to choose by, and a link that leads on; None where it has none."""
SHOWN = """(view) => {
    const { dataset } = document.getElementById("main");
    return dataset.shown === view && dataset.place === location.hash;
}"""
OPENED = """() => {
    const folded = [...document.querySelectorAll("main details.rows")];
    for (const one of folded) one.open = true;
    if (folded.some((one) => one.childElementCount < 2)) return false;
    const more = [...document.querySelectorAll("main button.more")];
    for (const one of more) if (!one.hidden) one.click();
    return true;
}"""
READ = """() => {
    const told = (one) => Object.fromEntries(
        [...one.querySelectorAll("data[data-column]")].map((of) => [of.dataset.column, of.value]));
    const figures = [...document.querySelectorAll("main [data-figure]")].map(
        (one) => [one.dataset.of ?? "total", one.dataset.figure, one.value]);
    const days = {};
    for (const one of document.querySelectorAll("main .days td.cell")) {
        days[one.classList[1]] = (days[one.classList[1]] ?? 0) + 1;
    }
    delete days.none;
    return {
        tables: [...document.querySelectorAll("main table[data-table]")].map(
            (one) => [one.dataset.table, [...one.tBodies[0].rows].map(told)]),
        figures: [...figures, ...Object.entries(days).map(([of, count]) => ["days", of, count])],
    };
}"""
EXPORTED = """async () => Object.fromEntries(await Promise.all(
    [...document.querySelectorAll("main a[data-csv]")].map(
        async (one) => [one.dataset.csv, await (await fetch(one.href)).text()])))"""


class Look:
    """A page that is open in a browser, and the marts it should show."""

    def __init__(self, frame: Page | Frame, address: str, marts: Marts) -> None:
        self.frame = frame
        self._address = address
        self.marts = marts
        self.seen = 0

    def open(self, view: str, given: dict[str, str]) -> None:
        """Go to a view by its address, and hold what it shows against the marts."""
        self.frame.goto(f"{self._address}#{view}" + (f"?{urlencode(given)}" if given else ""))
        self.agrees()

    def agrees(self) -> None:
        """Hold what stands there, whatever led to it, against the marts."""
        view, given = self._place()
        self.frame.wait_for_function(SHOWN, arg=view)
        self.frame.wait_for_function(OPENED)
        told = self.frame.evaluate(READ)
        place = f"{view} for {given}"
        expected = self.marts.shown(view, given)
        found = {(of, name): _normal(value) for of, name, value in told["figures"]}
        wanted = {key: _normal(value) for key, value in expected.figures.items()}
        assert {key: found.get(key) for key in wanted} == wanted, place
        for table in expected.tables:
            shown = _rows(told["tables"], table)
            _hold(shown, table, f"{table.table} of {place}")
            self.seen += len(shown)

    def choose(self, control: str) -> None:
        """Choose another by hand, and hold what is shown then against the marts."""
        before = self.frame.evaluate("location.hash")
        select = self.frame.locator(f"#choose-{control}")
        others = select.locator("option:not(:checked)")
        select.select_option(index=others.last.evaluate("(option) => option.index"))
        self._elsewhere(before)

    def drill(self, link: str) -> None:
        """Follow the first such link of the view, and hold where it leads against the marts."""
        before = self.frame.evaluate("location.hash")
        self.frame.locator(f"main {link}").first.click()
        self._elsewhere(before)

    def exports(self) -> int:
        """Hold every CSV file that the view links to against the marts; how many rows there are."""
        view, given = self._place()
        files = self.frame.evaluate(EXPORTED)
        rows = 0
        for wanted in self.marts.shown(view, given, is_whole=True).tables:
            found = _read(files[wanted.table], wanted.columns)
            _hold(found, wanted, f"CSV of {wanted.table}, {view} for {given}")
            rows += len(found)
        return rows

    def _elsewhere(self, before: str) -> None:
        self.frame.wait_for_function("(before) => location.hash !== before", arg=before)
        self.agrees()

    def _place(self) -> tuple[str, dict[str, str]]:
        """The view and the choices that the address names."""
        view, _, query = self.frame.evaluate("location.hash.slice(1)").partition("?")
        return view, {name: of for name, of in parse_qsl(query) if name != "sort"}


def _read(text: str, columns: Iterable[str]) -> list[Row]:
    """These columns of a CSV file. As booked and converted go by one label, in this order."""
    head, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    labels = [header.partition(" (")[0] for header in head]
    places = {}
    for column in columns:
        found = [at for at, told in enumerate(labels) if told == label(column)]
        places[column] = found[-1 if column.endswith("_base") else 0]
    return [{column: row[at] or None for column, at in places.items()} for row in rows]


def _rows(tables: list[tuple[str, list[Row]]], wanted: Expected) -> list[Row]:
    """The rows on the page of the tables of that name that show what is wanted."""
    known = {name for name in wanted.columns if any(row[name] is not None for row in wanted.rows)}
    found = []
    for name, rows in tables:
        told = {column for row in rows for column in row}
        if name == wanted.table and known <= told:
            found += rows
    return found


def _hold(found: list[Row], wanted: Expected, what: str) -> None:
    theirs = _counted(found, wanted)
    ours = _counted(wanted.rows, wanted)
    if wanted.listed and sum(ours.values()) > wanted.listed:
        assert theirs <= ours, f"{what}: {theirs - ours}"
        assert wanted.is_sparse or sum(theirs.values()) >= wanted.listed, what
    else:
        assert theirs == ours, f"{what}: shown {theirs - ours}, wanted {ours - theirs}"


def _counted(rows: Iterable[Row], wanted: Expected) -> Counter[tuple[Any, ...]]:
    told = (tuple(_normal(row.get(name)) for name in wanted.columns) for row in rows)
    return Counter(row for row in told if not wanted.is_sparse or any(row))


def _normal(value: Any) -> Any:
    """A value in the one form in which both sides' are compared."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and value[4:5] == "-" and value[7:8] == "-":
        return value.replace("+00:00", "Z")
    return Decimal(value).quantize(Decimal("0.000001"))


def printed_pages(page: Page) -> int:
    """On how many pages what is open would be printed."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
