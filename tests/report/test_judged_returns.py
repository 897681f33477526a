"""What networks returned in the months old enough: which months those are, worked by hand."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from include.report import views

BEGUN = date(2024, 9, 1)


def month(number: int) -> date:
    """The month so many after BEGUN."""
    years, index = divmod(BEGUN.year * 12 + BEGUN.month - 1 + number, 12)
    return date(years, index + 1, 1)


def told(months: int, judged: int | None) -> list[tuple[Any, ...]]:
    """Of books of so many months, each of which spent 2 and won 3, of which the first ``judged``
    are old enough: from, to, spend, won revenue, ROI by network."""
    marts = duckdb.connect()
    marts.execute(
        """
        create schema marts;
        create table marts.mart_channel_roi_monthly (
            cohort_month date, spend_base numeric(20, 6), age_days bigint
        );
        create table marts.mart_cohort_outlook (cohort_month date, is_too_early boolean);
        create table marts.fct_opportunities (
            is_won boolean, type_group text, days_touch_to_created bigint,
            days_created_to_close bigint
        );
        create table marts.mart_returns_by_model_monthly (
            cohort_month date, model text, platform text, account_id text, campaign_id text,
            channel text, currency_code text, customers numeric(20, 4),
            spend numeric(20, 6), spend_base numeric(20, 6),
            won_revenue numeric(18, 2), won_revenue_base numeric(18, 2)
        );
        """
    )
    for number in range(months):
        values = {"month": month(number), "is_too_early": number >= (judged or 0)}
        marts.execute(
            "insert into marts.mart_channel_roi_monthly values ($month, 2, 0)",
            {"month": values["month"]},
        )
        marts.execute(
            "insert into marts.mart_cohort_outlook values ($month, $is_too_early)", values
        )
        marts.execute(
            """
            insert into marts.mart_returns_by_model_monthly values
                ($month, 'first_touch', 'a', '1', '1', 'Paid Social', 'EUR', 1, 2, 2, 3, 3)
            """,
            {"month": values["month"]},
        )
    sql = re.sub(r"(?<!:):(\w+)", r"$\1", views.query("judged_returns"))
    nothing = ("channel", "platform", "account_id", "campaign_id", "currency_code")
    chosen = dict.fromkeys(nothing) | {"model": "first_touch"}
    columns = "from_month, to_month, spend, won_revenue, roi"
    return marts.execute(
        f"select {columns} from ({sql}) where level = 'network'",  # noqa: S608
        chosen,
    ).fetchall()


@pytest.mark.parametrize(
    ("months", "judged", "expected"),
    [
        (24, 16, (date(2025, 1, 1), date(2025, 12, 1), 24, 36)),
        (24, 12, (date(2024, 9, 1), date(2025, 8, 1), 24, 36)),
        (9, 5, (date(2024, 9, 1), date(2025, 1, 1), 10, 15)),
    ],
)
def test_they_are_the_last_twelve_or_as_many_as_there_are(
    months: int, judged: int, expected: tuple[date, date, int, int]
) -> None:
    assert told(months, judged) == [(*expected, Decimal("0.5"))]


def test_while_no_month_is_old_enough_there_is_nothing() -> None:
    assert told(6, None) == []
