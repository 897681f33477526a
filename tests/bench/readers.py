"""Who reads in the bench ``extract``: ours, two peers, and the vendors' own SDKs.

A peer is installed into a virtual environment of its own in a temporary folder, through whatever
package index pip is configured for, and configured as its documentation says; none of its
code is here. Everyone finds the sandbox on the vendors' own hosts, through its proxy.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import venv
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.sdks import GOOGLE_DAILY, LEAD_FIELDS, META_FIELDS, SDKS
from tests.bench.worlds import ACCOUNTS, Size
from tests.sandbox.running import ROOT, Sandbox

INGESTR = "ingestr==0.15.9"
STREAMS = {
    "facebook_ads": "ad_daily",
    "google_ads": "ad_daily",
    "linkedin_ads": "ad_daily",
    "salesforce": "leads",
}
_CREDENTIALS = {
    "facebook_ads": {"password": "sandbox-meta-token"},
    "google_ads": {
        "login": "sandbox-google-client",
        "password": "sandbox-google-secret",
        "extra": {
            "refresh_token": "sandbox-google-refresh",
            "developer_token": "sandbox-developer-token",
        },
    },
    "linkedin_ads": {
        "login": "sandbox-linkedin-client",
        "password": "sandbox-linkedin-secret",
        "extra": {"refresh_token": "sandbox-linkedin-refresh"},
    },
    "salesforce": {
        "host": "https://acme.my.salesforce.com",
        "login": "sandbox-salesforce-client",
        "password": "sandbox-salesforce-secret",
    },
}


class CannotInstall(Exception):
    """A peer cannot be had where the bench runs; the message says why."""


@dataclass(frozen=True)
class Job:
    """One reading: what is run, with which variables, and where it writes."""

    command: list[str]
    variables: dict[str, str]
    folder: Path


class Ours:
    """Plan and land through the product's own path."""

    name = "ours"
    keeps = "landed batches"

    def reads(self, source: str) -> bool:
        """Every source."""
        return True

    def job(self, sandbox: Sandbox, source: str, size: Size, folder: Path) -> Job:
        """A first load into a new home, the warehouse's empty tables made beforehand."""
        connection: dict[str, Any] = {"conn_type": "generic", "extra": {}, "host": "", "login": ""}
        product = {
            name: value
            for name, value in sandbox.variables.items()
            if not name.startswith("AIRFLOW_CONN_")
        }
        variables = {
            **os.environ,
            **sandbox.proxy_variables,
            **product,
            "PYTHONPATH": str(ROOT),
            "CLOSED_LOOP_HOME": str(folder),
            f"AIRFLOW_CONN_{source.upper()}": json.dumps(connection | _CREDENTIALS[source]),
        }
        command = [sys.executable, "-m", "tests.bench.ours"]
        subprocess.run([*command, "prepare", source], cwd=ROOT, env=variables, check=True)
        return Job([*command, "land", source, STREAMS[source]], variables, folder)

    def rows(self, job: Job, said: str) -> int:
        """Records landed."""
        return json.loads(said.splitlines()[-1])["rows"]


class Sdk(Ours):
    """The vendor's SDK, reading alone."""

    name = "vendor SDK"
    keeps = "nothing"

    def reads(self, source: str) -> bool:
        """LinkedIn has none."""
        return source in SDKS

    def job(self, sandbox: Sandbox, source: str, size: Size, folder: Path) -> Job:
        """One module of ours that calls it."""
        variables = {**os.environ, **sandbox.proxy_variables, "PYTHONPATH": str(ROOT)}
        days = [size.first.isoformat(), size.last.isoformat()]
        return Job([sys.executable, "-m", "tests.bench.sdks", source, *days], variables, folder)


