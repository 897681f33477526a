"""People are told of failure, of repeated failure and of recovery, over real SMTP and HTTP."""

from __future__ import annotations

import base64
import json
import logging
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection
from airflow.sdk.api.datamodels._generated import DagRun

from include.run import failures, failures_file, record_failure
from include.sandbox.certificates import make_certificates
from include.settings import load_settings

FIRST_NIGHT = datetime(2026, 11, 21, 5, tzinfo=UTC)
LOGIN = base64.b64encode(b"\0robot@example.com\0a mail password").decode()


class MailServer(socketserver.ThreadingTCPServer):
    """As much of RFC 5321 as a client that logs in and sends needs; keeps what it was sent."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), MailHandler)
        self.tls = tls
        self.received: list[tuple[list[str], EmailMessage]] = []

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        return (
            self.tls.wrap_socket(connection, server_side=True) if self.tls else connection
        ), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that trusts nobody hangs up; that is its right."""


class MailHandler(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.say("220 ready")
        recipients: list[str] = []
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                self.say("250-here", "250 AUTH PLAIN")
            elif verb == "AUTH":
                self.say("235 welcome" if line == f"AUTH PLAIN {LOGIN}" else "535 no")
            elif verb == "RCPT":
                recipients.append(line)
                self.say("250 yes")
            elif verb == "DATA":
                self.say("354 go on")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part)
                message = message_from_bytes(b"".join(lines), policy=policy.default)
                self.server.received.append((recipients, message))
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 yes")

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class HookServer(ThreadingHTTPServer):
    """Keeps the JSON that is posted to it; answers ``status``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), HookHandler)
        self.received: list[dict[str, str]] = []
        self.status = 200


class HookHandler(BaseHTTPRequestHandler):
    server: HookServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.send_response(self.server.status)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a test's output is for its failures."""


@contextmanager
def serving(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class World:
    """A home, both servers, and a DAG whose runs end as a test says."""

    def __init__(self, dag: Any, mail: MailServer, hook: HookServer) -> None:
        self.dag, self.mail, self.hook = dag, mail, hook
        self.nights = 0
        self.connections = {
            "smtp": Connection(
                conn_id="smtp",
                conn_type="smtp",
                host="localhost",
                port=mail.server_address[1],
                login="robot@example.com",
                password="a mail password",
                extra=json.dumps(
                    {"from_email": "robot@example.com", "to": "ann@example.com, bob@example.com"}
                ),
            ),
            "webhook": Connection(
                conn_id="webhook",
                conn_type="generic",
                password=f"http://127.0.0.1:{hook.server_port}/services/T0/a-secret-path",
            ),
        }

    def context(self, hours: float = 24) -> dict[str, Any]:
        self.nights += 1
        began = FIRST_NIGHT + timedelta(hours=hours * (self.nights - 1))
        run_id = f"scheduled__{self.nights}"
        dag_run = DagRun.model_construct(
            dag_id=self.dag.dag_id, run_id=run_id, start_date=began, run_after=began
        )
        return {"dag": self.dag, "run_id": run_id, "dag_run": dag_run, "conn": self.connections}

    def fails(self, *sentences: str, hours: float = 24) -> None:
        context = self.context(hours)
        for n, sentence in enumerate(sentences):
            record_failure({"exception": ValueError(sentence), "ti": Task(f"load_{n}", context)})
        self.dag.on_failure_callback(context | {"reason": "task_failure"})

    def is_cleared_and_fails(self, sentence: str) -> None:
        self.nights -= 1
        self.fails(sentence)

    def goes_well(self) -> None:
        self.dag.on_success_callback(self.context())

    @property
    def subjects(self) -> list[str]:
        return [message["Subject"].strip() for _, message in self.mail.received]


class Task:
    """What a failed task says of itself."""

    def __init__(self, task_id: str, context: dict[str, Any]) -> None:
        self.task_id, self.dag_id = task_id, context["dag"].dag_id
        self.run_id = context["run_id"]


@pytest.fixture
def world_of(
    dag_bag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], World]]:
    certificates = make_certificates(tmp_path)
    monkeypatch.setenv("CLOSED_LOOP_HOME", str(tmp_path))
    monkeypatch.setenv("CLOSED_LOOP_CA_FILE", str(certificates.ca_file))
    with ExitStack() as stack:
        mail = stack.enter_context(serving(MailServer(certificates.server_context())))
        hook = stack.enter_context(serving(HookServer()))
        yield lambda dag_id: World(dag_bag.dags[dag_id], mail, hook)


