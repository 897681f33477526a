"""The warehouse made anew from landed batches and seeds: ``python -m include.rebuild``.

Every load is replayed into a DuckDB file beside the warehouse, through the same parsing, checks and
staging; only when all are does it take the place of what the warehouse holds, in one transaction.
A rebuild that is killed has changed nothing, and readers keep the marts that are published until
those of the replayed staging have passed every audit.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from include import erased, holds, landing, loads, quality, warehouse, which_warehouse
from include.loads import Load
from include.refusals import refused_days
from include.run import Run
from include.settings import Settings, SettingsError
from include.sources import Source
from include.warehouse import models, replaced

_HELD = "the warehouse is rebuilt, and nothing was published; trigger closed_loop, which asks"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was replayed: ``run`` is the last load's instants, for what is built of it."""

    load_count: int
    batch_count: int
    row_count: int
    run: Run


def rebuild(settings: Settings, sources: Sequence[Source]) -> Rebuilt:
    """Replay every load into staging and the books that follow from it.

    Batches are parsed and checked anew, so what a mended parser reads otherwise is staged so.
    Raises WarehouseError when nothing was landed or when the warehouse bears rows of batches that
    are not; LandingError when a list of loads names such batches, or when a batch or a list is
    damaged; quality.ContractBroken when a batch breaks its contract now.
    """
    nothing_landed = warehouse.WarehouseError(
        f"nothing was landed under {settings.landing}, so there is nothing to rebuild from; "
        "set CLOSED_LOOP_HOME to the folder that holds landing/"
    )
    if not settings.landing.exists():
        raise nothing_landed
    with landing.kept(settings):
        warehouse.prepare(settings, sources)
        replaced.require_landed(settings, sources)
        borne = replaced.borne_batches(settings)
        found = {source.name: loads.loads(settings, source.name, borne) for source in sources}
        every = [load for of_source in found.values() for load in of_source]
        if not every:
            raise nothing_landed
        with TemporaryDirectory(prefix="rebuild-", dir=settings.home) as folder:
            file = Path(folder) / "replayed.duckdb"
            beside = replace(settings, warehouse_url=f"duckdb:///{file}")
            warehouse.prepare(beside, sources)
            rows = sum(
                _replay(beside, source, load) for source in sources for load in found[source.name]
            )
            replaced.replace(settings, sources, beside, loads.batch_ids(every))
    last = Run(
        "rebuild",
        as_of=max(load.run.as_of for load in every),
        started_at=max(load.run.started_at for load in every),
    )
    return Rebuilt(len(every), len(loads.batch_ids(every)), rows, last)


def publish(settings: Settings, sources: Sequence[Source], run: Run) -> None:
    """Build, audit and publish what was replayed, as the ``closed_loop`` of ``run`` would.

    Raises holds.Held, with nothing published, where that would ask a person first.
    """
    version = warehouse.prepare(settings, sources, run.as_of)
    lease = warehouse.lease_marts(settings, run)
    warehouse.build(settings, *(model.name for model in models.models()), lease=lease)
    warehouse.require_clean(settings, models.audits(), version, lease)
    if question := holds.question(holds.look(settings, run, lease)):
        raise holds.Held(holds.sentences(question, _HELD))
    warehouse.publish(settings, run, lease)


def _replay(settings: Settings, source: Source, load: Load) -> int:
    try:
        checked = quality.check_all(settings, source, load.batches)
    except quality.ContractBroken as broken:
        if load.is_certain:
            raise
        log.warning("left out, as it was then: %s", broken)
        return 0
    account = load.batches[-1].account
    warehouse.record_accounts(settings, source.name, [account], load.run)
    left_out = refused_days(source, checked)
    return warehouse.stage(settings, source, checked, load.run, left_out.keys()).rows


def main() -> int:
    """Rebuild the warehouse that the settings name; 1 and a sentence when that cannot be."""
    from include.registry import SOURCES

    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        settings, _ = which_warehouse.settings_and_transformer()
        sys.stdout.write(f"warehouse: {which_warehouse.told(settings.warehouse_url)}\n")
        with erased.loading(settings):
            rebuilt = rebuild(settings, SOURCES)
        publish(settings, SOURCES, rebuilt.run)
    except (
        SettingsError,
        warehouse.WarehouseError,
        landing.LandingError,
        quality.ContractBroken,
        holds.Held,
    ) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(
        f"rebuilt from {rebuilt.load_count} loads ({rebuilt.batch_count} batches, "
        f"{rebuilt.row_count} rows), audited and published\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
