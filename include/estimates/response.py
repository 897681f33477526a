"""How a channel's leads answer to its spend, from its past: a curve that bends, with carry-over.

Leads of a week come by chance around ``season x most x pressure / (half + pressure)``. Pressure is
spend of which a part stays from each day to the next, so spend that lasts is a pressure as high.
``most`` is what no spend exceeds, ``half`` the spend a day that brings half of it. What the leads
and the spend of the past say of both is weighed over a grid: no draws, the same on every run.

A channel whose spend hardly moved tells nothing of what more or less would bring; nothing is made
up for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

Values = NDArray[np.float64]

WEEK, FOUR_WEEKS = 7, 28
PRESENT_DAYS = 91
"""The days before the as-of day whose mean spend is called present."""
FEWEST_DAYS = 364
"""Days of spend below which seasons cannot be told from spend."""
FEWEST_LEADS = 100
LEAST_MOVED = 0.15
"""How far four weeks' spend lies from its own trend and season, as a standard deviation of its
logarithm, below which it hardly moved."""
_CARRIED = np.array([0.0, 0.3, 0.5, 0.65, 0.75, 0.82, 0.87, 0.91, 0.94])
"""What stays from one day to the next: half of it is done at once, or in up to eleven days."""
_HALVES = np.exp(np.linspace(np.log(0.1), np.log(30), 45))
"""Where the curve may bend, per mean spend."""
_LEAN = 1.0
"""What is taken for granted of the bend: the logarithm of half per mean spend is normal around 0
with this deviation."""
_SEASON_LEAN = 20.0
"""Leads of its own at which a month's season counts as much as no season."""
_ROUNDS = 3
_UNLIKELY = 1e-5


@dataclass(frozen=True)
class Course:
    """A channel's days, from the first with spend to the last that is over."""

    spend: Values
    leads: Values
    months: NDArray[np.int64]

    @property
    def present(self) -> float:
        """Mean spend a day of late."""
        return float(self.spend[-PRESENT_DAYS:].mean()) if len(self.spend) else 0.0

    @property
    def four_weeks(self) -> Values:
        """Mean spend a day of each four weeks on end, the last of them the latest."""
        return _summed(self.spend, FOUR_WEEKS) / FOUR_WEEKS


@dataclass(frozen=True)
class Response:
    """What the curve may be: each possibility with its weight."""

    most: Values
    half: Values
    kept: Values
    weights: Values
    unsure: float
    """Variance of ``most``, per its square, where half and carry-over are known."""

    def leads(self, spend: float) -> tuple[float, float]:
        """Leads a day of a usual season at a spend a day that lasts: mean and mean square."""
        found = self._at(spend)
        return self._mean(found), self._mean(found * found) * (1 + self.unsure)

    def gain(self, spend: float, instead_of: float) -> tuple[float, float]:
        """Leads a day more than at another spend: mean and mean square."""
        more = self._at(spend) - self._at(instead_of)
        return self._mean(more), self._mean(more * more) * (1 + self.unsure)

    def slope(self, spend: float) -> float:
        """Leads that the next unit of spend brings, on the mean."""
        return self._mean(self.most * self.half / (self.half + spend) ** 2)

    def bends(self, chance: float) -> float:
        """The half that is not passed, so likely."""
        return _quantile(self.half, self.weights, chance)

    @property
    def carry_over(self) -> float:
        """The mean of what stays from one day to the next."""
        return self._mean(self.kept)

    def _at(self, spend: float) -> Values:
        return np.asarray(self.most * spend / (self.half + spend), dtype=float)

    def _mean(self, values: Values) -> float:
        return float((self.weights * values).sum())


def refusal(course: Course) -> str | None:
    """Why a channel's curve cannot be told from its past; None where it can."""
    if len(course.spend) < FEWEST_DAYS:
        return f"{len(course.spend)} days of spend; fewer than {FEWEST_DAYS} hide the seasons"
    if course.present <= 0:
        return f"nothing was spent in the last {PRESENT_DAYS} days"
    leads = int(course.leads.sum())
    if leads < FEWEST_LEADS:
        return f"{leads} leads so far; fewer than {FEWEST_LEADS} tell too little"
    if moved(course) < LEAST_MOVED:
        return (
            f"its spend has hardly moved but with the trend and the seasons (by "
            f"{100 * moved(course):.0f} % between four weeks and others; it takes "
            f"{100 * LEAST_MOVED:.0f} %)"
        )
    return None


