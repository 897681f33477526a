"""Celery: the nightly loop by the services of docker-compose.yaml, one of them killed.

No container is started: the services' own commands run as processes of this machine, each in the
environment that compose gives it (tests/compose.py), with hosts, ports and folders put right.
PostgreSQL, Redis and the sandbox are real.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from include import warehouse
from include.contracts.staging import STAGING_TABLES
from include.registry import SOURCES
from tests.compose import CELERY_SECRETS, REQUIRED, compose
from tests.end_to_end.cluster import PATIENCE, Cluster, cluster, free_ports
from tests.end_to_end.conftest import Home
from tests.sandbox.running import Sandbox

WORKERS = ("first", "second")
SOON = {  # in .env: a lost task is missed sooner than in earnest, and tried again at once
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "120",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
    # and files that do not change are read once
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
}
ANSWERED_LATE = [
    {
        "match": {"api": "linkedin", "path": "/rest/adAnalytics.*"},
        "nth": 1,
        "do": {"kind": "delay", "seconds": PATIENCE},
    }
]


def start_airflow(running: Cluster) -> None:
    """Both one-shot services, then everything that stays."""
    running.start("warehouse-roles")
    running.start("airflow-init")
    running.finish("warehouse-roles")
    running.finish("airflow-init")
    for name in ("apiserver", "scheduler", "dag-processor", "triggerer"):
        running.start(f"airflow-{name}")
    for name, port in free_ports(*WORKERS).items():
        running.start("airflow-worker", name, AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(port))
    running.log_in()


def dags(running: Cluster) -> set[str]:
    """Those that the dag processor has read so far."""
    return {dag["dag_id"] for dag in running.ask("/api/v2/dags")["dags"]}


def runs(running: Cluster) -> dict[str, dict[str, Any]]:
    """The last run of each DAG that has one."""
    found = running.ask("/api/v2/dags/~/dagRuns?limit=100&order_by=run_after")["dag_runs"]
    return {run["dag_id"]: run for run in found}


def tasks(running: Cluster, run: dict[str, Any]) -> list[dict[str, Any]]:
    of_run = f"/api/v2/dags/{run['dag_id']}/dagRuns/{run['dag_run_id']}/taskInstances"
    return running.ask(f"{of_run}?limit=200")["task_instances"]


def worker_of(running: Cluster, pid: int) -> str | None:
    """The worker that this process belongs to."""
    for name in WORKERS:
        if pid in {process.pid for process in running.family(name)}:
            return name
    return None


def worker_at(running: Cluster, dag: str, task: str) -> str | None:
    """The worker at which a task is running now, if it is."""
    for each in tasks(running, runs(running)[dag]):
        if each["task_id"] == task and each["state"] == "running" and each["pid"]:
            return worker_of(running, each["pid"])
    return None


def built(running: Cluster) -> int:
    """Tasks of closed_loop that are done."""
    states = [each["state"] for each in tasks(running, runs(running)["closed_loop"])]
    return states.count("success")


def ended(running: Cluster, *dags: str) -> dict[str, str] | None:
    """How these DAGs' runs ended, once all have."""
    found = runs(running)
    states = {dag: found[dag]["state"] for dag in dags if dag in found}
    over = len(states) == len(dags) and {"success", "failed"}.issuperset(states.values())
    return states if over else None


def contents(home: Home) -> dict[str, str]:
    """A hash of each staged table and of each published mart, stamps aside."""
    staged = [f"staging.{table.name}" for table in STAGING_TABLES]
    return home.fingerprint() | warehouse.fingerprint(home.settings, staged)


@pytest.mark.campaign
@pytest.mark.timeout(4000)
def test_32_a_lost_worker_and_a_restarted_scheduler_leave_the_marts_of_an_undisturbed_night(
    tmp_path: Path, generated: Callable[..., Path], serve: Callable[..., Sandbox]
) -> None:
    data = generated(scale=0.02, months=6)
    project = compose(
        REQUIRED
        | CELERY_SECRETS
        | SOON
        | {"COMPOSE_PROFILES": "celery,sandbox", "WORKER_CONCURRENCY": "2"}
    )
    with cluster(project, tmp_path / "cluster", data) as running:
        start_airflow(running)
        ingests = [f"ingest_{source.name}" for source in SOURCES]
        running.wait_for(lambda: {*ingests, "closed_loop"} <= dags(running))
        running.sandbox("faults", ANSWERED_LATE)
        for dag in ("closed_loop", *ingests):
            running.ask(f"/api/v2/dags/{dag}", {"is_paused": False}, "PATCH")
        for dag in ingests:
            running.ask(f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None})

        land = "load_account.land"
        lost = running.wait_for(lambda: worker_at(running, "ingest_linkedin_ads", land))
        running.kill(lost)
        running.sandbox("faults", [])
        over = running.wait_for(lambda: ended(running, *ingests))
        assert over == dict.fromkeys(ingests, "success"), running.why()
        tries = [
            each["try_number"]
            for each in tasks(running, runs(running)["ingest_linkedin_ads"])
            if each["task_id"] == land
        ]
        assert max(tries) > 1, "the worker that was killed was not at work on it"

        running.wait_for(lambda: "closed_loop" in runs(running))
        running.wait_for(lambda: built(running) > 5)
        running.kill("airflow-scheduler")
        running.start("airflow-scheduler")
        over = running.wait_for(lambda: ended(running, "closed_loop"))
        assert over == {"closed_loop": "success"}, running.why()
        health = running.ask("/api/v2/monitor/health")
        assert {part: found["status"] for part, found in health.items()} == dict.fromkeys(
            ("metadatabase", "scheduler", "triggerer", "dag_processor"), "healthy"
        )
        everyone = [each for name in running.processes for each in running.family(name)]
        assert len(everyone) > 10
        history_start = project.environment_of("airflow-worker")["CLOSED_LOOP_HISTORY_START"]
        published = contents(Home(running.home, running.warehouse_url))

        undisturbed = Home(tmp_path / "duckdb")
        undisturbed.night(
            serve(data),
            CLOSED_LOOP_HASH_KEY=REQUIRED["CLOSED_LOOP_HASH_KEY"],
            CLOSED_LOOP_HISTORY_START=history_start,
        )
        assert published == contents(undisturbed)
    assert [process for process in everyone if process.is_running()] == []
