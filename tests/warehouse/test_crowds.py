"""Promise 16, two runs of one window at once: several processes stage the same days."""

from __future__ import annotations

from decimal import Decimal
from multiprocessing.synchronize import Barrier

import pytest

from include import landing, quality, warehouse
from include.settings import Settings
from tests import forked
from tests.conftest import IS_FULL, campaign
from tests.warehouse.world import NETWORK, days, land, run, spend_by_day, spent

CROWD = 8
EXTRACTS = 4
"""Of each round: every one is staged by two of the crowd at once."""
PATIENCE = 240
DAYS = days(2)


def _stage_each(settings: Settings, batch_ids: list[str], barrier: Barrier) -> None:
    """Round by round stage a batch while the others of the crowd stage theirs."""
    for batch_id in batch_ids:
        checked = quality.read_checked(settings, landing.read_batch(settings, batch_id))
        barrier.wait(PATIENCE)
        warehouse.stage(settings, NETWORK, [checked], run(999))
        barrier.wait(PATIENCE)


@pytest.mark.campaign
@pytest.mark.timeout(7200 if IS_FULL else 600)
def test_16_of_eight_that_stage_one_window_at_once_the_latest_extract_stands(
    prepared: Settings,
) -> None:
    """Round after round one result, no row twice, no deadlock."""
    rounds = [range(turn * EXTRACTS, (turn + 1) * EXTRACTS) for turn in range(campaign(50))]
    batches: dict[int, str] = {}
    for night in (night for each in rounds for night in each):
        records = [spent(f"of {night}", 0, "1"), spent("a", 1, f"{night}.5")]
        batch = land(prepared, NETWORK, "campaign_daily", night, records, DAYS)
        quality.check(prepared, NETWORK, batch)
        batches[night] = batch.batch_id
    barrier = forked.CONTEXT.Barrier(CROWD + 1)
    crowd = [
        forked.start(
            _stage_each, prepared, [batches[each[place % EXTRACTS]] for each in rounds], barrier
        )
        for place in range(CROWD)
    ]
    for each in rounds:
        barrier.wait(PATIENCE)  # they begin
        barrier.wait(PATIENCE)  # they are through
        first, last = DAYS.days()
        assert spend_by_day(prepared) == {first: Decimal(1), last: Decimal(f"{each[-1]}.5")}
        ledger = warehouse.ledger(prepared, NETWORK.name)
        assert [row.batch_id for row in ledger] == [batches[each[-1]]] * 2
    for process in crowd:
        process.join(PATIENCE)
    assert [process.exitcode for process in crowd] == [0] * CROWD
    staged = warehouse.read(prepared, "select campaign_id from staging.stg_campaign_daily")
    assert sorted(row["campaign_id"] for row in staged) == ["a", f"of {rounds[-1][-1]}"]
