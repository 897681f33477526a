"""The gate between audit and publish: only a person's yes opens it, and it never hangs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskAwaitingInput
from airflow.sdk.execution_time.context import set_current_context
from airflow.sdk.execution_time.supervisor import (
    InProcessSupervisorComms,
    set_supervisor_comms,
)

from include import warehouse
from include.holds import Held, Hold, question
from include.registry import SOURCES
from include.run import Run
from include.settings import Settings
from include.warehouse import holding

HOLD = Hold("google_ads", "7", "collapse", date(2026, 11, 20), Decimal(3), Decimal(100))
ASKED = question([HOLD])
AT = datetime(2026, 11, 21, 9, tzinfo=UTC)


class Comms:
    """Takes what a task tells Airflow."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, msg: Any) -> None:
        self.sent.append(msg)


class Task:
    """What a task knows of itself."""

    id = "0199a0b0-0000-7000-8000-000000000000"
    log_url = "http://localhost:8080/dags/closed_loop"


class Prepared:
    """A task whose run has the first lease on the marts."""

    def xcom_pull(self, task_ids: str) -> dict[str, int]:
        return {"prepare": {"version": 0, "lease": 1}}[task_ids]


@pytest.fixture
def approval(dag_bag: Any) -> Iterator[Any]:
    task = dag_bag.dags["closed_loop"].task_dict["approve"]
    template = task.body
    yield task
    task.body = template


def asked(approval: Any, body: str, comms: Any) -> Any:
    """What comes of the task where it was handed this question."""
    approval.body = body
    context = {"ti": Task(), "task_instance": Task(), "task": approval, "conn": {}}
    with set_supervisor_comms(comms):
        return approval.execute(context)


def test_where_nothing_is_held_nobody_is_asked(approval: Any) -> None:
    comms = Comms()
    assert asked(approval, "", comms)["chosen_options"] == ["Approve"]
    assert comms.sent == []


def test_22_a_person_is_asked_with_two_answers_a_time_out_and_no_default(approval: Any) -> None:
    comms = Comms()
    with pytest.raises(TaskAwaitingInput) as waiting:
        asked(approval, ASKED, comms)
    assert waiting.value.timeout == timedelta(hours=20)
    (asking,) = comms.sent
    assert asking.options == ["Approve", "Reject"]
    assert not asking.defaults
    assert HOLD.sentence in asking.body
    assert approval.template_fields == ("subject", "body")


def test_22_the_time_out_keeps_holding(approval: Any) -> None:
    approval.body = ASKED
    with pytest.raises(Held) as held:
        approval.execute_complete({}, {"error": "too late", "error_type": "timeout"})
    why, what = held.value.sentences
    assert why.startswith("held: nobody decided in time, and nothing was published; clear the task")
    assert what == f"held: {HOLD.sentence}"


def test_where_nobody_can_answer_it_says_so_instead_of_waiting(
    approval: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Held, match=r"approve it in Airflow's UI, or by `make approve`"):
        asked(approval, ASKED, InProcessSupervisorComms(supervisor=None))  # airflow dags test
    monkeypatch.setenv("CLOSED_LOOP_HOLD_HOURS", "0")  # make run
    with pytest.raises(Held, match="held: nothing was published"):
        asked(approval, ASKED, Comms())


@pytest.fixture
def held_settings(new_settings: Any, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = new_settings("duckdb")
    monkeypatch.setenv("CLOSED_LOOP_HOME", str(settings.home))
    warehouse.prepare(settings, SOURCES)
    warehouse.lease_marts(settings, Run("night", AT, AT))
    holding.note(settings, Run("night", AT, AT), [HOLD])
    return settings


def test_22_approval_and_rejection_are_kept_with_who_gave_them(
    dag_bag: Any, held_settings: Settings
) -> None:
    decide = dag_bag.dags["closed_loop"].task_dict["decide"].python_callable

    def answered(answer: str, body: str = ASKED) -> Mapping[str, Any]:
        user = {"id": "1", "name": "ann"}
        given = {"chosen_options": [answer], "responded_by_user": user, "responded_at": AT}
        with set_current_context({"conn": {}, "ti": Prepared()}):
            decide(body, given)
        (row,) = warehouse.read(held_settings, "select * from ops.holds")
        return row

    assert answered("Approve", "")["status"] == "open"  # nothing was asked
    with pytest.raises(Held, match="held: ann rejected it, and nothing was published"):
        answered("Reject")
    assert holding.waiting(held_settings)[0]["status"] == "rejected"
    row = answered("Approve")
    assert (row["status"], row["decided_by"], row["decided_at"]) == ("approved", "ann", AT)
    warehouse.lease_marts(held_settings, Run("rebuild", AT, AT))
    with pytest.raises(warehouse.Superseded):
        answered("Approve")
