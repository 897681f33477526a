"""The page in Airflow's own API application, served under a base path, behind Airflow's login.

It reads a PostgreSQL warehouse by the connection ``warehouse_page``, as the role made for it: what
that role may read is enough for every table of every view.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from include.report import views
from include.report.service import HEADERS, STATIC
from include.settings import Settings
from include.warehouse.engine_postgres import PAGE
from include.warehouse.roles import ROLES, create_roles
from tests.sandbox.running import ROOT

AS_VIEWER = {"Authorization": "Bearer {token}"}
BY_COOKIE = {"Cookie": "_token={token}"}
FORGED = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."}
PREFIX = "closed-loop"
PATHS = [
    f"{PREFIX}/",
    *(f"{PREFIX}/data/{name}" for name in views.VIEWS),
    *(
        f"{PREFIX}/csv/{name}/{table}"
        for name, view in views.VIEWS.items()
        for table in view.tables
    ),
]
FILES = [path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()]
VERBS = ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
CRAFTED = {
    f"{PREFIX}/data/overview?channel=x'%20or%20'1'='1": 200,
    f"{PREFIX}/data/overview?order_by=1": 400,
    f"{PREFIX}/data/overview?model=first_touch&model=linear": 400,
    f"{PREFIX}/data/nowhere": 404,
    f"{PREFIX}/csv/overview/nowhere": 404,
    f"{PREFIX}/static/x/..%2f..%2fservice.py": 404,
}


def walk(
    requests: list[tuple[str, str, dict[str, str]]], warehouse_page: str, folder: Path
) -> list[tuple[int, dict[str, str], str]]:
    """What Airflow's application answers to each; the page reads by that connection."""
    (folder / "dags").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.report.walking"],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if "AIRFLOW" not in name},
            "PYTHONPATH": str(ROOT),
            "AIRFLOW_CONN_WAREHOUSE_PAGE": warehouse_page,
            "AIRFLOW_CONN_WAREHOUSE": "postgresql://nobody:wrong@127.0.0.1:1/nowhere",
            "CLOSED_LOOP_HOME": str(folder / "home"),
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "viewer:viewer",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "passwords.json"),
            "AIRFLOW__API__BASE_URL": "http://localhost:8080/air/flow",
            "AIRFLOW__API_AUTH__JWT_SECRET": "as long a secret as " + "HS512 " * 12,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db",
        },
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [tuple(answer) for answer in json.loads(done.stdout.splitlines()[-1])]


@pytest.fixture(scope="module")
def answers(
    evidence: Callable[[str], Settings], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str, str], tuple[int, dict[str, str], str]]:
    """Everything asked, in one process, for Airflow takes seconds to start."""
    asked: list[tuple[str, str, dict[str, str]]] = []
    for path in [*PATHS, *CRAFTED]:
        asked += [("GET", path, {}), ("GET", path, FORGED), ("GET", path, AS_VIEWER)]
    asked += [("GET", path, BY_COOKIE) for path in PATHS[:2]]
    asked += [("GET", f"{PREFIX}/static/{{version}}/{name}", {}) for name in FILES]
    asked += [("GET", f"{PREFIX}/static/{{version}}/{name}", AS_VIEWER) for name in FILES]
    asked += [(verb, path, AS_VIEWER) for verb in VERBS for path in PATHS[:2]]
    asked += [("GET", "api/v2/plugins", AS_VIEWER)]
    url = evidence("postgresql").warehouse_url
    create_roles(url, dict.fromkeys(ROLES, "a password"))
    as_page = sa.make_url(url).set(drivername="postgresql", username=PAGE, password="a password")
    told = walk(
        asked, as_page.render_as_string(hide_password=False), tmp_path_factory.mktemp("airflow")
    )
    return {
        (verb, path, next(iter(headers.values()), "")): answer
        for (verb, path, headers), answer in zip(asked, told, strict=True)
    }


@pytest.mark.parametrize("path", [*PATHS, *CRAFTED])
def test_38_who_has_not_logged_in_is_told_nothing(answers: dict[Any, Any], path: str) -> None:
    for credential in ("", *FORGED.values()):
        status, headers, text = answers["GET", path, credential]
        assert status in ((401, 403) if CRAFTED.get(path) != 404 else (401, 403, 404))
        assert set(json.loads(text)) == {"detail"}
        assert headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize("path", PATHS)
def test_38_a_viewer_reads_every_route(answers: dict[Any, Any], path: str) -> None:
    status, headers, text = answers["GET", path, AS_VIEWER["Authorization"]]
    assert status == 200, text
    assert "canary" not in text
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"


def test_38_a_browsers_cookie_is_a_login_too(answers: dict[Any, Any]) -> None:
    for path in PATHS[:2]:
        assert answers["GET", path, BY_COOKIE["Cookie"]][0] == 200


@pytest.mark.parametrize("name", FILES)
def test_38_the_pages_files_are_behind_the_login(answers: dict[Any, Any], name: str) -> None:
    path = f"{PREFIX}/static/{{version}}/{name}"
    assert answers["GET", path, ""][0] == 401
    assert answers["GET", path, AS_VIEWER["Authorization"]][0] == 200


@pytest.mark.parametrize("verb", VERBS)
def test_38_no_other_verb_works(answers: dict[Any, Any], verb: str) -> None:
    for path in PATHS[:2]:
        assert answers[verb, path, AS_VIEWER["Authorization"]][0] == 405


@pytest.mark.parametrize(("path", "expected"), CRAFTED.items())
def test_25_a_crafted_request_is_refused_or_finds_nothing(
    answers: dict[Any, Any], path: str, expected: int
) -> None:
    assert answers["GET", path, AS_VIEWER["Authorization"]][0] == expected


def test_the_menu_leads_to_the_page_under_the_base_path(answers: dict[Any, Any]) -> None:
    status, _, text = answers["GET", "api/v2/plugins", AS_VIEWER["Authorization"]]
    assert status == 200
    (plugin,) = json.loads(text)["plugins"]
    assert [view["href"] for view in plugin["external_views"]] == ["/air/flow/closed-loop/"]


@pytest.mark.parametrize(
    ("base_url", "href"),
    [
        (None, "/closed-loop/"),
        ("https://airflow.example", "/closed-loop/"),
        ("https://example.com/airflow/", "/airflow/closed-loop/"),
    ],
)
def test_the_menu_leads_to_the_page_wherever_airflow_is_or_does_not_know_it_is(
    base_url: str | None, href: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW__API__BASE_URL", raising=False)
    if base_url:
        monkeypatch.setenv("AIRFLOW__API__BASE_URL", base_url)
    plugin = runpy.run_path(str(ROOT / "plugins" / "closed_loop_plugin.py"))["ClosedLoopPlugin"]
    assert plugin.external_views[0]["href"] == href
