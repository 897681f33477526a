"""`make run` as a person starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.sandbox.running import ROOT

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


def its_steps_and_the_outcome_are_printed(home: Path, ended: tuple[int, str, str]) -> None:
    """Of a run that went well; ``ended`` is what ``make_run`` gives."""
    code, said, complained = ended
    assert code == 0, said + complained
    assert "the books close" in said
    assert str(home / "marts.duckdb") in said
    for word in ("channel", "spend", "leads", "customers", "won revenue", "CAC", "ROI", "Total"):
        assert word in said
    for step in ("ingest_facebook_ads", "ingest_salesforce", "closed_loop"):
        assert step in said
