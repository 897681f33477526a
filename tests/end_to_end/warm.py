"""Nights in processes of their own that start with everything imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests import forked


def spend(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> int | None:
    """Run ``tests.end_to_end.night`` with these arguments; its exit code, what it said in log."""
    night = forked.start(_night, list(arguments), dict(environment), str(log))
    night.join()
    return night.exitcode


def _night(arguments: list[str], environment: dict[str, str], log: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, sys.stdout.fileno())
    os.dup2(said, sys.stderr.fileno())
    from tests.end_to_end import night

    night.main(arguments)
