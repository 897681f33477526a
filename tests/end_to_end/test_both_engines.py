"""One night on either engine: the same marts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Home
from tests.sandbox.running import Sandbox


@pytest.fixture(scope="module")
def sandbox(generated: Callable[..., Path], serve: Callable[..., Sandbox]) -> Sandbox:
    return serve(generated(scale=0.05, months=7))


@pytest.fixture(scope="module")
def at_once(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("once"))
    home.night(sandbox)
    return home


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_both_engines_publish_the_same_rows(
    at_once: Home, sandbox: Sandbox, tmp_path: Path, new_database: Callable[[], str]
) -> None:
    on_postgresql = Home(tmp_path, new_database())
    on_postgresql.night(sandbox)
    assert on_postgresql.fingerprint() == at_once.fingerprint()
    rows = "select count(*) as rows from marts.fct_attribution"
    assert at_once.marts(rows)[0]["rows"] > 100
