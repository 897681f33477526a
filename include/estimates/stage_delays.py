"""How long it is from the first touch to each stage, and what share comes that far, by age."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np

from include.contracts.choices import ALL_CHANNELS
from include.contracts.outlook_marts import MART_STAGE_DELAYS
from include.estimates import maturity
from include.estimates.maturity import Curve, Row

__all__ = ["MART_STAGE_DELAYS", "stage_delays"]

AGES = range(0, 721, 30)
_PART = Decimal("0.000001")


def stage_delays(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of MART_STAGE_DELAYS from what sql/estimates/mart_stage_delays.sql selects."""
    told = sorted(rows, key=lambda row: tuple(str(value) for value in row.values()))
    by_channel: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in told:
        for channel in (row["channel"], ALL_CHANNELS):
            by_channel[channel][row["kind"]].append(row)
    return [
        line
        for channel, kinds in sorted(by_channel.items())
        for stage, curve, delays in _stages(kinds)
        for line in _lines(channel, stage, curve, delays, kinds["people"])
    ]


def _stages(kinds: dict[str, list[Row]]) -> Iterable[tuple[str, Curve, list[tuple[int, int]]]]:
    """Each stage with its curve, and (days, number) of those that came to it."""
    people, deals = kinds["people"], kinds["deals"]
    won = [row for row in deals if row["outcome"] == "won"]
    for stage, events in (("mql", kinds["mqls"]), ("sql", kinds["sqls"]), ("opportunity", deals)):
        yield (
            stage,
            maturity.since_touch(people, events),
            [(row["delay_days"], row["people_or_deals"]) for row in events],
        )
    delays = [(row["delay_days"] + row["open_days"], row["customers"]) for row in won]
    yield "customer", maturity.since_touch(people, won, "open"), delays
    yield "revenue", _revenue(people, won), delays


def _revenue(people: list[Row], won: list[Row]) -> Curve:
    """Revenue a person by days: each amount over the people old enough to have brought it."""
    ages = np.array([row["age_days"] for row in people], dtype=float)
    counts = np.array([row["people_or_deals"] for row in people], dtype=float)
    brought: dict[int, float] = defaultdict(float)
    for row in won:
        days = row["delay_days"] + row["open_days"]
        old_enough = counts[ages >= days].sum() if len(people) else 0.0
        if old_enough:
            brought[days] += float(row["amount_base"] or 0) / float(old_enough)
    days = sorted(brought)
    return Curve(np.array(days, dtype=float), np.cumsum([brought[day] for day in days]))


def _lines(
    channel: str, stage: str, curve: Curve, delays: list[tuple[int, int]], people: list[Row]
) -> Iterable[dict[str, Any]]:
    for age in AGES:
        known = sum(row["people_or_deals"] for row in people if row["age_days"] >= age)
        if age and not known:
            return
        share = float(curve.at(float(age)))
        is_rate = stage != "revenue"
        yield {
            "channel": channel,
            "stage": stage,
            "age_days": age,
            "people": known,
            "reached": sum(number for days, number in delays if days <= age),
            "rate": _part(share) if is_rate else None,
            "revenue_per_person_base": None if is_rate else _part(share),
            "share_of_outcome": _part(share / curve.final) if curve.final else None,
        }


def _part(value: float) -> Decimal:
    return Decimal(repr(float(value))).quantize(_PART)
