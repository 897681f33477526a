"""The rows that estimates are judged on say what the invented company's truth says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.bench import advised, companies, decisions
from tests.bench.companies import CLOCK, END, Company, invented


@pytest.fixture(scope="module")
def tiny() -> Iterator[Company]:
    with invented("tiny", 7) as company:
        yield company


def test_deals_won_in_the_end_are_those_of_the_truth(tiny: Company) -> None:
    told = Counter[str]()
    for line in tiny.lines("truth/won"):
        if line["type_group"] == "new_business":
            told[line["month"]] += line["deals"]
    won = [deal for deal in tiny.deals(END) if deal.outcome == "won"]
    assert Counter(f"{deal.closed_at:%Y-%m}" for deal in won) == told
    assert 0 < sum(deal.is_new_customer for deal in won) <= len(won)
    assert len({deal.company for deal in won}) == sum(deal.is_new_customer for deal in won)


def test_at_the_clock_nothing_is_known_of_what_comes_after(tiny: Company) -> None:
    rows = companies.outcomes(tiny)
    assert {row["kind"] for row in rows} == {"people", "deals"}
    under_way = companies.month_of(CLOCK)
    for row in rows:
        assert row["event_month"] <= under_way
        assert row["close_month"] is None or row["close_month"] <= under_way
        assert (row["close_month"] is None) == (row["outcome"] in (None, "open"))
    known = sum(row["people_or_deals"] for row in rows if row["kind"] == "people")
    assert known == sum(at < CLOCK for _, at in tiny.people) < len(tiny.people)
    later = [row for row in companies.monthly(tiny, rows) if row["month"] > under_way]
    assert later == []


def test_cohorts_count_everybody_once(tiny: Company) -> None:
    rows = companies.outcomes(tiny)
    cohorts = companies.cohorts(rows)
    for kind, column in (("people", "people_or_deals"), ("deals", "customers")):
        told = sum(row[column] for row in rows if row["kind"] == kind)
        assert sum(cohort[column] for cohort in cohorts) == told


def test_what_is_decided_on_has_all_spend_and_every_win_once(tiny: Company) -> None:
    days = [row for row in decisions.budget_days(tiny) if row["row_kind"] == "day"]
    spent = sum(
        euros
        for (_, day), euros in decisions.daily_spend(tiny).items()
        if day < decisions.AS_OF and day >= decisions.AS_OF.replace(year=decisions.AS_OF.year - 3)
    )
    assert float(sum(row["amount"] for row in days)) == pytest.approx(spent)
    rows = advised.advice_rows(tiny)
    wins = decisions.mature_wins(tiny, decisions.mature_before(tiny))
    for row in rows:
        if row["row_kind"] == "credit" and row["level"] == "channel":
            assert row["won_deals"] == sum(deal.channel == row["channel"] for deal in wins)
    costs = [row for row in rows if row["row_kind"] == "cost"]
    by_level = [
        sum(row["mature_spend"] + row["young_spend"] for row in costs if row["level"] == level)
        for level in ("campaign", "channel")
    ]
    assert by_level[0] == pytest.approx(by_level[1])