class Ingestr:
    """ingestr, a Go binary in a wheel, into SQLite: the quickest of the destinations it can write
    without downloading a driver, and the only one that takes all four sources.
    https://bruin-data.github.io/ingestr/"""

    name = INGESTR
    keeps = "an SQLite table"

    def __init__(self, folder: Path) -> None:
        self._program = _install(folder / "ingestr", INGESTR) / "ingestr"

    def reads(self, source: str) -> bool:
        """Every source."""
        return True

    def job(self, sandbox: Sandbox, source: str, size: Size, folder: Path) -> Job:
        """Its fields are those ours asks for. Facebook is given no interval, since with one it asks
        for a report a day and waits three seconds for each: without, for the last 30 days at once.
        """
        days = ["--interval-start", size.first.isoformat(), "--interval-end", size.last.isoformat()]
        if source == "facebook_ads":
            uri = f"facebookads://?access_token=sandbox-meta-token&account_id={ACCOUNTS[source]}"
            table, days = f"facebook_insights:ad:{','.join(META_FIELDS[3:])}", []
        elif source == "google_ads":
            secret = folder / "google.json"
            secret.write_text(
                json.dumps(
                    {
                        "type": "authorized_user",
                        "client_id": "sandbox-google-client",
                        "client_secret": "sandbox-google-secret",
                        "refresh_token": "sandbox-google-refresh",
                    }
                )
            )
            uri = (
                f"googleads://{ACCOUNTS[source]}?credentials_path={secret}"
                f"&dev_token=sandbox-developer-token&login_customer_id={ACCOUNTS[source]}"
            )
            query = GOOGLE_DAILY.format(first=size.first, last=size.last)
            table, days = f"gaql_query:{query}", []
        elif source == "linkedin_ads":
            uri = (
                f"linkedinads://?access_token=sandbox-linkedin-token&account_ids={ACCOUNTS[source]}"
            )
            table = (
                "custom:creative,date:costInLocalCurrency,costInUsd,impressions,clicks,"
                "externalWebsiteConversions,oneClickLeads,conversionValueInLocalCurrency"
            )
        else:
            uri = (
                "salesforce://?username=admin@sandbox.example&password=sandbox-password"
                "&token=sandboxtoken&domain=acme.my"
            )
            table, days = "lead", []
        command = [str(self._program), "ingest", "--yes", "--progress", "log"]
        command += ["--source-uri", uri, "--source-table", table, *days]
        command += ["--dest-uri", f"sqlite:///{folder / 'peer.db'}", "--dest-table", "main.rows"]
        return Job(command, _peer_variables(sandbox, folder), folder)

    def rows(self, job: Job, said: str) -> int:
        """Rows of its table."""
        with closing(sqlite3.connect(job.folder / "peer.db")) as connection:
            return connection.execute("select count(*) from rows").fetchone()[0]


class Dlt:
    """dlt with its generic REST source, into JSON lines; configured, not programmed.
    https://dlthub.com/docs/dlt-ecosystem/verified-sources/rest_api"""

    name = "dlt rest_api"
    keeps = "JSON lines"

    def __init__(self, folder: Path) -> None:
        self._python = _install(folder / "dlt", "dlt") / "python"
        asked = "import dlt; print(dlt.__version__)"
        done = subprocess.run([self._python, "-c", asked], capture_output=True, text=True)
        self.name = f"dlt=={done.stdout.strip()} rest_api"

    def reads(self, source: str) -> bool:
        """The two whose pages its paginators can follow."""
        return source in ("facebook_ads", "salesforce")

    def job(self, sandbox: Sandbox, source: str, size: Size, folder: Path) -> Job:
        """A configuration in a file, and the pipeline that runs it."""
        if source == "facebook_ads":
            client: dict[str, Any] = {
                "base_url": "https://graph.facebook.com/v26.0/",
                "auth": {"type": "bearer", "token": "sandbox-meta-token"},
                "paginator": {"type": "json_link", "next_url_path": "paging.next"},
            }
            endpoint: dict[str, Any] = {
                "path": f"act_{ACCOUNTS[source]}/insights",
                "data_selector": "data",
                "params": {
                    "level": "ad",
                    "time_increment": 1,
                    # Its configuration writes a brace as two.
                    "time_range": f'{{{{"since":"{size.first}","until":"{size.last}"}}}}',
                    "limit": 500,
                    "fields": ",".join(META_FIELDS),
                },
            }
        else:
            client = {
                "base_url": "https://acme.my.salesforce.com/services/data/v68.0/",
                "auth": {
                    "type": "oauth2_client_credentials",
                    "access_token_url": "https://acme.my.salesforce.com/services/oauth2/token",
                    "client_id": "sandbox-salesforce-client",
                    "client_secret": "sandbox-salesforce-secret",
                },
                "paginator": {"type": "json_link", "next_url_path": "nextRecordsUrl"},
            }
            query = f"SELECT {', '.join(LEAD_FIELDS)} FROM Lead"  # noqa: S608 (our own names)
            endpoint = {"path": "query", "data_selector": "records", "params": {"q": query}}
        configuration = folder / "configuration.json"
        configuration.write_text(
            json.dumps({"client": client, "resources": [{"name": "rows", "endpoint": endpoint}]})
        )
        script = Path(__file__).with_name("dlt_pipeline.py")
        command = [str(self._python), str(script), str(configuration), str(folder)]
        return Job(command, _peer_variables(sandbox, folder), folder)

    def rows(self, job: Job, said: str) -> int:
        """Rows it normalized."""
        return json.loads(said.splitlines()[-1])["rows"]


Reader = Ours | Sdk | Ingestr | Dlt


def _peer_variables(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """The proxy, and a home of its own: nothing of the configuration around it."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        **sandbox.proxy_variables,
        "INGESTR_DISABLE_TELEMETRY": "true",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }


def _install(folder: Path, package: str) -> Path:
    """A new environment with the package; gives its folder of programs."""
    print(f"installing {package} into an environment of its own", flush=True)
    venv.create(folder, with_pip=True)
    programs = folder / "bin"
    command = [str(programs / "python"), "-m", "pip", "install", "--quiet", package]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or "pip said nothing").splitlines()[-1]
        raise CannotInstall(
            f"{package} cannot be installed: {last}. The bench needs a package index for "
            "its peers; --only ours measures without them."
        )
    return programs
