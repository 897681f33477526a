"""Forecasts, held against series whose future is known and against statsmodels' own smoothing."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import Holt

from include.contracts.outlook_marts import FORECAST_METRICS
from include.estimates.forecast import forecast_accuracy, forecast_monthly
from include.estimates.forecast_history import history_of, known_at, month_after
from include.estimates.forecast_methods import forecasts, smooth

FIRST = date(2022, 11, 1)
MONTHS = 36
AS_OF = date(2025, 11, 1)
SEASON = (10, 10, 12, 12, 12, 12, 6, 6, 16, 16, 12, 8)
Row = dict[str, Any]


def row(kind: str, channel: str | None, month: date, **more: Any) -> Row:
    empty = {
        "kind": kind, "channel": channel, "outcome": None, "cohort_month": None, "month": month,
        "close_month": None, "people_or_deals": 0, "customers": 0, "amount_base": None,
    }  # fmt: skip
    return empty | more


def company(months: int = MONTHS, share: int = 1) -> list[Row]:
    """Two channels with a season, each hundredth of people a deal a month later, closed in two.

    Every other deal is won, for 1,000. Spend is ten a person.
    """
    first = month_after(AS_OF, -months)
    rows = [row("as_of", None, AS_OF)]
    for number in range(months + 1):
        month = month_after(first, number)
        for channel, size in (("Email", 10 // share), ("Display", 30 // share)):
            people = SEASON[month.month - 1] * size
            rows.append(row("people", channel, month, people_or_deals=people, cohort_month=month))
            rows.append(row("spend", channel, month, amount_base=Decimal(10 * people)))
            created, closed = month_after(month, 1), month_after(month, 3)
            if created > AS_OF:
                continue
            for outcome in ("won", "lost"):
                is_over = closed <= AS_OF
                rows.append(
                    row(
                        "deals", channel, created, cohort_month=month,
                        outcome=outcome if is_over else "open",
                        close_month=closed if is_over else None,
                        people_or_deals=people // 20,
                        customers=people // 20 if is_over and outcome == "won" else 0,
                        amount_base=Decimal(1000 * (people // 20)),
                    )
                )  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def told() -> list[Row]:
    return forecast_monthly(company())


def test_what_repeats_itself_is_forecast_as_it_repeats(told: list[Row]) -> None:
    for line in told:
        if line["metric"] == "leads" and line["channel"] == "Display":
            assert float(line["forecast"]) == pytest.approx(
                30 * SEASON[line["month"].month - 1], rel=0.03
            )


def test_there_are_thirteen_months_of_every_metric_and_channel(told: list[Row]) -> None:
    by_metric = {name: list(each) for name, each in groupby(told, key=lambda line: line["metric"])}
    assert tuple(by_metric) == FORECAST_METRICS
    for lines in by_metric.values():
        assert {line["channel"] for line in lines} == {"Email", "Display", "All"}
        months = [line["month"] for line in lines if line["channel"] == "All"]
        assert months == [month_after(AS_OF, ahead) for ahead in range(13)]
        assert len({line["method"] for line in lines}) == 1


def test_channels_add_up_to_all_to_the_cent(told: list[Row]) -> None:
    for metric in FORECAST_METRICS:
        for month in {line["month"] for line in told}:
            of_month = [line for line in told if (line["metric"], line["month"]) == (metric, month)]
            total = next(line["forecast"] for line in of_month if line["channel"] == "All")
            parts = [line["forecast"] for line in of_month if line["channel"] != "All"]
            assert sum(parts) == total
            for line in of_month:
                assert 0 <= line["forecast_low"] <= line["forecast_high"]


def test_open_deals_close_as_those_before_them_did() -> None:
    """All deals close two months after they open, half of them won: what is open tells two months
    of customers, and people known tell a third."""
    history = history_of(company(), AS_OF)
    assert history is not None
    found = forecasts(history, history.months, "customers")["lag_completed"]
    place = history.channels.index("Display")
    for ahead in range(3):
        people = 30 * SEASON[month_after(AS_OF, ahead - 3).month - 1]
        assert found[place, ahead] == pytest.approx(people / 20, rel=0.1)


def test_smoothing_is_the_librarys() -> None:
    series = np.array([[float(v) for v in (12, 14, 11, 15, 18, 17, 21, 20, 25, 22, 27, 26)]])
    level, trend = smooth(series, 0.3, 0.2, 0.85)
    begun = {"initial_level": series[0, :6].mean(), "initial_trend": 0.0}
    model = Holt(series[0], damped_trend=True, initialization_method="known", **begun)
    shares = {"smoothing_level": 0.3, "smoothing_trend": 0.2, "damping_trend": 0.85}
    fitted = model.fit(**shares, optimized=False)
    assert level[0] == pytest.approx(fitted.level[-1])
    assert trend[0] == pytest.approx(fitted.trend[-1])


def test_the_past_is_tried_with_what_was_over_then() -> None:
    """Nothing after the origin changes what is forecast at it."""
    rows = company()
    history = history_of(rows, AS_OF)
    assert history is not None
    origin = 30
    later = month_after(FIRST, origin)
    spoiled = [
        one if one["kind"] == "as_of" or one["month"] < later else one | {"people_or_deals": 999}
        for one in rows
    ]
    other = history_of(spoiled, AS_OF)
    assert other is not None
    for metric in FORECAST_METRICS:
        ours, theirs = (forecasts(each, origin, metric) for each in (history, other))
        assert set(ours) == set(theirs)
        for method, made in ours.items():
            assert np.array_equal(made, theirs[method]), (metric, method)
    assert (known_at(history, origin).deals[:, 1] < origin).all()


def test_accuracy_names_the_method_that_the_forecast_uses(told: list[Row]) -> None:
    lines = forecast_accuracy(company())
    chosen = {line["metric"]: line["method"] for line in lines if line["is_chosen"]}
    assert chosen == {line["metric"]: line["method"] for line in told}
    for line in lines:
        assert 1 <= line["horizon"] <= 13
        assert line["origins"] >= 1
        if line["method"] == "seasonal_naive" and line["metric"] == "leads":
            assert line["wape"] == line["bias"] == 0


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (company(17), "17 months are over; a forecast needs 18"),
        ([row("as_of", None, AS_OF)], "No month is over yet"),
        (
            [row("as_of", None, AS_OF)]
            + [
                row("people", "Email", month_after(AS_OF, -ago), people_or_deals=3)
                for ago in range(1, 31)
            ],
            "90 people came so far; a forecast needs 100",
        ),
    ],
)
def test_a_short_history_is_refused_in_a_sentence(rows: list[Row], reason: str) -> None:
    lines = forecast_monthly(rows)
    assert {line["why_not"] for line in lines} == {reason}
    assert {line["channel"] for line in lines} == {"All"}
    assert {line["forecast"] for line in lines} == {None}
    assert len(lines) == 13 * len(FORECAST_METRICS)
    assert forecast_accuracy(rows) == []


def test_nothing_at_all_gives_nothing() -> None:
    assert forecast_monthly([]) == forecast_accuracy([]) == []


def test_the_order_of_rows_changes_nothing(told: list[Row]) -> None:
    rows = company()
    random.Random(3).shuffle(rows)
    assert forecast_monthly(rows) == told
