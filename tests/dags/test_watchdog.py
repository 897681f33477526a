"""The watchdog's task as Airflow calls it: red by its hour, whatever happened to any run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Connection
from airflow.sdk.execution_time.context import set_current_context

from include import warehouse
from include.freshness import NewsMissing, connected_since
from include.registry import SOURCES
from include.settings import load_settings


def test_33_a_source_that_no_run_ever_loaded_makes_the_watchdog_red_once_it_is_due(
    dag_bag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOSED_LOOP_HOME", str(tmp_path))
    warehouse.prepare(load_settings(), SOURCES)
    watch = dag_bag.dags["freshness_watchdog"].task_dict["require_news"].python_callable
    connection = Connection(conn_id="linkedin_ads", conn_type="generic", password="secret")

    def look(at: str) -> None:
        now = datetime.fromisoformat(at).astimezone(UTC)
        dag_run = SimpleNamespace(
            run_id=at, run_type="scheduled", start_date=now, data_interval_end=now
        )
        context = {"conn": {"linkedin_ads": connection}, "params": {}, "dag_run": dag_run}
        with set_current_context(context):
            watch()

    look("2026-11-19T20:20:00Z")  # the connection is seen for the first time
    look("2026-11-20T08:20:00Z")  # its first night is over, and its hour not yet
    with pytest.raises(NewsMissing, match="LinkedIn Ads has a connection and was never loaded"):
        look("2026-11-20T09:20:00Z")  # past ten in Berlin


@pytest.mark.parametrize("cut", ["", "2026-11-1", "2026-11-19", "2026-11-19T20:20"])
def test_13_since_when_a_source_is_connected_is_noted_anew_where_that_was_cut_short(
    tmp_path: Path, cut: str
) -> None:
    settings = replace(load_settings(), home=tmp_path)
    file = tmp_path / "watchdog" / "salesforce.connected"
    file.parent.mkdir()
    file.write_text(cut)
    now = datetime(2026, 11, 20, 8, 20, tzinfo=UTC)
    for at in (now, now + timedelta(hours=1)):
        assert connected_since(settings, ["salesforce"], at) == {"salesforce": now}
    assert [path.name for path in file.parent.iterdir()] == [file.name]
