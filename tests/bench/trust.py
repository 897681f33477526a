"""How far the estimates can be trusted: held against companies whose truth is known.

Companies of every preset are invented, each from so many seeds; estimates see them at a clock a
year before their end, and are held against what came. A measure is a function from a company to
sums; LINES says what is made of the sums and what is promised of it.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from include.contracts.outlook_marts import ALL_CHANNELS, FORECAST_METRICS
from include.estimates.cohort_outlook import cohort_outlook
from include.estimates.forecast import forecast_monthly
from include.sandbox.generator.companies import PRESETS
from include.settings import load_settings
from tests.bench import advised, companies, decisions
from tests.bench.companies import CLOCK, Company
from tests.bench.report import write

Sums = Counter[str]

SEEDS = 20
PARALLEL = 2
HALF_WAY = (0.35, 0.65)


# --- 1, forecasts -----------------------------------------------------------------------------


def forecasts(company: Company) -> Sums:
    """What forecasts one to six months ahead were off, per what came, beside seasonal naive's."""
    rows = companies.monthly(company, companies.outcomes(company))
    truth, sums = companies.came(company), Sums()
    seen = [line for line in forecast_monthly(rows) if line["horizon"] <= 6]
    for metric in FORECAST_METRICS:
        for level in ("channels", "total"):
            off, naive, total = 0.0, 0.0, 0.0
            for line in seen:
                if line["metric"] != metric or (line["channel"] == ALL_CHANNELS) != (
                    level == "total"
                ):
                    continue
                if line["forecast"] is None:
                    sums["refused"] += 1
                    continue
                month = line["month"]
                before = month.replace(year=month.year - 1)
                actual, last = (
                    _of(truth[metric], line["channel"], each) for each in (month, before)
                )
                made = float(line["forecast"])
                off += abs(made - actual)
                naive += abs(last - actual)
                total += actual
                if made >= 1:
                    held = float(line["forecast_low"]) <= actual <= float(line["forecast_high"])
                    sums[f"{level} held"] += held
                    sums[f"{level} told"] += 1
            if total:
                sums[f"{level} {metric} off"] += off / total
                sums[f"{level} {metric} naive"] += naive / total
    return sums


def _of(found: Counter[Any], channel: str, month: object) -> float:
    if channel != ALL_CHANNELS:
        return float(found[channel, month])
    return float(sum(value for (_, each), value in found.items() if each == month))


def _wape(level: str, sums: Sums) -> tuple[float, float]:
    """Mean over the metrics of our WAPE, as if seasonal naive's were 1."""
    ratios = [
        sums[f"{level} {metric} off"] / sums[f"{level} {metric} naive"]
        for metric in FORECAST_METRICS
        if sums[f"{level} {metric} naive"]
    ]
    return (sum(ratios) / len(ratios) if ratios else float("nan")), 1.0


# --- 2, maturity ------------------------------------------------------------------------------


def maturity(company: Company) -> Sums:
    """Projected customers of cohorts half-way, and how often intervals held what came."""
    rows = companies.outcomes(company)
    final: Counter[tuple[str, Any]] = Counter()
    revenue: Counter[tuple[str, Any]] = Counter()
    for deal in company.deals(companies.END):
        if deal.is_won and (deal.touched_at or deal.created_at) < CLOCK:
            final[deal.channel, deal.cohort_month] += int(deal.is_new_customer)
            revenue[deal.channel, deal.cohort_month] += float(deal.amount)
    sums, projected, actual = Sums(), 0.0, 0
    for line in cohort_outlook([*rows, *companies.cohorts(rows)]):
        if line["why_not"]:
            sums["refused"] += 1
            continue
        cohort = line["channel"], line["cohort_month"]
        if HALF_WAY[0] <= float(line["expected_share"]) <= HALF_WAY[1]:
            projected += float(line["customers_projected"])
            actual += final[cohort]
        if float(line["customers_projected"]) - line["customers"] >= 1:
            sums["told"] += 1
            sums["customers held"] += (
                line["customers_low"] <= final[cohort] <= line["customers_high"]
            )
            low, high = (float(line[f"revenue_{bound}_base"]) for bound in ("low", "high"))
            sums["revenue held"] += low <= revenue[cohort] <= high
    if actual:
        sums["companies"] += 1
        sums["off"] += abs(projected - actual) / actual
    sums["projected"] += projected
    sums["actual"] += actual
    return sums


# --- the table --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One line of the table: our figure and what it is held against, from a measure's sums."""

    measure: str
    text: str
    unit: str
    figures: Callable[[Sums], tuple[float, float]]
    yardstick: str


MEASURES: dict[str, Callable[[Company], Sums]] = {
    "forecasts": forecasts,
    "maturity": maturity,
    "advice": advised.advised,
    "budget": decisions.budget,
}


