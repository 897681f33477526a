"""`make run`: Airflow runs the real DAGs; what goes wrong is said in a sentence."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.nightly import TRACE, make_run, start
from tests.sandbox.running import write_data_set


@pytest.fixture(scope="module")
def small(generated: Callable[..., Path]) -> Path:
    return generated(scale=0.02, months=6)


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
