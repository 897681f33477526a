"""What the documents say of commands, settings, links and tables still holds."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from include.contracts import dictionary
from include.notices import CHANNELS
from include.registry import SOURCES
from include.sources import Source
from include.sources.versions import VERSIONS
from include.warehouse.roles import ROLES

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    path
    for path in ROOT.rglob("*.md")
    if not {".venv", ".closed_loop", "node_modules"} & set(path.relative_to(ROOT).parts)
]


def test_every_link_between_pages_leads_somewhere() -> None:
    dead = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                dead.append(f"{page.relative_to(ROOT)}: {target}")
    assert dead == []


def test_every_make_command_the_pages_name_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"run", "up", "test", "lint", "bench", "lock", "clean"} <= targets
    named = {
        name
        for page in PAGES
        for name in re.findall(r"(?:`|^|env )make ([a-z]+)\b", page.read_text(), re.MULTILINE)
    }
    assert named >= {"run", "up", "test", "bench"}
    assert named <= targets


OURS = re.compile(r"CLOSED_LOOP_[A-Z_]+")
EXAMPLE = re.findall(r"^#?([A-Z][A-Za-z_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)


@functools.cache
def read_by_the_product() -> frozenset[str]:
    """The names of its own in its code, but not what its documentation alone says."""
    found = {f"CLOSED_LOOP_{role.upper()}_PASSWORD" for role in ROLES}
    for room in ("include", "dags", "plugins"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found |= {node.value} if OURS.fullmatch(node.value) else set()
    return frozenset(found - {"CLOSED_LOOP_FAILPOINT"})  # that one is for tests


def test_the_example_environment_names_every_variable_that_is_read_and_no_other() -> None:
    accounts = {source.connection_id for source in SOURCES}
    warehouses = {"warehouse", "warehouse_transformer", "warehouse_page"}
    by_compose = {
        name
        for path in (ROOT / "docker-compose.yaml", *(ROOT / "compose").glob("*.env"))
        for name in re.findall(r"(?<!\$)\$\{(\w+)", path.read_text())
    }
    told = {name for name in EXAMPLE if not name.startswith("AIRFLOW__")}
    assert told == (
        read_by_the_product()
        | {f"AIRFLOW_CONN_{name.upper()}" for name in accounts | warehouses | {*CHANNELS}}
        | by_compose
        | {"PYTHONPATH"}
    )


def test_the_pages_speak_of_no_setting_that_is_not_read() -> None:
    pages = [page for page in PAGES if ROOT / "tests" not in page.parents]
    told = {name for page in pages for name in OURS.findall(page.read_text())}
    assert told >= {"CLOSED_LOOP_DATA", "CLOSED_LOOP_ADMIN_URL"}
    assert told <= read_by_the_product()


def test_the_lock_holds_the_packages_of_the_owner() -> None:
    lock = (ROOT / "requirements.txt").read_text()
    for package in (
        "apache-airflow",
        "sqlalchemy",
        "pandas",
        "google-ads",
        "facebook-business",
        "simple-salesforce",
        "great-expectations",
    ):
        assert re.search(rf"^{package}==", lock, re.MULTILINE), package


def test_the_lock_names_no_host() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        assert "://" not in (ROOT / name).read_text(), name


def test_the_dictionary_is_as_the_contracts_make_it() -> None:
    assert (ROOT / "sql/DICTIONARY.md").read_text() == dictionary.render()


def version_rows() -> list[list[str]]:
    """What the sources' page says of API versions, and how many requests are made at once."""
    at_once = {source.name: str(source.concurrent_requests) for source in SOURCES}
    return [
        [
            f"`{each.source}`",
            f"`{each.version}`",
            each.sunset.isoformat(),
            "yes" if each.is_announced else f"no: {each.basis}",
            at_once[each.source],
        ]
        for each in VERSIONS
        if each.is_in_use
    ]


def stream_rows(source: Source) -> list[list[str]]:
    """What the sources' page says of one source's streams."""
    rows = []
    for stream in source.streams:
        back, kept = "", ""
        if stream.kind == "daily":
            days = stream.look_back_days
            back = f"{source.look_back_days if days is None else days} days"
            retention = stream.retention_days or source.retention_days
            kept = f"{retention} days" if retention else "years"
        read = "every load"
        if stream.every_days > 1:
            read = f"every {stream.every_days} days"
        if stream.whole_every_days:
            read += f", whole every {stream.whole_every_days} days"
        if not stream.by_default:
            read = "on request"
        rows.append([f"`{stream.name}`", f"`{stream.table.name}`", stream.kind, back, kept, read])
    return rows


def table_after(text: str, mark: str) -> list[list[str]]:
    """The cells of the first table after ``mark``, its header left out."""
    lines = text[text.index(mark) :].splitlines()[1:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows[2:]


def test_the_sources_page_tells_the_versions_in_use() -> None:
    page = (ROOT / "include/sources/README.md").read_text()
    assert table_after(page, "<!-- versions:") == version_rows()


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_the_sources_page_tells_each_sources_streams(source: Source) -> None:
    page = (ROOT / "include/sources/README.md").read_text()
    section = page[page.index(f"## {source.title} (`{source.name}`)") :]
    assert table_after(section, "<!-- streams:") == stream_rows(source)
    assert f"onnection `{source.connection_id}`" in section
