"""Promises 1, 2, 3 and 17: kill -9 anywhere, and again; what the nights leave is what undisturbed
ones leave, a reader sees whole builds throughout, and who comes back late changes nothing.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from include import warehouse
from include.settings import Settings
from tests.conftest import IS_FULL, campaign
from tests.warehouse import steps
from tests.warehouse.steps import FAILPOINTS, STEPS, Undisturbed, in_child

ROOT = Path(__file__).resolve().parents[2]
KILLS = campaign(200)
KILLS_A_STEP = 2
pytestmark = pytest.mark.timeout(7200 if IS_FULL else 600)
NIGHTS = -(-KILLS // (KILLS_A_STEP * len(STEPS)))


@pytest.fixture(scope="module")
def undisturbed(new_settings: Callable[[str], Settings]) -> Undisturbed:
    """Nights that nobody kills, on DuckDB: fingerprints are the same on either engine."""
    settings = new_settings("duckdb")
    left = Undisturbed([], [], [], {})
    for night in range(NIGHTS):
        lease = steps.begin(settings, night)
        for step in STEPS:
            began = time.monotonic()
            assert not in_child(settings, night, step, lease)
            left.seconds[step] = time.monotonic() - began
        left.prints.append(steps.prints(settings))
        left.moved.append(steps.moved(settings))
        left.builds.append(steps.build_seen(settings))
    return left


def left_by(settings: Settings, step: str, night: int) -> Any:
    """What a step is there to change."""
    if step == "land":
        return [batch.batch_id for _, found in steps.landed(settings, night) for batch in found]
    if step == "stage":
        return warehouse.fingerprint(settings, steps.LOADED)
    if step == "build":
        return warehouse.fingerprint(settings, ["build.fct_ad_spend_daily"])
    return steps.build_seen(settings)


def test_at_every_failpoint_there_is_something_is_killed() -> None:
    there = {
        name
        for path in (ROOT / "include").rglob("*.py")
        for name in re.findall(r'failpoints\.reach\("([^"]+)"\)', path.read_text())
    }
    killed = {name for of in FAILPOINTS.values() for name in of}
    for name, file in (("landing.within_rewrite", "erase"), ("rebuild.before_commit", "rebuild")):
        assert f'"{name}"' in (ROOT / f"tests/warehouse/test_{file}.py").read_text()
        killed.add(name)
    assert there == killed


def test_1_2_3_17_i1_i3_a_kill_at_any_failpoint_leaves_old_or_new_and_who_is_late_is_fenced(
    warehouse_settings: Settings, undisturbed: Undisturbed
) -> None:
    settings = warehouse_settings
    lease = steps.begin(settings, 0)
    for step in STEPS:
        assert not in_child(settings, 0, step, lease)
    lease = steps.begin(settings, 1)
    with steps.watched(settings, undisturbed):
        for step in STEPS:
            old = left_by(settings, step, 1)
            for failpoint in FAILPOINTS.get(step, ()):
                assert in_child(settings, 1, step, lease, failpoint=failpoint), failpoint
                is_new = "after" in failpoint
                assert (left_by(settings, step, 1) == old) is not is_new, failpoint
            assert not in_child(settings, 1, step, lease)
            assert step not in FAILPOINTS or left_by(settings, step, 1) != old
    assert steps.prints(settings) == undisturbed.prints[1]
    assert steps.moved(settings) == undisturbed.moved[1] != []
    assert list(settings.landing.glob("*/*/*/.partial-*")) == []
    assert list(settings.home.glob("marts.duckdb.next-*")) == []
    _come_back_late(settings, lease)
    assert steps.prints(settings) == undisturbed.prints[1]


def _come_back_late(settings: Settings, lease: steps.Lease) -> None:
    """What a run does that a later one has overtaken: nothing, and it says so."""
    steps.begin(settings, 2)
    for step in ("stage", "build", "audit", "publish"):
        with pytest.raises(warehouse.Superseded, match=r"a later run works on .*night 2"):
            steps.do(settings, 1, step, lease)


@pytest.mark.campaign
def test_1_2_3_i3_kills_at_any_instant_change_nothing_of_what_the_nights_leave(
    warehouse_settings: Settings, undisturbed: Undisturbed
) -> None:
    settings, chance, killed = warehouse_settings, random.Random(5), 0
    takes = dict(undisturbed.seconds)
    with steps.watched(settings, undisturbed):
        for night in range(NIGHTS):
            lease = steps.begin(settings, night)
            for step in STEPS:
                for _ in range(KILLS_A_STEP):
                    began, seconds = time.monotonic(), chance.uniform(0, takes[step])
                    if in_child(settings, night, step, lease, seconds=seconds):
                        killed += 1
                    else:  # it was over before its instant: the machine is less busy by now
                        takes[step] = time.monotonic() - began
                assert not in_child(settings, night, step, lease)
            assert steps.prints(settings) == undisturbed.prints[night]
            assert steps.moved(settings) == undisturbed.moved[night]
    assert killed > KILLS / 4