def test_failure_repeated_failure_and_recovery_are_told_once_each(
    world_of: Callable[[str], World],
) -> None:
    world = world_of("ingest_facebook_ads")
    world.goes_well()
    assert world.subjects == []  # nobody is told that all is as always

    world.fails("Facebook refused the token; renew it", "act_2 cannot be reached")
    ((recipients, message),) = world.mail.received
    assert [each.split("<")[1] for each in recipients] == ["ann@example.com>", "bob@example.com>"]
    assert message["Subject"] == "Closed Loop: ingest_facebook_ads failed"
    text = message.get_content().replace("\r\n", "\n")
    assert text.split("\n\n") == [
        "What happened\n"
        "- load_0: Facebook refused the token; renew it\n"
        "- load_1: act_2 cannot be reached",
        "What was done\n- What was not loaded stands as it did; all else of the run is staged. "
        "closed_loop publishes without it, and mart_data_health shows which days are missing.",
        "What to do\n- What the sentences above say; each known failure is in the documentation of "
        "the DAG ingest_facebook_ads.\n- The run is scheduled__2.\n",
    ]
    assert world.hook.received == [{"text": f"*{message['Subject']}*\n{text.rstrip()}"}]

    world.fails("Facebook refused the token; renew it")
    world.fails("Facebook refused the token; renew it")
    world.goes_well()
    world.goes_well()
    assert world.subjects[1:] == [
        "Closed Loop: ingest_facebook_ads failed again, 2 times since 2026-11-22",
        "Closed Loop: ingest_facebook_ads failed again, 3 times since 2026-11-22",
        "Closed Loop: ingest_facebook_ads works again",
    ]
    assert "after 3 failed runs since 2026-11-22" in world.mail.received[-1][1].get_content()
    assert len(world.hook.received) == 4


def test_what_befell_many_tasks_is_told_once(world_of: Callable[[str], World]) -> None:
    """As an outage of the warehouse does, while models are built side by side."""
    world = world_of("closed_loop")
    world.fails(*["PostgreSQL does not answer"] * 4, "the books do not close")
    ((_, message),) = world.mail.received
    happened = message.get_content().replace("\r\n", "\n").split("\n\n")[0]
    assert happened.split("\n")[1:] == [
        "- load_0, load_1, load_2 and 1 more: PostgreSQL does not answer",
        "- load_4: the books do not close",
    ]


def test_an_hourly_alarm_is_told_once_a_day_unless_it_changes(
    world_of: Callable[[str], World],
) -> None:
    world = world_of("freshness_watchdog")
    for _ in range(20):
        world.fails("the 20th is missing", hours=1)
    assert len(world.subjects) == 1
    world.fails("the 20th is missing", hours=1)
    assert world.subjects[1:] == [
        "Closed Loop: freshness_watchdog failed again, 21 times since 2026-11-21"
    ]
    world.fails("the 20th and the 21st are missing", hours=1)
    assert len(world.subjects) == 3


def test_of_a_run_that_was_cleared_only_the_news_are_told(world_of: Callable[[str], World]) -> None:
    world = world_of("closed_loop")
    world.fails("a seed was refused")
    world.is_cleared_and_fails("the books do not close")
    text = world.mail.received[-1][1].get_content()
    assert "the books do not close" in text
    assert "a seed was refused" not in text


@pytest.mark.parametrize(
    "cut", ['{"dag_id": "closed_loop", "task_id": "bu', '{"dag_id": "', "\0\0"]
)
def test_13_a_note_of_a_failure_that_was_cut_short_hides_no_other(
    world_of: Callable[[str], World], cut: str
) -> None:
    """As by a kill, or on a full disk."""
    world = world_of("closed_loop")
    run_id = f"scheduled__{world.nights + 1}"
    file = failures_file(load_settings(), "closed_loop", run_id)
    file.parent.mkdir(parents=True)
    file.write_text(cut)
    world.fails()
    assert "The run stopped without saying why" in world.mail.received[-1][1].get_content()
    world.is_cleared_and_fails("a seed was refused")
    world.is_cleared_and_fails("the books do not close")
    text = world.mail.received[-1][1].get_content()
    assert "the books do not close" in text
    assert "a seed was refused" not in text
    assert [each.sentence for each in failures(load_settings(), "closed_loop")] == [
        "a seed was refused",
        "the books do not close",
    ]


@pytest.mark.parametrize("kept", ["", '{"failures": 3, "since"'])
def test_13_what_was_told_last_and_cannot_be_read_is_told_anew(
    world_of: Callable[[str], World], tmp_path: Path, kept: str
) -> None:
    world = world_of("closed_loop")
    file = tmp_path / "notices" / "closed_loop.json"
    file.parent.mkdir()
    file.write_text(kept)
    world.fails("the books do not close", hours=1)
    world.fails("the books do not close", hours=1)
    assert world.subjects == ["Closed Loop: closed_loop failed"]


def test_24_half_a_surrogate_pair_keeps_no_notice_from_being_sent(
    world_of: Callable[[str], World],
) -> None:
    world = world_of("closed_loop")
    world.fails("campaign \ud800 of \U0001f600 has no currency", hours=1)
    world.fails("campaign \ud800 of \U0001f600 has no currency", hours=1)
    ((_, message),) = world.mail.received
    (posted,) = world.hook.received
    for text in (message.get_content(), posted["text"]):
        assert "campaign ? of \U0001f600 has no currency" in text


