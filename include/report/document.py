"""The report for senior management: what the spend brought, on two pages that need nothing else.

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

from include.report import drawing, parameters, views
from include.report.views import Table
from include.settings import Settings
from include.warehouse.engine import Session
from include.warehouse.published import published

TEMPLATES = Path(__file__).parent / "templates"
BEST = WORST = 5
"""How many campaigns are shown of those that return most, and least."""

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
    """Number and report of the build published last, over the twelve months up to its day."""
    with published(settings).read() as session:
        build = views.build_of(session)
        as_of = views.as_of_date(build, settings.reporting_zone)
        values = parameters.chosen({}, as_of)
        told = _told(session, values)
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


def _told(session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
    def rows(query: str, **fixed: Any) -> list[Row]:
        columns, found = session.answer(views.query(query), {**values, **fixed})
        return [dict(zip(columns, row, strict=True)) for row in found]

    earlier = parameters.before(values)
    (total,) = rows("returns", level="total")
    (before,) = rows("returns", level="total", **earlier)
    months = rows("cohorts")
    campaigns = [row for row in rows("returns", level="campaign") if row["spend"]]
    states = {row["figure"]: row for row in rows("states")}
    by_return = sorted(campaigns, key=_by_return, reverse=True)
    return {
        "tiles": _tiles(total, before, states),
        "states": states,
        "chart": drawing.spend_and_return(months),
        "months": months,
        "channels": rows("returns", level="channel"),
        "total": total,
        "best": by_return[:BEST],
        "worst": by_return[BEST:][-WORST:],
        "others": max(0, len(campaigns) - BEST - WORST),
        "typical": rows("typical")[0],
        "changes": rows("changes"),
        "missing": rows("missing"),
        "control": rows("control_totals"),
    }


def _by_return(row: Row) -> tuple[bool, Decimal, str]:
    """Order of campaigns by what is left of their return once paid for."""
    won, spend = row["won_revenue"], row["spend"]
    known = won is not None and spend is not None
    return known, (won - spend) if known else Decimal(0), row["campaign_id"]


TILES = (
    # name, what it is called, its kind, the reconciled figures it stands on, whether less is better
    ("spend", "Spend", "money", ("spend",), None),
    ("leads", "Leads", "count", ("leads",), False),
    ("customers", "New customers", "number", ("deals",), False),
    ("won_revenue", "Won revenue", "money", ("won_revenue",), False),
    ("open_pipeline", "Open pipeline", "money", ("open_pipeline",), False),
    ("cac", "Cost per customer", "money", ("spend", "deals"), True),
    ("roi", "Return on investment", "percent", ("spend", "won_revenue"), False),
)


def _tiles(total: Row, before: Row, states: Mapping[str, Row]) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "kind": kind,
            "value": total[name],
            "before": before[name],
            "change": _change(kind, total[name], before[name]),
            "less_is_better": less_is_better,
            "state": _state([states[figure] for figure in figures if figure in states]),
        }
        for name, label, kind, figures, less_is_better in TILES
    ]


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
