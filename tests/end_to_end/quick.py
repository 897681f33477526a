"""Loading without Airflow, many times over: what was checked once is not checked again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from include import ingestion, landing
from include.contracts.shape import Table
from include.landing import Batch
from include.run import Run
from include.settings import Settings, load_settings
from include.sources import Source
from include.warehouse.engine import compose, engine_of
from tests.sandbox.running import Sandbox


def settings_for(sandbox: Sandbox, home: Path, **more: str) -> Settings:
    """Settings of a home of its own on a sandbox, with waits too short to be felt."""
    # read by gRPC once, before its first channel; the product sets it in a process of its own
    os.environ["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = sandbox.ca_file
    return load_settings(
        {
            **sandbox.variables,
            "CLOSED_LOOP_HOME": str(home),
            "CLOSED_LOOP_RETRY_SECONDS": "60",
            "CLOSED_LOOP_RETRY_FIRST_WAIT": "0.001",
            **more,
        }
    )


class Verdicts:
    """Folders ``checked`` of batches that were checked, kept by what was asked and answered.

    The verdict over a batch depends on nothing else, so an equal batch is given the same one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Any, Path] = {}

    def validate(self, settings: Settings, source: Source, batches: Iterable[Batch]) -> None:
        """``ingestion.validate``, where it has not been done before."""
        for batch in batches:
            if known := self._known.get(content_of(batch)):
                _link(known, batch.folder / "checked")
            else:
                ingestion.validate(settings, source, [batch.batch_id])
                known = self._folder / str(len(self._known))
                _link(batch.folder / "checked", known)
                self._known[content_of(batch)] = known


def _link(folder: Path, target: Path) -> None:
    shutil.copytree(folder, target, copy_function=os.link)


def content_of(batch: Batch) -> Any:
    """What decides what becomes of a batch: the question and the answer."""
    return batch.source, batch.account, batch.request, batch.sha256


def land(
    settings: Settings, source: Source, login: Mapping[str, str], run: Run, plan: ingestion.Plan
) -> list[Batch]:
    """Fetch what is planned for one account."""
    ids = ingestion.land(settings, source, login, run, plan)
    return [landing.read_batch(settings, batch_id) for batch_id in ids]


def load(
    settings: Settings,
    source: Source,
    sandbox: Sandbox,
    as_of: datetime,
    started_at: datetime,
    verdicts: Verdicts,
) -> None:
    """One night of one source, from its accounts to the last comparison."""
    run = Run("night", as_of, started_at)
    login = sandbox.connection(source.connection_id)
    plans = ingestion.plan(settings, source, login, run, {})
    for plan in plans:
        batches = land(settings, source, login, run, plan)
        verdicts.validate(settings, source, batches)
        ingestion.stage(settings, source, [batch.batch_id for batch in batches], run)
    ingestion.reconcile(settings, source, plans)


def contents(settings: Settings, tables: Sequence[Table]) -> dict[str, list[dict[str, Any]]]:
    """Every table's rows, stamps aside, in the order of their keys."""
    with engine_of(settings).read() as session:
        return {
            table.name: session.rows(
                compose(
                    "select {columns} from {table} order by {key}",
                    columns=[column.name for column in table.columns if not column.is_stamp],
                    table=f"{table.schema}.{table.name}",
                    key=table.key,
                )
            )
            for table in tables
        }
