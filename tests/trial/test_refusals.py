"""`make models`: folders that cannot be used are refused, with file, line and reason."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from include import trial

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "sql" / "example"


@pytest.mark.parametrize(
    ("name", "line", "reason"),
    [
        ("touches", "ada,2026-01-05T09:00:00,Email,", "instant says no time zone; write it as"),
        ("touches", "ada,yesterday,Email,", "instant is not an instant; write it as"),
        ("touches", "ada,2026-01-05T09:00:00Z,Carrier Pigeon,", "channel is none of Paid Search,"),
        ("touches", ",2026-01-05T09:00:00Z,Email,", "person is missing"),
        ("touches", "ada,2026-01-05T09:00:00Z,Email", "3 fields where 4 belong"),
        ("deals", "x,2026-01-05T09:00:00Z,,,ten,ada", "amount is not a number"),
        ("deals", "x,2026-01-05T09:00:00Z,,,1.005,ada", "amount is finer than a cent"),
        ("deals", "x,2026-01-05T09:00:00Z,,yes,1,ada", "a closed deal says in closed when"),
        ("deals", "x,2026-01-05T09:00:00Z,2026-02-05T09:00:00Z,,1,ada", "a closed deal says"),
        ("deals", "x,2026-01-05T09:00:00Z,2026-02-05T09:00:00Z,maybe,1,ada", "won is none of"),
        ("deals", "x,2026-01-05T09:00:00Z,,,1,ada; ada", "people names somebody twice"),
        ("deals", "first,2026-01-05T09:00:00Z,,,1,ada", "line 2 has the same deal"),
        ("people", "ben,2026-01-05T09:00:00Z", "line 3 has the same person"),
        ("people", "eve,1969-12-31T23:59:59Z", "lead is before 1970 or after 2199"),
        ("touches", "ada,9999-12-31T23:59:59Z,Email,", "instant is before 1970 or after 2199"),
        ("deals", "x,2200-01-01T00:00:00Z,,,1,ada", "created is before 1970 or after 2199"),
    ],
)
def test_a_bad_line_is_refused_with_file_line_and_reason(
    tmp_path: Path, name: str, line: str, reason: str
) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    path = tmp_path / f"{name}.csv"
    number = len(path.read_text().splitlines()) + 1
    with path.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(trial.Refused) as refusal:
        trial.read_trial(tmp_path)
    assert str(refusal.value).startswith(f"{path}, line {number}: {reason}")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "touches.csv").unlink(), "touches.csv cannot be read: No such"),
        (lambda folder: (folder / "deals.csv").write_text("deal\n"), "deals.csv, line 1: the col"),
        (lambda folder: (folder / "deals.csv").write_bytes(b"\xff"), "deals.csv is no CSV in UTF"),
        (
            lambda folder: (folder / "deals.csv").write_text(
                (EXAMPLE / "deals.csv").read_text().splitlines()[0]
            ),
            "deals.csv: there is no deal in it",
        ),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused(
    tmp_path: Path, spoil: Callable[[Path], object], reason: str
) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    spoil(tmp_path)
    with pytest.raises(trial.Refused, match=reason):
        trial.read_trial(tmp_path)


def test_a_name_that_no_touch_bears_is_noted(tmp_path: Path) -> None:
    (tmp_path / "touches.csv").write_text(
        "person,instant,channel,campaign\nada,2026-01-05T09:00:00Z,Email,\n"
    )
    (tmp_path / "deals.csv").write_text(
        "deal,created,closed,won,amount,people\nx,2026-01-06T09:00:00Z,,,1,ada; Ada\n"
    )
    (tmp_path / "people.csv").write_text(
        "person,lead\nada,2026-01-05T09:00:00Z\neve,2026-01-05T09:00:00Z\n"
    )
    assert list(trial.notes(trial.read_trial(tmp_path))) == [
        "deals.csv, line 2: Ada has no touch in touches.csv",
        "people.csv, line 3: eve has no touch in touches.csv",
    ]


def test_27_names_that_begin_like_a_formula_are_quoted_in_the_credits(tmp_path: Path) -> None:
    path = tmp_path / "credits.csv"
    row = dict.fromkeys(trial.CREDITS) | {"weight": Decimal(1), "amount": Decimal("-2.50")}
    for sign in ("=", "+", "-", "@", "\t", "\r"):
        name = f"{sign}HYPERLINK(1)"
        trial.write_credits(path, [row | {"deal": name, "person": f"x{name}", "campaign": name}])
        with path.open(newline="") as file:
            (read,) = csv.DictReader(file)
        told = name.replace("\r", "\n")
        assert (read["deal"], read["campaign"], read["person"]) == (
            f"'{told}",
            f"'{told}",
            f"x{told}",
        )
        assert read["amount"] == "-2.50", "a number stays one"


def test_the_command_says_what_is_wrong_and_fails(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "include.trial", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{tmp_path / 'touches.csv'} cannot be read: No such file or directory\n"
