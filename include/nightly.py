"""`make run` and `make up`: the whole loop on one machine, against the sandbox.

``python -m include.nightly run`` serves a data set, runs the ingest DAGs and ``closed_loop``
through Airflow, and prints what each channel cost and brought back. ``python -m include.nightly
up`` does the same under ``airflow standalone`` with its UI. All state is under
``CLOSED_LOOP_HOME``.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NoReturn

from include import airflow_commands
from include.airflow_commands import Command, die_with_parent
from include.run import failures
from include.settings import Settings, SettingsError, load_settings

ROOT = Path(__file__).resolve().parent.parent
INGEST_DAGS = "ingest_"
TASK_DONE = re.compile(r"\[DAG TEST\] end task task_id=(\S+) map_index=(\S+)")
HISTORY = "CLOSED_LOOP_HISTORY_START"
UI_PORT = 8080
STARTED = time.monotonic()


class Stop(Exception):
    """The command cannot go on; the message is the one sentence a person needs."""


@dataclass
class Step:
    """One DAG of a run and how it went."""

    name: str
    command: Command
    log: Path
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    trouble: OSError | None = None

    def watch(self) -> None:
        """Copy the child's output to its log, telling of each finished task, until it ends."""
        try:
            with self.log.open("w") as log:
                for line in self.command.stdout:
                    log.write(line)
                    if found := TASK_DONE.search(line):
                        task, index = found.groups()
                        say(f"{self.name}: {task}" + (f" [{index}]" if index != "-1" else ""))
        except OSError as error:
            self.trouble = error
            for _ in self.command.stdout:
                pass
        self.command.wait()
        self.seconds = time.monotonic() - self.began


def main() -> int:
    """Run the command named on the command line; 0 only if the marts were published."""
    signal.signal(signal.SIGTERM, _on_terminate)
    signal.signal(signal.SIGINT, _on_terminate)  # ignored from birth if begun in the background
    die_with_parent()
    command = sys.argv[1] if len(sys.argv) == 2 else ""
    if command not in ("run", "up"):
        print("usage: python -m include.nightly run|up", file=sys.stderr)
        return 2
    try:
        settings = load_settings()
        with _only_one(settings), contextlib.ExitStack() as children:
            return run(settings, children) if command == "run" else up(settings, children)
    except (Stop, SettingsError) as stop:
        print(f"\n{stop}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\n{_storage_sentence(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130


def run(settings: Settings, children: contextlib.ExitStack) -> int:
    """One night: all ingest DAGs side by side, then closed_loop; prints the outcome."""
    # Nobody could answer closed_loop's question: what is held is told instead.
    environment = _prepare(settings, children) | {"CLOSED_LOOP_HOLD_HOURS": "0"}
    steps = [_start_dag(settings, environment, dag_id, children) for dag_id in _dag_ids()]
    _finish(settings, steps)
    outcome = settings.home / "summary.txt"
    outcome.unlink(missing_ok=True)
    last = _start_dag(settings, environment, "closed_loop", children)
    _finish(settings, [last])
    steps.append(last)
    failed = [step for step in steps if step.command.exit_code != 0]
    if last in failed:
        raise Stop("Nothing was published; the marts of the last good run, if any, still stand.")
    if not outcome.exists():
        raise Stop("Nothing was published: nothing has been loaded yet.")
    print(f"\n{outcome.read_text(encoding='utf-8')}", end="")
    print(f"Report: {settings.home / 'report.html'}")
    print("Seconds: " + ", ".join(f"{step.name} {step.seconds:.0f}" for step in steps))
    measured = [
        (step.name, round(step.seconds, 2), round(step.command.peak_megabytes)) for step in steps
    ]
    (settings.home / "logs" / "steps.json").write_text(json.dumps(measured))
    if failed:
        print(
            f"Published without news from {', '.join(step.name for step in failed)}; "
            "what failed is said above.",
            file=sys.stderr,
        )
    return 1 if failed else 0


def up(settings: Settings, children: contextlib.ExitStack) -> int:
    """Airflow with its UI until Ctrl-C; every ingest DAG runs once at the start."""
    _refuse_busy_port(UI_PORT)
    environment = _prepare(settings, children)
    dag_ids = _dag_ids()
    _airflow(environment, children, "pools", "set", "warehouse", "1", "One writer at a time")
    log = settings.home / "logs" / "standalone.log"
    process = _spawn([_bin("airflow"), "standalone"], environment, children, stdout=log.open("w"))
    _wait_for_ui(process, log)
    passwords = settings.home / "airflow" / "simple_auth_manager_passwords.json.generated"
    user, password = next(iter(json.loads(passwords.read_text()).items()))
    _run_at_once(dag_ids, user, password)
    say(f"Airflow: http://localhost:{UI_PORT}  user {user}  password {password}")
    say(f"its log: {log}; Ctrl-C stops everything")
    process.wait()
    raise Stop(f"Airflow stopped by itself; its log is {log}")


def _prepare(settings: Settings, children: contextlib.ExitStack) -> dict[str, str]:
    """Home, data set, sandbox and Airflow's database; returns the environment for Airflow."""
    (settings.home / "logs").mkdir(parents=True, exist_ok=True)
    shutil.rmtree(settings.home / "failures", ignore_errors=True)
    environment = _airflow_environment(settings)
    data = _data_set(settings, children)
    sandbox = _start_sandbox(data, settings, children)
    airflow_commands.load(environment, settings.home / "logs" / "airflow.log")
    ready = _ready(sandbox, data)
    # Serialized once, before DAGs run side by side: each would write those it finds.
    for command in (("db", "migrate"), ("dags", "reserialize")):
        _airflow(environment, children, *command)
    return environment | ready


def _airflow_environment(settings: Settings) -> dict[str, str]:
    home = settings.home / "airflow"
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": str(ROOT),
        "CLOSED_LOOP_HOME": str(settings.home),
        "CLOSED_LOOP_TASK_RETRIES": os.environ.get("CLOSED_LOOP_TASK_RETRIES", "0"),
        "CLOSED_LOOP_RETRY_SECONDS": os.environ.get("CLOSED_LOOP_RETRY_SECONDS", "20"),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__API__PORT": str(UI_PORT),
        # A processor that is killed while it tells of a failed run tells nobody.
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "300",
        # On a busy machine tasks are ready before the API server is.
        "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "10",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "30",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
    }


