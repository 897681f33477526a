"""An estimate is built in its turn among the models, from what SQL selects, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from include import warehouse
from include.estimates import ESTIMATES
from include.settings import Settings
from include.warehouse import models

LEARNED_FROM = """
select
    model, channel, next_channel, channels,
    cast(won_deals as bigint) as won_deals, cast(lost_deals as bigint) as lost_deals
from (values {rows}) as given (model, channel, next_channel, channels, won_deals, lost_deals)
"""
HAND_WORKED = """
('markov', null, 'Email', null, 1, 1),
('markov', 'Email', 'Direct', null, 1, 1),
('markov', 'Direct', null, null, 1, 1),
('shapley', null, null, 'Email', 1, 1)
"""


@pytest.fixture
def sql_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``sql_folder(**{"estimates/x": text})``: these files are all the SQL there is."""

    def write(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / "sql" / f"{name}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.setattr(models, "SQL_FOLDER", tmp_path / "sql")

    return write


def test_every_estimate_has_a_select_and_every_select_an_estimate() -> None:
    selected = {model.name for model in models.models() if model.layer == "estimates"}
    assert selected == set(ESTIMATES)
    for estimate in ESTIMATES.values():
        is_mart = estimate.table.name.startswith("mart_")
        assert estimate.table.schema == ("marts" if is_mart else "build")


def test_an_estimate_stands_between_the_models_it_reads_and_those_that_read_it(
    warehouse_settings: Settings, sql_folder: Callable[..., None]
) -> None:
    warehouse.prepare(warehouse_settings, ())
    sql_folder(
        **{
            "intermediate/int_after": "select * from build.int_channel_values",
            "intermediate/int_steps": LEARNED_FROM.format(rows=HAND_WORKED),
            "estimates/int_channel_values": "select * from build.int_steps",
        }
    )
    order = [model.name for model in models.models()]
    assert order == ["int_steps", "int_channel_values", "int_after"]
    for _ in range(2):
        assert [warehouse.build(warehouse_settings, name) for name in order] == [4, 3, 3]
    assert warehouse.read(warehouse_settings, "select * from build.int_after order by 1, 2") == [
        {"model": "markov", "channel": "Direct", "value": 1_000_000_000},
        {"model": "markov", "channel": "Email", "value": 1_000_000_000},
        {"model": "shapley", "channel": "Email", "value": 500_000_000},
    ]
    sql_folder(**{"intermediate/int_steps": LEARNED_FROM.format(rows=HAND_WORKED) + "limit 0"})
    assert [warehouse.build(warehouse_settings, name) for name in order] == [0, 0, 0]


def test_what_an_estimate_cannot_use_or_must_not_say_leaves_the_last_one_standing(
    warehouse_settings: Settings, sql_folder: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.prepare(warehouse_settings, ())

    def build(rows: str) -> int:
        sql_folder(**{"estimates/int_channel_values": LEARNED_FROM.format(rows=rows)})
        return warehouse.build(warehouse_settings, "int_channel_values")

    assert build(HAND_WORKED) == 3
    many = ", ".join(f"('shapley', null, null, 'c{number}', 1, 1)" for number in range(21))
    with pytest.raises(warehouse.WarehouseError, match=r"int_channel_values\.sql: 21 channels"):
        build(many)
    estimate = ESTIMATES["int_channel_values"]
    wrong = type(estimate)(
        estimate.table, lambda rows: [{"model": "guess", "channel": "Email", "value": -1}]
    )
    monkeypatch.setitem(ESTIMATES, estimate.table.name, wrong)
    with pytest.raises(warehouse.WarehouseError, match=r"model is none of.*value is below 0"):
        build(HAND_WORKED)
    monkeypatch.delitem(ESTIMATES, estimate.table.name)
    with pytest.raises(warehouse.WarehouseError, match="no function in include/estimates"):
        build(HAND_WORKED)
    (row,) = warehouse.read(
        warehouse_settings, "select count(*) as kept from build.int_channel_values"
    )
    assert row == {"kept": 3}
