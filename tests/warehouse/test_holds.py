"""Spend that collapses, jumps or falls silent waits for a person, who is asked once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include import holds, warehouse
from include.holds import Hold, look, unusual
from include.run import Run
from include.settings import Settings, load_settings
from include.warehouse import holding

SETTINGS = load_settings({})
FIRST = date(2026, 10, 1)
LAST = 40
"""The day that is new, counted from FIRST."""
RUN = Run("night", datetime(2026, 11, 11, 5, tzinfo=UTC), datetime(2026, 11, 11, 5, tzinfo=UTC))
DECIDED_AT = datetime(2026, 11, 11, 9, tzinfo=UTC)


def spend(*amounts: int | str | None) -> dict[date, Decimal]:
    """An account's days from FIRST; None is a day that is not loaded."""
    return {
        FIRST + timedelta(n): Decimal(amount)
        for n, amount in enumerate(amounts)
        if amount is not None
    }


def held(
    candidate: Sequence[int | str | None],
    published: Sequence[int | str | None],
    approved: Sequence[tuple[str, date]] = (),
    settings: Settings = SETTINGS,
) -> list[tuple[str, int]]:
    """Kinds and days, counted from FIRST, that wait."""
    found = unusual(settings, "google_ads", "7", spend(*candidate), spend(*published), approved)
    return [(hold.kind, (hold.date_day - FIRST).days) for hold in found]


USUAL = [100, 120, 80, 90, 110] * 8


@pytest.mark.parametrize(
    ("new", "kinds"),
    [
        (["100"], []),
        (["20"], []),  # a fifth of the median, and not below it
        (["18"], ["collapse"]),
        (["0"], ["collapse"]),
        (["600"], []),  # five times the most, and not above it
        (["600.01"], ["jump"]),
        ([None], []),  # what is not loaded is the watchdog's
    ],
)
def test_22_a_day_is_held_when_it_is_beyond_what_is_usual(new: list, kinds: list) -> None:
    assert held([*USUAL, *new], USUAL) == [(kind, LAST) for kind in kinds]


def test_22_a_pause_in_the_weeks_before_hides_no_collapse() -> None:
    with_a_pause = [*USUAL[:-3], 0, *USUAL[-2:]]
    assert held([*with_a_pause, 18], with_a_pause) == [("collapse", LAST)]


def test_what_is_usual_for_an_account_is_never_held() -> None:
    weekdays_only = [100, 100, 100, 100, 100, 0, 0] * 6
    assert held(weekdays_only[: LAST + 1], weekdays_only[:LAST]) == []
    assert held([*weekdays_only, 0], weekdays_only) == []
    seldom = [0, 0, 100] * 13 + [0]
    assert held([*seldom, 9000], seldom) == []  # 9 days with spend of 28: nobody knows
    assert held([*USUAL, 0], []) == []  # nothing is published yet
    with_a_pause = [*USUAL[:-3], 0, *USUAL[-2:]]
    assert held([*with_a_pause, 0], with_a_pause) == []
    young = USUAL[:13]
    assert held([*young, 0], young) == []
    assert held([*young, 100, 0], [*young, 100]) == [("collapse", 14)]


def test_a_day_published_as_it_stands_is_not_asked_about_again() -> None:
    assert held([*USUAL, 0], [*USUAL, 0]) == []
    # it is part of what is usual from then on
    assert held([*USUAL, 0, 0], [*USUAL, 0]) == [("silent", 41)]
    assert held([*USUAL, 0, 0], [*USUAL, 0], [("collapse", FIRST + timedelta(LAST))]) == []
    assert held([*USUAL, 0], USUAL, [("collapse", FIRST + timedelta(LAST))]) == []
    assert held([*USUAL, 9000], USUAL, [("collapse", FIRST + timedelta(LAST))]) == [("jump", LAST)]


def test_an_account_gone_silent_is_held_though_it_rests_now_and_then() -> None:
    rests = [*USUAL[:30], 0, *USUAL[:9]]
    assert held([*rests, 0], rests) == []  # one day without spend it has had before
    assert held([*rests, 0, 0], rests) == [("silent", 41)]
    assert held([*rests, 0, 5], rests) == [("collapse", 41)]  # no silence, and far too little


def test_only_the_last_week_is_looked_at_and_a_week_that_is_restated_away() -> None:
    restated = [*USUAL[:30], 0, *USUAL[31:]]
    assert held(restated, USUAL) == []  # ten days ago, and a seventh of its week
    gone = [*USUAL[:26], 10, 10, 10, 10, 10, *USUAL[31:]]
    assert held(gone, USUAL) == [("restated", 32)]
    assert held(gone, USUAL, [("restated", FIRST + timedelta(32))]) == []


