"""`make run` refused by one system, then killed, then run again."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from include import warehouse
from tests.end_to_end.conftest import Home
from tests.end_to_end.nightly import (
    TRACE,
    its_steps_and_the_outcome_are_printed,
    make_run,
    start,
)
from tests.sandbox.running import Sandbox

pytestmark = pytest.mark.campaign


def test_2_34_refused_then_killed_then_run_again_it_ends_like_an_undisturbed_night(
    generated: Callable[..., Path], serve: Callable[..., Sandbox], tmp_path: Path
) -> None:
    """One source refused while the others load, killed while marts are built."""
    home, small = tmp_path / "home", generated(scale=0.02, months=6)
    wrong = json.dumps(
        {"conn_type": "generic", "host": "https://localhost:1", "password": "x", "login": "y"}
    )
    process = start(home, small, AIRFLOW_CONN_SALESFORCE=wrong)
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if sum("closed_loop: " in each for each in said) == random.Random(1).randint(1, 40):
            os.kill(process.pid, signal.SIGKILL)
            break
    rest, complained = process.communicate()
    assert process.returncode == -signal.SIGKILL, "".join(said) + complained
    _one_source_is_refused_in_a_sentence_and_the_others_are_kept(home, complained)
    assert TRACE not in "".join(said) + rest + complained

    its_steps_and_the_outcome_are_printed(home, make_run(home, small))
    undisturbed = Home(tmp_path / "undisturbed")
    undisturbed.night(serve(small))
    assert Home(home).fingerprint() == undisturbed.fingerprint()


def _one_source_is_refused_in_a_sentence_and_the_others_are_kept(
    home: Path, complained: str
) -> None:
    assert complained.count("ingest_salesforce: ") == 1, complained
    assert "ingest_" not in complained.replace("ingest_salesforce", "")
    staged = warehouse.read(
        Home(home).settings, "select distinct source from ops.load_ledger order by source"
    )
    assert [row["source"] for row in staged] == [
        "facebook_ads",
        "google_ads",
        "google_analytics",
        "linkedin_ads",
    ]
