"""Salesforce's further streams: histories without personal values, stages, currencies, activities,
fields; what the login may see; and records that move while they are read."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from include.settings import Settings
from include.sources import Request, SourceUnavailable
from include.sources import salesforce_bulk as bulk
from include.sources import salesforce_reading as reading
from include.sources.salesforce import SALESFORCE, look_at_login, usage
from tests.sandbox.running import Sandbox, start_sandbox, write_data_set
from tests.sandbox.salesforce_data import EVERYTHING, USER, key, lead
from tests.sandbox.salesforce_reading import connected, read, settings_for

CANARIES = ("lovelace", "turing", "grace", "hopper", "555 0100", "@example", "%40example")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with start_sandbox(write_data_set(tmp_path_factory.mktemp("data"), EVERYTHING)) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> None:
    sandbox.reset()


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> Settings:
    return settings_for(sandbox, tmp_path)


def test_streams_and_their_pace() -> None:
    streams = {stream.name: stream for stream in SALESFORCE.streams}
    assert {name for name, stream in streams.items() if not stream.by_default} == {
        "tasks", "tasks_ids", "events", "events_ids",
    }  # fmt: skip
    daily = {name for name, stream in streams.items()
             if stream.kind == "keys" and stream.every_days == 1}  # fmt: skip
    assert daily == {"opportunities_ids", "contact_roles_ids", "campaigns_ids",
                     "campaign_members_ids", "record_types_ids", "opportunity_stages_ids",
                     "exchange_rates_ids"}  # fmt: skip
    assert streams["leads_ids"].every_days == 7
    assert not {"opportunity_history_ids", "lead_history_ids", "users_ids"} & streams.keys()
    assert streams["lead_history"].whole_every_days is None
    assert list(streams)[-1] == "fields"


@pytest.mark.parametrize("way", ["rest", "bulk"])
def test_a_history_keeps_what_is_not_personal(
    sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(reading, "BULK_FROM", 0 if way == "bulk" else 10_000)
    client, account = connected(sandbox, settings)
    told = {
        (row["field_name"], row["old_value"], row["new_value"])
        for stream in ("lead_history", "opportunity_field_history")
        for row in read(client, account, stream)
    }
    assert told == {
        ("Status", "Open", "Qualified"),
        ("Email", None, None),
        ("LastName", None, None),
        ("Phone", None, None),
        ("Street", None, None),
        ("LeadSource", "Web", "of (e-mail removed)"),
        ("leadConverted", None, None),
        ("Newsletter__c", "false", "true"),
        ("Amount", "10", "1000.25"),
        ("StageName", "New", "Negotiation"),
        ("Owner", None, None),
        ("Owner", USER, USER),
        ("Name", None, None),
        ("created", None, None),
    }


@pytest.mark.parametrize("way", ["rest", "bulk"])
def test_nothing_personal_is_in_any_record(
    sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch, way: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(reading, "BULK_FROM", 0 if way == "bulk" else 10_000)
    client, account = connected(sandbox, settings)
    for stream in SALESFORCE.streams:
        for record in SALESFORCE.extract(client, account, Request(stream.name)):
            text = json.dumps(record, default=str).lower()
            assert not [word for word in CANARIES if word in text], (stream.name, text)
    assert not [word for word in CANARIES if word in caplog.text.lower()]


def test_stages_currencies_and_rates(sandbox: Sandbox, settings: Settings) -> None:
    client, account = connected(sandbox, settings)
    assert [
        (row["stage_name"], row["sort_order"], row["probability"], row["is_won"])
        for row in read(client, account, "opportunity_stages")
    ] == [("New", 1, 10, False), ("Negotiation", 2, 20, False), ("Closed Won", 3, 30, True)]
    assert {
        row["currency_code"]: (row["conversion_rate"], row["decimal_places"], row["is_corporate"])
        for row in read(client, account, "currencies")
    } == {
        "EUR": (Decimal(1), 2, True),
        "USD": (Decimal("1.085"), 2, False),
        "JPY": (Decimal("164.2"), 0, False),
    }
    assert [
        (row["valid_from_date"], row["valid_to_date"], row["conversion_rate"])
        for row in read(client, account, "exchange_rates")
    ] == [(date(2026, n, 1), date(2026, n + 1, 1), 1 + Decimal(n) / 100) for n in (1, 2, 3)]


def test_activities_are_tied_to_people_and_deals(sandbox: Sandbox, settings: Settings) -> None:
    client, account = connected(sandbox, settings)
    ties = ("lead_id", "contact_id", "opportunity_id")
    assert {
        row["task_id"]: tuple(row[name] for name in ties) for row in read(client, account, "tasks")
    } == {
        key("00T", 1): (key("00Q", 1), None, key("006", 1)),
        key("00T", 2): (None, key("003", 1), None),
    }
    [event] = read(client, account, "events")
    assert (event["contact_id"], event["activity_type"]) == (key("003", 1), "Meeting")
    asked = " ".join(entry["query"] for entry in sandbox.log())
    assert "Subject" not in asked
    assert "Description" not in asked


def test_fields_of_what_is_read(sandbox: Sandbox, settings: Settings) -> None:
    client, account = connected(sandbox, settings)
    told = {(row["object_name"], row["field_name"]): row for row in read(client, account, "fields")}
    assert told["Lead", "UTM_Source__c"] | {"field_length": 0} == {
        "object_name": "Lead", "field_name": "UTM_Source__c", "field_type": "string",
        "field_length": 0, "is_calculated": False, "is_custom": True,
    }  # fmt: skip
    assert told["Opportunity", "ExpectedRevenue"]["is_calculated"]
    assert ("Task", "Status") not in told, "nobody asked for tasks"
    asked_for = replace(settings, extra_streams=frozenset({"salesforce.tasks"}))
    client, account = connected(sandbox, asked_for)
    assert ("Task", "Status") in {
        (row["object_name"], row["field_name"]) for row in read(client, account, "fields")
    }


def test_an_org_without_currencies_or_histories_has_none(
    serve_data: Callable[..., Sandbox], tmp_path: Path
) -> None:
    """Objects an org may lack are empty; one it must have is missed in words."""
    running = serve_data({"salesforce/Lead": [lead(1)]})
    client, account = connected(running, settings_for(running, tmp_path))
    missing = {"kind": "status", "status": 404,
               "body": [{"errorCode": "NOT_FOUND", "message": "no"}]}  # fmt: skip
    running.set_faults([{"match": {"api": "salesforce", "path": "History/describe"},
                         "do": missing}])  # fmt: skip
    for stream in ("currencies", "exchange_rates", "exchange_rates_ids", "lead_history",
                   "opportunity_history", "opportunity_field_history"):  # fmt: skip
        assert read(client, account, stream) == [], stream
    assert "LeadHistory" not in {row["object_name"] for row in read(client, account, "fields")}


# -- the login --------------------------------------------------------------------------------


def test_the_login_tells_who_it_is(sandbox: Sandbox, settings: Settings) -> None:
    client, _ = connected(sandbox, settings)
    login = look_at_login(client)
    assert (login.api_version, login.user, login.scopes) == (
        "68.0", "0055g00000SNDBXAA0", ("api", "id"),
    )  # fmt: skip
    assert login.expires_at is None
    assert not [remark for remark in login.remarks if remark.startswith(("Lead:", "User"))]


def test_the_login_tells_what_it_cannot_read(
    serve_data: Callable[..., Sandbox], tmp_path: Path
) -> None:
    running = serve_data({"salesforce/Lead": [lead(1)]})
    client, _ = connected(running, settings_for(running, tmp_path, Lead={"gclid": "Click__c"}))
    missing = {"kind": "status", "status": 404,
               "body": [{"errorCode": "NOT_FOUND", "message": "no"}]}  # fmt: skip
    running.set_faults([{"match": {"api": "salesforce", "path": "/Campaign/describe"},
                         "do": missing}])  # fmt: skip
    remarks = " ".join(look_at_login(client).remarks)
    assert "Campaign cannot be read: grant the integration user read access" in remarks
    assert "maps Lead.gclid to Click__c" in remarks


def test_usage_is_what_the_answers_tell(sandbox: Sandbox, settings: Settings) -> None:
    client, account = connected(sandbox, settings)
    read(client, account, "users")
    requests, daily = usage(client)
    sent = [entry for entry in sandbox.log() if "oauth2" not in entry["path"]]
    assert (requests.name, requests.used) == ("requests", len(sent))
    assert (daily.name, daily.allowed) == ("daily_requests", 100_000)
    assert daily.used >= len(sent)


# -- records that move ------------------------------------------------------------------------


def moving(n: int, at: str) -> list[dict[str, Any]]:
    """A deal that is changed at an instant."""
    told = {"Id": key("006", n), "Name": "Deal", "StageName": "New", "Amount": 100 * n,
            "CloseDate": "2026-12-01", "CreatedDate": "2026-03-01T10:00:00Z"}  # fmt: skip
    return [{**told, "_known_until": at}, {**told, "Amount": 100 * n + 1, "_known_from": at}]


@pytest.mark.parametrize("way", ["rest", "bulk"])
@pytest.mark.parametrize("when", ["after the totals", "after the records"])
def test_records_that_change_while_they_are_read(
    serve_data: Callable[..., Sandbox], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    way: str, when: str,
) -> None:  # fmt: skip
    """They are left for the next load, which begins before the present one's end; a record that is
    gone for good in between leaves the rest whole."""
    deals = [each for n in range(1, 8) for each in moving(n, f"2026-11-20T12:0{n}:00Z")]
    gone = {**moving(9, "2026-11-20T12:03:30Z")[0]}
    running = serve_data({"salesforce/Opportunity": [*deals, gone]})
    if way == "bulk":
        monkeypatch.setattr(reading, "BULK_FROM", 0)
        monkeypatch.setattr(bulk, "CHUNK_RECORDS", 3)
    client, account = connected(running, settings_for(running, tmp_path))
    clock = iter([f"2026-11-20T12:0{n}:10Z" for n in range(1, 10)])
    ask, tick = client.call, {"totals": "COUNT", "records": "ORDER BY"}[when.split()[-1]]

    def call(method: str, path: str, **given: Any) -> Any:
        answer = ask(method, path, **given)
        asked = (given.get("parameters") or {}).get("q", "")
        is_records = way == "bulk" and method == "DELETE"
        if tick in asked or (tick == "ORDER BY" and is_records):
            running.set_clock(next(clock))
        return answer

    client.call = call  # type: ignore[method-assign]
    first = read(client, account, "opportunities")
    client.call = ask  # type: ignore[method-assign]
    assert len({row["opportunity_id"] for row in first}) == len(first)
    since = max((row["modified_at"] for row in first), default=None)
    staged = {row["opportunity_id"]: row for row in first}
    running.set_clock("2026-11-20T13:00:00Z")
    staged |= {row["opportunity_id"]: row for row in read(client, account, "opportunities", since)}
    assert {key("006", n): Decimal(100 * n + 1) for n in range(1, 8)} == {
        name: row["amount"] for name, row in staged.items() if name != key("006", 9)
    }


@pytest.mark.parametrize("way", ["rest", "bulk"])
def test_records_that_change_without_end(
    serve_data: Callable[..., Sandbox], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """One changes before each reading and one after it: no totals are ever those of what was read,
    and those of what has not moved are."""
    deals = [each for n in range(1, 8) for each in moving(n, f"2026-11-20T12:0{n}:00Z")]
    running = serve_data({"salesforce/Opportunity": deals})
    monkeypatch.setattr(reading, "BULK_FROM", 0 if way == "bulk" else 10_000)
    client, account = connected(running, settings_for(running, tmp_path))
    clock = iter([f"2026-11-20T12:0{n}:10Z" for n in range(1, 10)])
    ask, totals = client.call, [0]

    def call(method: str, path: str, **given: Any) -> Any:
        answer = ask(method, path, **given)
        asked = (given.get("parameters") or {}).get("q", "")
        totals[0] += "SUM(" in asked
        if ("SUM(" in asked and totals[0] % 2) or "ORDER BY" in asked or method == "DELETE":
            running.set_clock(next(clock))
        return answer

    client.call = call  # type: ignore[method-assign]
    rows = read(client, account, "opportunities")
    assert {row["opportunity_id"]: row["amount"] for row in rows} == {
        key("006", n): Decimal(100 * n) for n in range(2, 8)
    }
    assert totals == [2]


def test_a_record_that_changes_after_the_query_began_is_left_for_the_next_load(
    serve_data: Callable[..., Sandbox], tmp_path: Path
) -> None:
    """Salesforce fetches values with the page. Were the new state kept, the cursor would pass over
    whatever else changed since the totals."""
    running = serve_data({"salesforce/Opportunity": moving(1, "2026-11-20T13:00:00Z")})
    client, account = connected(running, settings_for(running, tmp_path))
    ask = client.call

    def call(method: str, path: str, **given: Any) -> Any:
        answer = ask(method, path, **given)
        if "SUM(" in (given.get("parameters") or {}).get("q", ""):
            running.set_clock("2026-11-20T14:00:00Z")
        return answer

    new = {"Id": key("006", 1), "StageName": "New", "Amount": 101, "IsDeleted": False,
           "SystemModstamp": "2026-11-20T13:00:00.000+0000",
           "attributes": {"type": "Opportunity"}}  # fmt: skip
    running.set_faults([{"match": {"api": "salesforce", "query": "ORDER BY"}, "do": {
        "kind": "status", "status": 200,
        "body": {"totalSize": 1, "done": True, "records": [new]},
    }}])  # fmt: skip
    client.call = call  # type: ignore[method-assign]
    assert read(client, account, "opportunities") == []


def test_figures_that_never_agree_fail_the_load(sandbox: Sandbox, settings: Settings) -> None:
    """Records leave at every look: after three readings the load is left to the next try."""
    client, account = connected(sandbox, settings)
    sandbox.set_faults([{"match": {"api": "salesforce", "query": "COUNT"},
                         "do": {"kind": "alter_number", "which": 1}}])  # fmt: skip
    with pytest.raises(SourceUnavailable, match="counts 6 records of Lead where 5 were read"):
        read(client, account, "leads")
    assert len([e for e in sandbox.log() if "ORDER BY" in e["query"]]) == 3
