"""The real sandbox as a subprocess, for tests of any room."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[2]


class Sandbox:
    """A running sandbox: `ready` is its ready line."""

    def __init__(self, process: subprocess.Popen[str], ready: dict[str, Any]) -> None:
        self.process, self.ready = process, ready
        self.ports: dict[str, int] = ready["ports"]
        self.variables: dict[str, str] = ready["variables"]
        self.proxy_variables: dict[str, str] = ready["proxy_variables"]
        self.ca_file: str = ready["ca_file"]
        self.http = f"http://127.0.0.1:{self.ports['http']}"
        self.https = f"https://localhost:{self.ports['https']}"

    def connection(self, name: str) -> dict[str, str]:
        """The credentials of one source, as `connect` takes them."""
        text = json.loads(self.variables[f"AIRFLOW_CONN_{name.upper()}"])
        extra = text.pop("extra")
        return {key: text[key] for key in ("host", "login", "password")} | extra

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        request = Request(
            f"{self.http}/__sandbox__/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def log(self) -> list[dict[str, Any]]:
        """The calls answered since the log was last cleared."""
        return self._control("GET", "log")

    def clear_log(self) -> None:
        self._control("DELETE", "log")

    def set_clock(self, as_of: str) -> None:
        self._control("PUT", "clock", {"as_of": as_of})

    def set_faults(self, plan: Sequence[Mapping[str, Any]]) -> None:
        self._control("PUT", "faults", list(plan))

    def reset(self) -> None:
        """No faults, an empty log, the clock where it stood at the start."""
        self._control("DELETE", "faults")
        self._control("PUT", "clock", {"as_of": self.ready["as_of"]})
        self.clear_log()


def waits_between(calls: Sequence[Mapping[str, Any]]) -> list[float]:
    """Seconds from each of these calls of the sandbox's log to the next."""
    instants = [datetime.fromisoformat(call["at"]) for call in calls]
    return [(after - before).total_seconds() for before, after in pairwise(instants)]


def environment(**extra: str) -> dict[str, str]:
    """This process's variables with the repository importable."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **extra}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "include.sandbox", *arguments]


@contextlib.contextmanager
def start_sandbox(data: Path, *arguments: str) -> Iterator[Sandbox]:
    """Serves a folder on free ports until the block ends. Raises RuntimeError with the sandbox's
    sentence when it refuses to start."""
    process = subprocess.Popen(
        command("serve", "--data", str(data), *arguments),
        cwd=ROOT,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    said: list[str] = []
    listener = threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True)
    listener.start()
    try:
        line = process.stdout.readline()
        if not line:
            process.wait(timeout=30)
            listener.join(timeout=5)
            raise RuntimeError("".join(said))
        yield Sandbox(process, json.loads(line))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        listener.join(timeout=5)
        process.stdout.close()
        process.stderr.close()


def write_data_set(
    folder: Path, files: Mapping[str, Sequence[Mapping[str, Any]]], **about: str
) -> Path:
    """Writes a data set: `files` maps `meta/campaigns` to its lines; `about` changes
    dataset.json."""
    folder.mkdir(parents=True, exist_ok=True)
    described = {
        "company": "Example Ltd",
        "time_zone": "America/New_York",
        "currency": "USD",
        "as_of": "2026-11-20",
        **about,
    }
    (folder / "dataset.json").write_text(json.dumps(described), encoding="utf-8")
    for path, lines in files.items():
        file = folder / f"{path}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        file.write_text(text, encoding="utf-8")
    return folder
