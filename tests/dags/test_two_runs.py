"""Two runs of one ingest DAG at work at once, task by task as Airflow calls them.

`max_active_runs` keeps the scheduler from it; a backfill beside a night's run, or a task that comes
back after its run was cleared, does not ask it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Connection
from airflow.sdk.execution_time.context import set_current_context

from include import warehouse
from include.settings import load_settings
from tests.sandbox.linkedin_data import EURO, account, day
from tests.sandbox.running import Sandbox, start_sandbox, write_data_set

DAG_ID = "ingest_linkedin_ads"
EARLIER, LATER = "2026-11-18T12:00:00Z", "2026-11-19T12:00:00Z"
FILES = {
    "linkedin/accounts": [account(EURO, "EUR")],
    "linkedin/analytics": [
        {**day("2026-11-16", "9.99"), "_known_until": LATER},
        {**day("2026-11-16", "4.00"), "_known_from": LATER},
        day("2026-11-17", "7.00"),
    ],
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = write_data_set(tmp_path_factory.mktemp("data"), FILES)
    with start_sandbox(folder) as running:
        yield running


@pytest.fixture
def call(
    dag_bag: Any, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """``call(as_of, task, *arguments)``: a task of the run of that instant, when the world is so
    far."""
    mine = {"CLOSED_LOOP_HOME": str(tmp_path), "CLOSED_LOOP_HISTORY_START": "2026-11-15"}
    for name, value in {**sandbox.variables, **mine, "CLOSED_LOOP_HASH_KEY": "test"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CLOSED_LOOP_AS_OF")
    given = sandbox.connection("linkedin_ads")
    plain = {name: given.pop(name) for name in ("host", "login", "password")}
    connection = Connection(
        conn_id="linkedin_ads", conn_type="generic", **plain, extra=json.dumps(given)
    )

    def called(as_of: str, task: str, *arguments: Any) -> Any:
        began = datetime.fromisoformat(as_of).astimezone(UTC)
        dag_run = SimpleNamespace(
            run_id=f"of {as_of}", run_type="manual", start_date=began, data_interval_end=began
        )
        sandbox.set_clock(as_of)
        context = {"conn": {"linkedin_ads": connection}, "params": {}, "dag_run": dag_run}
        with set_current_context(context):
            return dag_bag.dags[DAG_ID].task_dict[task].python_callable(*arguments)

    return called


@pytest.mark.parametrize("first", [EARLIER, LATER], ids=["earlier first", "later first"])
def test_16_17_of_two_runs_at_once_the_later_stands_and_the_other_is_told(
    call: Callable[..., Any], first: str
) -> None:
    """The claim check that travels between tasks is what tells a task that it was overtaken."""
    plans = {run: call(run, "discover") for run in (EARLIER, LATER)}
    landed = {run: call(run, "load_account.land", plans[run][0]) for run in (LATER, EARLIER)}
    for run in sorted((EARLIER, LATER), key=lambda run: run != first):
        checked = call(run, "load_account.validate", landed[run])
        if run == LATER:
            assert call(run, "load_account.stage", checked) > 0
        else:
            with pytest.raises(warehouse.Superseded, match=f"a later run works on .*of {LATER}"):
                call(run, "load_account.stage", checked)
    assert call(LATER, "reconcile", plans[LATER]) > 0
    spend = warehouse.read(
        load_settings(),
        "select spend, batch_id from staging.stg_campaign_daily order by date_day",
    )
    assert [row["spend"] for row in spend] == [Decimal(4), Decimal(7)]
    assert {row["batch_id"] for row in spend} <= set(landed[LATER]["batch_ids"])
