"""A collapse before a real Airflow: nobody answers, a person rejects, a person approves.

The rejection goes through the API, the approval is a click in the UI, and the deadline is the
scheduler's own.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from include import warehouse
from include.run import failures
from tests.end_to_end.airflow import Airflow, Served, served
from tests.end_to_end.conftest import Home
from tests.sandbox.running import Sandbox

RUNS = "/api/v2/dags/closed_loop/dagRuns"
CENT = Decimal("0.01")
HOLD_HOURS = timedelta(hours=20)


def spend_of(home: Home, account: str) -> dict[date, Decimal]:
    """What is published of an account of Facebook, by day."""
    rows = home.marts(
        "select account_id, date_day, sum(spend) as spend from marts.fct_ad_spend_daily "
        "where platform = 'facebook_ads' group by account_id, date_day order by date_day"
    )
    return {row["date_day"]: row["spend"] for row in rows if row["account_id"] == account}


def collapse(company: Path, folder: Path, account: str, day: date) -> Decimal:
    """A copy of a company in whose account a day's ads spent a cent each; what that is."""
    subprocess.run(["cp", "-r", str(company), str(folder)], check=True)
    file = folder / "meta" / "insights.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    ads = set()
    for line in lines:
        if (line["account_id"], line["date_start"]) == (account, str(day)):
            line["spend"] = str(CENT)
            ads.add(line["ad_id"])
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return CENT * len(ads)


def start(airflow: Served) -> None:
    airflow.ask(RUNS, {"logical_date": None})


def question(airflow: Served) -> dict[str, Any]:
    """The one question that waits for an answer, once the scheduler knows that it is asked."""
    waiting = "/api/v2/dags/~/dagRuns/~/hitlDetails?response_received=false&state=awaiting_input"
    (found,) = airflow.wait_for(lambda: airflow.ask(waiting)["hitl_details"])
    task = found["task_instance"]
    known = (
        "Received executor event with state success for task instance TaskInstanceKey("
        f"dag_id='closed_loop', task_id='approve', run_id='{task['dag_run_id']}', "
        f"try_number={task['try_number']}"
    )
    # Answered within the second before, the task counts as one whose worker was lost.
    airflow.wait_for(lambda: known in airflow.log.read_text())
    return found


def sentences(asked: dict[str, Any]) -> list[str]:
    """What a question says of each figure that is held."""
    return [line[2:] for line in asked["body"].split("\n") if line.startswith("- ")]


def path_of(asked: dict[str, Any]) -> str:
    task = asked["task_instance"]
    return f"{RUNS}/{task['dag_run_id']}/taskInstances/{task['task_id']}/{task['map_index']}"


def answer(airflow: Served, asked: dict[str, Any], option: str) -> None:
    airflow.ask(f"{path_of(asked)}/hitlDetails", {"chosen_options": [option]}, "PATCH")


def click(airflow: Served, browser: Browser, asked: dict[str, Any], option: str) -> None:
    """Answer as a person does, from the list of what waits for somebody."""
    page = browser.new_context(locale="en-US", reduced_motion="reduce").new_page()
    page.set_default_timeout(180_000)
    name, password = airflow.user
    page.goto(f"{airflow.url}/required_actions")
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit]").click()
    page.goto(f"{airflow.url}/required_actions")
    of_this_run = page.locator(f"a[href*='{asked['task_instance']['dag_run_id']}']")
    page.get_by_role("link", name=asked["subject"]).and_(of_this_run).click()
    page.get_by_text(sentences(asked)[0]).wait_for()
    button = page.get_by_role("button", name=option, exact=True)
    button.click()
    expect(button).to_be_disabled(timeout=180_000)


def let_time_pass(home: Home, asked: dict[str, Any]) -> timedelta:
    """Put the question's deadline a day back; how long it had been from the time it was asked."""
    task = (asked["task_instance"]["id"].replace("-", ""),)
    with closing(sqlite3.connect(home.path / "airflow" / "airflow.db", timeout=60)) as database:
        found = "from task_instance where replace(id, '-', '') = ?"
        ((deadline,),) = database.execute(f"select trigger_timeout {found}", task)
        database.execute(
            "update task_instance set trigger_timeout = "
            "strftime('%Y-%m-%d %H:%M:%f', trigger_timeout, '-1 day') "
            "where replace(id, '-', '') = ?",
            task,
        )
        database.commit()
    until = datetime.fromisoformat(deadline).replace(tzinfo=UTC)
    return until - datetime.fromisoformat(asked["created_at"])


