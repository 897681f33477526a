"""Rules over several columns, asked of rows that are in no warehouse yet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import duckdb
import pyarrow as pa

from include.contracts.shape import Table


def broken_row_rules(table: Table, rows: pa.Table) -> Iterator[tuple[int, str]]:
    """Rows that break a rule over several columns, in their order; an unknown rule (NULL) is kept.

    A rule may look at other rows through a window, in the order of ``row_number``.
    """
    if not table.row_rules or not len(rows):
        return
    numbered = rows.append_column("row_number", pa.array(range(len(rows)), pa.int64()))
    with _judge().cursor() as connection:
        connection.register("checked", numbered)
        for reason, rule in table.row_rules:
            judged = connection.table("checked").project(f"row_number, ({rule}) as is_kept")
            broken = judged.filter("not is_kept").order("row_number").project("row_number")
            for (position,) in broken.fetchall():
                yield position, reason


@lru_cache
def _judge() -> duckdb.DuckDBPyConnection:
    """A database in memory that keeps nothing: to make one costs more than most questions."""
    return duckdb.connect(":memory:")
