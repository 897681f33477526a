"""What a client needs to reach a running sandbox: the ready line."""

import json
from typing import Any

from include.sandbox.dataset import World

_LOOPBACK = "127.0.0.1"
_TRUST = (
    "CLOSED_LOOP_CA_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
)


def ready_line(world: World, ports: dict[str, Any], ca_file: str) -> dict[str, Any]:
    """The line printed once every listener answers: ports and the variables to set. `variables`
    are for the product (its connections point straight at the ports), `proxy_variables` for
    clients that keep to their default hosts."""
    trust = dict.fromkeys(_TRUST, ca_file)
    proxy = f"http://{_LOOPBACK}:{ports['proxy']}"
    return {
        "ready": True,
        "as_of": world.clock.isoformat(),
        "ports": ports,
        "ca_file": ca_file,
        "variables": {
            **trust,
            "CLOSED_LOOP_SANDBOX": "1",
            "CLOSED_LOOP_AS_OF": world.clock.isoformat(),
            "CLOSED_LOOP_CRM_CURRENCY": world.dataset.currency,
            **_history_start(world),
            **_connections(world, ports),
            **_analytics(world, ports),
        },
        "proxy_variables": {
            **trust,
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "grpc_proxy": proxy,
        },
    }


def _history_start(world: World) -> dict[str, str]:
    """The first of the month of the earliest day with figures, whatever the clock says, so that
    history begins at one day however the clock is moved."""
    days = [
        *(line["date_start"] for line in world.dataset.versions("meta/insights").all),
        *(line["segments"]["date"] for line in world.dataset.versions("google/daily_metrics").all),
        *(line["date"] for line in world.dataset.versions("linkedin/analytics").all),
    ]
    return {"CLOSED_LOOP_HISTORY_START": f"{min(days)[:7]}-01"} if days else {}


def _connections(world: World, ports: dict[str, Any]) -> dict[str, str]:
    """Airflow connections, as environment variables, for the direct routes."""
    secure = f"https://localhost:{ports['https']}"
    customers = world.records("google/customers")
    below = {client for record in customers for client in record.get("clients", ())}
    roots = [
        record["customer"]["id"] for record in customers if record["customer"]["id"] not in below
    ]
    connections: dict[str, dict[str, Any]] = {
        "facebook_ads": {
            "host": f"http://{_LOOPBACK}:{ports['http']}",
            "login": "",
            "password": "sandbox-meta-token",
            "extra": {"app_id": "1000000001", "app_secret": "sandbox-meta-secret"},
        },
        "google_ads": {
            "host": "",
            "login": "sandbox-google-client",
            "password": "sandbox-google-secret",
            "extra": {
                "refresh_token": "sandbox-google-refresh",
                "developer_token": "sandbox-developer-token",
                # With several roots no one of them may stand for all: clients look for them.
                **({"login_customer_id": roots[0]} if len(roots) == 1 else {}),
                "token_uri": f"{secure}/token",
                "endpoint": f"localhost:{ports['grpc']}",
            },
        },
        "linkedin_ads": {
            "host": secure,
            "login": "sandbox-linkedin-client",
            "password": "sandbox-linkedin-secret",
            "extra": {
                "refresh_token": "sandbox-linkedin-refresh",
                "token_url": f"{secure}/oauth/v2/accessToken",
            },
        },
        "salesforce": {
            "host": secure,
            "login": "sandbox-salesforce-client",
            "password": "sandbox-salesforce-secret",
            "extra": {},
        },
    }
    return dict(_variable(*one) for one in connections.items())


def _analytics(world: World, ports: dict[str, Any]) -> dict[str, str]:
    """The connection to GA4, where the data set has a property."""
    properties = [record["name"] for record in world.records("ga4/properties")]
    if not properties:
        return {}
    connection = {
        "host": "",
        "login": "sandbox-google-client",
        "password": "sandbox-google-secret",
        "extra": {
            "refresh_token": "sandbox-google-refresh",
            "token_uri": f"https://localhost:{ports['https']}/token",
            "endpoint": f"localhost:{ports['grpc']}",
            "property_ids": ",".join(name.removeprefix("properties/") for name in properties),
        },
    }
    return dict([_variable("google_analytics", connection)])


def _variable(name: str, connection: dict[str, Any]) -> tuple[str, str]:
    return (
        f"AIRFLOW_CONN_{name.upper()}",
        json.dumps({"conn_type": "generic", **connection}),
    )
