"""`make up`: the same under Airflow with its UI; Ctrl-C leaves no process behind.

One of its tasks is killed meanwhile: starting a second Airflow for that would cost a minute.
"""

from __future__ import annotations

import contextlib
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

from tests.end_to_end.conftest import Home, totals, truth
from tests.end_to_end.nightly import start
from tests.sandbox.running import ROOT

INGEST_DAGS = {
    "ingest_facebook_ads",
    "ingest_google_ads",
    "ingest_linkedin_ads",
    "ingest_salesforce",
    "ingest_google_analytics",
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


def killed(token: str) -> dict | None:
    """A task that was staging an account, once it is killed; None while there is none at work.

    It is halted first, for one that has said it is done would not be tried again.
    """
    running = "/api/v2/dags/~/dagRuns/~/taskInstances?state=running&task_id=load_account.stage"
    for task in ask(running, token=token)["task_instances"]:
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            process = psutil.Process(task["pid"] or 0)
            process.suspend()
            if task["id"] in {still["id"] for still in ask(running, token=token)["task_instances"]}:
                process.kill()
                return task
            process.resume()
    return None


def until(is_enough: Callable[[Any], bool], look: Callable[[], Any], *, every: float) -> Any:
    """What ``look`` gives once that is enough; it looks again after ``every`` seconds."""
    trying = tenacity.Retrying(
        retry=(
            tenacity.retry_if_result(lambda found: not is_enough(found))
            # On a busy machine one answer may take longer than anybody waits.
            | tenacity.retry_if_exception_type(TimeoutError)
        ),
        wait=tenacity.wait_fixed(every),
        stop=tenacity.stop_after_delay(700),
    )
    return trying(look)


def told_failures(home: Path) -> str:
    return "".join(file.read_text() for file in (home / "failures").rglob("*.jsonl"))


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_32_all_dags_end_green_with_whole_data_though_a_task_is_killed_and_nothing_stays_behind(
    tmp_path: Path, generated: Callable[..., Path]
) -> None:
    company = generated(scale=0.02, months=6)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CLOSED_LOOP_HOME": str(tmp_path),
        "CLOSED_LOOP_DATA": str(company),
        "CLOSED_LOOP_TASK_RETRIES": "1",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
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

        lost = until(bool, lambda: killed(token), every=0.5)
        all_runs = "/api/v2/dags/~/dagRuns?limit=100"
        first_runs = until(all_over, lambda: ask(all_runs, token=token)["dag_runs"], every=5)
        # Where the build's own hour has passed, it runs before anything is loaded, and is skipped.
        ended = {(run["dag_id"], run["run_type"]): run["state"] for run in first_runs}
        assert set(ended.values()) == {"success"}, (ended, told_failures(tmp_path))
        of_run = f"/api/v2/dags/{lost['dag_id']}/dagRuns/{lost['dag_run_id']}/taskInstances"
        again = ask(f"{of_run}/{lost['task_id']}/{lost['map_index']}", token=token)
        assert (again["state"], again["try_number"]) == ("success", 2)
        listed = ask("/api/v2/dags", token=token)["dags"]
        by_the_clock = ["freshness_watchdog", "clean_landing"]
        there = [*INGEST_DAGS, "closed_loop", "check_connections", *by_the_clock]
        assert {dag["dag_id"]: dag["is_paused"] for dag in listed} == dict.fromkeys(there, False)
        for kind in ("importErrors", "plugins/importErrors"):
            assert ask(f"/api/v2/{kind}", token=token)["total_entries"] == 0
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) > 4
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=240)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    home = Home(tmp_path)
    keys = ("platform", "account_id", "campaign_id", "date")
    spent = home.marts(
        "select platform, account_id, campaign_id, cast(date_day as text) as date, spend "
        "from marts.fct_ad_spend_daily where spend <> 0"
    )
    wanted = totals(truth(company, "spend"), keys, "spend")
    assert totals(spent, keys, "spend") == {key: value for key, value in wanted.items() if value}
    deals = home.marts("select opportunity_id from marts.fct_opportunities")
    assert {deal["opportunity_id"] for deal in deals} == {
        deal["opportunity_id"]
        for deal in truth(company, "opportunities")
        if deal["status"] != "deleted"
    }


def test_a_busy_port_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 8080))
        taken.listen()
        process = start(tmp_path, tmp_path, "up")
        _, complained = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Port 8080 is in use" in complained
