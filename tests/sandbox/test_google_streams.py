"""Every stream of Google Ads, read from the sandbox."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from include.sources import Window
from include.sources.google_ads import GOOGLE_ADS
from tests.sandbox.google_data import CLIENT, MANAGER
from tests.sandbox.google_reading import STREAM_FILES, calls, connect, rows
from tests.sandbox.running import Sandbox


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(STREAM_FILES)


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.reset()


def picked(found: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in found]


def test_every_manager_above_an_account_is_named_with_its_distance(sandbox: Sandbox) -> None:
    found = rows(connect(sandbox), "managers")
    assert sorted(picked(found, "manager_account_id", "manager_account_name", "levels_above")) == [
        ("9000000000", "Holding", 2),
        (MANAGER, "Group", 2),
        ("9000000002", "Agency", 1),
    ]
    assert {row["account_id"] for row in found} == {CLIENT}


def test_ad_groups_and_ads_come_removed_ones_too(sandbox: Sandbox) -> None:
    client = connect(sandbox)
    assert picked(
        rows(client, "ad_groups"), "ad_group_id", "ad_group_status", "ad_group_type", "campaign_id"
    ) == [
        ("111", "ENABLED", "SEARCH_STANDARD", "11"),
        ("112", "REMOVED", "SEARCH_STANDARD", "11"),
    ]
    assert picked(rows(client, "ads"), "ad_id", "ad_name", "ad_status", "ad_group_id") == [
        ("1111", None, "ENABLED", "111"),
        ("1112", "Old", "REMOVED", "111"),
    ]


def test_ads_tell_the_tags_of_the_nearest_level_that_has_any(sandbox: Sandbox) -> None:
    client = connect(sandbox)
    utm = ("utm_source", "utm_medium", "utm_content", "utm_term", "utm_id")
    assert picked(rows(client, "ads"), *utm) == [
        ("google", None, "1111", "autumn", "11"),
        ("own", None, "1112", "{_season}", None),
    ]
    assert picked(rows(client, "campaigns"), "campaign_id", *utm) == [
        ("11", "google", None, None, None, "11"),
        ("12", "google", "cpc", None, None, None),
        ("13", "google", "cpc", None, None, None),
    ]


def test_ad_days_are_those_of_ads_alone(sandbox: Sandbox) -> None:
    found = rows(connect(sandbox), "ad_daily")
    assert picked(found, "ad_id", "date_day", "spend", "reported_conversions") == [
        ("1111", date(2026, 11, 1), Decimal("1.000001"), Decimal("0.1")),
        ("1112", date(2026, 11, 1), Decimal("2.000002"), Decimal("0.1")),
        ("1111", date(2026, 11, 2), Decimal("3.000000"), Decimal("0.7")),
    ]
    assert {(row["campaign_id"], row["ad_group_id"]) for row in found} == {("11", "111")}


def test_conversions_come_by_their_action(sandbox: Sandbox) -> None:
    found = rows(connect(sandbox), "conversion_daily")
    assert picked(
        found,
        "campaign_id",
        "conversion_action_id",
        "conversion_action_name",
        "date_day",
        "reported_conversions",
        "reported_conversions_value",
    ) == [
        ("11", "71", "Demo booked", date(2026, 11, 1), Decimal("1.5"), Decimal("30.25")),
        ("11", "72", "Paper read", date(2026, 11, 1), Decimal("1"), Decimal("0")),
        ("12", "71", "Demo booked", date(2026, 11, 2), Decimal("0.3"), Decimal("6.05")),
    ]


def test_clicks_are_asked_for_a_day_at_a_time(sandbox: Sandbox) -> None:
    window = Window(date(2026, 11, 1), date(2026, 11, 3))
    found = rows(connect(sandbox), "clicks", window)
    assert picked(found, "click_id", "date_day", "campaign_id", "ad_group_id", "keyword") == [
        ("Gclid-0", date(2026, 11, 1), "11", "111", "shoes"),
        ("Gclid-1", date(2026, 11, 1), "11", "111", "shoes"),
        ("Gclid-2", date(2026, 11, 2), "11", "111", "shoes"),
    ]
    assert len(calls(sandbox, "FROM click_view")) == 3
    stream = GOOGLE_ADS.stream("clicks")
    assert (stream.window_days, stream.retention_days) == (1, 88)
    oldest = Window(date(2026, 8, 23), date(2026, 8, 23))  # yesterday less 88 days: not refused
    assert rows(connect(sandbox), "clicks", oldest) == []


def test_usage_counts_requests_and_operations(sandbox: Sandbox) -> None:
    """An operation is a query, whatever its pages."""
    client = connect(sandbox)
    rows(client, "ad_daily")
    used = {measure.name: measure.used for measure in GOOGLE_ADS.usage(client)}
    sent = [call["path"].rsplit("/", 1)[1] for call in sandbox.log()]
    assert used == {"requests": len(sent), "operations": sent.count("Search") + 1}
    assert sent.count("SearchStream") == 1


def test_the_login_tells_version_and_scopes(sandbox: Sandbox) -> None:
    login = GOOGLE_ADS.look_at_login(connect(sandbox))
    assert (login.api_version, login.remarks) == ("v26", ())
    # The sandbox's user has let the one login read ads and Analytics.
    assert login.scopes == (
        "https://www.googleapis.com/auth/adwords",
        "https://www.googleapis.com/auth/analytics.readonly",
    )