def _data_set(settings: Settings, children: contextlib.ExitStack) -> Path:
    """The folder named by CLOSED_LOOP_DATA, else the generated company, made on first use."""
    if given := os.environ.get("CLOSED_LOOP_DATA"):
        return Path(given).absolute()
    folder = settings.home / "data"
    if not folder.exists():
        say("inventing a company: 24 months of ads, leads and deals")
        draft = settings.home / "data.partial"
        shutil.rmtree(draft, ignore_errors=True)
        generating = _spawn(
            [sys.executable, "-m", "include.sandbox", "generate", "--out", str(draft)],
            dict(os.environ) | {"PYTHONPATH": str(ROOT)},
            children,
        )
        if generating.wait() != 0:
            raise Stop(f"The data set could not be written to {draft}")
        draft.rename(folder)
    return folder


def _start_sandbox(
    data: Path, settings: Settings, children: contextlib.ExitStack
) -> subprocess.Popen:
    command = [sys.executable, "-m", "include.sandbox", "serve", "--data", str(data)]
    if settings.as_of:
        command += ["--as-of", settings.as_of]
    environment = dict(os.environ) | {"PYTHONPATH": str(ROOT)}
    return _spawn(command, environment, children, stdout=subprocess.PIPE)


def _ready(sandbox: subprocess.Popen, data: Path) -> dict[str, str]:
    """The variables that point Airflow at the sandbox, once it serves; its line is its only one."""
    assert sandbox.stdout is not None
    line = sandbox.stdout.readline()
    if not line:
        raise Stop(f"The sandbox cannot serve {data}; the line above says why.")
    ready = json.loads(line)
    say(f"sandbox: serving {data} as of {ready['as_of']}")
    # A connection or start of history already set by the person wins over the sandbox's.
    theirs = [name for name in ready["variables"] if name.startswith(("AIRFLOW_CONN_", HISTORY))]
    return ready["variables"] | {name: os.environ[name] for name in theirs if name in os.environ}


