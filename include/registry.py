"""Every source, one line each."""

from __future__ import annotations

from include.sources import Source
from include.sources.facebook_ads import FACEBOOK_ADS
from include.sources.google_ads import GOOGLE_ADS
from include.sources.google_analytics import GOOGLE_ANALYTICS
from include.sources.linkedin_ads import LINKEDIN_ADS
from include.sources.salesforce import SALESFORCE

SOURCES: tuple[Source, ...] = (
    FACEBOOK_ADS,
    GOOGLE_ADS,
    LINKEDIN_ADS,
    SALESFORCE,
    GOOGLE_ANALYTICS,
)


def source_named(name: str) -> Source:
    """The registered source of that name; KeyError if there is none."""
    for source in SOURCES:
        if source.name == name:
            return source
    raise KeyError(f"no source is named {name}")
