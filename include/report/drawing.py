"""Pictures of the report, as SVG that needs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

WIDTH, HEIGHT = 720, 230
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 12, 34


def spend_and_return(months: Sequence[Mapping[str, Any]]) -> Markup:
    """Spend and won revenue of each cohort month, side by side, on one scale from zero.

    ``months`` have cohort_month, spend, won_revenue and is_too_early. A cohort that is too young
    is drawn hollow. An amount that is unknown has no bar.
    """
    svg = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {HEIGHT}",
            "role": "img",
            "aria-label": "Spend and won revenue by cohort month; the table below has the figures",
        },
    )
    amounts = [month[name] or 0 for month in months for name in ("spend", "won_revenue")]
    top = _round_up(max([Decimal(amount) for amount in amounts] + [Decimal(1)]))
    floor = HEIGHT - BOTTOM

    def height(amount: Decimal) -> float:
        return float(max(amount, Decimal(0)) / top) * (floor - TOP)

    for part in range(5):
        amount = top * part / 4
        y = floor - height(amount)
        _add(svg, "line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, **{"class": "grid"})
        _add(svg, "text", _short(amount), x=LEFT - 6, y=y + 4, **{"class": "scale"})
    step = (WIDTH - LEFT - RIGHT) / max(len(months), 1)
    for number, month in enumerate(months):
        middle = LEFT + step * (number + 0.5)
        bar = min(step * 0.36, 22)
        for name, x in (("spend", middle - bar - 1), ("won_revenue", middle + 1)):
            if month[name] is None:
                continue
            tall = height(Decimal(month[name]))
            kind = f"{name} early" if name == "won_revenue" and month["is_too_early"] else name
            _add(svg, "rect", x=x, y=floor - tall, width=bar, height=tall, **{"class": kind})
        if len(months) <= 13 or number % (len(months) // 12 + 1) == 0:
            label = month["cohort_month"].strftime("%b %y")
            _add(svg, "text", label, x=middle, y=floor + 16, **{"class": "month"})
    return Markup(ElementTree.tostring(svg, encoding="unicode"))


def _add(parent: ElementTree.Element, tag: str, text: str = "", **attributes: Any) -> None:
    told = {
        name: f"{value:.1f}" if isinstance(value, float) else str(value)
        for name, value in attributes.items()
    }
    ElementTree.SubElement(parent, tag, told).text = text or None


def _round_up(amount: Decimal) -> Decimal:
    """The next of 1, 2, 4, 5, 8 times a power of ten: a scale whose quarters are round."""
    power = Decimal(10) ** (len(str(int(amount))) - 1)
    return next(
        power * factor
        for factor in map(Decimal, ("1", "2", "4", "5", "8", "10"))
        if power * factor >= amount
    )


def _short(amount: Decimal) -> str:
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if amount >= size:
            return f"{amount / size:.3g} {letter}"
    return f"{amount:.3g}"
