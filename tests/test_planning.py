"""Ledger and instant decide what is fetched."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from include.contracts.staging import STG_CAMPAIGN_DAILY, STG_CAMPAIGNS, STG_CRM_LEADS
from include.planning import requests_for, yesterday
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


def windows(loaded=(), source=None, account=BERLIN, run=RUN, settings=SETTINGS, **asked):
    ledger = {"campaign_daily": loaded if isinstance(loaded, dict) else as_of(RUN.as_of, loaded)}
    requests = requests_for(source or a_source(), account, ledger, {}, settings, run, **asked)
    return [(r.window.first.isoformat(), r.window.last.isoformat()) for r in requests]


def as_of(instant: datetime, loaded) -> dict[date, datetime]:
    return dict.fromkeys(loaded, instant)


def days(first: str, last: str) -> list[date]:
    return Window(date.fromisoformat(first), date.fromisoformat(last)).days()


def test_a_first_load_takes_all_of_history_in_windows() -> None:
    assert windows() == [("2026-01-01", "2026-01-10"), ("2026-01-11", "2026-01-20")]


def test_a_nightly_load_takes_only_what_may_be_restated() -> None:
    assert windows(days("2026-01-01", "2026-01-20")) == [("2026-01-18", "2026-01-20")]


def test_days_that_were_young_before_an_outage_are_settled_after_it() -> None:
    """Loaded on the 10th: the 7th to the 9th could still change then; ten silent days follow."""
    loaded = as_of(datetime(2026, 1, 10, 5, tzinfo=UTC), days("2026-01-01", "2026-01-09"))
    assert windows(loaded) == [("2026-01-07", "2026-01-16"), ("2026-01-17", "2026-01-20")]


def test_a_gap_is_filled_beside_the_look_back() -> None:
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
def test_the_last_whole_day_is_the_accounts_own(zone: str, instant: str, last: str) -> None:
    assert yesterday(
        replace(BERLIN, time_zone=zone), datetime.fromisoformat(instant)
    ) == date.fromisoformat(last)


def test_changes_are_asked_for_since_their_cursor_and_snapshots_whole() -> None:
    cursor = datetime(2026, 1, 20, tzinfo=UTC)
    source = a_source(
        streams=(
            Stream("leads", STG_CRM_LEADS, "changes"),
            Stream("leads_keys", STG_CRM_LEADS, "keys"),
            Stream("campaigns", STG_CAMPAIGNS, "snapshot"),
        )
    )
    first = requests_for(source, BERLIN, {}, {}, SETTINGS, RUN)
    assert first == [Request("leads"), Request("leads_keys"), Request("campaigns")]
    later = requests_for(source, BERLIN, {}, {"leads": cursor}, SETTINGS, RUN)
    assert later[0] == Request("leads", since=cursor)


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
        ({"CLOSED_LOOP_WAREHOUSE_URL": "mysql://x"}, "must start with duckdb"),
    ],
)
def test_a_bad_setting_is_named_with_what_to_write(variables, sentence) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        load_settings(variables)
    assert next(iter(variables)) in str(caught.value)