def _share(part: str, whole: str, yardstick: float = 0.8) -> Callable[[Sums], tuple[float, float]]:
    return lambda sums: (sums[part] / sums[whole] if sums[whole] else float("nan"), yardstick)


_NAIVE, _NOMINAL = "seasonal naive; at most 0.8", "80 %; 70 to 90"
LINES: tuple[Line, ...] = (
    Line("forecasts", "1 forecast, total", "WAPE", lambda s: _wape("total", s), _NAIVE),
    Line("forecasts", "1 forecast, by channel", "WAPE", lambda s: _wape("channels", s), _NAIVE),
    Line("forecasts", "1 interval, total", "held", _share("total held", "total told"), _NOMINAL),
    Line(
        "forecasts", "1 interval, by channel", "held", _share("channels held", "channels told"),
        _NOMINAL,
    ),
    Line(
        "maturity", "2 customers of cohorts half-way, a company", "off",
        lambda sums: (sums["off"] / sums["companies"] if sums["companies"] else float("nan"), 0.15),
        "15 % at most",
    ),
    Line(
        "maturity", "2 customers of cohorts half-way, all companies", "projected",
        lambda sums: (float(sums["projected"]), float(sums["actual"])), "what came",
    ),
    Line("maturity", "2 interval, customers", "held", _share("customers held", "told"), _NOMINAL),
    Line("maturity", "2 interval, revenue", "held", _share("revenue held", "told"), _NOMINAL),
    Line(
        "advice", "3 advice, above the bar and told to pause", "share",
        _share("above paused", "above", 0.05), "5 % at most",
    ),
    Line(
        "advice", "3 advice, below half of it and told to pause", "share",
        _share("below paused", "below", 0.6), "60 % at least",
    ),
    Line(
        "advice", "3 advice, young and told to pause", "campaigns",
        lambda sums: (float(sums["young paused"]), 0.0), "none",
    ),
    Line(
        "budget", "4 budget, of the best return within its bounds", "share",
        _share("of best within", "companies", 0.9), "90 % at least",
    ),
    Line(
        "budget", "4 budget, of the best return of any split", "share",
        _share("of best", "companies", 0.9), "90 % at least",
    ),
    Line(
        "budget", "4 budget, the present split of the best of any", "share",
        _share("present of best", "companies", 0.9), "as it was",
    ),
    Line(
        "budget", "4 budget, below 90 % of the best of any split", "companies",
        lambda sums: (float(sums["companies"] - sums["at least 90 % of best"]), 0.0), "none",
    ),
    Line(
        "budget", "4 budget, worse than the present split by over 2 %", "companies",
        lambda sums: (float(sums["worse"]), 0.0), "none",
    ),
    Line(
        "budget", "4 budget, steady channels declared", "share",
        _share("steady declared", "steady channels", 1.0), "all of them",
    ),
    Line("budget", "4 interval, gain of the budget", "held", _share("held", "told"), _NOMINAL),
)  # fmt: skip


def measured(job: tuple[str, int]) -> tuple[str, dict[str, Sums]]:
    """Invent one company and take every measure of it."""
    with companies.invented(*job) as company:
        return company.name, {name: measure(company) for name, measure in MEASURES.items()}


def rows(found: dict[str, dict[str, Sums]]) -> Iterator[dict[str, Any]]:
    """The table's rows: each line for every preset, then for all companies."""
    everything: dict[str, Sums] = defaultdict(Sums)
    for by_measure in found.values():
        for measure, sums in by_measure.items():
            everything[measure].update(sums)
    for line in LINES:
        for preset, by_measure in {**found, "all": everything}.items():
            ours, yardstick = line.figures(by_measure[line.measure])
            yield {
                "measure": f"{line.text}, {preset}",
                "unit": line.unit,
                "ours": round(ours, 3),
                "yardstick": yardstick,
                "yardstick_name": line.yardstick,
                "ratio": round(ours / yardstick, 3) if yardstick else float("nan"),
            }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and tell; so many seeds of each preset, from the first on."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench trust", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
    options = parser.parse_args(arguments)
    seeds = range(options.first, options.first + options.seeds)
    jobs = [(preset, seed) for seed in seeds for preset in options.presets]
    found: dict[str, dict[str, Sums]] = {preset: defaultdict(Sums) for preset in options.presets}
    with multiprocessing.get_context("spawn").Pool(PARALLEL) as pool:
        for number, (preset, by_measure) in enumerate(pool.imap_unordered(measured, jobs), 1):
            for measure, sums in by_measure.items():
                found[preset][measure].update(sums)
            print(f"{number} of {len(jobs)} companies", flush=True)
    write(load_settings(), "trust", list(rows(found)))


if __name__ == "__main__":
    main()
