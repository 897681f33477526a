"""docker-compose.yaml as ``docker compose`` reads it, for tests: no container is needed for that.

https://docs.docker.com/reference/compose-file/interpolation/, …/services/#env_file and
https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docker-compose.yaml"
SECRETS = {  # name -> what stands for it in tests
    "AIRFLOW_ADMIN_PASSWORD": "admin-password",
    "API_SECRET_KEY": "api-secret-key",
    "CLOSED_LOOP_HASH_KEY": "hash-key",
    "FERNET_KEY": "T6lIAMUdgKdBGTi1cTeCcsMy9PJSPCvIV_wDVZTrlfI=",
    "JWT_SECRET": "jwt-secret-" + "j" * 64,
    "LOADER_PASSWORD": "loader-password",
    "METADATA_PASSWORD": "metadata-password",
    "READER_PASSWORD": "reader-password",
    "PAGE_PASSWORD": "page-password",
    "TRANSFORMER_PASSWORD": "transformer-password",
    "WAREHOUSE_ADMIN_PASSWORD": "warehouse-admin-password",
}
CELERY_SECRETS = {"REDIS_PASSWORD": "redis-password"}
REQUIRED = SECRETS | {"AIRFLOW_ADMIN_USER": "ada", "AIRFLOW_ADMIN_EMAIL": "ada@example.com"}
_PLACE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)(?:(:?[-?+])([^{}]*))?\}|)")


class Refused(Exception):
    """Compose stops with these words."""


def filled(text: str, environment: Mapping[str, str]) -> str:
    """A value with its places filled in."""

    def value(place: re.Match[str]) -> str:
        dollar, plain, name, operator, rest = place.groups()
        if dollar:
            return "$"
        name = plain or name
        if not name:
            raise Refused(f"invalid interpolation format: {text}")
        given = environment.get(name)
        is_there = bool(given) if (operator or "").startswith(":") else given is not None
        if operator and operator[-1] == "?" and not is_there:
            raise Refused(f"required variable {name} is missing a value: {rest}")
        if operator and operator[-1] == "+":
            return rest if is_there else ""
        if operator and operator[-1] == "-" and not is_there:
            return rest
        return given or ""

    return _PLACE.sub(value, text)


def env_file(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of an env_file: what is in single quotes stands as it is written."""
    if not path.is_file():
        raise Refused(f"env file {path} not found")
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, value = line.split("=", 1)
        if value.startswith("'"):
            assert value.endswith("'"), line
            found[name] = value[1:-1]
        else:
            found[name] = filled(value, found | dict(environment))
    return found


@dataclass(frozen=True)
class Compose:
    """The project as it would be started in the shell's ``environment``, with no .env but ours."""

    environment: Mapping[str, str]
    profiles: frozenset[str]
    file: Mapping[str, Any]

    @property
    def services(self) -> dict[str, Any]:
        """Those that the profiles start."""
        return {
            name: service
            for name, service in self.file["services"].items()
            if not service.get("profiles") or self.profiles.intersection(service["profiles"])
        }

    def environment_of(self, name: str) -> dict[str, str]:
        """What a service's processes find in their environment, their image's own aside."""
        service = self.services[name]
        found: dict[str, str] = {}
        for path in service.get("env_file", ()):
            if path == ".env":
                found |= self.environment
            else:
                found |= env_file(ROOT / path, self.environment)
        return found | {key: str(value) for key, value in service.get("environment", {}).items()}


@functools.cache
def _written() -> Any:
    return yaml.safe_load(FILE.read_text())


def compose(environment: Mapping[str, str]) -> Compose:
    """Read the file; ``environment`` is what .env says. Raises Refused as compose does."""

    def all_filled(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: all_filled(value) for key, value in node.items()}
        if isinstance(node, list):
            return [all_filled(value) for value in node]
        return filled(node, environment) if isinstance(node, str) else node

    file = all_filled(_written())
    profiles = frozenset(filter(None, environment.get("COMPOSE_PROFILES", "").split(",")))
    project = Compose(environment, profiles, file)
    for name in project.services:
        project.environment_of(name)
    return project
