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

### Held figures

Before it publishes, it holds the spend of each account's last seven days against what is published:
a day below a fifth (`CLOSED_LOOP_HOLD_BELOW`) of the median of the 28 published days before it and
below all of these that had spend, or without spend where none of them was (`collapse`); a day above
five times their most (`CLOSED_LOOP_HOLD_ABOVE`; `jump`); the last days, two or more, without spend,
for longer than in any pause of the three months before, or an account that the build lacks
(`silent`); or a published week of the last five of which more than half is gone, or that grew to
more than five times as much (`restated`). An account with fewer than 14 days of spend before has no
day or silence that is judged, nor is a day published as it stands, nor anything before the first
publish.

What is held waits in `approve` (Required Actions in the UI) for `CLOSED_LOOP_HOLD_HOURS`, while
readers keep the marts of the last publish; `ops.holds` keeps the figures and who decided.

- *Approve* if it is true: all is published, and these account-days are not asked about again,
  unless they move as far again from what was approved.
- *Reject* if it is wrong: nothing is published. Load the days again (`first`, `last`, `accounts` of
  the source's ingest DAG); the run of `closed_loop` that follows asks only if they stay unusual.
- Nobody answered: nothing is published and the run is red. Clear `approve` to be asked again.

An answer is for the figures that its question shows: if others wait by then (*other figures wait
than those that were asked about*), nothing is published; clear `look_for_holds` with all that
follows it.

### Why did last month change?

Every figure of a closed month that a publish moves is in `ops.mart_changes`, with its causes and
the facts behind them (on DuckDB read it in `marts.duckdb`). A cause `unexplained` is a defect:
report it.

### When it fails

The nights that come most often are under *Ten bad nights* in the README. By what the failed task
says:

- *not so: …*: the books do not close. The task names the audits and shows a row of each;
  nothing was published. Mend the cause (often a missing currency rate or a seed), then clear
  `prepare` and all that follows it.
- *held: …*: see above.
- *an SQL error in a model*: the file is named; mend it and clear the task.
- *a seed was refused*: file, line and reason are named; mend the seed and clear `prepare`.
- *the warehouse file is held by …*: end that process, then clear the task.
- *a later run works on marts*: nothing, that run publishes; what came back late changed nothing.
- *PostgreSQL does not answer*: it was tried for 90 seconds and is tried again; clear the task once
  the server runs.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import (
    DAG,
    Asset,
    AssetOrTimeSchedule,
    Context,
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

APPROVE, REJECT = "Approve", "Reject"

PUBLISH_NICE = 10
"""People read the marts of before meanwhile, perhaps on this machine: they come first."""


class Approval(HITLOperator):
    """Ask a person whether what is held shall be published; if nothing is held, ask nobody.

    The time-out keeps holding: the task fails in words and nothing is published.
    """

    def execute(self, context: Context) -> dict:
        from airflow.sdk.execution_time import task_runner

        from include import holds, notices

        if not self.body:
            return {"chosen_options": [APPROVE], "responded_by_user": None, "responded_at": None}
        # airflow dags test would wait for an answer for ever
        comms = type(getattr(task_runner, "SUPERVISOR_COMMS", None))
        is_dag_test = comms.__name__.startswith("InProcess")
        if is_dag_test or not load_settings().hold_hours:
            raise holds.Held(holds.sentences(self.body, holds.NOBODY_ASKED))
        notices.send(
            context,
            "publishing is held, please decide",
            [
                ("What happened", holds.sentences(self.body, holds.ASKED)),
                ("What was done", ["Readers keep the marts of the last publish."]),
                ("What to do", [f"Approve or reject: {context['ti'].log_url}"]),
            ],
        )
        return super().execute(context)

    def process_trigger_event_error(self, event: dict) -> None:
        from include import holds

        raise holds.Held(holds.sentences(self.body, holds.NOBODY_ANSWERED))


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
    def prepare() -> dict[str, int]:
        """Make sure of schemas and tables; load the seeds; give staging's version and our lease.

        Before anything was ever loaded there is nothing to build: the run is skipped.
        """
        from include import run, warehouse

        context = get_current_context()
        settings = run.settings_of(context)
        this_run = run.run_of(context)
        version = warehouse.prepare(settings, SOURCES, this_run.as_of)
        if not warehouse.read(settings, "select 1 as one from ops.load_ledger limit 1"):
            raise AirflowSkipException(
                "nothing has been loaded yet; once every source is, this DAG starts by itself"
            )
        return {"version": version, "lease": warehouse.lease_marts(settings, this_run)}

    def prepared(context: Context) -> dict[str, int]:
        """What ``prepare`` gave: pulled, as arguments would draw an edge from it to every task."""
        return context["ti"].xcom_pull(task_ids="prepare")

    @task
    def build(model: str) -> int:
        """Build one model; returns its rows."""
        from include import run, warehouse

        context = get_current_context()
        settings = run.settings_of(context, transforms=True)
        return warehouse.build(settings, model, lease=prepared(context)["lease"])

    @task
    def audit() -> int:
        """Run every audit; any row that comes back stops the publish.

        If loads came in while the models were built, all are first built anew at one instant.
        """
        from include import run, warehouse

        context = get_current_context()
        settings = run.settings_of(context, transforms=True)
        warehouse.require_clean(settings, audits(), **prepared(context))
        return len(audits())

    @task
    def look_for_holds() -> str:
        """Hold the spend as built against the spend as published; returns what to ask a person."""
        from include import holds, run

        context = get_current_context()
        settings = run.settings_of(context, transforms=True)
        lease = prepared(context)["lease"]
        return holds.question(holds.look(settings, run.run_of(context), lease))

    @task
    def decide(question: str, answer: dict) -> None:
        """Note what was decided of what was asked; a rejection fails, and nothing is published.

        So does an approval once another run's build, or other figures, wait: nobody saw those.
        """
        from include import holds, run

        if not question:
            return
        context = get_current_context()
        settings = run.settings_of(context, transforms=True)
        lease = prepared(context)["lease"]
        by, at = answer["responded_by_user"]["name"], answer["responded_at"]
        if answer["chosen_options"] == [APPROVE]:
            holds.approve(settings, question, by, at, lease)
        else:
            holds.reject(settings, question, by, at, lease)
            raise holds.Held(holds.sentences(question, holds.REJECTED.format(by=by)))

    @task
    def publish() -> None:
        """Put the audited marts where people read them, all at one instant."""
        import os

        from include import run, warehouse

        os.nice(PUBLISH_NICE)
        context = get_current_context()
        settings = run.settings_of(context, transforms=True)
        warehouse.publish(settings, run.run_of(context), prepared(context)["lease"])

    @task
    def report() -> str:
        """Write the report, and say what each channel cost and brought back; returns its file."""
        from include import run
        from include.report import document, summary

        settings = run.settings_of(get_current_context(), transforms=True)
        log.info(summary.write(settings))
        return str(document.write(settings))

    begun = prepare()
    audited = audit()
    built = {model.name: build.override(task_id=model.name)(model.name) for model in models()}
    for model in models():
        above = [built[name] for name in model.depends_on]
        (above or begun) >> built[model.name] >> audited
    question = look_for_holds()
    answer = Approval(
        task_id="approve",
        doc_md="Ask a person about what is held, if anything is.",
        subject="Publish marts with unusual figures?",
        body="{{ ti.xcom_pull(task_ids='look_for_holds') }}",
        options=[APPROVE, REJECT],
        response_timeout=timedelta(hours=load_settings().hold_hours),
    )
    audited >> question >> answer
    decide(question, answer.output) >> publish() >> report()
