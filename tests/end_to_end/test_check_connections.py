"""The DAG that tries every connection, run by Airflow: a table, and sentences on what is wrong."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.airflow import Airflow
from tests.end_to_end.conftest import Home
from tests.end_to_end.planted import SECRETS, findings
from tests.sandbox.running import Sandbox


@pytest.fixture(scope="module")
def airflow(
    generated: Callable[..., Path],
    serve: Callable[..., Sandbox],
    tmp_path_factory: pytest.TempPathFactory,
) -> Airflow:
    sandbox = serve(generated(scale=0.02, months=6))
    airflow = Airflow(Home(tmp_path_factory.mktemp("connections")), sandbox)
    airflow.prepare()
    return airflow


def returned(airflow: Airflow, task_id: str) -> object:
    """What a task of the DAG's last run returned."""
    database = airflow.home.path / "airflow" / "airflow.db"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "select value from xcom where dag_id = 'check_connections' and task_id = ? "
            "and key = 'return_value' order by timestamp desc",
            [task_id],
        ).fetchall()
    value = json.loads(rows[0][0])
    return json.loads(value) if isinstance(value, str) and value.startswith('"') else value


def test_10_each_connection_that_does_not_work_is_named_with_what_to_do(airflow: Airflow) -> None:
    wrong = json.dumps({"conn_type": "generic", "host": "https://evil.example", "password": "no"})
    went_well, said = airflow.test(
        "check_connections", AIRFLOW_CONN_SALESFORCE="", AIRFLOW_CONN_FACEBOOK_ADS=wrong
    )
    assert not went_well
    assert "Airflow has no connection named salesforce: add it under Admin > Connections" in said
    assert "names the host 'evil.example', which is not Meta's" in said
    table = str(returned(airflow, "report"))
    assert "### salesforce: does not work" in table
    assert "### facebook_ads: does not work" in table
    assert "### google_ads: works" in table
    assert "| 4815162342 | Fernhill US | ENABLED | USD | America/Chicago |" in table
    assert "| connection | verdict | API version |" in said


def test_35_i7_no_secret_is_in_what_the_run_left(airflow: Airflow) -> None:
    """XCom, rendered fields, task logs, failures and all that was said."""
    assert (airflow.home.path / "check_connections.log").read_text().count("verdict") >= 1
    assert list((airflow.home.path / "failures").rglob("*"))
    assert findings(airflow.home.path, SECRETS) == []