def moved(course: Course) -> float:
    """How far spend moved besides a steady trend and the months of the year."""
    spent = course.four_weeks
    known = spent > 0
    if known.sum() < 3:
        return 0.0
    ends = course.months[::-1][: len(spent) * FOUR_WEEKS : FOUR_WEEKS][::-1]
    logs, months = np.log(spent[known]), ends[known]
    place = np.flatnonzero(known).astype(float)
    # A month seen in one year alone would explain whatever it held.
    repeated = [month for month in np.unique(months) if (months == month).sum() > 1]
    sides = [np.ones(len(logs)), place, *((months == month) * 1.0 for month in repeated[1:])]
    table = np.stack(sides, axis=1)
    left = logs - table @ np.linalg.lstsq(table, logs, rcond=None)[0]
    free = len(logs) - np.linalg.matrix_rank(table)
    return float(np.sqrt((left**2).sum() / free)) if free > 0 else 0.0


def responses(courses: dict[str, Course]) -> dict[str, Response]:
    """The curve of each channel that has one, the seasons being those of all of them together."""
    known = {name: each for name, each in courses.items() if refusal(each) is None}
    season = np.ones(12)
    found: dict[str, Response] = {}
    for _ in range(_ROUNDS):
        came, expected = np.zeros(12), np.zeros(12)
        for name, course in sorted(known.items()):
            found[name] = _weighed(course, season)
            told = _expected(course, found[name])
            np.add.at(came, course.months[FOUR_WEEKS:], course.leads[FOUR_WEEKS:])
            np.add.at(expected, course.months[FOUR_WEEKS:], told[FOUR_WEEKS:])
        season = (came + _SEASON_LEAN) / (expected + _SEASON_LEAN)
        season /= season.mean()
    return found


def _pressure(spend: Values, kept: float) -> Values:
    """Spend of which so much stays from each day to the next; it began as its first four weeks."""
    pressure = float(spend[:FOUR_WEEKS].mean())
    found = []
    for day in spend.tolist():
        pressure = kept * pressure + (1 - kept) * day
        found.append(pressure)
    return np.array(found)


def _weighed(course: Course, season: Values) -> Response:
    """Every place of the grid by how likely it makes the leads of the weeks."""
    mean = float(course.spend.mean())
    halves = _HALVES * mean
    by_day = season[course.months]
    came = _weeks(course.leads)
    chances, levels, kept_at, half_at = [], [], [], []
    spread = np.inf
    for kept in _CARRIED:
        pressure = _pressure(course.spend, float(kept))
        shapes = by_day * pressure / (halves[:, None] + pressure)
        weekly = np.stack([_weeks(shape) for shape in shapes])
        level = came.sum() / weekly.sum(axis=1)
        expected = np.maximum(level[:, None] * weekly, 1e-9)
        chances.append((came * np.log(expected) - expected).sum(axis=1))
        spread = min(spread, float(((came - expected) ** 2 / expected).sum(axis=1).min()))
        levels.append(level)
        kept_at.append(np.full(len(halves), kept))
        half_at.append(halves)
    # Weeks differ by more than chance: what the curve leaves unexplained makes all less sure.
    unexplained = max(spread / (len(came) - 3), 1.0)
    prior = -0.5 * (np.log(_HALVES) / _LEAN) ** 2
    logs = np.concatenate([chance / unexplained + prior for chance in chances])
    weights = np.exp(logs - logsumexp(logs))
    likely = weights > _UNLIKELY
    return Response(
        np.concatenate(levels)[likely],
        np.concatenate(half_at)[likely],
        np.concatenate(kept_at)[likely],
        weights[likely] / weights[likely].sum(),
        unexplained / float(came.sum()),
    )


def _expected(course: Course, response: Response) -> Values:
    """Leads of each day at a usual season, on the mean."""
    found = np.zeros(len(course.spend))
    for kept in np.unique(response.kept):
        chosen = response.kept == kept
        pressure = _pressure(course.spend, float(kept))
        shapes = pressure / (response.half[chosen][:, None] + pressure)
        found += ((response.weights * response.most)[chosen][:, None] * shapes).sum(axis=0)
    return found


def _weeks(values: Values) -> Values:
    """Sums of whole weeks, without the first four: what was spent before them is not known."""
    return _summed(values[FOUR_WEEKS:], WEEK)


def _summed(values: Values, length: int) -> Values:
    """Sums of so many days each, counted back from the last."""
    whole = len(values) // length
    return np.asarray(values[len(values) - whole * length :].reshape(whole, length).sum(axis=1))


def _quantile(values: Values, weights: Values, chance: float) -> float:
    order = np.argsort(values, kind="stable")
    passed = np.cumsum(weights[order])
    place = min(int(np.searchsorted(passed, chance)), len(values) - 1)
    return float(values[order][place])
