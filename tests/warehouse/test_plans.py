"""What the ledger makes of the next run: cursors, changed settings, and the arrow of time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from include import ingestion
from include.settings import Settings
from include.sources import Source, SourceRefused
from tests.warehouse.world import CRM, ORG, START, load, member, run

OPEN_CRM: Source = replace(CRM, connect=lambda *_: None, discover=lambda _: [ORG])


def since(settings: Settings, night: int, **params: Any) -> str | None:
    """The instant from which the members would be read in one night."""
    [plan] = ingestion.plan(settings, OPEN_CRM, {}, run(night), params)
    [members] = [request for request in plan["requests"] if request["stream"] == "members"]
    return members["since"]


def test_changes_are_read_from_the_cursor_on(prepared: Settings) -> None:
    assert since(prepared, 1) is None
    load(prepared, CRM, "members", 1, [member("m1", START)])
    assert since(prepared, 2) == START.isoformat()


def test_other_settings_for_reading_the_crm_read_it_anew(prepared: Settings) -> None:
    load(prepared, CRM, "members", 1, [member("m1", START)])
    assert since(replace(prepared, crm_currency="USD"), 2) is None
    mapped = replace(prepared, salesforce_fields={"Lead": {"lead_source": "Quelle__c"}})
    assert since(mapped, 2) is None
    load(mapped, CRM, "members", 2, [member("m1", START)])
    assert since(mapped, 3) == START.isoformat()
    assert since(prepared, 3) is None


def test_a_person_may_ask_for_everything_anew(prepared: Settings) -> None:
    load(prepared, CRM, "members", 1, [member("m1", START)])
    assert since(prepared, 2, full=True) is None


def test_keys_are_compared_once_a_day_unless_everything_is_read_anew(prepared: Settings) -> None:
    def asked(night: int, **params: Any) -> list[str]:
        [plan] = ingestion.plan(prepared, OPEN_CRM, {}, run(night), params)
        return [request["stream"] for request in plan["requests"]]

    assert asked(1) == ["members", "member_keys", "fields"]
    load(prepared, CRM, "member_keys", 1, [])
    assert asked(1) == ["members", "fields"]
    assert asked(1, full=True) == asked(2) == ["members", "member_keys", "fields"]


def test_the_ledger_knows_when_every_record_was_last_read(prepared: Settings) -> None:
    weekly = replace(CRM.streams[0], whole_every_days=7)
    source = replace(OPEN_CRM, streams=(weekly, *CRM.streams[1:]))
    asked = []
    for night in range(1, 17):
        [plan] = ingestion.plan(prepared, source, {}, run(night), {})
        [members] = [each for each in plan["requests"] if each["stream"] == "members"]
        asked.append(members["since"] is None)
        since = None if members["since"] is None else START
        load(prepared, CRM, "members", night, [member("m1", START)], since=since)
    assert [night for night, whole in enumerate(asked, 1) if whole] == [1, 8, 15]


def test_a_run_for_an_earlier_instant_than_the_staged_one_is_refused(prepared: Settings) -> None:
    load(prepared, CRM, "members", 2, [member("m1", START)])
    with pytest.raises(SourceRefused, match=r"staged as of 2026-11-03 12:00 UTC.*CLOSED_LOOP_HOME"):
        since(prepared, 1)
    assert since(prepared, 2) == START.isoformat()


def test_accounts_the_login_does_not_show_are_named(prepared: Settings) -> None:
    with pytest.raises(SourceRefused, match=r"no account 00D9 .* it shows 00D1"):
        since(prepared, 1, accounts=["00D9"])
