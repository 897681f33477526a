"""What nobody has to have: without connection or account its DAG does nothing, in words."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Connection
from airflow.sdk.execution_time.context import set_current_context

from tests.sandbox.ga4_data import FILES
from tests.sandbox.running import Sandbox, start_sandbox, write_data_set

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    properties = {"ga4/properties": FILES["ga4/properties"]}
    with start_sandbox(write_data_set(tmp_path_factory.mktemp("data"), properties)) as running:
        yield running


def without_property(sandbox: Sandbox) -> Connection:
    """A connection that logs in and names nothing to read."""
    given = sandbox.connection("google_analytics") | {"property_ids": ""}
    plain = {name: given.pop(name) for name in ("login", "password")}
    extra = json.dumps(given)
    return Connection(conn_id="google_analytics", conn_type="generic", **plain, extra=extra)


@pytest.mark.parametrize(
    ("is_connected", "says"),
    [
        (False, "Google Analytics has no connection and is not missed"),
        (True, "Google Analytics shows no account to this login, so nothing of it is read"),
    ],
    ids=["no connection", "no property"],
)
def test_whoever_has_no_google_analytics_gets_a_sentence_and_no_red_task(
    dag_bag: Any,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    is_connected: bool,
    says: str,
) -> None:
    mine = {"CLOSED_LOOP_HOME": str(tmp_path), "CLOSED_LOOP_HASH_KEY": "test"}
    for name, value in {**sandbox.variables, **mine}.items():
        monkeypatch.setenv(name, value)
    known = {"google_analytics": without_property(sandbox)} if is_connected else {}
    dag_run = SimpleNamespace(
        run_id="night", run_type="scheduled", start_date=NOON, data_interval_end=NOON
    )
    context: Any = {"conn": known, "params": {}, "dag_run": dag_run}
    tasks = dag_bag.dags["ingest_google_analytics"].task_dict
    with set_current_context(context), caplog.at_level(logging.INFO):
        plans = tasks["discover"].python_callable()
        assert plans == []
        assert tasks["reconcile"].python_callable(plans) == 0
    assert says in caplog.text
