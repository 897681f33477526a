"""Small nights of an ad network and a CRM, step by step, each step in a process of its own.

As Airflow does it: a step that was killed is done again, from what the steps before it left.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any

from include import landing, quality, warehouse
from include.contracts.marts import MART_TABLES
from include.landing import Batch
from include.settings import Settings
from include.warehouse import models
from include.warehouse.engine import WarehouseError, engine_of
from tests import forked
from tests.warehouse.world import (
    ACCOUNT,
    CRM,
    NETWORK,
    ORG,
    START,
    campaign,
    days,
    land,
    member,
    run,
    spent,
    total,
)

STEPS = ("land", "check", "stage", "prepare", "build", "audit", "publish")
FAILPOINTS = {
    "land": ("landing.within_records", "landing.before_manifest", "landing.before_rename"),
    "stage": ("stage.within_batches", "stage.before_commit", "stage.after_commit"),
    "build": ("build.before_commit",),
    "publish": ("publish.within_copy", "publish.before_rename", "publish.after_rename"),
}
"""The failpoints of a night, by the step that reaches each."""
LOADED = (
    "staging.stg_ad_accounts",
    "staging.stg_campaigns",
    "staging.stg_campaign_history",
    "staging.stg_campaign_daily",
    "staging.stg_account_daily",
    "staging.stg_crm_campaign_members",
    "ops.load_ledger",
    "ops.rejected_rows",
    "ops.restatements",
)
SEEN = (
    "select run_id, (select sum(spend) from marts.fct_ad_spend_daily) as spent, "
    "(select sum(spend_base) from marts.mart_channel_roi_monthly) as of_channels, "
    "(select count(*) from marts.dim_campaign) as campaigns from marts.build_info"
)
Lease = Mapping[str, int]
Build = tuple[Any, ...]


@dataclass
class Undisturbed:
    """What nights that nobody killed leave behind, and how long their steps take, in seconds."""

    prints: list[dict[str, str]]
    moved: list[list[str]]
    builds: list[Build]
    seconds: dict[str, float]


def prints(settings: Settings) -> dict[str, str]:
    """The fingerprints of staging, ledger and marts."""
    marts = [f"marts.{table.name}" for table in MART_TABLES]
    return warehouse.fingerprint(settings, [*LOADED, *marts])


def moved(settings: Settings) -> list[str]:
    """What is told of the closed months that moved."""
    told = "select mart, row_key, figure, causes, old_value, new_value from ops.mart_changes"
    return sorted(map(repr, warehouse.read(settings, told)))


def build_seen(settings: Settings) -> Build:
    """What a reader sees of one build, across marts."""
    return tuple(warehouse.read_marts(settings, SEEN)[0].values())


def begin(settings: Settings, night: int) -> Lease:
    """What comes before the steps: tables, and the leases of the night."""
    if night == 0:
        warehouse.prepare(settings, (NETWORK, CRM))
    tokens = warehouse.lease_accounts(settings, NETWORK.name, [ACCOUNT.account_id], run(night))
    tokens |= warehouse.lease_accounts(settings, CRM.name, [ORG.account_id], run(night))
    return tokens | {"marts": warehouse.lease_marts(settings, run(night))}


def do(settings: Settings, night: int, step: str, lease: Lease) -> None:
    """One step of one night; done again it changes nothing."""
    if step == "land":
        _land(settings, night)
    elif step == "check":
        for source, batches in landed(settings, night):
            for batch in batches:
                quality.check(settings, source, batch)
    elif step == "stage":
        for source, batches in landed(settings, night):
            token = lease[batches[0].account.account_id]
            checked = [quality.read_checked(settings, batch) for batch in batches]
            warehouse.stage(settings, source, checked, run(night), lease=token)
    elif step == "prepare":
        warehouse.prepare(settings, (NETWORK, CRM))
    elif step == "build":
        names = (model.name for model in models.models())
        warehouse.build(settings, *names, lease=lease["marts"])
    elif step == "audit":
        version = warehouse.read(settings, "select version from ops.staging_version")[0]["version"]
        warehouse.require_clean(settings, models.audits(), version, lease["marts"])
    elif step == "publish":
        warehouse.publish(settings, run(night), lease["marts"])


def _land(settings: Settings, night: int) -> None:
    """Each night one day more, every day of before restated, a campaign that goes, another new."""
    window, spends = days(night + 2), {}
    for day in range(night + 2):
        spends[day] = {"a": f"{10 + night}.25", f"only {night}": str(day + 1)}
    rows = [spent(name, day, money) for day, of in spends.items() for name, money in of.items()]
    totals = [
        total(day, str(11.25 + night + day)) | {"impressions": 200, "clicks": 6} for day in spends
    ]
    campaigns = [campaign("a", f"A {night}"), campaign(f"only {night}", "Only")]
    land(settings, NETWORK, "campaigns", night, campaigns)
    land(settings, NETWORK, "campaign_daily", night, rows, window)
    land(settings, NETWORK, "account_daily", night, totals, window)
    changed = START + timedelta(days=night, hours=-1)
    land(settings, CRM, "members", night, [member("m", changed, f"Sent {night}")])


def landed(settings: Settings, night: int) -> Iterator[tuple[Any, list[Batch]]]:
    """The batches of a night by source, of those landed twice the later."""
    for source in (NETWORK, CRM):
        latest: dict[str, Batch] = {}
        for batch in landing.batches(settings, source.name):
            if batch.as_of == run(night).as_of:
                latest[batch.request.stream] = batch
        yield source, list(latest.values())


def in_child(
    settings: Settings,
    night: int,
    step: str,
    lease: Lease,
    *,
    failpoint: str = "",
    seconds: float | None = None,
) -> bool:
    """Do a step in a process that is killed at a failpoint or after ``seconds``; was it killed?"""
    child = forked.start(_step, settings, night, step, lease, failpoint)
    child.join(seconds)
    if child.exitcode is None:
        child.kill()
        child.join()
    assert child.exitcode in (0, -signal.SIGKILL), f"{step} failed by itself"
    return child.exitcode != 0


def _step(settings: Settings, night: int, step: str, lease: Lease, failpoint: str) -> None:
    os.environ["CLOSED_LOOP_FAILPOINT"] = failpoint
    do(settings, night, step, lease)


@contextmanager
def watched(settings: Settings, undisturbed: Undisturbed) -> Iterator[None]:
    """A reader that looks at the marts throughout, and may see whole builds alone."""
    said, hears = forked.CONTEXT.Pipe(duplex=False)
    over = forked.CONTEXT.Event()
    reader = forked.start(_watch, settings, over, hears)
    try:
        yield
    finally:
        over.set()
        seen: set[Build] = said.recv() if said.poll(60) else set()
        reader.join()
    assert len(seen) > 1, "it looked too seldom to see one build follow another"
    assert seen <= set(undisturbed.builds)


def _watch(settings: Settings, over: Event, hears: Connection) -> None:
    seen, is_over = set(), False
    while not is_over:
        is_over = over.wait(0.1)  # and then it looks once more
        try:
            with engine_of(settings).read_marts() as session:
                seen.add(tuple(session.rows(SEEN)[0].values()))
        except WarehouseError as error:
            if seen:
                seen.add((str(error),))
    hears.send(seen)
