"""A prepared warehouse, once an engine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from include import warehouse
from include.settings import Settings
from tests.warehouse.world import CRM, NETWORK


@pytest.fixture(scope="session")
def prepared_file(new_settings: Callable[[str], Settings]) -> Path:
    """DuckDB's file, its tables made and its seeds loaded: prepared once, copied for each test."""
    settings = new_settings("duckdb")
    warehouse.prepare(settings, (NETWORK, CRM))
    return _file(settings)


@pytest.fixture
def prepared(warehouse_settings: Settings, prepared_file: Path) -> Settings:
    """Settings of a warehouse with its tables made and its seeds loaded."""
    if warehouse_settings.warehouse_url.startswith("duckdb:"):
        _file(warehouse_settings).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(prepared_file, _file(warehouse_settings))
    else:
        warehouse.prepare(warehouse_settings, (NETWORK, CRM))
    return warehouse_settings


def _file(settings: Settings) -> Path:
    return Path(settings.warehouse_url.removeprefix("duckdb:///"))
