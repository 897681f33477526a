"""Nights of a CRM through the real steps, on DuckDB: nothing lost or doubled, changes kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include import ingestion, warehouse
from include.run import Run
from include.settings import Settings
from include.sources import salesforce_bulk as bulk
from include.sources.salesforce import SALESFORCE
from tests.sandbox.running import Sandbox, start_sandbox, write_data_set
from tests.sandbox.salesforce_data import key, lead
from tests.sandbox.salesforce_reading import settings_for

Record = dict[str, Any]

TIES = 10_000
TIE = "2026-11-01T10:00:00Z"
NIGHTS = [f"2026-11-{day:02d}T12:00:00Z" for day in (10, 11, 12, 18)]
FIRST, SECOND, THIRD = 20_001, 20_002, 20_003  # each is merged into the next
LATE = 20_004
TAGGED = 20_005


def version(record: Record, since: str | None, until: str | None = None, **changes: Any) -> Record:
    """A record as it was known from one instant to another; it changed when it became known."""
    told = {**record, **changes}
    told.pop("SystemModstamp", None)
    if since:
        told["_known_from"] = since
    if until:
        told["_known_until"] = until
    return told


def person(number: int) -> Record:
    return lead(number, CreatedDate="2026-10-01T10:00:00Z", SystemModstamp=None)


def deal(number: int, **changes: Any) -> Record:
    return {"Id": key("006", number), "Name": f"Deal {number}", "StageName": "Negotiation",
            "Amount": 100.1 * number, "CloseDate": "2026-12-01",
            "CreatedDate": "2026-10-01T10:00:00Z", **changes}  # fmt: skip


MERGE_1, MERGE_2 = "2026-11-10T20:00:00Z", "2026-11-11T20:00:00Z"
FIELDS_CHANGE = "2026-11-11T22:00:00Z"
FILES: dict[str, list[Record]] = {
    "salesforce/Lead": [
        *(lead(n, CreatedDate=TIE, SystemModstamp=TIE) for n in range(TIES)),
        version(person(FIRST), None, MERGE_1),
        version(person(FIRST), MERGE_1, IsDeleted=True, MasterRecordId=key("00Q", SECOND)),
        version(person(SECOND), None, MERGE_2),
        version(person(SECOND), MERGE_2, IsDeleted=True, MasterRecordId=key("00Q", THIRD)),
        person(THIRD),
        # the cursor's record, and one that is committed later with an earlier stamp
        lead(20_010, SystemModstamp="2026-11-10T11:59:00Z", CreatedDate=TIE),
        lead(LATE, SystemModstamp="2026-11-10T11:52:00Z", CreatedDate="2026-11-10T11:52:00Z",
             _known_from="2026-11-10T12:05:00Z"),
        version(person(TAGGED), None, FIELDS_CHANGE, UTM_Source__c=None),
        version(person(TAGGED), FIELDS_CHANGE, UTM_Source__c="bing"),
    ],
    "salesforce/Contact": [
        {"Id": key("003", 1), "LastName": "Turing", "CreatedDate": TIE},
        {"Id": key("003", 2), "LastName": "Hopper", "CreatedDate": TIE,
         "_known_until": "2026-11-11T18:00:00Z"},  # hard deleted: no tombstone
    ],
    "salesforce/Opportunity": [
        version(deal(1), None, "2026-11-10T18:00:00Z"),
        version(deal(1), "2026-11-10T18:00:00Z", "2026-11-11T18:00:00Z", IsDeleted=True),
        version(deal(1), "2026-11-11T18:00:00Z"),  # fetched back
        deal(2, _known_until="2026-11-11T18:00:00Z"),  # hard deleted
        deal(3),
    ],
    "salesforce/OpportunityHistory": [
        {"Id": key("008", n), "OpportunityId": key("006", 3), "StageName": stage, "Amount": 10 * n,
         "CreatedDate": at, "_known_from": at}
        for n, (stage, at) in enumerate(
            (("New", "2026-10-01T10:00:00Z"), ("Negotiation", "2026-11-10T14:00:00Z")), 1
        )
    ],
}  # fmt: skip
DESCRIBED = [
    *({"name": name, "type": kind} for name, kind in (
        ("Email", "email"), ("Company", "string"), ("LeadSource", "picklist"),
        ("Status", "picklist"), ("OwnerId", "reference"), ("IsDeleted", "boolean"),
    )),
    {"name": "MasterRecordId", "type": "reference", "referenceTo": ["Lead"]},
    {"name": "GCLID__c", "type": "string", "custom": True, "_known_until": FIELDS_CHANGE},
    {"name": "UTM_Source__c", "type": "string", "custom": True, "_known_from": FIELDS_CHANGE},
]  # fmt: skip
LEADS_BY_NIGHT = [TIES + 5, TIES + 6, TIES + 6, TIES + 6]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = write_data_set(tmp_path_factory.mktemp("data"), FILES, as_of="2026-11-10")
    (folder / "salesforce/describe").mkdir()
    (folder / "salesforce/describe/Lead.json").write_text(
        json.dumps({"name": "Lead", "fields": DESCRIBED})
    )
    with start_sandbox(folder) as running:
        yield running


def night(sandbox: Sandbox, settings: Settings, as_of: str) -> None:
    """One load, step by step, as the DAG's tasks do it."""
    sandbox.set_clock(as_of)
    run = Run("night", datetime.fromisoformat(as_of), datetime.now(UTC))
    given = sandbox.connection("salesforce")
    plans = ingestion.plan(settings, SALESFORCE, given, run, {})
    for plan in plans:
        landed = ingestion.land(settings, SALESFORCE, given, run, plan)
        ingestion.stage(settings, SALESFORCE, ingestion.validate(settings, SALESFORCE, landed), run)
    ingestion.reconcile(settings, SALESFORCE, plans)


