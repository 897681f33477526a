"""Promise 41, a missing encryption key: compose refuses to start without one, or any other secret.

Compose fills in the whole file before it starts anything, so one ``${NAME:?why}`` stops every
service. https://docs.docker.com/reference/compose-file/interpolation/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

FILE = Path(__file__).resolve().parent.parent / "docker-compose.yaml"
SECRETS = {
    "FERNET_KEY",
    "JWT_SECRET",
    "METADATA_PASSWORD",
    "WAREHOUSE_PASSWORD",
    "CLOSED_LOOP_HASH_KEY",
}
PLACE = re.compile(r"\$\{(\w+)(?:(:?[-?+])([^}]*))?\}")
NAMES_A_SECRET = re.compile(r"PASSWORD$|SECRET$|_KEY$|CONN")


class Refused(Exception):
    """Compose stops with these words."""


def filled(text: str, environment: Mapping[str, str]) -> str:
    """The file as compose reads it."""

    def value(place: re.Match[str]) -> str:
        name, operator, rest = place.groups()
        given = environment.get(name, "")
        if given:
            return given
        if operator == ":?" or (operator == "?" and name not in environment):
            raise Refused(f"required variable {name} is missing a value: {rest}")
        return rest if operator and operator.endswith("-") else ""

    return PLACE.sub(value, text)


def environments(node: Any) -> Iterator[tuple[str, str]]:
    """Every variable that a service is given, as it is written."""
    for service in node["services"].values():
        given = service.get("environment") or {}
        if isinstance(given, list):
            given = dict(each.split("=", 1) for each in given)
        yield from ((name, str(value)) for name, value in given.items())


@pytest.mark.parametrize("name", sorted(SECRETS))
@pytest.mark.parametrize("given", [None, ""], ids=["unset", "empty"])
def test_41_compose_refuses_to_start_without_a_secret(name: str, given: str | None) -> None:
    environment = {each: "x" for each in SECRETS if each != name}
    if given is not None:
        environment[name] = given
    with pytest.raises(Refused, match=rf"{name} is missing a value: \w+"):
        filled(FILE.read_text(), environment)
    filled(FILE.read_text(), dict.fromkeys(SECRETS, "x"))


def test_41_no_secret_stands_in_the_file() -> None:
    """Where a service is given one, it comes from the environment, and without a default."""
    named = [
        (name, value)
        for name, value in environments(yaml.safe_load(FILE.read_text()))
        if NAMES_A_SECRET.search(name)
    ]
    assert {name for name, _ in named} >= {"AIRFLOW__CORE__FERNET_KEY", "POSTGRES_PASSWORD"}
    for name, value in named:
        places = [place for place in PLACE.finditer(value) if place[1] in SECRETS]
        assert places, f"{name} is given no secret of the environment"
        assert all(place[2] in (":?", None) for place in places), f"{name} has a default"


def test_41_every_secret_is_in_the_example_environment_and_empty_there() -> None:
    example = (FILE.parent / ".env.example").read_text()
    for name in SECRETS:
        assert re.search(rf"^#{name}=$", example, re.MULTILINE), name
