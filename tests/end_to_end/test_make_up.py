"""`make up`: the same under Airflow with its UI; Ctrl-C leaves no process behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import tenacity

from tests.end_to_end.conftest import Home
from tests.end_to_end.test_make_run import start
from tests.sandbox.running import ROOT

INGEST_DAGS = {
    "ingest_facebook_ads",
    "ingest_google_ads",
    "ingest_linkedin_ads",
    "ingest_salesforce",
}


def ask(path: str, body: dict | None = None, token: str = "") -> Any:
    request = urllib.request.Request(
        f"http://localhost:8080{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def all_over(runs: list[dict]) -> bool:
    """Whether every source was loaded, the marts were built from it, and no run is at work."""
    kinds = {(run["dag_id"], run["run_type"]) for run in runs}
    return (
        {dag_id for dag_id, _ in kinds} >= INGEST_DAGS
        and ("closed_loop", "asset_triggered") in kinds
        and all(run["state"] in ("success", "failed") for run in runs)
    )


def told_failures(home: Path) -> str:
    return "".join(file.read_text() for file in (home / "failures").rglob("*.jsonl"))


@pytest.mark.timeout(900)
def test_all_dags_are_listed_unpaused_and_green_and_nothing_stays_behind(
    tmp_path: Path, generated: Callable[..., Path]
) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CLOSED_LOOP_HOME": str(tmp_path),
        "CLOSED_LOOP_DATA": str(generated(scale=0.02, months=6)),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "include.nightly", "up"],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        told = next(
            found
            for line in process.stdout
            if (found := re.search(r"user (\S+)  password (\S+)", line))
        )
        user, password = told.groups()
        token = ask("/auth/token", {"username": user, "password": password})["access_token"]

        @tenacity.retry(
            retry=(
                tenacity.retry_if_result(lambda runs: not all_over(runs))
                # On a busy machine one answer may take longer than anybody waits.
                | tenacity.retry_if_exception_type(TimeoutError)
            ),
            wait=tenacity.wait_fixed(5),
            stop=tenacity.stop_after_delay(700),
        )
        def first_runs() -> list[dict]:
            return ask("/api/v2/dags/~/dagRuns?limit=100", token=token)["dag_runs"]

        # Where the build's own hour has passed, it runs before anything is loaded, and is skipped.
        ended = {(run["dag_id"], run["run_type"]): run["state"] for run in first_runs()}
        assert set(ended.values()) == {"success"}, (ended, told_failures(tmp_path))
        listed = ask("/api/v2/dags", token=token)["dags"]
        by_the_clock = ["freshness_watchdog", "clean_landing"]
        there = [*INGEST_DAGS, "closed_loop", "check_connections", *by_the_clock]
        assert {dag["dag_id"]: dag["is_paused"] for dag in listed} == dict.fromkeys(there, False)
        assert ask("/api/v2/importErrors", token=token)["total_entries"] == 0
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) > 4
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=240)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    assert Home(tmp_path).marts("select count(*) as rows from marts.fct_opportunities")[0]["rows"]


def test_a_busy_port_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 8080))
        taken.listen()
        process = start(tmp_path, tmp_path, "up")
        _, complained = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Port 8080 is in use" in complained
