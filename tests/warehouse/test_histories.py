"""What snapshots leave behind: the states things went through, the fields that came and went."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from include import landing, warehouse
from include.run import Run
from include.settings import Settings
from include.sources import Account, Record, Request
from include.warehouse.engine import compose, engine_of
from tests.warehouse.test_stage import one_warehouse, rows_of
from tests.warehouse.world import (
    ACCOUNT,
    CRM,
    NETWORK,
    campaign,
    described,
    land,
    load,
    run,
    stage,
)

HISTORY = "staging.stg_campaign_history"
CHANGES = "ops.schema_changes"

State = tuple[str, str | None, int, int | None]
"""Campaign, name, the night it was first seen, the night another was."""


def see(settings: Settings, night: int, *campaigns: Record) -> None:
    """Load what the network shows of its campaigns one night."""
    load(settings, NETWORK, "campaigns", night, campaigns)


def in_order(found: Iterable[State]) -> list[State]:
    return sorted(found, key=lambda state: (state[0], state[2]))


def states(settings: Settings) -> list[State]:
    nights = {run(night).as_of: night for night in range(40)} | {None: None}
    return in_order(
        (
            row["campaign_id"],
            row["campaign_name"],
            nights[row["valid_from_at"]],
            nights[row["valid_to_at"]],
        )
        for row in rows_of(settings, HISTORY)
    )


def test_a_state_that_changes_closes_the_one_before(prepared: Settings) -> None:
    see(prepared, 1, campaign("a", "Spring", "ACTIVE"), campaign("b", "Brand", "ACTIVE"))
    see(prepared, 2, campaign("a", "Summer", "ACTIVE"), campaign("b", "Brand", "ACTIVE"))
    see(prepared, 3, campaign("a", "Summer", "PAUSED"), campaign("b", "Brand", "ACTIVE"))
    assert states(prepared) == [
        ("a", "Spring", 1, 2),
        ("a", "Summer", 2, 3),
        ("a", "Summer", 3, None),
        ("b", "Brand", 1, None),
    ]
    statuses = [row["campaign_status"] for row in rows_of(prepared, HISTORY)]
    assert sorted(statuses) == ["ACTIVE", "ACTIVE", "ACTIVE", "PAUSED"]


def test_what_vanishes_is_closed_and_what_comes_back_begins_anew(prepared: Settings) -> None:
    see(prepared, 1, campaign("a", "Spring"), campaign("b", "Brand"))
    see(prepared, 2, campaign("b", "Brand"))
    see(prepared, 3, campaign("b", "Brand"))
    see(prepared, 4, campaign("a", "Spring"), campaign("b", "Brand"))
    assert states(prepared) == [
        ("a", "Spring", 1, 2),
        ("a", "Spring", 4, None),
        ("b", "Brand", 1, None),
    ]


def test_a_name_that_comes_to_be_or_ends_is_a_change(prepared: Settings) -> None:
    for night, name in enumerate((None, "Spring", None), 1):
        see(prepared, night, campaign("a", name))
    assert states(prepared) == [("a", None, 1, 2), ("a", "Spring", 2, 3), ("a", None, 3, None)]


def test_repeated_loads_change_nothing_and_stale_ones_do_not_touch(prepared: Settings) -> None:
    early = land(prepared, NETWORK, "campaigns", 1, [campaign("a", "Spring")])
    late = land(prepared, NETWORK, "campaigns", 2, [campaign("a", "Summer")])
    stage(prepared, NETWORK, [early], 1)
    stage(prepared, NETWORK, [late], 2)
    once = rows_of(prepared, HISTORY)
    for batch in (late, early, late):
        stage(prepared, NETWORK, [batch], 3)
    see(prepared, 3, campaign("a", "Summer"))
    assert rows_of(prepared, HISTORY) == once
    assert states(prepared) == [("a", "Spring", 1, 2), ("a", "Summer", 2, None)]
    assert [row["batch_id"] for row in once] == [late.batch_id, late.batch_id]


@pytest.mark.parametrize(
    ("again", "left"),
    [
        ("Summer", [("a", "Spring", 1, 2), ("a", "Summer", 2, None)]),
        ("Spring", [("a", "Spring", 1, None)]),
        ("Winter", [("a", "Spring", 1, 2), ("a", "Winter", 2, None)]),
        (None, [("a", "Spring", 1, 2)]),
    ],
)
def test_of_two_looks_at_one_instant_the_last_counts(
    prepared: Settings, again: str | None, left: list[State]
) -> None:
    see(prepared, 1, campaign("a", "Spring"))
    see(prepared, 2, campaign("a", "Summer"))
    later = Run("again", run(2).as_of, run(3).started_at)
    seen = [campaign("a", again)] if again else []
    batch = landing.write_batch(prepared, later, NETWORK.name, ACCOUNT, Request("campaigns"), seen)
    stage(prepared, NETWORK, [batch], 3)
    assert states(prepared) == left


def test_another_account_keeps_its_states(prepared: Settings) -> None:
    see(prepared, 1, campaign("a", "Spring"))
    other = Account("act_2", "Two", "USD", "America/New_York")
    theirs = campaign("a", "Theirs") | {"account_id": "act_2"}
    batch = landing.write_batch(
        prepared, run(2), NETWORK.name, other, Request("campaigns"), [theirs]
    )
    stage(prepared, NETWORK, [batch], 2)
    assert states(prepared) == [("a", "Spring", 1, None), ("a", "Theirs", 2, None)]


def expected(worlds: Iterable[dict[str, str]]) -> list[State]:
    """The states that a slow and plain reading of the nights gives."""
    found: list[State] = []
    open_: dict[str, tuple[str, int]] = {}
    for night, world in enumerate(worlds):
        for key, (name, since) in list(open_.items()):
            if world.get(key) != name:
                found.append((key, name, since, night))
                del open_[key]
        for key, name in world.items():
            open_.setdefault(key, (name, night))
    return in_order(found + [(key, name, since, None) for key, (name, since) in open_.items()])


worlds = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("engine", ["duckdb", "postgresql"])
@given(worlds=worlds)
@hypothesis_settings(
    max_examples=8,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_18_states_are_those_a_plain_reading_of_the_nights_gives(
    new_settings: Any, engine: str, worlds: list[dict[str, str]]
) -> None:
    settings = one_warehouse(new_settings, engine)
    with engine_of(settings).write() as session:
        for table in (HISTORY, "staging.stg_campaigns", "ops.load_ledger"):
            session.execute(compose("delete from {table}", table=table))
    for night, world in enumerate(worlds):
        see(settings, night, *(campaign(key, name) for key, name in world.items()))
    assert states(settings) == expected(worlds)


def changes(settings: Settings) -> list[tuple[Any, ...]]:
    return [
        (row["object_name"], row["field_name"], row["change"], row["old_type"], row["new_type"])
        for row in warehouse.read(
            settings, "select * from ops.schema_changes order by as_of_at, object_name, field_name"
        )
    ]


def test_21_fields_that_came_went_or_changed_their_type_are_recorded(prepared: Settings) -> None:
    load(prepared, CRM, "fields", 1, described("Lead", Id="id", Old__c="string", Size__c="string"))
    assert changes(prepared) == []
    now = described("Lead", Id="id", Size__c="double", New__c="boolean")
    batch = land(prepared, CRM, "fields", 2, now)
    stage(prepared, CRM, [batch], 2)
    found = [
        ("Lead", "New__c", "added", None, "boolean"),
        ("Lead", "Old__c", "removed", "string", None),
        ("Lead", "Size__c", "retyped", "string", "double"),
    ]
    assert changes(prepared) == found
    assert {row["batch_id"] for row in rows_of(prepared, CHANGES)} == {batch.batch_id}
    assert {row["as_of_at"] for row in rows_of(prepared, CHANGES)} == {run(2).as_of}

    stage(prepared, CRM, [batch], 3)
    load(prepared, CRM, "fields", 3, now)
    stage(prepared, CRM, [land(prepared, CRM, "fields", 0, described("Lead", Id="id"))], 3)
    assert changes(prepared) == found


def test_an_object_read_for_the_first_time_is_no_change(prepared: Settings) -> None:
    lead, task = described("Lead", Id="id"), described("Task", Id="id", WhoId="reference")
    load(prepared, CRM, "fields", 1, lead)
    load(prepared, CRM, "fields", 2, lead + task)
    load(prepared, CRM, "fields", 3, lead)
    assert changes(prepared) == []
    assert len(rows_of(prepared, "staging.stg_crm_fields")) == 1
