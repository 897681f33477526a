"""Sums are conserved: whatever the lines, every grain of a report adds up to the same."""

import datetime
import random
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from google.ads.googleads.v26.services.types.google_ads_service import (
    SearchGoogleAdsStreamResponse,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.sandbox.dataset import DataSet, World
from include.sandbox.google_accounts import accounts
from include.sandbox.google_reports import report
from tests.sandbox.google_data import CLIENT, FILES, day
from tests.sandbox.running import write_data_set

LINES = st.lists(
    st.builds(
        day,
        st.dates(min_value=datetime.date(2026, 10, 30), max_value=datetime.date(2026, 11, 3)).map(
            str
        ),
        st.integers(-(10**12), 10**15),
        st.sampled_from(["11", "12", "99"]),
        group=st.sampled_from([None, "111", "112"]),
        conversions=st.integers(0, 10**6).map(lambda hundredths: hundredths / 100),
    ),
    max_size=30,
)


def spent(
    folder: Path, lines: Sequence[dict[str, Any]], fields: str, resource: str
) -> dict[str, tuple[int, Decimal]]:
    """Micros and conversions by day, over the rows of a report."""
    world = World(DataSet(write_data_set(folder, {**FILES, "google/daily_metrics": lines})))
    query = (
        f"SELECT {fields}segments.date, metrics.cost_micros, metrics.conversions "  # noqa: S608
        f"FROM {resource} WHERE segments.date BETWEEN '2026-10-31' AND '2026-11-02'"
    )
    found: dict[str, tuple[int, Decimal]] = {}
    for page in report(world, accounts(world)[CLIENT], query, "v26").pages:
        for row in SearchGoogleAdsStreamResponse.pb().FromString(page).results:
            micros, conversions = found.get(row.segments.date, (0, Decimal(0)))
            found[row.segments.date] = (
                micros + row.metrics.cost_micros,
                conversions + Decimal(repr(row.metrics.conversions)),
            )
    return found


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES)
def test_4_campaigns_add_up_to_the_account_in_any_order(
    tmp_path: Path, lines: list[dict[str, Any]]
) -> None:
    within = [line for line in lines if "2026-10-31" <= line["segments"]["date"] <= "2026-11-02"]
    expected: dict[str, tuple[int, Decimal]] = {}
    for line in within:
        micros, conversions = expected.get(line["segments"]["date"], (0, Decimal(0)))
        expected[line["segments"]["date"]] = (
            micros + int(line["metrics"]["costMicros"]),
            conversions + Decimal(str(line["metrics"]["conversions"])),
        )
    shuffled = random.Random(0).sample(lines, len(lines))

    def real(found: dict[str, tuple[int, Decimal]]) -> dict[str, tuple[int, Decimal]]:
        return {date: sums for date, sums in found.items() if any(sums)}

    assert real(spent(tmp_path, lines, "customer.id, ", "customer")) == real(expected)
    assert real(spent(tmp_path, shuffled, "campaign.id, ", "campaign")) == real(expected)
