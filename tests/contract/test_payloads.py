"""Each system's recorded answer becomes our row: one test over the registry."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from include.registry import SOURCES
from include.sources import Account, Source, Stream

PAYLOADS = Path(__file__).parent / "payloads"
STAMPS = {"batch_id", "loaded_at", "first_loaded_at", "last_restated_at"}
CASES = [(source, stream) for source in SOURCES for stream in source.streams]


def payload(source: Source) -> dict[str, Any]:
    return json.loads((PAYLOADS / f"{source.name}.json").read_text(), parse_float=Decimal)


def plain(value: Any) -> Any:
    """A value as the payload writes it: decimals by value, days and instants as ISO text."""
    if isinstance(value, Decimal):
        return value.normalize()
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


def expected(value: Any, ours: Any) -> Any:
    return Decimal(value).normalize() if isinstance(ours, Decimal) and value is not None else value


@pytest.mark.parametrize(
    ("source", "stream"), CASES, ids=[f"{source.name}-{stream.name}" for source, stream in CASES]
)
def test_a_recorded_answer_becomes_our_row(source: Source, stream: Stream) -> None:
    recorded = payload(source)
    case = recorded["streams"][stream.name]
    assert case["records"], "a payload without records proves nothing"
    account = Account(**recorded["account"])
    rows = list(source.parse(account, stream.name, case["records"]))
    assert len(rows) == len(case["rows"])
    for row, wanted in zip(rows, case["rows"], strict=True):
        if stream.kind == "keys":
            assert set(row) == set(stream.table.key)
        else:
            needed = {column.name for column in stream.table.columns if column.is_required}
            assert needed - STAMPS <= set(row) <= set(stream.table.column_names) - STAMPS
        assert {name: plain(value) for name, value in row.items()} == {
            name: expected(value, row[name]) for name, value in wanted.items()
        }


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_i8_no_row_carries_money_as_a_float(source: Source) -> None:
    recorded = payload(source)
    account = Account(**recorded["account"])
    for name, case in recorded["streams"].items():
        for row in source.parse(account, name, case["records"]):
            assert not [column for column, value in row.items() if isinstance(value, float)], name
