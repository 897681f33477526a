"""The frame of an invented world: its days, its clock, its chance, its record versions.

Days are proleptic ordinals (`date.toordinal`), instants are whole seconds since 1970 UTC: both are
cheap, and neither depends on the machine. Chance comes from `random.Random` seeded with a text per
part, so that a change in one part leaves the others alone; only `random()` and what Python derives
from it by exact arithmetic is used, never a logarithm or a sine, whose last bit differs by library.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from include.sandbox.generator.companies import Company

Record = dict[str, Any]
State = tuple[int, Record]

HOUR = 3_600
DAY = 86_400
AS_OF = date(2026, 11, 20)
COMPANY = "Fernhill Software GmbH"
DOMAIN = "fernhill.example"
TIME_ZONE = "Europe/Berlin"
CURRENCY = "EUR"
# Units of each currency for one euro: only to size budgets and prices, never published as a rate.
PER_EURO = {"EUR": 1.0, "USD": 1.1, "GBP": 0.86}

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Frame:
    """What is generated: how much of it, from which first day, up to which instant.

    `months` counts calendar months back from the as-of day, that month included; ad days run from
    the first of the first month to the day before the as-of day. `company` is None for the usual
    one.
    """

    seed: int
    months: int
    scale: float
    company: "Company | None" = None

    @property
    def first_day(self) -> int:
        """The ordinal of the first of the first month."""
        month = AS_OF.year * 12 + AS_OF.month - 1 - (self.months - 1)
        return date(month // 12, month % 12 + 1, 1).toordinal()

    @property
    def last_day(self) -> int:
        """The ordinal of the last whole ad day: the one before the as-of day."""
        return AS_OF.toordinal() - 1

    @property
    def days(self) -> int:
        """How many ad days there are."""
        return self.last_day - self.first_day + 1

    @property
    def clock(self) -> int:
        """The instant the world stands at: the as-of day, 12:00 UTC."""
        return instant(AS_OF.toordinal(), 12 * HOUR)

    def chance(self, part: str) -> Random:
        """The source of chance of one part."""
        return Random(f"{self.seed}/{part}")

    def count(self, whole: int) -> int:
        """A number meant for 24 months at scale 1, brought to these months and this scale."""
        return max(1, round(whole * self.scale * self.months / 24))

    def versions(self, states: Sequence[State], until: int | None = None) -> Iterator[Record]:
        """The lines of one record: each state is known from its instant to the next one's.

        `states` are (instant, record) in order of time; those after the clock are left out. `until`
        ends the last of them (a record that vanishes without a tombstone).
        """
        known = [state for state in states if state[0] <= self.clock]
        for place, (since, record) in enumerate(known):
            line = {**record, "_known_from": iso(since)}
            end = known[place + 1][0] if place + 1 < len(known) else until
            if end is not None and end <= self.clock:
                line["_known_until"] = iso(end)
            yield line


def instant(day: int, second: int = 0) -> int:
    """The UTC instant at a second of a day."""
    return (day - _EPOCH) * DAY + second


def day_of(moment: int) -> int:
    """The UTC day of an instant."""
    return moment // DAY + _EPOCH


def midnight(day: int) -> int:
    """The instant at which a day begins in the company's time zone."""
    return int(datetime.combine(date.fromordinal(day), time(), ZoneInfo(TIME_ZONE)).timestamp())


def local_day_of(moment: int) -> int:
    """The company's day of an instant."""
    return datetime.fromtimestamp(moment, ZoneInfo(TIME_ZONE)).toordinal()


@cache
def day_text(day: int) -> str:
    """YYYY-MM-DD."""
    return date.fromordinal(day).isoformat()


@cache
def month_of(day: int) -> int:
    """1 to 12."""
    return date.fromordinal(day).month


def _clock_text(moment: int) -> str:
    minutes, second = divmod(moment % DAY, 60)
    return f"{day_text(day_of(moment))}T{minutes // 60:02}:{minutes % 60:02}:{second:02}"


def iso(moment: int) -> str:
    """2026-01-01T10:00:00Z."""
    return f"{_clock_text(moment)}Z"


def offset_time(moment: int) -> str:
    """2026-01-01T10:00:00+0000, as Meta writes instants."""
    return f"{_clock_text(moment)}+0000"


def salesforce_time(moment: int) -> str:
    """2026-01-01T10:00:00.000+0000, as Salesforce writes instants."""
    return f"{_clock_text(moment)}.000+0000"


def working_time(rng: Random, day: int) -> int:
    """An instant between 08:00 and 17:00 UTC: office hours that are one day in every zone used."""
    return instant(day, 8 * HOUR + int(rng.random() * 9 * HOUR))


def noise(rng: Random, width: float) -> float:
    """A factor around 1, bell-shaped, within 1 ± 1.5 × width."""
    return 1 + width * (rng.random() + rng.random() + rng.random() - 1.5)


def skewed(rng: Random, low: float, high: float, power: int = 2) -> float:
    """Between low and high, nearer to low the greater the power."""
    share: float = rng.random() ** power
    return low + (high - low) * share


# How lively business is, by month (January first) and weekday (Monday first).
MONTHS = (0.95, 1.0, 1.08, 0.98, 1.0, 1.02, 0.82, 0.72, 1.12, 1.15, 1.12, 0.65)
WEEKDAYS = (1.1, 1.15, 1.12, 1.08, 0.95, 0.5, 0.45)


def season(day: int) -> float:
    """The factor of a day: month times weekday."""
    return MONTHS[month_of(day) - 1] * WEEKDAYS[(day - 1) % 7]


def money(cents: int) -> str:
    """Cents as decimal text with two places."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"
