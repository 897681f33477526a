"""The rows of one report, kept out of memory until they are proved, and their exact sums."""

from __future__ import annotations

import logging
import marshal
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import Any

from include.sources import Record, SourceUnavailable, Window

log = logging.getLogger(__name__)

FIGURES = ("spend", "impressions", "clicks")
ACTIONS = ("actions", "action_values")

_IN_MEMORY = 4 * 2**20  # bytes of rows; what is more goes to a temporary file
_MOST = 10**14  # what the columns hold
_MONEY = ("spend", "action_values")
# Rows carry money rounded to the cent, totals the rounded sum.
_ROUNDED, _MOST_ROUNDED = Decimal("0.005"), Decimal("0.5")


class Rows:
    """The rows of one slice, each once; spooled, so that their number costs only their keys.

    ``what`` names the slice in sentences, ``identifier`` the field that tells rows of one day apart
    (None: there is one row a day).
    """

    def __init__(
        self, what: str, identifier: str | None, measures: Sequence[str], window: Window
    ) -> None:
        self.count = 0
        self.sums = Sums(what)
        self._what, self._identifier, self._measures = what, identifier, tuple(measures)
        self._first, self._last = window.first.isoformat(), window.last.isoformat()
        self._seen: dict[str, set[Any]] = {}  # by day, the ids that it has
        self._ids: dict[Any, Any] = {}  # each id once in memory, whatever its number of days
        self._file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (closed by close)
        self._lengths: list[int] = []

    def key(self, row: Record) -> tuple[str, Any]:
        """What tells a row apart: its day and id."""
        return str(row.get("date_start")), row.get(self._identifier) if self._identifier else None

    def add(self, page: list[Record]) -> None:
        """A page of rows. Meta at times serves one twice: each row is kept once.

        Raises SourceUnavailable when a row comes twice with other figures, is of a day that was not
        asked for, or has a figure that cannot be read or be true.
        """
        fresh: dict[tuple[str, Any], Record] = {}
        again: dict[tuple[str, Any], Record] = {}
        for row in page:
            key = day, identifier = self.key(row)
            if not self._first <= day <= self._last:
                raise SourceUnavailable(f"Facebook {self._what}: a row of {day} came unasked")
            seen = self._seen.get(day)
            if seen is None:
                seen = self._seen[day] = set()
            if key in fresh:
                if fresh[key] != row:
                    raise self._moved(key)
            elif identifier in seen:
                again[key] = row
            else:
                fresh[key] = row
                seen.add(self._ids.setdefault(identifier, identifier))
        if again:
            self._check_repeated(again)
        rows = list(fresh.values())
        self.sums.add(rows, self._measures)
        self.count += len(rows)
        text = marshal.dumps(rows)
        self._file.write(text)
        self._lengths.append(len(text))

    def __iter__(self) -> Iterator[Record]:
        self._file.seek(0)
        for length in self._lengths:
            yield from marshal.loads(self._file.read(length))  # our own file, written above
        self._file.seek(0, 2)

    def close(self) -> None:
        """Gives the temporary file back."""
        self._file.close()

    def _check_repeated(self, again: dict[tuple[str, Any], Record]) -> None:
        for row in self:
            if (key := self.key(row)) in again and again[key] != row:
                raise self._moved(key)
        log.warning("Facebook gave %d records twice; each is kept once", len(again))

    def _moved(self, key: tuple[str, Any]) -> SourceUnavailable:
        day, identifier = key
        return SourceUnavailable(
            f"Facebook gave {identifier or self._what}, {day} twice with different figures: they "
            "moved while being read"
        )


class Sums:
    """Exact sums of measures; of actions by their type. ``what`` names them in sentences."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._sums: dict[tuple[str, str], Decimal] = {}  # by measure, and action type or ""

    def add(self, rows: Iterable[Record], measures: Iterable[str]) -> None:
        """Adds rows up. Raises SourceUnavailable for a figure that is none, or cannot be true."""
        for name in measures:
            sums: dict[str, Decimal] = {}
            row: Record = {}
            try:
                if name in ACTIONS:
                    for row in rows:
                        for entry in row.get(name) or ():
                            kind = entry["action_type"]
                            sums[kind] = sums.get(kind, 0) + _amount(entry["value"])
                elif name == "spend":
                    total = Decimal(0)
                    for row in rows:
                        total += _amount(row[name])
                    sums[""] = total
                else:  # Meta leaves out counts that are zero, never spend
                    count = 0
                    for row in rows:
                        count += _count(row.get(name, "0"))
                    sums[""] = Decimal(count)
            except (ArithmeticError, ValueError, TypeError, LookupError, AttributeError):
                raise self._impossible(row, name) from None
            for kind, value in sums.items():
                self._put(name, kind, value)

    def plus(self, other: Sums) -> Sums:
        """The sums of both."""
        both = Sums(self.what)
        for sums in (self, other):
            for (name, kind), value in sums._sums.items():
                both._put(name, kind, value)
        return both

    def difference(self, totals: Sums, count: int) -> tuple[str, str, Decimal, Decimal] | None:
        """The first sum over ``count`` rows that is not the total: measure, action type, ours and
        the total. Plain figures come before actions. Money may differ by half a cent a row, and by
        half a unit in all."""
        rounding = min(_MOST_ROUNDED, _ROUNDED * (count + 1))
        keys = self._sums.keys() | totals._sums.keys()
        for name, kind in sorted(keys, key=lambda key: (key[0] in ACTIONS, key)):
            ours = self._sums.get((name, kind), Decimal(0))
            theirs = totals._sums.get((name, kind), Decimal(0))
            if abs(ours - theirs) > (rounding if name in _MONEY else 0):
                return name, kind, ours, theirs
        return None

    def _put(self, name: str, kind: str, value: Decimal) -> None:
        self._sums[name, kind] = self._sums.get((name, kind), Decimal(0)) + value

    def _impossible(self, row: Record, name: str) -> SourceUnavailable:
        ids = [str(row[each]) for each in ("ad_id", "campaign_id", "date_start") if row.get(each)]
        return SourceUnavailable(
            f"Facebook {self.what}: {name} of {', '.join(ids) or 'all'} is {row.get(name)!r}, "
            "which cannot be"
        )


def _amount(value: Any) -> Decimal:
    """Raises ArithmeticError, TypeError or ValueError for what is no amount of money or number."""
    amount = Decimal(value)
    if not -_MOST < amount < _MOST:
        raise ValueError("no column holds it")
    return amount


def _count(value: Any) -> int:
    number = int(value)
    if number < 0 or (isinstance(value, str) and not value.isdecimal()):
        raise ValueError("no count")
    return number
