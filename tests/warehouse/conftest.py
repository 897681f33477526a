"""A prepared warehouse, once an engine."""

from __future__ import annotations

import pytest

from include import warehouse
from include.settings import Settings
from tests.warehouse.world import CRM, NETWORK


@pytest.fixture
def prepared(warehouse_settings: Settings) -> Settings:
    """Settings of a warehouse with its tables made and its seeds loaded."""
    warehouse.prepare(warehouse_settings, (NETWORK, CRM))
    return warehouse_settings
