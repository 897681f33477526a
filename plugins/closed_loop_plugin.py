"""The page in Airflow: mounted under ``/closed-loop``, in the menu, behind Airflow's own login."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from airflow.api_fastapi.core_api.security import requires_authenticated
from airflow.configuration import conf
from airflow.exceptions import AirflowNotFoundException
from airflow.models.connection import Connection
from airflow.plugins_manager import AirflowPlugin
from fastapi import Depends

from include.report.service import page
from include.settings import Settings, load_settings
from include.warehouse.published import Published, published

PREFIX = "/closed-loop"
CONNECTIONS = ("warehouse_page", "warehouse_transformer", "warehouse")
"""Where the warehouse's address is looked for, the role that may least first."""


def _published() -> Published:
    """The marts by the first of the connections there is, else by the settings."""
    return published(_with_connection(load_settings()))


def _with_connection(settings: Settings) -> Settings:
    for name in CONNECTIONS:
        try:
            url = Connection.get_connection_from_secrets(name).get_uri()
        except AirflowNotFoundException:
            continue
        return replace(settings, warehouse_url=url)
    return settings


class ClosedLoopPlugin(AirflowPlugin):
    """The page and its entry in the menu."""

    name = "closed_loop"
    fastapi_apps = [
        {
            "name": "Closed Loop",
            "url_prefix": PREFIX,
            "app": page(load_settings(), _published, [Depends(requires_authenticated())]),
        }
    ]
    external_views = [
        {
            "name": "Closed Loop",
            "href": f"{urlsplit(conf.get('api', 'base_url')).path.rstrip('/')}{PREFIX}/",
            "destination": "nav",
            "url_route": "closed-loop",
        }
    ]
