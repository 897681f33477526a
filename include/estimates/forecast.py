"""What the next twelve months will bring, and how far off such forecasts were.

The methods of ``forecast_methods`` are tried on the past: at each of its months one forecasts with
what was known then, and looks how it came (a rolling origin). Each metric is told by the method
that was least off. A method sees nothing but months that were over at its origin. Channels are
forecast one by one and added up.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from include.contracts.choices import ALL_CHANNELS
from include.contracts.outlook_marts import (
    FORECAST_METHODS,
    FORECAST_METRICS,
    MART_FORECAST_ACCURACY,
    MART_FORECAST_MONTHLY,
)
from include.estimates import maturity
from include.estimates.forecast_history import (
    AHEAD,
    History,
    Row,
    Values,
    history_of,
    month_after,
    refusal,
)
from include.estimates.forecast_methods import forecasts

__all__ = [
    "MART_FORECAST_ACCURACY",
    "MART_FORECAST_MONTHLY",
    "forecast_accuracy",
    "forecast_monthly",
]

TRIED = 12
"""How many origins in the past a method is tried on, at most."""
FEW_SPANS = 1.4
"""By how much the variance of the sum of channels exceeds what the past shows: it has few spans
that do not overlap, where the channels together have many."""


def forecast_monthly(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of MART_FORECAST_MONTHLY from what sql/estimates/mart_forecast_monthly.sql selects."""
    told = list(rows)
    as_of = next((row["month"] for row in told if row["kind"] == "as_of"), None)
    if as_of is None:
        return []
    history = history_of(told, as_of)
    reason = refusal(history)
    if reason:
        return [
            _refused(metric, month_after(as_of, ahead), ahead + 1, reason)
            for metric in FORECAST_METRICS
            for ahead in range(AHEAD)
        ]
    assert history is not None
    trials = _trials(history)
    return [
        line for metric in FORECAST_METRICS for line in _forecast_lines(history, metric, trials)
    ]


def forecast_accuracy(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of MART_FORECAST_ACCURACY from what sql/estimates/mart_forecast_accuracy.sql selects."""
    told = list(rows)
    as_of = next((row["month"] for row in told if row["kind"] == "as_of"), None)
    history = history_of(told, as_of) if as_of else None
    if history is None or refusal(history):
        return []
    trials = _trials(history)
    lines = []
    for metric in FORECAST_METRICS:
        chosen = _chosen(trials[metric])
        for method, tried in trials[metric].items():
            for ahead in range(AHEAD):
                errors, actuals = tried.off(ahead)
                if not len(actuals):
                    continue
                total = float(actuals.sum())
                lines.append(
                    {
                        "metric": metric,
                        "method": method,
                        "horizon": ahead + 1,
                        "origins": len(tried.origins(ahead)),
                        "wape": _part(float(np.abs(errors).sum()) / total) if total else None,
                        "bias": _part(float(errors.sum()) / total) if total else None,
                        "is_chosen": method == chosen,
                    }
                )
    return lines


@dataclass(frozen=True)
class _Tried:
    """A method's forecasts at each origin, and what came: (origin, channel by month, the same)."""

    forecasts: tuple[tuple[int, Values, Values], ...]

    def origins(self, ahead: int) -> list[int]:
        """The origins of which that month is over."""
        return [number for number, _, actual in self.forecasts if actual.shape[1] > ahead]

    def off(self, ahead: int) -> tuple[Values, Values]:
        """Forecast less actual, and actual, of every channel and origin."""
        pairs = [
            (forecast[:, ahead] - actual[:, ahead], actual[:, ahead])
            for _, forecast, actual in self.forecasts
            if actual.shape[1] > ahead
        ]
        if not pairs:
            return np.empty(0), np.empty(0)
        return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])

    @property
    def error(self) -> float:
        """The sum of what it was off one to six months ahead."""
        return sum(float(np.abs(self.off(ahead)[0]).sum()) for ahead in range(6))

    def noise(self, power: float, *, is_total: bool) -> Values:
        """By months ahead: the mean square of what it was off, per forecast to that power."""
        found = np.zeros(AHEAD)
        for ahead in range(AHEAD):
            squares = weights = 0.0
            for _, forecast, actual in self.forecasts:
                if actual.shape[1] <= ahead:
                    continue
                made, came = forecast[:, ahead], actual[:, ahead]
                if is_total:
                    made, came = made.sum(keepdims=True), came.sum(keepdims=True)
                squares += float(((made - came) ** 2).sum())
                weights += float((made**power).sum())
            found[ahead] = squares / weights if weights else np.nan
        return _filled(found)


