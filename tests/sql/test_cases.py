"""Every claim under ``tests/sql/<model>/<claim>.yaml``: given rows, expected rows, both engines.

A file has ``given`` (table: rows; see worlds.py for what is filled in), ``expect`` (model: all its
rows, only the columns that matter) and, where the whole model is beside the point, ``only``
(model: a condition that picks the rows meant). Expected values are worked by hand; the reasoning
stands in the file.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from include import warehouse
from include.contracts.marts import MART_TABLES
from include.contracts.values import fit_one
from include.settings import Settings
from tests.sql.worlds import build, fill

FOLDER = Path(__file__).parent
CASES = sorted(FOLDER.glob("*/*.yaml"))
CONTRACTS = {table.name: table for table in MART_TABLES}


def _fitted(model: str, row: dict[str, Any]) -> dict[str, Any]:
    """An expected row in the types the warehouse answers in."""
    contract = CONTRACTS.get(model)
    if contract is None:
        return {
            name: Decimal(str(value)) if isinstance(value, float) else value
            for name, value in row.items()
        }
    return {name: fit_one(contract.column(name), value) for name, value in row.items()}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def _sorted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path: Path, sql_settings: Settings) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(case) <= {"given", "expect", "only"}, "a case has given, expect and only"
    assert path.parent.name in case["expect"], "a case stands with the model it speaks of"
    fill(sql_settings, case["given"])
    build(sql_settings, *case["expect"])
    for model, expected in case["expect"].items():
        columns = list(expected[0]) if expected else ["count(*) as found"]
        assert all(list(row) == columns for row in expected), f"{model}: name the same columns"
        condition = case.get("only", {}).get(model, "true")
        found = warehouse.read(
            sql_settings,
            f"select {', '.join(columns)} from build.{model} where {condition}",  # noqa: S608
        )
        if not expected:
            assert found == [{"found": 0}], model
            continue
        wanted = _sorted([_plain(_fitted(model, row)) for row in expected])
        assert _sorted([_plain(row) for row in found]) == wanted, model


def test_there_are_cases() -> None:
    assert len(CASES) >= 40
