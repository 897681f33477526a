"""Fetching one account: several requests at once, whole or not at all, usage kept."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from include import ingestion, landing, warehouse
from include.settings import Settings
from include.sources import (
    Account,
    Measure,
    Record,
    Request,
    Source,
    SourceQuotaExhausted,
    SourceUnavailable,
    patiently,
    stopped_by,
)
from tests.warehouse.world import ACCOUNT, CRM, FIRST, NETWORK, ORG, days, member, run, spent

PATIENCE = 20.0
"""Seconds after which a thread that waits for another gives up; never reached by a sound one."""


def asking(source: Source, extract: Callable[..., Any], at_once: int = 1, **more: Any) -> Source:
    """The source with an extract of the test's own and a client that is nothing."""
    return replace(
        source, connect=lambda *_: None, extract=extract, concurrent_requests=at_once, **more
    )


def day_by_day(count: int) -> dict[str, Any]:
    """A plan that asks for so many days, one request each."""
    return {
        "account": {name: getattr(ACCOUNT, name) for name in ACCOUNT.__slots__},
        "requests": [
            {
                "stream": "campaign_daily",
                "window": [(FIRST + timedelta(day)).isoformat()] * 2,
                "since": None,
            }
            for day in range(count)
        ],
    }


def land(settings: Settings, source: Source, plan: dict[str, Any]) -> list[landing.Batch]:
    ids = ingestion.land(settings, source, {}, run(1), plan)
    return [landing.read_batch(settings, batch_id) for batch_id in ids]


@pytest.fixture
def home(new_settings: Any) -> Settings:
    return new_settings("duckdb")


@pytest.mark.parametrize("is_set", [False, True], ids=["as the source declares", "as it is set"])
def test_as_many_requests_are_in_flight_as_are_allowed(home: Settings, is_set: bool) -> None:
    """Three meet at a barrier twice over: fewer would wait in vain, a fourth is counted."""
    meeting = threading.Barrier(3, timeout=PATIENCE)
    flying, most = [], []

    def extract(_: Any, account: Account, request: Request) -> Iterator[Record]:
        flying.append(request)
        most.append(len(flying))
        meeting.wait()
        assert request.window
        yield spent("a", (request.window.first - FIRST).days, "1")
        flying.remove(request)
        meeting.wait()

    settings = replace(home, concurrent_requests={NETWORK.name: 3}) if is_set else home
    source = asking(NETWORK, extract, at_once=1 if is_set else 3)
    batches = land(settings, source, day_by_day(6))
    assert max(most) == 3
    assert [batch.request.window for batch in batches] == [
        days(1, FIRST + timedelta(day)) for day in range(6)
    ]
    assert [row["date_day"] for batch in batches for row in batch.records()] == [
        (FIRST + timedelta(day)).isoformat() for day in range(6)
    ]


def test_9_the_first_failure_stops_the_others_and_is_told_as_it_was(home: Settings) -> None:
    """One request fails, one streams without end, one waits to try again, one has not begun."""
    began: list[int] = []
    under_way = threading.Barrier(3, timeout=PATIENCE)

    def extract(_: Any, account: Account, request: Request) -> Iterator[Record]:
        assert request.window
        day = (request.window.first - FIRST).days
        began.append(day)
        if day == 0:
            under_way.wait()
            raise SourceQuotaExhausted("used up until midnight")
        if day == 1:
            yield spent("a", day, "1")
            under_way.wait()
            while True:
                yield spent("a", day, "1")
        if day == 2:
            under_way.wait()
            patiently(unavailable, seconds=600, first_wait=PATIENCE)

    def unavailable() -> None:
        raise SourceUnavailable("busy", retry_after=500)

    with pytest.raises(SourceQuotaExhausted, match=r"^used up until midnight$"):
        ingestion.land(home, asking(NETWORK, extract, 3), {}, run(1), day_by_day(4))
    assert sorted(began) == [0, 1, 2]
    assert [path for path in home.landing.rglob("*") if path.is_file()] == []


def test_waiting_to_try_again_ends_when_it_is_stopped() -> None:
    stop = threading.Event()
    calls: list[None] = []

    def call() -> None:
        calls.append(None)
        stop.set()
        raise SourceUnavailable("busy", retry_after=500)

    with stopped_by(stop), pytest.raises(SourceUnavailable, match="this one was given up"):
        patiently(call, seconds=600)
    assert len(calls) == 1


def test_what_exists_is_asked_after_what_changed_and_what_describes_it_last(home: Settings) -> None:
    order: list[str] = []
    both = threading.Barrier(2, timeout=PATIENCE)
    streams = tuple(
        replace(CRM.streams[kind == "keys"], name=name, kind=kind)
        for name, kind in (
            ("described", "snapshot"),
            ("some_keys", "keys"),
            ("some", "changes"),
            ("more", "changes"),
        )
    )

    def extract(_: Any, account: Account, request: Request) -> Iterator[Record]:
        if request.stream in ("some", "more"):
            both.wait()
        yield member("m1", run(0).as_of)
        order.append(request.stream)

    plan = {
        "account": {name: getattr(ORG, name) for name in ORG.__slots__},
        "requests": [{"stream": s.name, "window": None, "since": None} for s in streams],
    }
    batches = land(home, asking(CRM, extract, 8, streams=streams), plan)
    assert [batch.request.stream for batch in batches] == [stream.name for stream in streams]
    assert (set(order[:2]), order[2:]) == ({"some", "more"}, ["some_keys", "described"])


def used(settings: Settings) -> list[dict[str, Any]]:
    return warehouse.read(
        settings,
        "select source, account_id, measure, used, allowed, as_of_at from ops.api_usage "
        "order by measure",
    )


def test_what_a_load_used_of_the_api_is_kept_also_when_it_failed(prepared: Settings) -> None:
    asked = []

    def usage(_: Any) -> list[Measure]:
        return [
            Measure("requests", Decimal(len(asked))),
            Measure("daily_requests", Decimal(70), Decimal(100)),
        ]

    def extract(_: Any, account: Account, request: Request) -> Iterator[Record]:
        asked.append(request)
        if len(asked) == 2:
            raise SourceUnavailable("busy")
        yield from ()

    source = asking(NETWORK, extract, usage=usage)
    with pytest.raises(SourceUnavailable, match=r"^busy$"):
        ingestion.land(prepared, source, {}, run(1), day_by_day(3))
    place = {"source": NETWORK.name, "account_id": ACCOUNT.account_id, "as_of_at": run(1).as_of}
    daily = place | {"measure": "daily_requests", "used": Decimal(70), "allowed": Decimal(100)}
    first = place | {"measure": "requests", "used": Decimal(2), "allowed": None}
    assert used(prepared) == [daily, first]

    ingestion.land(prepared, source, {}, run(1), day_by_day(3))
    assert used(prepared) == [daily, first | {"used": Decimal(5)}]


def test_usage_that_cannot_be_kept_hides_no_failure_and_fails_no_load(
    home: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no warehouse yet."""

    def extract(_: Any, account: Account, request: Request) -> Iterator[Record]:
        yield from ()
        if request.window == days(1, FIRST + timedelta(1)):
            raise SourceUnavailable("busy")

    source = asking(NETWORK, extract, usage=lambda _: [Measure("requests", Decimal(1))])
    assert len(land(home, source, day_by_day(1))) == 1
    with pytest.raises(SourceUnavailable, match=r"^busy$"):
        ingestion.land(home, source, {}, run(1), day_by_day(2))
    assert len(re.findall("what it used of the API is not kept", caplog.text)) == 2
