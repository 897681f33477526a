"""The page as its readers have it: in a browser, within Airflow's UI, over the default data set."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
import tenacity
from playwright.sync_api import Browser

from include.report import document
from tests.end_to_end.airflow import Airflow
from tests.end_to_end.conftest import Home
from tests.report.by_sql import VIEWS, Marts, ten
from tests.report.entering import enter
from tests.report.looking import BY_HAND, printed_pages
from tests.sandbox.running import ROOT, Sandbox

GOALS = """metric,channel,period,currency_code,first_day,value
won_revenue,All,year,EUR,2026-01,5200000.00
won_revenue,Paid Social,year,EUR,2026-01,1000000.00
spend,Paid Search,quarter,EUR,2026-10,60000.00
leads,All,month,,2026-11,1100
visitors,All,month,,2026-11,50000
mqls,Paid Search,quarter,,2026-07,100
opportunities,Events,week,,2026-11-16,3
customers,All,year,,2026-01,400
"""


@contextmanager
def standalone(airflow: Airflow) -> Iterator[tuple[str, str, str]]:
    """``airflow standalone``, its DAGs at rest: its address, a user and the password."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = airflow.environment(
        AIRFLOW__API__PORT=str(port),
        AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="True",
        AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"http://localhost:{port}/execution/",
    )
    log = (airflow.home.path / "standalone.log").open("w")
    command = [str(Path(sys.executable).parent / "airflow"), "standalone"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
    )
    address = f"http://localhost:{port}"
    try:
        _answers(address)
        kept = airflow.home.path / "airflow" / "simple_auth_manager_passwords.json.generated"
        ((user, password),) = json.loads(kept.read_text()).items()
        yield address, user, password
    finally:
        for wanted in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, wanted)
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
        log.close()


@tenacity.retry(
    retry=tenacity.retry_if_exception_type(OSError),
    wait=tenacity.wait_fixed(1),
    stop=tenacity.stop_after_delay(300),
)
def _answers(address: str) -> None:
    urlopen(f"{address}/api/v2/monitor/health", timeout=30).close()


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_ten_choices_a_view_say_what_the_marts_say_in_airflow_over_the_default_data(
    tmp_path: Path,
    generated: Callable[..., Path],
    serve: Callable[..., Sandbox],
    browser: Browser,
) -> None:
    home, seeds = Home(tmp_path / "home"), tmp_path / "seeds"
    shutil.copytree(ROOT / "include" / "seeds", seeds)
    (seeds / "goals.csv").write_text(GOALS)
    sandbox = serve(generated())
    home.night(sandbox, CLOSED_LOOP_SEEDS=str(seeds))
    airflow = Airflow(home, sandbox)
    with standalone(airflow) as (address, user, password):
        look = enter(browser, address, user, password, Marts(home.path))
        for view in VIEWS:
            for given in ten(look.marts, view):
                look.open(view, given)
            look.open(view, {})
            assert look.exports()
        for view, control, link in BY_HAND:
            look.open(view, {})
            if control:
                look.choose(control)
            if link:
                look.open(view, {})
                look.drill(link)
    assert look.seen > 10_000
    report = browser.new_page()
    report.set_content(document.render(home.settings)[1])
    assert printed_pages(report) <= 3
    report.close()