def _filled(values: Values) -> Values:
    """Smoothed over neighbours; where nothing is known, the last that is."""
    known = [value for value in values if np.isfinite(value)]
    if not known:
        return np.ones(len(values))
    filled = np.array([value if np.isfinite(value) else known[-1] for value in values])
    padded = np.concatenate([filled[:1], filled, filled[-1:]])
    return (padded[:-2] + padded[1:-1] + padded[2:]) / 3


def _trials(history: History) -> dict[str, dict[str, _Tried]]:
    """Every metric's methods on the past; of the smoothings the one that was least off."""
    first = max(history.months - TRIED, 12)
    found: dict[str, dict[str, _Tried]] = {}
    for metric in FORECAST_METRICS:
        actual = history.series(metric)
        made: dict[str, list[tuple[int, Values, Values]]] = defaultdict(list)
        for origin in range(first, history.months):
            for method, forecast in forecasts(history, origin, metric).items():
                made[method].append((origin, forecast, actual[:, origin : origin + AHEAD]))
        tried = {method: _Tried(tuple(each)) for method, each in made.items()}
        best = min(
            (method for method in tried if method.startswith("smoothed")),
            key=lambda method: tried[method].error,
        )
        found[metric] = {
            method.split()[0]: each
            for method, each in tried.items()
            if not method.startswith("smoothed") or method == best
        }
    return found


def _chosen(tried: Mapping[str, _Tried]) -> str:
    return min(tried, key=lambda method: (tried[method].error, FORECAST_METHODS.index(method)))


def _forecast_lines(
    history: History, metric: str, trials: dict[str, dict[str, _Tried]]
) -> Iterable[dict[str, Any]]:
    method = _chosen(trials[metric])
    tried = trials[metric][method]
    made = forecasts(history, history.months, metric)
    forecast = made[method] if method != "smoothed" else _same(made, tried, history, metric)
    power = 2.0 if metric == "spend" else 1.0
    piece = _piece(history) if metric == "won_revenue" else 0.0
    noise, total_noise = (tried.noise(power, is_total=total) for total in (False, True))
    cents = [[_money(value) for value in channel] for channel in forecast]
    for ahead in range(AHEAD):
        month = month_after(history.first, history.months + ahead)
        for place, channel in enumerate(history.channels):
            yield _line(
                channel,
                metric,
                method,
                month,
                ahead,
                cents[place][ahead],
                noise[ahead],
                power,
                piece,
            )
        total = sum((each[ahead] for each in cents), Decimal(0))
        unsure = FEW_SPANS * total_noise[ahead]
        yield _line(ALL_CHANNELS, metric, method, month, ahead, total, unsure, power, piece)


def _same(made: dict[str, Values], tried: _Tried, history: History, metric: str) -> Values:
    """The smoothing that was tried and chosen, among those made."""
    origin, forecast, _ = tried.forecasts[-1]
    again = forecasts(history, origin, metric)
    return next(made[name] for name, each in again.items() if np.array_equal(each, forecast))


def _line(
    channel: str, metric: str, method: str, month: date, ahead: int, value: Decimal,
    noise: float, power: float, piece: float,
) -> dict[str, Any]:  # fmt: skip
    low, high = _bounds(float(value), noise * float(value) ** power, piece, metric in _COUNTS)
    return {
        "channel": channel,
        "metric": metric,
        "method": method,
        "why_not": None,
        "month": month,
        "horizon": ahead + 1,
        "forecast": value,
        "forecast_low": _money(low),
        "forecast_high": _money(high),
    }


_COUNTS = ("leads", "opportunities", "customers")


def _bounds(mean: float, variance: float, piece: float, is_count: bool) -> tuple[float, float]:
    """Four fifths of what may come: of a count whole numbers, else a gamma of that variance.

    What comes in deals of ``piece`` each comes not at all as often as no deal does.
    """
    if is_count:
        return maturity.count_bounds(mean, variance)
    return maturity.money_bounds(mean, variance, math.exp(-mean / piece) if piece else 0.0)


def _piece(history: History) -> float:
    """What a deal won usually brings."""
    won = history.deals[(history.deals[:, 2] >= 0) & (history.deals[:, 3] == 1)]
    return float(won[:, 5].sum() / won[:, 6].sum()) if len(won) else 0.0


def _refused(metric: str, month: date, horizon: int, reason: str) -> dict[str, Any]:
    return {
        "channel": ALL_CHANNELS,
        "metric": metric,
        "method": None,
        "why_not": reason,
        "month": month,
        "horizon": horizon,
        "forecast": None,
        "forecast_low": None,
        "forecast_high": None,
    }


def _money(value: float) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal("0.01"))


def _part(value: float) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal("0.000001"))
