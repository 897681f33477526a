"""The published marts in a few lines of text: each channel's cost and return, and the verdict."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from include import warehouse, which_warehouse
from include.settings import Settings

CHANNELS = """
    select
        channel,
        sum(spend_base) as spend_base,
        sum(leads) as leads,
        sum(opportunities) as opportunities,
        sum(customers) as customers,
        sum(won_revenue_base) as won_revenue_base,
        cast(
            nullif(sum(spend_base), 0) / nullif(sum(customers), 0) as numeric(18, 2)
        ) as cac,
        cast(
            (sum(won_revenue_base) - sum(spend_base)) / nullif(sum(spend_base), 0) as numeric(18, 4)
        ) as roi
    from marts.mart_channel_roi_monthly
    group by channel
    order by sum(won_revenue_base) desc, channel
"""

TOTAL = """
    select
        sum(spend_base) as spend_base,
        sum(leads) as leads,
        sum(opportunities) as opportunities,
        sum(customers) as customers,
        sum(won_revenue_base) as won_revenue_base,
        cast(
            nullif(sum(spend_base), 0) / nullif(sum(customers), 0) as numeric(18, 2)
        ) as cac,
        cast(
            (sum(won_revenue_base) - sum(spend_base)) / nullif(sum(spend_base), 0) as numeric(18, 4)
        ) as roi
    from marts.mart_channel_roi_monthly
"""

VERDICTS = """
    select verdict, count(*) as checks
    from marts.mart_reconciliation
    group by verdict
    order by verdict
"""

MISSING = """
    select source, count(*) as days
    from marts.mart_data_health
    where status = 'missing'
    group by source
    order by source
"""

RESTATING = """
    select count(*) as days, min(date_day) as first_day
    from marts.mart_data_health
    where status = 'restating'
"""

COLUMNS = ("channel", "spend", "leads", "opps", "customers", "won revenue", "CAC", "ROI")


def render(settings: Settings) -> str:
    """A table of channels in the reporting currency, then the books' state, as plain text.

    New business only, by first touch; cohorts of all months together. Raises
    warehouse.WarehouseError when nothing has been published yet.
    """
    channels = warehouse.read_marts(settings, CHANNELS)
    (total,) = warehouse.read_marts(settings, TOTAL)
    lines = [_cells(row["channel"], row) for row in channels] + [_cells("Total", total)]
    widths = [max(map(len, column)) for column in zip(COLUMNS, *lines, strict=True)]
    table = [_line(COLUMNS, widths), _line(tuple("-" * width for width in widths), widths)]
    table += [_line(line, widths) for line in lines]
    return "\n".join(
        [
            f"First touch, new business, all months; amounts in {settings.reporting_currency}",
            "",
            *table,
            "",
            verdict(settings),
        ]
    )


def write(settings: Settings) -> str:
    """Render, say where the marts are, keep both as ``summary.txt`` in the home; return the text.

    So ``make run``, which is told nothing of Airflow's connections, can show what its build
    published. Raises as ``render`` does.
    """
    is_file = settings.warehouse_url.startswith("duckdb:")
    where = settings.marts_file if is_file else which_warehouse.told(settings.warehouse_url)
    text = f"{render(settings)}\n\nMarts: {where}, schema marts\n"
    (settings.home / "summary.txt").write_text(text, encoding="utf-8")
    return text


def verdict(settings: Settings) -> str:
    """Whether the books close, and which days are missing or may still change, in sentences."""
    checks = {row["verdict"]: row["checks"] for row in warehouse.read_marts(settings, VERDICTS)}
    every, differing = sum(checks.values()), checks.get("differs", 0)
    sentence = (
        f"Reconciliation: THE BOOKS DO NOT CLOSE; {differing} of {every} comparisons differ (see "
        "mart_reconciliation)."
        if differing
        else f"Reconciliation: the books close; {checks.get('agrees', 0)} of {every} comparisons "
        "agree with their source."
    )
    if unproved := checks.get("unproved", 0):
        sentence += f" {unproved} cannot be compared, for the source gives no total."
    missing = [f"{row['source']} {row['days']}" for row in warehouse.read_marts(settings, MISSING)]
    if missing:
        sentence += f" Account-days missing: {', '.join(missing)}."
    (restating,) = warehouse.read_marts(settings, RESTATING)
    if restating["days"]:
        what = "account-day" if restating["days"] == 1 else "account-days"
        sentence += (
            f" {restating['days']} {what} since {restating['first_day']} may still change: "
            "networks correct spend for some weeks."
        )
    return sentence


def _cells(name: str, row: dict[str, Any]) -> tuple[str, ...]:
    return (
        name,
        _amount(row["spend_base"]),
        _count(row["leads"]),
        _count(row["opportunities"]),
        _count(row["customers"]),
        _amount(row["won_revenue_base"]),
        _amount(row["cac"]),
        "–" if row["roi"] is None else f"{row['roi'] * 100:,.0f} %",
    )


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return "  ".join(
        [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    ).rstrip()


def _amount(value: Decimal | None) -> str:
    return "–" if value is None else f"{value:,.2f}"


def _count(value: Decimal | int | None) -> str:
    return "0" if value is None else f"{int(value):,}"
