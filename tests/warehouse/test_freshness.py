"""The watchdog asks the ledger alone, and is red by its hour whatever became of the runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pytest

from include import warehouse
from include.contracts.ops import LOAD_LEDGER
from include.contracts.values import arrow_schema
from include.freshness import NewsMissing, connected_since, night_due, require_news
from include.holds import Hold
from include.run import Run
from include.settings import Settings
from include.sources import Account
from include.warehouse import holding
from include.warehouse.engine import engine_of
from tests.warehouse.world import ACCOUNT, CRM, NETWORK, ORG

NIGHT = datetime(2026, 11, 21, 5, tzinfo=UTC)
DUE = datetime(2026, 11, 21, 9, tzinfo=UTC)  # 10:00 in Berlin
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
STREAMS = ("campaign_daily", "account_daily", "ad_daily")
PACIFIC = Account("act_2", "Two", "USD", "America/Los_Angeles", "ACTIVE")


def shown(settings: Settings, *accounts: Account, since: datetime = LONG_AGO) -> None:
    warehouse.record_accounts(settings, NETWORK.name, accounts, Run("earlier", since, since))


def noted(settings: Settings, account_id: str, *days: date, streams: tuple = STREAMS) -> None:
    put(
        settings,
        *(ledger_row("facebook_ads", account_id, s, NIGHT, d) for s in streams for d in days),
    )


def ledger_row(
    source: str, account_id: str, stream: str, as_of: datetime, day: date | None = None
) -> dict[str, Any]:
    return {
        "source": source, "account_id": account_id, "stream": stream, "date_day": day,
        "scope": day.isoformat() if day else "all", "status": "loaded", "rows_staged": 1,
        "rows_rejected": 0, "as_of_at": as_of, "loaded_at": as_of, "batch_id": "b",
    }  # fmt: skip


def put(settings: Settings, *rows: Mapping[str, Any]) -> None:
    table = pa.Table.from_pylist(list(rows), schema=arrow_schema(LOAD_LEDGER))
    with engine_of(settings).write("test") as session:
        session.load("ops.load_ledger", LOAD_LEDGER.column_names, table)


def published(settings: Settings, as_of: datetime) -> None:
    if settings.warehouse_url.startswith("duckdb:"):
        with duckdb.connect(str(settings.marts_file)) as connection:  # the file answers to marts
            connection.execute(
                "create table build_info as select ?::timestamptz as as_of_at", [as_of]
            )
    else:
        with psycopg.connect(settings.warehouse_url) as connection:
            connection.execute("create schema marts")
            connection.execute("create table marts.build_info (as_of_at timestamptz)")
            connection.execute("insert into marts.build_info values (%s)", [as_of])


def missing(settings: Settings, now: datetime = DUE, **connected: datetime) -> tuple[str, ...]:
    try:
        require_news(settings, (NETWORK, CRM), now, connected)
    except NewsMissing as error:
        return error.sentences
    return ()


def test_33_i6_a_run_that_was_never_created_is_missed_by_its_hour(prepared: Settings) -> None:
    """Promise 33: nothing ran in the night; until the hour that is no news, then it is red."""
    yesterday = date(2026, 11, 20)
    shown(prepared, ACCOUNT, PACIFIC)
    noted(prepared, ACCOUNT.account_id, yesterday - timedelta(1))
    noted(prepared, PACIFIC.account_id, yesterday - timedelta(2), yesterday - timedelta(1))
    put(prepared, ledger_row("salesforce", ORG.account_id, "members", NIGHT))
    warehouse.record_accounts(prepared, CRM.name, [ORG], Run("earlier", LONG_AGO, LONG_AGO))
    published(prepared, NIGHT)

    assert missing(prepared, DUE - timedelta(seconds=1)) == ()
    # in California the night begins on the evening of the 20th: its 19th is all there is
    (sentence,) = missing(prepared)
    assert sentence.startswith(
        "Facebook Ads: 2026-11-20 of account act_1 is not loaded, due by 10:00 Europe/Berlin"
    )
    assert "trigger it" in sentence

    noted(prepared, ACCOUNT.account_id, yesterday, streams=STREAMS[:-1])
    assert len(missing(prepared)) == 1  # one stream of the day is still missing
    noted(prepared, ACCOUNT.account_id, yesterday, streams=STREAMS[-1:])
    assert missing(prepared) == ()

    # a day later nothing has come: days, objects and marts are missed alike
    pacific, berlin, objects, marts = missing(prepared, DUE + timedelta(1))
    assert "2026-11-20 of account act_2" in pacific
    assert "2026-11-21 of account act_1" in berlin
    assert objects.startswith("Salesforce 00D1: nothing was read in the night of 2026-11-22")
    assert marts.startswith("The marts are as of 2026-11-21 05:00 UTC")
    assert "look at the last run of closed_loop" in marts
    hold = Hold("facebook_ads", "act_1", "jump", yesterday, Decimal(900), Decimal(9))
    holding.note(prepared, Run("night", NIGHT, NIGHT), [hold])
    marts = missing(prepared, DUE + timedelta(1))[-1]
    assert "publishing is held, for 1 figures wait for a decision" in marts


def test_what_is_not_due_or_not_expected_raises_no_alarm(prepared: Settings) -> None:
    assert missing(prepared) == ()  # nothing connected, nothing known
    shown(prepared, ACCOUNT, since=NIGHT + timedelta(minutes=1))
    assert missing(prepared, facebook_ads=DUE) == ()  # its first night is still to come
    early = replace(prepared, fresh_by=time(7))
    assert missing(early, DUE + timedelta(days=1))[-1].startswith("The marts do not exist")

    shown(prepared, replace(ACCOUNT, account_status="CLOSED"), PACIFIC)
    closed = replace(prepared, closed_accounts=frozenset({"facebook_ads/act_2"}))
    assert missing(closed, DUE + timedelta(days=3)) == ()
    assert missing(prepared, DUE + timedelta(days=3)) != ()


def test_33_a_day_that_is_missing_is_missed_though_yesterday_is_there(prepared: Settings) -> None:
    yesterday = date(2026, 11, 20)
    shown(prepared, ACCOUNT, replace(ACCOUNT, account_id="act_3"))
    published(prepared, NIGHT)
    all_days = [yesterday - timedelta(n) for n in range(50)]
    there = [day for day in all_days if not date(2026, 11, 12) <= day <= date(2026, 11, 18)]
    there.remove(date(2026, 11, 5))
    for day in (15, 16, 17, 18):  # the 17th is the first of 35 days
        there.remove(date(2026, 10, day))
    noted(prepared, ACCOUNT.account_id, *there)
    noted(prepared, "act_3", *all_days[:3])  # first seen three days ago: what was before is no news
    put(prepared, ledger_row("facebook_ads", "act_3", "leads", NIGHT, all_days[9]))
    (sentence,) = missing(prepared)
    assert sentence.startswith(
        "Facebook Ads: 2026-10-17 to 2026-10-18, 2026-11-05, 2026-11-12 to 2026-11-18 of account "
        "act_1 is not loaded, due by 10:00 Europe/Berlin"
    )
    late = replace(prepared, history_start=date(2026, 11, 13))
    (sentence,) = missing(late)
    assert ": 2026-11-13 to 2026-11-18 of account act_1 is" in sentence
    assert missing(replace(prepared, closed_accounts=frozenset({"facebook_ads/act_1"}))) == ()

    shown(prepared, replace(ACCOUNT, account_id="act_4"))  # nothing of it was ever loaded
    assert ": 2026-10-17 to 2026-11-20 of account act_4 is" in missing(prepared)[0]
    assert ": 2026-11-13 to 2026-11-20 of account act_4 is" in missing(late)[-1]

    noted(prepared, ACCOUNT.account_id, *(set(all_days) - set(there)), streams=STREAMS[:-1])
    assert len(missing(prepared)) == 2  # one stream of those days is still missing


def test_33_a_connection_that_never_brought_anything_is_missed(prepared: Settings) -> None:
    since = connected_since(prepared, ["salesforce"], NIGHT - timedelta(hours=3))
    assert connected_since(prepared, ["salesforce"], DUE) == since
    (sentence,) = missing(prepared, **since)
    assert sentence.startswith("Salesforce has a connection and was never loaded; look at")
    assert connected_since(prepared, [], DUE) == {}
    assert missing(prepared, **connected_since(prepared, ["salesforce"], DUE)) == ()


def test_33_a_warehouse_that_is_gone_is_missed(warehouse_settings: Settings) -> None:
    assert missing(warehouse_settings) == ()
    (sentence,) = missing(warehouse_settings, salesforce=LONG_AGO)
    assert sentence.startswith("Nothing can be read of what was loaded")


@pytest.mark.parametrize(
    ("zone", "now", "night"),
    [
        ("Europe/Berlin", "2026-11-21T08:59:59Z", "2026-11-20T05:00:00Z"),
        ("Europe/Berlin", "2026-11-21T09:00:00Z", "2026-11-21T05:00:00Z"),
        ("Europe/Berlin", "2026-07-01T08:00:00Z", "2026-07-01T05:00:00Z"),
        ("America/New_York", "2026-11-21T14:59:00Z", "2026-11-20T05:00:00Z"),
        ("America/New_York", "2026-11-21T15:00:00Z", "2026-11-21T05:00:00Z"),
        # in Tokyo ten o'clock comes before the night's beginning: the night before is due
        ("Asia/Tokyo", "2026-11-21T06:00:00Z", "2026-11-20T05:00:00Z"),
        ("Pacific/Kiritimati", "2026-11-21T19:59:00Z", "2026-11-20T05:00:00Z"),
    ],
)
def test_the_night_that_is_due(zone: str, now: str, night: str, new_settings: Any) -> None:
    settings = replace(new_settings("duckdb"), reporting_zone=zone)
    assert night_due(settings, datetime.fromisoformat(now)) == datetime.fromisoformat(night)
