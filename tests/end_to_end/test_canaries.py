"""No secret and no personal value leaves the extractors: canaries in every credential and record.

The nights meet what makes clients talk: tokens that die, HTML in the API's place, redirects that
would carry a token away, refusals that end a load.
"""

from __future__ import annotations

import logging
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from include import warehouse
from include.registry import SOURCES
from tests.end_to_end import night, warm
from tests.end_to_end.airflow import Airflow
from tests.end_to_end.conftest import Home
from tests.end_to_end.nightly import its_steps_and_the_outcome_are_printed, make_run
from tests.end_to_end.planted import HASH_KEY, PERSONAL, SECRETS, findings, plant
from tests.sandbox.running import Sandbox

CANARIES = SECRETS + PERSONAL
ELSEWHERE = {"Location": "https://evil.example/steal"}

SURVIVED: list[dict[str, Any]] = [
    {"match": {"api": "linkedin", "path": "/rest/"}, "nth": 3, "do": {"kind": "expire_token"}},
    {"match": {"api": "google", "method": "GRPC"}, "nth": 3, "do": {"kind": "expire_token"}},
    {"match": {"api": "salesforce", "path": "/query"}, "nth": 4, "do": {"kind": "expire_token"}},
    *(
        {"match": {"api": api}, "nth": [5], "do": {"kind": "html", "status": 500}}
        for api in ("meta", "linkedin", "salesforce")
    ),
    {"match": {"api": "meta", "method": "GET"}, "nth": 7, "do": {"kind": "truncate"}},
]
REDIRECTED: list[dict[str, Any]] = [
    {
        "match": {"api": api, "path": path},
        "do": {"kind": "status", "status": 302, "headers": ELSEWHERE, "body": ""},
    }
    for api, path in (
        ("meta", ""),
        ("google", "/token"),
        ("linkedin", "/rest/"),
        ("salesforce", "/query"),
    )
]
REFUSED: list[dict[str, Any]] = [
    {"match": {"api": "meta", "method": "GET"}, "do": {"kind": "expire_token"}},
    {"match": {"api": "google", "method": "GRPC"}, "do": {"kind": "expire_token"}},
    *(
        {"match": {"api": api, "path": path}, "do": {"kind": "html", "status": 401}}
        for api, path in (("linkedin", "/rest/"), ("salesforce", "/query"))
    ),
]


def talkative(_: list[str]) -> None:
    """The loads of a night with all that any library has to say, at its most talkative."""
    logging.basicConfig(level=logging.DEBUG, force=True)
    for source in SOURCES:
        try:
            night.load([source.name])
        except Exception:
            logging.exception("the load of %s failed", source.name)


