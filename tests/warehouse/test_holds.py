"""Spend that collapses, jumps or falls silent waits for a person, who is asked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    approved: Mapping[tuple[str, int], int] | None = None,
    settings: Settings = SETTINGS,
) -> list[tuple[str, int]]:
    """Kinds and days, counted from FIRST, that wait; ``approved`` are figures by the same."""
    known = {
        (kind, FIRST + timedelta(day)): Decimal(figure)
        for (kind, day), figure in (approved or {}).items()
    }
    found = unusual(settings, "google_ads", "7", spend(*candidate), spend(*published), known)
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
    assert held(weekdays_only, weekdays_only[:-1]) == []
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
    assert held([*USUAL, 0, 0], [*USUAL, 0], {("collapse", LAST): 0}) == []
    assert held([*USUAL, 0], USUAL, {("collapse", LAST): 0}) == []
    assert held([*USUAL, 9000], USUAL, {("collapse", LAST): 0}) == [("jump", LAST)]


def test_22_what_was_approved_is_asked_again_once_it_moved_as_far_again() -> None:
    jumped = {("jump", LAST): 601}
    assert held([*USUAL, 5 * 601], [*USUAL, 601], jumped) == []
    further = held([*USUAL, 600_000], [*USUAL, 601], jumped)
    assert further == [("jump", LAST), ("restated", LAST)]
    collapsed = {("collapse", LAST): 10}
    assert held([*USUAL, 2], [*USUAL, 10], collapsed) == []
    assert held([*USUAL, 1], [*USUAL, 10], collapsed) == [("collapse", LAST)]
    credited = {("collapse", LAST): -5}
    assert held([*USUAL, -5], USUAL, credited) == []
    gone = [*USUAL[:26], 10, 10, 10, 10, 10, *USUAL[31:]]
    assert held(gone, USUAL, {("restated", 32): 260}) == []
    assert held(gone, USUAL, {("restated", 32): 600}) == [("restated", 32)]


@pytest.mark.parametrize("nights", range(1, 15))
def test_22_what_is_held_stays_held_until_it_is_decided(nights: int) -> None:
    with_a_pause = [*USUAL[:-1], 0]
    found = held([*with_a_pause, *[1] * nights], with_a_pause)
    assert found == [("collapse", LAST + n) for n in range(max(0, nights - 7), nights)]


def test_an_account_gone_silent_is_held_though_it_rests_now_and_then() -> None:
    rests = [*USUAL[:30], 0, *USUAL[:9]]
    assert held([*rests, 0], rests) == []  # one day without spend it has had before
    assert held([*rests, 0, 0], rests) == [("silent", 41)]
    assert held([*rests, 0, 5], rests) == [("collapse", 41)]  # no silence, and far too little


WEEKDAYS = [1000, 1000, 1000, 1000, 1000, 0, 0] * 6


@pytest.mark.parametrize("days", range(1, 21))
def test_22_an_account_of_weekdays_is_silent_once_its_pause_is_longer_than_a_weekend(
    days: int,
) -> None:
    fallen = [*WEEKDAYS[:40], *[0] * days]  # from a weekend's first day
    wanted = [("silent", 42)] if days > 2 else []
    assert held(fallen, WEEKDAYS[:40]) == wanted
    assert held(fallen, fallen[:-1]) == wanted  # also where it was published for nights
    assert held(fallen, fallen[:-1], {("silent", 42): 0}) == []  # it is asked about once
    assert held(fallen, fallen) == []
    after_a_holiday = [0, 0, 0, *fallen[3:]]
    assert held(after_a_holiday, after_a_holiday[:40]) == ([("silent", 43)] if days > 3 else [])


def test_22_an_account_gone_from_the_build_is_held_once() -> None:
    assert held([], USUAL) == [("silent", LAST - 1)]
    assert held([], USUAL, {("silent", LAST - 1): 0}) == []
    assert held([], [0] * 40) == []
    (hold,) = unusual(SETTINGS, "google_ads", "7", {}, spend(*USUAL))
    assert (hold.figure, hold.usual) == (0, 100)
    assert "no spend any more" in hold.sentence


def test_only_the_last_week_is_looked_at_and_a_week_that_is_restated_away() -> None:
    restated = [*USUAL[:30], 0, *USUAL[31:]]
    assert held(restated, USUAL) == []  # ten days ago, and a seventh of its week
    gone = [*USUAL[:26], 10, 10, 10, 10, 10, *USUAL[31:]]
    assert held(gone, USUAL) == [("restated", 32)]
    assert held(gone, USUAL, {("restated", 32): 260}) == []


def test_22_a_published_week_that_is_multiplied_is_held() -> None:
    usual = USUAL[:LAST]
    multiplied = [each * 100 if 19 <= n <= 30 else each for n, each in enumerate(usual)]
    assert held(multiplied, usual) == [("restated", 26)]
    assert held(multiplied, usual, {("restated", 26): 72_000}) == []
    assert held(multiplied, usual, {("restated", 26): 9_000}) == [("restated", 26)]
    doubled = [each * 5 if 19 <= n <= 30 else each for n, each in enumerate(usual)]
    assert held(doubled, usual) == []
    late = [*usual[:20], *[0] * 12, *usual[32:]]
    assert held(usual, late) == [("restated", 31)]
    credited = [*usual[:20], *[-1] * 12, *usual[32:]]
    assert held(credited, credited) == []


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


def built(settings: Settings, schema: str, *amounts: int | str, account_id: str = "7") -> None:
    """A mart_data_health, built or published, with these days of one account."""
    days = ", ".join(
        f"('google_ads', '{account_id}', '{day}', {each})" for day, each in spend(*amounts).items()
    )
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

    holds.reject(prepared, question, "ann", DECIDED_AT)
    assert kept(prepared) == [("rejected", "ann")]
    assert look(prepared, RUN) == wanted  # it is asked about again while it stays unusual
    built(prepared, "build", *USUAL, 90)
    assert look(prepared, RUN) == []
    assert kept(prepared) == [("gone", None)]

    built(prepared, "build", *USUAL, 3)
    assert look(prepared, RUN) == wanted
    holds.approve(prepared, question, "bob", DECIDED_AT)
    built(prepared, "build", *USUAL, 4)  # restated a little: the same day
    assert look(prepared, RUN) == []
    assert kept(prepared) == [("approved", "bob")]

    built(prepared, "build", *USUAL, "0.5")  # less than a fifth of what bob saw
    assert [hold.figure for hold in look(prepared, RUN)] == [Decimal("0.5")]
    assert kept(prepared) == [("open", None)]


def test_22_an_account_that_the_build_lacks_is_asked_about(prepared: Settings) -> None:
    built(prepared, "marts", *USUAL)
    built(prepared, "build", *USUAL, account_id="8")
    (hold,) = look(prepared, RUN)
    assert (hold.account_id, hold.kind, hold.usual) == ("7", "silent", 100)
    holds.approve(prepared, holds.question([hold]), "bob", DECIDED_AT)
    assert look(prepared, RUN) == []


def test_22_an_answer_decides_on_what_was_shown_and_on_nothing_else(prepared: Settings) -> None:
    built(prepared, "marts", *USUAL)
    built(prepared, "build", *USUAL, 3)
    lease = warehouse.lease_marts(prepared, RUN)
    question = holds.question(look(prepared, RUN, lease))
    built(prepared, "build", *USUAL, 9000)  # the same run built again, after its question
    (jump,) = look(prepared, RUN, lease)
    with pytest.raises(holds.Held) as held:
        holds.approve(prepared, question, "ann", DECIDED_AT, lease)
    assert "other figures wait than those that were asked about" in held.value.sentences[0]
    assert held.value.sentences[1:] == (f"held: {jump.sentence}",)
    holds.reject(prepared, question, "ann", DECIDED_AT, lease)
    assert set(kept(prepared)) == {("gone", None), ("open", None)}

    rebuild = replace(RUN, run_id="rebuild")
    later = warehouse.lease_marts(prepared, rebuild)
    look(prepared, rebuild, later)
    for decide in (holds.approve, holds.reject):
        with pytest.raises(warehouse.Superseded, match=r"a later run works on marts \(run rebuild"):
            decide(prepared, holds.question([jump]), "ann", DECIDED_AT, lease)
    with pytest.raises(warehouse.Superseded):
        look(prepared, RUN, lease)
    assert set(kept(prepared)) == {("gone", None), ("open", None)}
    holds.approve(prepared, holds.question([jump]), "bob", DECIDED_AT, later)
    assert set(kept(prepared)) == {("gone", None), ("approved", "bob")}


def test_what_is_held_is_decided_by_a_command_where_there_is_no_ui(
    prepared: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("CLOSED_LOOP_HOME", str(prepared.home))
    monkeypatch.setenv("CLOSED_LOOP_WAREHOUSE_URL", prepared.warehouse_url)
    assert holds.main([]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["nothing is held"]
    hold = Hold("google_ads", "7", "silent", FIRST, Decimal(0), Decimal(100))
    holding.note(prepared, RUN, [hold])
    assert holds.main([]) == 0
    assert hold.sentence in capsys.readouterr().out
    assert holds.main(["approve"]) == 2
    assert holds.main(["approve", "2026-11-11T09:00:00+00:00"]) == 0
    assert kept(prepared)[0][0] == "approved"
    assert holding.waiting(prepared) == []
