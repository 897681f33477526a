"""The page asked without Airflow, by anyone."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from include.report.service import page
from include.settings import Settings
from include.warehouse.published import published

Rows = list[dict[str, Any]]


def reader(settings: Settings) -> TestClient:
    """The page over what these settings have published."""
    return TestClient(page(settings, lambda: published(settings), []))


def rows_of(table: dict[str, Any]) -> Rows:
    """A table of an answer, a dict a row."""
    names = [column["name"] for column in table["columns"]]
    return [dict(zip(names, row, strict=True)) for row in table["rows"]]


def ask(client: TestClient, view: str, **chosen: str) -> dict[str, Rows]:
    """The tables of a view, each as rows."""
    answer = client.get(f"/data/{view}", params=chosen)
    assert answer.status_code == 200, answer.text
    return {name: rows_of(table) for name, table in answer.json()["tables"].items()}
