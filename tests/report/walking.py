"""Walks Airflow's own API application, the plugin in it, in a process of its own.

Airflow reads its configuration once a process. ``python -m tests.report.walking`` reads requests
from standard input as JSON, ``[[verb, path, headers], …]``, and writes what came of each:
``[[status, headers, text], …]``. ``{token}`` in a header stands for a login as the user viewer,
whose role lets them read and nothing else; ``{version}`` in a path for that of the page's files.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from airflow import settings
from airflow.api_fastapi.app import create_app
from airflow.models.base import Base
from airflow.utils.db import import_all_models
from starlette.testclient import TestClient

if __name__ == "__main__":
    import_all_models()
    Base.metadata.create_all(settings.engine)
    base = os.environ["AIRFLOW__API__BASE_URL"]
    client = TestClient(create_app(), base_url=base, raise_server_exceptions=False)
    kept = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    password = json.loads(kept.read_text())["viewer"]
    logged_in = client.post("auth/token", json={"username": "viewer", "password": password})
    token = logged_in.json()["access_token"]
    client.cookies.clear()
    page = client.get("closed-loop/", headers={"Authorization": f"Bearer {token}"}).text
    version = page.split("static/")[1].split("/")[0]
    told = []
    for verb, path, headers in json.load(sys.stdin):
        filled = {name: value.replace("{token}", token) for name, value in headers.items()}
        path = path.replace("{version}", version)
        answer = client.request(verb, path, headers=filled, follow_redirects=False)
        told.append([answer.status_code, dict(answer.headers), answer.text])
    json.dump(told, sys.stdout)