def _start_dag(
    settings: Settings, environment: dict[str, str], dag_id: str, children: contextlib.ExitStack
) -> Step:
    # With its bundle named, the DAG is run as reserialized: not all are serialized once more.
    command = airflow_commands.start(
        "dags", "test", "--bundle-name", "dags-folder", dag_id, environment=environment
    )
    children.callback(command.stop)
    return Step(dag_id, command, settings.home / "logs" / f"{dag_id}.log")


def _finish(settings: Settings, steps: list[Step]) -> None:
    """Wait for all of them; tell how each ended, and of one that failed why."""
    watchers = [threading.Thread(target=step.watch, daemon=True) for step in steps]
    for watcher in watchers:
        watcher.start()
    for step, watcher in zip(steps, watchers, strict=True):
        watcher.join()
        outcome = "done" if step.command.exit_code == 0 else "FAILED"
        say(f"{step.name}: {outcome} in {step.seconds:.0f} s")
        if step.trouble:
            raise step.trouble
        if step.command.exit_code != 0:
            sentences = dict.fromkeys(each.sentence for each in failures(settings, step.name))
            for sentence in sentences or [f"it stopped unexpectedly; its log is {step.log}"]:
                print(f"\n{step.name}: {sentence}\n", file=sys.stderr, flush=True)


def _dag_ids() -> list[str]:
    from include.registry import SOURCES

    return [INGEST_DAGS + source.name for source in SOURCES]


def _airflow(environment: dict[str, str], children: contextlib.ExitStack, *arguments: str) -> None:
    command = airflow_commands.start(*arguments, environment=environment)
    children.callback(command.stop)
    said = command.stdout.read()
    if command.wait() != 0:
        raise Stop(f"airflow {' '.join(arguments)} failed:\n{said.strip()[-2000:]}")


def _wait_for_ui(process: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        if process.poll() is not None:
            raise Stop(f"Airflow did not start; its log is {log}")
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", UI_PORT)) == 0:
                return
        time.sleep(0.5)
    raise Stop(f"Airflow's UI did not open port {UI_PORT} within two minutes; its log is {log}")


def _run_at_once(dag_ids: list[str], user: str, password: str) -> None:
    """Trigger those that are not at work by themselves, as after a nightly run that was missed."""
    token = _ask_airflow("/auth/token", {"username": user, "password": password})["access_token"]
    for dag_id in dag_ids:
        runs = f"/api/v2/dags/{dag_id}/dagRuns"
        at_work = _ask_airflow(f"{runs}?state=queued&state=running&limit=1", token=token)
        if not at_work["total_entries"]:
            _ask_airflow(runs, {"logical_date": None}, token)


def _ask_airflow(path: str, body: dict | None = None, token: str = "") -> dict:
    request = urllib.request.Request(
        f"http://127.0.0.1:{UI_PORT}{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=60) as answer:
            return json.load(answer)
    except OSError as error:
        raise Stop(f"Airflow's API did not answer {path} ({error}); try again") from error


def _refuse_busy_port(port: int) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise Stop(f"Port {port} is in use; stop what listens there, then try again.")


def _spawn(
    command: list[str],
    environment: dict[str, str],
    children: contextlib.ExitStack,
    stdout: int | IO | None = None,
) -> subprocess.Popen:
    """Start a child in a process group of its own that ends, whole, with this process."""
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=None if stdout is None or command[0] == sys.executable else subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    children.callback(_end, process)
    return process


def _end(process: subprocess.Popen) -> None:
    """Stop a child and everything it started: ask first, then insist."""
    for wanted, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, wanted)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    process.wait()


def _on_terminate(*_: object) -> NoReturn:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Hold the home for this command; a second one is told so."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "run.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop(
                f"Another make run or make up is at work in {settings.home}; wait for it, or stop "
                "it first."
            ) from None
        yield


def _storage_sentence(error: OSError) -> str:
    place = error.filename or "the home (CLOSED_LOOP_HOME)"
    return (
        f"{place} cannot be written ({error.strerror or error}); free some space or set "
        "CLOSED_LOOP_HOME to a folder that can be written."
    )


def _bin(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def say(text: str) -> None:
    """Tell of progress, with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
