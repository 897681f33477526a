"""Our LinkedIn source as tests run it: logged in to a sandbox, with a home of its own."""

import tempfile
from datetime import date
from typing import Any

from include.settings import Settings, load_settings
from include.sources import Account, Request, Window
from include.sources.linkedin_ads import LINKEDIN_ADS
from tests.sandbox.linkedin_data import EURO
from tests.sandbox.running import Sandbox

_HOMES = tempfile.TemporaryDirectory(prefix="linkedin-homes-")
NOVEMBER = Window(date(2026, 11, 1), date(2026, 11, 19))
ANALYTICS = {"api": "linkedin", "path": "adAnalytics"}


def settings(sandbox: Sandbox, **changes: str) -> Settings:
    home = tempfile.mkdtemp(dir=_HOMES.name)
    return load_settings(
        {
            **sandbox.variables,
            "CLOSED_LOOP_HOME": home,
            "CLOSED_LOOP_RETRY_SECONDS": "20",
            **changes,
        }
    )


def connect(sandbox: Sandbox, *, env: dict[str, str] | None = None, **changes: str) -> Any:
    return LINKEDIN_ADS.connect(
        {**sandbox.connection("linkedin_ads"), **changes}, settings(sandbox, **(env or {}))
    )


def account_of(client: Any, number: int) -> Account:
    return {each.account_id: each for each in LINKEDIN_ADS.discover(client)}[str(number)]


def extracted(
    client: Any, account: Account, stream: str, window: Window | None = NOVEMBER
) -> list[dict[str, Any]]:
    """The raw records of a stream; daily ones of a window."""
    asked = window if LINKEDIN_ADS.stream(stream).kind == "daily" else None
    return list(LINKEDIN_ADS.extract(client, account, Request(stream, asked)))


def rows(
    sandbox: Sandbox,
    stream: str,
    number: int = EURO,
    window: Window | None = NOVEMBER,
    **changes: str,
) -> list[dict[str, Any]]:
    client = connect(sandbox, **changes)
    chosen = account_of(client, number)
    records = extracted(client, chosen, stream, window)
    return list(LINKEDIN_ADS.parse(chosen, stream, records))


def calls(sandbox: Sandbox, part: str) -> list[dict[str, Any]]:
    return [call for call in sandbox.log() if part in call["path"]]
