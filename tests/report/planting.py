"""The world of evidence with estimates planted in its marts, which so small a world has none of."""

from __future__ import annotations

from datetime import date
from typing import Any

from include.contracts.budget_marts import MOST_CHANGES, SCENARIOS
from include.contracts.outlook_marts import FORECAST_METRICS
from include.settings import Settings
from tests.report.evidence_world import publish, world
from tests.sql.worlds import build, fill, spoil

CHANNELS = {"Email": 10, "Paid Search": 30}


def _values(rows: list[tuple[Any, ...]]) -> str:
    return ", ".join(
        "(" + ", ".join("null" if v is None else f"'{v}'" for v in row) + ")" for row in rows
    )


def _plant(settings: Settings, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    spoil(settings, f"delete from build.{table}")  # noqa: S608
    spoil(settings, f"insert into build.{table} ({columns}) values {_values(rows)}")  # noqa: S608


def _months() -> list[tuple[Any, ...]]:
    """Each metric of two channels and their sum, growing by one a month."""
    rows = []
    for metric in FORECAST_METRICS:
        for horizon in range(1, 14):
            number = 10 + horizon
            month = date(2026 + number // 12, number % 12 + 1, 1) if number >= 12 else None
            month = month or date(2026, number + 1, 1)
            for channel, size in (*CHANNELS.items(), ("All", sum(CHANNELS.values()))):
                made = size + horizon * (2 if channel == "All" else 1)
                rows.append(
                    (channel, metric, "smoothed", None, month, horizon, made, made - 1, made + 1)
                )
    return rows


def _plans() -> list[tuple[Any, ...]]:
    """Paid Search gets a hundred more with every scenario and ten more with every bound."""
    rows = []
    for step, scenario in enumerate(SCENARIOS):
        for change in MOST_CHANGES:
            planned = 1000 + 100 * step + change
            for channel in ("Paid Search", "All"):
                rows.append(
                    (scenario, channel, "move", f"{scenario}, {change}", None, change, 1000,
                     planned, 5000, 5500, 500, 100, 900, "0.9")
                )  # fmt: skip
    return rows


def publish_foreseen(settings: Settings) -> None:
    """Publish it, with planted forecasts, plans, experiments and a record, in a prepared house."""
    fill(settings, world())
    build(settings)
    _plant(
        settings,
        "mart_forecast_monthly",
        "channel, metric, method, why_not, month, horizon, forecast, forecast_low, forecast_high",
        _months(),
    )
    _plant(
        settings,
        "mart_forecast_accuracy",
        "metric, method, horizon, origins, wape, bias, is_chosen",
        [
            (metric, method, horizon, 12, wape, 0, method == "smoothed")
            for metric in FORECAST_METRICS
            for horizon in range(1, 14)
            for method, wape in (("smoothed", f"0.{10 + horizon}"), ("seasonal_naive", "0.5"))
        ],
    )
    _plant(
        settings,
        "mart_budget_plan",
        "scenario, channel, verdict, sentence, why_not, most_change, present_spend_base, "
        "planned_spend_base, present_revenue_base, planned_revenue_base, gain_base, "
        "gain_low_base, gain_high_base, chance",
        _plans(),
    )
    _plant(
        settings,
        "mart_budget_tests",
        "platform, account_id, campaign_id, campaign_name, channel, leads, weeks_needed, "
        "is_curve_known, is_testable",
        [
            ("google_ads", "1", "1", "<b>large</b>", "Paid Search", 150, 7, True, True),
            ("google_ads", "1", "2", "dark", "Display", 100, 10, False, True),
            ("google_ads", "1", "3", "small", "Display", 10, 98, False, False),
        ],
    )
    _plant(
        settings,
        "mart_advice_record",
        "level, platform, account_id, campaign_id, campaign_name, channel, verdict, advised_on, "
        "first_month, last_month, spend_base, won_deals, won_revenue_base, roi, roi_low, roi_high, "
        "chance, roi_bar, is_right, is_within",
        [
            ("campaign", "google_ads", "1", "1", "<b>large</b>", "Paid Search", "scale",
             "2025-01-15", "2025-02-01", "2025-04-01", 100, 1, 300, 2, 0, 3, "0.9", 0, True, True),
            ("channel", "", "", "", None, "Paid Search", "pause", "2025-02-15", "2025-03-01",
             "2025-05-01", 100, 1, 300, 2, -1, 0, "0.05", 0, False, False),
            ("channel", "", "", "", None, "Email", "wait", "2025-02-15", "2025-03-01",
             "2025-05-01", 0, 0, 0, None, None, None, None, 0, None, None),
        ],
    )  # fmt: skip
    publish(settings)
