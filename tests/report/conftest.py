"""The world of evidence, published on each engine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from include import warehouse
from include.registry import SOURCES
from include.settings import Settings
from tests.report.evidence_world import publish_world
from tests.report.planting import publish_foreseen


@pytest.fixture(scope="session")
def evidence(new_settings: Callable[[str], Settings]) -> Callable[[str], Settings]:
    """``evidence(engine)``: settings of a warehouse with the world of evidence, only read."""
    return _made_once(new_settings)


@pytest.fixture(scope="module")
def published_anew(new_settings: Callable[[str], Settings]) -> Callable[[str], Settings]:
    """The same, of one file of tests alone, which may publish there what it likes."""
    return _made_once(new_settings)


@pytest.fixture(scope="session")
def foreseen(new_settings: Callable[[str], Settings]) -> Settings:
    """Settings of a warehouse with that world and planted estimates, only read."""
    settings = new_settings("duckdb")
    warehouse.prepare(settings, SOURCES)
    publish_foreseen(settings)
    return settings


def _made_once(new_settings: Callable[[str], Settings]) -> Callable[[str], Settings]:
    made: dict[str, Settings] = {}

    def of(engine: str) -> Settings:
        if engine not in made:
            made[engine] = new_settings(engine)
            warehouse.prepare(made[engine], SOURCES)
            publish_world(made[engine])
        return made[engine]

    return of
