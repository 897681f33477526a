"""A prepared warehouse, once an engine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from include import warehouse
from include.settings import Settings
from tests.warehouse.world import CRM, NETWORK


@pytest.fixture(scope="session")
def prepared_once(new_settings: Callable[[str], Settings]) -> Callable[[str], Settings]:
    """``prepared_once(engine)``: a warehouse to copy, its tables made and its seeds loaded."""

    @cache
    def prepare(engine: str) -> Settings:
        settings = new_settings(engine)
        warehouse.prepare(settings, (NETWORK, CRM))
        return settings

    return prepare


@pytest.fixture
def prepared(
    request: pytest.FixtureRequest,
    warehouse_settings: Settings,
    prepared_once: Callable[[str], Settings],
) -> Settings:
    """Settings of a warehouse with its tables made and its seeds loaded."""
    if warehouse_settings.warehouse_url.startswith("duckdb:"):
        _file(warehouse_settings).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_file(prepared_once("duckdb")), _file(warehouse_settings))
    else:
        url = prepared_once("postgresql").warehouse_url
        request.getfixturevalue("databases").fill(warehouse_settings.warehouse_url, url)
    return warehouse_settings


def _file(settings: Settings) -> Path:
    return Path(settings.warehouse_url.removeprefix("duckdb:///"))
