"""What a connection to Google Ads must hold beside the log-in itself."""

from __future__ import annotations

import re

from include.sources import SourceRefused
from include.sources.versions import version_in_use

NAME = "google_ads"
DEFAULT_VERSION = version_in_use(NAME)
ENDPOINT = "googleads.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/adwords"


def digits(text: str) -> str:
    """A customer id of ten digits, written with or without hyphens. Raises SourceRefused."""
    number = text.strip().replace("-", "")
    if number and not re.fullmatch(r"[0-9]{10}", number):
        raise SourceRefused(
            f"{text.strip()!r} in the connection {NAME} is not a customer id of 10 digits"
        )
    return number


def known_version(version: str) -> str:
    """The version, if the installed package has its messages. Raises SourceRefused."""
    from importlib.util import find_spec

    if not version.replace("v", "", 1).isdecimal() or not find_spec(
        f"google.ads.googleads.{version}"
    ):
        raise SourceRefused(
            f"The installed google-ads package has no API version {version!r}; correct api_version "
            f"of the connection {NAME} (default {DEFAULT_VERSION})"
        )
    return version
