"""Promise 42, a vulnerable or tampered dependency: what is installed is what was locked."""

from __future__ import annotations

import re
import subprocess
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.txt", "requirements-compose.txt", "requirements-dev.txt")
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[\w,]+\])?==(\S+) ", re.MULTILINE)
ACCEPTED = re.compile(r"([A-Z]+-[A-Za-z0-9-]+) (\d{4}-\d{2}-\d{2}) (\S.{20,})")


@pytest.mark.parametrize("name", LOCKS)
def test_42_every_locked_package_has_one_version_and_hashes(name: str) -> None:
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]
    assert len(lines) > 10
    for line in lines:
        assert re.match(r"[A-Za-z0-9._-]+(\[[\w,]+\])?==\S+ ", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line


def test_42_what_several_locks_name_they_lock_alike() -> None:
    """They are installed one upon the other, each without looking at what the others brought."""
    locked: dict[str, set[str]] = {}
    for name in LOCKS:
        own: dict[str, set[str]] = {}
        for package, version in PIN.findall((ROOT / name).read_text()):
            own.setdefault(package, set()).add(version)
        again = own.keys() & locked.keys()
        assert {each: own[each] for each in again if not own[each] <= locked[each]} == {}, name
        locked |= own
    assert len(locked) > 200


def test_42_no_lock_names_the_index_it_was_made_with() -> None:
    for name in LOCKS:
        assert not re.search(r"https?://|--index|--find-links", (ROOT / name).read_text()), name


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
