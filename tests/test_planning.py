"""Ledger and instant decide what is fetched."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from include.contracts.crm_staging import STG_CRM_LEADS, STG_CRM_TASKS
from include.contracts.staging import (
    STG_ACCOUNT_DAILY,
    STG_AD_DAILY,
    STG_CAMPAIGN_DAILY,
    STG_CAMPAIGNS,
    STG_CLICKS,
)
from include.planning import (
    Loaded,
    refuse_unknown_names,
    requests_for,
    streams_to_read,
    yesterday,
)
from include.run import Run, parse_instant
from include.settings import SettingsError, load_settings
from include.sources import Account, Request, Source, Stream, Window


def a_source(**changes) -> Source:
    nothing = dict.fromkeys(("connect", "discover", "extract", "parse"))
    declared = {
        "name": "some_ads",
        "title": "Some Ads",
        "kind": "ads",
        "look_back_days": 3,
        "streams": (Stream("campaign_daily", STG_CAMPAIGN_DAILY, "daily", window_days=10),),
    }
    return Source(**(nothing | declared | changes))


SETTINGS = load_settings({"CLOSED_LOOP_HISTORY_START": "2026-01-01"})
RUN = Run("run", datetime(2026, 1, 21, 5, tzinfo=UTC), datetime(2026, 1, 21, 5, tzinfo=UTC))
BERLIN = Account("1", "One", "EUR", "Europe/Berlin")


def windows(
    loaded=(),
    source=None,
    account=BERLIN,
    run=RUN,
    settings=SETTINGS,
    stream="campaign_daily",
    **asked,
):
    """The windows of one stream; ``loaded`` are the days of campaign_daily that the ledger has."""
    loaded = loaded if isinstance(loaded, dict) else as_of(RUN.as_of, loaded)
    ledger = {"campaign_daily": Loaded(days=loaded)}
    requests = requests_for(source or a_source(), account, ledger, settings, run, **asked)
    return [
        (r.window.first.isoformat(), r.window.last.isoformat())
        for r in requests
        if r.stream == stream
    ]


def as_of(instant: datetime, loaded) -> dict[date, datetime]:
    return dict.fromkeys(loaded, instant)


def days(first: str, last: str) -> list[date]:
    return Window(date.fromisoformat(first), date.fromisoformat(last)).days()


def test_a_first_load_takes_all_of_history_in_windows() -> None:
    assert windows() == [("2026-01-01", "2026-01-10"), ("2026-01-11", "2026-01-20")]


def test_a_nightly_load_takes_only_what_may_be_restated() -> None:
    assert windows(days("2026-01-01", "2026-01-20")) == [("2026-01-18", "2026-01-20")]


def test_18_days_that_were_young_before_an_outage_are_settled_after_it() -> None:
    """Loaded on the 10th: the 7th to the 9th could still change then; ten silent days follow."""
    loaded = as_of(datetime(2026, 1, 10, 5, tzinfo=UTC), days("2026-01-01", "2026-01-09"))
    assert windows(loaded) == [("2026-01-07", "2026-01-16"), ("2026-01-17", "2026-01-20")]


def test_i6_a_gap_is_filled_beside_the_look_back() -> None:
    loaded = days("2026-01-01", "2026-01-04") + days("2026-01-07", "2026-01-20")
    assert windows(loaded) == [("2026-01-05", "2026-01-06"), ("2026-01-18", "2026-01-20")]


def test_days_asked_for_are_loaded_again_and_no_others() -> None:
    loaded = days("2026-01-01", "2026-01-20")
    asked = {"first": date(2026, 1, 2), "last": date(2026, 1, 3)}
    assert windows(loaded, **asked) == [("2026-01-02", "2026-01-03")]


def test_a_source_is_not_asked_for_more_than_it_keeps() -> None:
    assert windows(source=a_source(retention_days=5)) == [("2026-01-15", "2026-01-20")]


def test_a_setting_lengthens_the_look_back() -> None:
    settings = replace(SETTINGS, look_back_days={"some_ads": 7})
    loaded = days("2026-01-01", "2026-01-20")
    assert windows(loaded, settings=settings) == [("2026-01-14", "2026-01-20")]


@pytest.mark.parametrize(
    ("zone", "instant", "last"),
    [
        ("Pacific/Kiritimati", "2026-01-21T09:59:00+00:00", "2026-01-20"),  # 23:59 of the 21st
        ("Pacific/Kiritimati", "2026-01-21T10:00:00+00:00", "2026-01-21"),  # 00:00 of the 22nd
        ("Pacific/Pago_Pago", "2026-01-21T10:59:00+00:00", "2026-01-19"),  # 23:59 of the 20th
        ("Europe/Berlin", "2026-03-28T22:59:00+00:00", "2026-03-27"),  # 23:59 before the change
        ("Europe/Berlin", "2026-03-29T21:59:00+00:00", "2026-03-28"),  # 23:59 of a 23-hour day
        ("Europe/Berlin", "2026-03-29T22:00:00+00:00", "2026-03-29"),
        ("UTC", "2028-02-29T12:00:00+00:00", "2028-02-28"),
    ],
)
def test_28_the_last_whole_day_is_the_accounts_own(zone: str, instant: str, last: str) -> None:
    assert yesterday(
        replace(BERLIN, time_zone=zone), datetime.fromisoformat(instant)
    ) == date.fromisoformat(last)


def test_a_stream_may_have_a_look_back_and_a_retention_of_its_own() -> None:
    daily = replace(a_source().streams[0], look_back_days=1, retention_days=5)
    source = a_source(streams=(daily,), retention_days=9)
    assert windows(source=source) == [("2026-01-15", "2026-01-20")]
    settings = replace(SETTINGS, look_back_days={"some_ads": 7})
    loaded = days("2026-01-01", "2026-01-20")
    assert windows(loaded, source, settings=settings) == [("2026-01-20", "2026-01-20")]


def test_a_stream_that_is_new_loads_its_history_beside_the_others() -> None:
    campaigns = a_source().streams[0]
    clicks = Stream("clicks", STG_CLICKS, "daily", window_days=1, retention_days=4)
    source = a_source(streams=(campaigns, Stream("ad_daily", STG_AD_DAILY, "daily"), clicks))
    loaded = days("2026-01-01", "2026-01-20")
    assert windows(loaded, source) == [("2026-01-18", "2026-01-20")]
    assert windows(loaded, source, stream="ad_daily") == [("2026-01-01", "2026-01-20")]
    assert windows(loaded, source, stream="clicks") == [
        (f"2026-01-{day}", f"2026-01-{day}") for day in range(16, 21)
    ]


def test_a_stream_and_the_one_that_proves_it_are_asked_for_the_same_days() -> None:
    proof = Stream("account_daily", STG_ACCOUNT_DAILY, "daily", 366, controls="campaign_daily")
    source = a_source(streams=(*a_source().streams, proof))
    loaded = days("2026-01-01", "2026-01-20")
    assert windows(loaded, source, stream="account_daily") == [("2026-01-01", "2026-01-20")]
    assert windows(loaded, source) == [("2026-01-01", "2026-01-10"), ("2026-01-11", "2026-01-20")]


CRM = a_source(
    streams=(
        Stream("leads", STG_CRM_LEADS, "changes"),
        Stream("lead_keys", STG_CRM_LEADS, "keys"),
        Stream("campaigns", STG_CAMPAIGNS, "snapshot"),
    )
)
CURSOR = datetime(2026, 1, 20, tzinfo=UTC)


def crm_requests(source=CRM, settings=SETTINGS, **loaded) -> list[Request]:
    return requests_for(source, BERLIN, loaded, settings, RUN)


def test_changes_are_asked_for_since_their_cursor_and_snapshots_whole() -> None:
    assert crm_requests() == [Request("leads"), Request("lead_keys"), Request("campaigns")]
    known = Loaded(cursor=CURSOR, read_as_of=CURSOR, whole_as_of=datetime(2020, 1, 1, tzinfo=UTC))
    assert crm_requests(leads=known)[0] == Request("leads", since=CURSOR)


@pytest.mark.parametrize(("last", "is_due"), [(None, True), (14, True), (15, False), (21, False)])
def test_keys_are_compared_as_often_as_the_stream_wants(last: int | None, is_due: bool) -> None:
    leads, keys, campaigns = CRM.streams
    source = replace(CRM, streams=(leads, replace(keys, every_days=7), campaigns))
    known = (
        {"lead_keys": Loaded(read_as_of=datetime(2026, 1, last, 23, tzinfo=UTC))} if last else {}
    )
    assert (Request("lead_keys") in crm_requests(source, **known)) is is_due


@pytest.mark.parametrize(("last", "is_whole"), [(None, True), (14, True), (15, False)])
def test_every_record_is_read_as_often_as_the_stream_wants(
    last: int | None, is_whole: bool
) -> None:
    source = replace(CRM, streams=(replace(CRM.streams[0], whole_every_days=7),))
    whole = datetime(2026, 1, last, tzinfo=UTC) if last else None
    known = Loaded(cursor=CURSOR, read_as_of=CURSOR, whole_as_of=whole)
    since = None if is_whole else CURSOR
    assert crm_requests(source, leads=known) == [Request("leads", since=since)]


def test_a_stream_that_is_not_read_by_default_is_read_where_it_is_asked_for() -> None:
    tasks = Stream("tasks", STG_CRM_TASKS, "changes", by_default=False)
    source = replace(CRM, streams=(CRM.streams[0], tasks))
    assert crm_requests(source) == [Request("leads")]
    asked = load_settings({"CLOSED_LOOP_EXTRA_STREAMS": "some_ads.tasks, some_ads.leads"})
    assert crm_requests(source, asked) == [Request("leads"), Request("tasks")]
    assert streams_to_read(source, asked) == [CRM.streams[0], tasks]
    refuse_unknown_names(asked, (source,))


@pytest.mark.parametrize("name", ["some_ads.taks", "some_adds.tasks", "tasks"])
def test_a_stream_that_no_source_has_is_refused_with_a_sentence(name: str) -> None:
    tasks = Stream("tasks", STG_CRM_TASKS, "changes", by_default=False)
    settings = load_settings({"CLOSED_LOOP_EXTRA_STREAMS": f"some_ads.leads {name}"})
    with pytest.raises(SettingsError) as caught:
        refuse_unknown_names(settings, (replace(CRM, streams=(*CRM.streams, tasks)),))
    assert str(caught.value) == (
        f"CLOSED_LOOP_EXTRA_STREAMS names {name}, which no source has; it can name some_ads.tasks"
    )


def test_without_a_start_history_begins_two_years_before_the_runs_year() -> None:
    settings = replace(SETTINGS, history_start=None)
    first, _ = windows(settings=settings)[0]
    assert first == "2024-01-01"


def test_a_days_instant_is_that_day_in_nearly_every_zone() -> None:
    noon = parse_instant("2026-01-31")
    assert noon == datetime(2026, 1, 31, 12, tzinfo=UTC)
    for hours in range(-12, 12):
        assert (noon + timedelta(hours=hours)).date() == date(2026, 1, 31)


def test_an_unreadable_instant_is_refused_with_a_sentence() -> None:
    with pytest.raises(SettingsError, match=r"as_of is 'soon'; write a day"):
        parse_instant("soon")


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"CLOSED_LOOP_TIME_ZONE": "Mars/Olympus"}, "no IANA time zone"),
        ({"CLOSED_LOOP_CURRENCY": "euro"}, "ISO 4217"),
        ({"CLOSED_LOOP_HISTORY_START": "last year"}, "YYYY-MM-DD"),
        ({"CLOSED_LOOP_LOOK_BACK_DAYS": "30"}, "must be a JSON object"),
        ({"CLOSED_LOOP_LOOK_BACK_DAYS": '{"google_ads": "long"}'}, "whole number"),
        ({"CLOSED_LOOP_RETRY_FIRST_WAIT": "a while"}, "write a number such as 0.5"),
        ({"CLOSED_LOOP_WAREHOUSE_URL": "mysql://x"}, "must start with duckdb"),
        ({"CLOSED_LOOP_FISCAL_YEAR_START_MONTH": "13"}, "from 1 to 12"),
    ],
)
def test_a_bad_setting_is_named_with_what_to_write(variables, sentence) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        load_settings(variables)
    assert next(iter(variables)) in str(caught.value)


@pytest.mark.parametrize("variable", ["LOOK_BACK_DAYS", "CONCURRENT_REQUESTS"])
def test_a_source_that_does_not_exist_is_refused_with_a_sentence(variable: str) -> None:
    settings = load_settings({f"CLOSED_LOOP_{variable}": '{"google": 9, "some_ads": 9}'})
    with pytest.raises(SettingsError) as caught:
        refuse_unknown_names(settings, (CRM,))
    assert str(caught.value) == (
        f"CLOSED_LOOP_{variable} names google, which is no source; the sources are some_ads"
    )


@pytest.mark.parametrize("fields", ['{"Lead": "x"}', '{"Lead": {"utm_source": 5}}', "[]"])
def test_a_mapping_of_fields_that_maps_nothing_is_refused(fields: str) -> None:
    with pytest.raises(SettingsError, match="CLOSED_LOOP_SALESFORCE_FIELDS must "):
        load_settings({"CLOSED_LOOP_SALESFORCE_FIELDS": fields})


@pytest.mark.parametrize("number", ["0", "-1", "2.5", '"many"'])
def test_no_request_at_all_is_refused(number: str) -> None:
    with pytest.raises(SettingsError, match=r"CLOSED_LOOP_CONCURRENT_REQUESTS holds .*; write"):
        load_settings({"CLOSED_LOOP_CONCURRENT_REQUESTS": f'{{"google_ads": {number}}}'})
