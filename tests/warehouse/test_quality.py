"""What a batch held against its contract keeps, sets aside and refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from include import quality
from include.contracts import columns as c
from include.contracts.shape import Column, Type
from include.contracts.values import Unfit, fit, fit_one
from include.quality import CheckedBatch, ContractBroken
from include.settings import Settings
from include.sources import Record, Source, Stream
from tests.warehouse.world import CRM, FIRST, NETWORK, START, campaign, days, land, member, spent


@pytest.fixture
def home(new_settings: Any) -> Settings:
    return new_settings("duckdb")


def check_days(home: Settings, *records: Record) -> CheckedBatch:
    batch = land(home, NETWORK, "campaign_daily", 0, records, days(3))
    return quality.check(home, NETWORK, batch)


def refusals(home: Settings, *records: Record) -> dict[date, str]:
    """Which days of three are refused with these rows beside a good one of the first, and why."""
    return dict(check_days(home, spent("good", 0, "1"), *records).refused_days)


def test_good_rows_come_through_typed(home: Settings) -> None:
    checked = check_days(home, spent("a", 0, "1.10", reported_conversions="0.33335"))
    assert (checked.row_count, checked.repeated_count, checked.rejected_count) == (1, 0, 0)
    (row,) = pq.read_table(checked.rows_file).to_pylist()
    assert row["spend"] == Decimal("1.10")
    assert row["date_day"] == FIRST
    assert row["reported_conversions"] == Decimal("0.3334")
    assert quality.read_checked(home, checked.batch) == checked


BAD_ROWS = [
    ({"spend": "N/A"}, "spend is not a number"),
    ({"spend": "NaN"}, "spend is not a number"),
    ({"spend": "Infinity"}, "spend is not a number"),
    ({"spend": "1_000"}, "spend is not a number"),
    ({"spend": True}, "spend is not a number"),
    ({"spend": "123456789012345.5"}, "spend is too large"),
    ({"spend": None}, "spend is missing"),
    ({"clicks": -1}, "clicks is below 0"),
    ({"clicks": "1.5"}, "clicks is not a whole number"),
    ({"clicks": 2**63}, "clicks is too large"),
    ({"currency_code": None}, "currency_code is missing"),
    ({"campaign_id": ""}, "campaign_id is empty"),
    ({"campaign_id": "x" * 256}, "campaign_id is longer than 255 bytes"),
    ({"campaign_id": {"id": 1}}, "campaign_id is not a text"),
    ({"date_day": "1970-01-01"}, "date_day is outside the days asked for"),
    ({"date_day": "2026-10-04"}, "date_day is outside the days asked for"),
    ({"date_day": "20 Oct"}, "date_day is not a day"),
    ({"account_id": "act_2"}, "account_id is not the one asked for"),
    ({"platform": "google_ads"}, "platform is not the one asked for"),
]


@pytest.mark.parametrize(("wrong", "reason"), BAD_ROWS, ids=[reason for _, reason in BAD_ROWS])
def test_23_a_bad_row_of_an_ad_table_refuses_its_day_and_is_kept(
    home: Settings, wrong: dict[str, Any], reason: str
) -> None:
    bad = spent("bad", 1, "1") | wrong
    checked = check_days(home, spent("good", 0, "1"), spent("good", 1, "1"), bad)
    if "date_day" in wrong:
        told = (
            "1 of 3 rows break the contract of stg_campaign_daily (0% may): "
            f"{reason} (1), and the day of those rows is unknown"
        )
        assert checked.refused_days == {FIRST + timedelta(day): told for day in range(3)}
    else:
        told = f"1 of 2 rows break the contract of stg_campaign_daily (0% may): {reason} (1)"
        assert checked.refused_days == {FIRST + timedelta(1): told}
    assert checked.row_count == 2
    (row,) = checked.rejected()
    assert (row["row_number"], row["reason"]) == (2, reason)
    assert json.loads(row["record"]) == bad


def test_rows_are_checked_a_part_at_a_time(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of three: what is wrong is told by its place in the batch, repeats over all parts."""
    monkeypatch.setattr(quality, "_ROWS_AT_ONCE", 3)
    records = [spent(f"c{n}", n % 2, "1") for n in range(10)]
    records[4] |= {"spend": "N/A"}
    records[9] |= {"clicks": -1}
    records.append(spent("c0", 0, "1"))
    records.append(spent("c3", 1, "2"))
    checked = check_days(home, *records)
    assert [(row["row_number"], row["reason"]) for row in checked.rejected()] == [
        (4, "spend is not a number"),
        (9, "clicks is below 0"),
        (3, "another row has the same platform, account_id, campaign_id, date_day"),
        (11, "another row has the same platform, account_id, campaign_id, date_day"),
    ]
    assert (checked.row_count, checked.repeated_count) == (7, 1)
    kept = [row["campaign_id"] for row in pq.read_table(checked.rows_file).to_pylist()]
    assert kept == ["c0", "c1", "c2", "c5", "c6", "c7", "c8"]
    verdict = json.loads(checked.rows_file.with_name("verdict.json").read_text())
    assert {
        (each["columns"], each["unexpected"])
        for each in verdict["expectations"]
        if not each["success"]
    } == {("spend", 1), ("clicks", 1)}
    assert list(checked.refused_days) == [FIRST, FIRST + timedelta(1)]
    assert "3 of 6 rows" in checked.refused_days[FIRST + timedelta(1)]


