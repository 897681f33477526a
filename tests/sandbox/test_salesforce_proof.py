"""A page that loses its rows, or a number that is not what it was, is never staged in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sources import SourceUnavailable
from include.sources import salesforce_bulk as bulk
from include.sources import salesforce_reading as reading
from include.sources.salesforce import SALESFORCE
from tests.sandbox.running import Sandbox, start_sandbox, write_data_set
from tests.sandbox.salesforce_data import EVERYTHING, FILES, LEADS
from tests.sandbox.salesforce_reading import connected, in_order, read, settings_for

STREAMS = [stream.name for stream in SALESFORCE.streams if stream.name != "fields"]
ANSWERS = {"api": "salesforce", "path": r"/query(All)?(/|$)|/results$"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with start_sandbox(write_data_set(tmp_path_factory.mktemp("data"), EVERYTHING)) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> None:
    sandbox.reset()


@pytest.fixture(params=["rest", "bulk"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How records are read, whatever their number."""
    if request.param == "bulk":
        monkeypatch.setattr(reading, "BULK_FROM", 0)
        monkeypatch.setattr(bulk, "CHUNK_RECORDS", 2)
        monkeypatch.setattr(bulk, "_FIRST_LOOK", 0.0)
    return request.param


def outcome(
    sandbox: Sandbox, reader: Callable[[], list[dict[str, Any]]], plan: dict[str, Any]
) -> list[str] | None:
    """The rows that a spoiled reading gives; None if it fails."""
    sandbox.set_faults([{"match": ANSWERS, **plan}])
    try:
        return in_order(reader())
    except SourceUnavailable:
        return None


@pytest.mark.parametrize("stream", STREAMS)
def test_nothing_wrong_is_read(sandbox: Sandbox, tmp_path: Path, stream: str, way: str) -> None:
    """Every answer loses its rows once, and every number in every answer is altered once."""
    client, account = connected(sandbox, settings_for(sandbox, tmp_path))
    rows = in_order(read(client, account, stream))
    assert rows
    sandbox.reset()
    assert in_order(read(client, account, stream)) == rows
    answers = [e for e in sandbox.log() if e["path"].endswith(("/query", "/queryAll", "/results"))
               and e["method"] == "GET"]  # fmt: skip
    assert len(answers) >= 2, "the totals, and the records"

    def again() -> list[dict[str, Any]]:
        return read(client, account, stream)

    for nth in range(1, len(answers) + 1):
        assert outcome(sandbox, again, {"nth": nth, "do": {"kind": "lose_rows"}}) in (rows, None)
        for which in range(1, 13 if way == "rest" else 4):
            spoiled = {"kind": "alter_number", "which": which}
            assert outcome(sandbox, again, {"nth": nth, "do": spoiled}) in (rows, None)


@pytest.mark.parametrize(
    ("stream", "where"),
    [
        ("leads", {"query": "ORDER BY"}),
        ("opportunities", {"query": "ORDER BY"}),
        ("opportunity_history", {"query": "ORDER BY"}),
        ("leads", {"path": "/results$"}),
    ],
)
def test_5_a_figure_that_stays_wrong_fails_the_load(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stream: str,
    where: dict[str, str],
) -> None:
    """The records' own query gives the same wrong figure each time it is asked. Amounts of several
    currencies are read a second time, for Salesforce sums them in one."""
    if "path" in where:
        monkeypatch.setattr(reading, "BULK_FROM", 0)
    client, account = connected(sandbox, settings_for(sandbox, tmp_path))
    sandbox.set_faults([{"match": {"api": "salesforce", **where},
                         "do": {"kind": "alter_number", "which": 1}}])  # fmt: skip
    with pytest.raises(SourceUnavailable, match="nothing of this load was staged"):
        read(client, account, stream)


def test_5_pages_that_stay_without_rows_fail_the_load(
    serve_data: Callable[..., Sandbox], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = serve_data({"salesforce/Lead": FILES["salesforce/Lead"]})
    client, account = connected(running, settings_for(running, tmp_path))
    for size in (reading.BULK_FROM, 0):
        monkeypatch.setattr(reading, "BULK_FROM", size)
        monkeypatch.setattr(bulk, "CHUNK_RECORDS", 2_000)
        for stream in ("leads", "leads_ids"):
            running.set_faults([{"match": {"api": "salesforce", "path": "-2000$"},
                                 "do": {"kind": "lose_rows"}},
                                {"match": {"api": "salesforce", "query": "locator="},
                                 "nth": [1, 3, 5], "do": {"kind": "lose_rows"}}])  # fmt: skip
            with pytest.raises(SourceUnavailable, match=r"counts 450\d records of Lead where"):
                read(client, account, stream)
    assert LEADS == 4_500
