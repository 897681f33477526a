"""How far the estimates can be trusted: held against companies whose truth is known.

Companies of every preset are invented, each from so many seeds; estimates see them at a clock a
year before their end, and are held against what came. A measure is a function from a company to
sums; ``trust_table`` says what is made of the sums and what is promised of it.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from typing import Any

from include.contracts.choices import ALL_CHANNELS
from include.contracts.outlook_marts import FORECAST_METRICS
from include.estimates.cohort_outlook import cohort_outlook
from include.estimates.forecast import forecast_monthly
from include.sandbox.generator.companies import PRESETS
from include.settings import load_settings
from tests.bench import advised, companies, decisions
from tests.bench.companies import CLOCK, Company
from tests.bench.report import write
from tests.bench.trust_table import Found, Sums, markdown, rows

Job = tuple[str, int]
Taken = tuple[dict[str, Sums], float]

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
    sums, projected, actual, to_come = Sums(), 0.0, 0, 0.0
    for line in cohort_outlook([*rows, *companies.cohorts(rows)]):
        if line["why_not"]:
            sums["refused"] += 1
            continue
        cohort = line["channel"], line["cohort_month"]
        if HALF_WAY[0] <= float(line["expected_share"]) <= HALF_WAY[1]:
            projected += float(line["customers_projected"])
            to_come += float(line["customers_projected"]) - line["customers"]
            actual += final[cohort]
        if float(line["customers_projected"]) - line["customers"] >= 1:
            sums["told"] += 1
            sums["customers held"] += (
                line["customers_low"] <= final[cohort] <= line["customers_high"]
            )
            low, high = (float(line[f"revenue_{bound}_base"]) for bound in ("low", "high"))
            sums["revenue held"] += low <= revenue[cohort] <= high
    sums["off"] += abs(projected - actual)
    sums["off by chance"] += off_by_chance(to_come)
    sums["projected"] += projected
    sums["actual"] += actual
    return sums


def off_by_chance(mean: float) -> float:
    """How far a count that comes by chance (Poisson) lies from its mean, on the mean."""
    if mean <= 0:
        return 0.0
    below = math.floor(mean)
    return 2 * math.exp((below + 1) * math.log(mean) - mean - math.lgamma(below + 1))


# --- all of them ------------------------------------------------------------------------------


MEASURES: dict[str, Callable[[Company], Sums]] = {
    "forecasts": forecasts,
    "maturity": maturity,
    "advice": advised.advised,
    "budget": decisions.budget,
}


def measured(preset: str, seed: int) -> Taken:
    """Invent one company and take every measure of it; with the seconds that took."""
    began = time.monotonic()
    with companies.invented(preset, seed) as company:
        found = {name: measure(company) for name, measure in MEASURES.items()}
    return found, time.monotonic() - began


def taken(
    pool: Executor, jobs: Sequence[Job], take: Callable[[str, int], Taken] = measured
) -> tuple[Found, list[str]]:
    """The sums of each preset over its companies, and what was wrong with those that failed."""
    found: Found = {preset: defaultdict(Sums) for preset, _ in jobs}
    failed: list[str] = []
    waiting = {pool.submit(take, *job): job for job in jobs}
    for number, future in enumerate(as_completed(waiting), 1):
        preset, seed = waiting[future]
        try:
            by_measure, seconds = future.result()
        except Exception as error:  # whatever it was, the others go on
            failed.append(f"{preset} {seed}: {type(error).__name__}: {error}")
            told = f"failed, {failed[-1]}"
        else:
            told = f"{preset} {seed}, {seconds:.0f} s"
            for measure, sums in by_measure.items():
                found[preset][measure].update(sums)
        print(f"{number} of {len(jobs)} companies: {told}", flush=True)
    return found, sorted(failed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and tell; so many seeds of each preset, from the first on."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench trust", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
    options = parser.parse_args(arguments)
    seeds = range(options.first, options.first + options.seeds)
    began = time.monotonic()
    jobs = [(preset, seed) for seed in seeds for preset in options.presets]
    with ProcessPoolExecutor(PARALLEL, multiprocessing.get_context("spawn")) as pool:
        found, failed = taken(pool, jobs)
    settings = load_settings()
    write(settings, "trust", list(rows(found)))
    path = settings.home / "bench" / "trust.md"
    path.write_text(markdown(found), encoding="utf-8")
    print(f"\n{markdown(found)}\n  written to {path}, after {time.monotonic() - began:.0f} s")
    for line in failed:
        print(f"  not in the table: {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
