"""Who may import whom, and who may read the clock, held against the source itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.registry import SOURCES

ROOT = Path(__file__).resolve().parent.parent
VENDORS = {"facebook_business", "google", "grpc", "simple_salesforce", "requests", "tenacity"}
ENGINES = {"duckdb", "sqlalchemy", "psycopg", "great_expectations", "pandas", "pyarrow"}
CLOCK_CALLS = {"now", "utcnow", "today", "fromtimestamp"}
SQL_CLOCKS = ("current_date", "current_timestamp", "now()", "localtimestamp", "today()")


def modules(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"{folder} holds no module: the rule would pass on nothing"
    return found


def imports(path: Path, top_level_only: bool = False) -> Iterator[str]:
    """Dotted names a module imports; those inside functions too unless ``top_level_only``."""
    tree = ast.parse(path.read_text())
    nodes = list(tree.body) if top_level_only else list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide who imports whom"
            module = node.module or ""
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def rooms(path: Path, top_level_only: bool = False) -> set[str]:
    """The rooms of include/ that a module imports: the name after ``include.``."""
    return {
        name.split(".")[1]
        for name in imports(path, top_level_only)
        if name.startswith("include.") and len(name.split(".")) > 1
    }


def test_include_imports_no_airflow() -> None:
    assert [
        p for p in modules("include") if any(n.split(".")[0] == "airflow" for n in imports(p))
    ] == []


@pytest.mark.parametrize("folder", ["include", "dags", "plugins"])
def test_nothing_imports_dags_plugins_or_tests(folder: str) -> None:
    outside = {"dags", "plugins", "tests"}
    assert [p for p in modules(folder) if outside & {n.split(".")[0] for n in imports(p)}] == []


def test_the_sandbox_knows_nothing_of_the_pipeline() -> None:
    for path in modules("include/sandbox"):
        assert rooms(path) <= {"sandbox", "settings"}, path


def test_sources_know_only_the_shape_the_contracts_and_the_settings() -> None:
    for path in modules("include/sources"):
        assert rooms(path) <= {"sources", "contracts", "settings"}, path


def test_sources_never_import_each_other() -> None:
    """A system's modules bear its name; what several systems share bears none of theirs."""
    systems = {source.name for source in SOURCES}

    def family(module: str) -> set[str]:
        return {s for s in systems if module == s or module.startswith(f"{s}_")}

    for path in modules("include/sources"):
        of = {n.split(".")[2] for n in imports(path) if n.startswith("include.sources.")}
        assert {s for module in of for s in family(module)} <= family(path.stem), path


def test_vendor_sdks_are_imported_inside_functions_only() -> None:
    for path in modules("include/sources"):
        top = {name.split(".")[0] for name in imports(path, top_level_only=True)}
        assert not top & (VENDORS - {"requests", "tenacity"}), path


def test_contracts_know_nothing_but_themselves() -> None:
    for path in modules("include/contracts"):
        assert rooms(path) <= {"contracts"}, path


def test_estimates_know_only_the_contracts_and_no_engine() -> None:
    for path in modules("include/estimates"):
        assert rooms(path) <= {"estimates", "contracts"}, path
        assert not (ENGINES | VENDORS) & {name.split(".")[0] for name in imports(path)}, path


@pytest.mark.parametrize("room", ["warehouse", "report"])
def test_rooms_above_staging_know_no_source_system(room: str) -> None:
    for path in modules(f"include/{room}"):
        assert not {
            n
            for n in imports(path)
            if n.startswith("include.sources.")
            and n.islower()
            and n.split(".")[2] in {"facebook_ads", "google_ads", "linkedin_ads", "salesforce"}
        }, path


def test_only_the_warehouse_knows_the_engine() -> None:
    for path in modules("include"):
        room = path.relative_to(ROOT / "include").parts[0]
        if room in {"warehouse", "sandbox"}:
            continue
        assert not {"duckdb", "sqlalchemy", "psycopg"} & {n.split(".")[0] for n in imports(path)}, (
            path
        )


def test_plugins_hold_the_plugin_alone_and_nobody_imports_it() -> None:
    """Airflow executes every file there under its bare name, at any depth."""
    (plugin,) = modules("plugins")
    assert plugin.name == "closed_loop_plugin.py"
    everywhere = [*modules("include"), *modules("dags"), *modules("tests")]
    assert [p for p in everywhere if {"closed_loop_plugin", "plugins"} & set(imports(p))] == []


