"""API versions: each source has one in use, and its end is seen coming."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from include.registry import SOURCES
from include.sources.versions import VERSIONS, sunset_warning, version_asked_for, version_in_use

# GA4's Data API is v1beta: it has had no other since it came, and no end was ever told.
VERSIONED = [source.name for source in SOURCES if source.name != "google_analytics"]


@pytest.mark.parametrize("source", VERSIONED)
def test_every_source_has_one_version_in_use(source: str) -> None:
    assert [v.version for v in VERSIONS if v.source == source and v.is_in_use] == [
        version_in_use(source)
    ]


@pytest.mark.parametrize("source", VERSIONED)
def test_12_the_version_in_use_is_served_for_60_days_to_come(source: str) -> None:
    """Red means: move to a newer version, or correct the table by what the network has said."""
    (in_use,) = [v for v in VERSIONS if v.source == source and v.is_in_use]
    assert in_use.sunset - datetime.now(UTC).date() > timedelta(days=60), in_use


def test_a_version_stands_in_the_table_once() -> None:
    keys = [(v.source, v.version) for v in VERSIONS]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (datetime(2026, 11, 2, tzinfo=UTC), None),
        (
            datetime(2026, 11, 3, tzinfo=UTC),
            "google_ads: API version v23 ends on 2027-02-01, reckoned (Google projects February "
            "2027); the version of this release is v26",
        ),
        (
            datetime(2027, 2, 1, tzinfo=UTC),
            "google_ads: API version v23 ended on 2027-02-01, reckoned (Google projects February "
            "2027); the version of this release is v26",
        ),
    ],
)
def test_12_a_warning_comes_90_days_before(day: datetime, words: str | None) -> None:
    assert sunset_warning("google_ads", "v23", day) == words


@pytest.mark.parametrize(
    ("source", "spelling", "version"),
    [
        *((source, None, version_in_use(source)) for source in VERSIONED),
        *(("facebook_ads", text, "v25.0") for text in ("v25.0", "25.0", "V25", " 25 ")),
        *(("google_ads", text, "v25") for text in ("v25", "25", "v25.0", "V25")),
        *(("linkedin_ads", text, "202610") for text in ("202610", "v202610", "202610 ")),
        *(("salesforce", text, "67.0") for text in ("67.0", "v67.0", "67", "V67")),
        ("salesforce", "latest", "latest"),
        ("salesforce", "67.5", "67.5"),
        ("google_ads", "", "v26"),
    ],
)
def test_a_version_is_understood_with_and_without_its_v(
    source: str, spelling: str | None, version: str
) -> None:
    assert version_asked_for(source, spelling) == version
    if spelling:
        day = datetime(2026, 11, 20, tzinfo=UTC)
        assert sunset_warning(source, spelling, day) == sunset_warning(source, version, day)


def test_a_version_in_good_standing_needs_no_word() -> None:
    assert sunset_warning("salesforce", None, datetime(2026, 11, 20, tzinfo=UTC)) is None


def test_an_announced_end_is_not_called_reckoned() -> None:
    warning = sunset_warning("facebook_ads", "v24.0", datetime(2026, 9, 1, tzinfo=UTC))
    assert warning == (
        "facebook_ads: API version v24.0 ends on 2026-10-06; the version of this release is v26.0"
    )


def test_a_version_nobody_has_dated_is_named() -> None:
    warning = sunset_warning("linkedin_ads", "202604", datetime(2026, 9, 1, tzinfo=UTC))
    assert warning is not None
    assert "202604, whose last day is not in the table" in warning
    assert "remove api_version" in warning


def test_a_source_without_versions_is_left_alone() -> None:
    assert sunset_warning("throwaway", None, datetime(2026, 9, 1, tzinfo=UTC)) is None
