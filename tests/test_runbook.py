"""The runbook's ten bad nights say what the code says: every sentence, command and link is real."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("Seen", "Why", "Do", "Well again")


def section() -> str:
    readme = (ROOT / "README.md").read_text()
    found = re.search(r"^### Ten bad nights\n(.*?)^### ", readme, re.M | re.S)
    assert found, "README.md has no section of ten bad nights"
    return found[1]


def nights() -> list[str]:
    """The text of each numbered night."""
    return re.split(r"^\d+\. ", section(), flags=re.M)[1:]


@cache
def told_by_the_code() -> list[str]:
    """Every string of the product; what is filled in is told apart by NUL. SQL as it stands."""
    texts = [" ".join(file.read_text().split()) for file in sorted((ROOT / "sql").rglob("*.sql"))]
    for folder in ("include", "dags"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.JoinedStr):
                    texts.append(
                        "".join(
                            str(part.value) if isinstance(part, ast.Constant) else "\0"
                            for part in node.values
                        )
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value)
    return texts


def fragments() -> list[str]:
    """What the runbook quotes as seen, without what differs from night to night."""
    return [
        fragment.strip()
        for night in nights()
        for line in re.findall(r"\*Seen:\* (.*)", night)
        for quoted in re.findall(r"`([^`]+)`", line)
        for fragment in quoted.split("…")
        if fragment.strip()
    ]


def test_there_are_ten_and_each_says_symptom_cause_action_and_cure() -> None:
    assert len(nights()) == 10
    for night in nights():
        assert re.findall(r"- \*([^*:]+):\*", night) == list(PARTS), night.split("\n")[0]


@pytest.mark.parametrize("fragment", sorted(set(fragments())))
def test_every_sentence_of_the_runbook_is_one_that_the_code_says(fragment: str) -> None:
    assert any(fragment in text for text in told_by_the_code()), fragment


def test_every_setting_mart_and_picture_of_the_runbook_is_there() -> None:
    code = "\n".join(told_by_the_code())
    for name in re.findall(r"`((?:CLOSED_LOOP_|ops\.|mart_)\w+)`", section()):
        assert name.removeprefix("ops.") in code, name
    for link in re.findall(r"\]\(([^)#]+)\)", section()):
        assert (ROOT / link).exists(), link


def test_whoever_reads_the_documentation_of_a_red_dag_is_led_to_the_runbook() -> None:
    for dag in ("ingest", "closed_loop", "freshness_watchdog"):
        assert "Ten bad nights" in (ROOT / "dags" / f"{dag}.py").read_text()
