"""Programs of tests, each in a process of its own that starts with the vendors' SDKs imported.

gRPC reads its roots once a process, before the first channel, so whoever speaks to another sandbox
needs another process; to import the SDK takes longer than what most of them do.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import forked


@dataclass(frozen=True)
class Done:
    """How a program ended and what it said."""

    exit_code: int | None
    stdout: str
    stderr: str


def run(program: str, given: str, variables: Mapping[str, str]) -> Done:
    """Run a program's text with these variables, ``given`` on its standard input."""
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder) / name for name in ("stdout", "stderr")]
        process = forked.start(_program, program, given, dict(variables), *map(str, said))
        process.join(120)
        assert process.exitcode is not None, "the program did not end"
        return Done(process.exitcode, *(file.read_text() for file in said))


def _program(program: str, given: str, variables: dict[str, str], stdout: str, stderr: str) -> None:
    os.environ.clear()
    os.environ.update(variables)
    for name, stream in ((stdout, sys.stdout), (stderr, sys.stderr)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), stream.fileno())
    sys.stdin = io.StringIO(given)
    exec(program, {"__name__": "__main__"})
