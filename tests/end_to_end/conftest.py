"""Data sets, sandboxes and nights for end-to-end tests."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from include import warehouse
from include.contracts.marts import MART_TABLES
from include.settings import Settings, load_settings
from tests.conftest import IS_FULL
from tests.end_to_end import warm
from tests.sandbox.running import ROOT, Sandbox, command, environment, start_sandbox

# Minutes of two cores: they have their time in `make campaigns` alone.
IN_CAMPAIGNS = [
    "test_both_engines.py",
    "test_celery_run.py",
    "test_connections_that_work.py",
    "test_held_publish.py",
    "test_make_run_killed.py",
    "test_make_up.py",
    "test_old_click.py",
    "test_page_in_standalone.py",
    "test_restated_earlier.py",
]
collect_ignore = [] if IS_FULL else IN_CAMPAIGNS


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """``generated(scale=…, months=…)`` writes a company once, for all who test side by side, and
    returns its folder."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def generate(scale: float = 1.0, months: int = 24, seed: int = 1) -> Path:
        name = f"company {scale} {months} {seed}"
        folder, draft = shared / name, shared / f"{name} draft"
        with (shared / f"{name} lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                size = ["--seed", str(seed), "--months", str(months), "--scale", str(scale)]
                subprocess.run(
                    [*command("generate"), "--out", str(draft), *size],
                    cwd=ROOT,
                    env=environment(),
                    check=True,
                    capture_output=True,
                )
                draft.rename(folder)
        return folder

    return generate


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., Sandbox]]:
    """``serve(folder, *arguments)`` starts a sandbox that lives until the session ends."""
    with ExitStack() as stack:
        yield lambda folder, *arguments: stack.enter_context(start_sandbox(folder, *arguments))


@dataclass(frozen=True)
class Home:
    """A home of its own, its warehouse, and nights spent in it."""

    path: Path
    warehouse_url: str | None = None

    def environment(self, sandbox: Sandbox, **more: str) -> dict[str, str]:
        own = {"CLOSED_LOOP_HOME": str(self.path), "CLOSED_LOOP_HASH_KEY": "test"}
        if self.warehouse_url:
            own["CLOSED_LOOP_WAREHOUSE_URL"] = self.warehouse_url
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "CLOSED_LOOP_RETRY_SECONDS": "60",
            "GX_ANALYTICS_ENABLED": "False",
            **sandbox.variables,
            **own,
            **more,
        }

    def night(self, sandbox: Sandbox, *arguments: str, **more: str) -> None:
        """Load and publish; fails with what the night said."""
        self.path.mkdir(parents=True, exist_ok=True)
        log = self.path / "night.log"
        code = warm.spend(arguments or ("all",), self.environment(sandbox, **more), log)
        assert code == 0, log.read_text()[-4000:]

    @property
    def settings(self) -> Settings:
        url = {"CLOSED_LOOP_WAREHOUSE_URL": self.warehouse_url} if self.warehouse_url else {}
        return load_settings({"CLOSED_LOOP_HOME": str(self.path), **url})

    def fingerprint(self) -> dict[str, str]:
        """A hash of each published mart, stamps aside."""
        return warehouse.fingerprint(
            self.settings, [f"marts.{table.name}" for table in MART_TABLES]
        )

    def marts(self, sql: str) -> list[dict[str, Any]]:
        """Rows of a query on the published marts."""
        return warehouse.read_marts(self.settings, sql)


def truth(folder: Path, name: str) -> list[dict[str, Any]]:
    """Lines of a truth file, its amounts as decimals."""
    with (folder / "truth" / f"{name}.jsonl").open() as file:
        return [json.loads(line, parse_float=Decimal) for line in file]


def totals(rows: list[dict[str, Any]], keys: tuple[str, ...], value: str) -> dict[tuple, Decimal]:
    """Sums of ``value`` by ``keys``."""
    sums: dict[tuple, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[tuple(row[key] for key in keys)] += Decimal(row[value] or 0)
    return dict(sums)
