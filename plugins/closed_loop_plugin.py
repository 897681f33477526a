"""The page in Airflow: mounted under ``/closed-loop``, in the menu, behind Airflow's own login.

Every process of Airflow executes this file, each task's too, so what the page needs is imported
when somebody first opens it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

    from include.warehouse.published import Published

PREFIX = "/closed-loop"
BASE_PATH = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
"""Below which Airflow is served; it may have been told of no address at all."""
CONNECTIONS = ("warehouse_page", "warehouse_transformer", "warehouse")
"""Where the warehouse's address is looked for, the role that may least first."""


@cache
def _page() -> FastAPI:
    from airflow.api_fastapi.core_api.security import requires_authenticated
    from fastapi import Depends

    from include.report.service import page
    from include.settings import load_settings

    return page(load_settings(), _published, [Depends(requires_authenticated())])


def _published() -> Published:
    """The marts by the first of the connections there is, else by the settings."""
    from airflow.exceptions import AirflowNotFoundException
    from airflow.models.connection import Connection

    from include.run import with_warehouse
    from include.settings import load_settings
    from include.warehouse.published import published

    settings = load_settings()
    for name in CONNECTIONS:
        try:
            connection = Connection.get_connection_from_secrets(name)
        except AirflowNotFoundException:
            continue
        return published(with_warehouse(settings, connection.get_uri()))
    return published(settings)


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """The page as an ASGI application, made at its first request."""
    await _page()(scope, receive, send)


class ClosedLoopPlugin(AirflowPlugin):
    """The page and its entry in the menu."""

    name = "closed_loop"
    fastapi_apps: ClassVar[list[Any]] = [
        {"name": "Closed Loop", "url_prefix": PREFIX, "app": serve}
    ]
    external_views: ClassVar[list[Any]] = [
        {
            "name": "Closed Loop",
            "href": f"{BASE_PATH}{PREFIX}/",
            "destination": "nav",
            "url_route": "closed-loop",
        }
    ]
