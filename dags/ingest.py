"""One DAG per registered source: discover its accounts, load each, reconcile them all.

A change of source needs no change here: the registry decides which DAGs there are.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.sdk import (
    DAG,
    Asset,
    CronTriggerTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    get_current_context,
    task,
    task_group,
)

from include.notices import callbacks
from include.registry import SOURCES
from include.run import NIGHT_BEGINS, record_failure
from include.settings import load_settings
from include.sources import Source

log = logging.getLogger(__name__)

OWNER = "data-engineering"
NIGHTLY = CronTriggerTimetable(f"{NIGHT_BEGINS.minute} {NIGHT_BEGINS.hour} * * *", timezone="UTC")

RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            "include.sources.SourceQuotaExhausted",
            RetryAction.FAIL,
            reason="the source's allowance is used up until it is renewed",
        ),
        RetryRule("include.sources.SourceUnavailable", retry_delay=timedelta(minutes=10)),
        RetryRule("include.warehouse.WarehouseUnavailable", retry_delay=timedelta(minutes=2)),
        RetryRule(
            [
                "include.sources.SourceRefused",
                "include.quality.ContractBroken",
                "include.refusals.DaysRefused",
                "include.settings.SettingsError",
                "include.warehouse.WarehouseError",
                "include.landing.LandingError",
            ],
            RetryAction.FAIL,
            reason="trying again will not help: a person must act",
        ),
    ]
)

STANDS = (
    "What was not loaded stands as it did; all else of the run is staged. closed_loop publishes "
    "without it, and mart_data_health shows which days are missing."
)

RUNBOOK = """
### What a run means

A run brings **{title}** up to date in staging. It asks for the days that may still be restated
(the last {look_back} days) and for every earlier day the ledger lacks, up to yesterday in each
account's own time zone; so a first load, a nightly load and the load after an outage are one thing.
Each account is a mapped group of its own: land the raw answers, each proved complete by its source,
hold them against their contract, stage them in one transaction. One bad account fails alone, and so
does one bad day of an account: it is left out of all daily tables (a day of clicks or filled forms,
of its own) and stands as it did, the rest is staged, and the run ends red; so does a stream that
the platform grants apart (lead forms, clicks) and refuses. What a load used of the API is in
`ops.api_usage`; fields that came, went or changed their type are in `ops.schema_changes`.

### Rerun a day, fill history

Trigger the DAG with `first` and `last` (days) to load exactly those days again, with `accounts` to
touch no others, with `full` to read every CRM record anew. To fill older history, set
`CLOSED_LOOP_HISTORY_START` to an earlier day and trigger a run: the ledger lacks those days, so
they are fetched. A repeated run changes nothing.

Airflow's own backfill loads one day a run, the day before the run's logical date. For the first
week of June, all accounts:

    airflow backfill create --dag-id {dag_id} --from-date 2026-06-02 --to-date 2026-06-09 \
        --max-active-runs 1

One run at a time, for of two loads of one account the later stops the earlier. `first` and `last`
load the same days in one run, with far fewer requests. Either way a day stands as it was until its
new rows are staged in its place, in one transaction; a load that fails takes nothing away. The
marts take no date: `closed_loop` follows by itself and has no backfill.

### When it fails

The nights that come most often are under *Ten bad nights* in the README. By what the failed task
says:

- *has no connection named …*: add it under Admin > Connections.
- *refused*, *log-in*, *permission*, *token*: renew the credentials in the connection
  `{connection}`, then clear the task.
- *cannot be reached*, *throttled*, *time-out*: nothing, it is tried again; clear the task once
  the source answers.
- *allowance used up*: nothing, the next run fetches the days that are missing.
- *left as it was: … add up to …*: figures moved while they were read, or rows are missing. The
  next run asks for the day again while it may be restated or was never loaded; trigger a run with
  `first` and `last` to have it now.
- *left as it was: … break the contract of …*: rows of that day are wrong. They and their reasons
  are in the `rejected.jsonl` that is named and in `ops.rejected_rows`; once they are right at the
  source, as above.
- *left as it was in lead_forms alone: Facebook refused …* (or LinkedIn, or Google its clicks): do
  what the sentence says, or write `lead_forms`: `no` into the connection's extra; the next run
  fetches those days. All else of the account is staged.
