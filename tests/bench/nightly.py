"""Wall time and peak memory of each step of a night, against an Airflow DAG that does nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from include.settings import load_settings
from tests.bench.report import write

ROOT = Path(__file__).resolve().parents[2]
EMPTY_DAG = """
from airflow.sdk import DAG, task

with DAG("empty", schedule=None):

    @task
    def nothing():
        return None

    nothing()
"""


def measure_empty_dag(folder: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of ``airflow dags test`` on a DAG with one idle task."""
    (folder / "dags").mkdir()
    (folder / "dags" / "empty.py").write_text(EMPTY_DAG)
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    airflow = str(Path(sys.executable).parent / "airflow")
    subprocess.run([airflow, "db", "migrate"], env=environment, check=True, capture_output=True)
    began = time.monotonic()
    with (folder / "empty.log").open("w") as log:
        process = subprocess.Popen(
            [airflow, "dags", "test", "empty"], env=environment, stdout=log, stderr=log
        )
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, (folder / "empty.log").read_text()[-2000:]
    return time.monotonic() - began, used.ru_maxrss / 1024


def main() -> None:
    """A first night and a second one in a throwaway home, step by step."""
    with tempfile.TemporaryDirectory() as folder:
        idle_seconds, idle_megabytes = measure_empty_dag(Path(folder))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for night in ("first", "second"):
            environment = {**os.environ, "PYTHONPATH": str(ROOT), "CLOSED_LOOP_HOME": folder}
            subprocess.run(
                [sys.executable, "-m", "include.nightly", "run"],
                cwd=ROOT,
                env=environment,
                check=True,
            )
            steps = json.loads((Path(folder) / "logs" / "steps.json").read_text())
            for name, seconds, megabytes in steps:
                for measure, unit, ours, yardstick in (
                    ("wall", "s", seconds, idle_seconds),
                    ("peak memory", "MB", megabytes, idle_megabytes),
                ):
                    rows.append(
                        {
                            "measure": f"{night} night, {name}, {measure}",
                            "unit": unit,
                            "ours": round(ours, 2),
                            "yardstick": round(yardstick, 2),
                            "yardstick_name": "an Airflow DAG with one idle task",
                            "ratio": round(ours / yardstick, 2),
                        }
                    )
    write(load_settings(), "nightly", rows)


if __name__ == "__main__":
    main()
