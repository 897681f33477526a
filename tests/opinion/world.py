"""A world: rows of staging tables by name, completed as ``tests/sql/worlds.py`` completes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from include.contracts.seeds import SEED_TABLES
from include.warehouse.reference import read_seed
from tests.sql.worlds import DEFAULT_ROWS, DEFAULT_VALUES, TABLES

Row = dict[str, Any]
Rows = list[Row]
SEEDS = Path(__file__).parents[2] / "include" / "seeds"


@lru_cache
def _seed(name: str) -> Rows:
    table = next(table for table in SEED_TABLES if table.name == name)
    return read_seed(SEEDS / f"{name.removeprefix('seed_')}.csv", table).to_pylist()


def _filled(name: str, row: Mapping[str, Any]) -> Row:
    """The row with every column of its table."""
    return {
        column.name: row[column.name]
        if column.name in row
        else (DEFAULT_VALUES.get(column.name) if column.is_required else None)
        for column in TABLES[name].columns
    }


@dataclass(frozen=True)
class World:
    """What is staged, and the settings the answers depend on."""

    given: Mapping[str, Rows]

    def rows(self, name: str) -> Rows:
        """All rows of a staging table; seeds that are not given are the repository's."""
        if name in self._complete:
            return self._complete[name]
        if name not in self.given and name.startswith("seed_"):
            rows = _seed(name)
        else:
            given = self.given.get(name, DEFAULT_ROWS.get(name, []))
            rows = [_filled(name, row) for row in given]
        self._complete[name] = rows
        return rows

    @cached_property
    def _complete(self) -> dict[str, Rows]:
        return {}

    @cached_property
    def settings(self) -> Row:
        (row,) = self.rows("stg_settings")
        return row

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of days and months."""
        return ZoneInfo(self.settings["reporting_zone"])

    @cached_property
    def as_of(self) -> datetime:
        """The instant of the latest load."""
        return max(row["as_of_at"] for row in self.rows("load_ledger"))

    @cached_property
    def as_of_day(self) -> date:
        return self.day(self.as_of)

    def is_ours(self, host: str | None) -> bool:
        """Whether a mail domain or a host is one of our own, or lies below one."""
        ours = [row["email_domain"] for row in self.rows("seed_internal_domains")]
        return any(f".{host}".endswith(f".{each}") for each in ours)

    def day(self, at: datetime) -> date:
        """The day of an instant in the reporting zone."""
        return at.astimezone(self.zone).date()

    def month(self, at: datetime) -> date:
        """The first day of an instant's month in the reporting zone."""
        return self.day(at).replace(day=1)

    def first_second(self, day: date) -> datetime:
        """The midnight of the reporting zone with which a day begins."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def last_second(self, day: date) -> datetime:
        """The last second of a day in the reporting zone."""
        local = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=self.zone)
        return local.astimezone(UTC)


def second(at: datetime) -> datetime:
    """The second in which an instant lies: what touches and boundaries are compared by."""
    return at.replace(microsecond=0)


def by(rows: Iterable[Row], column: str) -> dict[Any, Rows]:
    """Rows grouped by a column's value."""
    groups: dict[Any, Rows] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def blank(text: str | None) -> bool:
    """Whether a text says nothing."""
    return text is None or not text.strip()


def word(text: str | None) -> str | None:
    """A CRM word as seeds spell it: trimmed, in lower case; None where it says nothing."""
    return None if blank(text) else text.strip().lower()
