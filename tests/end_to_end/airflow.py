"""Airflow itself, in a home of its own, for tests that run a DAG as it is run in earnest."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import tenacity

from tests.end_to_end.cluster import PATIENCE, free_ports
from tests.end_to_end.conftest import Home
from tests.sandbox.running import ROOT, Sandbox


@dataclass(frozen=True)
class Airflow:
    """Airflow over the real dags folder, all its state below a home."""

    home: Home
    sandbox: Sandbox

    def environment(self, **more: str) -> dict[str, str]:
        """Variables of an Airflow process; an empty value takes a variable away."""
        folder = self.home.path / "airflow"
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        merged = {
            **self.home.environment(self.sandbox),
            "PATH": path,
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db",
            "CLOSED_LOOP_TASK_RETRIES": "0",
            "CLOSED_LOOP_RETRY_SECONDS": "20",
            "NO_PROXY": "localhost,127.0.0.1",
            "no_proxy": "localhost,127.0.0.1",
            **more,
        }
        return {name: value for name, value in merged.items() if value}

    def prepare(self) -> None:
        """Its database; whatever DAG is run first puts the DAGs in it."""
        done = self._run(["db", "migrate"])
        assert done.returncode == 0, done.stdout[-4000:]

    def test(self, dag_id: str, **more: str) -> tuple[bool, str]:
        """Run a DAG once; whether it went well, and everything that was said."""
        done = self._run(["dags", "test", dag_id], **more)
        with (self.home.path / f"{dag_id}.log").open("a") as log:
            log.write(done.stdout)
        return done.returncode == 0, done.stdout

    def _run(self, command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(Path(sys.executable).parent / "airflow"), *command],
            cwd=ROOT,
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


@dataclass
class Served:
    """An Airflow that schedules and answers at ``url``; ``log`` is all its processes say."""

    airflow: Airflow
    process: subprocess.Popen
    url: str
    log: Path
    token: str = ""

    @property
    def user(self) -> tuple[str, str]:
        """Name and password of its one user."""
        file = self.airflow.home.path / "airflow/simple_auth_manager_passwords.json.generated"
        return next(iter(json.loads(file.read_text()).items()))

    def ask(self, path: str, body: Mapping | None = None, method: str = "") -> Any:
        """Its answer, as its user."""
        request = urllib.request.Request(
            f"{self.url}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
            method=method or ("GET" if body is None else "POST"),
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def wait_for(self, what: Callable[[], Any]) -> Any:
        """What ``what`` gives once that is something; fails with what everyone said meanwhile."""
        waiting = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda found: not found)
            | tenacity.retry_if_exception_type(OSError),
            wait=tenacity.wait_fixed(2),
            stop=tenacity.stop_after_delay(PATIENCE),
        )
        try:
            return waiting(what)
        except tenacity.RetryError:
            raise AssertionError(self.why()) from None

    def why(self) -> str:
        """What the tasks noted of their failures, and the end of the log."""
        notes = (self.airflow.home.path / "failures").rglob("*.jsonl")
        return "\n".join([*(file.read_text() for file in notes), self.log.read_text()[-6000:]])

    def log_in(self) -> None:
        """As its user, once it answers."""

        def token() -> str:
            name, password = self.user
            return self.ask("/auth/token", {"username": name, "password": password})["access_token"]

        self.token = self.wait_for(token)


@contextlib.contextmanager
def served(airflow: Airflow, **more: str) -> Iterator[Served]:
    """All its processes, on ports of their own until the block ends; every DAG is paused."""
    ports = free_ports("api", "health", "trigger_log", "worker_log")
    url = f"http://localhost:{ports['api']}"
    log = airflow.home.path / "standalone.log"
    environment = airflow.environment(
        AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="True",
        AIRFLOW__CORE__PARALLELISM="2",
        AIRFLOW__API__PORT=str(ports["api"]),
        AIRFLOW__API__BASE_URL=url,
        AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT=str(ports["health"]),
        AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT=str(ports["trigger_log"]),
        AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(ports["worker_log"]),
        # Files that do not change are read once, and a busy machine is slow.
        AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL="3600",
        AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT="300",
        AIRFLOW__WORKERS__EXECUTION_API_RETRIES="10",
        AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT="30",
        **more,
    )
    with log.open("w") as file:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "airflow"), "standalone"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        running = Served(airflow, process, url, log)
        running.log_in()
        running.ask("/api/v2/pools", {"name": "warehouse", "slots": 1})
        yield running
    finally:
        family = [psutil.Process(process.pid)]
        family += family[0].children(recursive=True)
        process.send_signal(signal.SIGINT)
        _, alive = psutil.wait_procs(family, 20)
        for each in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        _, alive = psutil.wait_procs(alive, 20)
        assert alive == []
