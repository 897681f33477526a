"""Loading as the world goes by gives the marts of one load at the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

from tests.end_to_end.conftest import Home
from tests.sandbox.running import Sandbox

EARLIER = ("2026-06-15", "2026-10-31")


def test_an_earlier_day_first_changes_nothing(
    tmp_path: Path, generated: Callable[..., Path], serve: Callable[..., Sandbox]
) -> None:
    sandbox = serve(generated(scale=0.1))
    at_once, step_by_step = Home(tmp_path / "once"), Home(tmp_path / "steps")
    at_once.night(sandbox)
    last = sandbox.variables["CLOSED_LOOP_AS_OF"]
    try:
        for day in EARLIER:
            sandbox.set_clock(day)
            step_by_step.night(sandbox, CLOSED_LOOP_AS_OF=day)
            assert step_by_step.fingerprint() != at_once.fingerprint(), "the world stood still"
    finally:
        sandbox.set_clock(last)
    step_by_step.night(sandbox)
    assert step_by_step.fingerprint() == at_once.fingerprint()


def test_a_second_night_asks_only_for_what_may_be_restated(
    tmp_path: Path, generated: Callable[..., Path], serve: Callable[..., Sandbox]
) -> None:
    sandbox = serve(generated(scale=0.1))
    home = Home(tmp_path / "home")
    home.night(sandbox)
    before = home.fingerprint()
    first = {path.name for path in home.path.glob("landing/*/*/campaign_daily/*")}
    home.night(sandbox)
    assert home.fingerprint() == before
    look_back = {"facebook_ads": 28, "google_ads": 30, "linkedin_ads": 30}
    windows = {}
    for path in home.path.glob("landing/*/*/campaign_daily/*/manifest.json"):
        if path.parent.name not in first:
            window = json.loads(path.read_text())["window"]
            windows[path.parts[-5], path.parts[-4]] = window
    assert len(windows) == 6
    for (source, _), (start, end) in windows.items():
        assert (date.fromisoformat(end) - date.fromisoformat(start)).days + 1 == look_back[source]
