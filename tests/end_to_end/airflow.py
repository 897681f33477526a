"""Airflow itself, in a home of its own, for tests that run a DAG as it is run in earnest."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

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
