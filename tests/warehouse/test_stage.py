"""What staging does to rows and ledger, on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from include import quality, warehouse
from include.settings import Settings
from include.warehouse.engine import compose, engine_of
from tests.warehouse.world import (
    ACCOUNT,
    CRM,
    FIRST,
    NETWORK,
    START,
    campaign,
    days,
    land,
    load,
    member,
    run,
    spend_by_day,
    spent,
    stage,
)

DAILY = "staging.stg_campaign_daily"
MEMBERS = "staging.stg_crm_campaign_members"


def rows_of(settings: Settings, table: str) -> list[dict[str, Any]]:
    return warehouse.read(settings, compose("select * from {t} order by 1, 2, 3, 4", t=table))


def test_22_a_window_is_replaced_and_an_empty_day_is_not_missing(prepared: Settings) -> None:
    records = [spent("c1", 0, "10.5"), spent("c2", 0, "1"), spent("c1", 2, "3")]
    staged = load(prepared, NETWORK, "campaign_daily", 0, records, days(3))

    assert (staged.rows, staged.rejected, staged.stale) == (3, 0, ())
    assert spend_by_day(prepared) == {FIRST: Decimal("11.5"), FIRST + timedelta(2): Decimal(3)}
    ledger = warehouse.ledger(prepared, "facebook_ads")
    assert [(row.scope, row.status, row.rows_staged, row.spend) for row in ledger] == [
        ("2026-10-01", "loaded", 2, Decimal("11.5")),
        ("2026-10-02", "empty", 0, Decimal(0)),
        ("2026-10-03", "loaded", 1, Decimal(3)),
    ]
    assert {row.as_of_at for row in ledger} == {run(0).as_of}
    assert all(row.date_day == date.fromisoformat(row.scope) for row in ledger)


def test_i2_staging_a_batch_again_changes_nothing(prepared: Settings) -> None:
    network = [
        land(prepared, NETWORK, "campaign_daily", 0, [spent("c1", 0, "10")], days(2)),
        land(prepared, NETWORK, "campaigns", 0, [campaign("c1", "Spring")]),
    ]
    crm = [
        land(prepared, CRM, "members", 0, [member("00v1", START), member("00v2", START)]),
        land(prepared, CRM, "member_keys", 0, [{"campaign_member_id": "00v1"}]),
    ]
    tables = (DAILY, "staging.stg_campaigns", MEMBERS, "ops.load_ledger", "ops.rejected_rows")
    stage(prepared, NETWORK, network, 0)
    stage(prepared, CRM, crm, 0)
    once = {table: rows_of(prepared, table) for table in tables}

    stage(prepared, NETWORK, network, 0)
    stage(prepared, CRM, crm, 0)

    assert {table: rows_of(prepared, table) for table in tables} == once
    assert [row["is_deleted"] for row in once[MEMBERS]] == [False, True]


def test_18_a_restated_row_keeps_when_it_first_came_and_says_when_it_changed(
    prepared: Settings,
) -> None:
    load(prepared, NETWORK, "campaign_daily", 0, [spent("a", 0, "10"), spent("b", 0, "4")], days(1))
    load(prepared, NETWORK, "campaign_daily", 1, [spent("a", 0, "7"), spent("b", 0, "4")], days(1))
    load(prepared, NETWORK, "campaign_daily", 2, [spent("a", 0, "7"), spent("b", 0, "4")], days(1))

    changed, same = rows_of(prepared, DAILY)
    assert changed["spend"] == Decimal(7)
    assert changed["first_loaded_at"] == run(0).started_at
    assert changed["last_restated_at"] == changed["loaded_at"] == run(1).started_at
    assert same["first_loaded_at"] == same["loaded_at"] == run(0).started_at
    assert same["last_restated_at"] is None
    (day,) = warehouse.ledger(prepared, "facebook_ads")
    assert (day.spend, day.restated_spend) == (Decimal(11), Decimal(-3))
    assert day.loaded_at == run(2).started_at


def test_18_a_row_that_vanishes_lowers_the_day(prepared: Settings) -> None:
    load(prepared, NETWORK, "campaign_daily", 0, [spent("a", 0, "10"), spent("b", 0, "4")], days(1))
    load(prepared, NETWORK, "campaign_daily", 1, [spent("a", 0, "10")], days(1))
    assert spend_by_day(prepared) == {FIRST: Decimal(10)}

    load(prepared, NETWORK, "campaign_daily", 2, [], days(1))
    assert spend_by_day(prepared) == {}
    (day,) = warehouse.ledger(prepared, "facebook_ads")
    assert (day.status, day.spend, day.restated_spend) == ("empty", Decimal(0), Decimal(-14))


def restatements(settings: Settings) -> list[tuple[Any, ...]]:
    columns = ["campaign_id", "date_day", "restatement_number", "old_spend", "new_spend", "delta"]
    rows = warehouse.read(
        settings,
        compose("select {columns} from ops.restatements order by 1, 2, 3", columns=columns),
    )
    return [tuple(row.values()) for row in rows]


def restated_by_day(settings: Settings) -> dict[date, Decimal]:
    rows = warehouse.read(
        settings, "select date_day, sum(delta) as delta from ops.restatements group by date_day"
    )
    return {row["date_day"]: row["delta"] for row in rows if row["delta"]}


def test_18_restatements_keep_old_new_and_delta_and_the_load_that_brought_them(
    prepared: Settings,
) -> None:
    """Promise 18: restated, dropped to zero, vanished, come late; what stays the same is not."""
    tell = [spent("a", 0, "10"), spent("b", 0, "4"), spent("c", 0, "2"), spent("d", 0, "1")]
    first = land(prepared, NETWORK, "campaign_daily", 0, tell, days(2))
    again = [spent("a", 0, "7.5"), spent("b", 0, "0"), spent("d", 0, "1"), spent("e", 0, "3")]
    second = land(prepared, NETWORK, "campaign_daily", 1, [*again, spent("f", 1, "6")], days(3))
    for night in (0, 1, 1):
        stage(prepared, NETWORK, [(first, second)[night]], night)
    third = load(prepared, NETWORK, "campaign_daily", 2, [spent("a", 0, "9")], days(1))

    day, next_day = FIRST, FIRST + timedelta(1)
    assert third.stale == ()
    assert restatements(prepared) == [
        ("a", day, 1, Decimal(10), Decimal("7.5"), Decimal("-2.5")),
        ("a", day, 2, Decimal("7.5"), Decimal(9), Decimal("1.5")),
        ("b", day, 1, Decimal(4), Decimal(0), Decimal(-4)),
        ("c", day, 1, Decimal(2), Decimal(0), Decimal(-2)),
        ("d", day, 1, Decimal(1), Decimal(0), Decimal(-1)),
        ("e", day, 1, Decimal(0), Decimal(3), Decimal(3)),
        ("e", day, 2, Decimal(3), Decimal(0), Decimal(-3)),
        ("f", next_day, 1, Decimal(0), Decimal(6), Decimal(6)),
    ]
    loads = warehouse.read(
        prepared,
        "select distinct old_batch_id, batch_id from ops.restatements "
        "where restatement_number = 1 and campaign_id <> 'd'",
    )
    assert loads == [{"old_batch_id": first.batch_id, "batch_id": second.batch_id}]
    ledger = {
        row.date_day: row.restated_spend for row in warehouse.ledger(prepared, "facebook_ads")
    }
    assert ledger[day] == Decimal(-8)
    assert restated_by_day(prepared) == {day: Decimal(-8), next_day: Decimal(6)}
    assert warehouse.audit(prepared, "restatements_add_up_to_the_ledgers").rows == ()


def test_18_a_restatement_lost_is_found_by_its_audit(prepared: Settings) -> None:
    for night, spend in enumerate(("10", "7")):
        load(prepared, NETWORK, "campaign_daily", night, [spent("a", 0, spend)], days(1))
    with engine_of(prepared).write("test") as session:
        session.run("delete from ops.restatements")
    (wrong,) = warehouse.audit(prepared, "restatements_add_up_to_the_ledgers").rows
    assert (wrong["date_day"], wrong["ledger_restated_spend"]) == (FIRST, Decimal(-3))
    assert wrong["restated_spend"] is None


def test_another_account_is_left_alone(prepared: Settings) -> None:
    other = {"platform": "facebook_ads", "account_id": "act_2"}
    from include import landing
    from include.sources import Account, Request

    batch = landing.write_batch(
        prepared,
        run(0),
        "facebook_ads",
        Account("act_2", "Two", "USD", "America/New_York"),
        Request("campaign_daily", days(1)),
        [spent("a", 0, "1", **other)],
    )
    stage(prepared, NETWORK, [batch], 0)
    load(prepared, NETWORK, "campaign_daily", 1, [], days(1))
    assert spend_by_day(prepared) == {FIRST: Decimal(1)}


def test_16_an_older_extract_never_overwrites_a_newer_one(prepared: Settings) -> None:
    old = land(
        prepared, NETWORK, "campaign_daily", 0, [spent("a", n, "1") for n in (0, 1)], days(2)
    )
    names = land(prepared, NETWORK, "campaigns", 0, [campaign("a", "old")])
    load(prepared, NETWORK, "campaign_daily", 1, [spent("a", 1, "9")], days(1, date(2026, 10, 2)))
    load(prepared, NETWORK, "campaigns", 1, [campaign("a", "new")])

    staged = stage(prepared, NETWORK, [old, names], 2)

    assert set(staged.stale) == {old.batch_id, names.batch_id}
    assert spend_by_day(prepared) == {FIRST: Decimal(1), FIRST + timedelta(1): Decimal(9)}
    assert [row["campaign_name"] for row in rows_of(prepared, "staging.stg_campaigns")] == ["new"]


def test_a_snapshot_replaces_what_the_account_had(prepared: Settings) -> None:
    load(prepared, NETWORK, "campaigns", 0, [campaign("a", "A"), campaign("b", "B")])
    load(prepared, NETWORK, "campaigns", 1, [campaign("a", "A2"), campaign("c", "C")])

    found = rows_of(prepared, "staging.stg_campaigns")
    assert [(row["campaign_id"], row["campaign_name"]) for row in found] == [
        ("a", "A2"),
        ("c", "C"),
    ]
    assert found[0]["last_restated_at"] == run(1).started_at
    assert found[1]["first_loaded_at"] == run(1).started_at


def test_19_20_of_two_changes_the_later_modified_wins_whichever_comes_last(
    prepared: Settings,
) -> None:
    late, early = START - timedelta(hours=1), START - timedelta(hours=2)
    load(prepared, CRM, "members", 0, [member("00v1", late, "Responded")])
    load(prepared, CRM, "members", 1, [member("00v1", early, "Sent"), member("00v2", early)])

    assert [row["member_status"] for row in rows_of(prepared, MEMBERS)] == ["Responded", "Sent"]
    (ledger,) = warehouse.ledger(prepared, "salesforce")
    assert (ledger.scope, ledger.cursor_at, ledger.date_day) == ("all", late, None)

    load(prepared, CRM, "members", 2, [member("00v1", late, "Attended")])
    assert rows_of(prepared, MEMBERS)[0]["member_status"] == "Attended"
    load(prepared, CRM, "members", 3, [])
    (ledger,) = warehouse.ledger(prepared, "salesforce")
    assert (ledger.status, ledger.cursor_at) == ("empty", late)


def test_20_a_clock_ahead_of_ours_does_not_carry_the_cursor_away(prepared: Settings) -> None:
    load(prepared, CRM, "members", 0, [member("00v1", START + timedelta(days=300))])
    (ledger,) = warehouse.ledger(prepared, "salesforce")
    assert ledger.cursor_at == run(0).as_of


def test_19_keys_mark_what_vanished_and_spare_what_came_since(prepared: Settings) -> None:
    since = run(1).as_of + timedelta(minutes=1)
    load(
        prepared,
        CRM,
        "members",
        0,
        [member("00v1", START), member("00v2", START)],
    )
    load(prepared, CRM, "members", 1, [member("00v3", since, created_at=since.isoformat())])
    load(prepared, CRM, "members", 2, [member("00v4", START)])
    load(prepared, CRM, "member_keys", 1, [{"campaign_member_id": "00v1"}])

    marks = [False, True, False, False]
    assert [row["is_deleted"] for row in rows_of(prepared, MEMBERS)] == marks
    older = load(prepared, CRM, "member_keys", 0, [])
    assert older.stale
    assert [row["is_deleted"] for row in rows_of(prepared, MEMBERS)] == marks


def test_keys_are_heeded_after_the_changes_of_the_same_load(prepared: Settings) -> None:
    keys = land(prepared, CRM, "member_keys", 0, [{"campaign_member_id": "00v1"}])
    changes = land(prepared, CRM, "members", 0, [member("00v1", START), member("00v2", START)])
    stage(prepared, CRM, [keys, changes], 0)
    assert [row["is_deleted"] for row in rows_of(prepared, MEMBERS)] == [False, True]


def test_23_rows_set_aside_are_kept_with_their_reason(prepared: Settings) -> None:
    good = [member(f"00v{n}", START) for n in range(199)]
    bad = member("00v_", START, is_deleted="maybe")
    staged = load(prepared, CRM, "members", 0, [*good, bad])

    assert (staged.rows, staged.rejected) == (199, 1)
    (row,) = rows_of(prepared, "ops.rejected_rows")
    assert row["reason"] == "is_deleted is neither true nor false"
    assert (row["row_number"], row["stream"], row["account_id"]) == (199, "members", "00D1")
    assert '"00v_"' in row["record"]
    (ledger,) = warehouse.ledger(prepared, "salesforce")
    assert (ledger.rows_staged, ledger.rows_rejected) == (199, 1)


HOSTILE = [
    "Robert'); drop table staging.stg_campaigns; --",
    'quote " and \\ backslash \\. and\n\\.\nnewline\r\ttab',
    "%s %(name)s :name ? $1 {braces}",
    "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd",
    "emoji 👩‍👩‍👧‍👦 zero\u200bwidth \ufeff",
    "=HYPERLINK(1)",
    "",
    " ",
    "NULL",
    "\\N",
    "x" * 8_192,
]


def test_24_25_hostile_texts_come_back_as_they_were(prepared: Settings) -> None:
    records = [campaign(f"{n:02}", text) for n, text in enumerate(HOSTILE)]
    records += [campaign("\\.", "\0nul"), campaign("\ud800\u0001", "lone \ud800 half")]
    records += [campaign("z", "y" * 9_000)]
    load(prepared, NETWORK, "campaigns", 0, records)
    load(prepared, NETWORK, "campaigns", 1, records)  # the way of a second load is another

    found = {
        row["campaign_id"]: row["campaign_name"]
        for row in rows_of(prepared, "staging.stg_campaigns")
    }
    assert [found[f"{n:02}"] for n in range(len(HOSTILE))] == HOSTILE
    assert found["\\."] == "nul"
    assert found["\ufffd\u0001"] == "lone \ufffd half"
    assert found["z"] == "y" * 8_192


def test_a_batch_that_was_not_validated_is_not_staged(prepared: Settings) -> None:
    batch = land(prepared, NETWORK, "campaigns", 0, [campaign("a", "A")])
    with pytest.raises(Exception, match="has not been validated yet"):
        quality.read_checked(prepared, batch)


@cache
def one_warehouse(new_settings: Any, engine: str) -> Settings:
    """One prepared warehouse an engine, to be emptied between examples."""
    settings = new_settings(engine)
    warehouse.prepare(settings, ())
    return settings


moves = st.lists(
    st.tuples(
        st.integers(0, 4),  # which night's extract
        st.integers(0, 4),  # the window's first day
        st.integers(1, 3),  # its length
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda move: move[0],
)


@pytest.mark.parametrize("engine", ["duckdb", "postgresql"])
@given(moves=moves, data=st.data())
@hypothesis_settings(
    max_examples=8,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_4_i2_windows_in_any_order_and_repeated_equal_each_once_in_order(
    new_settings: Any, engine: str, moves: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(moves + data.draw(st.lists(st.sampled_from(moves)))))
    prints = []
    expected: dict[date, Decimal] = {}
    for night, first, length in sorted(moves):
        for day in range(first, first + length):
            expected[FIRST + timedelta(day)] = Decimal(night + 1)
    settings = one_warehouse(new_settings, engine)
    checked = {
        move: quality.check(
            settings,
            NETWORK,
            land(
                settings,
                NETWORK,
                "campaign_daily",
                move[0],
                [spent("c", day, str(move[0] + 1)) for day in range(move[1], move[1] + move[2])],
                days(move[2], FIRST + timedelta(move[1])),
            ),
        )
        for move in moves
    }
    for order in (sorted(moves), shuffled):
        with engine_of(settings).write() as session:
            for table in (DAILY, "ops.load_ledger"):
                session.execute(compose("delete from {table}", table=table))
        for move in order:
            warehouse.stage(settings, NETWORK, [checked[move]], run(9))
        assert spend_by_day(settings) == expected
        prints.append(warehouse.fingerprint(settings, [DAILY]))
    assert prints[0] == prints[1]


def test_both_engines_hold_the_same(new_settings: Any) -> None:
    prints = []
    for engine in ("duckdb", "postgresql"):
        settings = new_settings(engine)
        warehouse.prepare(settings, (NETWORK, CRM))
        load(settings, NETWORK, "campaign_daily", 0, [spent("é", 0, "1.25")], days(1))
        load(settings, CRM, "members", 0, [member("00v1", datetime(2026, 1, 1, 0, 0, 1, 5, UTC))])
        prints.append(
            warehouse.fingerprint(
                settings,
                [DAILY, MEMBERS, "staging.seed_currency_rates", "staging.stg_platform_tags"],
            )
        )
    assert prints[0] == prints[1]
    assert all(not value.startswith("0:") for value in prints[0].values())
    assert ACCOUNT.currency_code == "EUR"
