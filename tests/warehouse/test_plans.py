"""What the ledger makes of the next run: cursors, changed settings, and the arrow of time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from include import ingestion, warehouse
from include.settings import Settings
from include.sources import Account, Source, SourceRefused
from tests.sql.worlds import build
from tests.warehouse.world import (
    ACCOUNT,
    CRM,
    NETWORK,
    ORG,
    START,
    days,
    load,
    member,
    run,
    spent,
    total,
)

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


def test_an_account_of_which_nothing_could_be_loaded_is_missing_from_the_first_day(
    prepared: Settings,
) -> None:
    second = Account("act_2", "Two\0", "USD", "Nowhere/At_All", "ACTIVE")
    zoned = replace(second, time_zone="America/New_York")

    def plan(night: int, *accounts: Account, **params: Any) -> None:
        network = replace(NETWORK, connect=lambda *_: None, discover=lambda _: list(accounts))
        ingestion.plan(prepared, network, {}, run(night), params)

    def known() -> list[dict[str, Any]]:
        return warehouse.read(prepared, "select * from ops.known_accounts order by account_id")

    first = {
        "source": NETWORK.name,
        "account_id": ACCOUNT.account_id,
        "account_name": ACCOUNT.account_name,
        "account_status": ACCOUNT.account_status,
        "currency_code": ACCOUNT.currency_code,
        "time_zone": ACCOUNT.time_zone,
        "first_seen_at": run(1).as_of,
    }
    other = first | {
        "account_id": "act_2",
        "account_name": "Two",
        "currency_code": "USD",
        "time_zone": None,
    }
    with pytest.raises(SourceRefused, match="Nowhere/At_All"):
        plan(1, ACCOUNT, second)
    assert known() == [first, other]
    plan(2, ACCOUNT, zoned, accounts=[ACCOUNT.account_id])
    plan(2, ACCOUNT, zoned)
    assert known() == [first, other | {"time_zone": "America/New_York"}]
    plan(2, ACCOUNT)
    assert len(known()) == 2

    load(prepared, NETWORK, "campaign_daily", 2, [spent("c", 0, "1")], days(33))
    load(prepared, NETWORK, "account_daily", 2, [total(0, "1")], days(33))
    load(prepared, NETWORK, "ad_daily", 2, [], days(33))
    build(prepared, "mart_data_health")
    health = warehouse.read(
        prepared,
        "select account_id, status, count(*) as days, min(date_day) as first_day, "
        "max(date_day) as last_day from build.mart_data_health where source = 'facebook_ads' "
        "and (account_id = 'act_2' or status = 'missing') "
        "group by account_id, status order by account_id",
    )
    assert health == [
        {
            "account_id": "act_2",
            "status": "missing",
            "days": 33,
            "first_day": days(33).first,
            "last_day": days(33).last,
        }
    ]
