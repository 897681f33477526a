"""Promise 41, a missing encryption key: compose refuses to start without one, or any other secret.

Compose fills in the whole file before it starts anything, so one ``${NAME:?why}`` stops every
service. https://docs.docker.com/reference/compose-file/interpolation/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml

from tests.compose import CELERY_SECRETS, FILE, REQUIRED, ROOT, SECRETS, Refused, compose

PLACE = re.compile(r"\$\{(\w+)(?:(:?[-?+])([^}]*))?\}")
NAMES_A_SECRET = re.compile(r"PASSWORD$|SECRET$|_KEY$|CONN|_URL$|BACKEND$|AUTH$")
PUBLIC = {"AIRFLOW__CORE__EXECUTION_API_SERVER_URL"}
OF_THE_DEMO = re.compile(
    r"AIRFLOW_CONN_(FACEBOOK_ADS|GOOGLE_ADS|GOOGLE_ANALYTICS|LINKEDIN_ADS|SALESFORCE)$"
)


def written() -> Iterator[tuple[str, str]]:
    """Every variable that a service is given, as it is written."""
    for service in yaml.safe_load(FILE.read_text())["services"].values():
        yield from ((name, str(value)) for name, value in service.get("environment", {}).items())
    for path in sorted((ROOT / "compose").glob("*.env")):
        lines = [line for line in path.read_text().splitlines() if line and line[0] != "#"]
        assert lines, path
        yield from (tuple(line.split("=", 1)) for line in lines)


@pytest.mark.parametrize("given", [None, ""], ids=["unset", "empty"])
@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_41_compose_refuses_to_start_without_a_secret(name: str, given: str | None) -> None:
    environment = dict(REQUIRED)
    del environment[name]
    if given is not None:
        environment[name] = given
    with pytest.raises(Refused, match=rf"\b{name} is missing a value: write .+ into \.env"):
        compose(environment)


@pytest.mark.parametrize("profiles", ["celery", "celery,sandbox"])
def test_41_workers_are_refused_without_a_password_for_redis(profiles: str) -> None:
    environment = REQUIRED | {"COMPOSE_PROFILES": profiles}
    with pytest.raises(Refused, match=r"REDIS_PASSWORD is missing a value: write .+ into \.env"):
        compose(environment)
    assert "redis" in compose(environment | CELERY_SECRETS).services


def test_41_compose_starts_once_every_secret_is_named() -> None:
    assert "airflow-scheduler" in compose(REQUIRED).services


def test_41_no_secret_stands_in_the_file() -> None:
    names = {*SECRETS, *CELERY_SECRETS}
    named = [(n, v) for n, v in written() if NAMES_A_SECRET.search(n) and n not in PUBLIC]
    assert {name for name, _ in named} >= {
        "AIRFLOW__CORE__FERNET_KEY",
        "AIRFLOW__CELERY__BROKER_URL",
        "POSTGRES_PASSWORD",
        "REDISCLI_AUTH",
    }
    for name, value in named:
        if OF_THE_DEMO.search(name):
            assert "sandbox" in value, f"{name} is of something else than the sandbox"
            continue
        if value == "" and name in names:
            continue  # taken away
        places = [place for place in PLACE.finditer(value) if place[1] in names]
        assert places, f"{name} is given no secret of the environment"
        empty_is_refused_inside = name == "REDISCLI_AUTH"
        for place in places:
            assert place[2] in (":?", None) or (empty_is_refused_inside and place[0][-3:] == ":-}")


def test_41_every_secret_is_in_the_example_environment_and_empty_there() -> None:
    example = (ROOT / ".env.example").read_text()
    for name in REQUIRED | CELERY_SECRETS:
        assert re.search(rf"^#{name}=$", example, re.MULTILINE), name
