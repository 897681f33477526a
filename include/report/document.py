"""The report for senior management, on three pages: what spend brought, and what may be expected.

One HTML file without script and without anything from elsewhere, so that it can be mailed, archived
and printed. Every name in it is text that others chose, and is escaped.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from include.report import drawing, outlook, parameters, views
from include.report.columns import GROWING
from include.report.views import Table
from include.settings import Settings
from include.warehouse.engine import Session
from include.warehouse.published import published

TEMPLATES = Path(__file__).parent / "templates"
BEST = WORST = 5
"""How many campaigns are shown of those that return most, and least."""

NAMES = {
    "facebook_ads": "Facebook Ads",
    "google_ads": "Google Ads",
    "linkedin_ads": "LinkedIn Ads",
    "salesforce": "Salesforce",
    "crm": "CRM campaigns",
    "unmatched": "No campaign known",
    "unattributed": "No touch known",
    "manual": "Entered by hand",
}
"""Networks and sources as people call them; the page calls them the same."""

Row = Mapping[str, Any]


def write(settings: Settings) -> Path:
    """Render the report of the build just published; returns its file.

    Kept as ``reports/<publish number>.html`` under the home; ``report.html`` is the newest. Both
    appear whole or not at all. Raises WarehouseError when nothing has been published.
    """
    publish_number, text = render(settings)
    folder = settings.home / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{publish_number:06d}.html"
    for file in (kept, settings.home / "report.html"):
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        draft.write_text(text, encoding="utf-8", errors="replace")
        draft.replace(file)
    return settings.home / "report.html"


def render(settings: Settings) -> tuple[int, str]:
    """Number and report of the build published last, over the months the page opens on."""
    with published(settings).read() as session:
        build = views.build_of(session)
        as_of = views.as_of_date(build, settings.reporting_zone)
        values = parameters.chosen({}, as_of, build.first_month)
        told = _told(session, values, as_of)
    template = _templates().get_template("report.html")
    style = (TEMPLATES / "report.css").read_text()
    text = template.render(
        **told,
        build=build,
        as_of=as_of,
        first=values["from_month"],
        last=values["to_month"],
        currency=settings.reporting_currency,
        style=Markup(style),
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
    return build.publish_number, text


def _told(session: Session, values: Mapping[str, Any], as_of: date) -> dict[str, Any]:
    reading = views.Reading(session, values)

    def rows(table: Table) -> list[Row]:
        return _rows(reading.of(table))

    overview = views.VIEWS["overview"].tables
    total, before = _totals(reading)
    compared = next(iter(rows(overview["comparison"])), None)
    this_month = as_of.replace(day=1)
    begun = views.Reading(session, {**values, "from_month": this_month, "to_month": this_month})
    to_day = views.Reading(session, {**values, "to_month": this_month})
    months = rows(Table("cohorts"))
    campaigns = [row for row in rows(Table("returns", "campaign")) if row["spend"]]
    states = {row["figure"]: row for row in rows(Table("states"))}
    by_return = sorted(campaigns, key=_by_return, reverse=True)
    typical = rows(Table("cohort_typical"))
    return {
        "tiles": _tiles(total, before, states, compared),
        "compared": compared,
        "begun": next(iter(_rows(begun.of(overview["total"]))), None),
        "is_under_way": values["to_month"] == this_month,
        "states": states,
        "states_words": {figure: _state([row]) for figure, row in states.items()},
        "chart": drawing.spend_and_return(months),
        "months": months,
        "judged": _judged(months),
        "channels": rows(overview["channels"]),
        "networks": [row for row in rows(overview["networks"]) if row["spend"] != 0],
        "total": total,
        "best": by_return[:BEST],
        "worst": by_return[BEST:][-WORST:],
        "others": max(0, len(campaigns) - BEST - WORST),
        "typical": typical[0] if typical else None,
        "changes": rows(overview["changes"]),
        "missing": _rows(to_day.of(overview["missing"])),
        "restating": _rows(to_day.of(overview["restating"])),
        "evidence": next(iter(rows(overview["evidence"])), None),
        "comparisons": {
            row["verdict"]: row["checks"] for row in rows(views.VIEWS["choices"].tables["checks"])
        },
        "control": rows(Table("control_totals")),
        **outlook.told(rows, as_of),
    }


def _rows(answered: views.Answered) -> list[Row]:
    return [dict(zip(answered.columns, row, strict=True)) for row in answered.rows]


def _totals(reading: views.Reading) -> tuple[dict[str, Any], dict[str, Any]]:
    """The totals of a period and of the one before, those of the channels with spend among them."""
    overview = views.VIEWS["overview"].tables
    total, before = _compared(reading.of(overview["total"]))
    paid, paid_before = _compared(reading.of(overview["paid"]))
    for all_, part in ((total, paid), (before, paid_before)):
        all_ |= {f"paid_{name}": part[name] for name in ("cac", "roi")}
    return total, before


def _compared(answered: views.Answered) -> tuple[dict[str, Any], dict[str, Any]]:
    """A table's one row, and that of the period before; nothing but None where there is none."""
    nothing = (None,) * len(answered.columns)
    now, before = (
        dict(zip(answered.columns, (rows or [nothing])[0], strict=True))
        for rows in (answered.rows, answered.before)
    )
    return now, before


