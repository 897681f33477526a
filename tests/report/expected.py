"""What a view must show, as the marts say by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.report.reckoning import Row


@dataclass(frozen=True)
class Expected:
    """A table of a view: these columns of these rows, in whatever order.

    ``listed``: of more rows than that the page shows so many. ``is_sparse``: rows of nothing but
    zeros need not be there.
    """

    table: str
    columns: tuple[str, ...]
    rows: list[Row]
    listed: int | None = None
    is_sparse: bool = False


@dataclass(frozen=True)
class Shown:
    """What a view must show: its tables, and single figures by the table and column they are of."""

    tables: list[Expected]
    figures: dict[tuple[str, str], Any]
