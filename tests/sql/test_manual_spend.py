"""Spend entered by hand: a bad line is refused with file, line and reason, and nothing is made."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from include import warehouse
from include.registry import SOURCES
from include.settings import Settings, SettingsError, load_settings

HEADER = "platform,campaign_name,channel,currency_code,first_day,last_day,amount,note\n"
GOOD = "events,Hannover,Events,EUR,2026-07-01,2026-09-30,10000.00,\n"

# reason: the line that is refused for it
BAD = {
    "channel is none of": "events,Paris,Fairs,EUR,2026-07-01,2026-09-30,5,",
    "channel is missing": "events,Paris,,EUR,2026-07-01,2026-09-30,5,",
    "last_day is before first_day": "events,Paris,Events,EUR,2026-07-02,2026-07-01,5,",
    "first_day is not a day": "events,Paris,Events,EUR,July,2026-07-01,5,",
    "last_day is missing": "events,Paris,Events,EUR,2026-07-01,,5,",
    "amount is not a number": "events,Paris,Events,EUR,2026-07-01,2026-07-01,1.000.00,",
    "amount is missing": "events,Paris,Events,EUR,2026-07-01,2026-07-01,,",
    "amount is finer than the smallest unit": "events,Paris,Events,JPY,2026-07-01,2026-07-01,1.5,",
    "currency_code is no currency of ISO 4217": (
        "events,Paris,Events,EURO,2026-07-01,2026-07-01,5,"
    ),
    "line 2 has the same platform, campaign_name": (
        "events,Hannover,Events,EUR,2026-07-01,2026-09-30,10000,paid twice?"
    ),
    "an earlier line gives this campaign another channel": (
        "events,Hannover,Partner,EUR,2026-10-01,2026-10-02,5,"
    ),
    "an earlier line gives this campaign another currency": (
        "events,Hannover,Events,USD,2026-10-01,2026-10-02,5,"
    ),
    "the range is longer than 366 days": "events,Paris,Events,EUR,2026-01-01,2027-01-02,5,",
    "platform must be a word in lower case": (
        "Trade Fairs,Paris,Events,EUR,2026-07-01,2026-07-01,5,"
    ),
    "platform is a word the marts keep": "crm,Paris,Events,EUR,2026-07-01,2026-07-01,5,",
    "google_ads is read from its API": (
        "google_ads,Brand,Paid Search,EUR,2026-07-01,2026-07-01,5,"
    ),
    "7 fields where 8 belong": "events,Paris,Events,EUR,2026-07-01,2026-07-01,5",
}


@pytest.fixture
def seeded(new_settings: Callable[[str], Settings], tmp_path: Path) -> Settings:
    """Settings whose seeds are the repository's, in a folder of their own."""
    settings = new_settings("duckdb")
    shutil.copytree(settings.seeds, tmp_path / "seeds")
    return replace(settings, seeds=tmp_path / "seeds")


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_line_is_refused_with_file_line_and_reason(seeded: Settings, reason: str) -> None:
    path = seeded.seeds / "manual_spend.csv"
    path.write_text(HEADER + GOOD + BAD[reason] + "\n")
    with pytest.raises(warehouse.WarehouseError) as refused:
        warehouse.prepare(seeded, SOURCES)
    assert str(refused.value).startswith(f"{path}, line 3: {reason}"), refused.value
    assert not Path(seeded.warehouse_url.removeprefix("duckdb:///")).exists()


def test_a_credit_a_year_and_the_last_decimal_are_taken(seeded: Settings) -> None:
    lines = (
        "events,Hannover,Events,EUR,2026-09-30,2026-09-30,-0.01,a credit\n"
        "agencies,Retainer,Other,KWD,2026-01-01,2027-01-01,366.001,\n"
    )
    (seeded.seeds / "manual_spend.csv").write_text(HEADER + GOOD + lines)
    warehouse.prepare(seeded, SOURCES)
    rows = warehouse.read(
        seeded, "select first_day, amount, note from staging.seed_manual_spend order by amount"
    )
    assert rows == [
        {"first_day": date(2026, 9, 30), "amount": Decimal("-0.01"), "note": "a credit"},
        {"first_day": date(2026, 1, 1), "amount": Decimal("366.001"), "note": None},
        {"first_day": date(2026, 7, 1), "amount": Decimal(10000), "note": None},
    ]


def test_rates_come_from_the_seed_or_the_crm(new_settings: Callable[[str], Settings]) -> None:
    settings = new_settings("duckdb")
    for word in ("crm", "seed"):
        warehouse.prepare(replace(settings, rates=word), SOURCES)
        assert warehouse.read(settings, "select rates from staging.stg_settings") == [
            {"rates": word}
        ]
    assert load_settings({}).rates == "seed"
    assert load_settings({"CLOSED_LOOP_RATES": "crm"}).rates == "crm"
    with pytest.raises(SettingsError, match="CLOSED_LOOP_RATES is 'bank'; write seed or crm"):
        load_settings({"CLOSED_LOOP_RATES": "bank"})
