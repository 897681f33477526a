"""What is made of the sums that ``trust`` takes, beside what is promised of it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from include.contracts.outlook_marts import FORECAST_METRICS

Sums = Counter[str]
Found = dict[str, dict[str, Sums]]
"""Of each preset each measure's sums."""

ALL = "all"


@dataclass(frozen=True)
class Bounds:
    """Between what a figure is to lie, of all companies; of one preset, where that is another."""

    said: str
    low: float = -math.inf
    high: float = math.inf
    high_of_preset: float | None = None

    def hold(self, figure: float, preset: str) -> bool:
        """Whether it does. What cannot be told breaks nothing."""
        high = self.high
        if preset != ALL and self.high_of_preset is not None:
            high = self.high_of_preset
        return math.isnan(figure) or self.low <= figure <= high


@dataclass(frozen=True)
class Line:
    """One line of the table: our figure and what it is held against, from a measure's sums.

    ``counted`` names the sum that tells of how many cases the figure is made.
    """

    measure: str
    text: str
    unit: str
    figures: Callable[[Sums], tuple[float, float]]
    bounds: Bounds
    counted: str | None = None


def _wape(level: str, sums: Sums) -> tuple[float, float]:
    """Mean over the metrics of our WAPE, as if seasonal naive's were 1."""
    ratios = [
        sums[f"{level} {metric} off"] / sums[f"{level} {metric} naive"]
        for metric in FORECAST_METRICS
        if sums[f"{level} {metric} naive"]
    ]
    return (sum(ratios) / len(ratios) if ratios else math.nan), 1.0


def _forecast(level: str, text: str) -> tuple[Line, Line]:
    wape = Bounds("0.8 of seasonal naive at most; of a preset 1.1", 0, 0.8, 1.1)
    return (
        Line("forecasts", f"1 forecast, {text}", "WAPE", lambda sums: _wape(level, sums), wape),
        _share("forecasts", f"1 interval, {text}", f"{level} held", f"{level} told", _NOMINAL),
    )


def _share(
    measure: str, text: str, part: str, whole: str, bounds: Bounds, yardstick: float = 0.8,
    unit: str = "share",
) -> Line:  # fmt: skip
    return Line(
        measure, text, unit,
        lambda sums: (sums[part] / sums[whole] if sums[whole] else math.nan, yardstick),
        bounds, whole,
    )  # fmt: skip


_NONE = Bounds("none", 0, 0)


def _none(
    measure: str, text: str, unit: str, of: Callable[[Sums], float], bounds: Bounds = _NONE
) -> Line:
    return Line(measure, text, unit, lambda sums: (float(of(sums)), 0.0), bounds)


