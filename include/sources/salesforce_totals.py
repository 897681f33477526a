"""What was read of Salesforce against what Salesforce tells of the same: number and sums."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from include.sources import Record, SourceUnavailable
from include.sources.salesforce_fields import NOTHING
from include.sources.salesforce_objects import ID

_IN_MEMORY, _LINES_AT_ONCE = 4 * 2**20, 2_000
_HALF_A_CENT = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class Totals:
    """How many records match a condition, and the sum of each figure over them."""

    count: int
    sums: Mapping[str, Decimal]

    def agree(self, other: Totals) -> bool:
        """Whether both tell the same, as far as both sum a figure. Salesforce sums in binary
        floating point, so sums may differ in their sixteenth digit."""
        return self.count == other.count and all(
            abs(self.sums[name] - other.sums[name])
            <= max(_HALF_A_CENT, abs(other.sums[name]).scaleb(-12))
            for name in self.sums.keys() & other.sums.keys()
        )


class Taken:
    """The ids and figures of what was read, out of memory's way."""

    def __init__(self, figures: tuple[str, ...]) -> None:
        self._figures = figures
        self._count, self._sums = 0, [Decimal(0)] * len(figures)
        self._unwritten: list[str] = []
        self._lines = tempfile.SpooledTemporaryFile(  # noqa: SIM115 (lives as long as this does)
            _IN_MEMORY, "w+", encoding="ascii", newline="\n"
        )

    def add(self, row: Record) -> str:
        """Count one record; its figures become exact decimals, and are given as a text."""
        self._count += 1
        figures = ""
        for n, name in enumerate(self._figures):
            value = row.get(name)
            if value in NOTHING:
                figures += "\t"
            else:
                row[name] = value = decimal_of(value)
                self._sums[n] += value
                figures += f"\t{value}"
        self._unwritten.append(f"{row[ID]}{figures}\n")
        if len(self._unwritten) == _LINES_AT_ONCE:
            self._write()
        return figures

    def _write(self) -> None:
        self._lines.write("".join(self._unwritten))
        self._unwritten.clear()

    @property
    def totals(self) -> Totals:
        """Those of all that was read."""
        return Totals(self._count, dict(zip(self._figures, self._sums, strict=True)))

    def without(self, moved: set[str]) -> Totals:
        """Those of all but some."""
        left = [decimal_of(0)] * len(self._figures)
        count = 0
        for record_id, figures in self.lines().items():
            if record_id not in moved:
                count += 1
                for n, value in enumerate(figures.split("\t")[1:]):
                    left[n] += Decimal(value or 0)
        return Totals(count, dict(zip(self._figures, left, strict=True)))

    def lines(self) -> dict[str, str]:
        """Each record's id and figures, as ``add`` gave them."""
        self._write()
        self._lines.seek(0)
        parts = (line.rstrip("\n").partition("\t") for line in self._lines)
        return {record_id: tab + figures for record_id, tab, figures in parts}


def decimal_of(value: Any) -> Decimal:
    """A number as the API gave it; SourceUnavailable for what is none."""
    try:
        return value if isinstance(value, Decimal) else Decimal(str(value))
    except ArithmeticError:
        raise SourceUnavailable(f"Salesforce gave {value!r} where a number stands") from None
