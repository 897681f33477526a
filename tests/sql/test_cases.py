"""Every claim under ``tests/sql/<model>/<claim>.yaml``: given rows, expected rows, both engines.

A file has ``given`` (table: rows; see worlds.py for what is filled in), ``expect`` (model: all its
rows, only the columns that matter) and, where the whole model is beside the point, ``only``
(model: a condition that picks the rows meant). Expected values are worked by hand; the reasoning
stands in the file.
"""

from __future__ import annotations

import re
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


NAMED_CASES = (
    "lead converts into an existing contact",
    "several leads with one e-mail",
    "merge of merges",
    "undelete",
    "free-mail domains never roll up to an account",
    "no contact role",
    "one primary",
    "several contact roles",
    "primary changed",
    "role added after close",
    "contact on two deals",
    "created by sales before the lead existed",
    "reopened",
    "lost then won",
    "amount changed",
    "negative, zero, NULL amount",
    "renewal",
    "touch in the second of creation",
    "touch after close",
    "look-back boundary",
    "touch before the reporting range but inside the look-back",
    "two conversions in one second",
    "daylight-saving day",
    "account zone ahead of and behind UTC",
    "ties",
    "renamed between touch and today",
    "two campaigns with one name",
    "id in three spellings",
    "alias",
    "unexpanded macro",
    "campaign types without ads",
    "gclid older than the platform keeps",
    "click id and UTM that disagree",
    "direct first then paid",
    "two currencies",
    "missing rate",
    "weekend",
    "restated down",
    "credit larger than the day's spend",
    "spend without currency",
    "shares that do not divide",
    "today's merge changes last quarter's first touch",
    "building again from the same staging",
)


def test_every_named_case_has_a_file_of_its_own() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| \[[^\]]+\]\(([^)]+)\) \|$", page, re.MULTILINE)
    assert tuple(name for name, _ in rows) == NAMED_CASES
    files = [FOLDER / file for _, file in rows]
    assert len(set(files)) == len(files), "a file shows one of them"
    assert all(path in CASES or path.name == "test_builds.py" for path in files)
