"""Which warehouse a command works on that no Airflow tells of its connections.

``CLOSED_LOOP_WAREHOUSE_URL`` names it, else ``AIRFLOW_CONN_WAREHOUSE``, as a URI or as JSON: the
connection that the pipeline's tasks use. A command never guesses: where the pipeline works on a
PostgreSQL that neither names, it is refused rather than done to the DuckDB file of the home.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from include.settings import Settings, SettingsError, load_settings

VARIABLE = "CLOSED_LOOP_WAREHOUSE_URL"
LOADER, TRANSFORMER = "AIRFLOW_CONN_WAREHOUSE", "AIRFLOW_CONN_WAREHOUSE_TRANSFORMER"

_SCHEME = re.compile(r"(postgres|postgresql)(\+psycopg)?")
_HOW = f"name the warehouse: {VARIABLE}=postgresql+psycopg://<user>:<password>@<host>/<database>"
_MARK = "on_postgresql"


def settings_and_transformer(
    environment: Mapping[str, str] | None = None,
) -> tuple[Settings, Settings]:
    """The settings with the warehouse a command works on, and those with which marts are made.

    Raises SettingsError, saying how to name the warehouse, when what is given cannot be read, when
    two names are of two databases, or when none is given and the home is of a pipeline on
    PostgreSQL.
    """
    env = os.environ if environment is None else environment
    settings = load_settings(env)
    given = env.get(VARIABLE)
    connected = {name: _url(name, env[name]) for name in (LOADER, TRANSFORMER) if env.get(name)}
    url = given or connected.get(LOADER)
    if url is None:
        _require_no_postgresql(settings, connected)
        return settings, settings
    for name, other in connected.items():
        if _place(other) != _place(url):
            first = VARIABLE if given else LOADER
            raise SettingsError(
                f"{first} and {name} name two warehouses ({told(url)}; {told(other)}); leave out "
                "the one that is not meant"
            )
    return (
        replace(settings, warehouse_url=url),
        replace(settings, warehouse_url=connected.get(TRANSFORMER, url)),
    )


def told(url: str) -> str:
    """A warehouse in words, without its password."""
    if url.startswith("duckdb:"):
        return f"DuckDB, {url.removeprefix('duckdb:///')}"
    host, port, database = _place(url)
    user = unquote(urlsplit(url).username or "")
    return f"PostgreSQL, {database or 'its first database'} at {host}:{port}" + (
        f" as {user}" if user else ""
    )


def mark(settings: Settings) -> None:
    """Have the home show whether its pipeline works on PostgreSQL."""
    file = settings.home / _MARK
    if settings.warehouse_url.startswith("postgres"):
        settings.home.mkdir(parents=True, exist_ok=True)
        file.write_text(told(settings.warehouse_url) + "\n")
    elif settings.warehouse_url == f"duckdb:///{settings.home}/warehouse.duckdb":
        file.unlink(missing_ok=True)


def _require_no_postgresql(settings: Settings, connected: Mapping[str, str]) -> None:
    file = settings.home / _MARK
    if connected or file.exists():
        what = next(map(told, connected.values()), "") or file.read_text().strip()
        raise SettingsError(
            f"the pipeline of {settings.home} works on {what}, and no variable names it for this "
            f"command, which sees no connection of Airflow's; {_HOW}, or {LOADER}"
        )
    if (settings.home / "landing").exists() and not any(settings.home.glob("*.duckdb")):
        raise SettingsError(
            f"{settings.home} has landed batches and no DuckDB file, as where the pipeline works "
            f"on PostgreSQL, and no variable names a warehouse; {_HOW}, or "
            f"{VARIABLE}={settings.warehouse_url} where the file is lost or elsewhere"
        )


def _url(name: str, given: str) -> str:
    """The URL that a connection's variable names; what it says is never part of an error."""
    given = given.strip()
    try:
        url = _of_json(json.loads(given)) if given.startswith("{") else given
        scheme, mark, rest = url.partition("://")
        if not mark or not _SCHEME.fullmatch(scheme):
            raise ValueError
        url = f"{re.sub('^postgres(?!ql)', 'postgresql', scheme)}://{rest}"
        _place(url)
    except (ValueError, TypeError, AttributeError, KeyError):
        raise SettingsError(
            f"{name} is no PostgreSQL connection that can be read here, neither a URI "
            "(postgresql://<user>:<password>@<host>/<database>, percent-encoded) nor JSON "
            f'({{"conn_type": "postgres", "host": …}}, extra with texts alone); {_HOW}'
        ) from None
    return url


def _of_json(connection: dict) -> str:
    """As ``Connection.get_uri`` of Airflow writes what its JSON form says."""
    part = {name: quote(str(connection.get(name) or ""), safe="")
            for name in ("login", "password", "schema")}  # fmt: skip
    host = str(connection.get("host") or "")
    host = f"[{host}]" if ":" in host else quote(host, safe="")
    user = part["login"] + (f":{part['password']}" if part["password"] else "")
    port = f":{int(connection['port'])}" if connection.get("port") else ""
    extra = connection.get("extra") or {}
    extra = json.loads(extra) if isinstance(extra, str) else extra
    query = urlencode(extra)
    if dict(parse_qsl(query, keep_blank_values=True)) != extra:
        raise ValueError
    return (
        f"{connection['conn_type']}://{user}{'@' if user else ''}{host}{port}/{part['schema']}"
        + (f"?{query}" if query else "")
    )


def _place(url: str) -> tuple[str, int, str]:
    """Host, port and database; of DuckDB its file. Raises ValueError if it cannot be read."""
    if url.startswith("duckdb:"):
        return "", 0, url
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    host = parts.hostname or query.get("host") or "localhost"
    return host, parts.port or int(query.get("port", 5432)), unquote(parts.path[1:])
