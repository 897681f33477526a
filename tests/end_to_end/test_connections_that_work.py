"""The DAG that tries every connection, where each works: it ends well, and its table says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from include.registry import SOURCES
from tests.end_to_end.airflow import Airflow
from tests.end_to_end.conftest import Home
from tests.end_to_end.test_check_connections import returned
from tests.sandbox.running import Sandbox


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_a_table_of_what_works_is_logged_and_returned(
    generated: Callable[..., Path], serve: Callable[..., Sandbox], tmp_path: Path
) -> None:
    airflow = Airflow(Home(tmp_path), serve(generated(scale=0.02, months=6)))
    airflow.prepare()
    went_well, said = airflow.test("check_connections")
    assert went_well, said[-4000:]
    table = str(returned(airflow, "report"))
    assert "| connection | verdict | API version |" in said
    for source in SOURCES:
        assert f"### {source.connection_id}: works" in table
