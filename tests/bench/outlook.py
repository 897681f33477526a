"""What goals, advice, budget, forecast, audience and visitors add to a night: seconds and memory.

A published company's warehouse is copied and every model and audit runs over it, each in a process
of its own, as ``transform`` does it. What would not be built without those marts counts as theirs;
the rest of the night is the yardstick.
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from include import warehouse
from include.contracts import (
    advice_marts,
    audience_marts,
    budget_marts,
    goal_marts,
    outlook_marts,
    visit_marts,
)
from include.contracts.marts import MART_TABLES
from include.contracts.shape import Table
from include.registry import SOURCES
from include.settings import Settings, load_settings
from include.warehouse import models
from include.warehouse.engine import engine_of
from include.warehouse.models import Model
from tests.bench.published import company
from tests.bench.report import write
from tests.bench.transform import Spent, alone

MARTS = frozenset(
    value.name
    for module in (
        advice_marts, audience_marts, budget_marts, goal_marts, outlook_marts, visit_marts,
    )
    for value in vars(module).values()
    if isinstance(value, Table) and value in MART_TABLES
)  # fmt: skip
MOST_SECONDS = 30
"""Promised of the default company."""
MOST_MEGABYTES = 4096
"""Promised of a company of twenty times its size."""

_TABLE = re.compile(r"\bbuild\.(\w+)")


def theirs(built: Sequence[Model]) -> frozenset[str]:
    """The models that nothing but MARTS is built from, and MARTS."""
    found = set(MARTS)
    published = {mart.name for mart in MART_TABLES}
    # Each model stands after those it reads: from the end on, its readers are known already.
    for model in reversed(built):
        readers = {other.name for other in built if model.name in other.depends_on}
        if readers and readers <= found and model.name not in published:
            found.add(model.name)
    return frozenset(found)


def audits_of(names: Iterable[str]) -> frozenset[str]:
    """The audits that read any of these tables."""
    wanted = set(names)
    return frozenset(
        name
        for name in models.audits()
        if wanted & set(_TABLE.findall(models.statement(models.audit_file(name))))
    )


def measure(settings: Settings, scale: str) -> list[dict[str, Any]]:
    """Build and audit everything; prints each step and gives the measures."""
    built, own = models.models(), theirs(models.models())
    engine_of(settings)  # imported before any process begins: no step's time tells of it
    checks = audits_of(own)
    added: list[Spent] = []
    rest: list[Spent] = []
    works = [(model.name, model.name in own, warehouse.build) for model in built]
    works += [(name, name in checks, _audited) for name in models.audits()]
    for name, is_added, verb in works:
        spent = alone(name, partial(verb, settings, name), None)
        (added if is_added else rest).append(spent)
        print(
            f"  {name:<60} {spent.seconds:>8.2f} s {spent.cpu_seconds:>8.2f} CPU s "
            f"{spent.megabytes:>8,.0f} MB {'added' if is_added else ''}".rstrip(),
            flush=True,
        )
    return [
        _row(f"{scale}, {len(added)} models and audits added", "s", added, rest, _seconds),
        _row(f"{scale}, the same, processors", "CPU s", added, rest, _cpu_seconds),
        _row(f"{scale}, the same, peak memory", "MB", added, rest, _megabytes),
    ]


def _audited(settings: Settings, name: str) -> int:
    return warehouse.audit(settings, name).wrong_count


def _seconds(steps: Sequence[Spent]) -> float:
    return sum(spent.seconds for spent in steps)


def _cpu_seconds(steps: Sequence[Spent]) -> float:
    return sum(spent.cpu_seconds for spent in steps)


def _megabytes(steps: Sequence[Spent]) -> float:
    return max(spent.megabytes for spent in steps)


def _row(
    measure: str, unit: str, added: Sequence[Spent], rest: Sequence[Spent], of: Any
) -> dict[str, Any]:
    ours, yardstick = of(added), of(rest)
    return {
        "measure": measure,
        "unit": unit,
        "ours": round(ours, 2),
        "yardstick": round(yardstick, 2),
        "yardstick_name": "the other models and audits",
        "ratio": round(ours / yardstick, 2),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The default company, or one of another size or home."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench outlook", description=__doc__)
    parser.add_argument("--home", type=Path, help="a published company's (it is only read)")
    parser.add_argument("--scale", type=int, default=1, help="times the default company")
    options = parser.parse_args(arguments)
    settings = load_settings()
    name = "default" if options.scale == 1 else f"times_{options.scale}"
    home = options.home or company(settings, name, options.scale)
    with tempfile.TemporaryDirectory(prefix="closed-loop-bench-") as folder:
        for file in ("warehouse.duckdb", "hash.key"):
            shutil.copy(home / file, folder)
        copied = load_settings({"CLOSED_LOOP_HOME": folder})
        warehouse.prepare(copied, SOURCES)
        rows = measure(copied, home.name)
    write(settings, "outlook", rows)
    print(
        f"  promised: {MOST_SECONDS} s of the default company, {MOST_MEGABYTES} MB at twenty times"
    )


if __name__ == "__main__":
    main()
