"""Records a second that each source extracts, against its vendor's own SDK reading the same.

Both read the same sandbox in the same run, each in a process of its own that has already logged in.
The yardstick keeps the SDK's own way of paging and its own objects, and turns each into a dict.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.report import write
from tests.sandbox.running import ROOT, environment, start_sandbox

FIRST, LAST = "2025-01-01", "2026-10-31"
DAILY = "select campaign.id, segments.date, metrics.cost_micros, metrics.impressions from campaign"


def ours(source_name: str, credentials: dict[str, str], stream: str) -> Callable[[], Iterable]:
    """Our extractor over every account of the source."""
    from include.registry import source_named
    from include.settings import load_settings
    from include.sources import Request, Window

    source = source_named(source_name)
    client = source.connect(credentials, load_settings())
    accounts = source.discover(client)
    window = None
    if source.kind == "ads":
        window = Window(
            datetime.fromisoformat(FIRST).replace(tzinfo=UTC).date(),
            datetime.fromisoformat(LAST).replace(tzinfo=UTC).date(),
        )
    return lambda: (
        record
        for account in accounts
        for record in source.extract(client, account, Request(stream, window))
    )


def facebook_sdk(credentials: dict[str, str]) -> Callable[[], Iterable]:
    """facebook-business: its session, its cursor, its objects."""
    from facebook_business.adobjects.adaccount import AdAccount
    from facebook_business.adobjects.user import User
    from facebook_business.api import FacebookAdsApi
    from facebook_business.session import FacebookSession

    session = FacebookSession(
        credentials["app_id"], credentials["app_secret"], credentials["password"], timeout=60
    )
    session.GRAPH = credentials["host"]
    api = FacebookAdsApi(session, api_version="v26.0")
    accounts = [account["id"] for account in User("me", api=api).get_ad_accounts()]
    fields = ["campaign_id", "campaign_name", "spend", "impressions", "clicks", "actions"]
    params = {
        "level": "campaign",
        "time_increment": 1,
        "time_range": {"since": FIRST, "until": LAST},
        "limit": 500,
    }
    return lambda: (
        row.export_all_data()
        for account in accounts
        for row in AdAccount(account, api=api).get_insights(fields=fields, params=params)
    )


def google_sdk(credentials: dict[str, str]) -> Callable[[], Iterable]:
    """google-ads: proto-plus rows of SearchStream, its default."""
    from google.ads.googleads.client import GoogleAdsClient
    from google.oauth2.credentials import Credentials

    client = GoogleAdsClient(
        credentials=Credentials(
            None,
            refresh_token=credentials["refresh_token"],
            client_id=credentials["login"],
            client_secret=credentials["password"],
            token_uri=credentials["token_uri"],
        ),
        developer_token=credentials["developer_token"],
        endpoint=credentials["endpoint"],
        login_customer_id=credentials.get("login_customer_id"),
        use_proto_plus=True,
        version="v26",
    )
    service = client.get_service("GoogleAdsService")
    query = "select customer_client.id from customer_client where customer_client.manager = false"
    customers = [
        str(row.customer_client.id)
        for row in service.search(customer_id=credentials["login_customer_id"], query=query)
    ]
    daily = f"{DAILY} where segments.date between '{FIRST}' and '{LAST}'"
    return lambda: (
        {
            "id": row.campaign.id,
            "date": row.segments.date,
            "cost": row.metrics.cost_micros,
            "impressions": row.metrics.impressions,
        }
        for customer in customers
        for chunk in service.search_stream(customer_id=customer, query=daily)
        for row in chunk.results
    )


def linkedin_requests(credentials: dict[str, str]) -> Callable[[], Iterable]:
    """LinkedIn has no client that pages: one plain request a month and account."""
    import requests

    token = requests.post(
        credentials["token_url"],
        data={
            "grant_type": "refresh_token",
            "refresh_token": credentials["refresh_token"],
            "client_id": credentials["login"],
            "client_secret": credentials["password"],
        },
        timeout=60,
    ).json()["access_token"]
    headers = {
        "Authorization": f"Bearer {token}",
        "LinkedIn-Version": "202610",
        "X-Restli-Protocol-Version": "2.0.0",
    }
    host = credentials["host"]
    accounts = requests.get(f"{host}/rest/adAccounts?q=search", headers=headers, timeout=60).json()[
        "elements"
    ]

    def read() -> Iterable:
        for account in accounts:
            for year, month in ((y, m) for y in (2025, 2026) for m in range(1, 13)):
                if (year, month) > (2026, 10):
                    continue
                day = f"(year:{year},month:{month},day:%s)"
                url = (
                    f"{host}/rest/adAnalytics?q=analytics&pivot=CAMPAIGN_GROUP"
                    f"&timeGranularity=DAILY&dateRange=(start:{day % 1},end:{day % 28})"
                    f"&accounts=List(urn%3Ali%3AsponsoredAccount%3A{account['id']})"
                    "&fields=pivotValues,dateRange,costInLocalCurrency,impressions,clicks"
                )
                yield from requests.get(url, headers=headers, timeout=60).json()["elements"]

    return read


def salesforce_sdk(credentials: dict[str, str]) -> Callable[[], Iterable]:
    """simple-salesforce: its login for a session, then its own iterator over the query."""
    import requests
    from simple_salesforce import Salesforce

    granted = requests.post(
        f"{credentials['host']}/services/oauth2/token",
        data={
            "grant_type": "client_credentials",
            "client_id": credentials["login"],
            "client_secret": credentials["password"],
        },
        timeout=60,
    ).json()
    client = Salesforce(
        session_id=granted["access_token"], instance_url=granted["instance_url"], version="68.0"
    )
    query = "SELECT Id, LeadSource, Status, Email, CreatedDate, UTM_Campaign__c FROM Lead"
    return lambda: client.query_all_iter(query, include_deleted=True)


SDKS: dict[str, tuple[str, str, Callable[[dict[str, str]], Callable[[], Iterable]]]] = {
    "facebook_ads": ("campaign_daily", "facebook-business cursor", facebook_sdk),
    "google_ads": ("campaign_daily", "google-ads proto-plus stream", google_sdk),
    "linkedin_ads": ("campaign_daily", "requests, a month a call", linkedin_requests),
    "salesforce": ("leads", "simple-salesforce query_all_iter", salesforce_sdk),
}


def measure(source_name: str, who: str) -> None:
    """Child process: read once to warm the sandbox, then three times; print the best as JSON."""
    stream, _, sdk = SDKS[source_name]
    plain: dict[str, Any] = json.loads(os.environ[f"AIRFLOW_CONN_{source_name.upper()}"])
    credentials = {k: v for k, v in plain.items() if isinstance(v, str)} | plain["extra"]
    read = ours(source_name, credentials, stream) if who == "ours" else sdk(credentials)
    rates = []
    for _ in range(4):
        began = time.perf_counter()
        records = sum(1 for _ in read())
        rates.append(records / (time.perf_counter() - began))
    print(json.dumps({"records": records, "rate": max(rates[1:])}))


def main() -> None:
    """Serve the generated company and measure every source both ways."""
    from include.settings import load_settings

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        generate = [sys.executable, "-m", "include.sandbox", "generate", "--out", str(data)]
        subprocess.run(generate, cwd=ROOT, env=environment(), check=True, capture_output=True)
        with start_sandbox(data) as sandbox:
            for name, (stream, yardstick_name, _) in SDKS.items():
                measured = {}
                for who in ("ours", "sdk"):
                    done = subprocess.run(
                        [sys.executable, "-m", "tests.bench.extract", name, who],
                        cwd=ROOT,
                        env=environment(**sandbox.variables),
                        check=True,
                        stdout=subprocess.PIPE,
                        text=True,
                    )
                    measured[who] = json.loads(done.stdout.splitlines()[-1])
                mine, theirs = measured["ours"], measured["sdk"]
                rows.append(
                    {
                        "measure": f"{name} {stream}, {mine['records']} records",
                        "unit": "records/s",
                        "ours": round(mine["rate"]),
                        "yardstick": round(theirs["rate"]),
                        "yardstick_name": f"{yardstick_name}, {theirs['records']} records",
                        "ratio": round(mine["rate"] / theirs["rate"], 2),
                    }
                )
    write(load_settings(), "extract", rows)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(*sys.argv[1:])
    else:
        main()
