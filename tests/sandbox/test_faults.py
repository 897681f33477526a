"""Fault plans: each kind does to the wire what its name says, at the call it names."""

import asyncio
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from include.sandbox.dataset import DataSet, World
from include.sandbox.faults import PRESETS, FaultPlanError, Faults
from include.sandbox.refusals import own_words
from tests.sandbox.meta_data import FILES
from tests.sandbox.running import Sandbox, write_data_set

TOKEN = {"access_token": "sandbox-meta-token"}


@pytest.fixture(scope="module")
def served(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture
def sandbox(served: Sandbox) -> Sandbox:
    served.reset()
    return served


def me(sandbox: Sandbox) -> requests.Response:
    return requests.get(f"{sandbox.http}/v26.0/me", params=TOKEN, timeout=10)


def plan(**do: Any) -> list[dict[str, Any]]:
    return [{"match": {"path": "/me$"}, "nth": 1, "do": do}]


def test_status_gives_the_body_and_headers_of_the_plan(sandbox: Sandbox) -> None:
    sandbox.set_faults(
        plan(kind="status", status=503, body={"error": {"code": 2}}, headers={"Retry-After": "7"})
    )
    answer = me(sandbox)
    assert (answer.status_code, answer.json()) == (503, {"error": {"code": 2}})
    assert answer.headers["Retry-After"] == "7"
    assert me(sandbox).status_code == 200


def test_drop_cuts_the_connection(sandbox: Sandbox) -> None:
    sandbox.set_faults(plan(kind="drop"))
    with pytest.raises(requests.ConnectionError):
        me(sandbox)
    assert me(sandbox).ok
    assert [(call["status"], call["fault"]) for call in sandbox.log()] == [(0, "drop"), (200, None)]


def test_truncate_looks_whole_unless_it_hangs_up(sandbox: Sandbox) -> None:
    whole = me(sandbox).content
    sandbox.set_faults(plan(kind="truncate"))
    cut = me(sandbox)
    assert cut.status_code == 200
    assert cut.content == whole[: len(whole) // 2]
    sandbox.set_faults(plan(kind="truncate", hang_up=True, bytes=5))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        me(sandbox)


@pytest.mark.parametrize(("preset", "status"), [("html-502", 502), ("non-json-200", 200)])
def test_html_stands_in_the_place_of_json(sandbox: Sandbox, preset: str, status: int) -> None:
    sandbox.set_faults([{"preset": preset}])
    answer = me(sandbox)
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        status,
        "text/html; charset=utf-8",
    )
    assert "<html" in answer.text
    assert me(sandbox).json()["id"]


def test_delay_answers_late_and_right(sandbox: Sandbox) -> None:
    sandbox.set_faults(plan(kind="delay", seconds=0.3))
    began = time.monotonic()
    assert me(sandbox).ok
    assert time.monotonic() - began >= 0.3


def pages(sandbox: Sandbox, limit: int = 10) -> list[list[str]]:
    """Days of act_2's campaign, page by page, as long as there is a `next`."""
    url = f"{sandbox.http}/v26.0/act_2/insights"
    params: dict[str, str] | None = {
        **TOKEN,
        "fields": "spend",
        "time_increment": "1",
        "limit": str(limit),
        "time_range": '{"since":"2026-10-01","until":"2026-11-19"}',
    }
    found = []
    while url:
        answer = requests.get(url, params=params, timeout=10).json()
        found.append([row["date_start"] for row in answer["data"]])
        url, params = answer["paging"].get("next"), None
    return found


def test_an_empty_page_with_next_loses_no_row_for_who_follows_next(sandbox: Sandbox) -> None:
    whole = pages(sandbox)
    assert [len(page) for page in whole] == [10] * 5
    sandbox.set_faults([{"preset": "meta-empty-page"}])
    assert pages(sandbox) == [whole[0], [], *whole[1:]]


def test_a_short_page_need_not_be_the_last(sandbox: Sandbox) -> None:
    whole = pages(sandbox)
    sandbox.set_faults([{"preset": "meta-short-page"}])
    short = pages(sandbox)
    assert len(short[0]) == 5
    assert list(chain(*short)) == list(chain(*whole))


def test_a_page_may_come_twice(sandbox: Sandbox) -> None:
    whole = pages(sandbox)
    sandbox.set_faults(
        [{"match": {"path": "/insights$"}, "nth": 3, "do": {"kind": "duplicate_page"}}]
    )
    assert pages(sandbox) == [whole[0], whole[1], whole[2], *whole[2:]]


def test_a_plan_says_which_calls() -> None:
    def fired(**rule: Any) -> list[int]:
        faults = Faults([{"match": {"api": "meta"}, "do": {"kind": "drop"}, **rule}])
        return [
            n
            for n in range(1, 8)
            if faults.pick(api="meta", method="GET", path="/x", query="") is not None
        ]

    assert fired(nth=3) == [3]
    assert fired(nth=3, times=2) == [3, 4]
    assert fired(nth=[2, 5]) == [2, 5]
    assert fired(nth="every") == [1, 2, 3, 4, 5, 6, 7]
    assert fired(nth="every", times=2) == [1, 2]
    assert fired(match={"api": "google"}, nth="every") == []
    assert fired(match={"method": "get", "path": "^/x$", "query": "^$"}, nth=1) == [1]


@pytest.mark.parametrize(
    "rule",
    [
        {"do": {"kind": "unheard"}},
        {"do": {"kind": "drop"}, "nth": "often"},
        {"do": {"kind": "drop"}, "times": 0},
        {"do": {"kind": "drop"}, "match": {"path": "("}},
        {"do": {"kind": "drop"}, "match": {"host": "x"}},
        {"do": {"kind": "drop"}, "when": 1},
        {"preset": "unheard"},
        "drop",
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(rule: Any) -> None:
    with pytest.raises(FaultPlanError, match=r"^Fault plan, rule 1: "):
        Faults([rule])


def test_every_preset_can_be_followed() -> None:
    Faults([{"preset": name} for name in PRESETS])


def test_a_trickle_gives_the_whole_answer_in_pieces(sandbox: Sandbox) -> None:
    whole = me(sandbox).content
    sandbox.set_faults(plan(kind="trickle", bytes=10, seconds=0.01))
    pieces = requests.get(f"{sandbox.http}/v26.0/me", params=TOKEN, timeout=10, stream=True)
    read = list(iter(lambda: pieces.raw.read1(len(whole)), b""))
    assert b"".join(read) == whole
    assert len(read) > 1


def test_a_fault_may_last_from_one_call_on(sandbox: Sandbox) -> None:
    sandbox.set_faults(
        [{"match": {"path": "/me$"}, "nth": 2, "times": 10**9, "do": {"kind": "expire_token"}}]
    )
    assert [me(sandbox).status_code for _ in range(4)] == [200, 400, 400, 400]


@pytest.mark.parametrize(
    ("api", "path", "body"),
    [
        ("meta", "/v26.0/me", {"error": {
            "message": "An unknown error has occurred.", "type": "OAuthException", "code": 1,
            "is_transient": False, "fbtrace_id": "AsandboxTraceIdForMetaxx"}}),
        ("google", "/v26/customers/1/googleAds:search", {"error": {
            "code": 500, "message": "Internal error encountered.", "status": "INTERNAL"}}),
        ("linkedin", "/rest/adAnalytics", {
            "status": 500, "code": "INTERNAL_SERVER_ERROR", "message": "Internal Server Error"}),
        ("salesforce", "/services/data/v68.0/limits", [{
            "errorCode": "UNKNOWN_EXCEPTION",
            "message": "An unexpected error occurred. Please include this ErrorId if you contact "
            "support: 1000000000-1 (1000000000)"}]),
        ("salesforce", "/services/async/59.0/job", {
            "exceptionCode": "Unknown", "exceptionMessage": "An unexpected error occurred."}),
    ],
)  # fmt: skip
def test_what_nobody_foresaw_is_told_in_the_apis_form_and_traced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], api: str, path: str, body: Any
) -> None:
    async def breaks(request: web.Request) -> web.Response:
        raise KeyError("nobody foresaw this")

    async def asked() -> tuple[int, Any]:
        world = World(DataSet(write_data_set(tmp_path, {})))
        app = web.Application(middlewares=[own_words(world, lambda request: api)])
        app.router.add_get(path, breaks)
        async with TestClient(TestServer(app)) as client, client.get(path) as answer:
            return answer.status, await answer.json()

    assert asyncio.run(asked()) == (500, body)
    assert "nobody foresaw this" in capsys.readouterr().err
