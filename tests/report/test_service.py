"""The page over HTTP: what it answers, keeps and refuses, also while builds are published."""

from __future__ import annotations

import json
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from include.report import parameters, views
from include.report.service import HEADERS, STATIC, page
from include.settings import Settings, load_settings
from include.warehouse.engine import Answer, Question, Session
from include.warehouse.published import published
from tests.conftest import ENGINES
from tests.report.evidence_world import QUOTES, publish
from tests.report.reading import ask, reader
from tests.sql.worlds import AS_OF


@pytest.fixture(scope="module")
def settings(published_anew: Callable[[str], Settings]) -> Settings:
    return published_anew("duckdb")


@pytest.fixture
def client(settings: Settings) -> TestClient:
    """A page that has answered nothing yet."""
    return reader(settings)


@pytest.fixture
def copied(settings: Settings, tmp_path: Path) -> Settings:
    """The published files in a home of their own, to be spoiled."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("marts.duckdb", "ops.duckdb"):
        shutil.copy(settings.home / name, home / name)
    return load_settings({"CLOSED_LOOP_HOME": str(home)})


def every_path() -> list[str]:
    paths = ["/"]
    for name, view in views.VIEWS.items():
        paths += [f"/data/{name}", *(f"/csv/{name}/{table}" for table in view.tables)]
    return paths


def test_26_every_answer_bears_the_headers_that_keep_scripts_and_frames_out(
    client: TestClient,
) -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    refused = ["/nowhere", "/data/nowhere", "/data/overview?x=1", "/static/x/page.css"]
    for path in [*every_path(), *refused]:
        answer = client.get(path)
        assert answer.status_code == (200 if path not in refused else 400 if "?" in path else 404)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS, path
    assert client.post("/").headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
def test_38_no_verb_but_get_works(client: TestClient, verb: str) -> None:
    for path in ("/", "/data/overview", "/csv/overview/total", "/static/x/page.css"):
        assert client.request(verb, path).status_code == 405


def test_38_files_are_given_by_name_and_version_and_none_beside_them(client: TestClient) -> None:
    page = client.get("/").text
    version = page.split('href="static/')[1].split("/")[0]
    assert page.count(f"static/{version}/") == page.count("static/")
    files = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()}
    assert files
    for name in files:
        answer = client.get(f"/static/{version}/{name}")
        assert (answer.status_code, answer.content) == (200, (STATIC / name).read_bytes())
        assert "immutable" in answer.headers["cache-control"]
        assert client.get(f"/static/0{version}/{name}").status_code == 404
    for name in (
        "../service.py",
        "..%2fservice.py",
        "%2e%2e/%2e%2e/settings.py",
        "..\\service.py",
        "/etc/passwd",
        "//etc/passwd",
        "page.css%00",
        "",
    ):
        assert client.get(f"/static/{version}/{name}").status_code == 404
    for path in (
        "/data/../static",
        "/data/x/../../x",
        "/csv/overview/..%2f..%2fx",
        "/csv/x",
    ):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("channel=Email&channel=Direct", "channel must be given once"),
        ("order_by=1;drop", "there is no choice called order_by"),
        ("from_month=2026-01' or 1=1", "from_month must be a month such as 2026-03"),
        ("channel=" + "x" * 60_000, "channel must be a text of at most 200 characters"),
        ("&".join(f"n{number}=1" for number in range(5000)), "there is no choice called n0"),
        ("search=%00", "search must be a text of at most 200 characters"),
    ],
    ids=["twice", "unknown", "month", "long", "many", "nul"],
)
@pytest.mark.parametrize("path", ["/data/journeys", "/csv/journeys/found"])
def test_25_what_cannot_be_chosen_is_refused_with_a_sentence(
    client: TestClient, path: str, query: str, sentence: str
) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(sentence)
    assert len(answer.json()["detail"]) < 400


@pytest.mark.parametrize("text", [QUOTES, "' or '1'='1", "$1; select 1", ":search %s", "\ufffd"])
def test_25_a_crafted_text_chooses_nothing_and_breaks_nothing(
    client: TestClient, text: str
) -> None:
    names = ("channel", "platform", "account_id", "campaign_id", "source")
    chosen = dict.fromkeys(names, text)
    assert ask(client, "overview", **chosen)["channels"] == []
    assert ask(client, "health", **chosen)["sources"] == []
    found = ask(client, "journeys", search=text)["found"]
    assert [row["id"] for row in found] == (["O1"] if text == QUOTES else [])
    opened = ask(client, "journeys", opportunity_id=text, person_id=text)
    assert [rows for rows in opened.values() if rows] == []


def test_an_answer_is_told_to_be_the_one_known_in_every_spelling(client: TestClient) -> None:
    first = client.get("/data/health")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for known in (tag, tag.removeprefix("W/"), f'"x", {tag}', f'{tag},"y"', "*"):
        again = client.get("/data/health", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    for other in ('"x"', "", tag[:-2] + '"', "W/"):
        assert client.get("/data/health", headers={"If-None-Match": other}).status_code == 200
    refused = client.get("/data/health?x=1", headers={"If-None-Match": tag})
    assert refused.status_code == 400


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("br, GZIP;q=0.5", "gzip"),
        ("*", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.0, br", None),
        ("br", None),
        ("", None),
    ],
)
def test_an_answer_is_packed_for_whoever_takes_it(
    client: TestClient, accepted: str, coding: str | None
) -> None:
    answer = client.get("/data/overview", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.json()["view"] == "overview"
    version = client.get("/").text.split('href="static/')[1].split("/")[0]
    file = client.get(f"/static/{version}/page.css", headers={"Accept-Encoding": accepted})
    assert file.headers.get("content-encoding") == coding
    assert file.content == (STATIC / "page.css").read_bytes()


def test_27_an_export_is_a_file_with_units_in_its_headers(client: TestClient) -> None:
    answer = client.get("/csv/journeys/found?search=O")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        'attachment; filename="closed-loop_journeys-found_O_build-1.csv"'
    )
    head, *rows = answer.content.decode("utf-8-sig").split("\r\n")
    assert "Amount (EUR)" in head.split(",")
    assert any("'=cmd|" in row for row in rows)
    assert not any(",=cmd" in row for row in rows)


def test_an_export_has_every_row_of_what_the_page_shows_the_first_of(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = ("journeys/credited", "journeys/opportunities", "unplaced/deals", "unplaced/tags")
    lists = (*lists, "health/restated")
    year = {"from_month": "2025-11", "to_month": "2026-11"}
    files = {name: client.get(f"/csv/{name}", params=year) for name in lists}
    whole = {name: file.text.count("\r\n") - 1 for name, file in files.items()}
    monkeypatch.setattr(views, "AT_MOST", 1)
    client = reader(settings)  # the other has made its views
    for name in lists:
        view, table = name.split("/")
        shown = ask(client, view, **year)[table]
        kinds = Counter(row.get("basis") for row in shown)
        assert set(kinds.values()) == {1}, name
        assert whole[name] > len(shown), name
        matches = Counter({row.get("basis"): int(row["matches"]) for row in shown})
        assert whole[name] == matches.total(), name


def test_what_was_answered_before_is_given_again_until_the_next_build(
    client: TestClient, settings: Settings
) -> None:
    path = "/data/unplaced"
    first = client.get(path)
    assert client.get(path).content == first.content
    publish(settings, step=2)
    second = client.get(path)
    assert second.headers["etag"] != first.headers["etag"]
    builds = [answer.json()["build"]["run_id"] for answer in (first, second)]
    assert builds[1] == "night 2"
    assert builds[0] != "night 2"
    known = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert known.status_code == 200


@pytest.mark.parametrize("view", sorted(views.VIEWS))
def test_who_asks_is_told_what_they_chose_themselves(client: TestClient, view: str) -> None:
    """Also of a choice that the view does not follow, and that another chose before them."""
    for chosen in ("time_decay", "linear"):
        answer = client.get(f"/data/{view}", params={"model": chosen})
        assert answer.json()["chosen"]["model"] == chosen
    assert client.get(f"/data/{view}").json()["chosen"]["model"] == "first_touch"


@pytest.mark.parametrize("engine", ENGINES)
def test_i4_every_answer_is_of_one_build_while_builds_are_published(
    published_anew: Callable[[str], Settings], engine: str
) -> None:
    """Readers share one page. Each answer is whole: its tag, its build and what its tables tell of
    that build go together, and under one tag nobody is answered otherwise."""
    settings = published_anew(engine)
    client = reader(settings)
    asked = ("overview", "overview?model=linear", "unplaced", "cohorts", "overview", "journeys")
    told: list[tuple[str, str, str, str]] = []
    wrong: list[object] = []
    is_over = threading.Event()

    def read(question: str) -> None:
        known: dict[str, str] = {}
        while not is_over.wait(0.1):
            answer = client.get(f"/data/{question}", headers=known)
            if answer.status_code == 304 and answer.headers["etag"] == known["If-None-Match"]:
                continue
            if answer.status_code != 200:
                wrong.append(answer.text)
                return
            known = {"If-None-Match": answer.headers["etag"]}
            run_id = answer.json()["build"]["run_id"]
            told.append((question, answer.headers["etag"], run_id, answer.text))

    readers = [threading.Thread(target=read, args=(question,)) for question in asked]
    for each in readers:
        each.start()
    try:
        for step in range(3, 6):
            publish(settings, step)
    finally:
        is_over.set()
        for each in readers:
            each.join()
    assert wrong == []
    builds = {run_id for _, _, run_id, _ in told}
    assert len(builds) > 1
    assert len({(tag, run_id) for _, tag, run_id, _ in told}) == len(builds)
    assert len({(question, tag) for question, tag, *_ in told}) == len({*told})
    assert {question for question, *_ in told} == {*asked}
    assert client.get("/data/overview").json()["build"]["run_id"] == "night 5"


class Listening:
    """A session, and the texts of what it was asked."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.asked: list[str] = []

    def answer(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        self.asked.append(sql)
        return self._session.answer(sql, parameters)

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        self.asked += [sql for sql, _ in questions]
        return self._session.answers(questions)


def test_views_are_made_before_they_are_asked_for(settings: Settings) -> None:
    """When a page is opened, and when somebody meets the build after it."""
    asked: list[str] = []

    class Heard:
        @contextmanager
        def read(self) -> Iterator[Session]:
            with published(settings).read() as session:
                listening = Listening(session)
                yield listening  # type: ignore[misc]
                asked.extend(listening.asked)

    client = TestClient(page(settings, Heard, []))
    assert client.get("/").status_code == 200
    assert {views.query(name) for name in ("returns", "choice_campaigns")} <= {*asked}
    for step in (20, 21):
        asked.clear()
        for view in views.VIEWS:
            assert ask(client, view).keys() == views.VIEWS[view].tables.keys()
        assert {*asked} == {views.query("build")}
        publish(settings, step)
        assert client.get("/data/overview").json()["build"]["run_id"] == f"night {step}"


@pytest.mark.parametrize(
    ("view", "given", "asked"),
    [
        (
            "journeys",
            {},
            {"journey_credited", "journey_opportunities", "journey_closed"},
        ),
        ("journeys", {"search": "x"}, {"journey_found"}),
        ("journeys", {"person_id": "L1"}, {"journey_person", "journey_steps", "journey_touches"}),
        (
            "journeys",
            {"opportunity_id": "O1"},
            {"journey_deal", "journey_steps", "journey_credits", "journey_touches"},
        ),
        ("channels", {}, {"returns", "billed", "comparison"}),
        (
            "channels",
            {"campaign_id": "1"},
            {"returns", "billed", "ads", "spend_days", "comparison"},
        ),
    ],
)
def test_a_view_asks_only_for_what_it_shows(
    settings: Settings, view: str, given: dict[str, str], asked: set[str]
) -> None:
    with published(settings).read() as session:
        values = parameters.chosen({}, AS_OF.date())
        for table in views.VIEWS[view].tables.values():
            assert views.Reading(session, values).of(table).columns  # told though it is not asked
        listening = Listening(session)
        reading = views.Reading(listening, values | given)  # type: ignore[arg-type]
        tables = views.VIEWS[view].tables.values()
        reading.ask(tables)
        at_once = len(listening.asked)
        told = [reading.of(table) for table in tables]
        assert len(listening.asked) == at_once
        alone = views.Reading(session, values | given)
        assert told == [alone.of(table) for table in tables]
    assert {*listening.asked} == {views.query(name) for name in asked}
    assert max(Counter(listening.asked).values()) <= 2  # the period, and the one before


def test_campaigns_are_read_for_the_view_that_shows_them_alone(settings: Settings) -> None:
    with published(settings).read() as session:
        values = parameters.chosen({}, AS_OF.date())

        def levels(with_campaigns: bool) -> set[str]:
            columns, rows = session.answer(
                views.query("returns"), {**values, "with_campaigns": with_campaigns}
            )
            return {row[columns.index("level")] for row in rows}

        assert levels(True) - levels(False) == {"campaign"}
        assert levels(False) == {"total", "month", "network", "channel", "platform"}
    shown = views.VIEWS["overview"].tables.values()
    assert not any(table.with_campaigns for table in shown if table.query == "returns")


def test_which_build_stands_is_asked_once_a_build(settings: Settings) -> None:
    marts = published(settings)
    with marts.read() as one, marts.read() as other:
        assert one.answer(views.query("build")) is other.answer(views.query("build"))
    publish(settings, step=9)
    with marts.read() as next_one:
        assert views.build_of(next_one).run_id == "night 9"


def test_nothing_published_yet_is_a_sentence(tmp_path: Path) -> None:
    client = reader(load_settings({"CLOSED_LOOP_HOME": str(tmp_path)}))
    answer = client.get("/data/overview")
    assert answer.status_code == 503
    assert answer.json()["detail"].startswith("nothing has been published at ")
    assert client.get("/").status_code == 200


def test_what_this_duckdb_cannot_read_is_a_sentence_and_the_next_build_is_read(
    copied: Settings, settings: Settings
) -> None:
    client = reader(copied)
    assert client.get("/data/overview").status_code == 200
    marts, ops = copied.marts_file, copied.marts_file.with_name("ops.duckdb")
    whole = marts.read_bytes()
    spoilt = {
        "of a later version": whole[:12] + (999).to_bytes(8, "little") + whole[20:],
        "half": whole[: len(whole) // 2],
        "nothing": b"",
        "no database": b"x" * 50_000,
    }
    for name, content in spoilt.items():
        marts.with_name("next").write_bytes(content)
        marts.with_name("next").replace(marts)
        answer = client.get("/data/overview")
        assert answer.status_code == 503, name
        assert "run the pipeline" in answer.json()["detail"] or "cannot be read" in answer.text
        assert "\n" not in answer.json()["detail"]
    shutil.copy(ops, marts)  # a database, but of other tables
    answer = client.get("/data/overview")
    assert answer.status_code == 503
    assert "published by another release" in answer.json()["detail"]
    marts.with_name("next").write_bytes(whole)
    marts.with_name("next").replace(marts)
    assert client.get("/data/overview").status_code == 200
    ops.unlink()
    assert client.get("/data/overview").status_code == 503


def test_14_a_server_that_is_down_is_a_sentence_without_its_password(settings: Settings) -> None:
    url = "postgresql+psycopg://page:canary-secret@127.0.0.1:1/closed_loop"
    client = reader(replace(settings, warehouse_url=url))
    answer = client.get("/data/overview")
    assert answer.status_code == 503
    assert "does not answer" in answer.json()["detail"]
    assert "canary-secret" not in answer.text


def test_a_rate_of_exchange_is_no_percentage(client: TestClient) -> None:
    columns = client.get("/data/channels").json()["tables"]["days"]["columns"]
    kinds = {column["name"]: column["kind"] for column in columns}
    assert (kinds["fx_rate"], kinds["spend"], kinds["spend_base"]) == ("number", "money", "money")


def test_every_view_says_which_choices_it_follows(client: TestClient) -> None:
    uses = {view: set(json.loads(client.get(f"/data/{view}").text)["uses"]) for view in views.VIEWS}
    assert {"search", "opportunity_id", "person_id"} <= uses["journeys"]
    assert {"from_month", "to_month", "source", "model"} <= uses["health"]
    assert {"channel", "currency_code"} <= uses["unplaced"]
    assert uses["choices"] == set()