def rows(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in warehouse.read(settings, sql)]


STAGED = [stream.table for stream in SALESFORCE.streams if stream.kind == "changes"]


def living(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """What is staged and not deleted, stamps aside."""
    found = {}
    for table in STAGED:
        names = [column for column in table.column_names if column not in ("batch_id", "loaded_at")]
        found[table.name] = rows(
            settings,
            f"select {', '.join(names)} from staging.{table.name} "  # noqa: S608 (our own names)
            f"where not is_deleted order by {', '.join(table.key)}",
        )
    return found


def test_19_20_21_nothing_is_lost_or_doubled_over_the_nights(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All leads come by a job, what changed by pages; sessions die and chunks are cut short."""
    monkeypatch.setenv("CLOSED_LOOP_HASH_KEY", "one key for both homes")
    monkeypatch.setattr(bulk, "CHUNK_RECORDS", 3_000)
    settings = settings_for(sandbox, tmp_path / "home")
    sandbox.reset()
    warehouse.prepare(settings, (SALESFORCE,))
    sandbox.set_faults([
        {"match": {"api": "salesforce", "query": "ORDER BY"}, "nth": [2, 30],
         "do": {"kind": "expire_token"}},
        {"preset": "salesforce-token-dies-before-results", "nth": 2},
        {"preset": "salesforce-chunk-truncated", "nth": 3},
    ])  # fmt: skip
    deals_deleted = []
    for as_of, leads in zip(NIGHTS, LEADS_BY_NIGHT, strict=True):
        night(sandbox, settings, as_of)
        assert rows(
            settings, "select count(*), count(distinct lead_id) from staging.stg_crm_leads"
        ) == [(leads, leads)]
        deals_deleted.append(rows(
            settings,
            "select is_deleted from staging.stg_crm_opportunities order by opportunity_id",
        ))  # fmt: skip
        if as_of == NIGHTS[1]:
            assert rows(
                settings,
                f"select 1 from staging.stg_crm_leads where lead_id = '{key('00Q', LATE)}'",  # noqa: S608
            ) == [(1,)], "the late commit"
    assert any(entry["fault"] for entry in sandbox.log())
    assert deals_deleted == [
        [(False,), (False,), (False,)],
        [(True,), (False,), (False,)],  # the first has a tombstone
        [(False,), (True,), (False,)],  # it is fetched back; the second is gone without any
        [(False,), (True,), (False,)],
    ]
    chain = dict(rows(
        settings,
        "select lead_id, master_record_id from staging.stg_crm_leads where is_deleted",
    ))  # fmt: skip
    assert chain == {key("00Q", FIRST): key("00Q", SECOND), key("00Q", SECOND): key("00Q", THIRD)}
    assert rows(settings, "select contact_id from staging.stg_crm_contacts where is_deleted") == [
        (key("003", 2),)
    ], "compared by id within a week"
    assert rows(
        settings,
        "select object_name, field_name, change, old_type, new_type from ops.schema_changes "
        "order by field_name",
    ) == [("Lead", "GCLID__c", "removed", "string", None),
          ("Lead", "UTM_Source__c", "added", None, "string")]  # fmt: skip
    assert rows(
        settings,
        f"select utm_source from staging.stg_crm_leads where lead_id = '{key('00Q', TAGGED)}'",  # noqa: S608
    ) == [("bing",)]
    assert rows(
        settings,
        "select stage_name from staging.stg_crm_opportunity_history order by created_at",
    ) == [("New",), ("Negotiation",)]

    sandbox.set_faults([])
    before = warehouse.fingerprint(settings, [f"staging.{table.name}" for table in STAGED])
    night(sandbox, settings, NIGHTS[-1])
    after = warehouse.fingerprint(settings, [f"staging.{table.name}" for table in STAGED])
    assert after == before, "the same night once more changes nothing"

    afresh = settings_for(sandbox, tmp_path / "afresh")
    warehouse.prepare(afresh, (SALESFORCE,))
    night(sandbox, afresh, NIGHTS[-1])
    assert living(afresh) == living(settings), "a load from nothing sees the same"
