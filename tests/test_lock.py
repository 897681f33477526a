"""Promise 42, a vulnerable or tampered dependency: what is installed is what was locked."""

from __future__ import annotations

import re
import subprocess
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt")
ACCEPTED = re.compile(r"([A-Z]+-[A-Za-z0-9-]+) (\d{4}-\d{2}-\d{2}) (\S.{20,})")


@pytest.mark.parametrize("name", LOCKS)
def test_42_every_locked_package_has_one_version_and_hashes(name: str) -> None:
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]
    assert len(lines) > 10
    for line in lines:
        assert re.match(r"[A-Za-z0-9._-]+(\[[\w,]+\])?==\S+ ", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line


def test_42_nothing_is_installed_but_by_hash() -> None:
    """In the Makefile, which CI uses too, and in the image that compose builds."""
    for name in ("Makefile", "docker-compose.yaml"):
        installs = re.findall(r"pip install [^\n]*", (ROOT / name).read_text())
        assert installs, name
        assert all("--require-hashes" in each for each in installs), name


def test_42_accepted_findings_are_dated_reasoned_and_all_that_the_audit_passes_over() -> None:
    lines = (ROOT / ".ci/accepted-advisories").read_text().splitlines()
    ids = []
    for line in lines:
        if not line.startswith("#"):
            accepted = ACCEPTED.fullmatch(line)
            assert accepted, line
            date.fromisoformat(accepted[2])
            ids.append(accepted[1])
    done = subprocess.run(
        ["make", "-n", "audit"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    (command,) = re.findall(r"sed .*advisories", done.stdout)
    told = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == [word for each in ids for word in ("--ignore-vuln", each)]
    assert "--strict" in done.stdout  # else a package that could not be looked up passes
