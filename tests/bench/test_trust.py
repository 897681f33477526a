"""The table of trust says what the sums say, and one company that fails stops no other."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.bench.decisions import Curve, best, least
from tests.bench.trust import Taken, off_by_chance, taken
from tests.bench.trust_table import Sums, markdown, rows


def test_the_table_says_what_is_promised_and_marks_what_breaks_it() -> None:
    found = {
        "steady": {
            "maturity": Sums({"off": 2.8, "projected": 30.4, "actual": 28}),
            "advice": Sums(
                {"above": 40, "above paused": 1, "seen": 5, "seen paused": 2, "seen too few": 3}
            ),
        },
        "tiny": {
            "maturity": Sums({"off": 2.8, "projected": 5, "actual": 7}),
            "advice": Sums({"young paused": 1}),
        },
    }
    empty = {"forecasts": Sums(), "budget": Sums()}
    table = markdown({preset: {**empty, **sums} for preset, sums in found.items()}).splitlines()
    assert table[0] == "| measure | promised | steady | tiny | all |"
    said = dict(line.removeprefix("| ").split(" | ", 1) for line in table[2:])
    off = "15 % at most on average | 10 % (28) | 40 % (7) | **16 % (35)** |"
    assert said["2 customers of cohorts half-way, off by"] == off
    came = "what came within the year | 30 (28) | 5 (7) | 35 (35) |"
    assert said["2 customers of cohorts half-way, all companies"] == came
    paused = "5 % at most | 2 % (40) | – | 2 % (40) |"
    assert said["3 advice, above the bar and told to pause"] == paused
    below = "60 % at least | **40 % (5)** | – | **40 % (5)** |"
    assert said["3 advice, below half of it, with evidence enough, and told to pause"] == below
    plain = "nothing promised | 60 % (5) | – | 60 % (5) |"
    assert said["3 of those, how many a plain count of deals finds out"] == plain
    assert said["3 advice, young and told to pause"] == "none | 0 | **1** | **1** |"


def test_a_preset_may_be_worse_than_the_mean_of_all() -> None:
    """0.9 of seasonal naive is within what is promised of a preset, and not of all together."""
    forecasts = Sums({"total leads off": 9.0, "total leads naive": 10.0})
    found = {"steady": {"forecasts": forecasts}}
    for measure in ("maturity", "advice", "budget"):
        found["steady"][measure] = Sums()
    line = next(line for line in markdown(found).splitlines() if "forecast, total" in line)
    assert line.endswith("| 0.90 | **0.90** |")
    first = next(iter(rows(found)))
    assert (first["ours"], first["yardstick"], first["ratio"]) == (0.9, 1.0, 0.9)


def _take(preset: str, seed: int) -> Taken:
    if seed == 2:
        raise ValueError("no such company")
    return {"advice": Sums({"above": seed})}, 1.0


def test_a_company_that_fails_is_told_and_the_others_count() -> None:
    with ThreadPoolExecutor(1) as pool:
        found, failed = taken(pool, [("steady", 1), ("steady", 2), ("steady", 3)], _take)
    assert found["steady"]["advice"] == Sums({"above": 4})
    assert failed == ["steady 2: ValueError: no such company"]


def test_the_least_spend_that_reaches_a_goal() -> None:
    """Two channels that bring 100 x spend / (10 + spend): ten each bring 100, the least for it."""
    curves = [Curve(name, 100.0, 10.0, True) for name in ("one", "other")]
    wide = [(0.0, 50.0)] * 2
    assert best(curves, wide, 20.0) == pytest.approx(100)
    assert least(curves, wide, 100.0) == pytest.approx(20)
    # With one of them held at five, which bring a third of 100, the other needs 20.
    found = least(curves, [(5.0, 5.0), (0.0, 50.0)], 100.0)
    assert found is not None
    assert math.isclose(found, 25.0, rel_tol=1e-6)
    assert least(curves, [(0.0, 5.0)] * 2, 100.0) is None


@pytest.mark.parametrize("mean", [0.4, 2.0, 17.3])
def test_what_chance_alone_is_off_is_the_mean_distance(mean: float) -> None:
    chance, slow = math.exp(-mean), 0.0
    for count in range(200):
        slow += abs(count - mean) * chance
        chance *= mean / (count + 1)
    assert off_by_chance(mean) == pytest.approx(slow)
