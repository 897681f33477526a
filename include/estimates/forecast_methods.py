"""How the months ahead are told from the past: three ways.

- ``seasonal_naive``: the same month of the year before.
- ``smoothed``: the level and damped trend of what is left when the season is taken out; a few
  pairs of shares are tried, of each channel or of all of them parted by slow shares.
- ``lag_completed``: open deals and the people of each age bring what such deals and people brought
  before; people still to come, as smoothed.
"""

from __future__ import annotations

import numpy as np

from include.estimates.forecast_history import (
    AHEAD,
    History,
    Values,
    known_at,
)

SEASON_MONTHS = 24
"""Months that are over below which no season is told: one seen once is none."""
SMOOTHINGS = tuple(
    (level, trend, is_shared)
    for level, trend in ((0.05, 0.0), (0.1, 0.0), (0.1, 0.1), (0.25, 0.1))
    for is_shared in (False, True)
)
"""What is tried: shares of the newest month in level and in trend, and whether the sum of all
channels is smoothed so and parted by the channels' slow shares, or each channel."""
SLOW = 0.05
DAMPING = 0.85
LEAN = 20
"""Deals of its own at which a channel counts as much as all channels."""


def _season(total: Values, first_month: int) -> Values:
    """Twelve factors, January first, drawn towards 1 as far as chance alone would part them.

    Each month is held against the mean of the year around it; at the ends, of the nearest.
    """
    months = len(total)
    if months < SEASON_MONTHS or not total.sum():
        return np.ones(12)
    weights = np.full(13, 1 / 12)
    weights[[0, 12]] = 1 / 24
    middle = np.convolve(total, weights, mode="valid")
    level = np.concatenate([np.full(6, middle[0]), middle, np.full(months - 6 - len(middle), 0.0)])
    level[months - 6 :] = middle[-1]
    slope = (middle[-1] - middle[0]) / max(len(middle) - 1, 1)
    reach = np.arange(1, 7)
    level[:6] = np.maximum(middle[0] - slope * reach[::-1], middle[0] / 4)
    level[months - 6 :] = np.maximum(middle[-1] + slope * reach, middle[-1] / 4)
    ratios = total / np.maximum(level, 1e-9)
    calendar = (first_month + np.arange(months)) % 12
    means = np.array([ratios[calendar == month].mean() for month in range(12)])
    rest = ratios - means[calendar]
    counts = np.array([(calendar == month).sum() for month in range(12)])
    noise = float((rest**2).sum() / max(months - 12, 1) / counts.mean())
    spread = float(means.var(ddof=1))
    kept = max(0.0, 1 - noise / spread) if spread else 0.0
    season = 1 + kept * (means - means.mean())
    season = np.clip(season, 0.05, None)
    return season / season.mean()


def smooth(series: Values, level: float, trend: float, damping: float) -> tuple[Values, Values]:
    """Level and trend at the end of each series of a table (Holt's, with a damped trend).

    It begins at the mean of the first six months, without a trend.
    """
    at = series[:, :6].mean(axis=1)
    slope = np.zeros(len(series))
    for month in range(series.shape[1]):
        before = at
        at = level * series[:, month] + (1 - level) * (at + damping * slope)
        slope = trend * (at - before) + (1 - trend) * damping * slope
    return at, slope


def _smoothed(
    series: Values, first_month: int, seasonal: Values, way: tuple[float, float, bool]
) -> Values:
    """AHEAD months of each series: smoothed without the season, with it put back."""
    level, trend, is_shared = way
    months = series.shape[1]
    calendar = (first_month + np.arange(months + AHEAD)) % 12
    even = series / seasonal[calendar[:months]]
    steps = np.cumsum(DAMPING ** np.arange(1, AHEAD + 1))
    smoothed = even.sum(axis=0, keepdims=True) if is_shared else even
    at, slope = smooth(smoothed, level, trend, DAMPING)
    ahead = np.maximum(at[:, None] + slope[:, None] * steps, 0.0)
    if is_shared:
        slow = np.maximum(smooth(even, SLOW, 0.0, DAMPING)[0], 0.0)
        ahead = ahead * (slow / max(float(slow.sum()), 1e-9))[:, None]
    return ahead * seasonal[calendar[months:]]


def _naive(series: Values) -> Values:
    """The same month a year before; beyond twelve months, two years."""
    year = series[:, -12:]
    return np.concatenate([year, year[:, : AHEAD - 12]], axis=1)


def forecasts(history: History, origin: int, metric: str) -> dict[str, Values]:
    """AHEAD months of each channel by each method, from the months before ``origin`` alone."""
    first_month = history.first.month - 1
    known = known_at(history, origin)
    series = known.series(metric)
    if series.shape[1] < 12:
        return {}
    found = {"seasonal_naive": _naive(series)}
    seasonal = _season(series.sum(axis=0), first_month)
    for number, way in enumerate(SMOOTHINGS):
        found[f"smoothed {number}"] = _smoothed(series, first_month, seasonal, way)
    if metric in ("opportunities", "customers", "won_revenue"):
        leads = _smoothed(
            known.leads, first_month, _season(known.leads.sum(axis=0), first_month), SMOOTHINGS[1]
        )
        found["lag_completed"] = _completed(known, leads)[metric]
    return found


