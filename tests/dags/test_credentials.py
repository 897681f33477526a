"""What a connection of Airflow comes to in the hands of a source."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.sdk import Connection

from include.run import credentials_of
from include.settings import load_settings
from include.sources import SourceRefused
from include.sources.facebook_ads import FACEBOOK_ADS
from include.sources.linkedin_ads import LINKEDIN_ADS

READS = {FACEBOOK_ADS.name: FACEBOOK_ADS, LINKEDIN_ADS.name: LINKEDIN_ADS}


def credentials(connection_id: str, extra: dict[str, Any]) -> dict[str, str]:
    connection = Connection(
        conn_id=connection_id,
        conn_type="generic",
        password="a secret",
        extra=json.dumps({"access_token": "a-token", **extra}),
    )
    return credentials_of({"conn": {connection_id: connection}}, connection_id)


@pytest.fixture
def connect(tmp_path: Path) -> Callable[..., Any]:
    def made(connection_id: str, written: str) -> Any:
        """The client for an extra as a YAML file of connections has it."""
        settings = load_settings({"CLOSED_LOOP_HOME": str(tmp_path)})
        extra = yaml.safe_load(f"lead_forms: {written}")
        given = {**credentials(connection_id, extra), "password": "token"}
        return READS[connection_id].connect(given, settings)

    return made


@pytest.mark.parametrize("connection_id", READS)
@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        *(
            (word, False)
            for word in ("no", '"no"', '"No"', "false", '"FALSE"', '"off"', "0", '"0"')
        ),
        *((word, True) for word in ("yes", '"Yes"', "true", '"on"', "1", '""', "", '"1"')),
    ],
)
def test_yes_and_no_are_understood_in_any_word(
    connect: Callable[..., Any], connection_id: str, written: str, wanted: bool
) -> None:
    assert connect(connection_id, written).reads_lead_forms is wanted


@pytest.mark.parametrize("connection_id", READS)
@pytest.mark.parametrize("written", ["maybe", '"None"', "2", "[no]"])
def test_other_words_are_refused(
    connect: Callable[..., Any], connection_id: str, written: str
) -> None:
    with pytest.raises(SourceRefused, match=f"lead_forms in .* {connection_id} is neither yes nor"):
        connect(connection_id, written)


def test_what_is_left_empty_is_not_there() -> None:
    given = credentials("facebook_ads", {"account_ids": None, "app_id": 7, "app_secret": " x\n"})
    assert given == {
        "password": "a secret", "access_token": "a-token", "app_id": "7", "app_secret": "x",
    }  # fmt: skip
