"""
### What a run means

Builds every mart anew from staging, audits the result, and publishes it at one instant. Until every
audit has passed nobody sees anything of it: readers keep the marts of the run before.

It starts when every source has been staged, or at 07:30 UTC, whichever comes first; a source that
is missing by then shows in `mart_data_health` and in the completeness columns, never as silence.

### Rerun, rebuild

Trigger it at any time, as often as you like: the marts are a function of staging alone, so a second
run gives the same marts. It takes no dates. If loads come in while it builds, the audit first
builds everything anew at one instant, so that no two models speak of different ones.

### Why did last month change?

Every figure of a closed month that a publish moves is in `ops.mart_changes`, with its causes and
the facts behind them (on DuckDB read it in `marts.duckdb`). A cause `unexplained` is a defect:
report it.

### When it fails

By what the failed task says:

- *audits returned rows*: the books do not close. The task names the audits and shows rows;
  nothing was published. Mend the cause (often a missing currency rate or a seed), then clear
  `prepare` and all that follows it.
- *an SQL error in a model*: the file is named; mend it and clear the task.
- *a seed was refused*: file, line and reason are named; mend the seed and clear `prepare`.
- *the warehouse file is held by …*: end that process, then clear the task.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.sdk import (
    DAG,
    Asset,
    AssetOrTimeSchedule,
    CronTriggerTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    get_current_context,
    task,
)
from airflow.sdk.exceptions import AirflowSkipException

from include.notices import callbacks
from include.registry import SOURCES
from include.run import record_failure
from include.settings import load_settings
from include.warehouse.models import audits, models

log = logging.getLogger(__name__)

LATEST = CronTriggerTimetable("30 7 * * *", timezone="UTC")

NO_BACKFILL = ("scheduled", "manual", "operator_triggered", "asset_triggered")

RETRY_POLICY = ExceptionRetryPolicy(
    rules=[RetryRule("include.warehouse.WarehouseUnavailable", retry_delay=timedelta(minutes=2))],
    default=RetryAction.FAIL,
)

with DAG(
    dag_id="closed_loop",
    description="Builds, audits and publishes the marts",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(
        timetable=LATEST, assets=[Asset(*source.staged_asset) for source in SOURCES]
    ),
    catchup=False,
    max_active_runs=1,
    allowed_run_types=NO_BACKFILL,
    tags=["marts"],
    params={"as_of": Param(None, type=["null", "string"], title="As of (day or instant)")},
    **callbacks(
        "Readers see a new build only once publish went well; until then they keep the one before."
    ),
    default_args={
        "owner": "data-engineering",
        "retries": load_settings().task_retries,
        "retry_policy": RETRY_POLICY,
        "on_failure_callback": record_failure,
        "execution_timeout": timedelta(hours=1),
        "pool": "warehouse",
    },
) as closed_loop:

    @task
    def prepare() -> int:
        """Make sure of schemas and tables; load the seeds; give the version of staging.

        Before anything was ever loaded there is nothing to build: the run is skipped.
        """
        from include import run, warehouse

        context = get_current_context()
        settings = run.settings_of(context)
        version = warehouse.prepare(settings, SOURCES, run.run_of(context).as_of)
        if not warehouse.read(settings, "select 1 as one from ops.load_ledger limit 1"):
            raise AirflowSkipException(
                "nothing has been loaded yet; once every source is, this DAG starts by itself"
            )
        return version

    @task
    def build(model: str) -> int:
        """Build one model; returns its rows."""
        from include import run, warehouse

        return warehouse.build(run.settings_of(get_current_context(), transforms=True), model)

    @task
    def audit(version: int) -> int:
        """Run every audit; any row that comes back stops the publish.

        If loads came in while the models were built, all are first built anew at one instant.
        """
        from include import run, warehouse

        settings = run.settings_of(get_current_context(), transforms=True)
        warehouse.require_clean(settings, audits(), version)
        return len(audits())

    @task
    def publish() -> None:
        """Put the audited marts where people read them, all at one instant."""
        from include import run, warehouse

        context = get_current_context()
        warehouse.publish(run.settings_of(context, transforms=True), run.run_of(context))

    @task
    def report() -> str:
        """Say what each channel cost and brought back, from the marts as published."""
        from include import run
        from include.report import summary

        text = summary.render(run.settings_of(get_current_context(), transforms=True))
        log.info(text)
        return text

    prepared = prepare()
    audited = audit(prepared)
    built = {model.name: build.override(task_id=model.name)(model.name) for model in models()}
    for model in models():
        above = [built[name] for name in model.depends_on]
        (above or prepared) >> built[model.name] >> audited
    audited >> publish() >> report()
