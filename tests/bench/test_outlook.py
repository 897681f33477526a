"""What counts as added to a night is what would not be built without it."""

from __future__ import annotations

from include.estimates import ESTIMATES
from include.warehouse import models
from tests.bench.outlook import MARTS, audits_of, theirs


def test_what_is_added_is_what_nothing_else_reads() -> None:
    built = models.models()
    added = theirs(built)
    # attribution's data-driven weights are older than these marts; every other estimate is theirs
    assert added >= (ESTIMATES.keys() - {"int_channel_values"}) | MARTS
    readers = {name for model in built for name in model.depends_on if model.name not in added}
    assert readers & added <= MARTS
    assert {"int_people", "fct_people", "mart_utm_audit", "int_channel_values"} & added == set()


def test_audits_of_a_table_are_those_that_read_it() -> None:
    assert "forecasts_add_up_over_channels" in audits_of({"mart_forecast_monthly"})
    assert audits_of({"mart_of_nothing"}) == frozenset()
