"""
### What a run means

Tries every connection and changes nothing: logs in to each source, lists the accounts it shows with
their time zone, currency and status, reads one small thing of every stream (of the first account;
of each other its figures and what is granted account by account, such as lead forms), and says
which API version is spoken, what the login may do and when it ends. Trigger it after filling in a
connection, after a password was changed, and when an `ingest_…` run was refused.

The table is in the log of `report`, in Markdown, and its return value; each connection's own
findings are the return value of its task. No secret is in either.

### Rerun

Trigger it as often as you like. It takes about as many API calls a source as there are streams,
and a few for each further account (on Facebook one for each ad with a lead form).

### When it fails

`require_working` is red when a connection does not work; its error says in sentences which, why and
what to do. When that is done, trigger a new run. How each network's credentials are made is in
`include/sources/README.md`.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.sdk import (
    DAG,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    get_current_context,
    task,
)

from include.registry import SOURCES, source_named
from include.run import record_failure
from include.settings import load_settings

log = logging.getLogger(__name__)

RETRY_POLICY = ExceptionRetryPolicy(
    rules=[RetryRule("include.sources.SourceUnavailable", retry_delay=timedelta(minutes=2))],
    default=RetryAction.FAIL,
)

with DAG(
    dag_id="check_connections",
    description="Tries every connection and says in words what is wrong",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    tags=["connections"],
    params={"as_of": Param(None, type=["null", "string"], title="As of (day or instant)")},
    default_args={
        "owner": "data-engineering",
        "retries": load_settings().task_retries,
        "retry_policy": RETRY_POLICY,
        "on_failure_callback": record_failure,
        "execution_timeout": timedelta(minutes=30),
    },
) as check_connections:

    @task
    def check(source_name: str) -> dict:
        """Try one connection; returns what was found out."""
        from include import connections, planning, run
        from include.sources import SourceRefused

        context = get_current_context()
        planning.refuse_unknown_names(run.settings_of(context), SOURCES)
        source = source_named(source_name)
        try:
            credentials = run.credentials_of(context, source.connection_id)
        except SourceRefused as refusal:
            found = connections.not_there(source, refusal)
        else:
            found = connections.check(
                run.settings_of(context), source, credentials, run.run_of(context)
            )
        log.info("%s: %s", source.connection_id, found.verdict)
        return found.to_json()

    @task
    def report(findings: list[dict]) -> str:
        """Put the findings into one table."""
        from include import connections

        text = connections.render(findings)
        log.info("\n%s", text)
        return text

    @task
    def require_working(findings: list[dict]) -> None:
        """Fail, in words, if a connection does not work."""
        from include import connections

        connections.require_working(findings)

    found = [check.override(task_id=f"check_{each.name}")(each.name) for each in SOURCES]
    report(found) >> require_working(found)
