"""Invented worlds on which SQL on DuckDB, SQL on PostgreSQL and the second opinion must agree.

Many worlds stand in one warehouse, each under names of its own; the opinion looks at each alone. So
agreement also says that nobody's figures move because of strangers. What is summed or learned over
all of them (ROI, Markov, Shapley) is compared as a whole.

``CLOSED_LOOP_OPINION_WORLDS`` asks for more worlds than the 500 of every run, and
``CLOSED_LOOP_OPINION_SEED`` for others.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from include import warehouse
from include.registry import SOURCES
from include.settings import Settings
from tests.conftest import ENGINES
from tests.opinion import invented, roi
from tests.opinion.opinion import Opinion, channel_values
from tests.opinion.world import Row, Rows
from tests.sql.worlds import build, fill

WORLDS = int(os.environ.get("CLOSED_LOOP_OPINION_WORLDS", "500"))
SEED = int(os.environ.get("CLOSED_LOOP_OPINION_SEED", "0"))
KEYS = {
    "fct_people": ("person_id",),
    "fct_touchpoints": ("touchpoint_id",),
    "fct_opportunities": ("opportunity_id",),
    "fct_attribution": ("opportunity_id", "touchpoint_id", "model"),
    "mart_campaign_roi_monthly": ("platform", "account_id", "campaign_id", "cohort_month"),
    "mart_channel_roi_monthly": ("channel", "cohort_month"),
}


@dataclass(frozen=True)
class Company:
    """The settings under which a pack of worlds is looked at."""

    zone: str
    currency: str
    look_back_days: int
    notes_instants: bool

    def settings(self) -> invented.World:
        """As staging has them."""
        return {
            "stg_settings": [
                {
                    "reporting_currency": self.currency,
                    "reporting_zone": self.zone,
                    "attribution_look_back_days": self.look_back_days,
                }
            ]
        }


COMPANIES = {
    "berlin": Company("Europe/Berlin", "EUR", 730, notes_instants=False),
    "los_angeles": Company("America/Los_Angeles", "USD", 365, notes_instants=True),
}


def _marts(opinions: list[Opinion]) -> dict[str, Rows]:
    """All rows the warehouse should hold."""
    values = channel_values(opinions)
    return {
        "fct_people": [row for each in opinions for row in each.fct_people()],
        "fct_touchpoints": [row for each in opinions for row in each.fct_touchpoints()],
        "fct_opportunities": [row for each in opinions for row in each.fct_opportunities()],
        "fct_attribution": [row for each in opinions for row in each.fct_attribution(values)],
        "mart_campaign_roi_monthly": roi.mart_campaign_roi_monthly(opinions),
        "mart_channel_roi_monthly": roi.mart_channel_roi_monthly(opinions),
    }


def _built(settings_: Settings, pack: invented.World) -> dict[str, Rows]:
    """The rows the production build makes of a pack."""
    fill(settings_, pack)
    build(settings_, *KEYS)
    return {
        name: warehouse.read(settings_, f"select * from build.{name}")  # noqa: S608
        for name in KEYS
    }


def _plain(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _differences(
    key: tuple[str, ...], opinion: Iterable[Row], found: Iterable[Row]
) -> dict[tuple[str, ...], str]:
    """Per key, in words, what the opinion and a warehouse do not agree on."""
    ours = {tuple(str(row[name]) for name in key): row for row in opinion}
    theirs = {tuple(str(row[name]) for name in key): row for row in found}
    differences = {}
    for each in sorted({*ours, *theirs}):
        if each not in theirs:
            differences[each] = f"in the opinion alone: {ours[each]}"
        elif each not in ours:
            differences[each] = f"in the warehouse alone: {theirs[each]}"
        else:
            told = {
                name: f"opinion {value}, warehouse {_plain(theirs[each][name])}"
                for name, value in ours[each].items()
                if value != _plain(theirs[each][name])
            }
            if told:
                differences[each] = str(told)
    return differences


def _number(key: tuple[str, ...]) -> int | None:
    """Which world a row is of, by the names in its key."""
    if text := re.search(r"w(\d{3})", " ".join(key)):
        return int(text[1])
    digits = re.search(r"/(\d{3})/", " ".join(key))
    return int(digits[1]) - 100 if digits else None


def _report(
    engine: str, worlds: list[invented.World], differences: dict[str, dict[tuple[str, ...], str]]
) -> str:
    """The smallest world that is seen differently, with all its rows, and what differs in it."""
    lines = [f"{engine}: {name}: {len(rows)} rows differ" for name, rows in differences.items()]
    of_world: dict[int | None, list[str]] = {}
    for name, rows in differences.items():
        for key, what in rows.items():
            of_world.setdefault(_number(key), []).append(f"{name} {key}: {what}")
    numbers = [number for number in of_world if number is not None]
    if numbers:
        smallest = min(numbers, key=lambda number: sum(map(len, worlds[number].values())))
        lines += [f"the smallest of {len(numbers)} worlds is w{smallest:03d}:"]
        for table, rows in worlds[smallest].items():
            for row in rows:
                known = {name: str(value) for name, value in row.items() if value is not None}
                lines.append(f"  {table} {known}")
        lines += of_world[smallest]
    lines += of_world.get(None, [])[:20]
    return "\n".join(lines)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", COMPANIES)
def test_19_i5_sql_on_both_engines_and_the_second_opinion_agree(
    name: str, new_settings: Callable[[str], Settings]
) -> None:
    company = COMPANIES[name]
    warehouses = {engine: new_settings(engine) for engine in ENGINES}
    for settings_ in warehouses.values():
        warehouse.prepare(settings_, SOURCES)
    left = WORLDS // len(COMPANIES)
    while left > 0:
        worlds = invented.drawn(min(left, 900), SEED, notes_instants=company.notes_instants)
        left -= len(worlds)
        opinion = _marts([Opinion(world | company.settings()) for world in worlds])
        pack = invented.packed(worlds) | company.settings()
        for engine, settings_ in warehouses.items():
            found = _built(settings_, pack)
            differences = {
                mart: different
                for mart, key in KEYS.items()
                if (different := _differences(key, opinion[mart], found[mart]))
            }
            if differences:
                pytest.fail(_report(engine, worlds, differences), pytrace=False)
