"""Marts are a function of staging: neither order nor engine nor repetition changes them."""

from __future__ import annotations

from collections.abc import Callable

from include import warehouse
from include.contracts.marts import MART_TABLES
from include.registry import SOURCES
from include.settings import Settings
from tests.conftest import ENGINES
from tests.sql.sound_world import WORLD
from tests.sql.worlds import build, fill

MARTS = [f"build.{table.name}" for table in MART_TABLES]
NEED_YEARS = {"build.mart_forecast_accuracy", "build.mart_advice_record"}


def test_every_mart_has_a_contract_and_every_contract_a_mart() -> None:
    models = warehouse.models.models()
    built = {model.name for model in models if not model.name.startswith("int_")}
    assert all(model.name in built for model in models if model.layer == "marts")
    assert built == {table.name for table in MART_TABLES}


def test_i2_order_engine_and_repetition_change_nothing(
    new_settings: Callable[[str], Settings],
) -> None:
    prints = []
    for engine in ENGINES:
        settings = new_settings(engine)
        warehouse.prepare(settings, SOURCES)
        for world in (WORLD, {table: rows[::-1] for table, rows in WORLD.items()}):
            fill(settings, world)
            build(settings)
            prints.append(warehouse.fingerprint(settings, MARTS))
    assert len(prints) == 4
    assert all(each == prints[0] for each in prints)
    empty = {name for name, found in prints[0].items() if found.startswith("0:")}
    assert empty == NEED_YEARS


def test_marts_build_and_the_books_close_on_no_rows_at_all(sql_settings: Settings) -> None:
    fill(sql_settings, {})
    build(sql_settings)
    for name in warehouse.models.audits():
        assert warehouse.audit(sql_settings, name).rows == (), name


def test_an_unrelated_person_changes_nobody_else(sql_settings: Settings) -> None:
    def rows() -> list[dict[str, object]]:
        query = "select * from build.fct_people where person_id <> 'L9' order by person_id"
        return warehouse.read(sql_settings, query)

    fill(sql_settings, WORLD)
    build(sql_settings, "fct_people")
    before = rows()
    stranger = {"lead_id": "L9", "email_hash": "h9", "lead_source": "Email"}
    fill(sql_settings, WORLD | {"stg_crm_leads": [*WORLD["stg_crm_leads"], stranger]})
    build(sql_settings, "fct_people")
    assert len(before) == 5
    assert rows() == before