def _completed(known: History, leads: Values) -> dict[str, Values]:
    """Deals, customers and revenue to come, from people and deals of every age."""
    months = known.months
    people = np.concatenate([known.leads, leads], axis=1)
    rate = _opening(known)
    deals = np.zeros_like(leads)
    for ahead in range(AHEAD):
        month = months + ahead
        ages = month - np.arange(month + 1)
        fresh = ages < rate.shape[1]
        deals[:, ahead] = (people[:, : month + 1][:, fresh] * rate[:, ages[fresh]]).sum(axis=1)
    untouched = [n for n, name in enumerate(known.channels) if name == "Unattributed"]
    for number in untouched:  # their people are no source of theirs
        deals[number] = known.opened[number].sum(axis=0)[-12:].mean()
    won, lost = _ends(known)
    level = _winning(known, won)
    amount, customers = _worth(known)
    count, worth = np.zeros_like(leads), np.zeros_like(leads)
    stands = known.deals[known.deals[:, 2] < 0]
    for channel, created, _, _, _, value, number in stands:
        place, age = int(channel), months - 1 - int(created)
        still = 1.0
        for ahead in range(AHEAD):
            at = age + 1 + ahead
            if at >= len(won):
                break
            chance = still * min(won[at] * level[place], 0.9)
            count[place, ahead] += chance * number
            worth[place, ahead] += chance * value
            still *= max(1 - won[at] - lost[at], 0.0)
    for ahead in range(AHEAD):
        still = 1.0
        for age in range(AHEAD - ahead):
            if age >= len(won):
                break
            new = deals[:, ahead] * still * won[age] * level
            count[:, ahead + age] += new
            worth[:, ahead + age] += new * amount
            still *= max(1 - won[age] - lost[age], 0.0)
    return {
        "opportunities": deals,
        "customers": count * customers,
        "won_revenue": worth,
    }


def _opening(known: History) -> Values:
    """Deals a person by channel and months since the first touch."""
    months = known.months
    lags = min(months, 24)
    leads = known.leads
    touched = np.array([name != "Unattributed" for name in known.channels])
    opened = np.zeros((len(known.channels), lags))
    people = np.zeros((len(known.channels), lags))
    for lag in range(lags):
        since = np.arange(months - lag)
        opened[:, lag] = known.opened[:, since, since + lag].sum(axis=1)
        people[:, lag] = leads[:, : months - lag].sum(axis=1)
    usual = opened[touched].sum(axis=0) / np.maximum(people[touched].sum(axis=0), 1)
    expected = people @ usual
    count = opened.sum(axis=1)
    level = (count + 5) / (expected + 5)
    own = opened / np.maximum(people, 1)
    weight = (count / (count + LEAN))[:, None]
    return weight * own + (1 - weight) * level[:, None] * usual


def _ends(known: History) -> tuple[Values, Values]:
    """Of the deals still open at a month of their age: the share won in it, and the share lost."""
    lags = min(known.months, 30)
    at_risk, won, lost = np.zeros((3, lags))
    for _, created, closed, is_won, _, _, number in known.deals:
        end = int(closed) if closed >= 0 else known.months - 1
        age = int(end - created)
        at_risk[: min(age + 1, lags)] += number
        if closed >= 0 and age < lags:
            (won if is_won else lost)[age] += number
    return won / np.maximum(at_risk, 1), lost / np.maximum(at_risk, 1)


def _winning(known: History, won: Values) -> Values:
    """How often each channel's deals are won, all channels being 1."""
    level = np.ones(len(known.channels))
    for place in range(len(level)):
        of_channel = known.deals[known.deals[:, 0] == place]
        expected = wins = 0.0
        for _, created, closed, is_won, _, _, number in of_channel:
            end = int(closed) if closed >= 0 else known.months - 1
            expected += float(won[: int(end - created) + 1].sum()) * number
            wins += number if closed >= 0 and is_won else 0
        level[place] = (wins + LEAN / 4) / (expected + LEAN / 4)
    return level


def _worth(known: History) -> tuple[Values, float]:
    """Mean amount of a deal won by channel, and customers per deal won."""
    won = known.deals[(known.deals[:, 2] >= 0) & (known.deals[:, 3] == 1)]
    number = float(won[:, 6].sum())
    if not number:
        return np.zeros(len(known.channels)), 1.0
    usual = float(won[:, 5].sum()) / number
    amounts = np.array(
        [
            (won[won[:, 0] == place, 5].sum() + 10 * usual)
            / (won[won[:, 0] == place, 6].sum() + 10)
            for place in range(len(known.channels))
        ]
    )
    return amounts, float(won[:, 4].sum()) / number
