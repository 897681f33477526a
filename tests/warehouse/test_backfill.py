"""A backfill, and a run with first and last: exactly their days, and nothing lost meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from include import ingestion, run, warehouse
from include.contracts.staging import STG_CAMPAIGN_DAILY
from include.registry import SOURCES
from include.settings import Settings, load_settings
from include.sources import (
    Account,
    Record,
    Request,
    Source,
    SourceRefused,
    SourceUnavailable,
    Stream,
)
from tests.warehouse.world import ACCOUNT, NETWORK, spend_by_day, spent

BEGAN = datetime(2026, 10, 20, 9, 30, tzinfo=UTC)
FIRST = date(2026, 10, 1)


class Network:
    """An ad network that gives each day ``spend``; it breaks off where ``breaks`` is set."""

    def __init__(self) -> None:
        self.spend = Decimal(10)
        self.breaks = False
        self.asked: list[Request] = []

    def source(self) -> Source:
        return replace(
            NETWORK,
            connect=lambda credentials, settings: self,
            discover=lambda client: [ACCOUNT],
            extract=self.extract,
            streams=(Stream("campaign_daily", STG_CAMPAIGN_DAILY, "daily"),),
            look_back_days=1,
        )

    def extract(self, client: Any, account: Account, request: Request) -> Iterator[Record]:
        self.asked.append(request)
        assert request.window is not None
        for day in request.window.days():
            yield spent("c1", (day - FIRST).days, str(self.spend))
            if self.breaks:
                raise SourceUnavailable("the line is cut")


class AirflowRun:
    """A run as Airflow hands it to a task."""

    def __init__(self, run_type: str, logical_date: datetime, start_date: datetime = BEGAN) -> None:
        self.run_id = f"{run_type}__{logical_date.isoformat()}"
        self.run_type, self.start_date = run_type, start_date
        self.logical_date = self.run_after = self.data_interval_end = logical_date


def load(settings: Settings, network: Network, airflow_run: AirflowRun, **params: Any) -> None:
    """What the tasks of an ingest DAG do."""
    context = {"dag_run": airflow_run, "params": params}
    source, this_run = network.source(), run.run_of(context)
    for plan in ingestion.plan(settings, source, {}, this_run, run.params_of(context)):
        ids = ingestion.land(settings, source, {}, this_run, plan)
        ingestion.stage(settings, source, ingestion.validate(settings, source, ids), this_run)


def test_a_backfill_loads_exactly_its_days_and_takes_nothing_away_before_the_new_is_in(
    prepared: Settings,
) -> None:
    settings = replace(prepared, history_start=FIRST)
    network = Network()
    nightly = AirflowRun("scheduled", datetime(2026, 10, 8, 5, tzinfo=UTC))
    load(settings, network, nightly)
    days = [FIRST + timedelta(n) for n in range(7)]
    assert spend_by_day(settings) == dict.fromkeys(days, Decimal(10))

    # the run of 4 October 05:00 stands for the 3rd, however long ago that was
    network.asked.clear()
    network.spend, network.breaks = Decimal(99), True
    backfill = AirflowRun("backfill", datetime(2026, 10, 4, 5, tzinfo=UTC))
    with pytest.raises(SourceUnavailable):
        load(settings, network, backfill)
    assert spend_by_day(settings) == dict.fromkeys(days, Decimal(10))
    network.breaks = False
    load(settings, network, backfill)
    assert {(each.window.first, each.window.last) for each in network.asked if each.window} == {
        (date(2026, 10, 3), date(2026, 10, 3))
    }
    wanted = dict.fromkeys(days, Decimal(10)) | {date(2026, 10, 3): Decimal(99)}
    assert spend_by_day(settings) == wanted

    # a re-sync with first and last is one run for the same
    network.asked.clear()
    network.spend = Decimal(7)
    by_hand = AirflowRun("manual", BEGAN + timedelta(hours=1), BEGAN + timedelta(hours=1))
    load(settings, network, by_hand, first="2026-10-05", last="2026-10-06", accounts=["act_1"])
    assert [(each.window.first, each.window.last) for each in network.asked if each.window] == [
        (date(2026, 10, 5), date(2026, 10, 6))
    ]
    wanted |= {date(2026, 10, 5): Decimal(7), date(2026, 10, 6): Decimal(7)}
    assert spend_by_day(settings) == wanted


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"first": "2027-01-01"}, "No day from 2027-01-01 can be asked of"),
        (
            {"last": "2025-01-01"},
            "only 2026-10-01 .* to 2026-10-07 .yesterday.; nothing was",
        ),
        ({"first": "2026-10-05", "last": "2026-10-03"}, "2026-10-03. lies before the first"),
        ({"accounts": [17]}, "shows no account 17 to this login; it shows act_1"),
    ],
)
def test_days_and_accounts_that_are_not_there_are_refused_in_a_sentence(
    params: dict, sentence: str, tmp_path: Path
) -> None:
    settings = load_settings({"CLOSED_LOOP_HOME": str(tmp_path)})
    settings = replace(settings, history_start=FIRST)
    warehouse.prepare(settings, SOURCES)
    network = Network()
    nightly = AirflowRun("manual", datetime(2026, 10, 8, 5, tzinfo=UTC))
    with pytest.raises(SourceRefused, match=sentence):
        load(settings, network, nightly, **params)
    assert network.asked == []
    assert warehouse.read(settings, "select * from ops.leases") == []
