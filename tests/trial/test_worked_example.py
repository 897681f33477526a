"""`make models`: the credits of the example folder, worked by hand.

The example's deal `first` (1000.00, won) has five touches by its close, four by its creation: lines
2 Paid Search, 3 Email (with which ada became a lead, before ben did), 5 Direct, 4 Events, and after
the creation 6 Paid Social. Deal `second` (500.01, open) has two: 7 Direct (with which cleo became a
lead) and 8 Paid Social, in the second of its creation; it has no close. `third` was lost, `fourth`
(won, of unknown amount) has nobody who was ever touched.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

from include.contracts.choices import ATTRIBUTION_MODELS

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "sql" / "example"

Credit = dict[str, tuple[str, str]]

FIRST: dict[str, Credit] = {
    "first_touch": {"2": ("1", "1000.00")},
    "first_paid_touch": {"2": ("1", "1000.00")},
    "first_non_direct_touch": {"2": ("1", "1000.00")},
    "lead_creation": {"3": ("1", "1000.00")},
    # first 0.40, lead creation 0.40, 0.20 over two
    "u_shaped": {
        "2": ("0.4", "400.00"),
        "3": ("0.4", "400.00"),
        "5": ("0.1", "100.00"),
        "4": ("0.1", "100.00"),
    },
    # Events is the last touch before the deal was created; Direct alone has no position
    "w_shaped": {
        "2": ("0.3", "300.00"),
        "3": ("0.3", "300.00"),
        "5": ("0.1", "100.00"),
        "4": ("0.3", "300.00"),
    },
    "last_touch": {"6": ("1", "1000.00")},
    "linear": dict.fromkeys("23546", ("0.2", "200.00")),
    "full_path": {
        "2": ("0.225", "225.00"),
        "3": ("0.225", "225.00"),
        "5": ("0.1", "100.00"),
        "4": ("0.225", "225.00"),
        "6": ("0.225", "225.00"),
    },
    # Learned: this path won, Email alone lost (third). Half of all deals begin with Paid Search, so
    # without it half of the wins go; without any other, all. So 1/2 : 1 : 1 : 1 : 1, in ninths:
    # 1, 2, 2, 2, 2. What rounding leaves over goes to the first of the equal ones.
    "markov": {
        "2": ("0.1111111111", "111.11"),
        "3": ("0.2222222223", "222.23"),
        "5": ("0.2222222222", "222.22"),
        "4": ("0.2222222222", "222.22"),
        "6": ("0.2222222222", "222.22"),
    },
    # All five together win one of two, fewer win nothing: a tenth each.
    "shapley": dict.fromkeys("23546", ("0.2", "200.00")),
}
SECOND: dict[str, Credit] = {
    "first_touch": {"7": ("1", "500.01")},
    "first_paid_touch": {"8": ("1", "500.01")},
    "first_non_direct_touch": {"8": ("1", "500.01")},
    "lead_creation": {"7": ("1", "500.01")},
    # 40000.8 and 10000.2 cents
    "u_shaped": {"7": ("0.8", "400.01"), "8": ("0.2", "100.00")},
    # 0.6 and 0.3; the 0.1 of the others is shared in proportion: two thirds and one
    "w_shaped": {"7": ("0.6666666667", "333.34"), "8": ("0.3333333333", "166.67")},
    "last_touch": {"8": ("1", "500.01")},
    "linear": {"7": ("0.5", "250.01"), "8": ("0.5", "250.00")},
    # 0.45 and 0.225; neither close nor others
    "full_path": {"7": ("0.6666666667", "333.34"), "8": ("0.3333333333", "166.67")},
    "markov": {"7": ("0.5", "250.01"), "8": ("0.5", "250.00")},
    "shapley": {"7": ("0.5", "250.01"), "8": ("0.5", "250.00")},
}
"""Model, line of the touch: weight and amount."""

AGES = {
    "first": {"2": 85.625, "3": 58 + 14 / 24, "5": 49 + 16 / 24, "4": 39 + 8.5 / 24, "6": 16.5},
    "second": {"7": 100 + 13 / 24, "8": 60 + 14.25 / 24},
}
"""Days from each touch to the close of `first`, and to the latest instant told, 1 May. time_decay
counts from the latest touch."""


def decayed(deal: str, cents: int) -> Credit:
    """time_decay by its formula: half as much every 30 days, largest remainders."""
    ages = {line: age_of(age) for line, age in AGES[deal].items()}
    latest = min(ages.values())
    raw = {line: int(10**12 * Decimal(2) ** ((latest - age) / 30)) for line, age in ages.items()}
    weights = shared(raw, 10**10)
    amounts = shared(weights, cents)
    return {
        line: (str(Decimal(weights[line]) / 10**10), f"{Decimal(amounts[line]) / 100:.2f}")
        for line in raw
    }


def age_of(days: float) -> Decimal:
    return Decimal(round(days * 86400)) / 86400


def shared(raw: dict[str, int], units: int) -> dict[str, int]:
    total = sum(raw.values())
    parts = {line: units * share // total for line, share in raw.items()}
    left = sorted(raw, key=lambda line: -(units * raw[line] % total))
    for line in left[: units - sum(parts.values())]:
        parts[line] += 1
    return parts


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "include.trial", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A copy of the example folder after a run, and what was printed."""
    folder = tmp_path_factory.mktemp("trial") / "example"
    shutil.copytree(EXAMPLE, folder)
    (folder / "credits.csv").unlink()
    done = run(folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def credits_of(folder: Path, deal: str) -> dict[str, Credit]:
    found: dict[str, Credit] = {}
    for row in read(folder / "credits.csv"):
        if row["deal"] == deal:
            found.setdefault(row["model"], {})[row["line"]] = (
                str(Decimal(row["weight"]).normalize()),
                row["amount"],
            )
    return found


def test_every_model_credits_as_worked_by_hand(example: tuple[Path, str]) -> None:
    folder, _ = example
    with localcontext(prec=60):
        first = FIRST | {"time_decay": decayed("first", 1000_00)}
        second = SECOND | {"time_decay": decayed("second", 500_01)}
    assert credits_of(folder, "first") == first
    assert credits_of(folder, "second") == second
    assert credits_of(folder, "third") == {}
    assert credits_of(folder, "fourth") == {model: {"": ("1", "")} for model in ATTRIBUTION_MODELS}


def test_credits_and_totals_are_printed_and_written_as_the_example_shows(
    example: tuple[Path, str],
) -> None:
    folder, printed = example
    assert (folder / "credits.csv").read_text() == (EXAMPLE / "credits.csv").read_text()
    words = [line.split() for line in printed.splitlines()]
    assert ["linear", "open", "Direct", "0.5000000000", "250.01"] in words
    assert ["linear", "won", "Unattributed", "1.0000000000"] in words
    assert ["markov", "Paid", "Search", "0.500000000"] in words
    assert f"Credits: {folder / 'credits.csv'}" in printed


def test_nothing_but_the_credits_is_left_behind(example: tuple[Path, str]) -> None:
    folder, _ = example
    assert {path.name for path in folder.iterdir()} == {path.name for path in EXAMPLE.iterdir()}
