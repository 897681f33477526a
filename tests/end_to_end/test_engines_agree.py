"""The same nights give the same marts on DuckDB and on PostgreSQL, row for row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.end_to_end.conftest import Home
from tests.sandbox.running import Sandbox


def test_both_engines_publish_the_same_rows(
    tmp_path: Path,
    generated: Callable[..., Path],
    serve: Callable[..., Sandbox],
    new_database: Callable[[], str],
) -> None:
    sandbox = serve(generated(scale=0.1))
    on_duckdb = Home(tmp_path / "duckdb")
    on_postgresql = Home(tmp_path / "postgresql", new_database())
    on_duckdb.night(sandbox)
    on_postgresql.night(sandbox)
    assert on_duckdb.fingerprint() == on_postgresql.fingerprint()
    rows = "select count(*) as rows from marts.fct_attribution"
    assert on_duckdb.marts(rows)[0]["rows"] > 100
