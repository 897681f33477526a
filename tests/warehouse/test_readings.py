"""A ledger says under which settings every CRM record was read, whatever became of it since.

The org keeps the status of a member in a field of its own, which must be mapped to be read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from include import ingestion, landing, rebuild, warehouse
from include.settings import Settings
from include.sources import Account, Record, Request, Source
from tests.warehouse.test_rebuild import WORKING, lose
from tests.warehouse.world import CRM, ORG, START, member, run

MEMBERS = [member("00v0", START), member("00v1", START + timedelta(days=1))]
MAPPED = {"CampaignMember": {"member_status": "Stand__c"}}


def _answers(settings: Settings, account: Account, request: Request) -> Iterator[Record]:
    """Members changed since, as that login is told to read them."""
    is_mapped = "CampaignMember" in settings.salesforce_fields
    for each in MEMBERS:
        changed_at = datetime.fromisoformat(each["modified_at"])
        if changed_at >= (request.since or changed_at):
            yield each if is_mapped else each | {"member_status": None}


ASKED: Source = replace(
    CRM,
    connect=lambda _, settings: settings,
    discover=lambda _: [ORG],
    extract=_answers,
    streams=CRM.streams[:1],
)


def night(settings: Settings, number: int, planned: dict[str, Any] | None = None) -> str | None:
    """One night of the CRM; the instant since which it was asked, None: for every record."""
    plan = planned or plan_of(settings, number)
    ids = ingestion.land(settings, ASKED, {}, run(number), plan)
    ingestion.stage(settings, ASKED, ingestion.validate(settings, ASKED, ids), run(number))
    return plan["requests"][0]["since"]


def plan_of(settings: Settings, number: int) -> dict[str, Any]:
    [plan] = ingestion.plan(settings, ASKED, {}, run(number), {})
    return plan


def statuses(settings: Settings) -> list[str | None]:
    rows = warehouse.read(
        settings,
        "select member_status from staging.stg_crm_campaign_members order by campaign_member_id",
    )
    return [row["member_status"] for row in rows]


def test_44_a_field_mapped_before_a_rebuild_is_filled_by_the_night_after_it(
    prepared: Settings,
) -> None:
    assert night(prepared, 2) is None
    mapped = replace(prepared, salesforce_fields=MAPPED)
    lose(mapped)
    rebuild.rebuild(mapped, (ASKED,))
    assert night(mapped, 3) is None
    assert statuses(mapped) == ["Sent", "Sent"]
    assert night(mapped, 4) is not None


def test_44_under_unchanged_settings_a_rebuild_goes_on_as_if_it_had_not_been(
    prepared: Settings,
) -> None:
    night(prepared, 2)
    night(prepared, 3)
    before = warehouse.fingerprint(prepared, WORKING)
    lose(prepared)
    rebuild.rebuild(prepared, (ASKED,))
    assert warehouse.fingerprint(prepared, WORKING) == before
    assert night(prepared, 4) is not None


def test_batches_of_a_release_that_kept_no_reading_are_read_anew_after_a_rebuild(
    new_settings: Any,
) -> None:
    settings = new_settings("duckdb")
    warehouse.prepare(settings, (ASKED,))
    night(settings, 2)
    night(settings, 3)
    for path in settings.landing.rglob("manifest.json"):
        manifest = json.loads(path.read_text())
        del manifest["reading"], manifest["manifest_sha256"]
        path.write_text(json.dumps(manifest))
    assert [batch.reading for batch in landing.batches(settings, ASKED.name)] == [None, None]
    rebuild.rebuild(settings, (ASKED,))
    assert night(settings, 4) is None
    assert night(settings, 5) is not None


@pytest.mark.parametrize("edited_before", ["landing", "staging"])
def test_settings_edited_within_a_night_are_caught_up_by_the_next(
    new_settings: Any, edited_before: str
) -> None:
    """As when a task is cleared after an edit: its plan was made, or its batch landed, before."""
    settings = new_settings("duckdb")
    warehouse.prepare(settings, (ASKED,))
    night(settings, 2)
    mapped = replace(settings, salesforce_fields=MAPPED)
    plan = plan_of(settings, 3)
    if edited_before == "landing":
        night(mapped, 3, plan)
    else:
        ids = ingestion.land(settings, ASKED, {}, run(3), plan)
        ingestion.stage(mapped, ASKED, ingestion.validate(mapped, ASKED, ids), run(3))
    assert night(mapped, 4) is None
    assert statuses(mapped) == ["Sent", "Sent"]
