"""The account-day that fails by itself: left as it was, while everything else is staged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from include import ingestion, quality, refusals, run, warehouse
from include.contracts.staging import STG_CLICKS
from include.landing import Batch
from include.refusals import DaysRefused
from include.run import record_failure
from include.settings import Settings
from include.sources import (
    Account,
    Record,
    Request,
    Source,
    SourceQuotaExhausted,
    SourceRefused,
    Stream,
)
from include.sources.google_analytics import GOOGLE_ANALYTICS
from tests.warehouse.test_stage import rows_of
from tests.warehouse.world import (
    ACCOUNT,
    FIRST,
    NETWORK,
    campaign,
    days,
    land,
    spend_by_day,
    spent,
    total,
)
from tests.warehouse.world import run as night_run

SECOND, THIRD = FIRST + timedelta(1), FIRST + timedelta(2)


def ad(day: int, spend: str, **more: Any) -> Record:
    """What the one ad of the one ad group cost on the day-th day."""
    return spent("a", day, spend, ad_group_id="g", ad_id="x") | more


CLICKED = replace(NETWORK, streams=(*NETWORK.streams, Stream("clicks", STG_CLICKS, "daily")))


def click(click_id: str, day: int, ad_group: str) -> Record:
    """A click of campaign a on the day-th day."""
    return {
        "platform": "facebook_ads",
        "account_id": "act_1",
        "campaign_id": "a",
        "ad_group_id": ad_group,
        "click_id": click_id,
        "date_day": (FIRST + timedelta(day)).isoformat(),
    }


def a_night(
    settings: Settings,
    night: int,
    campaigns: Sequence[Record],
    totals: Sequence[Record],
    ads: Sequence[Record] = (),
    name: str = "Spring",
) -> list[Batch]:
    """What an account answers for three days, and its campaigns as they are called."""
    return [
        land(settings, NETWORK, "campaigns", night, [campaign("a", name)]),
        land(settings, NETWORK, "campaign_daily", night, campaigns, days(3)),
        land(settings, NETWORK, "account_daily", night, totals, days(3)),
        land(settings, NETWORK, "ad_daily", night, ads, days(3)),
    ]


def load(
    settings: Settings, night: int, batches: Sequence[Batch], source: Source = NETWORK
) -> list[str]:
    """Validate and stage as the DAG does; the sentences with which the run then ends red."""
    ids = [batch.batch_id for batch in batches]
    try:
        ingestion.stage(
            settings, source, ingestion.validate(settings, source, ids), night_run(night)
        )
    except DaysRefused as refused:
        return str(refused).split("\n")
    return []


def good_night(settings: Settings, night: int, spend: str = "1", name: str = "Spring") -> None:
    """Three days of the same spend in every stream."""
    three = range(3)
    batches = a_night(
        settings,
        night,
        [spent("a", day, spend) for day in three],
        [total(day, spend) for day in three],
        [ad(day, spend) for day in three],
        name,
    )
    assert load(settings, night, batches) == []


def loaded(settings: Settings) -> dict[tuple[str, str], date]:
    """By stream and scope, for which instant the ledger says it was loaded."""
    ledger = warehouse.ledger(settings, NETWORK.name)
    return {(row.stream, row.scope): row.as_of_at for row in ledger}


def test_23_i1_a_day_with_a_bad_row_stays_as_it_was_in_every_daily_stream(
    prepared: Settings,
) -> None:
    good_night(prepared, 1)
    batches = a_night(
        prepared,
        2,
        [spent("a", day, "2") for day in range(3)],
        [total(day, "2") for day in range(3)],
        [ad(0, "2"), ad(1, "N/A"), ad(2, "2")],
        name="Summer",
    )
    [sentence] = load(prepared, 2, batches)
    assert sentence == (
        "Facebook Ads account act_1, 2026-10-02: left as it was: in ad_daily 1 of 1 rows break "
        "the contract of stg_ad_daily (0% may): spend is not a number (1); the rows are in "
        f"{batches[3].folder}/checked/rejected.jsonl; correct them where they come from, then run "
        "the DAG again for that day"
    )
    for stream in ("campaign_daily", "account_daily", "ad_daily"):
        rows = rows_of(prepared, f"staging.stg_{stream}")
        assert {row["date_day"]: row["spend"] for row in rows} == {FIRST: 2, SECOND: 1, THIRD: 2}
        as_of = [loaded(prepared)[stream, str(day)] for day in (FIRST, SECOND, THIRD)]
        assert as_of == [night_run(night).as_of for night in (2, 1, 2)]
    [now] = rows_of(prepared, "staging.stg_campaigns")
    assert now["campaign_name"] == "Summer"
    [rejected] = rows_of(prepared, "ops.rejected_rows")
    assert (rejected["stream"], rejected["reason"]) == ("ad_daily", "spend is not a number")

    good_night(prepared, 3, "3")
    assert spend_by_day(prepared) == dict.fromkeys((FIRST, SECOND, THIRD), Decimal(3))


def test_a_day_of_clicks_that_contradict_each_other_stays_as_it_was_alone(
    prepared: Settings,
) -> None:
    """A click told twice is one; told in two ways it refuses its day of clicks, and no spend."""
    three = range(3)
    told = ("x", 0, "g"), ("x", 0, "g"), ("y", 1, "g"), ("y", 1, "h"), ("z", 1, "g"), ("x", 2, "g")
    clicks = [click(*each) for each in told]
    batches = [
        land(prepared, CLICKED, "campaign_daily", 1, [spent("a", n, "2") for n in three], days(3)),
        land(prepared, CLICKED, "account_daily", 1, [total(n, "2") for n in three], days(3)),
        land(prepared, CLICKED, "clicks", 1, clicks, days(3)),
    ]
    assert load(prepared, 1, batches, CLICKED) == [
        "Facebook Ads account act_1, 2026-10-02: left as it was in clicks alone: 2 of 3 rows break "
        "the contract of stg_clicks: another row has the same platform, account_id, click_id, "
        f"date_day (2); the rows are in {batches[2].folder}/checked/rejected.jsonl; correct them "
        "where they come from, then run the DAG again for that day"
    ]
    assert spend_by_day(prepared) == dict.fromkeys((FIRST, SECOND, THIRD), Decimal(2))
    staged = rows_of(prepared, "staging.stg_clicks")
    assert [(row["click_id"], row["date_day"]) for row in staged] == [("x", FIRST), ("x", THIRD)]
    assert ("clicks", str(SECOND)) not in loaded(prepared)
    assert quality.read_checked(prepared, batches[2]).repeated_count == 1

    spoiled = [spent("a", 0, "2"), spent("a", 1, "N/A"), spent("a", 2, "2")]
    batches[0] = land(prepared, CLICKED, "campaign_daily", 2, spoiled, days(3))
    [sentence] = load(prepared, 2, batches, CLICKED)
    assert "2026-10-02: left as it was: in campaign_daily 1 of 1 rows" in sentence
    assert "; and left as it was in clicks alone: 2 of 3 rows" in sentence


def test_23_i6_a_day_never_loaded_stays_missing(prepared: Settings) -> None:
    campaigns = [spent("a", 0, "1"), spent("a", 1, "1", clicks=-1), spent("a", 2, "1")]
    totals = [total(day, "1") for day in range(3)]
    assert len(load(prepared, 1, a_night(prepared, 1, campaigns, totals))) == 1
    assert spend_by_day(prepared) == {FIRST: Decimal(1), THIRD: Decimal(1)}
    assert ("campaign_daily", str(SECOND)) not in loaded(prepared)
    assert ("ad_daily", str(SECOND)) not in loaded(prepared)


def test_5_23_i5_a_day_that_does_not_add_up_to_the_accounts_total_stays_as_it_was(
    prepared: Settings,
) -> None:
    good_night(prepared, 1)
    campaigns = [spent("a", 0, "2"), spent("a", 1, "2"), spent("b", 1, "0.5")]
    totals = [total(0, "2.009"), total(1, "2.51"), total(2, "0.01")]
    assert load(prepared, 2, a_night(prepared, 2, campaigns, totals)) == [
        f"Facebook Ads account act_1, {day}: left as it was: the rows of campaign_daily add up "
        f"to {parts} but the account's total is {whole}; figures moved while they were read, or "
        "rows are missing: run the DAG again for that day"
        for day, parts, whole in (
            ("2026-10-02", "2.500000", "2.510000"),
            ("2026-10-03", "0", "0.010000"),
        )
    ]
    assert spend_by_day(prepared) == {FIRST: Decimal(2), SECOND: Decimal(1), THIRD: Decimal(1)}
    assert {row["date_day"] for row in rows_of(prepared, "staging.stg_ad_daily")} == {SECOND, THIRD}


def visited(day: int, source: str | None, sessions: int, key_events: int) -> Record:
    """What GA4 tells of a way that visits came by, or of all of them, on the day-th day."""
    told = {"date": f"{FIRST + timedelta(day):%Y%m%d}"}
    if source is not None:
        names = ("sessionMedium", "sessionCampaignName", "sessionCampaignId", "landingPage")
        told |= dict.fromkeys(names, "(not set)") | {"sessionSource": source}
    return {
        "dimensionValues": told,
        "metricValues": {
            "sessions": str(sessions),
            "engagedSessions": "0",
            "keyEvents": str(key_events),
            "totalUsers": None,
            "newUsers": None,
        },
        "subjectToThresholding": False,
        "dataLossFromOtherRow": False,
        "isSampled": False,
    }


def test_5_i5_estimated_visits_may_differ_by_a_twentieth_of_the_days_total(
    prepared: Settings,
) -> None:
    """19 of 20 sessions lack a twentieth and stop the day; so does one key event of three."""
    parts = [
        visited(0, "a", 60, 3), visited(0, "b", 36, 0),
        visited(1, "a", 19, 0),
        visited(2, "a", 50, 2),
    ]  # fmt: skip
    totals = [visited(0, None, 100, 3), visited(1, None, 20, 0), visited(2, None, 50, 3)]
    batches = [
        land(prepared, GOOGLE_ANALYTICS, stream, 1, records, days(3))
        for stream, records in (("visits_daily", parts), ("totals_daily", totals))
    ]
    assert load(prepared, 1, batches, GOOGLE_ANALYTICS) == [
        f"Google Analytics account act_1, {day}: left as it was: {what} of the rows of "
        f"visits_daily add up to {part} but the account's total is {whole}; figures moved while "
        "they were read, or rows are missing: run the DAG again for that day"
        for day, what, part, whole in (
            ("2026-10-02", "sessions", 19, 20),
            ("2026-10-03", "key events", "2.0000", "3.0000"),
        )
    ]
    staged = rows_of(prepared, "staging.stg_visits_daily")
    assert {(row["date_day"], row["sessions"]) for row in staged} == {(FIRST, 60), (FIRST, 36)}
    window = [FIRST.isoformat(), FIRST.isoformat()]
    requests = [
        {"stream": stream, "window": window, "since": None}
        for stream in ("visits_daily", "totals_daily")
    ]
    plan = {"account": {"account_id": "act_1"}, "requests": requests}
    assert ingestion.reconcile(prepared, GOOGLE_ANALYTICS, [plan]) == 1


def test_23_credits_pass_and_add_up(prepared: Settings) -> None:
    campaigns = [spent("a", 0, "2"), spent("b", 0, "-5.25")]
    assert load(prepared, 1, a_night(prepared, 1, campaigns, [total(0, "-3.25")])) == []
    assert spend_by_day(prepared) == {FIRST: Decimal("-3.25")}


def test_a_row_that_does_not_tell_its_day_refuses_all_days_in_one_sentence(
    prepared: Settings,
) -> None:
    campaigns = [spent("a", 0, "1"), spent("b", 0, "1", date_day="soon")]
    batches = a_night(prepared, 1, campaigns, [total(0, "1")])
    [sentence] = load(prepared, 1, batches)
    assert sentence.startswith(
        "Facebook Ads account act_1, 2026-10-01 to 2026-10-03: left as it was: in "
        "campaign_daily 1 of 2 rows break the contract of stg_campaign_daily (0% may): date_day is "
        "not a day (1), and the day of those rows is unknown; the rows are in "
    )
    assert spend_by_day(prepared) == {}
    assert list(loaded(prepared)) == [("campaigns", "all")]


def test_a_snapshot_that_breaks_its_contract_stops_the_account(prepared: Settings) -> None:
    batches = a_night(prepared, 1, [], [], name="Spring")
    batches[0] = land(prepared, NETWORK, "campaigns", 1, [campaign("", "no id")])
    with pytest.raises(quality.ContractBroken, match=r"campaigns: 1 of 1 rows break the contract"):
        load(prepared, 1, batches)
    assert loaded(prepared) == {}


def test_staging_again_is_red_again_and_changes_nothing(prepared: Settings) -> None:
    campaigns = [spent("a", 0, "1"), spent("a", 1, "1")]
    batches = a_night(prepared, 1, campaigns, [total(0, "1")])
    first = load(prepared, 1, batches)
    tables = ("staging.stg_campaign_daily", "ops.load_ledger", "ops.rejected_rows")
    once = [rows_of(prepared, table) for table in tables]
    assert load(prepared, 1, batches) == first
    assert len(first) == 1
    assert [rows_of(prepared, table) for table in tables] == once


def test_every_sentence_reaches_whoever_started_the_run(
    prepared: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Task:
        dag_id, task_id, run_id = "ingest_facebook_ads", "stage", "manual"

    monkeypatch.setenv("CLOSED_LOOP_HOME", str(prepared.home))
    reasons = {FIRST: ("this",), SECOND: ("that",)}
    refused = refusals.DaysRefused(NETWORK, "act_1", reasons)
    record_failure({"exception": refused, "ti": Task()})
    record_failure({"exception": ValueError("one line\nand more"), "ti": Task()})
    of_one = {"ti": Task(), "account_id": "act_1"}
    record_failure({"exception": SourceQuotaExhausted("used up", 3600.0), **of_one})
    record_failure({"exception": SourceRefused("act_1 is closed"), **of_one})
    record_failure({"exception": None, "ti": Task()})
    assert [each.sentence for each in run.failures(prepared, Task.dag_id)] == [
        "Facebook Ads account act_1, 2026-10-01: this",
        "Facebook Ads account act_1, 2026-10-02: that",
        "one line",
        "account act_1: used up; nothing to do: the next run fetches what is missing",
        "act_1 is closed",
        "its worker was lost; nothing was half-written, and it is tried again while tries last",
    ]


def test_a_stream_that_is_granted_apart_is_refused_alone(prepared: Settings) -> None:
    """Spend is staged though clicks may not be read; whatever else is refused fails the load."""
    answers = {
        "campaigns": [campaign("a", "Spring")],
        "campaign_daily": [spent("a", day, "1") for day in range(3)],
        "account_daily": [total(day, "1") for day in range(3)],
    }
    may_not = ["clicks"]

    def extract(_: Any, account: Account, request: Request) -> Iterator[Record]:
        yield from answers.get(request.stream, [])
        if request.stream in may_not:
            raise SourceRefused(f"no access to {request.stream}; write clicks: no")

    clicks = Stream("clicks", STG_CLICKS, "daily", granted_apart=True)
    source = replace(
        NETWORK,
        connect=lambda *_: None,
        extract=extract,
        streams=(*NETWORK.streams, clicks),
    )
    day_by_day = [
        (stream, [str(FIRST), str(THIRD)]) for stream in ("campaign_daily", "account_daily")
    ]
    day_by_day += [("clicks", [str(FIRST), str(SECOND)]), ("clicks", [str(THIRD)] * 2)]
    plan = {
        "account": {name: getattr(ACCOUNT, name) for name in ACCOUNT.__slots__},
        "requests": [
            {"stream": stream, "window": window, "since": None}
            for stream, window in [("campaigns", None), *day_by_day]
        ],
    }
    refused: list[dict[str, Any]] = []
    ids = ingestion.land(prepared, source, {}, night_run(1), plan, refused)
    told = json.loads(json.dumps(refused))
    with pytest.raises(DaysRefused) as red:
        ingestion.stage(
            prepared, source, ingestion.validate(prepared, source, ids), night_run(1), told
        )
    assert red.value.sentences == (
        "Facebook Ads account act_1, 2026-10-01 to 2026-10-03: left as it was in clicks alone: no "
        "access to clicks; write clicks: no",
    )
    assert spend_by_day(prepared) == dict.fromkeys((FIRST, SECOND, THIRD), Decimal(1))
    assert {stream for stream, _ in loaded(prepared)} == {
        "campaigns",
        "campaign_daily",
        "account_daily",
    }

    may_not[:] = ["campaign_daily"]
    with pytest.raises(SourceRefused, match="no access to campaign_daily"):
        ingestion.land(prepared, source, {}, night_run(2), plan, [])
    may_not[:] = ["clicks"]
    alone = {**plan, "requests": plan["requests"][-1:]}
    with pytest.raises(SourceRefused, match="no access to clicks"):
        ingestion.land(prepared, source, {}, night_run(2), alone, [])