def _judged(months: Sequence[Row]) -> dict[str, Any]:
    """Of the cohorts old enough to judge: how many, what they cost and won; None where unpriced."""
    old = [month for month in months if not month["is_too_early"]]
    sums: dict[str, Any] = {"cohorts": len(old)}
    for name in ("spend", "won_revenue"):
        amounts = [month[name] for month in old]
        sums[name] = None if None in amounts else sum(amounts, Decimal(0))
    return sums


def _by_return(row: Row) -> tuple[bool, Decimal, str]:
    """Order of campaigns by what is left of their return once paid for."""
    won, spend = row["won_revenue"], row["spend"]
    known = won is not None and spend is not None
    return known, (won - spend) if known else Decimal(0), row["campaign_id"]


TILES = (
    # name, what it is called, its kind, the reconciled figures it stands on
    ("spend", "Spend", "money", ("spend",)),
    ("leads", "Leads", "count", ("leads",)),
    ("customers", "New customers", "number", ("deals",)),
    ("won_revenue", "Won revenue", "money", ("won_revenue",)),
    ("open_pipeline", "Open pipeline", "money", ("open_pipeline",)),
    ("paid_cac", "Cost per customer, channels with spend", "money", ("spend", "deals")),
    ("paid_roi", "ROI of channels with spend", "percent", ("spend", "won_revenue")),
    ("roi", "All won revenue on ad spend", "percent", ("spend", "won_revenue")),
)


def _tiles(
    total: Row, before: Row, states: Mapping[str, Row], compared: Row | None
) -> list[dict[str, Any]]:
    """``compared`` tells whether ``total`` may be held against ``before``."""
    tiles = []
    for name, label, kind, figures in TILES:
        grows = name.removeprefix("paid_") in GROWING
        hindrance = compared and compared["growing_hindrance" if grows else "hindrance"]
        tiles.append(
            {
                "label": label,
                "kind": kind,
                "value": total[name],
                "change": None if hindrance else _change(kind, total[name], before[name]),
                "hindrance": hindrance,
                "grows": grows,
                "state": _state([states[figure] for figure in figures if figure in states]),
            }
        )
    return tiles


def _change(kind: str, now: Decimal | None, then: Decimal | None) -> Decimal | None:
    """Percent up or down; of what is itself a percentage, in points."""
    if now is None or then is None:
        return None
    if kind == "percent":
        return (Decimal(now) - then) * 100
    return (Decimal(now) - then) / abs(then) * 100 if then else None


def _state(rows: Sequence[Row]) -> str:
    """One word on how figures stand against their sources: the worst of them."""
    if not rows or any(row["differing"] for row in rows):
        return "differs"
    if any(row["missing_days"] for row in rows):
        return "incomplete"
    return "unproved" if any(row["unproved"] for row in rows) else "agrees"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "money": _money,
        "count": lambda value: _number(value, 0),
        "number": lambda value: _number(value, 0 if value == int(value or 0) else 1),
        "percent": _percent,
        "signed": _signed,
        "month": lambda value: value.strftime("%B %Y"),
        "day": date.isoformat,
        "name": lambda word: NAMES.get(word, word),
    }
    return environment


def _number(value: Decimal | int | None, places: int) -> str:
    return "–" if value is None else f"{value:,.{places}f}".replace("-", "−")


def _money(value: Decimal | None) -> str:
    return _number(value, 0)


def _percent(value: Decimal | None) -> str:
    return "–" if value is None else f"{value * 100:,.0f} %".replace("-", "−")


def _signed(value: Decimal | None) -> str:
    return "" if value is None else f"{value:+,.0f}".replace("-", "−")
