"""The world of evidence, published on each engine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from include import warehouse
from include.registry import SOURCES
from include.settings import Settings
from tests.report.evidence_world import publish_world


@pytest.fixture(scope="session")
def evidence(new_settings: Callable[[str], Settings]) -> Callable[[str], Settings]:
    """``evidence(engine)``: settings of a warehouse with the world of evidence, only read."""
    return _made_once(new_settings)


@pytest.fixture(scope="module")
def published_anew(new_settings: Callable[[str], Settings]) -> Callable[[str], Settings]:
    """The same, of one file of tests alone, which may publish there what it likes."""
    return _made_once(new_settings)


def _made_once(new_settings: Callable[[str], Settings]) -> Callable[[str], Settings]:
    made: dict[str, Settings] = {}

    def of(engine: str) -> Settings:
        if engine not in made:
            made[engine] = new_settings(engine)
            warehouse.prepare(made[engine], SOURCES)
            publish_world(made[engine])
        return made[engine]

    return of