@pytest.fixture(scope="module")
def company(generated: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted") / "data"
    made = generated(scale=0.05, months=5)
    folder.mkdir()
    subprocess.run(["cp", "-r", f"{made}/.", str(folder)], check=True)
    plant(folder)
    return folder


@pytest.fixture(scope="module")
def sandbox(company: Path, serve: Callable[..., Sandbox]) -> Sandbox:
    return serve(company)


@dataclass(frozen=True)
class Nights:
    """Nights in one home, what they said kept beside what they left; the last one's calls."""

    home: Home
    calls: list[dict[str, Any]]


@pytest.fixture(scope="module")
def nights(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    home = Home(tmp_path_factory.mktemp("talkative"))
    every = {
        "CLOSED_LOOP_EXTRA_STREAMS": "salesforce.tasks salesforce.events",
        "CLOSED_LOOP_HISTORY_START": "2026-09-15",
        "CLOSED_LOOP_HASH_KEY": HASH_KEY,
    }
    for name, faults, patience in (
        ("redirected", REDIRECTED, "3"),
        ("refused", REFUSED, "3"),
        ("survived", SURVIVED, "60"),
    ):
        sandbox.reset()
        sandbox.set_faults(faults)
        environment = home.environment(sandbox, CLOSED_LOOP_RETRY_SECONDS=patience, **every)
        warm.spend((), environment, home.path / f"{name}.log", talkative)
    calls = sandbox.log()
    sandbox.reset()
    return Nights(home, calls)


@pytest.fixture(scope="module")
def home(nights: Nights) -> Home:
    return nights.home


def test_the_nights_met_what_they_were_meant_to_meet(home: Home) -> None:
    """Else the search below would search nothing."""
    for name in ("redirected", "refused"):
        said = (home.path / f"{name}.log").read_text()
        for source in ("facebook_ads", "google_ads", "linkedin_ads", "salesforce"):
            assert f"the load of {source} failed" in said, (name, source)
    survived = (home.path / "survived.log").read_text()
    assert "the load of" not in survived
    for logger in ("DEBUG:urllib3.connectionpool", "INFO:include.fetching"):
        assert logger in survived, "nobody was at their most talkative"
    (staged,) = warehouse.read(
        home.settings,
        """
        select
            (select count(*) from staging.stg_crm_leads) as leads,
            (select count(*) from staging.stg_crm_contacts) as contacts,
            (select count(*) from staging.stg_crm_opportunities) as deals,
            (select count(*) from staging.stg_crm_lead_history) as lead_history,
            (select count(*) from staging.stg_crm_tasks) as tasks,
            (select count(*) from staging.stg_crm_events) as events,
            (select count(*) from staging.stg_lead_form_responses) as lead_forms,
            (select count(*) from staging.stg_clicks) as clicks,
            (select count(*) from ops.rejected_rows where stream = 'leads') as rejected
        """,
    )
    assert all(staged.values()), staged
    hashed = warehouse.read(
        home.settings,
        "select count(*) as rows from staging.stg_lead_form_responses where email_hash is null",
    )
    assert hashed[0]["rows"] == 0


def test_35_36_i7_no_canary_is_in_any_file_log_or_table(home: Home) -> None:
    """Landed batches, checked and rejected rows, staging, ops, and all that libraries at their most
    talkative say."""
    assert findings(home.path, CANARIES) == []


def test_35_no_secret_stood_in_a_url(nights: Nights) -> None:
    """The sandbox masks what it logs; the names of parameters it leaves."""
    calls = [call for call in nights.calls if call["method"] == "GET"]
    assert {call["api"] for call in calls} >= {"meta", "linkedin", "salesforce"}
    for call in calls:
        for word in ("access_token", "client_secret", "refresh_token", "app_secret"):
            assert word not in call["query"], call


def test_rotated_tokens_are_for_their_owners_eyes(home: Home) -> None:
    for file in (home.path / "tokens").glob("*.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_34_35_36_i7_no_canary_is_in_what_airflow_leaves_or_says(
    company: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    """XCom, rendered fields, task logs, failures, build, marts, the report and all that is said: a
    whole `make run` that ends well, then a load that is refused."""
    home = Home(tmp_path / "home")
    ended = make_run(home.path, company, CLOSED_LOOP_HASH_KEY=HASH_KEY)
    its_steps_and_the_outcome_are_printed(home.path, ended)
    (tmp_path / "said.txt").write_text("".join(ended[1:]))
    sandbox.set_faults(REFUSED)
    went_well, _ = Airflow(home, sandbox).test("ingest_facebook_ads")
    sandbox.reset()
    assert not went_well
    assert list((home.path / "failures").rglob("*")), "no failure was recorded"
    assert findings(tmp_path, CANARIES) == []


def test_the_search_finds_what_is_hidden(tmp_path: Path, sandbox: Sandbox) -> None:
    """Each way a home packs things, with a canary in it."""
    import gzip
    import sqlite3

    import duckdb
    import pyarrow
    import pyarrow.parquet

    with pyarrow.CompressedOutputStream(tmp_path / "packed.zst", "zstd") as packed:
        packed.write(b'{"email": "CANARYMAIL@x"}')
    (tmp_path / "packed.gz").write_bytes(gzip.compress(b'{"email": "CanaryMail@x"}'))
    pyarrow.parquet.write_table(
        pyarrow.table({"name": ["canaryfirst"] * 9}), tmp_path / "rows.parquet", compression="zstd"
    )
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create table leads as select 'Canary' || 'last' as name")
    with sqlite3.connect(tmp_path / "airflow.db") as database:
        database.execute("create table xcom as select 'sandbox-meta-' || 'token' as value")
    database.close()
    found = {where.split(":")[0] for where in findings(tmp_path, CANARIES)}
    assert {name.split(" ")[0] for name in found} == {
        "packed.gz",
        "packed.zst",
        "rows.parquet",
        "warehouse.duckdb",
        "airflow.db",
    }
