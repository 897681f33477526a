"""Spend entered by hand: a bad line is refused with file, line and reason, and nothing is made."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from include import warehouse
from include.registry import SOURCES
from include.settings import Settings, SettingsError, load_settings

HEADER = "platform,campaign_name,channel,currency_code,first_day,last_day,amount,note\n"
GOOD = "events,Hannover,Events,EUR,2026-07-01,2026-09-30,10000.00,\n"

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)

# reason: the line that is refused for it
BAD = {
    "channel is none of": "events,Paris,Fairs,EUR,2026-07-01,2026-09-30,5,",
    "channel is missing": "events,Paris,,EUR,2026-07-01,2026-09-30,5,",
    "last_day is before first_day": "events,Paris,Events,EUR,2026-07-02,2026-07-01,5,",
    "first_day is not a day": "events,Paris,Events,EUR,July,2026-07-01,5,",
    "first_day is not a day written as YYYY-MM-DD": (
        "events,Paris,Events,EUR,20260701,2026-07-01,5,"
    ),
    "last_day is not a day written as YYYY-MM-DD": (
        "events,Paris,Events,EUR,2026-01-01,2026-W01-5,5,"
    ),
    "campaign_name holds a NUL": "events,Par\0is,Events,EUR,2026-07-01,2026-07-01,5,",
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
    "first_day is before 2000-01-01": "events,Paris,Events,EUR,1999-12-31,2000-01-01,5,",
    "last_day is after 2028-11-19, which is 730 days after the as-of day": (
        "events,Paris,Events,EUR,2028-11-01,2028-11-20,5,"
    ),
    "last_day is not a day": "events,Paris,Events,EUR,2026-07,2026-13,5,",
    "campaign_name begins or ends with a blank": (
        "events,Paris\u00a0,Events,EUR,2026-07-01,2026-07-01,5,"
    ),
    "note begins or ends with a blank": "events,Paris,Events,EUR,2026-07-01,2026-07-01,5, stand",
    "an earlier line spells this campaign otherwise": (
        "events,HANNOVER,Events,EUR,2026-10-01,2026-10-02,5,"
    ),
    "is no CSV": 'events,"Paris,Events,EUR,2026-07-01,2026-07-01,5,\n' + GOOD,
    "is not in UTF-8": "events,Nîmes,Events,EUR,2026-07-01,2026-07-01,5,",
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
    code = "latin-1" if reason == "is not in UTF-8" else "utf-8"
    path.write_bytes((HEADER + GOOD + BAD[reason] + "\n").encode(code))
    with pytest.raises(warehouse.WarehouseError) as refused:
        warehouse.prepare(seeded, SOURCES, AS_OF)
    assert str(refused.value).startswith(f"{path}, line 3: {reason}"), refused.value
    assert not Path(seeded.warehouse_url.removeprefix("duckdb:///")).exists()


@pytest.mark.parametrize(
    "name",
    [
        "Caf\u00e9 de  Flore",
        "CAFE\u0301 de Flore",
        "Caf\u00e9 de\u00a0Flore",
        "Caf\u00e9\u200b de Flore",
        "\ufeffCaf\u00e9 de Flore",
        "Caf\u00e9 de Flo\u00adre",
        "Caf\u00e9 de Flore\ufe0f",
        "Caf\u00e9 de \uff26lore",
    ],
)
def test_names_that_look_alike_are_one_campaign(seeded: Settings, name: str) -> None:
    path = seeded.seeds / "manual_spend.csv"
    lines = [
        f"events,{each},Events,EUR,2026-07-01,2026-07-01,{amount},"
        for amount, each in enumerate(("Caf\u00e9 de Flore", "Cafe de Flore", name), start=1)
    ]
    path.write_text(HEADER + "\n".join(lines[:2]), encoding="utf-8")
    warehouse.prepare(seeded, SOURCES, AS_OF)
    path.write_text(HEADER + "\n".join(lines), encoding="utf-8")
    with pytest.raises(warehouse.WarehouseError) as refused:
        warehouse.prepare(seeded, SOURCES, AS_OF)
    assert str(refused.value) == f"{path}, line 4: an earlier line spells this campaign otherwise"


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


def test_a_month_is_its_days_from_the_first_to_the_last(seeded: Settings) -> None:
    spans = ("2024-02,2024-02", "2026-07,2026-08-15", "2026-07-15,2026-09", "2027-12,2028-11-19")
    lines = [f"events,Paris,Events,EUR,{span},{n}," for n, span in enumerate(spans)]
    (seeded.seeds / "manual_spend.csv").write_text("\ufeff" + HEADER + "\n".join(lines))
    warehouse.prepare(seeded, SOURCES, AS_OF)
    rows = warehouse.read(
        seeded, "select first_day, last_day from staging.seed_manual_spend order by amount"
    )
    assert [(str(row["first_day"]), str(row["last_day"])) for row in rows] == [
        ("2024-02-01", "2024-02-29"),
        ("2026-07-01", "2026-08-15"),
        ("2026-07-15", "2026-09-30"),
        ("2027-12-01", "2028-11-19"),
    ]


def test_a_note_over_two_lines_keeps_the_count_of_lines(seeded: Settings) -> None:
    path = seeded.seeds / "manual_spend.csv"
    note = 'events,Paris,Events,EUR,2026-07-01,2026-07-01,5,"stand\nand travel"\n'
    path.write_text(HEADER + note + "events,Lyon,Events,EUR,2026-07-01,2026-07-01,much,\n")
    with pytest.raises(warehouse.WarehouseError, match=r"line 4: amount is not a number"):
        warehouse.prepare(seeded, SOURCES)


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
