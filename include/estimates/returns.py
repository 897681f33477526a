"""What a campaign's return on spend is likely to be, from the little that five deals tell.

Return is leads per spend, times deals per lead, times value per deal. Each is learned from the
campaign's own mature cohorts, held against what its channel and network show without it:

- leads per spend: Poisson, the prior a gamma worth LEADS_OF_PRIOR leads at the others' rate;
- deals per lead: binomial, the prior a beta worth TRIALS_OF_PRIOR leads at the others' rate;
- value per deal: log-normal, the mean of the logarithms held against DEALS_OF_PRIOR deals at the
  others' mean, their variance that of all deals.

No draws: the chance is an integral over quantiles, the same on every run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv, ndtr

LEADS_OF_PRIOR = 3.0
TRIALS_OF_PRIOR = 30.0
DEALS_OF_PRIOR = 3.0
_POINTS, _NEIGHBOURS = 32, 8
_LEAST_VARIANCE = 0.05
"""Of log amounts: deals that all have one price still differ in the next."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What spend brought. Deals may be parts of deals, as a model credits them; ``logs`` and
    ``log_squares`` sum the natural logarithms of their amounts, and their squares."""

    spend: float = 0.0
    leads: float = 0.0
    deals: float = 0.0
    logs: float = 0.0
    log_squares: float = 0.0

    def plus(self, other: Evidence) -> Evidence:
        """Both together."""
        return self._with(other, 1.0)

    def less(self, other: Evidence) -> Evidence:
        """This without that part of it; nothing falls below zero by rounding."""
        return self._with(other, -1.0)

    def _with(self, other: Evidence, sign: float) -> Evidence:
        return Evidence(
            max(self.spend + sign * other.spend, 0.0),
            max(self.leads + sign * other.leads, 0.0),
            max(self.deals + sign * other.deals, 0.0),
            self.logs + sign * other.logs,
            self.log_squares + sign * other.log_squares,
        )


@dataclass(frozen=True, slots=True)
class Rates:
    """Leads per spend, deals per lead, the mean of log amounts, and their variance."""

    leads_per_spend: float
    deals_per_lead: float
    log_mean: float
    log_variance: float


def rates_of(evidence: Evidence) -> Rates | None:
    """What evidence shows by itself; None where it shows no lead or no deal."""
    if not (evidence.spend > 0 and evidence.leads > 0 and evidence.deals > 0):
        return None
    mean = evidence.logs / evidence.deals
    variance = evidence.log_squares / evidence.deals - mean * mean
    return Rates(
        evidence.leads / evidence.spend,
        min(evidence.deals / evidence.leads, 0.999),
        mean,
        max(variance, _LEAST_VARIANCE),
    )


def shrunk(evidence: Evidence, towards: Rates) -> Rates:
    """What evidence shows, held against others': the mean of each posterior."""
    return Rates(
        (evidence.leads + LEADS_OF_PRIOR)
        / (evidence.spend + LEADS_OF_PRIOR / towards.leads_per_spend),
        (evidence.deals + TRIALS_OF_PRIOR * towards.deals_per_lead)
        / (max(evidence.leads, evidence.deals) + TRIALS_OF_PRIOR),
        (evidence.logs + DEALS_OF_PRIOR * towards.log_mean) / (evidence.deals + DEALS_OF_PRIOR),
        towards.log_variance,
    )


def worth_of_lead(evidence: Evidence, towards: Rates) -> tuple[float, float]:
    """Won revenue that a lead brings in the end: its mean and its mean square."""
    won = evidence.deals + TRIALS_OF_PRIOR * towards.deals_per_lead
    lost = max(evidence.leads - evidence.deals, 0.0) + TRIALS_OF_PRIOR * (
        1 - towards.deals_per_lead
    )
    value = shrunk(evidence, towards)
    rate = won / (won + lost)
    rate_squared = rate * (won + 1) / (won + lost + 1)
    amount = math.exp(value.log_mean + value.log_variance / 2)
    unsure = value.log_variance / (evidence.deals + DEALS_OF_PRIOR)
    return rate * amount * math.exp(unsure / 2), rate_squared * amount**2 * math.exp(2 * unsure)


class Returns:
    """The posterior of won revenue per spend."""

    def __init__(self, evidence: Evidence, towards: Rates) -> None:
        shape = evidence.leads + LEADS_OF_PRIOR
        rate = evidence.spend + LEADS_OF_PRIOR / towards.leads_per_spend
        won = evidence.deals + TRIALS_OF_PRIOR * towards.deals_per_lead
        lost = max(evidence.leads - evidence.deals, 0.0) + TRIALS_OF_PRIOR * (
            1 - towards.deals_per_lead
        )
        places = _midpoints()
        leads: Floats = np.log(gammaincinv(shape, places) / rate)
        # Of a beta of a tiny part the least quantiles are below what a float can hold.
        deals: Floats = np.log(np.maximum(betaincinv(won, lost, places), 1e-300))
        value = shrunk(evidence, towards)
        worth = value.log_mean + value.log_variance / 2
        sums: Floats = np.sort((leads[:, None] + deals[None, :]).ravel()) + worth
        # Neighbours are all but equal, and the spread of the value is wider than what parts them.
        self._logs: Floats = sums.reshape(-1, _NEIGHBOURS).mean(axis=1)
        self._deviation = math.sqrt(value.log_variance / (evidence.deals + DEALS_OF_PRIOR))
        self.value = math.exp(worth)

    def chance_above(self, returned: float) -> float:
        """How likely a euro brings more than so much."""
        if returned <= 0:
            return 1.0
        far: Any = ndtr((self._logs - math.log(returned)) / self._deviation)
        return float(far.mean())

    def quantile(self, chance: float) -> float:
        """What a euro brings no more than, so likely."""
        low = float(self._logs.min()) - 8 * self._deviation
        high = float(self._logs.max()) + 8 * self._deviation
        for _ in range(50):
            middle = (low + high) / 2
            if 1 - self.chance_above(math.exp(middle)) < chance:
                low = middle
            else:
                high = middle
        return math.exp((low + high) / 2)


@cache
def _midpoints() -> Floats:
    points: Floats = (np.arange(_POINTS) + 0.5) / _POINTS
    return points
