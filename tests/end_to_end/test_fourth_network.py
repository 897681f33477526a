"""A network added by three files reaches the marts: no SQL, no DAG, no contract is touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from include import warehouse
from include.settings import load_settings
from tests.sandbox.running import ROOT

MODULE = '''
"""A network that exists in this test only: it answers from a file."""

import json
from datetime import date
from decimal import Decimal

from include.contracts import staging
from include.sources import Account, Source, Stream, Tagging


def connect(credentials, settings):
    with open(credentials["host"]) as file:
        return json.load(file)


def discover(client):
    return [Account("77", "Seventy-seven", "EUR", "UTC", "LIVE")]


def extract(client, account, request):
    for record in client[request.stream]:
        day = record.get("day")
        if request.window is None or request.window.first.isoformat() <= day <= (
            request.window.last.isoformat()
        ):
            yield record


def parse(account, stream, records):
    ids = {"platform": "throwaway_ads", "account_id": account.account_id}
    for record in records:
        if stream == "accounts":
            yield ids | {
                "account_name": account.account_name,
                "account_status": account.account_status,
                "currency_code": account.currency_code,
                "time_zone": account.time_zone,
            }
        elif stream == "campaigns":
            yield ids | {
                "campaign_id": record["id"],
                "campaign_name": record["name"],
                "campaign_status": "LIVE",
                "campaign_type": None,
                "objective": None,
                "start_date": None,
                "end_date": None,
            }
        else:
            row = ids | {
                "currency_code": account.currency_code,
                "date_day": date.fromisoformat(record["day"]),
                "spend": Decimal(record["cost"]),
                "impressions": record["shown"],
                "clicks": record["clicked"],
            }
            if stream == "campaign_daily":
                row |= {
                    "campaign_id": record["id"],
                    "reported_conversions": None,
                    "reported_conversions_value": None,
                }
            yield row


THROWAWAY_ADS = Source(
    name="throwaway_ads",
    title="Throwaway Ads",
    kind="ads",
    connect=connect,
    discover=discover,
    extract=extract,
    parse=parse,
    streams=(
        Stream("accounts", staging.STG_AD_ACCOUNTS, "snapshot"),
        Stream("campaigns", staging.STG_CAMPAIGNS, "snapshot"),
        Stream("campaign_daily", staging.STG_CAMPAIGN_DAILY, "daily"),
        Stream("account_daily", staging.STG_ACCOUNT_DAILY, "daily", controls="campaign_daily"),
    ),
    look_back_days=7,
    tagging=Tagging(utm_sources=("throwaway",)),
)
'''
ANSWERS = {
    "accounts": [{"id": "77"}],
    "campaigns": [{"id": "a", "name": "Alpha"}, {"id": "b", "name": "Beta"}],
    "campaign_daily": [
        {"id": "a", "day": "2026-01-05", "cost": "10.25", "shown": 100, "clicked": 4},
        {"id": "b", "day": "2026-01-05", "cost": "0.75", "shown": 10, "clicked": 1},
        {"id": "a", "day": "2026-01-06", "cost": "9.00", "shown": 90, "clicked": 2},
    ],
    "account_daily": [
        {"day": "2026-01-05", "cost": "11.00", "shown": 110, "clicked": 5},
        {"day": "2026-01-06", "cost": "9.00", "shown": 90, "clicked": 2},
    ],
}
ROW = {
    "platform": "throwaway_ads",
    "account_id": "77",
    "campaign_id": "a",
    "currency_code": "EUR",
    "date_day": "2026-01-05",
    "spend": "10.25",
    "impressions": 100,
    "clicks": 4,
    "reported_conversions": None,
    "reported_conversions_value": None,
}


def copy_of_the_project(folder: Path) -> Path:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    for name in filter(None, tracked):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


def test_three_files_bring_a_network_into_the_marts(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path / "project")
    (project / "include/sources/throwaway_ads.py").write_text(MODULE)
    registry = project / "include/registry.py"
    registry.write_text(
        registry.read_text()
        .replace(
            "from include.sources.salesforce",
            "from include.sources.throwaway_ads import THROWAWAY_ADS\n"
            "from include.sources.salesforce",
        )
        .replace("    SALESFORCE,\n", "    SALESFORCE,\n    THROWAWAY_ADS,\n")
    )
    recorded = {
        "account": {
            "account_id": "77",
            "account_name": "Seventy-seven",
            "currency_code": "EUR",
            "time_zone": "UTC",
        },
        "streams": {"campaign_daily": {"records": ANSWERS["campaign_daily"][:1], "rows": [ROW]}},
    }
    payload = project / "tests/contract/payloads/throwaway_ads.json"
    payload.write_text(json.dumps(recorded))
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps(ANSWERS))
    home = tmp_path / "home"
    environment = {
        **os.environ,
        "PYTHONPATH": str(project),
        "CLOSED_LOOP_HOME": str(home),
        "CLOSED_LOOP_AS_OF": "2026-01-10",
        "CLOSED_LOOP_HISTORY_START": "2026-01-01",
        "AIRFLOW_CONN_THROWAWAY_ADS": json.dumps({"conn_type": "generic", "host": str(answers)}),
    }
    for command in (
        ["tests.end_to_end.night", "throwaway_ads"],
        ["pytest", "-q", "tests/contract", "-k", "throwaway_ads-campaign_daily"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    settings = load_settings({"CLOSED_LOOP_HOME": str(home)})
    spend = warehouse.read_marts(
        settings,
        """
        select campaign_name, cast(date_day as text) as day, cast(spend_base as text) as spend
        from marts.fct_ad_spend_daily order by day, campaign_name
        """,
    )
    assert [(row["campaign_name"], row["day"], float(row["spend"])) for row in spend] == [
        ("Alpha", "2026-01-05", 10.25),
        ("Beta", "2026-01-05", 0.75),
        ("Alpha", "2026-01-06", 9.0),
    ]
    roi = warehouse.read_marts(
        settings,
        """
        select sum(spend_base) as spend_base from marts.mart_campaign_roi_monthly
        where platform = 'throwaway_ads'
        """,
    )
    assert roi[0]["spend_base"] == 20
