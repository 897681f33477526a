"""Exchange rates, rounding, and sharing out to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from tests.opinion.world import Rows, World

DAYS_BACK = 7


def rounded(value: Fraction | Decimal | int, digits: int) -> Decimal:
    """Half away from zero, as SQL rounds decimals."""
    exact = Fraction(value)
    scaled = abs(exact) * 10**digits
    whole = int(scaled + Fraction(1, 2))
    with localcontext() as context:
        context.prec = 60
        return Decimal(whole if exact >= 0 else -whole).scaleb(-digits)


def _by_day(rows: Rows) -> dict[tuple[str, date], Decimal]:
    return {(row["currency_code"], row["rate_date"]): row["rate"] for row in rows}


@lru_cache
def _delivered() -> dict[tuple[str, date], Decimal]:
    """The repository's own rates, read once."""
    return _by_day(World({}).rows("seed_currency_rates"))


class Rate(NamedTuple):
    """What a unit of a currency is worth: as told, its day, and unrounded, as amounts use it."""

    told: Decimal
    day: date
    exact: Fraction

    def of(self, amount: Decimal, digits: int) -> Decimal:
        """An amount in the reporting currency, rounded once."""
        return rounded(Fraction(amount) * self.exact, digits)


class Rates:
    """How many units of the reporting currency one unit of a currency is, day by day."""

    def __init__(self, world: World) -> None:
        self._base = world.settings["reporting_currency"]
        self._known = (
            _by_day(world.rows("seed_currency_rates"))
            if "seed_currency_rates" in world.given
            else _delivered()
        )
        self._found: dict[tuple[str, date], Rate | None] = {}

    def of(self, currency: str, day: date) -> Rate | None:
        """The rate of a day: the last business day's, at most seven days back; None if unknown."""
        if (currency, day) not in self._found:
            self._found[currency, day] = self._look_up(currency, day)
        return self._found[currency, day]

    def _look_up(self, currency: str, day: date) -> Rate | None:
        if currency == self._base:
            return Rate(Decimal(1), day, Fraction(1))
        ours, theirs = self._per_euro(self._base, day), self._per_euro(currency, day)
        if ours is None or theirs is None:
            return None
        exact = Fraction(ours[0]) / Fraction(theirs[0])
        return Rate(rounded(exact, 10), min(ours[1] or day, theirs[1] or day), exact)

    def _per_euro(self, currency: str, day: date) -> tuple[Decimal, date | None] | None:
        if currency == "EUR":
            return Decimal(1), None
        for back in range(DAYS_BACK + 1):
            published = day - timedelta(back)
            if (currency, published) in self._known:
                return self._known[currency, published], published
        return None


def shared_out(whole: int, shares: Sequence[Fraction | int]) -> list[int]:
    """A whole number in parts as the shares are to one another: largest remainders get the rest.

    The sign is put aside and back; ties go to the earlier share.
    """
    total = sum(shares)
    exact = [Fraction(abs(whole)) * share / total for share in shares]
    parts = [int(part) for part in exact]
    left = abs(whole) - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda n: (parts[n] - exact[n], n))
    for place in by_remainder[:left]:
        parts[place] += 1
    return parts if whole >= 0 else [-part for part in parts]


def amount_shared_out(
    amount: Decimal | None, weights: Sequence[Fraction | int]
) -> list[Decimal | None]:
    """An amount in cents, shared out; an unknown amount stays unknown."""
    if amount is None:
        return [None] * len(weights)
    return [Decimal(cents).scaleb(-2) for cents in shared_out(int(amount.scaleb(2)), weights)]
