"""Exactly the DAGs promised: documented, owned, retried, wired."""

from __future__ import annotations

import pytest
from airflow.sdk import RetryAction

from include.registry import SOURCES
from include.sources import SourceQuotaExhausted, SourceRefused, SourceUnavailable
from include.warehouse import Superseded, WarehouseUnavailable
from include.warehouse.models import models

INGEST = {
    "ingest_facebook_ads",
    "ingest_google_ads",
    "ingest_linkedin_ads",
    "ingest_salesforce",
    "ingest_google_analytics",
}
ASSETS = {
    "staged_facebook_ads": "closed-loop://staging/facebook_ads",
    "staged_google_ads": "closed-loop://staging/google_ads",
    "staged_linkedin_ads": "closed-loop://staging/linkedin_ads",
    "staged_salesforce": "closed-loop://staging/salesforce",
    "staged_google_analytics": "closed-loop://staging/google_analytics",
}


def test_every_file_imports(dag_bag) -> None:
    assert dag_bag.import_errors == {}


def test_the_dags_are_exactly_these(dag_bag) -> None:
    others = {"closed_loop", "check_connections", "freshness_watchdog", "clean_landing"}
    assert set(dag_bag.dags) == INGEST | others


def test_every_dag_is_documented_owned_tagged_and_retried(dag_bag) -> None:
    for dag in dag_bag.dags.values():
        for section in ("### What a run means", "### Rerun", "### When it fails"):
            assert section in dag.doc_md, dag.dag_id
        assert dag.tags, dag.dag_id
        assert dag.catchup is False
        assert dag.max_active_runs == 1
        for task in dag.tasks:
            assert task.owner == "data-engineering", task
            assert task.retries == 3, task
            assert task.retry_policy is not None, task
            assert task.execution_timeout is not None, task
            assert task.doc_md or task.python_callable.__doc__, task


def test_an_ingest_dag_lands_validates_stages_and_then_reconciles(dag_bag) -> None:
    for dag_id in INGEST:
        dag = dag_bag.dags[dag_id]
        assert set(dag.task_dict) == {
            "discover",
            "load_account.land",
            "load_account.validate",
            "load_account.stage",
            "reconcile",
        }
        assert dag.task_dict["load_account.land"].downstream_task_ids == {"load_account.validate"}
        assert dag.task_dict["load_account.validate"].downstream_task_ids == {"load_account.stage"}
        assert dag.task_dict["load_account.stage"].downstream_task_ids == {"reconcile"}


def test_the_last_task_of_an_ingest_dag_is_the_only_one_with_an_outlet(dag_bag) -> None:
    outlets = {}
    for dag_id in INGEST:
        for task in dag_bag.dags[dag_id].tasks:
            for asset in task.outlets:
                assert task.task_id == "reconcile"
                outlets[asset.name] = asset.uri
    assert outlets == ASSETS


def test_34_the_marts_follow_every_source_or_the_clock(dag_bag) -> None:
    timetable = dag_bag.dags["closed_loop"].timetable
    assert [asset.name for asset in timetable.asset_condition.objects] == [
        source.staged_asset[0] for source in SOURCES
    ]
    assert timetable.timetable.expression == "30 7 * * *"


def test_closed_loop_builds_every_model_before_it_audits_and_audits_before_it_publishes(
    dag_bag,
) -> None:
    dag = dag_bag.dags["closed_loop"]
    names = {model.name for model in models()}
    assert set(dag.task_dict) == names | {
        "prepare", "audit", "look_for_holds", "approve", "decide", "publish", "report"
    }  # fmt: skip
    assert dag.task_dict["audit"].upstream_task_ids == names
    assert dag.task_dict["look_for_holds"].upstream_task_ids == {"audit"}
    assert dag.task_dict["approve"].upstream_task_ids == {"look_for_holds"}
    assert dag.task_dict["decide"].upstream_task_ids == {"look_for_holds", "approve"}
    assert dag.task_dict["publish"].upstream_task_ids == {"decide"}
    assert all(task.trigger_rule == "all_success" for task in dag.tasks)
    assert dag.task_dict["report"].upstream_task_ids == {"publish"}
    for model in models():
        wanted = set(model.depends_on) or {"prepare"}
        assert dag.task_dict[model.name].upstream_task_ids == wanted


@pytest.mark.parametrize(
    ("error", "is_tried_again"),
    [
        (SourceQuotaExhausted("used up until midnight", retry_after=9), False),
        (SourceRefused("the token was revoked"), False),
        (SourceUnavailable("busy"), True),
        (WarehouseUnavailable("it restarts"), True),
        (Superseded("a later run works on it"), False),
    ],
    ids=lambda each: type(each).__name__,
)
def test_9_10_14_17_what_passes_is_tried_again_and_what_does_not_fails_at_once(
    dag_bag, error: Exception, is_tried_again: bool
) -> None:
    """Each source in a DAG of its own, so that whatever stops one leaves the others alone."""
    for dag_id in INGEST:
        for task in dag_bag.dags[dag_id].tasks:
            decision = task.retry_policy.evaluate(error, 1, 3)
            assert (decision.action is RetryAction.RETRY) is is_tried_again, (task, decision)


def test_checking_connections_is_started_by_a_person_and_tries_every_source(dag_bag) -> None:
    dag = dag_bag.dags["check_connections"]
    checks = {f"check_{source.name}" for source in SOURCES}
    assert set(dag.task_dict) == checks | {"report", "require_working"}
    assert dag.task_dict["report"].upstream_task_ids == checks
    assert dag.task_dict["require_working"].upstream_task_ids == checks | {"report"}
    assert not dag.timetable.can_be_scheduled
    assert not [asset for task in dag.tasks for asset in task.outlets]
    assert not [task for task in dag.tasks if task.pool == "warehouse"]


def test_what_loads_by_the_day_can_be_backfilled_and_nothing_else(dag_bag) -> None:
    for dag in dag_bag.dags.values():
        takes = dag.allowed_run_types is None or "backfill" in dag.allowed_run_types
        assert (takes and dag.timetable.can_be_scheduled) is (dag.dag_id in INGEST), dag.dag_id


def test_33_the_watchdog_looks_every_hour_and_waits_for_no_run(dag_bag) -> None:
    """Promise 33: its own cron, no asset, no pool that a stuck run could fill."""
    dag = dag_bag.dags["freshness_watchdog"]
    assert set(dag.task_dict) == {"require_news"}
    assert dag.timetable.expression == "20 * * * *"
    assert dag.task_dict["require_news"].pool == "default_pool"


def test_landing_is_cleaned_weekly_and_can_be_tried_dry(dag_bag) -> None:
    dag = dag_bag.dags["clean_landing"]
    assert set(dag.task_dict) == {"clean"}
    assert dag.timetable.expression == "0 12 * * 0"
    assert dag.params["dry_run"] is False
    assert dag.task_dict["clean"].pool == "warehouse"


def test_15_16_whoever_writes_the_warehouse_waits_in_the_one_slot_pool(dag_bag) -> None:
    writers = {"discover", "load_account.stage", "reconcile"}
    for dag_id in INGEST:
        tasks = dag_bag.dags[dag_id].tasks
        assert {task.task_id for task in tasks if task.pool == "warehouse"} == writers
    assert {task.pool for task in dag_bag.dags["closed_loop"].tasks} == {"warehouse"}
