"""The Facebook source at work on a sandbox, for tests."""

import json
from datetime import date
from typing import Any

import requests

from include.sandbox.meta_page import figures
from include.settings import Settings, load_settings
from include.sources import Account, Record, Request, Row, Window
from include.sources.facebook_ads import FACEBOOK_ADS
from include.sources.facebook_ads_graph import Graph
from tests.sandbox.running import Sandbox

NORTH = Account("1", "North", "USD", "America/New_York")
EAST = Account("2", "East", "JPY", "Asia/Tokyo")
NOBODY = Account("3", "Nobody", "EUR", "Europe/Berlin")
MOVED = Account("4", "Moved", "EUR", "Europe/Berlin")
AUTUMN = Window(date(2026, 10, 20), date(2026, 11, 18))
STREAMS = [stream.name for stream in FACEBOOK_ADS.streams]
REPORTS = ["campaign_daily", "account_daily", "ad_daily", "conversion_daily"]


class Listening(Graph):
    """The client, which also keeps what it was answered."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.answers: list[bytes] = []

    def _body(self, response: requests.Response) -> bytes:
        self.answers.append(super()._body(response))
        return self.answers[-1]

    def figure_counts(self) -> list[int]:
        """How many figures each answer so far held."""
        return [len(list(figures(json.loads(answer)))) for answer in self.answers]


def settings_for(sandbox: Sandbox, retry_seconds: int = 20) -> Settings:
    variables = {**sandbox.variables, "CLOSED_LOOP_RETRY_SECONDS": str(retry_seconds)}
    return load_settings(variables)


def connected(
    sandbox: Sandbox, retry_seconds: int = 20, page: int = 50, **changes: str
) -> Listening:
    """A client whose reports have pages of ``page`` rows."""
    credentials = {**sandbox.connection("facebook_ads"), **changes}
    client = Listening(credentials, settings_for(sandbox, retry_seconds))
    client.report_page = page
    return client


def read(
    sandbox: Sandbox,
    stream: str,
    account: Account = NORTH,
    window: Window = AUTUMN,
    client: Graph | None = None,
    **how: Any,
) -> list[Record]:
    """The raw records of a stream."""
    is_daily = FACEBOOK_ADS.stream(stream).kind == "daily"
    request = Request(stream, window if is_daily else None)
    return list(FACEBOOK_ADS.extract(client or connected(sandbox, **how), account, request))


def rows(sandbox: Sandbox, stream: str, account: Account = NORTH, **how: Any) -> list[Row]:
    """The staging rows of a stream, in an order of their own."""
    records = read(sandbox, stream, account, **how)
    return in_order(FACEBOOK_ADS.parse(account, stream, records))


def in_order(found: Any) -> list[Row]:
    """Rows by their text, so that readings compare."""
    return sorted(found, key=lambda row: json.dumps(row, default=str, sort_keys=True))


def calls(sandbox: Sandbox, method: str = "", ending: str = "") -> list[dict[str, Any]]:
    """What the sandbox was asked."""
    return [
        call
        for call in sandbox.log()
        if call["method"].startswith(method) and call["path"].endswith(ending)
    ]
