"""The API versions this product speaks, and until when each is served: the one table of them.

A network that has announced no last day gets the earliest one its own policy or habit allows, and
the entry says so. ``tests/test_versions.py`` fails 60 days before the first of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

WARN_AHEAD = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """A version of a source's API.

    ``sunset``: the first day on which it is no longer served. ``is_announced``: the network itself
    names that day; otherwise ``basis`` says how it was reckoned. ``is_in_use``: the version asked
    for unless the connection names another in ``api_version``.
    """

    source: str
    version: str
    sunset: date
    is_announced: bool
    basis: str
    is_in_use: bool = False


# Meta: https://developers.facebook.com/docs/graph-api/changelog/versions (its Marketing API table:
# v24.0 until 6 October 2026, v25.0 and v26.0 "TBD"); v19.0 to v24.0 lived 11 to 13 months.
# Google: https://developers.google.com/google-ads/api/docs/sunset-dates, and the months projected
# in https://developers.google.com/ads/blog/posts/2025/09/more-frequent-releases-coming-for.
# LinkedIn: https://learn.microsoft.com/linkedin/marketing/versioning (a year at least; the table
# under /integrations/migrations dates sunsets to the middle of the month a year later).
# Salesforce: "API End-of-Life Policy" (three years at least, announced a year before). Its SOAP
# login() ends in Summer '27; the product logs in by OAuth alone and is not touched by that.
VERSIONS: tuple[ApiVersion, ...] = (
    ApiVersion(
        "facebook_ads",
        "v26.0",
        date(2027, 6, 29),
        False,
        "11 months after its release, the shortest life of the six versions before it",
        is_in_use=True,
    ),
    ApiVersion(
        "facebook_ads",
        "v25.0",
        date(2027, 1, 18),
        False,
        "11 months after its release, the shortest life of the six versions before it",
    ),
    ApiVersion("facebook_ads", "v24.0", date(2026, 10, 6), True, "Marketing API version table"),
    ApiVersion("facebook_ads", "v23.0", date(2026, 6, 9), True, "Marketing API version table"),
    ApiVersion(
        "google_ads",
        "v26",
        date(2027, 11, 1),
        False,
        "Google projects November 2027",
        is_in_use=True,
    ),
    ApiVersion("google_ads", "v25", date(2027, 8, 1), False, "Google projects August 2027"),
    ApiVersion("google_ads", "v24", date(2027, 5, 1), False, "Google projects May 2027"),
    ApiVersion("google_ads", "v23", date(2027, 2, 1), False, "Google projects February 2027"),
    ApiVersion(
        "linkedin_ads",
        "202611",
        date(2027, 11, 15),
        False,
        "LinkedIn serves a version for a year at least",
        is_in_use=True,
    ),
    ApiVersion(
        "linkedin_ads",
        "202610",
        date(2027, 10, 15),
        False,
        "LinkedIn serves a version for a year at least",
    ),
    ApiVersion(
        "salesforce",
        "68.0",
        date(2029, 10, 1),
        False,
        "Salesforce supports a version for three years at least",
        is_in_use=True,
    ),
)


def version_in_use(source: str) -> str:
    """The version asked for where the connection names none; KeyError for an unknown source."""
    for each in VERSIONS:
        if each.source == source and each.is_in_use:
            return each.version
    raise KeyError(f"no API version of {source} is in use")


def version_asked_for(source: str, text: str | None) -> str:
    """The version a connection's ``api_version`` means, spelled as its network spells versions.

    The one in use where it names none. ``v`` and ``.0`` are put or left out as the network has
    them; what is no version in any spelling stays as it stands, for the source to refuse.
    KeyError for an unknown source.
    """
    own = version_in_use(source)
    if not text or not text.strip():
        return own
    number = text.strip().lower().removeprefix("v").removesuffix(".0")
    if not number.isdecimal():
        return text.strip()
    return f"{'v' * own.startswith('v')}{number}{'.0' * own.endswith('.0')}"


def sunset_warning(source: str, version: str | None, as_of: datetime) -> str | None:
    """What a person should be told at ``as_of`` (aware, UTC) about the version spoken, if anything.

    ``version``: the connection's ``api_version``; None: the one in use. From 90 days before its
    last day a known version is warned of; one the table does not know always is, for nobody can
    say how long it will be served. A source that declares no version has nothing to be warned of.
    """
    known = [each for each in VERSIONS if each.source == source]
    if not known:
        return None
    spoken = version_asked_for(source, version)
    advice = f"the version of this release is {version_in_use(source)}"
    for each in known:
        if each.version != spoken:
            continue
        left = each.sunset - as_of.date()
        if left > WARN_AHEAD:
            return None
        certainty = "" if each.is_announced else f", reckoned ({each.basis})"
        when = f"ends on {each.sunset}" if left > timedelta(0) else f"ended on {each.sunset}"
        return f"{source}: API version {spoken} {when}{certainty}; {advice}"
    return (
        f"{source}: the connection asks for API version {spoken}, whose last day is not in the "
        f"table of versions; {advice}: remove api_version from the connection to follow it"
    )
