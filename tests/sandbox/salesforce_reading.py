"""Reads streams of the sandbox's Salesforce as a load does, for the tests of the source."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from include.settings import Settings, load_settings
from include.sources import Account, Request
from include.sources.salesforce import SALESFORCE
from include.sources.salesforce_client import Client
from tests.sandbox.running import Sandbox

Row = dict[str, Any]


def settings_for(sandbox: Sandbox, home: Path, **fields: Any) -> Settings:
    """The sandbox's own settings; ``fields`` map columns, per object."""
    settings = load_settings({**sandbox.variables, "CLOSED_LOOP_HOME": str(home)})
    return replace(settings, salesforce_fields=fields) if fields else settings


def connected(sandbox: Sandbox, settings: Settings) -> tuple[Client, Account]:
    """A client and the org."""
    client = SALESFORCE.connect(sandbox.connection("salesforce"), settings)
    [account] = SALESFORCE.discover(client)
    return client, account


def read(client: Client, account: Account, stream: str, since: datetime | None = None) -> list[Row]:
    """A stream's rows, its records having gone through JSON as landing does it."""
    records = list(SALESFORCE.extract(client, account, Request(stream, since=since)))
    landed = json.loads(json.dumps(records, default=str))
    return list(SALESFORCE.parse(account, stream, landed))


def in_order(rows: list[Row]) -> list[str]:
    """Rows to compare, whatever order they came in."""
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in rows)