def test_the_plugin_imports_little_before_somebody_opens_the_page() -> None:
    """Every process of Airflow executes it, each task's too."""
    (plugin,) = modules("plugins")
    tree = ast.parse(plugin.read_text())
    eager = [node for node in tree.body if not isinstance(node, ast.If)]
    names = {
        name
        for node in eager
        if isinstance(node, ast.ImportFrom | ast.Import)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else ["import"])
    }
    assert names == {
        "__future__",
        "functools",
        "typing",
        "urllib.parse",
        "airflow.configuration",
        "airflow.plugins_manager",
    }


SQL_WORDS = re.compile(r"\b(select|from|where|join|order by|group by|limit|insert|delete)\b", re.I)


def test_the_page_builds_no_sql_from_text() -> None:
    """A query of the page is a whole file, or a whole literal: nothing is put into it or after it.

    So no text that holds SQL is formatted, added to or joined, and what is asked, at once or as a
    question to be asked with others, is a query by its name or a constant.
    """
    asked = []
    for path in modules("include/report"):
        tree = ast.parse(path.read_text())
        constants = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [p.value for p in node.values if isinstance(p, ast.Constant)]
                assert not looks_like_sql(" ".join(map(str, parts))), f"{path}:{node.lineno}"
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
                for side in (node.left, node.right):
                    if isinstance(side, ast.Constant) and isinstance(side.value, str):
                        assert not looks_like_sql(side.value), f"{path}:{node.lineno}"
            elif isinstance(node, ast.Call):
                is_method = isinstance(node.func, ast.Attribute)
                called = ast.unparse(node.func).rpartition(".")[2]
                if called == "Question" or (
                    is_method and called in ("answer", "rows", "execute", "run", "read_marts")
                ):
                    text = node.args[1 if called == "read_marts" else 0]
                    whole = (isinstance(text, ast.Name) and text.id in constants) or (
                        isinstance(text, ast.Call)
                        and isinstance(text.func, ast.Name)
                        and text.func.id == "query"
                    )
                    assert whole, f"{path}:{node.lineno} asks {ast.unparse(text)}"
                    asked.append(path.name)
                assert not (
                    isinstance(node.func, ast.Attribute)
                    and called in ("format", "join", "replace")
                    and isinstance(node.func.value, ast.Constant)
                    and looks_like_sql(str(node.func.value.value))
                ), f"{path}:{node.lineno}"
    assert {"views.py", "summary.py"} <= set(asked)


def looks_like_sql(text: str) -> bool:
    return len({word.lower() for word in SQL_WORDS.findall(text)}) >= 2


def test_dag_files_import_little_before_a_task_runs() -> None:
    for path in modules("dags"):
        top = {name.split(".")[0] for name in imports(path, top_level_only=True)}
        assert top <= {"__future__", "airflow", "include", "datetime", "logging"}, path
        assert rooms(path, top_level_only=True) <= {
            "notices",
            "registry",
            "run",
            "settings",
            "sources",
            "warehouse",
        }, path


def test_dag_files_use_the_task_sdk() -> None:
    for path in modules("dags"):
        ours = ("airflow.sdk", "airflow.providers.standard.operators.hitl")
        assert all(n.startswith(ours) for n in imports(path) if n.startswith("airflow")), path


def test_nothing_reads_the_clock() -> None:
    """The instant a run speaks for is handed down; the sandbox alone has a clock of its own."""
    readers = []
    for path in [*modules("include"), *modules("dags")]:
        if "sandbox" in path.relative_to(ROOT).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in CLOCK_CALLS
            ) or (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and (node.value.id, node.attr) == ("time", "time")
            ):
                readers.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert readers == []


def test_no_sql_file_reads_the_clock() -> None:
    files = sorted((ROOT / "sql").rglob("*.sql"))
    assert files
    assert [f for f in files if any(word in f.read_text().lower() for word in SQL_CLOCKS)] == []


def test_no_room_is_a_drawer() -> None:
    drawers = {"utils", "helpers", "common", "base", "util", "misc"}
    assert [p for p in modules("include") if p.stem in drawers] == []
