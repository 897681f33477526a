"""
### What a run means

Every hour it asks the ledger, and nothing else, whether all is there that the last nights should
have brought, and is red when something is missing past its hour, whatever happened to the runs: a
paused DAG, a file that does not import, a run that nobody created. It reads only, and needs no
API.

Due at `CLOSED_LOOP_FRESH_BY` (10:00 in the reporting zone unless set): of every ad account that is
not closed, each of its last 35 days since the first that was loaded, up to yesterday, in each table
that its login as such may read; of the CRM, a reading of every object; and marts of that night. A
day that was refused is missing like one that was never asked for. An account is expected from the
first night after it was first seen, a source without any from the first night after its connection
was; one without a connection and without accounts is not expected at all.

### Rerun

Trigger it at any time. It looks at the instant at which the run was made.

### When it fails

Its error says in sentences what is missing and where to look. It is green by itself once that is
there. The nights that come most often are under *Ten bad nights* in the README.

- *of account … is not loaded*: the last run of the source's ingest DAG says why; trigger it if
  there was none. Every run asks for all that is missing. An account that is gone for good, or that
  the login shall not read any more, is named in `CLOSED_LOOP_CLOSED_ACCOUNTS` as `source/account`.
- *has a connection and was never loaded*: the DAG is paused, or discovering its accounts fails.
- *The marts are as of …*: the last run of `closed_loop` says why.
- *the warehouse file is held by …*: end that process.

When the scheduler itself is down, this DAG is down with it: let whatever watches your machines ask
Airflow's `/api/v2/monitor/health`.
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
    rules=[RetryRule("include.warehouse.WarehouseUnavailable", retry_delay=timedelta(minutes=2))],
    default=RetryAction.FAIL,
)

with DAG(
    dag_id="freshness_watchdog",
    description="Is red when something is missing past its hour",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("20 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    allowed_run_types=NO_BACKFILL,
    tags=["watching"],
    params={"as_of": Param(None, type=["null", "string"], title="As of (day or instant)")},
    **callbacks("Nothing: it only looks. What is published stands."),
    default_args={
        "owner": "data-engineering",
        "retries": load_settings().task_retries,
        "retry_policy": RETRY_POLICY,
        "on_failure_callback": record_failure,
        "execution_timeout": timedelta(minutes=10),
    },
) as freshness_watchdog:

    @task
    def require_news() -> None:
        """Fail, in words, if anything is missing past its hour."""
        from include import freshness, run

        context = get_current_context()
        settings = run.settings_of(context, transforms=True)
        now = run.run_of(context).as_of
        connected = [each.name for each in SOURCES if run.is_connected(context, each.connection_id)]
        since = freshness.connected_since(settings, connected, now)
        freshness.require_news(settings, SOURCES, now, since)
        log.info("all that is due is there")

    require_news()
