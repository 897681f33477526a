"""Rules over several columns, asked of rows that are in no warehouse yet."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from include.contracts.shape import Table


def broken_row_rules(table: Table, rows: pa.Table) -> Iterator[tuple[int, str]]:
    """Rows that break a rule over several columns; a rule that is unknown (NULL) is kept."""
    if not table.row_rules or not len(rows):
        return
    numbered = rows.append_column("row_number", pa.array(range(len(rows)), pa.int64()))
    with duckdb.connect(":memory:") as connection:
        connection.register("checked", numbered)
        for reason, rule in table.row_rules:
            broken = connection.table("checked").filter(f"not ({rule})").project("row_number")
            for (position,) in broken.fetchall():
                yield position, reason
