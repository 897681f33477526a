"""What the documents say of commands, settings, links and tables still holds."""

from __future__ import annotations

import re
from pathlib import Path

from include.contracts import dictionary

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


def test_the_example_environment_lists_every_setting() -> None:
    used = set(re.findall(r'"(CLOSED_LOOP_[A-Z_]+)"', (ROOT / "include/settings.py").read_text()))
    set_by_the_sandbox = {"CLOSED_LOOP_CA_FILE", "CLOSED_LOOP_SANDBOX", "CLOSED_LOOP_AS_OF"}
    listed = set(re.findall(r"CLOSED_LOOP_[A-Z_]+", (ROOT / ".env.example").read_text()))
    assert listed == used - set_by_the_sandbox


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
