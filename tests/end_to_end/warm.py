"""Nights in processes of their own that start with everything imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests import forked
from tests.end_to_end import night


def spend(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    main: Callable[[list[str]], None] = night.main,
) -> int | None:
    """Run a night with these arguments; its exit code, what it said in log.

    ``main``, a function of a module, may spend it in another way than ``tests.end_to_end.night``.
    """
    spent = forked.start(_night, main, list(arguments), dict(environment), str(log))
    spent.join()
    return spent.exitcode


def _night(
    main: Callable[[list[str]], None], arguments: list[str], environment: dict[str, str], log: str
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, sys.stdout.fileno())
    os.dup2(said, sys.stderr.fileno())
    main(arguments)
