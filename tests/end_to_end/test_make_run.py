"""`make run`: Airflow runs the real DAGs; what goes wrong is said in a sentence."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from include import warehouse
from tests.end_to_end.conftest import Home
from tests.sandbox.running import ROOT, Sandbox, write_data_set

TRACE = "Traceback (most recent call last)"


def start(home: Path, data: Path, command: str = "run", **more: str) -> subprocess.Popen:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CLOSED_LOOP_HOME": str(home),
        "CLOSED_LOOP_DATA": str(data),
        "CLOSED_LOOP_HASH_KEY": "test",
        "CLOSED_LOOP_RETRY_SECONDS": "3",
        **more,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "include.nightly", command],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def make_run(home: Path, data: Path, **more: str) -> tuple[int, str, str]:
    process = start(home, data, **more)
    said, complained = process.communicate(timeout=280)
    return process.returncode, said, complained


@pytest.fixture(scope="module")
def small(generated: Callable[..., Path]) -> Path:
    return generated(scale=0.02, months=6)


def test_2_34_refused_then_killed_then_run_again_it_ends_like_an_undisturbed_night(
    small: Path, serve: Callable[..., Sandbox], tmp_path: Path
) -> None:
    """One source refused while the others load, killed while marts are built."""
    home = tmp_path / "home"
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

    code, told, complained = make_run(home, small)
    assert code == 0, told + complained
    _its_steps_and_the_outcome_are_printed(home, told)
    undisturbed = Home(tmp_path / "undisturbed")
    undisturbed.night(serve(small))
    assert Home(home).fingerprint() == undisturbed.fingerprint()


def _its_steps_and_the_outcome_are_printed(home: Path, said: str) -> None:
    assert "the books close" in said
    assert str(home / "marts.duckdb") in said
    for word in ("channel", "spend", "leads", "customers", "won revenue", "CAC", "ROI", "Total"):
        assert word in said
    for step in ("ingest_facebook_ads", "ingest_salesforce", "closed_loop"):
        assert step in said


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


def test_a_malformed_data_set_is_named_by_file_and_line(tmp_path: Path) -> None:
    data = write_data_set(tmp_path / "data", {"salesforce/Lead": [{"Id": "00Q000000000001AAA"}]})
    with (data / "salesforce/Lead.jsonl").open("a") as file:
        file.write("{oops\n")
    code, said, complained = make_run(tmp_path / "home", data)
    assert code == 1
    assert "Lead.jsonl:2" in complained
    assert TRACE not in said + complained


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path, small: Path) -> None:
    (tmp_path / "file").write_text("a file where the home should be")
    code, said, complained = make_run(tmp_path / "file" / "home", small)
    assert code == 1
    assert "CLOSED_LOOP_HOME" in complained
    assert TRACE not in said + complained


def test_two_at_once_in_one_home_are_refused(tmp_path: Path, small: Path) -> None:
    first = start(tmp_path, small)
    assert first.stdout is not None
    first.stdout.readline()
    code, _, complained = make_run(tmp_path, small)
    assert code == 1
    assert "Another make run or make up is at work" in complained
    os.killpg(first.pid, signal.SIGTERM)
    first.communicate(timeout=60)