_NOMINAL = Bounds("80 %; 70 to 90", 0.7, 0.9)
_WITHIN_15 = Bounds("15 % at most on average", 0, 0.15, math.inf)
_BEST = Bounds("90 % at least", 0.9)
LINES: tuple[Line, ...] = (
    *_forecast("total", "total"),
    *_forecast("channels", "by channel"),
    _share(
        "maturity", "2 customers of cohorts half-way, off by", "off", "actual", _WITHIN_15, 0.15,
        "off",
    ),
    _share(
        "maturity", "2 of that by chance alone, were the mean known", "off by chance",
        "actual", Bounds("nothing promised"), 0.15, "off",
    ),
    Line(
        "maturity", "2 customers of cohorts half-way, all companies", "projected",
        lambda sums: (float(sums["projected"]), float(sums["actual"])),
        Bounds("what came within the year"), "actual",
    ),
    _share("maturity", "2 interval, customers", "customers held", "told", _NOMINAL),
    _share("maturity", "2 interval, revenue", "revenue held", "told", _NOMINAL),
    _share(
        "advice", "3 advice, above the bar and told to pause", "above paused", "above",
        Bounds("5 % at most", 0, 0.05), 0.05,
    ),
    _share(
        "advice", "3 advice, below half of it, with evidence enough, and told to pause",
        "seen paused", "seen", Bounds("60 % at least", 0.6), 0.6,
    ),
    _share(
        "advice", "3 of those, how many a plain count of deals finds out", "seen too few", "seen",
        Bounds("nothing promised"), 0.6,
    ),
    _share(
        "advice", "3 of all below half of it, with evidence or not", "below paused", "below",
        Bounds("nothing promised"), 0.6,
    ),
    _none("advice", "3 advice, young and told to pause", "campaigns", lambda s: s["young paused"]),
    _share(
        "budget", "4 budget, of the best return within its bounds", "of best within", "companies",
        _BEST, 0.9,
    ),
    _share(
        "budget", "4 budget, of the best return of any split", "of best", "companies", _BEST, 0.9,
    ),
    _share(
        "budget", "4 budget, the present split of the best of any", "present of best",
        "companies", Bounds("as it was"), 0.9,
    ),
    _none(
        "budget", "4 budget, below 90 % of the best within its bounds", "companies",
        lambda sums: sums["companies"] - sums["at least 90 % of best within"],
    ),
    _none(
        "budget", "4 budget, below 90 % of the best of any split", "companies",
        lambda sums: sums["companies"] - sums["at least 90 % of best"], Bounds("nothing promised"),
    ),
    _none(
        "budget", "4 budget, worse than the present split by over 2 %", "companies",
        lambda sums: sums["worse"],
    ),
    _share(
        "budget", "4 budget, steady channels declared", "steady declared", "steady channels",
        Bounds("all of them", 1.0), 1.0,
    ),
    _share(
        "budget", "4 interval, gain of the budget", "held", "told",
        Bounds("80 %; nothing promised"),
    ),
    _share(
        "budget", "4 goal, brought by the spend that is to reach it", "goal brought", "goals",
        Bounds("the goal"), 1.0,
    ),
    _share(
        "budget", "4 goal, how far off that is, a company", "goal off", "goals",
        Bounds("nothing promised"), 0.0, "off",
    ),
    _share(
        "budget", "4 goal, that spend by the least that would do", "goal spent of enough",
        "goals in reach", Bounds("nothing promised"), 1.0,
    ),
    _share(
        "budget", "4 goal, out of reach in truth where it is said so", "goals rightly so",
        "goals out of reach", Bounds("nothing promised"), 1.0,
    ),
)  # fmt: skip


def _by_preset(found: Found) -> dict[str, Mapping[str, Sums]]:
    """Each preset's sums, then those of all companies."""
    everything: dict[str, Sums] = defaultdict(Sums)
    for by_measure in found.values():
        for measure, sums in by_measure.items():
            everything[measure].update(sums)
    return {**found, ALL: everything}


def rows(found: Found) -> Iterator[dict[str, Any]]:
    """The benchmark's rows: each line for every preset, then for all companies."""
    for line in LINES:
        for preset, by_measure in _by_preset(found).items():
            ours, yardstick = line.figures(by_measure[line.measure])
            yield {
                "measure": f"{line.text}, {preset}",
                "unit": line.unit,
                "ours": round(ours, 3),
                "yardstick": yardstick,
                "yardstick_name": line.bounds.said,
                "ratio": round(ours / yardstick, 3) if yardstick else math.nan,
            }


def markdown(found: Found) -> str:
    """The table as a README keeps it: a line a measure, a column a preset.

    Behind a figure stands of how many cases it is made; one outside of what is promised is bold.
    """
    told = _by_preset(found)
    lines = [
        f"| measure | promised | {' | '.join(told)} |",
        f"|---|---|{'---:|' * len(told)}",
    ]
    for line in LINES:
        cells = []
        for preset, by_measure in told.items():
            sums = by_measure[line.measure]
            figure, _ = line.figures(sums)
            cell = _cell(line, figure, sums)
            is_held = line.bounds.hold(figure, preset)
            cells.append(cell if is_held else f"**{cell}**")
        lines.append(f"| {line.text} | {line.bounds.said} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(line: Line, figure: float, sums: Sums) -> str:
    if math.isnan(figure):
        return "–"
    if line.unit in ("companies", "campaigns"):
        return f"{figure:.0f}"
    if line.unit == "projected":
        return f"{figure:.0f} ({sums['actual']:.0f})"
    said = f"{figure:.2f}" if line.unit == "WAPE" else f"{100 * figure:.0f} %"
    return f"{said} ({sums[line.counted]})" if line.counted else said
