"""What may change in the input without changing the answer, and what must change with it.

Forty invented worlds stand in one warehouse (``tests/opinion/invented.py``); each law alters all of
them at once, puts their rows in another order, builds again and compares. Both engines agree on
such worlds in ``tests/opinion``, so one of them is enough here; that strangers change nobody's rows
is seen there, too.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from include import warehouse
from include.registry import SOURCES
from include.settings import Settings
from tests.opinion import invented
from tests.opinion.invented import World
from tests.sql.worlds import AS_OF, Rows, build, fill

FACTS = {
    "fct_people": ("person_id",),
    "fct_touchpoints": ("touchpoint_id",),
    "fct_opportunities": ("opportunity_id",),
    "fct_attribution": ("opportunity_id", "touchpoint_id", "model"),
    "mart_campaign_roi_monthly": ("platform", "account_id", "campaign_id", "cohort_month"),
    "mart_channel_roi_monthly": ("channel", "cohort_month"),
}
SUMS = ("spend_base", "won_revenue_base", "open_pipeline_base")
Built = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


@pytest.fixture(scope="module")
def home(new_settings: Callable[[str], Settings]) -> Settings:
    settings = new_settings("duckdb")
    warehouse.prepare(settings, SOURCES)
    return settings


@pytest.fixture(scope="module")
def pack() -> World:
    """Forty worlds in one currency and in UTC, so that days are days and money is not rounded."""
    worlds = invented.packed(invented.drawn(40, 1, notes_instants=False))
    for rows in worlds.values():
        for row in rows:
            if "currency_code" in row:
                row["currency_code"] = "EUR"
            if "time_zone" in row:
                row["time_zone"] = "UTC"
    return worlds | {
        "stg_settings": [
            {
                "reporting_currency": "EUR",
                "reporting_zone": "UTC",
                "attribution_look_back_days": 730,
            }
        ],
        "load_ledger": [_load(AS_OF)],
    }


def _load(as_of_at: datetime) -> dict[str, Any]:
    return {
        "source": "salesforce",
        "account_id": "00D",
        "stream": "leads",
        "scope": "all",
        "as_of_at": as_of_at,
    }


def _facts(home: Settings, world: World) -> Built:
    """The facts of a world whose rows come in another order than the pack's."""
    fill(
        home, {table: random.Random(table).sample(rows, len(rows)) for table, rows in world.items()}
    )
    build(home, *FACTS)
    return _read(home)


def _read(home: Settings) -> Built:
    return {
        name: {
            tuple(row[column] for column in key): row
            for row in warehouse.read(home, f"select * from build.{name}")  # noqa: S608
        }
        for name, key in FACTS.items()
    }


@pytest.fixture(scope="module")
def facts(home: Settings, pack: World) -> Built:
    """The facts of the pack as it stands; its audits are empty."""
    fill(home, pack)
    build(home)
    for name in warehouse.models.audits():
        assert warehouse.audit(home, name).rows == (), name
    return _read(home)


def _altered(pack: World, table: str, alter: Callable[[dict[str, Any]], dict[str, Any]]) -> Rows:
    return [row | alter(row) for row in pack[table]]


@pytest.mark.timeout(300)
def test_ten_times_the_money_is_ten_times_the_money(
    home: Settings, pack: World, facts: Built
) -> None:
    def tenfold(column: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        return lambda row: {column: None if row[column] is None else row[column] * 10}

    columns = {
        "stg_campaign_daily": "spend",
        "stg_account_daily": "spend",
        "seed_manual_spend": "amount",
        "stg_crm_opportunities": "amount",
    }
    richer = {table: _altered(pack, table, tenfold(column)) for table, column in columns.items()}
    found = _facts(home, pack | richer)
    for name in ("fct_people", "fct_touchpoints"):
        assert found[name] == facts[name], name
    for key, row in facts["fct_attribution"].items():
        other = found["fct_attribution"][key]
        assert other["weight"] == row["weight"]
        for column in ("amount", "amount_base"):
            if row[column] is not None:  # what is left of a cent is a tenth of what it was
                assert abs(other[column] - row[column] * 10) < Decimal("0.10"), key
    for key, row in facts["mart_campaign_roi_monthly"].items():
        other = found["mart_campaign_roi_monthly"][key]
        same = ("leads", "mqls", "opportunities", "customers", "win_rate", "clicks")
        assert [other[column] for column in same] == [row[column] for column in same], key
        if key[0] != "newsletters":  # an invoice is shared out to its days in cents
            assert [other[column] for column in SUMS] == [row[column] * 10 for column in SUMS], key
            assert (other["roi"], other["roas"]) == (row["roi"], row["roas"]), key
    assert _by_channel(found) == {key: value * 10 for key, value in _by_channel(facts).items()}


def _by_channel(facts: Built) -> dict[tuple[Any, ...], Decimal]:
    """Money per channel, all months together."""
    totals: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for (channel, _), row in facts["mart_channel_roi_monthly"].items():
        for column in SUMS:
            totals[channel, column] += row[column]
    return totals


def _totals(facts: Built) -> dict[tuple[Any, ...], Decimal]:
    """Credit per model and basis; what the ROI marts sum up, people aside."""
    totals: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in facts["fct_attribution"].values():
        group = (row["model"], row["basis"])
        totals[*group, "weight"] += row["weight"]
        totals[*group, "amount"] += row["amount_base"] or 0
    for name in ("mart_campaign_roi_monthly", "mart_channel_roi_monthly"):
        for row in facts[name].values():
            for column in (*SUMS, "opportunities", "won_deals", "lost_deals", "customers"):
                totals[name, column] += row[column]
    return totals


@pytest.mark.timeout(300)
def test_19_merging_people_keeps_all_totals(home: Settings, pack: World, facts: Built) -> None:
    def merged(row: dict[str, Any]) -> dict[str, Any]:
        address = row.get("email_hash")
        return {"email_hash": address and address.replace("h3", "h1").replace("h2", "h1")}

    tables = ("stg_crm_leads", "stg_crm_contacts")
    found = _facts(home, pack | {table: _altered(pack, table, merged) for table in tables})
    assert len(found["fct_people"]) < len(facts["fct_people"])
    assert _totals(found) == _totals(facts)


@pytest.mark.timeout(300)
def test_moving_all_instants_by_whole_days_moves_months_and_nothing_else(
    home: Settings, pack: World, facts: Built
) -> None:
    by = timedelta(days=-371)
    follows = ("cohort_month", "alternatives")  # a month, and a text that names days

    def moved(value: Any) -> Any:
        return value + by if isinstance(value, date) else value

    def back(value: Any) -> Any:
        return value - by if isinstance(value, date) else value

    earlier = {
        table: [{column: moved(value) for column, value in row.items()} for row in rows]
        for table, rows in pack.items()
    }
    found = _facts(home, earlier)
    for name in ("fct_people", "fct_touchpoints", "fct_opportunities", "fct_attribution"):
        stayed = {
            key: {column: value for column, value in row.items() if column not in follows}
            for key, row in facts[name].items()
        }
        assert {
            key: {column: back(value) for column, value in row.items() if column not in follows}
            for key, row in found[name].items()
        } == stayed, name
    for row in found["fct_people"].values():
        at = row["first_touch_at"] or row["lead_at"]
        assert row["cohort_month"] == at.astimezone(UTC).date().replace(day=1)
    assert _totals(found) == _totals(facts)
