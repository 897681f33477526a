"""
### What a run means

Once a week it removes what is landed, older than `CLOSED_LOOP_LANDING_DAYS` (90 unless set) and
needed by no rebuild: batches that no row of staging or of the books bears any more, such as lists
that said the same as those around them, and readings of which nothing stands. It also removes what
killed tasks and rebuilds left behind, and notes of failures of that age. `make rebuild` gives the
same before and after. What brought figures that still stand stays, however old: landing is the only
raw copy.

The log names every folder with its bytes; the return value has the sums.

### Rerun

Trigger it at any time; with `dry_run` it says what would go, and removes nothing. To keep batches
longer, raise `CLOSED_LOOP_LANDING_DAYS`.

### When it fails

- *cannot be opened to write*: give the user who runs the pipeline the right to, then clear the
  task.
- *is no manifest of ours*, *is gone*, *are no longer landed*, *is no line of ours*: a batch or a
  list of loads was damaged or removed by hand; put back from a backup what is named. Nothing was
  removed, and loads go on; the README tells more under "A batch that is damaged or gone".
- *works on what is landed; nothing was removed*: nothing, it is tried again; after a rebuild that
  took longer clear the task, or leave it to the next week's run.
- *the warehouse file is held by …*, *does not answer*: nothing, it is tried again; clear the task
  once the warehouse answers.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.sdk import (
    DAG,
    CronTriggerTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    get_current_context,
    task,
)

from include.notices import callbacks
from include.registry import SOURCES
from include.run import record_failure
from include.settings import load_settings

log = logging.getLogger(__name__)

NO_BACKFILL = ("scheduled", "manual", "operator_triggered")

RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule("include.warehouse.WarehouseUnavailable", retry_delay=timedelta(minutes=2)),
        RetryRule("include.landing.InUse", retry_delay=timedelta(minutes=20)),
    ],
    default=RetryAction.FAIL,
)

with DAG(
    dag_id="clean_landing",
    description="Removes old landed batches that no rebuild needs",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 12 * * 0", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    allowed_run_types=NO_BACKFILL,
    tags=["upkeep"],
    params={"dry_run": Param(False, type="boolean", title="Only say what would go")},
    **callbacks("What it had removed by then is gone, and nothing needed it; the rest stands."),
    default_args={
        "owner": "data-engineering",
        "retries": load_settings().task_retries,
        "retry_policy": RETRY_POLICY,
        "on_failure_callback": record_failure,
        "execution_timeout": timedelta(hours=1),
        "pool": "warehouse",
    },
) as clean_landing:

    @task
    def clean() -> dict[str, int]:
        """Remove what is old and not needed; returns how much."""
        from include import retention, run

        context = get_current_context()
        cleaned = retention.clean(
            run.settings_of(context),
            SOURCES,
            run.run_of(context),
            is_dry_run=context["params"]["dry_run"],
        )
        log.info("%s", cleaned)
        return {"batches": cleaned.batch_count, "bytes": cleaned.byte_count}

    clean()
