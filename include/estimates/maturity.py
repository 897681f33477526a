"""How long it is to each outcome and what share comes to it, from people and deals of all ages.

Whoever came yesterday says nothing of what happens within a year: curves are cumulative incidences
(Kaplan-Meier; with two ways to end, Aalen-Johansen), in which each counts for the days it has had.
A channel of few events leans on all channels together, the more the fewer they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = Mapping[str, Any]
Values = NDArray[np.float64]

LEAN = 30
"""Events of its own at which a channel's curve counts as much as that of all channels."""
FEWEST_WINS = 10
"""Deals won below which nothing is projected."""
HALVES_IN_DAYS = 365
"""People seen so much longer ago count half where it is told what is to come: delays change."""
WITHIN = 0.8
"""The share of what may come that lies within an interval."""


@dataclass(frozen=True)
class Curve:
    """A share that grows with the days: ``shares[i]`` from ``days[i]`` on, nothing before."""

    days: Values
    shares: Values

    def at(self, days: Values | float) -> Values:
        """The share after so many days."""
        place = np.searchsorted(self.days, days, side="right")
        return np.concatenate([[0.0], self.shares])[place]

    @property
    def final(self) -> float:
        """The share in the end, as far as anybody has seen."""
        return float(self.shares[-1]) if len(self.shares) else 0.0


def mixed(own: Curve, all_together: Curve, events: float, factor: float = 1.0) -> Curve:
    """A channel's curve leaning on that of all channels, which ``factor`` brings to its level."""
    weight = events / (events + LEAN)
    days = np.union1d(own.days, all_together.days)
    shares = weight * own.at(days) + (1 - weight) * factor * all_together.at(days)
    return Curve(days, shares)


def incidences(spells: Iterable[tuple[float, int, float]]) -> tuple[Curve, Curve]:
    """The curves of the first and the second way to end, from (days, way, count); 0 is no end."""
    from statsmodels.duration.survfunc import CumIncidenceRight

    table = np.array([spell for spell in spells if spell[2] > 0], dtype=float).reshape(-1, 3)
    nothing = Curve(np.empty(0), np.empty(0))
    if not (table[:, 1] > 0).any():
        return nothing, nothing
    found = CumIncidenceRight(table[:, 0], table[:, 1].astype(int), freq_weights=table[:, 2])
    curves = [Curve(found.times, shares) for shares in found.cinc]
    return curves[0], curves[1] if len(curves) > 1 else nothing


def recency(ages: Values | float) -> Values:
    """How much people of these ages count.

    What happened to them ``d`` days after the touch was ``age - d`` days ago. All who are compared
    on that day share ``d``: to weigh people by their age is to weigh by when it happened.
    """
    return np.asarray(0.5 ** (np.asarray(ages, dtype=float) / HALVES_IN_DAYS))


def since_touch(
    people: Sequence[Row], events: Sequence[Row], days_of: str = "delay", *, is_recent: bool = False
) -> Curve:
    """The share of people that came to an event, by days since the first touch.

    ``events`` are rows of those people with their delay; ``open`` adds a deal's time to its close.
    ``is_recent``: those seen lately count for more.
    """
    waiting: dict[int, float] = {}
    for row in people:
        waiting[row["age_days"]] = waiting.get(row["age_days"], 0.0) + row["people_or_deals"]
    spells = []
    for row in events:
        count = row["customers"] if days_of == "open" else row["people_or_deals"]
        days = row["delay_days"] + (row["open_days"] if days_of == "open" else 0)
        spells.append((float(days), 1, float(count) * _weight(row["age_days"], is_recent)))
        # a deal of a person who is not told has nobody to take away
        waiting[row["age_days"]] = max(waiting.get(row["age_days"], 0.0) - count, 0.0)
    spells += [
        (float(age), 0, count * _weight(age, is_recent)) for age, count in sorted(waiting.items())
    ]
    return incidences(spells)[0]


def _weight(age: float, is_recent: bool) -> float:
    return float(recency(age)) if is_recent else 1.0


@dataclass(frozen=True)
class Deals:
    """What becomes of deals by the days they are open, of one channel or of all."""

    won: Curve
    lost: Curve
    wins: float
    decided: float

    def wins_yet(self, days: float) -> float:
        """The chance that a deal still open after so many days is won."""
        left = 1.0 - float(self.won.at(days)) - float(self.lost.at(days))
        return max(self.won.final - float(self.won.at(days)), 0.0) / left if left > 0.001 else 0.0

    def leaning_on(self, all_together: Deals) -> Deals:
        """The same, leaning on all channels."""
        return Deals(
            mixed(self.won, all_together.won, self.decided),
            mixed(self.lost, all_together.lost, self.decided),
            self.wins,
            self.decided,
        )


WAYS = {"open": 0, "won": 1, "lost": 2}


def deals_of(rows: Sequence[Row]) -> Deals:
    """The course of these deals."""
    won, lost = incidences(
        (float(row["open_days"]), WAYS[row["outcome"]], float(row["people_or_deals"]))
        for row in rows
    )
    wins = sum(row["people_or_deals"] for row in rows if row["outcome"] == "won")
    losses = sum(row["people_or_deals"] for row in rows if row["outcome"] == "lost")
    return Deals(won, lost, float(wins), float(wins + losses))


def count_bounds(mean: float, variance: float) -> tuple[int, int]:
    """The whole numbers between which a count of that mean and variance lies with about 80 %.

    Of the likeliest numbers as many as come nearest to it: a few counts leave no exact choice.
    """
    from scipy.stats import binom, nbinom, poisson

    if mean <= 0 or variance <= 0:
        return round(mean), round(mean)
    if variance > mean * 1.001:
        law = nbinom(mean**2 / (variance - mean), mean / variance)
    elif variance < mean * 0.999:
        tries = math.ceil(mean**2 / (mean - variance))
        law = binom(tries, mean / tries)
    else:
        law = poisson(mean)
    chances = law.pmf(np.arange(int(mean + 6 * variance**0.5) + 3))
    low = high = int(chances.argmax())
    held = float(chances[low])
    while True:
        below = float(chances[low - 1]) if low else 0.0
        above = float(chances[high + 1]) if high + 1 < len(chances) else 0.0
        more = max(below, above)
        if not more or abs(held + more - WITHIN) >= abs(held - WITHIN):
            return low, high
        held += more
        low, high = (low - 1, high) if below >= above else (low, high + 1)


def money_bounds(mean: float, variance: float, none: float) -> tuple[float, float]:
    """What is to come lies between these with 80 %: nothing with the chance ``none``, else a gamma.

    Where nothing is likelier than one in ten, the interval begins there.
    """
    from scipy.stats import gamma

    if mean <= 0 or variance <= 0 or none >= WITHIN:
        return 0.0, 0.0
    something = 1 - none
    within = mean / something
    spread = max(variance / something - none * within**2, variance * 0.05)
    law = gamma(within**2 / spread, scale=spread / within)
    if none > (1 - WITHIN) / 2:
        return 0.0, float(law.ppf((WITHIN - none) / something))
    low = (1 - WITHIN) / 2
    return float(law.ppf((low - none) / something)), float(law.ppf((1 - low - none) / something))
