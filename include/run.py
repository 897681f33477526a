"""What one run of a DAG is: its identity, the instant it speaks for, and what it was given.

The one place that decides what "now" means. Nothing else asks what day it is: everything below a
task gets a ``Run``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from include import notes
from include.settings import Settings, SettingsError, load_settings
from include.sources import SourceRefused, SourceUnavailable

NIGHT_BEGINS = time(5, tzinfo=UTC)
"""When the ingest DAGs start."""

NOTHING_TO_DO = "nothing to do: the next run fetches what is missing"
"""What a person is told of a source that does not answer, or whose allowance is used up."""

LOST = "its worker was lost; nothing was half-written, and it is tried again while tries last"
"""What a person is told of a task that ended without an exception of its own."""

BACKFILL = "backfill"
"""Airflow's name for a run made by ``airflow backfill create``."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run. ``as_of``: the instant its data speaks for; ``started_at``: for load stamps; UTC."""

    run_id: str
    as_of: datetime
    started_at: datetime


def settings_of(context: Mapping[str, Any], *, transforms: bool = False) -> Settings:
    """A task's settings, the warehouse taken from the connection ``warehouse`` if there is one.

    A task that ``transforms``, and so writes no staging, has the connection
    ``warehouse_transformer`` instead, where there is one. ``context`` is Airflow's task context.
    """
    settings = load_settings()
    connections = context["conn"]
    connection = connections.get("warehouse_transformer", None) if transforms else None
    connection = connection or connections.get("warehouse", None)
    return with_warehouse(settings, connection.get_uri()) if connection else settings


def with_warehouse(settings: Settings, uri: str) -> Settings:
    """The settings with the warehouse that an Airflow connection's URI names."""
    return replace(settings, warehouse_url=re.sub("^postgres:", "postgresql:", uri))


def run_of(context: Mapping[str, Any]) -> Run:
    """The run a task belongs to.

    ``as_of`` is the run's parameter ``as_of``, else ``CLOSED_LOOP_AS_OF`` (a sandbox's standing
    clock), else the end of the run's data interval, else the instant after which it may run. A run
    of a backfill speaks for the moment it began: what is staged is later than the day it asks for.
    Raises SettingsError when the parameter or variable is no day or instant.
    """
    dag_run = context["dag_run"]
    given = context["params"].get("as_of") or load_settings().as_of
    own = dag_run.data_interval_end or dag_run.run_after
    if dag_run.run_type == BACKFILL:
        own = dag_run.start_date
    as_of = parse_instant(given) if given else own
    return Run(
        run_id=dag_run.run_id,
        as_of=as_of.astimezone(UTC),
        started_at=dag_run.start_date.astimezone(UTC),
    )


def params_of(context: Mapping[str, Any]) -> dict[str, Any]:
    """A run's parameters; of a backfill's run, ``first`` and ``last`` are the day it stands for.

    That is the day before its logical date, for a night loads the day before it.
    """
    params, dag_run = dict(context["params"]), context["dag_run"]
    if dag_run.run_type == BACKFILL:
        day = dag_run.logical_date.astimezone(UTC).date() - timedelta(1)
        params["first"] = params["last"] = day.isoformat()
    return params


def parse_instant(text: str) -> datetime:
    """An ISO instant, or a day: noon UTC of it, when it is that day in nearly every zone.

    Raises SettingsError with a sentence if ``text`` is neither.
    """
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text), time(12), UTC)
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"as_of is {text!r}; write a day such as 2026-01-31 or an instant such as "
            "2026-01-31T12:00:00+00:00"
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def parse_day(text: str | None) -> date | None:
    """A day given as a run's parameter, or None; raises SettingsError if it cannot be read."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{text!r} is no day; write it as YYYY-MM-DD") from None


def credentials_of(context: Mapping[str, Any], connection_id: str) -> dict[str, str]:
    """A connection as plain values: host, login, password and whatever its extra holds, without the
    blanks and line ends around them that pasted and mounted secrets bring along.

    Raises SourceRefused, naming the connection, when Airflow has none of that name.
    """
    connection = context["conn"].get(connection_id, None)
    if connection is None:
        raise SourceRefused(
            f"Airflow has no connection named {connection_id}: add it under Admin > Connections "
            "(the README's section on real accounts lists its fields)"
        )
    plain = {"host": connection.host, "login": connection.login, "password": connection.password}
    given = {name: value for name, value in plain.items() if value} | connection.extra_dejson
    return {name: str(value).strip() for name, value in given.items() if value is not None}


def is_connected(context: Mapping[str, Any], connection_id: str) -> bool:
    """Whether Airflow has a connection of that name."""
    return context["conn"].get(connection_id, None) is not None


@dataclass(frozen=True, slots=True)
class Failure:
    """A task that failed: which, and the sentence that says why and what to do."""

    dag_id: str
    task_id: str
    sentence: str


def record_failure(context: Mapping[str, Any]) -> None:
    """Note a task's failure in the home, one JSON line each, for whoever started the run.

    An exception that has ``sentences`` is several. Each says of which account it speaks, where the
    task's context has its ``account_id``. There is none when the task did not end by itself, but
    its worker did. An Airflow ``on_failure_callback``.
    """
    exception = context.get("exception")
    first_line = str(exception or LOST).strip().split("\n")[0] or type(exception).__name__
    if isinstance(exception, SourceUnavailable):
        first_line = f"{first_line}; {NOTHING_TO_DO}"
    sentences = getattr(exception, "sentences", (first_line,))
    if account_id := context.get("account_id"):
        sentences = tuple(
            each if account_id in each else f"account {account_id}: {each}" for each in sentences
        )
    task = context["ti"]
    notes.append(
        failures_file(load_settings(), task.dag_id, task.run_id),
        *(asdict(Failure(task.dag_id, task.task_id, sentence)) for sentence in sentences),
    )


def failures_file(settings: Settings, dag_id: str, run_id: str) -> Path:
    """Where the failures of one DAG run are noted."""
    return settings.home / "failures" / dag_id / (re.sub(r"[^\w.-]", "_", run_id) + ".jsonl")


def failures(settings: Settings, dag_id: str) -> list[Failure]:
    """The failures noted for the DAG's runs since they were last cleared, oldest run first."""
    files = sorted((settings.home / "failures" / dag_id).glob("*.jsonl"))
    return [Failure(**note) for file in files for note in notes.read(file)]
