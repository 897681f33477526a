"""The SQL files: which models and audits there are, and the order in which models build."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from include.warehouse.engine import WarehouseError

SQL_FOLDER = Path(__file__).parents[2] / "sql"
_COMMENT_OR_TEXT = re.compile(r"--[^\n]*|'[^']*'")
_TABLE_BUILT = re.compile(r"\bbuild\.(\w+)")
_LAYERS = ("intermediate", "estimates", "marts")
_CAUSES = ("every_base_amount_has_a_rate_and_its_date",)
"""Audits told first: where they find rows, others find what follows from those."""


@dataclass(frozen=True, slots=True)
class Model:
    """One select under sql/; ``depends_on`` names the models whose tables it reads.

    The select of an estimate gives what its function in include/estimates learns from.
    """

    name: str
    layer: str
    depends_on: tuple[str, ...]
    path: Path

    @property
    def sql(self) -> str:
        """The file's text, without a closing semicolon."""
        return statement(self.path)


def models() -> tuple[Model, ...]:
    """Every model, each after those it reads.

    Raises WarehouseError when a file reads a model that is not there, or models read each other in
    a circle.
    """
    paths = tuple(path for layer in _LAYERS for path in sorted((SQL_FOLDER / layer).glob("*.sql")))
    return _models(tuple((path, path.stat().st_mtime_ns) for path in paths))


def audits() -> tuple[str, ...]:
    """Names of the audits: each the sentence that should be true, causes before consequences."""
    names = (path.stem for path in (SQL_FOLDER / "audits").glob("*.sql"))
    return tuple(sorted(names, key=lambda name: (name not in _CAUSES, name)))


def audit_file(name: str) -> Path:
    """The file of an audit; WarehouseError if there is none of that name."""
    file = SQL_FOLDER / "audits" / f"{name}.sql"
    if not file.exists():
        raise WarehouseError(f"there is no audit {name} in {file.parent}")
    return file


def statement(path: Path) -> str:
    """A file's one statement as text, without a closing semicolon."""
    return path.read_text(encoding="utf-8").rstrip().removesuffix(";")


@lru_cache(maxsize=4)
def _models(files: tuple[tuple[Path, int], ...]) -> tuple[Model, ...]:
    found = {
        path.stem: Model(path.stem, path.parent.name, _tables_built(path), path)
        for path, _ in files
    }
    for model in found.values():
        for name in model.depends_on:
            if name not in found:
                raise WarehouseError(f"{model.path} reads build.{name}, which no file builds")
    try:
        order = tuple(
            TopologicalSorter({m.name: m.depends_on for m in found.values()}).static_order()
        )
    except CycleError as error:
        raise WarehouseError(f"models read each other: {' > '.join(error.args[1])}") from error
    return tuple(found[name] for name in order)


def _tables_built(path: Path) -> tuple[str, ...]:
    """The tables of schema build that a file names. No parser: every task process asks this."""
    said = _COMMENT_OR_TEXT.sub(" ", path.read_text(encoding="utf-8"))
    return tuple(sorted(set(_TABLE_BUILT.findall(said))))
