"""Promise 31, ten times a normal day: rows are streamed, so memory is bounded."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection

from include import landing, quality, warehouse
from include.settings import Settings
from tests import forked
from tests.conftest import ENGINES
from tests.warehouse.world import NETWORK, days, land, run, spent

NORMAL_ROWS = 20_000
GROWTH_MEGABYTES = {"land": 20, "check": 100, "stage in DuckDB": 100, "stage in PostgreSQL": 100}
"""What ten times the rows may take more. As Python objects they would take 150 at once."""


def _peak(settings: Settings, step: str, row_count: int, said: Connection) -> None:
    """Do one step of a load and tell the most memory this process ever had, in MB."""
    if step == "land":
        rows = (spent(f"c{n // 10}", n % 10, "1.5") for n in range(row_count))
        land(settings, NETWORK, "campaign_daily", 0, rows, days(10))
    (batch,) = landing.batches(settings, NETWORK.name)
    if step == "check":
        quality.check(settings, NETWORK, batch)
    elif step == "stage":
        checked = quality.read_checked(settings, batch)
        assert warehouse.stage(settings, NETWORK, [checked], run(0)).rows == row_count
    said.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _peaks(engines: dict[str, Settings], row_count: int) -> dict[str, float]:
    """The most memory each step had: landed and checked once, and staged on either engine."""
    settings, peaks = engines["duckdb"], {}
    steps = [("land", settings), ("check", settings)]
    steps += [("stage", replace(settings, warehouse_url=e.warehouse_url)) for e in engines.values()]
    for (step, of), name in zip(steps, GROWTH_MEGABYTES, strict=True):
        hears, says = forked.CONTEXT.Pipe(duplex=False)
        process = forked.start(_peak, of, step, row_count, says)
        process.join()
        assert process.exitcode == 0
        peaks[name] = hears.recv()
    return peaks


def test_31_ten_times_a_normal_day_takes_little_more_memory(
    new_settings: Callable[[str], Settings],
) -> None:
    normal, ample = ({engine: new_settings(engine) for engine in ENGINES} for _ in range(2))
    for settings in (*normal.values(), *ample.values()):
        warehouse.prepare(settings, (NETWORK,))
    usual, great = _peaks(normal, NORMAL_ROWS), _peaks(ample, 10 * NORMAL_ROWS)
    growth = {step: great[step] - usual[step] for step in usual}
    assert all(growth[step] < bound for step, bound in GROWTH_MEGABYTES.items()), growth