- *nothing of this batch is staged*: a list or a CRM object was refused, and with it this load of
  the account; its rows and reasons are in the `rejected.jsonl` that is named.
- *names …, which no source has*: correct `CLOSED_LOOP_EXTRA_STREAMS`.
- *is staged as of …*: the run speaks for an earlier instant than a load already made; trigger a new
  run.
- *the warehouse file is held by …*: end that process, then clear the task.
- *a later run works on …*: nothing, that run loads the account; what came back late changed
  nothing.
- *PostgreSQL does not answer*: it was tried for 90 seconds and is tried again; clear the task once
  the server runs.
"""


def ingest_dag(source: Source) -> DAG:
    """The DAG that loads one source."""
    with DAG(
        dag_id=f"ingest_{source.name}",
        description=f"Loads {source.title} into staging",
        doc_md=RUNBOOK.format(
            dag_id=f"ingest_{source.name}",
            title=source.title,
            look_back=source.look_back_days,
            connection=source.connection_id,
        ),
        schedule=NIGHTLY,
        catchup=False,
        max_active_runs=1,
        tags=["ingest", source.kind],
        params={
            "first": Param(None, type=["null", "string"], format="date", title="First day"),
            "last": Param(None, type=["null", "string"], format="date", title="Last day"),
            "accounts": Param([], type="array", title="Only these accounts"),
            "full": Param(False, type="boolean", title="Read every CRM record anew"),
            "as_of": Param(None, type=["null", "string"], title="As of (day or instant)"),
        },
        **callbacks(STANDS),
        default_args={
            "owner": OWNER,
            "retries": load_settings().task_retries,
            "retry_policy": RETRY_POLICY,
            "on_failure_callback": record_failure,
            "execution_timeout": timedelta(hours=3),
        },
    ) as dag:

        @task(pool="warehouse")
        def discover() -> list[dict]:
            """List the accounts and plan what to ask each for."""
            from include import ingestion, planning, run, warehouse

            context = get_current_context()
            settings = run.settings_of(context)
            planning.refuse_unknown_names(settings, SOURCES)
            this_run = run.run_of(context)
            warehouse.prepare(settings, SOURCES, this_run.as_of)
            if source.is_optional and not run.is_connected(context, source.connection_id):
                log.info("%s has no connection and is not missed", source.title)
                return []
            return ingestion.plan(
                settings,
                source,
                run.credentials_of(context, source.connection_id),
                this_run,
                run.params_of(context),
            )

        @task(map_index_template="{{ account_id }}")
        def land(plan: dict) -> dict:
            """Fetch what is planned into raw batches; what was refused by itself is told."""
            from include import ingestion, run

            context = get_current_context()
            context["account_id"] = plan["account"]["account_id"]
            refused: list[dict] = []
            batch_ids = ingestion.land(
                run.settings_of(context),
                source,
                run.credentials_of(context, source.connection_id),
                run.run_of(context),
                plan,
                refused,
            )
            return {"batch_ids": batch_ids, "refused": refused, "lease": plan["lease"]}

        @task
        def validate(landed: dict) -> dict:
            """Hold the batches against their contracts."""
            from include import ingestion, run

            settings = run.settings_of(get_current_context())
            return {
                **landed,
                "batch_ids": ingestion.validate(settings, source, landed["batch_ids"]),
            }

        @task(pool="warehouse")
        def stage(landed: dict) -> int:
            """Put rows and ledger into the warehouse in one transaction, bad days left out."""
            from include import ingestion, run

            context = get_current_context()
            return ingestion.stage(
                run.settings_of(context),
                source,
                landed["batch_ids"],
                run.run_of(context),
                landed["refused"],
                landed["lease"],
            )

        @task_group
        def load_account(plan: dict) -> None:
            """One account from API to staging."""
            stage(validate(land(plan)))

        @task(
            pool="warehouse",
            trigger_rule="none_failed",
            outlets=[Asset(*source.staged_asset)],
        )
        def reconcile(plans: list[dict]) -> int:
            """Hold staging against the plan and the platform's own totals."""
            from include import ingestion, run

            return ingestion.reconcile(run.settings_of(get_current_context()), source, plans)

        plans = discover()
        load_account.expand(plan=plans) >> reconcile(plans)
    return dag


for each in SOURCES:
    globals()[f"ingest_{each.name}"] = ingest_dag(each)
