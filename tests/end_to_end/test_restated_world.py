"""One load, the load of the night after, on either engine: the same marts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Home
from tests.sandbox.running import Sandbox


@pytest.fixture(scope="module")
def sandbox(generated: Callable[..., Path], serve: Callable[..., Sandbox]) -> Sandbox:
    return serve(generated(scale=0.05, months=7))


@pytest.fixture(scope="module")
def at_once(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("once"))
    home.night(sandbox)
    return home


def test_both_engines_publish_the_same_rows(
    at_once: Home, sandbox: Sandbox, tmp_path: Path, new_database: Callable[[], str]
) -> None:
    on_postgresql = Home(tmp_path, new_database())
    on_postgresql.night(sandbox)
    assert on_postgresql.fingerprint() == at_once.fingerprint()
    rows = "select count(*) as rows from marts.fct_attribution"
    assert at_once.marts(rows)[0]["rows"] > 100


def test_a_second_night_asks_only_for_what_may_be_restated(at_once: Home, sandbox: Sandbox) -> None:
    before = at_once.fingerprint()
    first = {path.name for path in at_once.path.glob("landing/*/*/campaign_daily/*")}
    at_once.night(sandbox)
    assert at_once.fingerprint() == before
    look_back = {"facebook_ads": 28, "google_ads": 30, "linkedin_ads": 30}
    windows = {}
    for path in at_once.path.glob("landing/*/*/campaign_daily/*/manifest.json"):
        if path.parent.name not in first:
            window = json.loads(path.read_text())["window"]
            windows[path.parts[-5], path.parts[-4]] = window
    assert len(windows) == 6
    for (source, _), (start, end) in windows.items():
        assert (date.fromisoformat(end) - date.fromisoformat(start)).days + 1 == look_back[source]
