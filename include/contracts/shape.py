"""What a column and a table are, and the column types every engine must know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Type(StrEnum):
    """A column's type, by meaning; the value is its SQL type on both engines."""

    TEXT = "text"
    DATE = "date"
    TIMESTAMP = "timestamptz"
    BOOLEAN = "boolean"
    INTEGER = "bigint"
    NUMBER = "numeric(20,4)"  # fractional counts, such as conversions shared between days
    AD_MONEY = "numeric(20,6)"
    CRM_MONEY = "numeric(18,2)"
    RATE = "numeric(20,10)"
    RATIO = "numeric(20,6)"
    WEIGHT = "numeric(12,10)"
    CONFIDENCE = "numeric(7,6)"  # DuckDB reads more than 18 digits at a fiftieth of the pace
    FIGURE = "numeric(32,10)"  # any figure of a mart, whatever it counts


@dataclass(frozen=True, slots=True)
class Column:
    """One column, the same name, type, unit and meaning in every table that has it.

    ``at_least`` and ``one_of`` are rules a value must keep where it is present. ``is_stamp`` marks
    what tells when rows were loaded, not what they say: comparisons of two builds leave it out.
    """

    name: str
    type: Type
    meaning: str
    unit: str | None = None
    at_least: int | None = None
    one_of: tuple[str, ...] | None = None
    is_required: bool = False
    is_stamp: bool = False

    def required(self) -> Column:
        """The same column in a table where it must have a value."""
        return replace(self, is_required=True)

    def meaning_here(self, meaning: str) -> Column:
        """The same column with a word on what it means in one table."""
        return replace(self, meaning=meaning)


@dataclass(frozen=True, slots=True)
class Table:
    """One table: schema-qualified name, the question or thing, its grain, key and columns.

    ``row_rules`` are conditions over several columns that every row must keep, as
    (reason, SQL condition in the dialect both engines share). ``tolerated_share`` is the share of
    rows of one batch that may be set aside before the batch as a whole is refused.
    """

    schema: str
    name: str
    title: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    warning: str | None = None
    tolerated_share: float = 0.0
    row_rules: tuple[tuple[str, str], ...] = field(default=())

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.name} names a column twice")
        if missing := set(self.key) - set(names):
            raise ValueError(f"{self.name} has no key column {sorted(missing)}")

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in the table's order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")


def table(
    schema: str,
    name: str,
    title: str,
    grain: str,
    key: Iterable[str],
    columns: Iterable[Column],
    *,
    warning: str | None = None,
    tolerated_share: float = 0.0,
    row_rules: Iterable[tuple[str, str]] = (),
) -> Table:
    """A Table whose key columns are required."""
    keys = tuple(key)
    return Table(
        schema=schema,
        name=name,
        title=title,
        grain=grain,
        key=keys,
        columns=tuple(c.required() if c.name in keys else c for c in columns),
        warning=warning,
        tolerated_share=tolerated_share,
        row_rules=tuple(row_rules),
    )
