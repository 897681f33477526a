"""A prepared warehouse per engine, shared by all SQL tests, and a world to fill it with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from include import warehouse
from include.registry import SOURCES
from include.settings import Settings
from tests.conftest import ENGINES


@pytest.fixture(scope="session")
def _warehouses(new_settings: Callable[[str], Settings]) -> Callable[[str], Settings]:
    made: dict[str, Settings] = {}

    def of(engine: str) -> Settings:
        if engine not in made:
            settings = new_settings(engine)
            warehouse.prepare(settings, SOURCES)
            made[engine] = settings
        return made[engine]

    return of


@pytest.fixture(params=ENGINES)
def sql_settings(
    request: pytest.FixtureRequest, _warehouses: Callable[[str], Settings]
) -> Settings:
    """Settings of a warehouse that SQL tests fill and empty, once an engine."""
    return _warehouses(request.param)
