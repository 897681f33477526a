"""Nights of a small world that never stands still: restated days, rows that vanish and come late,
names that change, records edited, deleted and read anew. The same seed gives the same nights.
"""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

from include import ingestion, warehouse
from include.settings import Settings
from tests.warehouse.world import (
    ACCOUNT,
    CRM,
    FIRST,
    NETWORK,
    ORG,
    campaign,
    days,
    described,
    land,
    member,
    run,
    spent,
    total,
)

DAYS = 3
"""How many days a night asks for again, besides one that is new."""


def load_night(settings: Settings, seed: int, night: int) -> None:
    """One night's loads of both sources, through the steps the tasks take."""
    dice = random.Random(seed * 1_000 + night)
    for source, account in ((NETWORK, ACCOUNT), (CRM, ORG)):
        warehouse.record_accounts(settings, source.name, [account], run(night))
    stage_night(settings, NETWORK, night, _network(dice, night))
    stage_night(settings, CRM, night, _crm(dice, night))


def stage_night(
    settings: Settings, source: Any, night: int, answers: list[tuple[Any, ...]]
) -> None:
    """Land, check and stage what a source answers: stream, night, records and what goes with it."""
    batches = [land(settings, source, *answer) for answer in answers]
    ids = ingestion.validate(settings, source, [batch.batch_id for batch in batches])
    ingestion.stage(settings, source, ids, run(night))


def _network(dice: random.Random, night: int) -> list[tuple[Any, ...]]:
    first = max(0, night - DAYS)
    window = days(night - first + 1, FIRST + timedelta(first))
    rows = [
        spent(name, day, str(Decimal(dice.randint(0, 3)) / 2), clicks=dice.randint(0, 2))
        for day in range(first, night + 1)
        for name in "abc"
        if dice.random() < 0.7
    ]
    spend = {day: Decimal(0) for day in range(first, night + 1)}
    for row in rows:
        spend[(window.first - FIRST).days + window.days().index(_day(row))] += Decimal(row["spend"])
    names = [campaign(name, f"{name}{dice.randint(0, 1)}") for name in "abc" if dice.random() < 0.8]
    return [
        ("campaigns", night, names),
        ("campaign_daily", night, rows, window),
        ("account_daily", night, [total(day, str(each)) for day, each in spend.items()], window),
    ]


def _day(row: dict[str, Any]) -> Any:
    from datetime import date

    return date.fromisoformat(row["date_day"])


def _crm(dice: random.Random, night: int) -> list[tuple[Any, ...]]:
    is_whole = night % 4 == 0
    edited = [n for n in range(4) if is_whole or dice.random() < 0.4]
    changes = [
        member(f"00v{n}", run(night if dice.random() < 0.5 else 0).as_of - timedelta(hours=n + 1))
        for n in edited
    ]
    listed = [{"campaign_member_id": f"00v{n}"} for n in range(4) if dice.random() < 0.9]
    fields = {"Score__c": "double" if dice.random() < 0.3 else "text"}
    since = None if is_whole else run(night - 1).as_of
    return [
        ("fields", night, described("Lead", Id="id", **fields)),
        ("members", night, changes, None, since),
        ("member_keys", night, listed),
    ]