def outcome(airflow: Served, asked: dict[str, Any]) -> tuple[str, dict[str, str | None]]:
    """How the run of a question ended, and its last tasks."""
    run = f"{RUNS}/{asked['task_instance']['dag_run_id']}"

    def ended() -> str | None:
        state = airflow.ask(run)["state"]
        return state if state in ("success", "failed") else None

    state = airflow.wait_for(ended)
    tasks = airflow.ask(f"{run}/taskInstances?limit=200")["task_instances"]
    last = ("approve", "decide", "publish", "report")
    return state, {each["task_id"]: each["state"] for each in tasks if each["task_id"] in last}


@pytest.mark.campaign
@pytest.mark.timeout(3000)
def test_22_a_collapse_waits_and_only_an_approval_publishes_it(
    tmp_path: Path,
    generated: Callable[..., Path],
    serve: Callable[..., Sandbox],
    browser: Browser,
) -> None:
    company = generated(scale=0.02, months=6)
    home = Home(tmp_path / "home")
    home.night(serve(company))
    last = home.marts(
        "select account_id, max(date_day) as date_day from marts.fct_ad_spend_daily "
        "where platform = 'facebook_ads' and spend > 0 group by account_id order by account_id"
    )[0]
    account, day = last["account_id"], last["date_day"]
    before = spend_of(home, account)
    spent = [before[each] for each in sorted(before) if each < day][-28:]
    left = collapse(company, tmp_path / "collapsed", account, day)
    assert left < min(*spent, median(spent) / 5)
    sentence = (
        f"facebook_ads account {account}, {day}: spend is {left:.2f} and was never so low in the "
        f"28 days before, which have {median(spent):.2f} (their median)"
    )
    old = home.fingerprint()
    sandbox = serve(tmp_path / "collapsed")
    home.night(sandbox, "facebook_ads", "--no-marts")

    def decided() -> list[tuple[str, str | None]]:
        rows = warehouse.read(home.settings, "select status, decided_by from ops.holds")
        return [(row["status"], row["decided_by"]) for row in rows]

    def told() -> list[str]:
        return [each.sentence for each in failures(home.settings, "closed_loop")]

    with served(Airflow(home, sandbox)) as airflow:
        airflow.wait_for(lambda: airflow.ask("/api/v2/dags?dag_id_pattern=closed_loop")["dags"])
        start(airflow)
        airflow.ask("/api/v2/dags/closed_loop", {"is_paused": False}, "PATCH")

        asked = question(airflow)
        assert (asked["options"], asked["defaults"]) == (["Approve", "Reject"], None)
        assert sentences(asked) == [sentence]
        assert airflow.ask(f"{RUNS}/{asked['task_instance']['dag_run_id']}")["state"] == "running"
        assert (decided(), told(), home.fingerprint()) == ([("open", None)], [], old)

        assert abs(let_time_pass(home, asked) - HOLD_HOURS) < timedelta(minutes=5)
        nothing_follows = dict.fromkeys(("decide", "publish", "report"), "upstream_failed")
        assert outcome(airflow, asked) == ("failed", {"approve": "failed", **nothing_follows})
        why, what = told()
        assert why.startswith("held: nobody decided in time, and nothing was published; clear the")
        assert what == f"held: {sentence}"
        assert (decided(), home.fingerprint()) == ([("open", None)], old)

        again = {
            "dry_run": False,
            "dag_run_id": asked["task_instance"]["dag_run_id"],
            "task_ids": ["approve"],
            "include_downstream": True,
        }
        airflow.ask("/api/v2/dags/closed_loop/clearTaskInstances", again)
        asked = question(airflow)
        assert sentence in asked["body"]
        answer(airflow, asked, "Reject")
        stopped = {"publish": "upstream_failed", "report": "upstream_failed"}
        refused = ("failed", {"approve": "success", "decide": "failed", **stopped})
        assert outcome(airflow, asked) == refused
        user, _ = airflow.user
        why, what = told()[2:]
        assert why.startswith(f"held: {user} rejected it, and nothing was published; load the days")
        assert what == f"held: {sentence}"
        assert (decided(), home.fingerprint()) == ([("rejected", user)], old)

        start(airflow)
        asked = question(airflow)
        assert sentence in asked["body"]
        assert (decided(), home.fingerprint()) == ([("open", None)], old)
        click(airflow, browser, asked, "Approve")
        every = dict.fromkeys(("approve", "decide", "publish", "report"), "success")
        assert outcome(airflow, asked) == ("success", every), airflow.why()
        assert decided() == [("approved", user)]
        assert spend_of(home, account) == before | {day: left}
