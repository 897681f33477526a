"""Airflow's commands, each in a process of its own, forked from one that has loaded Airflow.

To load Airflow and Great Expectations takes longer than most of what the commands of one night do:
so it is done once, by the process that starts them.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import logging
import os
import runpy
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn

_USED = (
    "airflow.__main__",
    "airflow.cli.commands.dag_command",
    "airflow.api_fastapi.execution_api.app",
    "airflow.api_fastapi.execution_api.routes",
    "alembic.runtime.environment",
    "great_expectations",
)


class Command:
    """A running command; ``stdout`` is all that it says, as text.

    ``exit_code`` (minus the signal's number if one ended it) and ``peak_megabytes`` are known once
    it has been waited for.
    """

    def __init__(self, pid: int, stdout: IO[str]) -> None:
        self.pid = pid
        self.stdout = stdout
        self.exit_code: int | None = None
        self.peak_megabytes = 0.0

    def wait(self) -> int:
        """Wait until it has ended; its exit code."""
        self._wait(0)
        assert self.exit_code is not None
        return self.exit_code

    def stop(self) -> None:
        """End it and all it started: asked first, and ten seconds later made to."""
        for wanted in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, wanted)
            patience = time.monotonic() + 10
            while self.exit_code is None and time.monotonic() < patience:
                self._wait(os.WNOHANG)
                time.sleep(0.02)
        self.wait()

    def _wait(self, how: int) -> None:
        if self.exit_code is not None:
            return
        pid, status, used = os.wait4(self.pid, how)
        if pid:
            self.exit_code = os.waitstatus_to_exitcode(status)
            self.peak_megabytes = used.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)


def load(environment: Mapping[str, str], log: Path) -> None:
    """Load Airflow under the variables of ``environment``, which stay set; it speaks to ``log``."""
    os.environ.update(environment)
    with log.open("w") as file, _said_to(file.fileno()):
        for module in _USED:
            importlib.import_module(module)


def start(*arguments: str, environment: Mapping[str, str]) -> Command:
    """Start ``airflow`` with these arguments and variables, in a process group of its own that is
    asked to stop when this process dies. Threads of this process are not in it."""
    heard, said = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        _run(arguments, environment, said)
    os.close(said)
    return Command(pid, os.fdopen(heard, encoding="utf-8", errors="replace"))


def die_with_parent() -> None:
    """Have the kernel end this process when its parent dies, however that happens (Linux)."""
    if sys.platform == "linux":
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)


def _run(arguments: Sequence[str], environment: Mapping[str, str], said: int) -> NoReturn:
    """What the forked process does. It leaves nothing of its parent's to be done at its end."""
    code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        die_with_parent()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(said, 1)
        os.dup2(said, 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # a lock held by the parent is not the child's
        os.environ.update(environment)
        sys.argv = ["airflow", *arguments]
        runpy.run_module("airflow", run_name="__main__")
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        logging.shutdown()
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


@contextlib.contextmanager
def _said_to(file: int) -> Iterator[None]:
    """Whatever this process writes to its two outputs goes to ``file`` meanwhile."""
    kept = {number: os.dup(number) for number in (1, 2)}
    try:
        for number in kept:
            os.dup2(file, number)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, usual in kept.items():
            os.dup2(usual, number)
            os.close(usual)