def test_the_thresholds_are_settings() -> None:
    careful = load_settings({"CLOSED_LOOP_HOLD_BELOW": "0.6", "CLOSED_LOOP_HOLD_ABOVE": "1.5"})
    assert held([*USUAL, 50], USUAL, settings=careful) == [("collapse", LAST)]
    assert held([*USUAL, 181], USUAL, settings=careful) == [("jump", LAST)]


@given(st.lists(st.integers(0, 10_000), min_size=30, max_size=60), st.integers(1, 1_000))
def test_it_is_the_shape_and_not_the_currency_that_is_unusual(days: list[int], rate: int) -> None:
    news = [*days, 0, 7, 10**6]
    other = held([each * rate for each in news], [each * rate for each in days])
    assert held(news, days) == other
    assert held(days, days) == []


def built(settings: Settings, schema: str, *amounts: int) -> None:
    """A mart_data_health, built or published, with these days of one account."""
    days = ", ".join(f"('google_ads', '7', '{d}', {each})" for d, each in spend(*amounts).items())
    statements = [
        "drop table if exists {table}",
        "create table {table} (source text, account_id text, date_day date, spend numeric(20, 6))",
        "insert into {table} values {days}",
        "insert into {table} values ('salesforce', '00D1', '2026-11-11', null)",
    ]
    connection: Any
    if settings.warehouse_url.startswith("duckdb:"):
        warehouse_file = settings.warehouse_url.removeprefix("duckdb:///")
        is_published = schema == "marts"  # the file itself answers to marts
        connection = duckdb.connect(str(settings.marts_file) if is_published else warehouse_file)
    else:
        connection = psycopg.connect(settings.warehouse_url)
        connection.execute("create schema if not exists marts")
    with connection:
        for statement in statements:
            connection.execute(statement.format(table=f"{schema}.mart_data_health", days=days))


def kept(settings: Settings) -> list[tuple[str, str | None]]:
    rows = warehouse.read(settings, "select status, decided_by from ops.holds")
    return [(row["status"], row["decided_by"]) for row in rows]


def test_22_what_is_held_waits_is_asked_once_and_keeps_who_decided(prepared: Settings) -> None:
    """Promise 22: a collapse beyond a threshold holds the publish for a person."""
    built(prepared, "build", *USUAL, 3)
    assert look(prepared, RUN) == []  # never before the first publish
    built(prepared, "marts", *USUAL)
    day = FIRST + timedelta(LAST)
    wanted = [Hold("google_ads", "7", "collapse", day, Decimal(3), Decimal(100))]
    assert look(prepared, RUN) == wanted == look(prepared, RUN)
    question = holds.question(wanted)
    assert "google_ads account 7, 2026-11-10: spend is 3.00 and was never so low" in question
    assert holds.sentences(question, "why") == ("held: why", f"held: {wanted[0].sentence}")
    assert holds.question([]) == ""
    assert kept(prepared) == [("open", None)]

    holds.reject(prepared, "ann", DECIDED_AT)
    assert kept(prepared) == [("rejected", "ann")]
    assert look(prepared, RUN) == wanted  # it is asked about again while it stays unusual
    built(prepared, "build", *USUAL, 90)
    assert look(prepared, RUN) == []
    assert kept(prepared) == [("gone", None)]

    built(prepared, "build", *USUAL, 3)
    assert look(prepared, RUN) == wanted
    holds.approve(prepared, "bob", DECIDED_AT)
    built(prepared, "build", *USUAL, 4)  # restated a little: the same day
    assert look(prepared, RUN) == []
    assert kept(prepared) == [("approved", "bob")]


def test_what_is_held_is_decided_by_a_command_where_there_is_no_ui(
    prepared: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("CLOSED_LOOP_HOME", str(prepared.home))
    monkeypatch.setenv("CLOSED_LOOP_WAREHOUSE_URL", prepared.warehouse_url)
    assert holds.main([]) == 0
    assert capsys.readouterr().out == "nothing is held\n"
    hold = Hold("google_ads", "7", "silent", FIRST, Decimal(0), Decimal(100))
    holding.note(prepared, RUN, [hold])
    assert holds.main([]) == 0
    assert hold.sentence in capsys.readouterr().out
    assert holds.main(["approve"]) == 2
    assert holds.main(["approve", "2026-11-11T09:00:00+00:00"]) == 0
    assert kept(prepared)[0][0] == "approved"
    assert holding.waiting(prepared) == []