def test_a_notice_that_did_not_arrive_is_tried_again_and_shows_no_secret(
    world_of: Callable[[str], World], caplog: pytest.LogCaptureFixture
) -> None:
    world = world_of("closed_loop")
    world.hook.status = 302  # a redirect is not followed
    del world.connections["smtp"]
    with caplog.at_level(logging.DEBUG):
        world.fails("the books do not close", hours=1)
        assert len(world.hook.received) == 1
        assert "no notice by the connection webhook: the webhook answered 302" in caplog.text
        world.hook.status = 200
        world.fails("the books do not close", hours=1)
        assert len(world.hook.received) == 2
        world.fails("the books do not close", hours=1)
        assert len(world.hook.received) == 2
        world.connections["webhook"] = Connection(
            conn_id="webhook", conn_type="generic", password="http://example.com/a-secret-path"
        )
        world.fails("another sentence", hours=1)
    assert "its password must be the webhook's URL, https://" in caplog.text
    ours = [record.getMessage() for record in caplog.records if "urllib3" not in record.name]
    assert not [line for line in ours if "a-secret-path" in line]


def test_each_channel_is_told_once_and_the_one_that_failed_is_tried_again(
    world_of: Callable[[str], World],
) -> None:
    world = world_of("closed_loop")
    world.hook.status = 500
    world.fails("the books do not close", hours=1)
    assert (len(world.subjects), len(world.hook.received)) == (1, 1)
    world.fails("the books do not close", hours=1)
    assert (len(world.subjects), len(world.hook.received)) == (1, 2)
    world.hook.status = 200
    for _ in range(2):
        world.fails("the books do not close", hours=1)
        assert (len(world.subjects), len(world.hook.received)) == (1, 3)
    world.hook.status = 500
    world.goes_well()
    assert (len(world.subjects), len(world.hook.received)) == (2, 4)
    world.hook.status = 200
    for _ in range(2):
        world.goes_well()
        assert (len(world.subjects), len(world.hook.received)) == (2, 5)
    assert "closed_loop works again" in world.hook.received[-1]["text"]


def test_a_failure_after_a_recovery_that_one_channel_missed_is_a_new_one(
    world_of: Callable[[str], World],
) -> None:
    world = world_of("closed_loop")
    world.fails("the books do not close", hours=1)
    world.hook.status = 500
    world.goes_well()
    world.hook.status = 200
    world.fails("the books do not close", hours=1)
    assert world.subjects[-1] == "Closed Loop: closed_loop failed"
    assert world.hook.received[-1]["text"].startswith("*Closed Loop: closed_loop failed*")


def test_what_an_earlier_release_kept_of_a_trouble_is_heeded(
    world_of: Callable[[str], World], tmp_path: Path
) -> None:
    world = world_of("closed_loop")
    world.fails("the books do not close", hours=1)
    file = tmp_path / "notices" / "closed_loop.json"
    kept = json.loads(file.read_text())
    told = {"told": kept["told"]["smtp"], "told_at": kept["told_at"]["smtp"]}
    file.write_text(json.dumps({k: v for k, v in kept.items() if k != "is_over"} | told))
    world.fails("the books do not close", hours=1)
    assert (len(world.subjects), len(world.hook.received)) == (1, 1)


def test_without_connections_nothing_is_sent_and_nothing_fails(
    world_of: Callable[[str], World],
) -> None:
    world = world_of("closed_loop")
    world.connections.clear()
    world.fails("the books do not close")
    world.goes_well()
    assert world.subjects == world.hook.received == []


def test_a_server_nobody_vouches_for_gets_no_mail(
    world_of: Callable[[str], World], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    world = world_of("closed_loop")
    monkeypatch.delenv("CLOSED_LOOP_CA_FILE")
    world.fails("the books do not close")
    assert world.subjects == []
    assert "no notice by the connection smtp: SSLCertVerificationError" in caplog.text


def test_names_cannot_speak_to_a_channel_or_forge_a_header(
    world_of: Callable[[str], World],
) -> None:
    world = world_of("closed_loop")
    world.fails("campaign <!channel> & co\r\nBcc: eve@example.com")
    ((recipients, message),) = world.mail.received
    assert len(recipients) == 2
    assert message["Bcc"] is None
    assert "campaign &lt;!channel&gt; &amp; co" in world.hook.received[0]["text"]


def test_every_dag_on_a_schedule_tells_of_itself_and_no_task_does(dag_bag: Any) -> None:
    for dag in dag_bag.dags.values():
        is_scheduled = dag.dag_id != "check_connections"
        assert bool(dag.on_failure_callback) is bool(dag.on_success_callback) is is_scheduled
        for task in dag.tasks:
            assert task.on_failure_callback == [record_failure]
