"""Steps from publish to publish: a world is edited, built and published, and what moved is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

from include import warehouse
from include.run import Run
from include.settings import Settings
from include.warehouse import models
from tests.sql.worlds import AS_OF, TABLES, Rows, fill

World = dict[str, Rows]
TRACKED = (
    "mart_campaign_roi_monthly",
    "mart_channel_roi_monthly",
    "mart_funnel_monthly",
    "mart_revenue_by_close_month",
    "mart_sales_cycles_monthly",
    "mart_attribution_rates_monthly",
)
MARTS = (*TRACKED, "dim_ad", "dim_name_history", "mart_paths")

SUMS = (
    "spend_base",
    "leads",
    "mqls",
    "sqls",
    "opportunities",
    "won_deals",
    "customers",
    "won_revenue_base",
    "open_pipeline_base",
)


def spent(platform: str, campaign: str, day: str, spend: str, currency: str) -> dict[str, Any]:
    """A campaign's day of spend in account 1."""
    return {
        "platform": platform,
        "account_id": "1",
        "campaign_id": campaign,
        "currency_code": currency,
        "date_day": day,
        "spend": spend,
    }


def came(campaign: str, at: str, **more: Any) -> dict[str, Any]:
    """A lead or contact who came through an ad of Google's at ten that day."""
    return {
        "utm_source": "google",
        "utm_medium": "cpc",
        "utm_campaign": campaign,
        "created_at": f"{at}T10:00:00Z",
        **more,
    }


def row_of(world: World, table: str, key: str) -> dict[str, Any]:
    """The row of a table in which the key stands."""
    return next(row for row in world[table] if key in row.values())


def rebuild(settings: Settings, edited: set[str]) -> None:
    """Build anew what reads these tables and is read by the marts looked at."""
    stale: set[str] = set()
    wanted = set(MARTS)
    for model in models.models():
        reads = re.findall(r"\b(?:staging|ops)\.(\w+)", model.sql)
        if edited.intersection(reads) or stale.intersection(model.depends_on):
            stale.add(model.name)
    for model in reversed(models.models()):
        if model.name in wanted:
            wanted.update(model.depends_on)
    names = [model.name for model in models.models() if model.name in stale & wanted]
    warehouse.build(settings, *names)


def publish(settings: Settings, step: int) -> list[dict[str, Any]]:
    """Publish, and tell what that wrote."""
    run = Run(f"step {step}", AS_OF, AS_OF + timedelta(hours=step))
    warehouse.publish(settings, run)
    return warehouse.read(
        settings,
        "select * from ops.mart_changes where run_id = :run order by mart, row_key, figure",
        {"run": run.run_id},
    )


def take_step(
    settings: Settings, world: World, step: int, *edits: Callable[[World], None]
) -> list[dict[str, Any]]:
    """Edit the world, load what differs, build and publish it; what moved."""
    before = deepcopy(world)
    for edit in edits:
        edit(world)
    for table, rows in world.items():
        if "loaded_at" in TABLES[table].column_names:
            for row in rows:
                if row not in before.get(table, []):
                    row["loaded_at"] = AS_OF + timedelta(hours=step)
    fill(settings, world)
    rebuild(settings, {table for table in world if world[table] != before.get(table)})
    return publish(settings, step)


def seen(rows: list[dict[str, Any]], *marts: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What moved in these marts, by row and figure."""
    return {(row["row_key"], row["figure"]): row for row in rows if row["mart"] in marts}


def sums_of(rows: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[int, int, str, str]]:
    """The sums that moved in the ROI marts: old, new, causes and evidence."""
    return {
        key: (row["old_value"], row["new_value"], row["causes"], row["evidence"])
        for key, row in seen(rows, *TRACKED[:2]).items()
        if row["figure"] in SUMS
    }
