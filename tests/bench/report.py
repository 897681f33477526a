"""How every benchmark tells what it measured: a table for people, a JSON file for comparisons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from include.settings import Settings

_COLUMNS = ("measure", "unit", "ours", "yardstick", "ratio", "yardstick_name")


def write(settings: Settings, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the measures of benchmark ``name`` and write ``<home>/bench/<name>.json``.

    A row is {measure, unit, ours, yardstick, yardstick_name, ratio}; ratio is ours by yardstick.
    """
    for row in rows:
        assert set(row) == set(_COLUMNS), f"a measure of {name} must tell {_COLUMNS}"
    table = [_COLUMNS, *(tuple(_cell(row[column]) for column in _COLUMNS) for row in rows)]
    widths = [max(len(line[n]) for line in table) for n in range(len(_COLUMNS))]
    print(f"\nbench {name}")
    for line in table:
        cells = (
            cell.rjust(width) if 2 <= n <= 4 else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  " + "  ".join(cells).rstrip())
    path = settings.home / "bench" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(list(rows), indent=1) + "\n", encoding="utf-8")
    print(f"  written to {path}")


def _cell(value: object) -> str:
    return f"{value:,.2f}".removesuffix(".00") if isinstance(value, int | float) else str(value)
