"""A command watched while it runs: its time, its memory, and what the sandbox did meanwhile."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.sandbox.running import Sandbox

_LONGEST = 1_800


class Failed(Exception):
    """The command did not succeed; the message is the end of what it said."""


@dataclass(frozen=True)
class Watched:
    """Wall seconds, CPU seconds of the command and of the sandbox, the peak of the resident memory
    of the command's whole process tree in MB, requests the sandbox answered, what was said."""

    seconds: float
    cpu_seconds: float
    sandbox_cpu_seconds: float
    peak_megabytes: float
    requests: int
    said: str

    @property
    def sandbox_share(self) -> float:
        """How much of one core the sandbox used, 1 being all of it."""
        return self.sandbox_cpu_seconds / self.seconds


def watch(command: list[str], variables: dict[str, str], cwd: Path, sandbox: Sandbox) -> Watched:
    """Run the command to its end. Raises Failed."""
    sandbox.clear_log()
    served = psutil.Process(sandbox.process.pid)
    spent = _cpu(served)
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=variables, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    peak = _Peak(process.pid)
    peak.start()
    try:
        said, complained = process.communicate(timeout=_LONGEST)
    except subprocess.TimeoutExpired:
        raise Failed(f"not done after {_LONGEST} s") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
        seconds = time.perf_counter() - began
        peak.ended.set()
        peak.join()
    sandbox_spent = _cpu(served) - spent
    if process.returncode:
        raise Failed("\n".join((said + complained).strip().splitlines()[-12:]))
    return Watched(
        seconds, peak.cpu_seconds, sandbox_spent, peak.bytes / 2**20, len(sandbox.log()), said
    )


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


class _Peak(threading.Thread):
    """Looks at a process tree until told to end."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.root = psutil.Process(pid)
        self.ended = threading.Event()
        self.bytes = 0
        self._spent: dict[int, float] = {}

    @property
    def cpu_seconds(self) -> float:
        """What the tree used up to the last look."""
        return sum(self._spent.values())

    def run(self) -> None:
        while not self.ended.wait(0.05):
            with suppress(psutil.Error):
                total = 0
                for process in (self.root, *self.root.children(recursive=True)):
                    with suppress(psutil.Error):
                        total += process.memory_info().rss
                        self._spent[process.pid] = _cpu(process)
                self.bytes = max(self.bytes, total)