def test_23_credits_are_no_error(home: Settings) -> None:
    assert check_days(home, spent("a", 0, "-3.5")).row_count == 1


def test_4_identical_repeats_are_counted_and_dropped(home: Settings) -> None:
    a, b = spent("a", 0, "1"), spent("b", 0, "1")
    checked = check_days(home, a, b, a, a)
    assert (checked.row_count, checked.repeated_count) == (2, 2)


ONCE = [spent(f"c{n}", n % 3, str(n + 1)) for n in range(6)]


@given(repeats=st.lists(st.integers(0, len(ONCE) - 1), max_size=6), data=st.data())
@hypothesis_settings(
    max_examples=8,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_4_rows_in_any_order_and_repeated_are_the_same_rows(
    home: Settings, repeats: list[int], data: st.DataObject
) -> None:
    order = data.draw(st.permutations([*range(len(ONCE)), *repeats]))
    checked = check_days(home, *(ONCE[n] for n in order))
    found = sorted(pq.read_table(checked.rows_file).to_pylist(), key=lambda row: row["campaign_id"])
    assert [(row["campaign_id"], row["spend"]) for row in found] == [
        (row["campaign_id"], Decimal(row["spend"])) for row in ONCE
    ]
    assert (checked.repeated_count, checked.refused_days) == (len(repeats), {})


def test_4_one_key_with_two_values_refuses_its_day(home: Settings) -> None:
    assert refusals(home, spent("a", 1, "1"), spent("a", 1, "2"), spent("a", 2, "1")) == {
        FIRST + timedelta(1): "2 of 2 rows break the contract of stg_campaign_daily: another row "
        "has the same platform, account_id, campaign_id, date_day (2)"
    }


def test_of_a_record_that_changed_while_it_was_read_the_latest_state_stays(home: Settings) -> None:
    later = START + timedelta(seconds=1)
    records = [member("1", START), member("1", later, "Responded"), member("1", START)]
    checked = quality.check(home, CRM, land(home, CRM, "members", 0, records))
    assert (checked.row_count, checked.repeated_count, checked.rejected_count) == (1, 2, 0)
    (row,) = pq.read_table(checked.rows_file).to_pylist()
    assert row["member_status"] == "Responded"

    clash = [member("1", START), member("1", START, "Responded")]
    with pytest.raises(ContractBroken, match="another row has the same campaign_member_id"):
        quality.check(home, CRM, land(home, CRM, "members", 0, clash))


@pytest.mark.parametrize(("bad", "is_refused"), [(1, False), (2, True)])
def test_23_the_tolerance_of_a_table_is_kept_to(home: Settings, bad: int, is_refused: bool) -> None:
    records = [member(f"good {n}", START) for n in range(100 - bad)]
    records += [member(f"bad {n}", START, created_at=None) for n in range(bad)]
    batch = land(home, CRM, "members", 0, records)
    if is_refused:
        with pytest.raises(ContractBroken, match=r"2 of 100 rows .* \(1% may\): created_at is mis"):
            quality.check(home, CRM, batch)
    else:
        checked = quality.check(home, CRM, batch)
        assert (checked.row_count, checked.rejected_count) == (99, 1)
        (row,) = checked.rejected()
        assert (row["row_number"], row["reason"]) == (99, "created_at is missing")


def test_21_a_column_the_contract_lacks_is_the_sources_fault(home: Settings) -> None:
    with pytest.raises(ContractBroken, match=r"does not have \(colour\); mend the source"):
        check_days(home, spent("a", 0, "1", colour="red"))


def test_23_rules_over_several_columns_are_kept(home: Settings) -> None:
    table = replace(
        NETWORK.stream("campaign_daily").table,
        row_rules=(("clicks are more than impressions", "clicks <= impressions"),),
    )
    stream = Stream("campaign_daily", table, "daily")
    source: Source = replace(NETWORK, streams=(stream,))
    records = [spent("a", 0, "1", clicks=100), spent("b", 0, "1", clicks=101)]
    batch = land(home, source, "campaign_daily", 0, records, days(1))
    assert quality.check(home, source, batch).refused_days == {
        FIRST: "1 of 2 rows break the contract of stg_campaign_daily (0% may): "
        "clicks are more than impressions (1)"
    }


def test_23_batches_checked_at_once_keep_their_verdicts_apart(home: Settings) -> None:
    of_each = [
        ("campaign_daily", [spent("a", 0, "1"), spent("b", 0, "2", clicks=-1)]),
        ("campaigns", [campaign("a", "x")]),
        ("campaign_daily", []),
        ("campaign_daily", [spent("a", 1, "3", clicks=-1), spent("b", 2, "4")]),
        ("campaign_daily", [spent("a", 2, "5")]),
    ]
    batches = [
        land(home, NETWORK, stream, night, records, days(3) if "daily" in stream else None)
        for night, (stream, records) in enumerate(of_each)
    ]
    checked = quality.check_all(home, NETWORK, batches)
    assert [each.batch for each in checked] == batches
    assert [(each.row_count, each.rejected_count) for each in checked] == [
        (1, 1),
        (1, 0),
        (0, 0),
        (1, 1),
        (1, 0),
    ]
    found = [[(row["row_number"], row["reason"]) for row in each.rejected()] for each in checked]
    assert found == [[(1, "clicks is below 0")], [], [], [(0, "clicks is below 0")], []]
    refused = [sorted(each.refused_days) for each in checked]
    assert refused == [[FIRST], [], [], [FIRST + timedelta(days=1)], []]
    broken = []
    for each in checked:
        verdict = json.loads(each.rows_file.with_name("verdict.json").read_text())
        broken.append(
            [rule["unexpected"] for rule in verdict["expectations"] if rule["unexpected"]]
        )
    assert broken == [[1], [], [], [1], []]


def test_23_great_expectations_gives_the_verdict(home: Settings) -> None:
    checked = check_days(home, spent("a", 0, "1"))
    verdict = json.loads(checked.rows_file.with_name("verdict.json").read_text())
    held = {(each["expectation"], each["columns"]) for each in verdict["expectations"]}
    assert ("expect_column_values_to_not_be_null", "spend") in held
    assert ("expect_column_values_to_be_between", "clicks") in held
    assert len(held) == 10
    assert all(each["success"] for each in verdict["expectations"])


def test_24_mended_texts_are_counted(home: Settings) -> None:
    batch = land(home, NETWORK, "campaigns", 0, [campaign("a", "x\0y"), campaign("b", "fine")])
    checked = quality.check(home, NETWORK, batch)
    verdict = json.loads(checked.rows_file.with_name("verdict.json").read_text())
    assert verdict["texts_repaired"] == {"campaign_name": 1}


def test_checking_again_gives_the_same(home: Settings) -> None:
    batch = land(home, NETWORK, "campaign_daily", 0, [spent("a", 0, "1")], days(1))
    first = quality.check(home, NETWORK, batch)
    content = first.rows_file.read_bytes()
    assert quality.check(home, NETWORK, batch) == first
    assert first.rows_file.read_bytes() == content
    assert sorted(path.name for path in batch.folder.iterdir()) == [
        "checked",
        "manifest.json",
        "records.jsonl.zst",
    ]


@pytest.mark.parametrize(
    ("column", "value", "fitted"),
    [
        (c.spend, "14.35", Decimal("14.350000")),
        (c.spend, 0.1, Decimal("0.100000")),
        (c.spend, Decimal("1.2345675"), Decimal("1.234568")),
        (c.spend, "1e3", Decimal(1000)),
        (c.amount, 12, Decimal("12.00")),
        (c.clicks, "7", 7),
        (c.clicks, 7.0, 7),
        (c.is_won, "True", True),
        (c.campaign_id, 123, "123"),
        (c.date_day, "2028-02-29", date(2028, 2, 29)),
        (
            c.created_at,
            "2026-01-01T01:00:00.000+0100",
            datetime(2026, 1, 1, tzinfo=UTC),
        ),
        (
            c.created_at,
            datetime(2026, 1, 1, 14, tzinfo=timezone(timedelta(hours=14))),
            datetime(2026, 1, 1, tzinfo=UTC),
        ),
    ],
)
def test_28_i8_what_can_be_read_takes_its_columns_type(
    column: Column, value: Any, fitted: Any
) -> None:
    assert fit_one(column, value) == fitted


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (c.created_at, datetime(2026, 1, 1)),  # noqa: DTZ001
        (c.created_at, "2026-01-01T00:00:00"),
        (c.created_at, 1_700_000_000),
        (c.date_day, datetime(2026, 1, 1, tzinfo=UTC)),
        (c.is_won, 1),
        (c.spend, "1,5"),
        (c.spend, "١٢"),
        (c.spend, float("nan")),
        (c.clicks, "1e400"),
    ],
)
def test_23_what_cannot_be_read_is_not_guessed(column: Column, value: Any) -> None:
    with pytest.raises(Unfit, match=rf"^{column.name} "):
        fit_one(column, value)


values = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.integers(),
    st.booleans(),
    st.floats(),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
)


@given(type_=st.sampled_from(list(Type)), column=st.lists(values, max_size=6))
@hypothesis_settings(max_examples=300, derandomize=True)
def test_a_column_fits_as_its_values_do_one_by_one(type_: Type, column: list[Any]) -> None:
    described = Column("x", type_, "anything")
    expected: list[Any] = []
    faults = []
    for position, value in enumerate(column):
        try:
            expected.append(fit_one(described, value))
        except Unfit as unfit:
            expected.append(None)
            faults.append((position, str(unfit)))
    fitted = fit(described, column)
    assert fitted.array.to_pylist() == expected
    assert fitted.faults == faults
